//! JSON from strangers: read into a tree within limits, or refused with the place and the remedy.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};

/// Objects and lists within each other. Nobody's properties are a tenth as deep, and every walk over
/// a tree may call itself.
pub(crate) const DEPTH_MAX: usize = 32;
/// Values in one call: every entry of an object, every element of a list; as many as Segment allows
/// properties. An order of ninety products has a thousand; 32 KB have room for 16,000 at most.
pub(crate) const VALUES_MAX: usize = 10_000;

/// A JSON text that was read, and what had to be done for that.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) value: Json,
    /// Where a key stands twice in one object: the last one counts, as it does for browsers.
    pub(crate) duplicates: Vec<String>,
    /// Whether U+0000 was taken out of texts, or half a character became U+FFFD.
    pub(crate) mended: bool,
}

/// Why a text was not read. `Display` says what is wrong and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TreeError {
    pub(crate) kind: TreeErrorKind,
    /// Where in the document, as a JSON pointer; empty where only the byte is known.
    pub(crate) pointer: String,
    pub(crate) message: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TreeErrorKind {
    Malformed,
    Deep,
    Many,
}

/// Reads a JSON text that has at most `values_max` values.
pub(crate) fn read_tree(text: &str, values_max: usize) -> Result<Tree, TreeError> {
    let text = mend_halves(text);
    let mut state = State {
        pointer: String::new(),
        depth: 0,
        values: 0,
        values_max,
        duplicates: Vec::new(),
        mended: matches!(text, Cow::Owned(_)),
        refused: None,
    };
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let read = Node(&mut state).deserialize(&mut deserializer);
    match read.and_then(|value| deserializer.end().map(|()| value)) {
        Ok(value) => Ok(Tree { value, duplicates: state.duplicates, mended: state.mended }),
        Err(error) => Err(match state.refused {
            Some((kind, message)) => TreeError { kind, pointer: state.pointer, message },
            None => malformed(&error),
        }),
    }
}

/// The text of a body, without a byte order mark.
pub(crate) fn body_text(bytes: &[u8]) -> Result<&str, String> {
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if utf16 {
        return Err("is UTF-16: send it as UTF-8".to_owned());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let at = error.valid_up_to();
            Err(format!("is not UTF-8 at byte {} (0x{:02x}): send it as UTF-8", at + 1, bytes[at]))
        }
    }
}

/// The entries of an object, their values unread.
#[derive(Debug)]
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Takes an object apart.
    pub(crate) fn read(text: &'a str) -> Result<Self, TreeError> {
        serde_json::from_str(text).map_err(|error| malformed(&error))
    }

    /// The last value of a key; `null` is none.
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().rev().find(|(name, _)| name == key)?;
        Some(value.get()).filter(|text| *text != "null")
    }

    /// The value of a key where it is text.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.get(key)?).ok()
    }
}

impl<'de: 'a, 'a> de::Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<RawKey, &'de RawValue>()? {
                    entries.push((key.0.into(), value));
                }
                Ok(Members(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

struct RawKey(String);

impl<'de> de::Deserialize<'de> for RawKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// The elements of a list, unread.
pub(crate) fn elements(text: &str) -> Result<Vec<&RawValue>, TreeError> {
    serde_json::from_str(text).map_err(|error| malformed(&error))
}

/// What has to stand in a JSON pointer for `key`.
pub(crate) fn pointer_step(key: &str) -> String {
    let key: String = key.chars().take(100).collect();
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn malformed(error: &serde_json::Error) -> TreeError {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    let message = format!(
        "is no valid JSON: {what} (line {}, byte {}); send RFC 8259",
        error.line(),
        error.column()
    );
    TreeError { kind: TreeErrorKind::Malformed, pointer: String::new(), message }
}

struct State {
    /// Where reading was refused, from there outwards: nothing is written down of where it is while all is well.
    pointer: String,
    depth: usize,
    values: usize,
    values_max: usize,
    /// Keys that stand twice, each from the value on that is being read.
    duplicates: Vec<String>,
    mended: bool,
    refused: Option<(TreeErrorKind, String)>,
}

impl State {
    fn refuse<E: de::Error>(&mut self, kind: TreeErrorKind, message: String) -> E {
        self.refused.get_or_insert((kind, message));
        E::custom("refused")
    }

    fn enter<E: de::Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = format!("is nested deeper than {DEPTH_MAX} levels: flatten it");
            return Err(self.refuse(TreeErrorKind::Deep, message));
        }
        Ok(())
    }

    fn count<E: de::Error>(&mut self) -> Result<(), E> {
        self.values += 1;
        if self.values > self.values_max {
            let message = format!(
                "is one value more than the {} that may be sent at once: send fewer",
                self.values_max
            );
            return Err(self.refuse(TreeErrorKind::Many, message));
        }
        Ok(())
    }

    /// What was refused within a value, and the keys that stand twice there (those behind the first `known`),
    /// lie behind this step of the value's owner.
    fn leave(&mut self, known: usize, step: impl FnOnce() -> String) {
        if self.refused.is_none() && self.duplicates.len() == known {
            return;
        }
        let step = step();
        if self.refused.is_some() {
            self.pointer.insert_str(0, &step);
        }
        for duplicate in &mut self.duplicates[known..] {
            duplicate.insert_str(0, &step);
        }
    }

    /// Databases cannot hold U+0000 in text.
    fn clean(&mut self, text: String) -> String {
        if text.contains('\0') {
            self.mended = true;
            return text.replace('\0', "");
        }
        text
    }
}

struct Node<'s>(&'s mut State);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(self.0.clean(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::String(self.0.clean(text)))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let state = self.0;
        state.enter()?;
        let mut list = Vec::new();
        loop {
            let known = state.duplicates.len();
            let read = items.next_element_seed(Node(state));
            let read =
                read.and_then(|item| item.map(|item| state.count().map(|()| item)).transpose());
            state.leave(known, || format!("/{}", list.len()));
            let Some(item) = read? else { break };
            list.push(item);
        }
        state.depth -= 1;
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let state = self.0;
        state.enter()?;
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let key = state.clean(key);
            let known = state.duplicates.len();
            let read = map.next_value_seed(Node(state));
            let read = read.and_then(|value| state.count().map(|()| value));
            state.leave(known, || pointer_step(&key));
            let value = read?;
            match object.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                Entry::Occupied(mut entry) => {
                    state.duplicates.push(pointer_step(entry.key()));
                    entry.insert(value);
                }
            }
        }
        state.depth -= 1;
        Ok(Json::Object(object))
    }
}

/// Replaces halves of surrogate pairs (`\ud83d` alone) by U+FFFD: browsers cut titles in the middle
/// of a character, and one such title must not cost the call.
fn mend_halves(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let unit = |at: usize| -> Option<u16> {
        let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut mended: Option<String> = None;
    let (mut at, mut copied) = (0, 0);
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]) {
        let escape = at + found;
        let leads = |unit: u16| (0xd800..0xdc00).contains(&unit);
        let trails = |unit: u16| (0xdc00..0xe000).contains(&unit);
        match unit(escape) {
            Some(first) if leads(first) && unit(escape + 6).is_some_and(trails) => at = escape + 12,
            Some(first) if leads(first) || trails(first) => {
                let mended = mended.get_or_insert_with(String::new);
                mended.push_str(&text[copied..escape]);
                mended.push_str("\\ufffd");
                at = escape + 6;
                copied = at;
            }
            Some(_) => at = escape + 6,
            // An escaped backslash must not be taken for the beginning of the next escape.
            None => at = (escape + 2).min(bytes.len()),
        }
    }
    match mended {
        Some(mut mended) => {
            mended.push_str(&text[copied..]);
            Cow::Owned(mended)
        }
        None => Cow::Borrowed(text),
    }
}

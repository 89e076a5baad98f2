//! The document as a tree in which every node knows where it stands.

/// A place in the text: line and column in characters, both from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Mark {
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// What it is.
    pub(super) form: Form,
    /// Its first character.
    pub(super) start: Mark,
    /// Just after its last character.
    pub(super) end: Mark,
    /// It was written elsewhere, under an anchor, and is only referred to here.
    pub(super) aliased: bool,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// Nothing: `null`, `~` or an empty place.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the document and without a key twice.
    Mapping(Vec<Entry>),
}

/// A number, possibly infinite or none (`.inf`, `.nan`).
#[derive(Clone, Debug)]
pub(super) struct Number {
    /// As it is written.
    pub(super) source: String,
    /// What it comes to.
    pub(super) value: f64,
}

/// A key and its value. Keys are always text: `1:` is the key "1".
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: String,
    /// Where the key begins.
    pub(super) start: Mark,
    /// The value.
    pub(super) value: Node,
}

/// Deeper nesting is refused: no model needs it, and what walks the tree may recurse.
pub(super) const DEPTH_MAX: usize = 64;

/// More nodes are refused, so that a few nested aliases cannot grow into billions of nodes.
/// A model of a thousand criteria has some twenty thousand.
pub(super) const NODES_MAX: usize = 500_000;

/// YAML takes no key on one line that is longer than 1,024 characters, quotes and escapes included.
pub(super) const KEY_LENGTH_MAX: usize = 150;

impl Node {
    /// The value under `key`, where this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry under `key`, where this is a mapping that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a mapping; none for anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.form {
            Form::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub(super) fn items(&self) -> &[Self] {
        match &self.form {
            Form::List(items) => items,
            _ => &[],
        }
    }

    /// The items of the list under `key`; none where there is no list.
    pub(super) fn list(&self, key: &str) -> &[Self] {
        self.get(key).map_or(&[], Self::items)
    }

    /// The text of a text node.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.form {
            Form::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text under `key`, where there is one that says something.
    pub(super) fn name(&self, key: &str) -> Option<&str> {
        self.get(key)?.text().map(str::trim).filter(|name| !name.is_empty())
    }

    /// What stands here, in at most a few words, for showing to its author.
    pub(super) fn excerpt(&self) -> String {
        match &self.form {
            Form::Null => "nothing".to_owned(),
            Form::Bool(truth) => truth.to_string(),
            Form::Number(number) => number.source.clone(),
            Form::Text(text) => shorten(text),
            Form::List(items) => format!("a list of {}", items.len()),
            Form::Mapping(entries) => match entries.first() {
                Some(first) => format!("{{{}: …}}", shorten(&first.key)),
                None => "{}".to_owned(),
            },
        }
    }

    /// What stands here, with its kind.
    pub(super) fn description(&self) -> String {
        match &self.form {
            Form::Null => "nothing".to_owned(),
            Form::Bool(truth) => format!("`{truth}`"),
            Form::Number(number) => format!("the number `{}`", number.source),
            Form::Text(text) => format!("the text `{}`", shorten(text)),
            Form::List(_) => "a list".to_owned(),
            Form::Mapping(_) => "a mapping".to_owned(),
        }
    }
}

/// A plain scalar by YAML 1.2's core schema: `NO`, `yes` and `on` are text.
pub(super) fn resolve_plain(source: &str) -> Form {
    match source {
        "" | "~" | "null" | "Null" | "NULL" => return Form::Null,
        "true" | "True" | "TRUE" => return Form::Bool(true),
        "false" | "False" | "FALSE" => return Form::Bool(false),
        _ => {}
    }
    match number(source) {
        Some(value) => Form::Number(Number { source: source.to_owned(), value }),
        None => Form::Text(source.to_owned()),
    }
}

/// The number that a plain scalar is by the core schema.
fn number(source: &str) -> Option<f64> {
    let unsigned = source.strip_prefix(['-', '+']).unwrap_or(source);
    let sign = if source.starts_with('-') { -1.0 } else { 1.0 };
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if unsigned.len() == source.len() => return Some(f64::NAN),
        _ => {}
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = source.strip_prefix(prefix) {
            let plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return u64::from_str_radix(digits, radix).ok().filter(|_| plain).map(|n| n as f64);
        }
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_reads = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    let reads = digits(whole) && digits(fraction) && whole.len() + fraction.len() > 0;
    if reads && exponent_reads { source.parse().ok() } else { None }
}

/// The first forty characters of the first line.
pub(super) fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let mut short: String = line.chars().take(40).collect();
    if short.len() < text.trim_end().len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(source: &str) -> &'static str {
        match resolve_plain(source) {
            Form::Null => "null",
            Form::Bool(_) => "bool",
            Form::Number(_) => "number",
            _ => "text",
        }
    }

    #[test]
    fn norway_stays_a_country() {
        for text in ["NO", "no", "yes", "on", "off", "y", "2026-01-01", "12:30", "1_000", "1.2.3"] {
            assert_eq!(kind(text), "text", "{text}");
        }
        for text in ["e5", ".", "-", "+", "0x", "0xg", "0x+1", "0o8", "1e", "--1", "1e5.5", "+.nan"]
        {
            assert_eq!(kind(text), "text", "{text}");
        }
    }

    #[test]
    fn numbers_booleans_and_nothing_are_those_of_the_core_schema() {
        for text in ["0", "-7", "+3", "007", "1.", ".5", "1e3", "-1.5E-2", "0x1F", "0o17", "-.inf"]
        {
            assert_eq!(kind(text), "number", "{text}");
        }
        for text in ["true", "True", "FALSE"] {
            assert_eq!(kind(text), "bool", "{text}");
        }
        for text in ["", "~", "null", "NULL"] {
            assert_eq!(kind(text), "null", "{text}");
        }
    }
}

//! Takes the wanted fields out of JSON objects as they are read, without building a tree: objects
//! become dotted paths, lists of objects a list of values for each path.

use std::fmt;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use leads::Value;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::content::{self, Content};
use crate::dictionary::Dictionary;
use crate::rows::Rows;

/// The fields of one row, and how to find them.
#[derive(Debug)]
pub(crate) struct Fields {
    /// Paths from the top of the object.
    top: Index,
    /// Paths within the object of properties.
    props: Index,
    /// The key of that object.
    props_key: Option<String>,
    /// Paths of the properties.
    pub(crate) paths: Vec<String>,
    /// Whether every path is wanted, known or not.
    all: bool,
    /// Whether the row's cells are hashed.
    pub(crate) hashing: bool,
    pub(crate) content: Content,
    pub(crate) roles: [RoleCell; ROLE_COUNT],
    slots: Vec<Slot>,
    /// The path at which reading stands.
    path: String,
    scratch: String,
    /// Counts the elements of lists, whose order matters to the hash.
    element: u64,
}

/// The cell of a column that every row has: who, when, what.
#[derive(Debug, Default)]
pub(crate) struct RoleCell {
    pub(crate) kind: RoleKind,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) enum RoleKind {
    #[default]
    Missing,
    Text,
    Integer(i64),
    Float(f64),
    /// A list or an object.
    Nested,
}

pub(crate) const LEAD: usize = 0;
pub(crate) const AT: usize = 1;
pub(crate) const EVENT: usize = 2;
pub(crate) const ID: usize = 3;
const ROLE_COUNT: usize = 4;

#[derive(Debug, Default)]
struct Index {
    by_path: HashMap<Box<str>, usize, FixedState>,
    entries: Vec<Entry>,
}

/// What a path is wanted for.
#[derive(Debug, Default)]
struct Entry {
    role: Option<usize>,
    slots: Vec<usize>,
    /// Whether longer paths go on from here.
    prefix: bool,
}

#[derive(Debug, Default)]
struct Slot {
    state: State,
    /// How directly the value was given: a field of the row goes before one of its properties.
    origin: u8,
    code: u32,
    list: Vec<Value>,
}

#[derive(Clone, Copy, PartialEq, Debug, Default)]
enum State {
    #[default]
    Missing,
    Single,
    List,
}

const FROM_PROPS: u8 = 1;
const FROM_TOP: u8 = 2;

#[derive(Clone, Copy)]
enum Scalar<'a> {
    Text(&'a str),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Bool(bool),
}

impl Fields {
    /// For properties at `paths`, all of them wanted within the object of properties.
    pub(crate) fn new(paths: &[String], props_key: Option<&str>, all: bool) -> Self {
        let mut fields = Self {
            top: Index::default(),
            props: Index::default(),
            props_key: props_key.map(str::to_owned),
            paths: paths.to_vec(),
            all,
            hashing: false,
            content: Content::default(),
            roles: Default::default(),
            slots: Vec::new(),
            path: String::new(),
            scratch: String::new(),
            element: 0,
        };
        fields.slots.resize_with(paths.len(), Slot::default);
        fields
    }

    /// Looks for a role's cell at a path from the top.
    pub(crate) fn want_role(&mut self, path: &str, role: usize) {
        self.top.entry(path).role = Some(role);
    }

    /// Looks for property `slot` at a path from the top.
    pub(crate) fn want_field(&mut self, path: &str, slot: usize) {
        self.top.entry(path).slots.push(slot);
    }

    /// Looks for property `slot` at a path within the object of properties.
    pub(crate) fn want_property(&mut self, path: &str, slot: usize) {
        self.props.entry(path).slots.push(slot);
    }

    /// Whether the path serves a role.
    pub(crate) fn is_role(&self, path: &str) -> bool {
        self.top.find(path).is_some_and(|entry| self.top.entries[entry].role.is_some())
    }

    /// Reads a row that is one JSON object.
    pub(crate) fn read_row(
        &mut self,
        json: &str,
        rows: &mut Rows,
    ) -> Result<(), serde_json::Error> {
        self.read(json, rows, false)
    }

    /// Reads a cell that is a JSON object of properties.
    pub(crate) fn read_props(
        &mut self,
        json: &str,
        rows: &mut Rows,
    ) -> Result<(), serde_json::Error> {
        self.read(json, rows, true)
    }

    /// Gives the code of property `slot`, and forgets it for the next row.
    pub(crate) fn take(&mut self, slot: usize, dictionary: &mut Dictionary) -> u32 {
        let slot = &mut self.slots[slot];
        slot.origin = 0;
        match std::mem::take(&mut slot.state) {
            State::Missing => Dictionary::MISSING,
            State::Single => slot.code,
            State::List => dictionary.value(Some(Value::List(std::mem::take(&mut slot.list)))),
        }
    }

    /// Forgets the row.
    pub(crate) fn clear(&mut self) {
        for slot in &mut self.slots {
            slot.state = State::Missing;
            slot.origin = 0;
            slot.list.clear();
        }
        for role in &mut self.roles {
            role.kind = RoleKind::Missing;
        }
        self.content = Content::default();
    }

    fn read(
        &mut self,
        json: &str,
        rows: &mut Rows,
        in_props: bool,
    ) -> Result<(), serde_json::Error> {
        self.path.clear();
        self.element = 0;
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let place = Place { in_props, listed: false };
        Walk { fields: self, rows, place, target: Target::Object }
            .deserialize(&mut deserializer)?;
        deserializer.end()
    }

    /// Finds what the path that stands in `self.path` is wanted for.
    fn target(&self, place: Place) -> Target {
        let index = if place.in_props { &self.props } else { &self.top };
        match index.find(&self.path) {
            Some(entry) => Target::Field(Some(entry)),
            None if self.all || self.hashing => Target::Field(None),
            None => Target::Nothing,
        }
    }

    fn take_scalar(
        &mut self,
        rows: &mut Rows,
        place: Place,
        entry: Option<usize>,
        scalar: Scalar<'_>,
    ) {
        let index = if place.in_props { &self.props } else { &self.top };
        let role = entry.and_then(|entry| index.entries[entry].role);
        if let Some(role) = role {
            if place.listed {
                self.roles[role].kind = RoleKind::Nested;
            } else {
                self.roles[role].set(scalar);
            }
        } else if self.hashing {
            self.hash(place, scalar);
        }
        let entry = match entry {
            Some(entry) => entry,
            None if self.all => self.add_path(rows, place),
            None => return,
        };
        let origin = if place.in_props { FROM_PROPS } else { FROM_TOP };
        let index = if place.in_props { &self.props } else { &self.top };
        for &slot in &index.entries[entry].slots {
            self.slots[slot].set(origin, place.listed, scalar, &mut rows.properties[slot]);
        }
    }

    /// Notes that there is a list, be it empty.
    fn take_list(&mut self, rows: &mut Rows, place: Place, entry: Option<usize>) {
        let index = if place.in_props { &self.props } else { &self.top };
        if let Some(role) = entry.and_then(|entry| index.entries[entry].role) {
            self.roles[role].kind = RoleKind::Nested;
        }
        let entry = match entry {
            Some(entry) => entry,
            None if self.all => self.add_path(rows, place),
            None => return,
        };
        let origin = if place.in_props { FROM_PROPS } else { FROM_TOP };
        let index = if place.in_props { &self.props } else { &self.top };
        for &slot in &index.entries[entry].slots {
            self.slots[slot].begin_list(origin);
        }
    }

    fn hash(&mut self, place: Place, scalar: Scalar<'_>) {
        self.scratch.clear();
        let text = match scalar {
            Scalar::Text(text) => text,
            other => {
                other.write(&mut self.scratch);
                &self.scratch
            }
        };
        let mut path = content::path_hash(&self.path);
        if place.listed {
            self.element += 1;
            path = path.wrapping_add(self.element);
        }
        self.content.add(path, text.as_bytes());
    }

    /// Wants a path that was met for the first time.
    fn add_path(&mut self, rows: &mut Rows, place: Place) -> usize {
        let slot = match self.paths.iter().position(|path| *path == self.path) {
            Some(slot) => slot,
            None => {
                self.paths.push(self.path.clone());
                self.slots.push(Slot::default());
                rows.add_property();
                self.paths.len() - 1
            }
        };
        let index = if place.in_props { &mut self.props } else { &mut self.top };
        index.entry(&self.path).slots.push(slot);
        index.find(&self.path).unwrap_or_default()
    }
}

impl Index {
    fn find(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// The entry of a path, made where there is none, as are those of its prefixes.
    fn entry(&mut self, path: &str) -> &mut Entry {
        for (dot, _) in path.match_indices('.') {
            let prefix = self.make(&path[..dot]);
            self.entries[prefix].prefix = true;
        }
        let entry = self.make(path);
        &mut self.entries[entry]
    }

    fn make(&mut self, path: &str) -> usize {
        if let Some(entry) = self.find(path) {
            return entry;
        }
        self.entries.push(Entry::default());
        self.by_path.insert(path.into(), self.entries.len() - 1);
        self.entries.len() - 1
    }
}

impl Slot {
    fn set(&mut self, origin: u8, listed: bool, scalar: Scalar<'_>, dictionary: &mut Dictionary) {
        if listed {
            if self.begin_list(origin) {
                self.list.push(scalar.value());
            }
        } else if origin >= self.origin {
            self.origin = origin;
            self.state = State::Single;
            self.code = match scalar {
                Scalar::Text(text) => dictionary.text(text),
                Scalar::Integer(number) => dictionary.number(number as f64),
                Scalar::Unsigned(number) => dictionary.number(number as f64),
                Scalar::Float(number) => dictionary.number(number),
                Scalar::Bool(truth) => dictionary.truth(truth),
            };
        }
    }

    /// Whether a list from there counts.
    fn begin_list(&mut self, origin: u8) -> bool {
        if origin < self.origin {
            return false;
        }
        if origin > self.origin || self.state != State::List {
            self.list.clear();
        }
        self.origin = origin;
        self.state = State::List;
        true
    }
}

impl RoleCell {
    /// The cell as text; a number as it would be written.
    pub(crate) fn text(&mut self) -> &str {
        match self.kind {
            RoleKind::Text => {}
            RoleKind::Missing | RoleKind::Nested => self.text.clear(),
            RoleKind::Integer(number) => {
                self.text.clear();
                Scalar::Integer(number).write(&mut self.text);
            }
            RoleKind::Float(number) => {
                self.text.clear();
                content::write_number(number, &mut self.text);
            }
        }
        &self.text
    }

    fn set(&mut self, scalar: Scalar<'_>) {
        self.kind = match scalar {
            Scalar::Integer(number) => RoleKind::Integer(number),
            Scalar::Float(number) => RoleKind::Float(number),
            Scalar::Text(_) | Scalar::Unsigned(_) | Scalar::Bool(_) => {
                self.text.clear();
                scalar.write(&mut self.text);
                RoleKind::Text
            }
        };
    }
}

impl Scalar<'_> {
    fn value(self) -> Value {
        match self {
            Self::Text(text) => Value::Text(text.to_owned()),
            Self::Integer(number) => Value::Number(number as f64),
            Self::Unsigned(number) => Value::Number(number as f64),
            Self::Float(number) => Value::Number(number),
            Self::Bool(truth) => Value::Bool(truth),
        }
    }

    fn write(self, out: &mut String) {
        use fmt::Write as _;
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Text(text) => out.write_str(text),
            Self::Integer(number) => write!(out, "{number}"),
            Self::Unsigned(number) => write!(out, "{number}"),
            Self::Float(number) => write!(out, "{number}"),
            Self::Bool(truth) => write!(out, "{truth}"),
        };
    }
}

/// Where in the row reading stands.
#[derive(Clone, Copy)]
struct Place {
    in_props: bool,
    listed: bool,
}

/// What the value at a path is wanted for.
#[derive(Clone, Copy)]
enum Target {
    Nothing,
    /// The row itself, or its object of properties.
    Object,
    /// An entry of the index, or a path that is in none.
    Field(Option<usize>),
}

/// Reads one value.
struct Walk<'w> {
    fields: &'w mut Fields,
    rows: &'w mut Rows,
    place: Place,
    target: Target,
}

impl Walk<'_> {
    fn scalar(self, scalar: Scalar<'_>) {
        if let Target::Field(entry) = self.target {
            self.fields.take_scalar(self.rows, self.place, entry, scalar);
        }
    }

    fn no_object<E: serde::de::Error>(&self) -> Result<(), E> {
        match self.target {
            Target::Object => Err(E::custom("is no JSON object, such as {\"a\": 1}")),
            _ => Ok(()),
        }
    }

    /// Whether something within an object or list at this path may be wanted.
    fn goes_on(&self) -> bool {
        match self.target {
            Target::Nothing => false,
            Target::Object => true,
            Target::Field(_) if self.fields.all || self.fields.hashing => true,
            Target::Field(entry) => {
                let index = if self.place.in_props { &self.fields.props } else { &self.fields.top };
                entry.is_some_and(|entry| index.entries[entry].prefix)
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.no_object()?;
        self.scalar(Scalar::Text(text));
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.no_object()?;
        self.scalar(Scalar::Integer(number));
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        self.no_object()?;
        self.scalar(match i64::try_from(number) {
            Ok(number) => Scalar::Integer(number),
            Err(_) => Scalar::Unsigned(number),
        });
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        self.no_object()?;
        self.scalar(Scalar::Float(number));
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, truth: bool) -> Result<(), E> {
        self.no_object()?;
        self.scalar(Scalar::Bool(truth));
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        // `"props": null` has no properties; a row must be an object.
        if self.place.in_props { Ok(()) } else { self.no_object() }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if let (Target::Field(Some(entry)), false) = (self.target, self.place.in_props)
            && let Some(role) = self.fields.top.entries[entry].role
        {
            self.fields.roles[role].kind = RoleKind::Nested;
        }
        if !self.goes_on() {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let base = self.fields.path.len();
        let top = matches!(self.target, Target::Object);
        while let Some(target) =
            map.next_key_seed(Key { fields: self.fields, place: self.place, top })?
        {
            match target {
                Target::Nothing => {
                    map.next_value::<IgnoredAny>()?;
                }
                Target::Object => {
                    self.fields.path.clear();
                    let place = Place { in_props: true, listed: false };
                    map.next_value_seed(Walk {
                        fields: self.fields,
                        rows: self.rows,
                        place,
                        target,
                    })?;
                }
                Target::Field(_) => map.next_value_seed(Walk {
                    fields: self.fields,
                    rows: self.rows,
                    place: self.place,
                    target,
                })?,
            }
            self.fields.path.truncate(base);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.no_object::<A::Error>()?;
        let Target::Field(entry) = self.target else {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        let place = Place { listed: true, ..self.place };
        let (mut count, mut objects) = (0_u64, 0_u64);
        while let Some(object) = items.next_element_seed(Element(Walk {
            fields: self.fields,
            rows: self.rows,
            place,
            target: self.target,
        }))? {
            count += 1;
            objects += u64::from(object);
        }
        // A list of objects is lists at the paths of their fields, and nothing at its own.
        if count == 0 || objects < count {
            self.fields.take_list(self.rows, place, entry);
        }
        Ok(())
    }
}

/// Reads an element of a list and says whether it was an object.
struct Element<'w>(Walk<'w>);

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<bool, E> {
        self.0.visit_str(text).map(|()| false)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<bool, E> {
        self.0.visit_i64(number).map(|()| false)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<bool, E> {
        self.0.visit_u64(number).map(|()| false)
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<bool, E> {
        self.0.visit_f64(number).map(|()| false)
    }

    fn visit_bool<E: serde::de::Error>(self, truth: bool) -> Result<bool, E> {
        self.0.visit_bool(truth).map(|()| false)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        self.0.visit_map(map).map(|()| true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<bool, A::Error> {
        self.0.visit_seq(items).map(|()| false)
    }
}

/// Reads a key, appends it to the path, and finds what the path is wanted for.
struct Key<'k> {
    fields: &'k mut Fields,
    place: Place,
    top: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Target;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Target, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Target;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Target, E> {
        if self.top {
            if !self.place.in_props && self.fields.props_key.as_deref() == Some(key) {
                return Ok(Target::Object);
            }
        } else {
            self.fields.path.push('.');
        }
        self.fields.path.push_str(key);
        Ok(self.fields.target(self.place))
    }
}

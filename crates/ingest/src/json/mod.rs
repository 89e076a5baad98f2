//! Takes the wanted fields out of JSON objects as they are read, without building a tree: objects
//! become dotted paths, lists of objects a list of values for each path.

mod walk;

use std::fmt::Write as _;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use leads::Value;
use serde::de::DeserializeSeed;

use crate::content::{self, Content};
use crate::dictionary::Dictionary;
use crate::rows::Rows;
use walk::{Place, Target, Walk};

/// The fields of one row, and how to find them.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing of how a row is read")]
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
    /// How many of the properties the plan asked for; the others are further ones.
    planned: usize,
    /// Whether only what the plan asked for is looked at.
    narrow: bool,
    /// Whether what was last refused is the object of properties.
    pub(crate) refused_props: bool,
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
    /// For properties at `paths`, of which the first `planned` are those that a plan asked for.
    pub(crate) fn new(
        paths: &[String],
        planned: usize,
        props_key: Option<&str>,
        all: bool,
    ) -> Self {
        let mut fields = Self {
            top: Index::default(),
            props: Index::default(),
            props_key: props_key.map(str::to_owned),
            paths: paths.to_vec(),
            all,
            planned,
            narrow: false,
            refused_props: false,
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
        self.read_leniently(json, rows, false)
    }

    /// Reads a cell that is a JSON object of properties.
    pub(crate) fn read_props(
        &mut self,
        json: &str,
        rows: &mut Rows,
    ) -> Result<(), serde_json::Error> {
        self.read_leniently(json, rows, true)
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

    /// Whether a row can be read must not depend on who reads it: where something fails that the
    /// plan did not ask for (half of a surrogate pair, a number beyond all bounds), it is passed over.
    fn read_leniently(
        &mut self,
        json: &str,
        rows: &mut Rows,
        in_props: bool,
    ) -> Result<(), serde_json::Error> {
        let result = self.read(json, rows, in_props);
        if result.is_ok() || !(self.all || self.hashing) {
            return result;
        }
        self.clear();
        self.narrow = true;
        let result = self.read(json, rows, in_props);
        self.narrow = false;
        self.content = Content::default();
        self.content.add(0, json.as_bytes());
        result
    }

    fn read(
        &mut self,
        json: &str,
        rows: &mut Rows,
        in_props: bool,
    ) -> Result<(), serde_json::Error> {
        self.path.clear();
        self.element = 0;
        self.refused_props = false;
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
            Some(entry) if self.narrow && !index.is_planned(entry, self.planned) => Target::Nothing,
            Some(entry) => Target::Field(Some(entry)),
            None if self.takes_all() => Target::Field(None),
            None => Target::Nothing,
        }
    }

    /// Whether paths count that nobody asked for.
    fn takes_all(&self) -> bool {
        (self.all || self.hashing) && !self.narrow
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
        } else if self.hashing && !self.narrow {
            self.hash(place, scalar);
        }
        let entry = match entry {
            Some(entry) => entry,
            None if self.all && !self.narrow => self.add_path(rows, place),
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
            None if self.all && !self.narrow => self.add_path(rows, place),
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
        let known = self.paths.iter().position(|path| *path == self.path);
        let slot = known.unwrap_or_else(|| {
            self.paths.push(self.path.clone());
            self.slots.push(Slot::default());
            rows.add_property();
            self.paths.len() - 1
        });
        let index = if place.in_props { &mut self.props } else { &mut self.top };
        let entry = index.entry(&self.path);
        // The elements of a list come here one by one.
        if !entry.slots.contains(&slot) {
            entry.slots.push(slot);
        }
        index.find(&self.path).unwrap_or_default()
    }
}

impl Index {
    fn find(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// Whether an entry, or a longer path that begins with its own, is one that a plan asked for.
    fn is_planned(&self, entry: usize, planned: usize) -> bool {
        let entry = &self.entries[entry];
        entry.role.is_some() || entry.prefix || entry.slots.iter().any(|slot| *slot < planned)
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

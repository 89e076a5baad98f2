//! Facts in columns, as readers hand them on: a few thousand rows at a time, every cell of low
//! variety replaced by a code, so that whoever takes them compares numbers instead of texts.

use crate::{Timestamp, Value};

/// Lead ids of a batch. An id is a text; one that is a plain whole number without leading zeros
/// (`0`, `17`, never `017`) may travel as that number.
#[derive(Clone, Debug)]
pub enum LeadIds {
    /// Every id of the batch is such a number.
    Numbers(Vec<u64>),
    /// The ids as text.
    Texts(Texts),
}

/// Many texts in one buffer: text `i` is `bytes[ends[i - 1]..ends[i]]` (from 0 for the first).
#[derive(Clone, Debug, Default)]
pub struct Texts {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

/// A column whose cells are codes into a list of values.
#[derive(Clone, Debug, Default)]
pub struct Coded {
    /// The distinct values (a value may stand twice; equal codes mean equal values).
    pub values: Vec<Option<Value>>,
    /// One code per row.
    pub codes: Vec<u32>,
}

/// Events of several leads; every column has one entry per row.
#[derive(Clone, Debug)]
pub struct EventBatch {
    /// Who it happened to.
    pub leads: LeadIds,
    /// The event's name: a text value, never missing.
    pub names: Coded,
    /// When it happened.
    pub at: Vec<Timestamp>,
    /// What identifies the fact, where the source says so.
    pub ids: Option<Vec<FactId>>,
    /// The properties that were asked for, in the order in which they were asked for.
    pub properties: Vec<Coded>,
}

/// The identity of a fact, for taking it once however often it arrives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FactId {
    /// 128 bits of a hash of the id; two of a billion ids share it with probability 1e-21.
    /// `NONE` for a row whose id is empty: it is a fact of its own.
    pub id: u128,
    /// A hash of the whole row, which settles which of two facts with one id and one instant counts;
    /// whom it is about weighs least.
    pub content: u64,
}

impl FactId {
    /// The `id` of a row that has none.
    pub const NONE: u128 = 0;
}

/// Rows of the leads' file.
#[derive(Clone, Debug)]
pub struct LeadBatch {
    /// Who.
    pub leads: LeadIds,
    /// Since when the lead, and what the row says of it, is known; `None` is "always".
    pub created_at: Vec<Option<Timestamp>>,
    /// The traits that were asked for, in the order in which they were asked for.
    pub traits: Vec<Coded>,
}

/// A change of one trait of one lead.
#[derive(Clone, PartialEq, Debug)]
pub struct TraitChange {
    /// Who.
    pub lead: String,
    /// Which trait, as a dotted path.
    pub path: String,
    /// The new value; `None` takes it away.
    pub value: Option<Value>,
    /// From when on.
    pub at: Timestamp,
}

impl Texts {
    /// Adds a text at the end.
    ///
    /// # Panics
    /// When the batch grows beyond 4 GiB of text, which readers' batches never do.
    pub fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(u32::try_from(self.bytes.len()).expect("a batch holds less than 4 GiB"));
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Text `index`.
    pub fn get(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        // Every text came in through `push`.
        std::str::from_utf8(&self.bytes[start..self.ends[index] as usize]).unwrap_or_default()
    }

    /// The bytes of text `index`, without checking them again.
    pub fn bytes(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.bytes[start..self.ends[index] as usize]
    }

    /// All texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }
}

impl LeadIds {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of row `index` as text.
    pub fn text(&self, index: usize) -> String {
        match self {
            Self::Numbers(numbers) => numbers[index].to_string(),
            Self::Texts(texts) => texts.get(index).to_owned(),
        }
    }
}

impl Coded {
    /// The value in row `index`.
    pub fn get(&self, index: usize) -> Option<&Value> {
        self.values[self.codes[index] as usize].as_ref()
    }

    /// A column of `rows` missing values.
    pub fn missing(rows: usize) -> Self {
        Self { values: vec![None], codes: vec![0; rows] }
    }
}

/// Reads an id that may travel as a number: digits without a leading zero, at most 18 of them.
pub fn id_as_number(id: &[u8]) -> Option<u64> {
    let plain = !id.is_empty() && id.len() <= 18 && (id[0] != b'0' || id.len() == 1);
    if !plain {
        return None;
    }
    let mut number = 0;
    for byte in id {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

//! Replaces cells by codes: a list of distinct values with a hash table over it.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use leads::batch::Coded;
use leads::{Timestamp, Value};

/// A column of codes in the making.
#[derive(Debug)]
pub(crate) struct Dictionary {
    pub(crate) column: Coded,
    table: HashTable<u32>,
    hasher: FixedState,
    /// Whether code 0 stands for a missing value.
    with_missing: bool,
    /// Whether the values were filled in without the table, and serve one batch only.
    pub(crate) forget: bool,
}

/// A dictionary of at most this many values is kept from batch to batch; a longer one would cost
/// whoever translates it more than it saves.
const KEPT_MAX: usize = 1024;

impl Dictionary {
    /// Code of a missing value, in a dictionary that has one.
    pub(crate) const MISSING: u32 = 0;

    pub(crate) fn new(with_missing: bool) -> Self {
        let mut dictionary = Self {
            column: Coded::default(),
            table: HashTable::new(),
            hasher: FixedState::with_seed(0x6d61_6475_7261),
            with_missing,
            forget: false,
        };
        dictionary.clear();
        dictionary
    }

    /// Begins a new batch: no rows; the values stay where they are few.
    pub(crate) fn start(&mut self) {
        self.column.codes.clear();
        if self.column.values.len() > KEPT_MAX {
            self.clear();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.column.values.clear();
        self.column.codes.clear();
        self.table.clear();
        if self.with_missing {
            self.column.values.push(None);
        }
    }

    pub(crate) fn push(&mut self, code: u32) {
        self.column.codes.push(code);
    }

    pub(crate) fn text(&mut self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text.as_bytes());
        let values = &self.column.values;
        let same =
            |code: &u32| matches!(&values[*code as usize], Some(Value::Text(t)) if t == text);
        if let Some(code) = self.table.find(hash, same) {
            return *code;
        }
        self.insert(hash, Value::Text(text.to_owned()))
    }

    pub(crate) fn number(&mut self, number: f64) -> u32 {
        // -0.0 and 0.0 are one number.
        let number = number + 0.0;
        let hash = self.hasher.hash_one(number.to_bits());
        let values = &self.column.values;
        let same = |code: &u32| matches!(&values[*code as usize], Some(Value::Number(n)) if n.to_bits() == number.to_bits());
        if let Some(code) = self.table.find(hash, same) {
            return *code;
        }
        self.insert(hash, Value::Number(number))
    }

    /// Any value, `None` for a missing one.
    pub(crate) fn value(&mut self, value: Option<Value>) -> u32 {
        match value {
            None => Self::MISSING,
            Some(Value::Text(text)) => self.text(&text),
            Some(Value::Number(number)) => self.number(number),
            Some(value) => {
                let hash = self.hash(&value);
                let values = &self.column.values;
                let same = |code: &u32| values[*code as usize].as_ref() == Some(&value);
                if let Some(code) = self.table.find(hash, same) {
                    return *code;
                }
                self.insert(hash, value)
            }
        }
    }

    pub(crate) fn truth(&mut self, truth: bool) -> u32 {
        self.value(Some(Value::Bool(truth)))
    }

    pub(crate) fn instant(&mut self, instant: Timestamp) -> u32 {
        self.value(Some(Value::Instant(instant)))
    }

    fn insert(&mut self, hash: u64, value: Value) -> u32 {
        let code = self.column.values.len() as u32;
        self.column.values.push(Some(value));
        let (values, hasher) = (&self.column.values, &self.hasher);
        self.table.insert_unique(hash, code, |code| {
            values[*code as usize].as_ref().map_or(0, |value| hash_value(hasher, value))
        });
        code
    }

    fn hash(&self, value: &Value) -> u64 {
        hash_value(&self.hasher, value)
    }
}

fn hash_value(hasher: &FixedState, value: &Value) -> u64 {
    match value {
        Value::Text(text) => hasher.hash_one(text.as_bytes()),
        Value::Number(number) => hasher.hash_one(number.to_bits()),
        Value::Bool(truth) => hasher.hash_one(u8::from(*truth)),
        Value::Instant(instant) => hasher.hash_one(instant.as_millis()),
        Value::List(items) => items.iter().fold(items.len() as u64, |hash, item| {
            hasher.hash_one((hash, hash_value(hasher, item)))
        }),
    }
}

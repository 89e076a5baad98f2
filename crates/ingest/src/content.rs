//! Hashes that tell facts apart. They are the same on every machine, in every run and in every
//! format: the number 5 and the text `5` hash alike.

use std::fmt::Write as _;

use crate::rows::trim;
use leads::batch::FactId;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

/// A hash of the cells of a row that does not depend on their order: the sum of a hash per cell.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Content(u64);

impl Content {
    /// Adds a cell; `path` is its [`path_hash`]. Missing cells are not added.
    pub(crate) fn add(&mut self, path: u64, value: &[u8]) {
        self.0 = self.0.wrapping_add(cell_hash(path, value));
    }

    /// Adds a cell of text, unless it is blank.
    pub(crate) fn add_text(&mut self, path: u64, text: &str) {
        if !trim(text).is_empty() {
            self.add(path, text.as_bytes());
        }
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }

    /// The identity of a fact with these cells. An empty id is none.
    pub(crate) fn identity(self, id: &str) -> FactId {
        FactId { id: id_hash(id), content: self.0 }
    }
}

pub(crate) fn path_hash(path: &str) -> u64 {
    xxh3_64_with_seed(path.as_bytes(), 0)
}

pub(crate) fn cell_hash(path: u64, value: &[u8]) -> u64 {
    xxh3_64_with_seed(value, path)
}

pub(crate) fn id_hash(id: &str) -> u128 {
    let id = id.trim();
    if id.is_empty() { FactId::NONE } else { xxh3_128(id.as_bytes()).max(1) }
}

/// Writes a number as ids and hashes have it: whole ones without a point.
pub(crate) fn write_number(number: f64, text: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{number}");
}

// The cells that every event has go by these names, whatever their columns are called.
pub(crate) const LEAD: u64 = const_path("lead");
pub(crate) const AT: u64 = const_path("at");
pub(crate) const EVENT: u64 = const_path("event");

const fn const_path(path: &str) -> u64 {
    xxhash_rust::const_xxh3::xxh3_64_with_seed(path.as_bytes(), 0)
}

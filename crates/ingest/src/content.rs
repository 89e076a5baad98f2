//! Hashes that tell facts apart. They are the same on every machine, in every run and in every
//! format: the number 5 and the text `5` hash alike.

use std::fmt::Write as _;

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

    /// The identity of a fact with these cells. An empty id is none.
    pub(crate) fn identity(self, id: &str) -> FactId {
        FactId { id: id_hash(id), content: self.0 }
    }
}

pub(crate) fn path_hash(path: &str) -> u64 {
    xxh3_64_with_seed(path.as_bytes(), 0)
}

/// The hash of a cell. What a fact says weighs in the upper half and whom it is about in the lower:
/// which of two facts counts depends on their leads only where they say the same, so that merging
/// two leads does not change it.
pub(crate) fn cell_hash(path: u64, value: &[u8]) -> u64 {
    let lower = u64::from(u32::MAX);
    xxh3_64_with_seed(value, path) & if path == LEAD { lower } else { !lower }
}

/// A whole number as decimal digits, written without the machinery of formatting: rows with ids
/// need three such numbers each.
pub(crate) struct Digits {
    bytes: [u8; 20],
    from: usize,
}

impl Digits {
    pub(crate) fn new(number: i64) -> Self {
        Self::of(number.unsigned_abs(), number < 0)
    }

    /// Up to 20 digits, or 19 and a sign.
    pub(crate) fn of(mut number: u64, negative: bool) -> Self {
        let (mut bytes, mut from) = ([b'0'; 20], 20);
        loop {
            from -= 1;
            bytes[from] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        if negative && from > 0 {
            from -= 1;
            bytes[from] = b'-';
        }
        Self { bytes, from }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.from..]
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_those_of_the_standard_library(number in any::<i64>()) {
            let text = number.to_string();
            let digits = Digits::new(number);
            prop_assert_eq!(digits.as_str(), text.as_str());
            let number = number as u64;
            let text = number.to_string();
            let digits = Digits::of(number, false);
            prop_assert_eq!(digits.as_str(), text.as_str());
        }
    }
}

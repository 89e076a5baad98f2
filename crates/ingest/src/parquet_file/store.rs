//! Decoded values of a column, and what they say.

use leads::{Timestamp, TimestampError, Value};
use parquet::basic::Type as Physical;

use super::schema::{Leaf, Meaning};
use crate::content::write_number;

/// Values side by side.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    Integers(Vec<i64>),
    Floats(Vec<f64>),
    Bytes(Bytes),
}

/// Many byte strings in one buffer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bytes {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Store {
    /// An empty one for values of a column.
    pub(crate) fn new(leaf: &Leaf) -> Self {
        match leaf.physical {
            Physical::BOOLEAN | Physical::INT32 | Physical::INT64 | Physical::INT96 => {
                Self::Integers(Vec::new())
            }
            Physical::FLOAT | Physical::DOUBLE => Self::Floats(Vec::new()),
            Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => Self::Bytes(Bytes::default()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Integers(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Bytes(values) => values.len(),
        }
    }

    pub(crate) fn clear(&mut self) {
        match self {
            Self::Integers(values) => values.clear(),
            Self::Floats(values) => values.clear(),
            Self::Bytes(values) => values.clear(),
        }
    }

    /// Adds something in the place of a value that is missing.
    pub(crate) fn push_missing(&mut self) {
        match self {
            Self::Integers(values) => values.push(0),
            Self::Floats(values) => values.push(0.0),
            Self::Bytes(values) => values.push_empty(),
        }
    }

    /// Adds value `index` of `other`, which is of the same column.
    pub(crate) fn push_from(&mut self, other: &Self, index: usize) -> Result<(), String> {
        match (self, other) {
            (Self::Integers(values), Self::Integers(others)) => values.push(others[index]),
            (Self::Floats(values), Self::Floats(others)) => values.push(others[index]),
            (Self::Bytes(values), Self::Bytes(others)) => values.push(others.get(index))?,
            (store, _) => store.push_missing(),
        }
        Ok(())
    }
}

impl Bytes {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, value: &[u8]) -> Result<(), String> {
        self.bytes.extend_from_slice(value);
        let end = u32::try_from(self.bytes.len())
            .map_err(|_| "65,536 of its cells have more than 4 GiB".to_owned())?;
        self.ends.push(end);
        Ok(())
    }

    pub(crate) fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.bytes[start..self.ends[index] as usize]
    }

    fn push_empty(&mut self) {
        self.ends.push(self.bytes.len() as u32);
    }
}

/// A value as it stands in a file, before anyone asked what it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Bool(bool),
    Text(&'a str),
    /// Bytes that are no UTF-8, from this place on.
    NoText(&'a [u8], usize),
    Millis(i64),
    Uuid(u128),
    /// Nothing that a trait could hold.
    Unreadable,
}

impl Leaf {
    /// Value `index` of the column's values.
    pub(crate) fn cell<'s>(&self, store: &'s Store, index: usize) -> Cell<'s> {
        match store {
            Store::Integers(values) => self.integer(values[index]),
            Store::Floats(values) => Cell::Float(values[index]),
            Store::Bytes(values) => self.bytes(values.get(index)),
        }
    }

    fn integer<'s>(&self, value: i64) -> Cell<'s> {
        match self.meaning {
            Meaning::Unsigned => Cell::Unsigned(value as u64),
            Meaning::Bool => Cell::Bool(value != 0),
            Meaning::Millis => Cell::Millis(value),
            Meaning::Micros => Cell::Millis(value.div_euclid(1000)),
            Meaning::Nanos => Cell::Millis(value.div_euclid(1_000_000)),
            Meaning::Date => Cell::Millis(value.saturating_mul(86_400_000)),
            Meaning::Decimal(scale) => Cell::Float(scaled(value as f64, scale)),
            Meaning::Unreadable => Cell::Unreadable,
            _ => Cell::Integer(value),
        }
    }

    fn bytes<'s>(&self, bytes: &'s [u8]) -> Cell<'s> {
        match self.meaning {
            Meaning::Decimal(scale) => match big_endian(bytes) {
                Some(unscaled) => Cell::Float(scaled(unscaled as f64, scale)),
                None => Cell::Unreadable,
            },
            Meaning::Uuid => bytes
                .try_into()
                .map_or(Cell::Unreadable, |bytes| Cell::Uuid(u128::from_be_bytes(bytes))),
            Meaning::Float16 => bytes
                .try_into()
                .map_or(Cell::Unreadable, |bytes| Cell::Float(half(u16::from_le_bytes(bytes)))),
            Meaning::Unreadable => Cell::Unreadable,
            _ => match std::str::from_utf8(bytes) {
                Ok(text) => Cell::Text(text),
                Err(error) => Cell::NoText(bytes, error.valid_up_to()),
            },
        }
    }
}

impl Cell<'_> {
    /// As a trait or property; NaN and infinity are missing values, as frames of data have them.
    pub(crate) fn value(self) -> Option<Value> {
        match self {
            Self::Integer(number) => Some(Value::Number(number as f64)),
            Self::Unsigned(number) => Some(Value::Number(number as f64)),
            Self::Float(number) => number.is_finite().then_some(Value::Number(number)),
            Self::Bool(truth) => Some(Value::Bool(truth)),
            Self::Text(text) => Some(Value::Text(text.to_owned())),
            Self::Millis(millis) => Timestamp::from_millis(millis).ok().map(Value::Instant),
            Self::Uuid(_) => {
                let mut text = String::new();
                self.write(&mut text);
                Some(Value::Text(text))
            }
            Self::NoText(..) | Self::Unreadable => None,
        }
    }

    /// As an id or a name: as it would be written.
    pub(crate) fn write(self, out: &mut String) {
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Integer(number) => write!(out, "{number}"),
            Self::Unsigned(number) => write!(out, "{number}"),
            Self::Float(number) => {
                write_number(number, out);
                Ok(())
            }
            Self::Bool(truth) => write!(out, "{truth}"),
            Self::Text(text) => out.write_str(text),
            Self::NoText(bytes, _) => out.write_str(&String::from_utf8_lossy(bytes)),
            Self::Millis(millis) => match Timestamp::from_millis(millis) {
                Ok(instant) => write!(out, "{instant}"),
                Err(_) => write!(out, "{millis}"),
            },
            Self::Uuid(uuid) => {
                let hex = format!("{uuid:032x}");
                write!(
                    out,
                    "{}-{}-{}-{}-{}",
                    &hex[..8],
                    &hex[8..12],
                    &hex[12..16],
                    &hex[16..20],
                    &hex[20..]
                )
            }
            Self::Unreadable => Ok(()),
        };
    }

    /// As an instant; text is left to the caller.
    pub(crate) fn instant(self) -> Result<Timestamp, TimestampError> {
        match self {
            Self::Millis(millis) => Timestamp::from_millis(millis),
            Self::Integer(number) => Timestamp::from_epoch_integer(number),
            Self::Unsigned(number) => i64::try_from(number)
                .map_err(|_| TimestampError::OutOfRange)
                .and_then(Timestamp::from_epoch_integer),
            Self::Float(number) => Timestamp::from_epoch_number(number),
            Self::Bool(_) | Self::Text(_) | Self::NoText(..) | Self::Uuid(_) | Self::Unreadable => {
                Err(TimestampError::NotAnInstant)
            }
        }
    }
}

fn scaled(unscaled: f64, scale: i32) -> f64 {
    // Dividing by a power of ten gives the nearest number to the decimal; multiplying would not.
    unscaled / 10_f64.powi(scale)
}

fn big_endian(bytes: &[u8]) -> Option<i128> {
    if bytes.len() > 16 {
        return None;
    }
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut all = [if negative { 0xff } else { 0 }; 16];
    all[16 - bytes.len()..].copy_from_slice(bytes);
    Some(i128::from_be_bytes(all))
}

/// A 16-bit float.
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from((bits >> 10) & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    sign * match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
    }
}

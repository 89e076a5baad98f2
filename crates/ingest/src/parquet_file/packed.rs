//! The values of a page, however they are encoded.

use bytes::Bytes as Buffer;
use parquet::basic::{Encoding, Type as Physical};

use super::cells::Codebook;
use super::delta;
use super::hybrid::{ENDS_EARLY, Hybrid};
use super::schema::{Leaf, Meaning};
use super::store::Store;

/// The values of a page as they are stored; missing ones have no place here.
pub(crate) enum Packed {
    Fixed4 { bytes: Buffer, at: usize },
    Fixed8 { bytes: Buffer, at: usize },
    Fixed { bytes: Buffer, at: usize, size: usize },
    Variable { bytes: Buffer, at: usize },
    Bits { bytes: Buffer, at: usize },
    Codes(Hybrid),
    Decoded { store: Store, at: usize },
}

/// No writer makes pages of more values; a page that claims to is taken for damage.
pub(crate) const PAGE_VALUES_MAX: usize = 1 << 24;

impl Packed {
    /// The values of a data page.
    pub(crate) fn open(
        bytes: Buffer,
        encoding: Encoding,
        count: usize,
        leaf: &Leaf,
    ) -> Result<Self, String> {
        let max = count.min(PAGE_VALUES_MAX);
        let whole = matches!(leaf.physical, Physical::INT32 | Physical::INT64);
        let mut store = Store::new(leaf);
        match (encoding, &mut store) {
            (Encoding::PLAIN, _) => return Ok(Self::plain(bytes, leaf)),
            (Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY, _) => {
                // A page of missing values only may have no codes at all.
                let width = bytes.first().copied().unwrap_or(0);
                let codes = if bytes.is_empty() { bytes } else { bytes.slice(1..) };
                return Ok(Self::Codes(Hybrid::new(codes, u32::from(width))?));
            }
            (Encoding::RLE, Store::Integers(values)) if leaf.physical == Physical::BOOLEAN => {
                let mut bits = Hybrid::new(bytes.slice(4.min(bytes.len())..), 1)?;
                return Ok(Self::Decoded {
                    store: {
                        // How many are there only the levels say: decode as far as they go.
                        let mut numbers = Vec::new();
                        while numbers.len() < max && bits.read(1, 0, &mut numbers).is_ok() {}
                        values.extend(numbers.into_iter().map(i64::from));
                        store
                    },
                    at: 0,
                });
            }
            (Encoding::DELTA_BINARY_PACKED, Store::Integers(values)) if whole => {
                let (mut numbers, _) = delta::binary_packed(&bytes, max)?;
                if leaf.physical == Physical::INT32 {
                    for number in &mut numbers {
                        *number = widen(*number as i32, leaf);
                    }
                }
                *values = numbers;
            }
            (Encoding::DELTA_LENGTH_BYTE_ARRAY, Store::Bytes(values)) => {
                delta::length_byte_array(&bytes, max, values)?;
            }
            (Encoding::DELTA_BYTE_ARRAY, Store::Bytes(values)) => {
                delta::byte_array(&bytes, max, values)?;
            }
            (Encoding::BYTE_STREAM_SPLIT, _) => {
                let size = match leaf.physical {
                    Physical::INT32 | Physical::FLOAT => 4,
                    Physical::INT64 | Physical::DOUBLE => 8,
                    _ => leaf.length,
                };
                let joined = delta::byte_stream_split(&bytes, size)?;
                return Ok(Self::plain(joined.into(), leaf));
            }
            (encoding, _) => return Err(format!("has a page in the unknown encoding {encoding}")),
        }
        Ok(Self::Decoded { store, at: 0 })
    }

    /// Values side by side.
    pub(crate) fn plain(bytes: Buffer, leaf: &Leaf) -> Self {
        let at = 0;
        match leaf.physical {
            Physical::INT32 | Physical::FLOAT => Self::Fixed4 { bytes, at },
            Physical::INT64 | Physical::DOUBLE => Self::Fixed8 { bytes, at },
            Physical::INT96 => Self::Fixed { bytes, at, size: 12 },
            Physical::FIXED_LEN_BYTE_ARRAY => Self::Fixed { bytes, at, size: leaf.length },
            Physical::BYTE_ARRAY => Self::Variable { bytes, at },
            Physical::BOOLEAN => Self::Bits { bytes, at },
        }
    }

    /// Appends the next `count` values to `store`.
    pub(crate) fn read(
        &mut self,
        count: usize,
        store: &mut Store,
        leaf: &Leaf,
        dictionary: Option<&Codebook>,
    ) -> Result<(), String> {
        match (self, store) {
            (Self::Fixed4 { bytes, at }, Store::Integers(out)) => {
                let words = take(bytes, at, count, 4)?.chunks_exact(4);
                let words =
                    words.map(|word| u32::from_le_bytes(word.try_into().unwrap_or_default()));
                if leaf.meaning == Meaning::Unsigned {
                    out.extend(words.map(i64::from));
                } else {
                    out.extend(words.map(|word| i64::from(word as i32)));
                }
            }
            (Self::Fixed8 { bytes, at }, Store::Integers(out)) => {
                let words = take(bytes, at, count, 8)?.chunks_exact(8);
                out.extend(
                    words.map(|word| i64::from_le_bytes(word.try_into().unwrap_or_default())),
                );
            }
            (Self::Fixed4 { bytes, at }, Store::Floats(out)) => {
                let words = take(bytes, at, count, 4)?.chunks_exact(4);
                out.extend(words.map(|word| {
                    let number = f32::from_le_bytes(word.try_into().unwrap_or_default());
                    shortest(number)
                }));
            }
            (Self::Fixed8 { bytes, at }, Store::Floats(out)) => {
                let words = take(bytes, at, count, 8)?.chunks_exact(8);
                out.extend(
                    words.map(|word| f64::from_le_bytes(word.try_into().unwrap_or_default())),
                );
            }
            (Self::Fixed { bytes, at, size }, Store::Integers(out)) => {
                let values = take(bytes, at, count, *size)?.chunks_exact(*size);
                out.extend(values.map(int96_millis));
            }
            (Self::Fixed { bytes, at, size }, Store::Bytes(out)) => {
                let values = take(bytes, at, count, *size)?;
                for index in 0..count {
                    out.push(&values[index * *size..(index + 1) * *size])?;
                }
            }
            (Self::Variable { bytes, at }, Store::Bytes(out)) => {
                for _ in 0..count {
                    let size = take(bytes, at, 1, 4)?;
                    let size = u32::from_le_bytes(size.try_into().unwrap_or_default());
                    out.push(take(bytes, at, 1, size as usize)?)?;
                }
            }
            (Self::Bits { bytes, at }, Store::Integers(out)) => {
                if at.saturating_add(count) > bytes.len().saturating_mul(8) {
                    return Err(ENDS_EARLY.to_owned());
                }
                out.extend(
                    (*at..*at + count).map(|bit| i64::from(bytes[bit / 8] >> (bit % 8) & 1)),
                );
                *at += count;
            }
            (Self::Decoded { store, at }, out) => {
                if at.saturating_add(count) > store.len() {
                    return Err(ENDS_EARLY.to_owned());
                }
                for index in *at..*at + count {
                    out.push_from(store, index)?;
                }
                *at += count;
            }
            (Self::Codes(codes), out) => {
                let book = dictionary.ok_or("has codes but no dictionary")?;
                let mut numbers = Vec::new();
                codes.read(count, 0, &mut numbers)?;
                for code in numbers {
                    if code as usize >= book.store.len() {
                        return Err("has a code that is not in its dictionary".to_owned());
                    }
                    out.push_from(&book.store, code as usize)?;
                }
            }
            _ => return Err("has values of another type than its schema says".to_owned()),
        }
        Ok(())
    }
}

/// The next `count` values of `size` bytes.
pub(crate) fn take<'b>(
    bytes: &'b Buffer,
    at: &mut usize,
    count: usize,
    size: usize,
) -> Result<&'b [u8], String> {
    let end = count.checked_mul(size).and_then(|total| at.checked_add(total)).ok_or(ENDS_EARLY)?;
    let taken = bytes.get(*at..end).ok_or(ENDS_EARLY)?;
    *at = end;
    Ok(taken)
}

fn widen(number: i32, leaf: &Leaf) -> i64 {
    if leaf.meaning == Meaning::Unsigned { i64::from(number as u32) } else { i64::from(number) }
}

/// The number that a 32-bit float was written as: 0.1, not 0.10000000149.
fn shortest(number: f32) -> f64 {
    if number.fract() == 0.0 || !number.is_finite() {
        return f64::from(number);
    }
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}

/// Nanoseconds of the day and the Julian day, in milliseconds since 1970.
fn int96_millis(bytes: &[u8]) -> i64 {
    let (nanos, day) = bytes.split_at(8);
    let nanos = i64::from_le_bytes(nanos.try_into().unwrap_or_default());
    let day = i32::from_le_bytes(day.try_into().unwrap_or_default());
    (i64::from(day) - 2_440_588) * 86_400_000 + nanos.div_euclid(1_000_000)
}

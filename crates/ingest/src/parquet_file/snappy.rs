//! Snappy, with which most Parquet files are compressed.
//!
//! A page of instants in the order of a log is a chain of the shortest elements that Snappy has: of each number
//! two bytes that differ from the number before, and six that do not. Going from element to element took an eighth
//! of the processor time of scoring a file, most of it guessing wrong what comes next. Here such numbers are
//! taken whole ([`Output::take_numbers`]), and other short elements without asking which kind they are
//! ([`Output::take_short`]). It takes 0.6 of the time of the `snap` crate, which the tests compare it with.
//! The format: <https://github.com/google/snappy/blob/main/format_description.txt>.

use std::hint::select_unpredictable;

use bytes::{Bytes, BytesMut};

/// What the first byte of an element says.
#[derive(Clone, Copy)]
struct Element {
    /// How many bytes it stands for; 0 where it is not [`SHORT`].
    len: u8,
    /// How many bytes it takes itself.
    size: u8,
    is_literal: bool,
    /// How far back a copy begins: what the first byte says of it, and the bits of the next two that say the rest.
    far: u16,
    near: u16,
}

/// Elements that stand for more bytes are taken one by one.
const SHORT: usize = 16;
/// No element stands for more than 64 bytes in three.
const RATIO_MAX: usize = 22;
/// After so many vain looks for numbers that resemble each other, a page is taken to have none.
const VAIN_MAX: u32 = 8;

const ELEMENTS: [Element; 256] = elements();

const fn elements() -> [Element; 256] {
    let long = Element { len: 0, size: 0, is_literal: false, far: 0, near: 0 };
    let mut elements = [long; 256];
    let mut tag = 0;
    while tag < elements.len() {
        let six = tag as u8 >> 2;
        let element = match tag & 3 {
            // Where it would be copied from does not matter, so it is somewhere allowed.
            0 => {
                let far = SHORT as u16;
                Element { len: six + 1, size: six + 2, is_literal: true, far, near: 0 }
            }
            1 => {
                let far = (six as u16 >> 3) << 8;
                Element { len: 4 + (six & 7), size: 2, is_literal: false, far, near: 0xff }
            }
            2 => Element { len: six + 1, size: 3, is_literal: false, far: 0, near: 0xffff },
            _ => long,
        };
        if element.len as usize <= SHORT {
            elements[tag] = element;
        }
        tag += 1;
    }
    elements
}

/// What `compressed` was; `memory`, where nobody else looks at it any more, serves again.
///
/// # Errors
/// Where it is damaged.
pub(super) fn decompress(compressed: &[u8], memory: Bytes) -> Result<Bytes, String> {
    let mut out = memory.try_into_mut().unwrap_or_default();
    decompress_into(compressed, &mut out)
        .ok_or_else(|| "has a page that Snappy did not make".to_owned())?;
    Ok(out.freeze())
}

fn decompress_into(compressed: &[u8], out: &mut BytesMut) -> Option<()> {
    let (len, mut rest) = header(compressed)?;
    if len > rest.len().saturating_mul(RATIO_MAX) {
        return None;
    }
    out.resize(len, 0);
    let mut output = Output { bytes: out, at: 0 };
    let mut vain = 0;
    while !rest.is_empty() {
        let before = rest.len();
        if vain < VAIN_MAX {
            rest = output.take_numbers(rest);
            vain = if rest.len() < before { 0 } else { vain + 1 };
        }
        rest = output.take_short(rest, vain < VAIN_MAX);
        if rest.len() == before {
            rest = output.take_any(rest)?;
        }
    }
    (output.at == len).then_some(())
}

/// How many bytes there were, and the elements.
fn header(compressed: &[u8]) -> Option<(usize, &[u8])> {
    let mut len = 0;
    for (index, byte) in compressed.iter().take(5).enumerate() {
        len |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((u32::try_from(len).ok()? as usize, &compressed[index + 1..]));
        }
    }
    None
}

/// What has been decompressed, and room for the rest.
struct Output<'o> {
    bytes: &'o mut [u8],
    at: usize,
}

impl Output<'_> {
    /// Takes numbers of eight bytes, each a literal of one to four bytes and a copy of the others from eight bytes or
    /// more before. Answers what is left.
    fn take_numbers<'s>(&mut self, mut rest: &'s [u8]) -> &'s [u8] {
        // A literal of two bytes and a copy of six from less than 256 bytes before, which is most of them: that what
        // follows begins five bytes on is known before the first byte has been looked at.
        const USUAL: u64 = 0x0900_0004;
        while let Some(eight) = rest.first_chunk::<8>() {
            let eight = u64::from_le_bytes(*eight);
            if eight & 0xff00_00ff == USUAL {
                let back = eight >> 32 & 0xff;
                if self.take_number(eight, 2, back as usize).is_none() {
                    break;
                }
                rest = &rest[5..];
                continue;
            }
            let len = u32::from(eight as u8 >> 2) + 1;
            if eight & 3 != 0 || len > 4 {
                break;
            }
            let copy = eight >> (8 * len + 8);
            let back = (copy & 0xe0) << 3 | copy >> 8 & 0xff;
            if copy & 0x1f != u64::from(4 - len) << 2 | 1
                || self.take_number(eight, len, back as usize).is_none()
            {
                break;
            }
            rest = &rest[len as usize + 3..];
        }
        rest
    }

    /// Takes a number: of `eight`, behind the first byte, so many bytes, and the others from `back` bytes before.
    /// `None`, and nothing taken, where it would copy what it makes itself, or where there is no room.
    #[inline]
    fn take_number(&mut self, eight: u64, len: u32, back: usize) -> Option<()> {
        let from = self.at.checked_sub(back).filter(|_| back >= 8)?;
        let like = u64::from_le_bytes(*self.bytes.get(from..)?.first_chunk()?);
        let literal = (1_u64 << (8 * len)) - 1;
        let number = like & !literal | eight >> 8 & literal;
        *self.bytes.get_mut(self.at..)?.first_chunk_mut()? = number.to_le_bytes();
        self.at += 8;
        Some(())
    }

    /// Takes short elements, up to the first that is long, that copies what it makes itself or that is near an end;
    /// where a number may follow, only one. Answers what is left.
    fn take_short<'s>(&mut self, mut rest: &'s [u8], a_number_may_follow: bool) -> &'s [u8] {
        while let Some([tag, literal @ ..]) = rest.first_chunk::<{ SHORT + 1 }>() {
            let element = &ELEMENTS[usize::from(*tag)];
            let back = u16::from_le_bytes([literal[0], literal[1]]) & element.near | element.far;
            let (len, back) = (usize::from(element.len), usize::from(back));
            if len == 0 || back < len {
                break;
            }
            let copied = self.at.checked_sub(back).and_then(|from| self.bytes.get(from..));
            let Some(copied) = copied.and_then(<[u8]>::first_chunk::<SHORT>) else { break };
            let taken = *select_unpredictable(element.is_literal, literal, copied);
            let room = self.bytes.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut::<SHORT>);
            let next = rest.get(usize::from(element.size)..);
            let (Some(room), Some(next)) = (room, next) else { break };
            *room = taken;
            self.at += len;
            rest = next;
            if a_number_may_follow {
                break;
            }
        }
        rest
    }

    /// Takes one element of any kind. Answers what is left; `None` where there is no such element.
    fn take_any<'s>(&mut self, rest: &'s [u8]) -> Option<&'s [u8]> {
        let (tag, rest) = rest.split_first()?;
        let six = usize::from(tag >> 2);
        let number = |size: usize| {
            let (bytes, rest) = rest.split_at_checked(size)?;
            let number =
                bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte));
            Some((number, rest))
        };
        let (len, (back, rest)) = match tag & 3 {
            0 => {
                let (less_one, rest) = if six < 60 { (six, rest) } else { number(six - 59)? };
                let (literal, rest) = rest.split_at_checked(less_one.checked_add(1)?)?;
                self.bytes.get_mut(self.at..)?.get_mut(..literal.len())?.copy_from_slice(literal);
                self.at += literal.len();
                return Some(rest);
            }
            1 => {
                let (near, rest) = number(1)?;
                (4 + (six & 7), ((six >> 3) << 8 | near, rest))
            }
            2 => (six + 1, number(2)?),
            _ => (six + 1, number(4)?),
        };
        let from = self.at.checked_sub(back)?;
        if back == 0 || len > self.bytes.len() - self.at {
            return None;
        }
        if back >= len {
            self.bytes.copy_within(from..from + len, self.at);
        } else {
            // A copy may begin with what came before and go on with what it has made.
            for at in from..from + len {
                self.bytes[at + back] = self.bytes[at];
            }
        }
        self.at += len;
        Some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reference(compressed: &[u8]) -> Option<Vec<u8>> {
        snap::raw::Decoder::new().decompress_vec(compressed).ok()
    }

    fn ours(compressed: &[u8]) -> Option<Vec<u8>> {
        decompress(compressed, Bytes::new()).ok().map(|bytes| bytes.to_vec())
    }

    /// What columns look like: numbers that grow slowly or not at all, repetitions, noise.
    fn columns() -> impl Strategy<Value = Vec<u8>> {
        let step = prop_oneof![0..300_u64, 0..70_000_u64, any::<u64>()];
        let instants = prop::collection::vec(step, 0..400).prop_map(|steps| {
            let mut at = 1_700_000_000_000_u64;
            let rising = steps.into_iter().flat_map(|step| {
                at = at.wrapping_add(step);
                at.to_le_bytes()
            });
            rising.collect()
        });
        let leads = prop::collection::vec(0..2_000_u32, 0..400)
            .prop_map(|leads| leads.into_iter().flat_map(u32::to_le_bytes).collect());
        let repeated = (prop::collection::vec(any::<u8>(), 1..9), 1..300_usize)
            .prop_map(|(bytes, times)| bytes.repeat(times));
        let noise = prop::collection::vec(any::<u8>(), 0..300);
        let piece = prop_oneof![instants, leads, repeated, noise];
        prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_was_compressed_comes_out_again(bytes in columns()) {
            let compressed = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();
            prop_assert_eq!(ours(&compressed), Some(bytes));
        }

        #[test]
        fn damage_is_noticed_where_the_library_notices_it(
            bytes in columns(),
            hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut compressed = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();
            for (at, byte) in hits {
                let at = at.index(compressed.len());
                compressed[at] = byte;
            }
            if let Some(cut) = cut {
                compressed.truncate(cut.index(compressed.len() + 1));
            }
            // Ours does not begin where the header asks for more than there can be.
            let claims = snap::raw::decompress_len(&compressed).unwrap_or_default();
            prop_assume!(claims < 1 << 24);
            prop_assert_eq!(ours(&compressed), reference(&compressed));
        }

        #[test]
        fn any_elements_are_read_as_the_library_reads_them(
            elements in prop::collection::vec(any::<u8>(), 0..200),
            len in 0..600_usize,
        ) {
            let mut compressed = vec![len as u8 | 0x80, (len >> 7) as u8];
            compressed.extend(elements);
            prop_assert_eq!(ours(&compressed), reference(&compressed));
        }
    }

    #[test]
    fn a_header_that_promises_more_than_can_be_is_refused_before_there_is_room_for_it() {
        assert_eq!(ours(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0, 1]), None);
        assert_eq!(ours(&[0xff; 12]), None);
        assert_eq!(ours(&[]), None);
        assert_eq!(ours(&[0]), Some(vec![]));
    }

    #[test]
    fn memory_serves_again_unless_somebody_looks_at_it() {
        let mut encoder = snap::raw::Encoder::new();
        let (long, short) =
            (encoder.compress_vec(&[7; 900]).unwrap(), encoder.compress_vec(b"few").unwrap());
        let first = decompress(&long, Bytes::new()).unwrap();
        let place = first.as_ptr();
        let looked_at = first.clone();
        let second = decompress(&short, first).unwrap();
        assert_ne!(second.as_ptr(), place);
        assert_eq!((&looked_at[..], &second[..]), (&[7; 900][..], &b"few"[..]));
        let third = decompress(&short, looked_at).unwrap();
        assert_eq!((third.as_ptr(), &third[..]), (place, &b"few"[..]));
    }
}

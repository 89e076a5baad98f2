//! Rows of numbers in as few bits as the widest of them needs.

/// Numbers of equal width, one after another.
#[derive(Debug, Default)]
pub(crate) struct Bits {
    /// Little-endian words.
    words: Vec<[u8; 8]>,
    width: u32,
}

/// Wherever a number of so many bits begins in a byte, it ends within eight bytes.
const WITHIN_EIGHT_BYTES: u32 = u64::BITS - 7;

/// The bits that a number needs.
pub(crate) fn bits_for(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

impl Bits {
    /// Room for `rows` numbers of `width` bits, 1 to 64; all zero.
    pub(crate) fn new(rows: usize, width: u32) -> Self {
        // One word more than needed, so that reading two words never asks where the end is.
        Self { words: vec![[0; 8]; (rows * width as usize).div_ceil(64) + 1], width }
    }

    /// Writes a number to where it begins, a multiple of the width, which is still zero.
    #[inline]
    pub(crate) fn put(&mut self, bit: usize, number: u64) {
        if self.width <= WITHIN_EIGHT_BYTES {
            let place = &mut self.words.as_flattened_mut()[bit / 8..][..8];
            let mut eight = [0; 8];
            eight.copy_from_slice(place);
            let with = u64::from_le_bytes(eight) | number << (bit % 8);
            place.copy_from_slice(&with.to_le_bytes());
            return;
        }
        let (word, shift) = (bit / 64, bit % 64);
        let mut add = |word: usize, bits: u64| {
            let word = &mut self.words[word];
            *word = (u64::from_le_bytes(*word) | bits).to_le_bytes();
        };
        add(word, number << shift);
        // Shifting in two steps keeps a shift of 0 from becoming one of 64.
        add(word + 1, (number >> 1) >> (63 - shift));
    }

    /// Visits the numbers in these places in order.
    #[inline]
    pub(crate) fn visit(&self, places: std::ops::Range<usize>, mut visit: impl FnMut(u64)) {
        let mask = u64::MAX >> (64 - self.width);
        let mut bit = places.start * self.width as usize;
        if self.width <= WITHIN_EIGHT_BYTES {
            let bytes = self.words.as_flattened();
            for _ in places {
                let Some(eight) = bytes.get(bit / 8..).and_then(<[u8]>::first_chunk) else {
                    return;
                };
                visit(u64::from_le_bytes(*eight) >> (bit % 8) & mask);
                bit += self.width as usize;
            }
            return;
        }
        let word = |at: usize| u64::from_le_bytes(self.words[at]);
        for _ in places {
            let (at, shift) = (bit / 64, bit % 64);
            let next = (word(at + 1) << 1) << (63 - shift);
            visit((word(at) >> shift | next) & mask);
            bit += self.width as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_put_is_visited(width in 1_u32..=64, numbers in prop::collection::vec(any::<u64>(), 0..200)) {
            let mask = u64::MAX >> (64 - width);
            let mut bits = Bits::new(numbers.len(), width);
            for (place, number) in numbers.iter().enumerate() {
                bits.put(place * width as usize, number & mask);
            }
            let from = numbers.len() / 3;
            let mut seen = Vec::new();
            bits.visit(from..numbers.len(), |number| seen.push(number));
            let expected: Vec<u64> = numbers[from..].iter().map(|number| number & mask).collect();
            prop_assert_eq!(seen, expected);
        }
    }
}

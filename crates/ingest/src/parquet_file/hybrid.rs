//! Levels and dictionary codes: runs of one number, and numbers packed bit by bit.

use bytes::Bytes;

/// Decodes the RLE and bit-packing hybrid of Parquet.
#[derive(Debug)]
pub(crate) struct Hybrid {
    bytes: Bytes,
    at: usize,
    width: u32,
    run: Run,
}

#[derive(Clone, Copy, Debug)]
enum Run {
    Repeated {
        value: u32,
        left: usize,
    },
    /// Numbers packed from byte `start`, of which `done` are read.
    Packed {
        start: usize,
        done: usize,
        left: usize,
    },
}

impl Hybrid {
    pub(crate) fn new(bytes: Bytes, width: u32) -> Result<Self, String> {
        if width > 32 {
            return Err(format!("has codes of {width} bits"));
        }
        Ok(Self { bytes, at: 0, width, run: Run::Repeated { value: 0, left: 0 } })
    }

    /// Takes `count` numbers if they are a single run of `value`; otherwise takes none.
    pub(crate) fn skip_run(&mut self, value: u32, count: usize) -> Result<bool, String> {
        self.load()?;
        if let Run::Repeated { value: repeated, left } = &mut self.run
            && *repeated == value
            && *left >= count
        {
            *left -= count;
            return Ok(true);
        }
        Ok(false)
    }

    /// The next number, without taking it.
    pub(crate) fn peek(&mut self) -> Result<u32, String> {
        self.load()?;
        Ok(match self.run {
            Run::Repeated { value, .. } => value,
            Run::Packed { start, done, .. } => {
                let mut one = Vec::with_capacity(1);
                unpack(&self.bytes[start..self.at], self.width, done, 1, 0, &mut one);
                one.first().copied().unwrap_or_default()
            }
        })
    }

    /// Takes the number that [`Self::peek`] showed.
    pub(crate) fn pass(&mut self) -> Result<(), String> {
        self.load()?;
        match &mut self.run {
            Run::Repeated { left, .. } => *left -= 1,
            Run::Packed { done, left, .. } => {
                *done += 1;
                *left -= 1;
            }
        }
        Ok(())
    }

    /// Appends the next `count` numbers, each increased by `plus`.
    pub(crate) fn read(
        &mut self,
        count: usize,
        plus: u32,
        out: &mut Vec<u32>,
    ) -> Result<(), String> {
        let mut wanted = count;
        while wanted > 0 {
            self.load()?;
            match &mut self.run {
                Run::Repeated { value, left } => {
                    let taken = wanted.min(*left);
                    out.resize(out.len() + taken, value.wrapping_add(plus));
                    *left -= taken;
                    wanted -= taken;
                }
                Run::Packed { start, done, left } => {
                    let taken = wanted.min(*left);
                    unpack(&self.bytes[*start..self.at], self.width, *done, taken, plus, out);
                    *done += taken;
                    *left -= taken;
                    wanted -= taken;
                }
            }
        }
        Ok(())
    }

    /// Reads the head of the next run where the present one is used up.
    fn load(&mut self) -> Result<(), String> {
        while matches!(self.run, Run::Repeated { left: 0, .. } | Run::Packed { left: 0, .. }) {
            let head = leb128(&self.bytes, &mut self.at)?;
            if head & 1 == 0 {
                let size = self.width.div_ceil(8) as usize;
                let bytes = self.bytes.get(self.at..self.at + size).ok_or(ENDS_EARLY)?;
                let value = bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
                self.at += size;
                let left = usize::try_from(head >> 1).map_err(|_| ENDS_EARLY)?;
                if left == 0 {
                    return Err("has a run of no values".to_owned());
                }
                self.run = Run::Repeated { value, left };
            } else {
                let groups = usize::try_from(head >> 1).map_err(|_| ENDS_EARLY)?;
                let start = self.at;
                let rest = self.bytes.len() - start;
                // The last group may be cut short behind its last value.
                let size = groups.checked_mul(self.width as usize).ok_or(ENDS_EARLY)?.min(rest);
                let left = match self.width {
                    0 => groups.checked_mul(8).ok_or(ENDS_EARLY)?,
                    width => (size * 8 / width as usize).min(groups.saturating_mul(8)),
                };
                if left == 0 {
                    return Err(ENDS_EARLY.to_owned());
                }
                self.at = start + size;
                self.run = Run::Packed { start, done: 0, left };
            }
        }
        Ok(())
    }
}

pub(crate) const ENDS_EARLY: &str = "has a page that ends before its values do";

/// A number of seven bits per byte.
pub(crate) fn leb128(bytes: &[u8], at: &mut usize) -> Result<u64, String> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at).ok_or(ENDS_EARLY)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("has a number of more than 64 bits".to_owned())
}

/// Appends `count` numbers of `width` bits, from the `skipped`th on; the bytes hold them all.
fn unpack(bytes: &[u8], width: u32, skipped: usize, count: usize, plus: u32, out: &mut Vec<u32>) {
    let width = width as usize;
    let mask = ((1_u64 << width) - 1) as u32;
    let mut index = skipped;
    let end = skipped + count;
    let one = |index: usize| {
        let bit = index * width;
        let mut word = [0; 8];
        let rest = &bytes[(bit / 8).min(bytes.len())..];
        let size = rest.len().min(8);
        word[..size].copy_from_slice(&rest[..size]);
        ((u64::from_le_bytes(word) >> (bit % 8)) as u32 & mask).wrapping_add(plus)
    };
    out.reserve(count);
    while index < end && !index.is_multiple_of(8) {
        out.push(one(index));
        index += 1;
    }
    // Eight numbers at a time begin and end at whole bytes; up to 8 bits they fit in one word.
    let groups = (end - index) / 8;
    if (1..=8).contains(&width) {
        let from = index / 8 * width;
        let packed = bytes[from..from + groups * width].chunks_exact(width);
        let place = out.len();
        out.resize(place + groups * 8, 0);
        for (eight, group) in out[place..].as_chunks_mut::<8>().0.iter_mut().zip(packed) {
            let mut word = [0; 8];
            word[..width].copy_from_slice(group);
            let word = u64::from_le_bytes(word);
            *eight = std::array::from_fn(|number| {
                ((word >> (number * width)) as u32 & mask).wrapping_add(plus)
            });
        }
        index += groups * 8;
    }
    out.extend((index..end).map(one));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_packed_bit_by_bit_come_out_in_any_portions(
            width in 0_u32..=32,
            numbers in proptest::collection::vec(any::<u32>(), 1..200),
            portion in 1_usize..50,
        ) {
            let mask = ((1_u64 << width) - 1) as u32;
            let groups = numbers.len().div_ceil(8);
            let mut packed = vec![0_u8; groups * width as usize];
            for (index, number) in numbers.iter().enumerate() {
                for bit in 0..width as usize {
                    if number >> bit & 1 == 1 {
                        let at = index * width as usize + bit;
                        packed[at / 8] |= 1 << (at % 8);
                    }
                }
            }
            let mut bytes = Vec::new();
            let mut head = (groups as u64) << 1 | 1;
            while head >= 0x80 {
                bytes.push(head as u8 | 0x80);
                head >>= 7;
            }
            bytes.push(head as u8);
            bytes.extend(packed);
            let mut hybrid = Hybrid::new(bytes.into(), width).unwrap();
            let mut read = Vec::new();
            while read.len() < numbers.len() {
                let count = portion.min(numbers.len() - read.len());
                hybrid.read(count, 1, &mut read).unwrap();
            }
            let expected: Vec<u32> =
                numbers.iter().map(|number| (number & mask).wrapping_add(1)).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
            width in 0_u32..=40,
            count in 0_usize..2000,
        ) {
            if let Ok(mut hybrid) = Hybrid::new(bytes.into(), width) {
                let mut out = Vec::new();
                if hybrid.read(count, 0, &mut out).is_ok() {
                    prop_assert_eq!(out.len(), count);
                }
            }
        }
    }
}

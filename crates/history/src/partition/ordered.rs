//! Rows in the order of time, as logs have them: packed in two quick passes.

use super::{LEAD_BITS, Partition, Row, Rows, block_of};
use crate::blocks::LEADS_PER_BLOCK;
use crate::packed::{Bits, bits_for};

/// Takes rows as they come. Whether they came in order, and how many bits they need, is known in the end.
#[derive(Debug)]
pub(crate) struct Ordered {
    shape_bits: u32,
    blocks: Vec<Seen>,
    /// Block, time since the row before it in its block, lead within the block, shape; room for more behind.
    keys: Vec<u64>,
    len: usize,
    /// All bits that any of those times has.
    times: u64,
}

/// What has been seen of a block.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    rows: u32,
    /// The time of its first and of its last row.
    first: i64,
    last: i64,
}

const BLOCK_SHIFT: u32 = 48;
const BLOCKS_MAX: usize = 1 << (u64::BITS - BLOCK_SHIFT);

impl Ordered {
    /// For up to so many rows of so many blocks and of shapes up to `shape_max`. `keys` is memory that serves again.
    pub(crate) fn new(rows: usize, blocks: usize, shape_max: u32, mut keys: Vec<u64>) -> Self {
        if keys.len() < rows {
            keys.resize(rows, 0);
        }
        let shape_bits = bits_for(u64::from(shape_max)).max(1);
        Self { shape_bits, blocks: vec![Seen::default(); blocks], keys, len: 0, times: 0 }
    }

    /// Takes a wanted row.
    ///
    /// # Panics
    /// Where there are more than was said.
    #[inline]
    pub(crate) fn push(&mut self, row: Row) {
        let block = block_of(&row);
        let seen = &mut self.blocks[block];
        if seen.rows == 0 {
            *seen = Seen { rows: 0, first: row.at, last: row.at };
        }
        // A row that comes too late has a time that is far too long.
        let time = row.at.wrapping_sub(seen.last) as u64;
        seen.last = row.at;
        seen.rows += 1;
        self.times |= time;
        let lead = u64::from(row.lead) % LEADS_PER_BLOCK as u64;
        let value = (time << LEAD_BITS | lead) << self.shape_bits | u64::from(row.shape);
        self.keys[self.len] = (block as u64) << BLOCK_SHIFT | value;
        self.len += 1;
    }

    /// The rows by block, with the memory that `new` was given; no rows where they were out of order or too far
    /// apart.
    pub(crate) fn finish(self, coarse: bool) -> (Option<Partition>, Vec<u64>) {
        let Self { shape_bits, blocks, keys, len, times } = self;
        let width = bits_for(times) + LEAD_BITS + shape_bits;
        if width > BLOCK_SHIFT || blocks.len() > BLOCKS_MAX {
            return (None, keys);
        }
        let (mut starts, mut total) = (vec![0], 0);
        starts.extend(blocks.iter().map(|seen| {
            total += seen.rows;
            total
        }));
        let mut bits = Bits::new(len, width);
        let mut next: Vec<usize> =
            starts.iter().map(|start| *start as usize * width as usize).collect();
        for key in &keys[..len] {
            let bit = &mut next[(key >> BLOCK_SHIFT) as usize];
            bits.put(*bit, key & (u64::MAX >> (u64::BITS - BLOCK_SHIFT)));
            *bit += width as usize;
        }
        let bases = blocks.iter().map(|seen| seen.first).collect();
        let rows = Rows::Packed { bits, shape_bits, bases, deltas: true };
        (Some(Partition { rows, coarse, starts }), keys)
    }
}

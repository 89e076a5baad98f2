//! A block of events for one score only: time and shape in 32 bits, a third of a megabyte a block instead
//! of one, so that sorting by lead stays within a core's own cache.

use std::ops::Range;

use scoring::{CoarseEvents, Grain};

use crate::blocks::{Events, count_by_lead};
use crate::packed::bits_for;
use crate::partition::Partition;

/// The events of a block of leads, in the order of the stretches of a grain per lead.
#[derive(Debug)]
pub(crate) struct CoarseBlock<'g> {
    grain: &'g Grain,
    shape_bits: u32,
    /// Events of the block's lead `i`: `starts[i]..starts[i + 1]`.
    starts: Vec<u32>,
    /// Number of the stretch, and below it the shape; behind the last event what larger blocks left.
    keys: Vec<u32>,
    /// Of the lead that was looked at last.
    at: Vec<i64>,
    shapes: Vec<u32>,
}

impl<'g> CoarseBlock<'g> {
    /// Room for blocks of these partitions; `None` where their events need more than 32 bits.
    pub(crate) fn new(grain: &'g Grain, partitions: &[Partition], shapes: usize) -> Option<Self> {
        let shape_bits = bits_for(shapes as u64);
        let fits = shape_bits + bits_for(grain.len() as u64) <= u32::BITS;
        let all = fits && partitions.iter().all(Partition::is_coarse);
        let (starts, keys, at, shapes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        all.then_some(Self { grain, shape_bits, starts, keys, at, shapes })
    }

    /// Fills the block with its events. `scratch` is reused memory.
    pub(crate) fn fill(
        &mut self,
        partitions: &[Partition],
        block: usize,
        leads: usize,
        scratch: &mut Vec<u32>,
    ) {
        let events = count_by_lead(partitions, block, leads, &mut self.starts);
        if self.keys.len() < events {
            self.keys.resize(events, 0);
        }
        scratch.clone_from(&self.starts);
        let (next, keys, shape_bits) = (scratch.as_mut_slice(), &mut self.keys, self.shape_bits);
        let (mut last, mut is_sorted) = (i64::MIN, true);
        for partition in partitions {
            partition.visit(block, |lead, number, shape| {
                is_sorted &= last <= number;
                last = number;
                keys[next[lead] as usize] = (number as u32) << shape_bits | shape;
                next[lead] += 1;
            });
        }
        if is_sorted {
            return;
        }
        for range in self.starts.windows(2) {
            let keys = &mut keys[range[0] as usize..range[1] as usize];
            // Within a stretch any order is as good.
            if !keys.is_sorted_by_key(|key| key >> shape_bits) {
                keys.sort_unstable();
            }
        }
    }

    fn range(&self, lead: usize) -> Range<usize> {
        self.starts[lead] as usize..self.starts[lead + 1] as usize
    }
}

impl Events for CoarseBlock<'_> {
    fn leads(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    #[inline]
    fn of(&mut self, lead: usize) -> (&[i64], &[u32]) {
        let keys = &self.keys[self.range(lead)];
        let mask = !(u32::MAX << self.shape_bits);
        self.at.clear();
        self.at.extend(keys.iter().map(|key| self.grain.instant(key >> self.shape_bits)));
        self.shapes.clear();
        self.shapes.extend(keys.iter().map(|key| key & mask));
        (&self.at, &self.shapes)
    }

    #[inline]
    fn coarse(&self, lead: usize) -> Option<CoarseEvents<'_>> {
        let keys = &self.keys[self.range(lead)];
        Some(CoarseEvents::new(self.grain, keys, self.shape_bits))
    }
}

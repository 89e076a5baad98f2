//! The events of one batch, sorted into blocks of leads and packed.

mod ordered;

use crate::blocks::LEADS_PER_BLOCK;
use crate::packed::{Bits, bits_for};
pub(crate) use ordered::Ordered;
use scoring::Sighting;

/// An event with numbers for names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// In ms, or the number of a stretch of a [`scoring::Grain`].
    pub(crate) at: i64,
    /// Position in the roster, or [`NOBODY`].
    pub(crate) lead: u32,
    /// Number of the shape, or [`IRRELEVANT`].
    pub(crate) shape: u32,
}

/// A lead that the roster does not know.
pub(crate) const NOBODY: u32 = u32::MAX;
/// The shape of an event that no model looks at.
pub(crate) const IRRELEVANT: u32 = u32::MAX;

/// The events of one batch, block after block, each block in the order of the batch.
///
/// A row is packed into time, lead within the block, and shape. Of a log in time order a row keeps
/// the time since the row before it in its block: some 26 bits for 20 events a lead and year, so
/// that a whole event takes five and a half bytes. Where hours and days are all that matters of the
/// time, it is four or five bits, and less than three bytes.
#[derive(Debug)]
pub(crate) struct Partition {
    rows: Rows,
    /// Whether times are numbers of stretches.
    coarse: bool,
    /// Rows of block `b`: `starts[b]..starts[b + 1]`.
    starts: Vec<u32>,
}

#[derive(Debug)]
enum Rows {
    Packed {
        bits: Bits,
        shape_bits: u32,
        /// What the time of a row counts from: per block, the instant of its first or earliest row.
        bases: Vec<i64>,
        /// Whether times count from the row before and not from the base.
        deltas: bool,
    },
    /// Too far apart to be packed into 64 bits.
    Plain(Vec<Row>),
}

/// Events that are visited together: 3 KB, which stay in the first cache.
const TOGETHER: usize = 256;

const LEAD_BITS: u32 = LEADS_PER_BLOCK.trailing_zeros();

impl Row {
    /// Whether anybody and any model wants it.
    #[inline]
    pub(crate) fn is_wanted(&self) -> bool {
        self.lead != NOBODY && self.shape != IRRELEVANT
    }
}

impl Partition {
    /// Sorts rows in any order into blocks; rows that nobody or no model wants are dropped.
    pub(crate) fn new(rows: &[Row], coarse: bool, blocks: usize) -> Self {
        let survey = Survey::new(rows, blocks);
        let wanted = rows.iter().filter(|row| row.is_wanted());
        let mut next: Vec<u32> = survey.starts.clone();
        let mut place = |block: usize| {
            next[block] += 1;
            next[block] as usize - 1
        };
        let shape_bits = bits_for(u64::from(survey.shape_max)).max(1);
        let time_bits = bits_for(if survey.ordered { survey.delta_max } else { survey.offset_max });
        let width = time_bits + LEAD_BITS + shape_bits;
        let count = survey.starts.last().map_or(0, |end| *end as usize);
        if width > u64::BITS {
            let mut sorted = vec![Row { at: 0, lead: 0, shape: 0 }; count];
            for row in wanted {
                sorted[place(block_of(row))] = *row;
            }
            return Self { rows: Rows::Plain(sorted), coarse, starts: survey.starts };
        }
        let mut bits = Bits::new(count, width);
        let mut before = survey.bases.clone();
        for row in wanted {
            let block = block_of(row);
            let time = row.at.wrapping_sub(before[block]) as u64;
            if survey.ordered {
                before[block] = row.at;
            }
            let lead = u64::from(row.lead) % LEADS_PER_BLOCK as u64;
            let bit = place(block) * width as usize;
            bits.put(bit, (time << LEAD_BITS | lead) << shape_bits | u64::from(row.shape));
        }
        let rows = Rows::Packed { bits, shape_bits, bases: survey.bases, deltas: survey.ordered };
        Self { rows, coarse, starts: survey.starts }
    }

    /// Whether times are numbers of stretches.
    pub(crate) fn is_coarse(&self) -> bool {
        self.coarse
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.last().map_or(0, |end| *end as usize)
    }

    /// How many rows a block has.
    pub(crate) fn len_of(&self, block: usize) -> usize {
        (self.starts[block + 1] - self.starts[block]) as usize
    }

    /// Visits the events of a block in the order of the batch: lead within the block, time, shape.
    #[inline]
    pub(crate) fn visit(&self, block: usize, mut visit: impl FnMut(usize, i64, u32)) {
        let range = self.starts[block] as usize..self.starts[block + 1] as usize;
        match &self.rows {
            Rows::Packed { bits, shape_bits, bases, deltas } => {
                let mut base = bases[block];
                let shape_mask = u64::MAX >> (64 - shape_bits);
                bits.visit(range, |row| {
                    let shape = (row & shape_mask) as u32;
                    let lead = (row >> shape_bits) as usize & ((1 << LEAD_BITS) - 1);
                    // A row can be all time but for the other two.
                    let at = base + (row >> shape_bits >> LEAD_BITS) as i64;
                    if *deltas {
                        base = at;
                    }
                    visit(lead, at, shape);
                });
            }
            Rows::Plain(rows) => {
                for row in &rows[range] {
                    visit(row.lead as usize % LEADS_PER_BLOCK, row.at, row.shape);
                }
            }
        }
    }

    /// The same of coarse events, several at a time.
    pub(crate) fn visit_coarse(&self, block: usize, mut visit: impl FnMut(&[Sighting])) {
        let (mut some, mut len) = ([Sighting::default(); TOGETHER], 0);
        self.visit(block, |lead, number, shape| {
            some[len] = Sighting { lead: lead as u32, stretch: number as u32, shape };
            len += 1;
            if len == TOGETHER {
                visit(&some);
                len = 0;
            }
        });
        visit(&some[..len]);
    }

    /// Visits the leads within a block only, once per event.
    #[inline]
    pub(crate) fn visit_leads(&self, block: usize, mut visit: impl FnMut(usize)) {
        let range = self.starts[block] as usize..self.starts[block + 1] as usize;
        match &self.rows {
            Rows::Packed { bits, shape_bits, .. } => {
                bits.visit(range, |row| {
                    visit((row >> shape_bits) as usize & ((1 << LEAD_BITS) - 1));
                });
            }
            Rows::Plain(rows) => {
                rows[range].iter().for_each(|row| visit(row.lead as usize % LEADS_PER_BLOCK));
            }
        }
    }
}

/// What must be known of the rows before they are packed.
struct Survey {
    /// Rows of block `b`: `starts[b]..starts[b + 1]`.
    starts: Vec<u32>,
    /// Instant of the first row of each block, or of its earliest where rows are out of order.
    bases: Vec<i64>,
    shape_max: u32,
    /// Whether every block's rows are in time order.
    ordered: bool,
    delta_max: u64,
    offset_max: u64,
}

impl Survey {
    fn new(rows: &[Row], blocks: usize) -> Self {
        let wanted = || rows.iter().filter(|row| row.is_wanted());
        let (starts, bases) = (vec![0; blocks + 1], vec![0; blocks]);
        let (shape_max, ordered, delta_max, offset_max) = (0, true, 0, 0);
        let mut survey = Self { starts, bases, shape_max, ordered, delta_max, offset_max };
        let mut last: Vec<Option<i64>> = vec![None; blocks];
        wanted().for_each(|row| survey.see(row, &mut last));
        if !survey.ordered {
            for row in wanted() {
                let base = &mut survey.bases[block_of(row)];
                *base = (*base).min(row.at);
            }
            let offset = |row: &Row| (row.at - survey.bases[block_of(row)]) as u64;
            survey.offset_max = wanted().map(offset).max().unwrap_or_default();
        }
        for block in 1..survey.starts.len() {
            survey.starts[block] += survey.starts[block - 1];
        }
        survey
    }

    /// Takes notice of a row; `last` has the instant of the last one of each block so far.
    fn see(&mut self, row: &Row, last: &mut [Option<i64>]) {
        let block = block_of(row);
        self.starts[block + 1] += 1;
        self.shape_max = self.shape_max.max(row.shape);
        match last[block].replace(row.at) {
            None => self.bases[block] = row.at,
            Some(before) if before <= row.at => {
                self.delta_max = self.delta_max.max((row.at - before) as u64);
            }
            Some(_) => self.ordered = false,
        }
    }
}

fn block_of(row: &Row) -> usize {
    row.lead as usize / LEADS_PER_BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_partition_gives_back_every_event_of_a_known_lead(
            rows in prop::collection::vec(
                (prop_oneof![20 => 0..1_000_i64, 1 => -9_000_000_000_000..9_000_000_000_000_i64],
                 prop_oneof![0..40_000_u32, Just(NOBODY)],
                 prop_oneof![20 => 0..5_u32, 1 => 0..2_000_000_000_u32, 4 => Just(IRRELEVANT)]),
                0..200,
            ),
            in_order in any::<bool>(),
        ) {
            let mut rows: Vec<Row> = rows.into_iter().map(|(at, lead, shape)| Row { at, lead, shape }).collect();
            if in_order {
                rows.sort_by_key(|row| row.at);
            }
            let blocks = 40_000_usize.div_ceil(LEADS_PER_BLOCK);
            let known = rows.iter().filter(|row| row.is_wanted());
            let expected: Vec<Vec<(usize, i64, u32)>> = (0..blocks)
                .map(|block| {
                    let of_block = known.clone().filter(|row| block_of(row) == block);
                    of_block.map(|row| (row.lead as usize % LEADS_PER_BLOCK, row.at, row.shape)).collect()
                })
                .collect();
            let shape_max = known.clone().map(|row| row.shape).max().unwrap_or_default();
            let mut ordered = Ordered::new(rows.len(), blocks, shape_max, vec![u64::MAX; 3]);
            known.clone().for_each(|row| ordered.push(*row));
            let ordered = ordered.finish(false).0;
            if in_order && known.clone().all(|row| (0..1_000).contains(&row.at) && row.shape < 5) {
                prop_assert!(ordered.is_some());
            }
            for partition in [Partition::new(&rows, false, blocks)].into_iter().chain(ordered) {
                prop_assert_eq!(partition.len(), known.clone().count());
                for (block, expected) in expected.iter().enumerate() {
                    let (mut seen, mut leads) = (Vec::new(), Vec::new());
                    partition.visit(block, |lead, at, shape| seen.push((lead, at, shape)));
                    partition.visit_leads(block, |lead| leads.push(lead));
                    prop_assert_eq!(leads, expected.iter().map(|(lead, ..)| *lead).collect::<Vec<_>>());
                    prop_assert_eq!(&seen, expected);
                }
            }
        }
    }
}

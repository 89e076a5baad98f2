//! Blocks: the events of a few thousand leads, per lead contiguous and in time order.

use std::collections::BTreeMap;
use std::sync::Arc;

use leads::Timestamp;
use scoring::{Grain, LeadView, Needs, Vocabulary};

use crate::gather::Gathered;
use crate::parallel::in_parallel;
use crate::partition::Partition;
use crate::roster::{Roster, RowProfile};

/// Leads per block. At 20 events a lead, a block's events are 1 MB: about what a core's own caches
/// hold while it sorts them by lead.
pub const LEADS_PER_BLOCK: usize = 4096;

/// The events of [`LEADS_PER_BLOCK`] consecutive leads of the roster.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Events of the block's lead `i`: `starts[i]..starts[i + 1]`.
    starts: Vec<u32>,
    at: Vec<i64>,
    shapes: Vec<u32>,
}

/// Everyone and everything that happened, in memory.
#[derive(Debug)]
pub struct History {
    pub(crate) needs: Needs,
    pub(crate) roster: Arc<Roster>,
    pub(crate) vocabulary: Arc<Vocabulary>,
    pub(crate) blocks: Vec<Arc<Block>>,
    /// The first and the last event that some model looks at: what calendars must cover.
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    /// The first and the last event of all, whether or not a model looks at it.
    pub(crate) span: (Timestamp, Timestamp),
}

impl Gathered {
    /// The leads.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The instants of the first and the last event of any lead that is known; `None` without events.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.span.map(|(first, last)| {
            (Timestamp::saturating_from_millis(first), Timestamp::saturating_from_millis(last))
        })
    }

    /// Puts every block in order, and keeps it.
    ///
    /// # Panics
    /// When the events were gathered for a score ([`crate::Gathering::for_score`]): their instants
    /// are known to the hour only.
    pub fn into_history(self, threads: usize) -> History {
        assert!(self.grain.is_none(), "a history keeps instants whole");
        let leads = self.roster.len();
        let blocks =
            in_parallel(leads.div_ceil(LEADS_PER_BLOCK), threads, Vec::new, |scratch, index| {
                let mut block = Block::default();
                block.fill(&self.partitions, None, index, leads, scratch);
                block
            });
        let (first, last) = span(blocks.iter());
        let blocks = blocks.into_iter().map(Arc::new).collect();
        let millis = Timestamp::saturating_from_millis;
        let span = self.span.map_or((first, last), |(first, last)| (millis(first), millis(last)));
        let (roster, traits) = self.roster.split_values();
        let vocabulary = Arc::new(Vocabulary { traits, shapes: self.shapes.shapes });
        let roster = Arc::new(roster);
        History { needs: self.needs, roster, vocabulary, blocks, first, last, span }
    }
}

/// The first and the last instant of any event.
fn span<'b>(blocks: impl Iterator<Item = &'b Block>) -> (Timestamp, Timestamp) {
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for block in blocks {
        for lead in 0..block.len() {
            if let [earliest, ..] = block.events(lead).0 {
                first = first.min(*earliest);
            }
            if let [.., latest] = block.events(lead).0 {
                last = last.max(*latest);
            }
        }
    }
    (
        Timestamp::saturating_from_millis(first.min(last)),
        Timestamp::saturating_from_millis(last.max(first)),
    )
}

impl Block {
    /// Fills the block with its events, in time order per lead. `scratch` is reused memory.
    pub(crate) fn fill(
        &mut self,
        partitions: &[Partition],
        grain: Option<&Grain>,
        block: usize,
        leads: usize,
        scratch: &mut Vec<u32>,
    ) {
        let events = count_by_lead(partitions, block, leads, &mut self.starts);
        self.at.clear();
        self.at.resize(events, 0);
        self.shapes.clear();
        self.shapes.resize(events, 0);
        let next = scratch;
        next.clear();
        next.extend_from_slice(&self.starts);
        for partition in partitions {
            let mut put = |lead: usize, at: i64, shape: u32| {
                let place = next[lead] as usize;
                next[lead] += 1;
                self.at[place] = at;
                self.shapes[place] = shape;
            };
            match grain {
                Some(grain) if partition.is_coarse() => {
                    let instant = |number: i64| grain.instant(number as u32);
                    partition.visit(block, |lead, at, shape| put(lead, instant(at), shape));
                }
                _ => partition.visit(block, put),
            }
        }
        self.sort_by_time();
    }

    /// Files in time order need no sorting; the others are sorted lead by lead.
    fn sort_by_time(&mut self) {
        for lead in 0..self.len() {
            let range = self.range(lead);
            if self.at[range.clone()].is_sorted() {
                continue;
            }
            let events = self.at[range.clone()]
                .iter()
                .copied()
                .zip(self.shapes[range.clone()].iter().copied());
            let mut events: Vec<(i64, u32)> = events.collect();
            events.sort_unstable();
            for (place, (at, shape)) in range.zip(events) {
                self.at[place] = at;
                self.shapes[place] = shape;
            }
        }
    }

    /// The same with other events for some of its leads, or for leads that come after its last one
    /// (without a gap). Events are instants (ms) and shapes in rising order.
    pub(crate) fn with(&self, changed: &BTreeMap<usize, Vec<(i64, u32)>>) -> Self {
        let last = changed.keys().next_back().map_or(0, |lead| lead + 1);
        let mut block = Self { starts: vec![0], ..Self::default() };
        for lead in 0..self.len().max(last) {
            match changed.get(&lead) {
                Some(events) => {
                    block.at.extend(events.iter().map(|(at, _)| *at));
                    block.shapes.extend(events.iter().map(|(_, shape)| *shape));
                }
                None if lead < self.len() => {
                    let (at, shapes) = self.events(lead);
                    block.at.extend_from_slice(at);
                    block.shapes.extend_from_slice(shapes);
                }
                None => {}
            }
            block.starts.push(block.at.len() as u32);
        }
        block
    }

    /// How many leads the block has.
    pub(crate) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Instants (ms) and shapes of a lead's events.
    #[inline]
    pub(crate) fn events(&self, lead: usize) -> (&[i64], &[u32]) {
        let range = self.range(lead);
        (&self.at[range.clone()], &self.shapes[range])
    }

    fn range(&self, lead: usize) -> std::ops::Range<usize> {
        self.starts[lead] as usize..self.starts[lead + 1] as usize
    }
}

impl History {
    /// The leads.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// What this history was gathered for: models that need no more can be tried on it.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        self.blocks.iter().map(|block| block.at.len()).sum()
    }

    /// The instants of the first and the last event of any lead, whether or not a model looks at it:
    /// how far the data reach.
    pub fn span(&self) -> (Timestamp, Timestamp) {
        self.span
    }
}

/// How many of so many leads a block has.
pub(crate) fn leads_of(block: usize, leads: usize) -> usize {
    LEADS_PER_BLOCK.min(leads - block * LEADS_PER_BLOCK)
}

/// Counts the events of each lead of a block: lead `i` has `starts[i]..starts[i + 1]`. Answers how
/// many there are.
pub(crate) fn count_by_lead(
    partitions: &[Partition],
    block: usize,
    leads: usize,
    starts: &mut Vec<u32>,
) -> usize {
    let leads = leads_of(block, leads);
    starts.clear();
    starts.resize(leads + 1, 0);
    let counts = starts.as_mut_slice();
    for partition in partitions {
        partition.visit_leads(block, |lead| counts[lead + 1] += 1);
    }
    for lead in 0..leads {
        counts[lead + 1] += counts[lead];
    }
    counts[leads] as usize
}

/// A lead of a block as the fold sees it.
#[inline]
pub(crate) fn view<'a>(
    roster: &Roster,
    block: &'a Block,
    index: usize,
    lead: usize,
    profile: &'a RowProfile<'a>,
) -> LeadView<'a, RowProfile<'a>> {
    let (at, shapes) = block.events(lead);
    LeadView { created_at: roster.created_at[index * LEADS_PER_BLOCK + lead], at, shapes, profile }
}

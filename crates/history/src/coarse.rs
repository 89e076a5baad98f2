//! A block of leads whose events are counted for one score only.

use scoring::{Crowd, Effects, Sighting};

use crate::blocks::{count_by_lead, leads_of};
use crate::partition::Partition;

/// The leads of a block, counted.
#[derive(Debug)]
pub(crate) struct CoarseBlock<'e> {
    effects: &'e Effects,
    crowd: Crowd<'e>,
    leads: usize,
    /// Of a block that is out of order. Events of its lead `i`: `starts[i]..starts[i + 1]`.
    starts: Vec<u32>,
    events: Vec<Sighting>,
}

impl<'e> CoarseBlock<'e> {
    /// For blocks of these partitions; `None` where some have more than stretches.
    pub(crate) fn new(effects: &'e Effects, partitions: &[Partition]) -> Option<Self> {
        let (crowd, starts, events) = (Crowd::new(effects), Vec::new(), Vec::new());
        let all = partitions.iter().all(Partition::is_coarse);
        all.then_some(Self { effects, crowd, leads: 0, starts, events })
    }

    /// Counts the events of a block of `leads` leads in all. Answers whether it could: not where a lead has too many.
    pub(crate) fn fill(&mut self, partitions: &[Partition], block: usize, leads: usize) -> bool {
        self.leads = leads_of(block, leads);
        let events: u64 = partitions.iter().map(|partition| partition.len_of(block) as u64).sum();
        if events > self.effects.events_max() {
            count_by_lead(partitions, block, leads, &mut self.starts);
            let most = self.starts.windows(2).map(|pair| pair[1] - pair[0]).max();
            if u64::from(most.unwrap_or_default()) > self.effects.events_max() {
                return false;
            }
        }
        if !self.take_in_order(partitions, block) {
            self.sort(partitions, block, leads);
        }
        true
    }

    /// Counts events as they come. Answers whether that is the order of time.
    fn take_in_order(&mut self, partitions: &[Partition], block: usize) -> bool {
        self.crowd.begin(self.leads);
        let (mut last, mut is_sorted) = (0, true);
        for partition in partitions {
            partition.visit_coarse(block, |events| {
                for event in events {
                    is_sorted &= last <= event.stretch;
                    last = event.stretch;
                }
                self.crowd.see(events);
            });
            if !is_sorted {
                return false;
            }
        }
        true
    }

    /// Counts events that are out of order lead by lead.
    fn sort(&mut self, partitions: &[Partition], block: usize, leads: usize) {
        let events = count_by_lead(partitions, block, leads, &mut self.starts);
        self.events.clear();
        self.events.resize(events, Sighting::default());
        let mut next = self.starts.clone();
        for partition in partitions {
            partition.visit_coarse(block, |events| {
                for event in events {
                    let next = &mut next[event.lead as usize];
                    self.events[*next as usize] = *event;
                    *next += 1;
                }
            });
        }
        self.crowd.begin(self.leads);
        for range in self.starts.windows(2) {
            let events = &mut self.events[range[0] as usize..range[1] as usize];
            // Within a stretch any order is as good.
            if !events.is_sorted_by_key(|event| event.stretch) {
                events.sort_unstable_by_key(|event| event.stretch);
            }
            self.crowd.see(events);
        }
    }

    /// How many leads there are.
    pub(crate) fn leads(&self) -> usize {
        self.leads
    }

    /// What was counted.
    pub(crate) fn crowd(&self) -> &Crowd<'e> {
        &self.crowd
    }
}

//! The fold: one lead's events in time order into one tally per slot, and the tallies into a score.
//!
//! This is the only place where events are counted. Scoring a million leads and explaining one run
//! the same code; the latter with a [`Witness`] that writes down what happened to each event.

use std::hint::select_unpredictable;

use leads::Timestamp;

use crate::amount::{Amount, FULL_WEIGHT};
use crate::bound::Bound;
use crate::calendar::Periods;
use crate::hot::{Hot, HotKind};
use crate::truth::Truth;

pub(crate) const HOUR_MS: u64 = 3_600_000;

/// One lead as the fold sees it: indices into the vocabulary that the program was bound to.
#[derive(Debug)]
pub struct LeadView<'a, P> {
    /// Since when the lead is known, in ms; [`ALWAYS`] where it always was.
    pub created_at: i64,
    /// Instants of its events in ms, in rising order.
    pub at: &'a [i64],
    /// Their shapes.
    pub shapes: &'a [u32],
    /// Its traits.
    pub profile: &'a P,
}

impl<P> Clone for LeadView<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for LeadView<'_, P> {}

/// "Since the beginning of time."
pub const ALWAYS: i64 = i64::MIN;

/// A lead's traits over time. Value 0 is "not there".
pub trait Profile {
    /// The value of a column at an instant (ms).
    fn value(&self, column: usize, at: i64) -> u32;

    /// Whether every column is sure to be without a value at an instant (ms), without a look at each.
    fn is_blank(&self, at: i64) -> bool;

    /// Visits the value of a column at `first` and every value it takes until `last`.
    fn values(&self, column: usize, first: i64, last: i64, visit: &mut dyn FnMut(u32));

    /// The instants (ms) after `first` and up to `last` at which some trait changes.
    fn turns(&self, first: i64, last: i64, visit: &mut dyn FnMut(i64));
}

/// The numbers of one lead at one instant. Names are indices into the model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Score {
    /// On the scale, as people see it.
    pub score: i64,
    /// The sum of the fit groups, rounded.
    pub fit: i64,
    /// The sum of the engagement groups, rounded.
    pub engagement: i64,
    /// The rows of the grid.
    pub grade: Option<(u8, u8)>,
    /// The bracket.
    pub bracket: Option<u8>,
    /// The first disqualifying gate that is true.
    pub disqualified: Option<u16>,
}

/// Working memory of the fold; keep one per thread.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub(crate) slots: Vec<SlotTally>,
    /// Units per group.
    pub(crate) narrow: Vec<i64>,
    /// The same, where 64 bits might not do.
    pub(crate) wide: Vec<Amount>,
}

/// What one slot has seen of one lead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotTally {
    /// Sum of the weights of the counted events, in millionths.
    pub(crate) weights: u64,
    /// Instant of the latest matching event in ms, in slots of curves; `NEVER` before the first.
    pub(crate) latest: i64,
    /// Number of counted events.
    pub(crate) counted: u32,
    /// The calendar period of the last event, and how many events of it there were.
    period: u32,
    in_period: u32,
    /// The period before, which may come back where clocks were put back over midnight.
    period_before: u32,
    in_period_before: u32,
}

pub(crate) const NEVER: i64 = i64::MIN;

const NO_PERIOD: u32 = u32::MAX;

impl SlotTally {
    pub(crate) const EMPTY: Self = Self {
        weights: 0,
        latest: NEVER,
        counted: 0,
        period: NO_PERIOD,
        in_period: 0,
        period_before: NO_PERIOD,
        in_period_before: 0,
    };

    /// Takes the next event's period; answers how many events of it there are by now.
    #[inline]
    pub(crate) fn enter_period(&mut self, period: u32, may_return: bool) -> u32 {
        if may_return && self.period != period {
            let again = if self.period_before == period { self.in_period_before } else { 0 };
            (self.period_before, self.in_period_before) = (self.period, self.in_period);
            (self.period, self.in_period) = (period, again);
        }
        self.next_in_period(period)
    }

    /// The same where no period comes back.
    #[inline]
    pub(crate) fn next_in_period(&mut self, period: u32) -> u32 {
        // Without a branch: whether the next event is of the same day is anybody's guess. A lead has fewer than
        // 2^32 events.
        let so_far = select_unpredictable(self.period == period, self.in_period, 0);
        self.period = period;
        self.in_period = so_far.wrapping_add(1);
        self.in_period
    }
}

/// What happened to an event in a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Counted, with a weight in millionths.
    Counted(u32),
    /// One too many in its calendar period.
    OverCount,
    /// Older than the window.
    TooOld,
}

/// Somebody who is told what happens to each event; nobody, when a million leads are scored.
pub(crate) trait Witness {
    fn saw(&mut self, slot: usize, event: usize, fate: Fate);
}

struct Nobody;

impl Witness for Nobody {
    #[inline]
    fn saw(&mut self, _: usize, _: usize, _: Fate) {}
}

impl Bound<'_> {
    /// Scores a lead at an instant.
    #[inline]
    pub fn score<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        tally: &mut Tally,
    ) -> Score {
        self.count_unwatched(lead, at.as_millis(), tally);
        self.sum(lead, at, tally)
    }

    /// Counts the events of a lead up to an instant (ms) in every slot, the swiftest way there is.
    #[inline]
    pub(crate) fn count_unwatched<P>(&self, lead: &LeadView<'_, P>, now: i64, tally: &mut Tally) {
        match &self.swift {
            Some(swift) => self.count_swiftly(swift, lead, now, tally),
            None => self.count(lead, now, tally, &mut Nobody),
        }
    }

    /// Counts the events of a lead up to an instant (ms) in every slot.
    #[inline]
    pub(crate) fn count<P, W: Witness>(
        &self,
        lead: &LeadView<'_, P>,
        now: i64,
        tally: &mut Tally,
        witness: &mut W,
    ) {
        tally.slots.clear();
        tally.slots.resize(self.hot.len(), SlotTally::EMPTY);
        let slots = tally.slots.as_mut_slice();
        let (dated, returns) = (self.has_dated_slots, self.calendar.returns());
        let mut periods = Periods::new(&self.calendar, self.uses);
        for (event, (at, shape)) in lead.at.iter().zip(lead.shapes).enumerate() {
            let (at, age) = (*at, now - *at);
            if age < 0 {
                break;
            }
            periods.enter(at);
            let hours = age as u64 / HOUR_MS;
            for slot in self.slots_of(*shape) {
                let slot = usize::from(*slot);
                if dated && self.matches_at(slot, *shape, now) != Truth::True {
                    continue;
                }
                let (hot, tally) = (&self.hot[slot], &mut slots[slot]);
                // Without branches on what differs from event to event; `Fate` costs nothing where
                // nobody is told of it.
                let fate = match hot.kind {
                    // Whoever only counts does not care about days and ages in hours.
                    HotKind::Plain => {
                        let young = age < hot.within;
                        tally.counted += u32::from(young);
                        tally.weights += u64::from(young) * u64::from(FULL_WEIGHT);
                        if young { Fate::Counted(FULL_WEIGHT) } else { Fate::TooOld }
                    }
                    HotKind::Latest => {
                        tally.latest = at;
                        Fate::Counted(FULL_WEIGHT)
                    }
                    HotKind::Full => {
                        let number = tally.enter_period(periods.number(hot.per), returns);
                        let (kept, young) = (number <= hot.at_most, age < hot.within);
                        let weight =
                            if age < hot.expires { self.weight(slot, hot, hours) } else { 0 };
                        tally.counted += u32::from(kept && young);
                        tally.weights += u64::from(kept && young) * u64::from(weight);
                        match (kept, young) {
                            (false, _) => Fate::OverCount,
                            (true, false) => Fate::TooOld,
                            (true, true) => Fate::Counted(weight),
                        }
                    }
                };
                witness.saw(slot, event, fate);
            }
        }
    }

    /// The weight in millionths of an event of so many whole hours.
    #[inline]
    pub(crate) fn weight(&self, slot: usize, hot: &Hot, hours: u64) -> u32 {
        if hot.open {
            return self.program.slots[slot].weights.at(hours);
        }
        self.weights[hot.weights + (hours as usize).min(hot.weights_last)]
    }
}

//! The fold: one lead's events in time order into one tally per slot, and the tallies into a score.
//!
//! This is the only place where events are counted. Scoring a million leads and explaining one run
//! the same code; the latter with a [`Witness`] that writes down what happened to each event.

use leads::{Points, Timestamp};

use crate::amount::Amount;
use crate::bound::Bound;
use crate::calendar::Cursor;
use crate::model::{Bracket, Dimension};
use crate::program::{Clause, Line, LineKind, Slot, band_points, curve_amount};
use crate::truth::Truth;

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
    /// Exact amounts per group, filled by every scoring.
    pub(crate) groups: Vec<Amount>,
}

/// What one slot has seen of one lead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotTally {
    /// Sum of the weights of the counted events, in millionths.
    pub(crate) weights: u64,
    /// Number of counted events.
    pub(crate) counted: u64,
    /// Instant of the latest matching event in ms; `NEVER` before the first.
    pub(crate) latest: i64,
    period: u64,
    in_period: u32,
    /// The period before, which may come back where clocks were put back over midnight.
    period_before: u64,
    in_period_before: u32,
}

pub(crate) const NEVER: i64 = i64::MIN;

const NO_PERIOD: u64 = u64::MAX;

impl SlotTally {
    pub(crate) const EMPTY: Self = Self {
        weights: 0,
        counted: 0,
        latest: NEVER,
        period: NO_PERIOD,
        in_period: 0,
        period_before: NO_PERIOD,
        in_period_before: 0,
    };

    /// Takes the next event's period; answers how many events of it there are by now.
    #[inline]
    pub(crate) fn enter_period(&mut self, period: u64, may_return: bool) -> u32 {
        if self.period != period {
            if may_return {
                let again = if self.period_before == period { self.in_period_before } else { 0 };
                (self.period_before, self.in_period_before) = (self.period, self.in_period);
                self.in_period = again;
            } else {
                self.in_period = 0;
            }
            self.period = period;
        }
        self.in_period = self.in_period.saturating_add(1);
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

pub(crate) struct Nobody;

impl Witness for Nobody {
    #[inline]
    fn saw(&mut self, _: usize, _: usize, _: Fate) {}
}

impl Bound<'_> {
    /// Scores a lead at an instant.
    #[inline]
    pub fn score<P: Profile>(&self, lead: &LeadView<'_, P>, at: Timestamp, tally: &mut Tally) -> Score {
        self.count(lead, at.as_millis(), tally, &mut Nobody);
        self.sum(lead, at, tally)
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
        let slots = &self.program.slots;
        tally.slots.clear();
        tally.slots.resize(slots.len(), SlotTally::EMPTY);
        let mut cursor = Cursor::START;
        for (event, (at, shape)) in lead.at.iter().zip(lead.shapes).enumerate() {
            if *at > now {
                break;
            }
            for slot in self.slots_of(*shape) {
                let slot = usize::from(*slot);
                if self.has_dated_slots && self.matches_at(slot, *shape, now) != Truth::True {
                    continue;
                }
                let fate = self.take(&slots[slot], &mut tally.slots[slot], *at, now, &mut cursor);
                witness.saw(slot, event, fate);
            }
        }
    }

    #[inline]
    fn take(&self, slot: &Slot, tally: &mut SlotTally, at: i64, now: i64, cursor: &mut Cursor) -> Fate {
        tally.latest = at;
        if let Some(cap) = slot.cap {
            let period = self.calendar.period(cap.per, at, cursor);
            if tally.enter_period(period, self.calendar.returns()) > cap.at_most {
                return Fate::OverCount;
            }
        }
        let age = now - at;
        if age >= slot.within {
            return Fate::TooOld;
        }
        let weight = if age >= slot.expires { 0 } else { slot.weights.at(age as u64 / 3_600_000) };
        tally.counted += 1;
        tally.weights += u64::from(weight);
        Fate::Counted(weight)
    }

    /// What each criterion gives a lead at an instant, held to its own limit; in the order of
    /// [`crate::Model::criteria`].
    pub fn amounts<P: Profile>(&self, lead: &LeadView<'_, P>, at: Timestamp, tally: &mut Tally) -> Vec<Amount> {
        self.count(lead, at.as_millis(), tally, &mut Nobody);
        let lines = self.program.lines.iter().enumerate();
        lines.map(|(index, line)| line.held(self.before_limit(index, line, lead, at, &tally.slots))).collect()
    }

    /// The amount of a line before its own limit.
    #[inline]
    pub(crate) fn before_limit<P: Profile>(
        &self,
        index: usize,
        line: &Line,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        slots: &[SlotTally],
    ) -> Amount {
        match &self.by_value[index] {
            Some((column, units)) => {
                let value = lead.profile.value(*column, at.as_millis());
                Amount::from_units(i128::from(units[value as usize]))
            }
            None => self.line_amount(line, lead, at, slots),
        }
    }

    /// Sums the lines of a counted lead.
    pub(crate) fn sum<P: Profile>(&self, lead: &LeadView<'_, P>, at: Timestamp, tally: &mut Tally) -> Score {
        let Tally { slots, groups } = tally;
        groups.clear();
        groups.resize(self.program.model.groups.len(), Amount::ZERO);
        for (index, line) in self.program.lines.iter().enumerate() {
            groups[line.group] += line.held(self.before_limit(index, line, lead, at, slots));
        }
        let disqualified = self
            .program
            .disqualifying()
            .find(|(_, clause)| self.clause(clause, lead, at, &|slot| slots[slot].counted) == Truth::True)
            .map(|(index, _)| index as u16);
        self.grade(groups, disqualified)
    }

    /// The numbers that people see, from the exact sums of the groups' criteria; holds the groups
    /// to their limits in place.
    pub(crate) fn grade(&self, groups: &mut [Amount], disqualified: Option<u16>) -> Score {
        let model = &self.program.model;
        let (mut fit, mut engagement) = (Amount::ZERO, Amount::ZERO);
        for (group, amount) in model.groups.iter().zip(groups) {
            if let Some(limit) = group.limit {
                *amount = amount.held(limit.low.into(), limit.high.into());
            }
            match group.dimension {
                Dimension::Fit => fit += *amount,
                Dimension::Engagement => engagement += *amount,
            }
        }
        let (bottom, top) = (model.scale.bottom, model.scale.top);
        let total = (fit + engagement).held(Amount::whole(bottom), Amount::whole(top));
        let score = if disqualified.is_some() { bottom } else { total.rounded() };
        self.named(score, fit.rounded(), engagement.rounded(), disqualified)
    }

    /// The numbers that people see, with the names they fall under.
    #[inline]
    pub(crate) fn named(&self, score: i64, fit: i64, engagement: i64, disqualified: Option<u16>) -> Score {
        let model = &self.program.model;
        let grade = model.grid.as_ref().map(|grid| (row(&grid.fit, fit), row(&grid.engagement, engagement)));
        let bracket = model.brackets.iter().rposition(|bracket| reaches(score, bracket.from));
        Score { score, fit, engagement, grade, bracket: bracket.map(|index| index as u8), disqualified }
    }

    /// The amount of a line that looks at more than one trait's value.
    fn line_amount<P: Profile>(
        &self,
        line: &Line,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        slots: &[SlotTally],
    ) -> Amount {
        match &line.kind {
            LineKind::Clause { clause, points, otherwise, unknown } => {
                match self.clause(clause, lead, at, &|slot| slots[slot].counted) {
                    Truth::True => (*points).into(),
                    Truth::False => (*otherwise).into(),
                    Truth::Unknown => (*unknown).into(),
                }
            }
            // Bands are always answered by value.
            LineKind::Bands { unknown, .. } => (*unknown).into(),
            LineKind::Events { slot, points } => Amount::weighted(*points, slots[*slot].weights),
            LineKind::Tiers { slot, tiers, within } => {
                let counted = slots[*slot].counted;
                if is_too_young(counted, *within, lead.created_at, at.as_millis()) {
                    return Amount::ZERO;
                }
                band_points(tiers, counted as f64).into()
            }
            LineKind::Curve { slot, curve } => match slots[*slot].latest {
                NEVER => Amount::ZERO,
                latest => {
                    let since = Timestamp::saturating_from_millis(latest);
                    curve_amount(curve, since, at, self.program.zone())
                }
            },
        }
    }

    /// What a counted lead answers to a condition; `counted` is the number of events per slot.
    pub(crate) fn clause<P: Profile>(
        &self,
        clause: &Clause,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        counted: &impl Fn(usize) -> u64,
    ) -> Truth {
        match clause {
            Clause::Question(question) => {
                let column = self.program.questions[*question].column;
                let value = lead.profile.value(column, at.as_millis());
                self.answer(*question, value, at.as_millis())
            }
            Clause::Event { slot, at_least } => Truth::from(counted(*slot) >= *at_least),
            Clause::All(parts) => {
                let answers = parts.iter().map(|part| self.clause(part, lead, at, counted));
                answers.fold(Truth::True, Truth::and)
            }
            Clause::Any(parts) => {
                let answers = parts.iter().map(|part| self.clause(part, lead, at, counted));
                answers.fold(Truth::False, Truth::or)
            }
            Clause::Not(inner) => !self.clause(inner, lead, at, counted),
        }
    }
}

impl Line {
    /// Held to the line's own limit.
    pub(crate) fn held(&self, amount: Amount) -> Amount {
        self.limit.map_or(amount, |(low, high)| amount.held(low, high))
    }
}

/// Silence is not held against a lead that is younger than the window.
pub(crate) fn is_too_young(counted: u64, within: Option<i64>, created_at: i64, now: i64) -> bool {
    counted == 0 && within.is_some_and(|within| now.saturating_sub(created_at) < within)
}

/// Whether a number that people see reaches a threshold.
pub(crate) fn reaches(number: i64, threshold: Points) -> bool {
    // The number is whole, the threshold in hundredths.
    number.saturating_mul(100) >= threshold.hundredths()
}

/// The highest row that the number reaches; the last row takes everything below as well.
fn row(rows: &[Bracket], number: i64) -> u8 {
    rows.iter().position(|row| reaches(number, row.from)).unwrap_or(rows.len() - 1) as u8
}

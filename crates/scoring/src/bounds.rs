//! What a score can be between two instants: bounds that hold at every instant in between, and are
//! the score itself where both instants are one. With them the walk through a lead's stages skips
//! whole years in which nothing can happen, and still finds the millisecond at which it did.

use std::ops::AddAssign;

use leads::Timestamp;

use crate::amount::Amount;
use crate::bound::Bound;
use crate::calendar::Periods;
use crate::fold::{LeadView, NEVER, Profile, SlotTally, Tally};
use crate::hot::HotKind;
use crate::model::{Band, Dimension, Knot};
use crate::program::{Clause, Line, LineKind, curve_amount, knot_instant};
use crate::sum::{Width, held, is_too_young, units as points_units};
use crate::truth::{Truth, Truths};

/// The least and the greatest of something; both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Span<T> {
    pub(crate) least: T,
    pub(crate) most: T,
}

/// Bounds of the numbers that people see between two instants.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) score: Span<i64>,
    pub(crate) fit: Span<i64>,
    pub(crate) engagement: Span<i64>,
    /// Whether some disqualifying gate is true.
    pub(crate) disqualified: Truths,
}

/// What one slot can hold between two instants.
#[derive(Clone, Debug)]
pub(crate) struct SlotSpan {
    counted: Span<u64>,
    weights: Span<u64>,
    /// Instants that can be the latest match.
    latest: Vec<i64>,
    /// Whether there can be no match at all.
    maybe_never: bool,
    /// Whether an event before has made it unclear which ones a count keeps.
    unsure: bool,
    tally: SlotTally,
}

/// Two instants in ms, `first <= last`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stretch {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl SlotSpan {
    fn new() -> Self {
        let none = Span { least: 0, most: 0 };
        Self {
            counted: none,
            weights: none,
            latest: Vec::new(),
            maybe_never: true,
            unsure: false,
            tally: SlotTally::EMPTY,
        }
    }
}

impl<T: Ord + Copy> Span<T> {
    pub(crate) fn one(value: T) -> Self {
        Self { least: value, most: value }
    }

    fn of(values: impl IntoIterator<Item = T>) -> Option<Self> {
        values.into_iter().fold(None, |span: Option<Self>, value| {
            Some(span.map_or(Self::one(value), |span| span.with(value)))
        })
    }

    fn with(self, value: T) -> Self {
        Self { least: self.least.min(value), most: self.most.max(value) }
    }

    fn map<U>(self, rising: impl Fn(T) -> U) -> Span<U> {
        Span { least: rising(self.least), most: rising(self.most) }
    }

    /// What the sum of both can be.
    fn add(&mut self, other: Self)
    where
        T: AddAssign,
    {
        self.least += other.least;
        self.most += other.most;
    }
}

impl Bound<'_> {
    /// What every slot can hold at the instants of a stretch.
    pub(crate) fn spans<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        stretch: Stretch,
    ) -> Vec<SlotSpan> {
        if let Some(spans) = self.spans_without_events(lead, stretch) {
            return spans;
        }
        let mut spans = vec![SlotSpan::new(); self.program.slots.len()];
        let mut periods = Periods::new(&self.calendar, self.uses);
        for (at, shape) in lead.at.iter().zip(lead.shapes) {
            if *at > stretch.last {
                break;
            }
            periods.enter(*at);
            for slot in self.slots_of(*shape) {
                let slot = usize::from(*slot);
                let from = stretch.first.max(*at);
                let matches = self.matches_between(slot, *shape, from, stretch.last);
                if matches.has(Truth::True) {
                    let surely = matches == Truths::one(Truth::True);
                    self.widen(slot, &mut spans[slot], *at, surely, stretch, &periods);
                }
            }
        }
        spans
    }

    /// The same where no event comes within the stretch and the swift fold serves: as events only grow old, what
    /// is counted and what it weighs lies between that of the last instant and that of the first.
    fn spans_without_events<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        stretch: Stretch,
    ) -> Option<Vec<SlotSpan>> {
        let swift = self.swift.as_ref()?;
        let before = lead.at.partition_point(|at| *at <= stretch.first);
        if lead.at.get(before).is_some_and(|at| *at <= stretch.last) {
            return None;
        }
        let (mut young, mut old) = (Tally::default(), Tally::default());
        self.count_swiftly(swift, lead, stretch.first, &mut young);
        if stretch.first < stretch.last {
            self.count_swiftly(swift, lead, stretch.last, &mut old);
        } else {
            old.slots.clone_from(&young.slots);
        }
        let spans = self.hot.iter().zip(young.slots).zip(old.slots).map(|((hot, young), old)| {
            let mut span = SlotSpan::new();
            span.counted = Span { least: old.counted, most: young.counted }.map(u64::from);
            span.weights = Span { least: old.weights, most: young.weights };
            if hot.kind == HotKind::Latest && young.latest != NEVER {
                span.latest.push(young.latest);
                span.maybe_never = false;
            }
            span
        });
        Some(spans.collect())
    }

    /// Takes one event that can match (`surely`: at every instant) into a slot's span.
    fn widen(
        &self,
        slot: usize,
        span: &mut SlotSpan,
        at: i64,
        surely: bool,
        stretch: Stretch,
        periods: &Periods<'_>,
    ) {
        let slot = &self.program.slots[slot];
        let throughout = surely && at <= stretch.first;
        if throughout {
            span.latest.clear();
            span.maybe_never = false;
        }
        span.latest.push(at);
        span.unsure |= !surely;
        if let Some(cap) = slot.cap {
            let number = span.tally.enter_period(periods.number(cap.per), self.calendar.returns());
            if number > cap.at_most && !span.unsure {
                return;
            }
        }
        let surely = throughout && !(span.unsure && slot.cap.is_some());
        let (youngest, oldest) = (stretch.first.max(at) - at, stretch.last - at);
        let weight = |age: i64| {
            if age >= slot.expires { 0 } else { u64::from(slot.weights.at(age as u64 / 3_600_000)) }
        };
        if youngest < slot.within {
            span.counted.most += 1;
            span.weights.most += weight(youngest);
        }
        if surely && oldest < slot.within {
            span.counted.least += 1;
            span.weights.least += weight(oldest);
        }
    }

    /// Bounds of the score between two instants.
    pub(crate) fn envelope<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        stretch: Stretch,
        slots: &[SlotSpan],
    ) -> Envelope {
        if self.is_narrow(lead.at.len()) {
            self.envelope_in::<i64, P>(lead, stretch, slots)
        } else {
            self.envelope_in::<Amount, P>(lead, stretch, slots)
        }
    }

    fn envelope_in<U: Width, P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        stretch: Stretch,
        slots: &[SlotSpan],
    ) -> Envelope {
        let model = &self.program.model;
        let none = Span::one(U::default());
        let mut groups = vec![none; model.groups.len()];
        for (index, line) in self.program.lines.iter().enumerate() {
            let span = match &self.by_value[index] {
                Some((column, values)) => {
                    let mut span = None;
                    lead.profile.values(*column, stretch.first, stretch.last, &mut |value| {
                        let units = U::of(values[value as usize]);
                        span =
                            Some(span.map_or(Span::one(units), |span: Span<U>| span.with(units)));
                    });
                    span.unwrap_or(none)
                }
                None => self.line_span(line, lead, stretch, slots),
            };
            groups[line.group].add(span.map(|units| line.held(units)));
        }
        let (mut fit, mut engagement) = (none, none);
        for (group, span) in self.program.groups.iter().zip(groups) {
            let sum = match group.dimension {
                Dimension::Fit => &mut fit,
                Dimension::Engagement => &mut engagement,
            };
            sum.add(span.map(|units| held(units, group.limit)));
        }
        let disqualified = self
            .program
            .disqualifying()
            .map(|(_, clause)| self.clause_truths(clause, lead, stretch, slots))
            .fold(Truths::one(Truth::False), |all, gate| all.pairwise(gate, Truth::or));
        let (bottom, top) = (model.scale.bottom, model.scale.top);
        let mut total = fit;
        total.add(engagement);
        let total = total.map(|sum| sum.rounded().clamp(bottom, top));
        let score = match (disqualified.has(Truth::True), disqualified == Truths::one(Truth::True))
        {
            (_, true) => Span::one(bottom),
            (true, false) => total.with(bottom),
            (false, _) => total,
        };
        Envelope {
            score,
            fit: fit.map(U::rounded),
            engagement: engagement.map(U::rounded),
            disqualified,
        }
    }

    fn line_span<U: Width, P: Profile>(
        &self,
        line: &Line,
        lead: &LeadView<'_, P>,
        stretch: Stretch,
        slots: &[SlotSpan],
    ) -> Span<U> {
        let units = |span: Span<i64>| span.map(U::of);
        match &line.kind {
            LineKind::Clause { clause, points, otherwise, unknown } => {
                let given = |truth| match truth {
                    Truth::True => *points,
                    Truth::False => *otherwise,
                    Truth::Unknown => *unknown,
                };
                let truths = self.clause_truths(clause, lead, stretch, slots);
                units(
                    Span::of(truths.iter().map(|truth| points_units(given(truth)))).unwrap_or(NONE),
                )
            }
            // Bands are always answered by value.
            LineKind::Bands { unknown, .. } => units(Span::one(points_units(*unknown))),
            LineKind::Events { slot, points } => {
                let weights = slots[*slot].weights;
                let [one, other] =
                    [weights.least, weights.most].map(|weight| U::weighted(*points, weight));
                Span::one(one).with(other)
            }
            LineKind::Tiers { slot, tiers, by_count, within } => {
                let (counted, given) = (slots[*slot].counted, |number| by_count.at(number));
                units(tier_span(tiers, given, counted, *within, lead.created_at, stretch))
            }
            LineKind::Curve { slot, curve } => {
                units(self.curve_span(curve, &slots[*slot], stretch))
            }
        }
    }

    fn curve_span(&self, curve: &[Knot], slot: &SlotSpan, stretch: Stretch) -> Span<i64> {
        let zone = self.program.zone();
        let mut units: Vec<i64> = slot.maybe_never.then_some(0).into_iter().collect();
        for latest in &slot.latest {
            let since = Timestamp::saturating_from_millis(*latest);
            let first = stretch.first.max(*latest);
            // Between knots a curve goes one way only: its ends and its knots bound it.
            let knots = curve.iter().flat_map(|knot| {
                let at = knot_instant(knot, since, zone).as_millis();
                // Ages are cut to whole hours, so that a knot takes hold up to an hour before.
                [at - 3_600_000, at]
            });
            let inside = knots.filter(|at| first < *at && *at < stretch.last);
            let instants = [first, stretch.last].into_iter().chain(inside);
            units.extend(instants.map(|at| {
                let at = Timestamp::saturating_from_millis(at);
                // A million points at most, which are 1e14 units.
                curve_amount(curve, since, at, zone).units() as i64
            }));
        }
        Span::of(units).unwrap_or(NONE)
    }

    /// Every answer that a condition can give between two instants.
    pub(crate) fn clause_truths<P: Profile>(
        &self,
        clause: &Clause,
        lead: &LeadView<'_, P>,
        stretch: Stretch,
        slots: &[SlotSpan],
    ) -> Truths {
        let fold = |parts: &[Clause], start: Truth, combine: fn(Truth, Truth) -> Truth| {
            let truths = parts.iter().map(|part| self.clause_truths(part, lead, stretch, slots));
            truths.fold(Truths::one(start), |all, part| all.pairwise(part, combine))
        };
        match clause {
            Clause::Question(question) => {
                let column = self.program.questions[*question].column;
                let mut truths = Truths::NONE;
                lead.profile.values(column, stretch.first, stretch.last, &mut |value| {
                    let answers = self.answers(*question, value, stretch.first, stretch.last);
                    truths = answers.iter().fold(truths, Truths::with);
                });
                truths
            }
            Clause::Event { slot, at_least } => {
                let counted = slots[*slot].counted;
                let ends = [counted.least, counted.most].map(|n| Truth::from(n >= *at_least));
                ends.into_iter().fold(Truths::NONE, Truths::with)
            }
            Clause::All(parts) => fold(parts, Truth::True, Truth::and),
            Clause::Any(parts) => fold(parts, Truth::False, Truth::or),
            Clause::Not(inner) => self.clause_truths(inner, lead, stretch, slots).negated(),
        }
    }
}

/// No points, for certain.
const NONE: Span<i64> = Span { least: 0, most: 0 };

/// The units that tiers can give, which are `given` for a number, for some number in `counted`.
fn tier_span(
    tiers: &[Band],
    given: impl Fn(u64) -> i64,
    counted: Span<u64>,
    within: Option<i64>,
    created_at: i64,
    stretch: Stretch,
) -> Span<i64> {
    if counted.least == counted.most && counted.least > 0 {
        return Span::one(given(counted.least));
    }
    // Between the bounds of the tiers nothing changes: the ends and the bounds stand for all.
    let bounds = tiers.iter().flat_map(|tier| [tier.at_least, tier.below]).flatten();
    let inside = bounds
        .map(|bound| bound.max(0.0) as u64)
        .filter(|n| counted.least < *n && *n < counted.most);
    let positive = [counted.least, counted.most].into_iter().chain(inside).filter(|n| *n > 0);
    let silent = (counted.least == 0).then(|| {
        let young = is_too_young(0, within, created_at, stretch.first).then_some(0);
        let old = (!is_too_young(0, within, created_at, stretch.last)).then(|| given(0));
        // Every number from 1 on is possible as soon as one is; the first of them has a tier too.
        let first = (counted.most > 0).then(|| given(1));
        [young, old, first].into_iter().flatten()
    });
    Span::of(positive.map(&given).chain(silent.into_iter().flatten())).unwrap_or(NONE)
}

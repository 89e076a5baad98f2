//! From counted events to a score: lines, groups, scale, names.

use std::ops::AddAssign;

use leads::{Points, Timestamp};

use crate::amount::{Amount, FULL_WEIGHT, UNITS_PER_POINT};
use crate::bound::Bound;
use crate::fold::{LeadView, NEVER, Profile, Score, SlotTally, Tally};
use crate::model::{Bracket, Dimension};
use crate::program::{Clause, Line, LineKind, curve_amount};
use crate::standing::Standing;
use crate::truth::Truth;

/// A width of arithmetic. Nearly every lead's sums fit 64 bits with room to spare; the others, and
/// score cards, take 128.
pub(crate) trait Width: Copy + Ord + AddAssign + Default {
    /// Exactly these units of 1e-8 point.
    fn of(units: i64) -> Self;
    /// Hundredths of a point times a sum of weights in millionths.
    fn weighted(points: Points, weights: u64) -> Self;
    /// The nearest whole number of points, half away from zero.
    fn rounded(self) -> i64;
}

impl Width for i64 {
    #[inline]
    fn of(units: i64) -> Self {
        units
    }

    #[inline]
    fn weighted(points: Points, weights: u64) -> Self {
        points.hundredths() * weights as Self
    }

    #[inline]
    fn rounded(self) -> i64 {
        let half = UNITS_PER_POINT / 2;
        (if self < 0 { self - half } else { self + half }) / UNITS_PER_POINT
    }
}

impl Width for Amount {
    fn of(units: i64) -> Self {
        Self::from_units(i128::from(units))
    }

    fn weighted(points: Points, weights: u64) -> Self {
        Self::weighted(points, weights)
    }

    fn rounded(self) -> i64 {
        self.rounded()
    }
}

/// Fit and engagement.
#[derive(Clone, Copy)]
pub(crate) struct Sums<U> {
    pub(crate) fit: U,
    pub(crate) engagement: U,
}

impl Bound<'_> {
    /// What each criterion gives a lead that was scored at that instant with this tally just before, held to its
    /// own limit; in the order of [`crate::Model::criteria`].
    pub fn amounts_of<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        tally: &Tally,
        amounts: &mut Vec<Amount>,
    ) {
        amounts.clear();
        let criteria = 0..self.program.lines.len();
        amounts.extend(criteria.map(|criterion| self.amount_of(criterion, lead, at, tally)));
    }

    /// The same of one criterion, by its place among [`crate::Model::criteria`].
    #[inline]
    pub fn amount_of<P: Profile>(
        &self,
        criterion: usize,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        tally: &Tally,
    ) -> Amount {
        let line = &self.program.lines[criterion];
        if self.is_narrow(lead.at.len()) {
            let units = self.before_limit::<i64, P>(criterion, line, lead, at, &tally.slots);
            return Amount::of(line.held(units));
        }
        line.held(self.before_limit::<Amount, P>(criterion, line, lead, at, &tally.slots))
    }

    /// Whether the sums of a lead with so many events are sure to fit 64 bits.
    #[inline]
    pub(crate) fn is_narrow(&self, events: usize) -> bool {
        events as u64 <= self.program.narrow_events
    }

    /// Sums the lines of a counted lead.
    #[inline]
    pub(crate) fn sum<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        tally: &mut Tally,
    ) -> Score {
        let Tally { slots, narrow, wide } = tally;
        if self.is_narrow(lead.at.len()) {
            self.sum_in::<i64, P>(lead, at, slots, narrow)
        } else {
            self.sum_in::<Amount, P>(lead, at, slots, wide)
        }
    }

    /// As [`Bound::score`]; of a lead of a stretch whose traits have been reckoned, `standing` has what they give
    /// and its place in the stretch.
    #[inline]
    pub fn score_standing<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        tally: &mut Tally,
        standing: Option<(&Standing, usize)>,
    ) -> Score {
        self.count_unwatched(lead, at.as_millis(), tally);
        self.sum_standing(lead, at, tally, standing)
    }

    /// As [`Bound::score_standing`], of a lead that has just been counted at this instant with another tally, by a
    /// program that [counts alike](crate::Program::counts_as).
    #[inline]
    pub fn score_counted<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        (counted, tally): (&Tally, &mut Tally),
        standing: Option<(&Standing, usize)>,
    ) -> Score {
        tally.slots.clone_from(&counted.slots);
        self.sum_standing(lead, at, tally, standing)
    }

    /// Sums the lines of a counted lead, only those that look at events where the others have been reckoned.
    #[inline]
    pub(crate) fn sum_standing<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        tally: &mut Tally,
        standing: Option<(&Standing, usize)>,
    ) -> Score {
        match standing {
            Some((standing, place)) if self.is_narrow(lead.at.len()) => {
                self.sum_narrow(lead, at, tally, standing.of(place))
            }
            _ => self.sum(lead, at, tally),
        }
    }

    /// Adds what events give to what traits give; both are sure to fit 64 bits.
    #[inline]
    fn sum_narrow<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        tally: &mut Tally,
        standing: &[i64],
    ) -> Score {
        tally.narrow.clear();
        tally.narrow.extend_from_slice(standing);
        self.sum_events(lead, at, &tally.slots, &mut tally.narrow)
    }

    /// Sums the lines of a counted lead; `groups` holds what each group gives.
    #[inline]
    pub(crate) fn sum_in<U: Width, P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        slots: &[SlotTally],
        groups: &mut Vec<U>,
    ) -> Score {
        groups.clear();
        groups.resize(self.program.groups.len(), U::default());
        for by in &self.by_column {
            groups[by.group] +=
                U::of(by.units[lead.profile.value(by.column, at.as_millis()) as usize]);
        }
        for asked in &self.asked {
            let line = &self.program.lines[asked.line];
            groups[line.group] +=
                line.held(self.before_limit::<U, P>(asked.line, line, lead, at, slots));
        }
        self.sum_events(lead, at, slots, groups)
    }

    /// Sums the lines that look at more than traits; what traits give stands in `groups`.
    #[inline]
    fn sum_events<U: Width, P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        slots: &[SlotTally],
        groups: &mut [U],
    ) -> Score {
        // Each group's sum in a register: through memory, an addition would wait for the one before.
        for lines in self.weighing.chunk_by(|line, next| line.group == next.group) {
            let group = &mut groups[lines[0].group];
            *group = lines.iter().fold(*group, |mut sum, line| {
                sum += held(U::weighted(line.points, slots[line.slot].weights), line.limit);
                sum
            });
        }
        for index in &self.remaining {
            let line = &self.program.lines[*index];
            groups[line.group] +=
                line.held(self.before_limit::<U, P>(*index, line, lead, at, slots));
        }
        let counted = |slot: usize| u64::from(slots[slot].counted);
        let disqualified = self
            .program
            .disqualifying()
            .find(|(_, clause)| self.clause(clause, lead, at, &counted) == Truth::True)
            .map(|(index, _)| index as u16);
        let mut sums = Sums { fit: U::default(), engagement: U::default() };
        for (rules, units) in self.program.groups.iter().zip(groups.iter_mut()) {
            *units = held(*units, rules.limit);
            match rules.dimension {
                Dimension::Fit => sums.fit += *units,
                Dimension::Engagement => sums.engagement += *units,
            }
        }
        self.numbers(sums, disqualified)
    }

    /// The numbers that people see.
    #[inline]
    pub(crate) fn numbers<U: Width>(&self, sums: Sums<U>, disqualified: Option<u16>) -> Score {
        let model = &self.program.model;
        let mut total = sums.fit;
        total += sums.engagement;
        let score = match disqualified {
            Some(_) => model.scale.bottom,
            None => total.rounded().clamp(model.scale.bottom, model.scale.top),
        };
        let (fit, engagement) = (sums.fit.rounded(), sums.engagement.rounded());
        let grade = model
            .grid
            .as_ref()
            .map(|grid| (row(&grid.fit, fit), row(&grid.engagement, engagement)));
        let bracket = model.brackets.iter().rposition(|bracket| reaches(score, bracket.from));
        Score {
            score,
            fit,
            engagement,
            grade,
            bracket: bracket.map(|index| index as u8),
            disqualified,
        }
    }

    /// What a line gives before its own limit.
    #[inline]
    pub(crate) fn before_limit<U: Width, P: Profile>(
        &self,
        index: usize,
        line: &Line,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        slots: &[SlotTally],
    ) -> U {
        if let Some((column, units)) = &self.by_value[index] {
            return U::of(units[lead.profile.value(*column, at.as_millis()) as usize]);
        }
        match &line.kind {
            LineKind::Events { slot, points } => U::weighted(*points, slots[*slot].weights),
            kind => U::of(self.units(kind, lead, at, slots)),
        }
    }

    /// The units of a line that gives the same whatever the number of events: a million points at
    /// most, which are 1e14 units.
    fn units<P: Profile>(
        &self,
        kind: &LineKind,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        slots: &[SlotTally],
    ) -> i64 {
        let counted = |slot: usize| u64::from(slots[slot].counted);
        match kind {
            LineKind::Clause { clause, points, otherwise, unknown } => {
                match self.clause(clause, lead, at, &counted) {
                    Truth::True => units(*points),
                    Truth::False => units(*otherwise),
                    Truth::Unknown => units(*unknown),
                }
            }
            LineKind::Tiers { slot, by_count, within, .. } => {
                let counted = counted(*slot);
                if is_too_young(counted, *within, lead.created_at, at.as_millis()) {
                    return 0;
                }
                by_count.at(counted)
            }
            LineKind::Curve { slot, curve } => match slots[*slot].latest {
                NEVER => 0,
                latest => {
                    let since = Timestamp::saturating_from_millis(latest);
                    curve_amount(curve, since, at, self.program.zone()).units() as i64
                }
            },
            // Bands are answered by value, events by weight.
            LineKind::Bands { .. } | LineKind::Events { .. } => 0,
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
    #[inline]
    pub(crate) fn held<U: Width>(&self, units: U) -> U {
        held(units, self.limit)
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

/// Held to a limit in units, where there is one.
#[inline]
pub(crate) fn held<U: Width>(units: U, limit: Option<(i64, i64)>) -> U {
    limit.map_or(units, |(low, high)| units.clamp(U::of(low), U::of(high)))
}

/// Points in units of 1e-8 point: a million points are 1e14 units.
#[inline]
pub(crate) fn units(points: Points) -> i64 {
    points.hundredths() * i64::from(FULL_WEIGHT)
}

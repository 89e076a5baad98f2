//! One lead at many instants in one pass over its events.
//!
//! What an event gives at later instants follows from its age: counted ones are a range of
//! instants, decaying ones a row of weights that is added as a whole. The rules are those of
//! [`crate::fold`]; a property test holds the two together.

use leads::Timestamp;

use crate::amount::FULL_WEIGHT;
use crate::bound::Bound;
use crate::calendar::Cursor;
use crate::fold::{LeadView, NEVER, Profile, Score, SlotTally, Tally, is_too_young};
use crate::model::{Dimension, Limit};
use crate::program::{Clause, LineKind, band_points, curve_amount};
use crate::truth::Truth;

const HOUR_MS: i64 = 3_600_000;
const UNITS_PER_POINT: i64 = 100_000_000;

/// A bound program and the instants to score at.
#[derive(Debug)]
pub struct Instants<'b, 'p> {
    bound: &'b Bound<'p>,
    /// In rising order.
    at: Vec<Timestamp>,
    /// What is kept per slot.
    keeps: Vec<Keep>,
    /// Whether each line can change only where the profile does.
    steady: Vec<bool>,
    /// Sum of the sizes of all points per event, in hundredths: bounds what a lead can collect.
    points_per_event: i128,
    /// Whether only one instant at a time will do.
    one_by_one: bool,
}

/// What is kept of a slot's events.
#[derive(Debug)]
enum Keep {
    /// How many are younger than this (ms).
    Count { within: i64 },
    /// The sum of their weights, from rows.
    Rows { within: i64, rows: Rows },
    /// The sum of their weights, one by one.
    Weights { within: i64 },
    /// The latest.
    Latest,
}

/// Weights at ages that lie `stride` hours apart: row `r` holds those of `r`, `r + stride`, ...
#[derive(Debug)]
struct Rows {
    stride: u64,
    length: usize,
    weights: Vec<u64>,
}

/// Working memory; keep one per thread.
#[derive(Debug, Default)]
pub struct ManyTally {
    single: Tally,
    slots: Vec<SlotTally>,
    /// First instant (index) at which the last event of a slot is too old.
    ends: Vec<usize>,
    touched: Vec<bool>,
    /// Per slot and instant: weights, counts or latest.
    sums: Vec<i64>,
    /// Per group and instant: units.
    groups: Vec<i64>,
    scores: Vec<Score>,
    epochs: Vec<usize>,
}

impl<'p> Bound<'p> {
    /// Prepares scoring at these instants, which are put in order.
    pub fn at_instants<'b>(&'b self, instants: &[Timestamp]) -> Instants<'b, 'p> {
        let mut at = instants.to_vec();
        at.sort_unstable();
        let stride = even_hours(&at);
        let program = self.program;
        let mut keeps: Vec<Keep> =
            program.slots.iter().map(|slot| Keep::Count { within: slot.within }).collect();
        for line in &program.lines {
            match &line.kind {
                LineKind::Events { slot, .. } => {
                    let rules = &program.slots[*slot];
                    let within = rules.within.min(rules.expires);
                    keeps[*slot] = match (rules.weights.closed_table(), stride) {
                        (Some([_]), _) => Keep::Count { within },
                        (Some(table), Some(stride)) => Keep::Rows { within, rows: Rows::new(table, stride) },
                        _ => Keep::Weights { within },
                    };
                }
                LineKind::Curve { slot, .. } => keeps[*slot] = Keep::Latest,
                LineKind::Clause { .. } | LineKind::Bands { .. } | LineKind::Tiers { .. } => {}
            }
        }
        let size = |kind: &LineKind| match kind {
            LineKind::Events { points, .. } => i128::from(points.hundredths().abs()),
            LineKind::Clause { .. } | LineKind::Bands { .. } | LineKind::Tiers { .. } | LineKind::Curve { .. } => 0,
        };
        Instants {
            bound: self,
            keeps,
            steady: self.by_value.iter().map(Option::is_some).collect(),
            points_per_event: program.lines.iter().map(|line| size(&line.kind)).sum(),
            one_by_one: self.has_dated_slots || at.len() < 2,
            at,
        }
    }
}

/// Whole hours between neighbours, where they are the same for all.
fn even_hours(at: &[Timestamp]) -> Option<u64> {
    let [first, second, ..] = at else { return None };
    let step = second.as_millis() - first.as_millis();
    let even = at.windows(2).all(|pair| pair[1].as_millis() - pair[0].as_millis() == step);
    (even && step > 0 && step % HOUR_MS == 0).then_some((step / HOUR_MS) as u64)
}

impl Rows {
    fn new(table: &[u32], stride: u64) -> Self {
        let length = table.len().div_ceil(stride as usize);
        let entry = |index: usize| {
            let (row, place) = (index / length, index % length);
            table.get(row + place * stride as usize).map_or(0, |weight| u64::from(*weight))
        };
        Self { stride, length, weights: (0..length * stride as usize).map(entry).collect() }
    }

    /// Weights from an age on, as far as there are any.
    #[inline]
    fn from(&self, age_hours: u64) -> &[u64] {
        let (row, place) = ((age_hours % self.stride) as usize, (age_hours / self.stride) as usize);
        let row = &self.weights[row * self.length..(row + 1) * self.length];
        row.get(place..).unwrap_or_default()
    }
}

impl Instants<'_, '_> {
    /// The instants in rising order.
    pub fn at(&self) -> &[Timestamp] {
        &self.at
    }

    /// Scores a lead at every instant.
    pub fn score<'t, P: Profile>(&self, lead: &LeadView<'_, P>, tally: &'t mut ManyTally) -> &'t [Score] {
        // Everything below is in 64 bits; a lead that could outgrow them goes the long way.
        let most = lead.at.len() as i128 * i128::from(FULL_WEIGHT) * self.points_per_event
            + self.bound.program.lines.len() as i128 * 100_000_000_000_000;
        tally.scores.clear();
        if self.one_by_one || most > i128::from(i64::MAX / 4) {
            let scores = self.at.iter().map(|at| self.bound.score(lead, *at, &mut tally.single));
            tally.scores.extend(scores);
            return &tally.scores;
        }
        self.count(lead, tally);
        self.complete(tally);
        self.sum(lead, tally);
        &tally.scores
    }

    fn count<P: Profile>(&self, lead: &LeadView<'_, P>, tally: &mut ManyTally) {
        let width = self.at.len() + 1;
        let slots = self.keeps.len();
        tally.slots.clear();
        tally.slots.resize(slots, SlotTally::EMPTY);
        tally.ends.clear();
        tally.ends.resize(slots, 0);
        tally.touched.clear();
        tally.touched.resize(slots, false);
        tally.sums.resize(slots * width, 0);
        let mut cursor = Cursor::START;
        let mut from = 0;
        for (at, shape) in lead.at.iter().zip(lead.shapes) {
            while from < self.at.len() && self.at[from].as_millis() < *at {
                from += 1;
            }
            if from == self.at.len() {
                break;
            }
            for slot in self.bound.slots_of(*shape) {
                let slot = usize::from(*slot);
                if let Some(cap) = self.bound.program.slots[slot].cap {
                    let period = self.bound.calendar.period(cap.per, *at, &mut cursor);
                    let number = tally.slots[slot].enter_period(period, self.bound.calendar.returns());
                    if number > cap.at_most {
                        continue;
                    }
                }
                let sums = &mut tally.sums[slot * width..(slot + 1) * width];
                if !tally.touched[slot] {
                    tally.touched[slot] = true;
                    sums.fill(if matches!(self.keeps[slot], Keep::Latest) { NEVER } else { 0 });
                }
                self.add(&self.keeps[slot], slot, *at, from, sums, &mut tally.ends[slot]);
            }
        }
    }

    /// Adds an event that exists from the instant `from` on.
    #[inline]
    fn add(&self, keep: &Keep, slot: usize, at: i64, from: usize, sums: &mut [i64], end: &mut usize) {
        let instants = self.at.len();
        let mut until = |within: i64| {
            while *end < instants && self.at[*end].as_millis() - at < within {
                *end += 1;
            }
            *end
        };
        match keep {
            Keep::Count { within } => {
                let until = until(*within);
                if from < until {
                    sums[from] += 1;
                    sums[until] -= 1;
                }
            }
            Keep::Rows { within, rows } => {
                let until = until(*within);
                let age = (self.at[from].as_millis() - at) as u64 / HOUR_MS as u64;
                if from < until {
                    let sums = &mut sums[from..until];
                    for (sum, weight) in sums.iter_mut().zip(rows.from(age)) {
                        *sum += *weight as i64;
                    }
                }
            }
            Keep::Weights { within } => {
                let until = until(*within);
                let weights = &self.bound.program.slots[slot].weights;
                for instant in from..until {
                    let age = (self.at[instant].as_millis() - at) as u64 / HOUR_MS as u64;
                    sums[instant] += i64::from(weights.at(age));
                }
            }
            Keep::Latest => sums[from] = at,
        }
    }

    /// Turns beginnings and ends into counts, and lasts into latests.
    fn complete(&self, tally: &mut ManyTally) {
        let width = self.at.len() + 1;
        for (slot, keep) in self.keeps.iter().enumerate().filter(|(slot, _)| tally.touched[*slot]) {
            let sums = &mut tally.sums[slot * width..(slot + 1) * width];
            match keep {
                Keep::Count { .. } => {
                    let mut count = 0;
                    for sum in sums {
                        count += *sum;
                        *sum = count;
                    }
                }
                Keep::Latest => {
                    let mut latest = NEVER;
                    for sum in sums {
                        latest = latest.max(*sum);
                        *sum = latest;
                    }
                }
                Keep::Rows { .. } | Keep::Weights { .. } => {}
            }
        }
    }

    fn sum<P: Profile>(&self, lead: &LeadView<'_, P>, tally: &mut ManyTally) {
        let instants = self.at.len();
        let model = &self.bound.program.model;
        tally.groups.clear();
        tally.groups.resize(model.groups.len() * instants, 0);
        self.find_epochs(lead, &mut tally.epochs);
        for (index, line) in self.bound.program.lines.iter().enumerate() {
            let group = line.group * instants;
            let group = &mut tally.groups[group..group + instants];
            // Limits of a line are at most a million points: 1e14 units.
            let limit = line.limit.map(|(low, high)| (low.units() as i64, high.units() as i64));
            let held = |units: i64| limit.map_or(units, |(low, high)| units.clamp(low, high));
            if self.steady[index] {
                self.steady_line(index, lead, &tally.epochs, group, held);
                continue;
            }
            let slots = Slots { instants: self, touched: &tally.touched, sums: &tally.sums };
            match &line.kind {
                LineKind::Events { slot, points } => {
                    let Some(sums) = slots.of(*slot) else {
                        let nothing = held(0);
                        group.iter_mut().for_each(|sum| *sum += nothing);
                        continue;
                    };
                    let unit = match self.keeps[*slot] {
                        Keep::Count { .. } => points.hundredths() * i64::from(FULL_WEIGHT),
                        Keep::Rows { .. } | Keep::Weights { .. } | Keep::Latest => points.hundredths(),
                    };
                    for (sum, weights) in group.iter_mut().zip(sums) {
                        *sum += held(weights * unit);
                    }
                }
                LineKind::Tiers { slot, tiers, within } => {
                    let mut last = (u64::MAX, 0);
                    for (instant, sum) in group.iter_mut().enumerate() {
                        let counted = slots.counted(*slot, instant);
                        if counted != last.0 {
                            last = (counted, held(units(band_points(tiers, counted as f64))));
                        }
                        let now = self.at[instant].as_millis();
                        let young = is_too_young(counted, *within, lead.created_at, now);
                        *sum += if young { held(0) } else { last.1 };
                    }
                }
                LineKind::Curve { slot, curve } => {
                    for (instant, sum) in group.iter_mut().enumerate() {
                        let latest = slots.of(*slot).map_or(NEVER, |sums| sums[instant]);
                        let amount = if latest == NEVER {
                            0
                        } else {
                            let since = Timestamp::saturating_from_millis(latest);
                            let zone = self.bound.program.zone();
                            curve_amount(curve, since, self.at[instant], zone).units() as i64
                        };
                        *sum += held(amount);
                    }
                }
                LineKind::Clause { clause, points, otherwise, unknown } => {
                    for (instant, sum) in group.iter_mut().enumerate() {
                        let given = match self.clause(clause, lead, instant, &slots) {
                            Truth::True => points,
                            Truth::False => otherwise,
                            Truth::Unknown => unknown,
                        };
                        *sum += held(units(*given));
                    }
                }
                LineKind::Bands { .. } => {}
            }
        }
        self.grade(lead, tally);
    }

    /// Instants (indices) from which on the profile is another; the first is 0.
    fn find_epochs<P: Profile>(&self, lead: &LeadView<'_, P>, epochs: &mut Vec<usize>) {
        epochs.clear();
        epochs.push(0);
        let (first, last) = (self.at[0].as_millis(), self.at[self.at.len() - 1].as_millis());
        lead.profile.turns(first, last, &mut |turn| {
            epochs.push(self.at.partition_point(|at| at.as_millis() < turn));
        });
        epochs.sort_unstable();
        epochs.dedup();
        epochs.push(self.at.len());
    }

    fn steady_line<P: Profile>(
        &self,
        index: usize,
        lead: &LeadView<'_, P>,
        epochs: &[usize],
        group: &mut [i64],
        held: impl Fn(i64) -> i64,
    ) {
        let Some((column, units)) = &self.bound.by_value[index] else { return };
        for epoch in epochs.windows(2) {
            let value = lead.profile.value(*column, self.at[epoch[0]].as_millis());
            let amount = held(units[value as usize]);
            if amount != 0 {
                group[epoch[0]..epoch[1]].iter_mut().for_each(|sum| *sum += amount);
            }
        }
    }

    fn clause<P: Profile>(
        &self,
        clause: &Clause,
        lead: &LeadView<'_, P>,
        instant: usize,
        slots: &Slots<'_>,
    ) -> Truth {
        self.bound.clause(clause, lead, self.at[instant], &|slot| slots.counted(slot, instant))
    }

    fn grade<P: Profile>(&self, lead: &LeadView<'_, P>, tally: &mut ManyTally) {
        let instants = self.at.len();
        let model = &self.bound.program.model;
        let mut fit = [0_i64; CHUNK];
        let mut engagement = [0_i64; CHUNK];
        let slots = Slots { instants: self, touched: &tally.touched, sums: &tally.sums };
        for start in (0..instants).step_by(CHUNK) {
            let range = start..instants.min(start + CHUNK);
            fit.fill(0);
            engagement.fill(0);
            for (group, rules) in model.groups.iter().enumerate() {
                let sums = &tally.groups[group * instants..(group + 1) * instants][range.clone()];
                let total = match rules.dimension {
                    Dimension::Fit => &mut fit,
                    Dimension::Engagement => &mut engagement,
                };
                let (low, high) = rules.limit.map_or((i64::MIN, i64::MAX), limit_units);
                for (total, sum) in total.iter_mut().zip(sums) {
                    *total += (*sum).clamp(low, high);
                }
            }
            for instant in range {
                let disqualified = self
                    .bound
                    .program
                    .disqualifying()
                    .find(|(_, clause)| self.clause(clause, lead, instant, &slots) == Truth::True)
                    .map(|(index, _)| index as u16);
                let at = instant - start;
                tally.scores.push(self.bound.numbers(fit[at], engagement[at], disqualified));
            }
        }
    }
}

/// Instants graded at a time: a year of weeks.
const CHUNK: usize = 64;

/// What was kept, by slot and instant.
struct Slots<'t> {
    instants: &'t Instants<'t, 't>,
    touched: &'t [bool],
    sums: &'t [i64],
}

impl Slots<'_> {
    fn of(&self, slot: usize) -> Option<&[i64]> {
        let width = self.instants.at.len() + 1;
        self.touched[slot].then(|| &self.sums[slot * width..(slot + 1) * width])
    }

    fn counted(&self, slot: usize, instant: usize) -> u64 {
        self.of(slot).map_or(0, |sums| sums[instant] as u64)
    }
}

impl Bound<'_> {
    /// The numbers that people see, from units of fit and engagement.
    #[inline]
    fn numbers(&self, fit: i64, engagement: i64, disqualified: Option<u16>) -> Score {
        let scale = self.program.model.scale;
        let (bottom, top) = (scale.bottom.saturating_mul(UNITS_PER_POINT), scale.top.saturating_mul(UNITS_PER_POINT));
        let total = (fit + engagement).clamp(bottom, top);
        let score = if disqualified.is_some() { scale.bottom } else { rounded(total) };
        self.named(score, rounded(fit), rounded(engagement), disqualified)
    }
}

/// The nearest whole number of points, half away from zero.
#[inline]
fn rounded(units: i64) -> i64 {
    let half = UNITS_PER_POINT / 2;
    (if units < 0 { units - half } else { units + half }) / UNITS_PER_POINT
}

fn limit_units(limit: Limit) -> (i64, i64) {
    (units(limit.low), units(limit.high))
}

/// A million points are 1e14 units.
fn units(points: leads::Points) -> i64 {
    points.hundredths() * i64::from(FULL_WEIGHT)
}

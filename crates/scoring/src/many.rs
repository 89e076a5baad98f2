//! One lead at many instants in one pass over its events.
//!
//! What an event gives at later instants follows from its age: counted ones are a range of
//! instants, decaying ones a row of weights that is added as a whole. The rules are those of
//! [`crate::fold`]; a property test holds the two together.

use leads::Timestamp;

use crate::bound::Bound;
use crate::calendar::Periods;
use crate::fold::{LeadView, NEVER, Profile, Score, SlotTally, Tally};
use crate::model::Dimension;
use crate::program::{Clause, FOREVER, LineKind, curve_amount};
use crate::sum::{Sums, Width as _, held, is_too_young, units};
use crate::truth::Truth;

const HOUR_MS: i64 = 3_600_000;

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
    /// The same of each gate.
    steady_gates: Vec<bool>,
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
    stride: u32,
    length: usize,
    weights: Vec<i64>,
}

/// Working memory; keep one per thread.
#[derive(Debug, Default)]
pub struct ManyTally {
    single: Tally,
    slots: Vec<SlotTally>,
    /// First instant (index) at which the last event of a slot is too old.
    ends: Vec<usize>,
    /// First instant (index) at which a slot holds something; beyond the last where it never does.
    begins: Vec<usize>,
    /// Per slot and instant: weights, counts or latest.
    sums: Vec<i64>,
    /// Per group and instant: units.
    groups: Vec<i64>,
    /// Instants (indices) from which on the profile is another.
    epochs: Vec<usize>,
    fit: Vec<i64>,
    engagement: Vec<i64>,
    disqualified: Vec<Option<u16>>,
    /// What a lead that needs 128 bits got, the long way.
    long: Vec<Score>,
}

/// One lead's numbers at every instant.
#[derive(Clone, Copy, Debug)]
pub struct Moments<'t> {
    bound: &'t Bound<'t>,
    tally: &'t ManyTally,
}

impl Moments<'_> {
    /// How many instants there are.
    pub fn len(&self) -> usize {
        self.tally.long.len().max(self.tally.fit.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All numbers at an instant.
    #[inline]
    pub fn at(&self, instant: usize) -> Score {
        if let Some(score) = self.tally.long.get(instant) {
            return *score;
        }
        let (fit, engagement) = (self.tally.fit[instant], self.tally.engagement[instant]);
        let disqualified = self.tally.disqualified.get(instant).copied().flatten();
        self.bound.numbers(Sums { fit, engagement }, disqualified)
    }

    /// All numbers at every instant.
    pub fn iter(&self) -> impl Iterator<Item = Score> {
        (0..self.len()).map(|instant| self.at(instant))
    }

    /// The score alone at every instant: a third of the work.
    #[inline]
    pub fn scores(&self) -> impl Iterator<Item = i64> {
        let scale = self.bound.program.model.scale;
        let plain = self.tally.long.is_empty() && self.tally.disqualified.is_empty();
        (0..self.len()).map(move |instant| {
            if plain {
                let total = self.tally.fit[instant] + self.tally.engagement[instant];
                return total.rounded().clamp(scale.bottom, scale.top);
            }
            self.at(instant).score
        })
    }
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
                        (Some(table), Some(stride)) => {
                            Keep::Rows { within, rows: Rows::new(table, stride) }
                        }
                        _ => Keep::Weights { within },
                    };
                }
                LineKind::Curve { slot, .. } => keeps[*slot] = Keep::Latest,
                LineKind::Clause { .. } | LineKind::Bands { .. } | LineKind::Tiers { .. } => {}
            }
        }
        Instants {
            bound: self,
            keeps,
            steady: program.lines.iter().zip(&self.by_value).map(|(line, by_value)| {
                by_value.is_some() || matches!(&line.kind, LineKind::Clause { clause, .. } if self.is_steady(clause))
            }).collect(),
            steady_gates: program.gates.iter().map(|clause| self.is_steady(clause)).collect(),
            one_by_one: self.has_dated_slots || at.len() < 2,
            at,
        }
    }
}

/// Whole hours between neighbours, where they are the same for all.
fn even_hours(at: &[Timestamp]) -> Option<u32> {
    let [first, second, ..] = at else { return None };
    let step = second.as_millis() - first.as_millis();
    let even = at.windows(2).all(|pair| pair[1].as_millis() - pair[0].as_millis() == step);
    let hours = u32::try_from(step / HOUR_MS).ok()?;
    // A table of rows for steps of more than ten years would only waste memory.
    (even && step % HOUR_MS == 0 && (1..100_000).contains(&hours)).then_some(hours)
}

impl Rows {
    fn new(table: &[u32], stride: u32) -> Self {
        let length = table.len().div_ceil(stride as usize);
        let entry = |index: usize| {
            let (row, place) = (index / length, index % length);
            table.get(row + place * stride as usize).map_or(0, |weight| i64::from(*weight))
        };
        Self { stride, length, weights: (0..length * stride as usize).map(entry).collect() }
    }

    /// Weights from an age on, as far as there are any.
    #[inline]
    fn from(&self, age_hours: u32) -> &[i64] {
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
    pub fn score<'t, P: Profile>(
        &'t self,
        lead: &LeadView<'_, P>,
        tally: &'t mut ManyTally,
    ) -> Moments<'t> {
        tally.long.clear();
        tally.fit.clear();
        tally.engagement.clear();
        tally.disqualified.clear();
        if self.one_by_one || !self.bound.is_narrow(lead.at.len()) {
            let scores = self.at.iter().map(|at| self.bound.score(lead, *at, &mut tally.single));
            tally.long.extend(scores);
        } else {
            self.count(lead, tally);
            self.complete(tally);
            self.sum(lead, tally);
            self.grade(lead, tally);
        }
        Moments { bound: self.bound, tally }
    }

    fn count<P: Profile>(&self, lead: &LeadView<'_, P>, tally: &mut ManyTally) {
        let (instants, slots) = (self.at.len(), self.keeps.len());
        let width = instants + 1;
        tally.slots.clear();
        tally.slots.resize(slots, SlotTally::EMPTY);
        tally.ends.clear();
        tally.ends.resize(slots, 0);
        tally.begins.clear();
        tally.begins.resize(slots, instants);
        tally.sums.resize(slots * width, 0);
        let returns = self.bound.calendar.returns();
        let mut periods = Periods::new(&self.bound.calendar, self.bound.uses);
        let mut from = 0;
        for (at, shape) in lead.at.iter().zip(lead.shapes) {
            while from < instants && self.at[from].as_millis() < *at {
                from += 1;
            }
            if from == instants {
                break;
            }
            periods.enter(*at);
            for slot in self.bound.slots_of(*shape) {
                let slot = usize::from(*slot);
                let hot = &self.bound.hot[slot];
                if tally.slots[slot].enter_period(periods.number(hot.per), returns) > hot.at_most {
                    continue;
                }
                let sums = &mut tally.sums[slot * width..(slot + 1) * width];
                if tally.begins[slot] == instants {
                    tally.begins[slot] = from;
                    sums.fill(if matches!(self.keeps[slot], Keep::Latest) { NEVER } else { 0 });
                }
                self.add(&self.keeps[slot], slot, *at, from, sums, &mut tally.ends[slot]);
            }
        }
    }

    /// Adds an event that exists from the instant `from` on.
    #[inline]
    fn add(
        &self,
        keep: &Keep,
        slot: usize,
        at: i64,
        from: usize,
        sums: &mut [i64],
        end: &mut usize,
    ) {
        let instants = self.at.len();
        let mut until = |within: i64| {
            if within == FOREVER {
                return instants;
            }
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
                // Ages between instants and events are 8.8e7 hours at most.
                let age = ((self.at[from].as_millis() - at) as u64 / HOUR_MS as u64) as u32;
                if from < until {
                    let sums = &mut sums[from..until];
                    for (sum, weight) in sums.iter_mut().zip(rows.from(age)) {
                        *sum += *weight;
                    }
                }
            }
            Keep::Weights { within } => {
                let until = until(*within);
                let weights = &self.bound.program.slots[slot].weights;
                for (sum, instant) in sums.iter_mut().zip(&self.at).take(until).skip(from) {
                    let age = (instant.as_millis() - at) as u64 / HOUR_MS as u64;
                    *sum += i64::from(weights.at(age));
                }
            }
            Keep::Latest => sums[from] = at,
        }
    }

    /// Turns beginnings and ends into counts, and lasts into latests.
    fn complete(&self, tally: &mut ManyTally) {
        let instants = self.at.len();
        for (slot, keep) in
            self.keeps.iter().enumerate().filter(|(slot, _)| tally.begins[*slot] < instants)
        {
            let start = slot * (instants + 1);
            let sums = &mut tally.sums[start + tally.begins[slot]..start + instants];
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
        tally.groups.clear();
        tally.groups.resize(self.bound.program.groups.len() * instants, 0);
        self.find_epochs(lead, &mut tally.epochs);
        let slots = Slots { begins: &tally.begins, sums: &tally.sums, instants };
        self.steady_columns(lead, &tally.epochs, &mut tally.groups);
        for index in &self.bound.other_lines {
            let line = &self.bound.program.lines[*index];
            let group = line.group * instants;
            let group = &mut tally.groups[group..group + instants];
            if self.steady[*index] {
                self.steady_line(*index, lead, &tally.epochs, group);
                continue;
            }
            match &line.kind {
                LineKind::Events { slot, points } => {
                    let (begin, sums) = slots.of(*slot);
                    let nothing = line.held(0);
                    if nothing != 0 {
                        group[..begin].iter_mut().for_each(|sum| *sum += nothing);
                    }
                    let unit = match self.keeps[*slot] {
                        Keep::Count { .. } => units(*points),
                        Keep::Rows { .. } | Keep::Weights { .. } | Keep::Latest => {
                            points.hundredths()
                        }
                    };
                    let (low, high) = line.limit.unwrap_or((i64::MIN, i64::MAX));
                    for (sum, weights) in group[begin..].iter_mut().zip(sums) {
                        *sum += (weights * unit).clamp(low, high);
                    }
                }
                LineKind::Tiers { slot, by_count, within, .. } => {
                    let given = |count: i64| line.held(by_count.at(count as u64));
                    let young =
                        |at: &Timestamp| is_too_young(0, *within, lead.created_at, at.as_millis());
                    self.tiers_line(slots.of(*slot), group, given, |at| {
                        if young(at) { line.held(0) } else { given(0) }
                    });
                }
                LineKind::Curve { slot, curve } => {
                    let (begin, latest) = slots.of(*slot);
                    let zone = self.bound.program.zone();
                    let amounts = latest.iter().zip(&self.at[begin..]).map(|(latest, at)| {
                        let since = Timestamp::saturating_from_millis(*latest);
                        curve_amount(curve, since, *at, zone).units() as i64
                    });
                    let nothing = std::iter::repeat_n(0, begin);
                    group
                        .iter_mut()
                        .zip(nothing.chain(amounts))
                        .for_each(|(sum, amount)| *sum += line.held(amount));
                }
                LineKind::Clause { clause, points, otherwise, unknown } => {
                    for (instant, sum) in group.iter_mut().enumerate() {
                        let given = match self.clause(clause, lead, instant, slots) {
                            Truth::True => points,
                            Truth::False => otherwise,
                            Truth::Unknown => unknown,
                        };
                        *sum += line.held(units(*given));
                    }
                }
                LineKind::Bands { .. } => {}
            }
        }
    }

    /// Adds what numbers of events give from `begin` on, and what silence gives.
    fn tiers_line(
        &self,
        (begin, counts): (usize, &[i64]),
        group: &mut [i64],
        given: impl Fn(i64) -> i64,
        silent: impl Fn(&Timestamp) -> i64,
    ) {
        let (before, after) = group.split_at_mut(begin);
        before.iter_mut().zip(&self.at).for_each(|(sum, at)| *sum += silent(at));
        for ((sum, count), at) in after.iter_mut().zip(counts).zip(&self.at[begin..]) {
            *sum += if *count == 0 { silent(at) } else { given(*count) };
        }
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

    /// Adds the lines that look at one trait only.
    fn steady_columns<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        epochs: &[usize],
        groups: &mut [i64],
    ) {
        let instants = self.at.len();
        for epoch in epochs.windows(2).filter(|epoch| epoch[0] < epoch[1]) {
            let at = self.at[epoch[0]].as_millis();
            for (group, sums) in groups.chunks_exact_mut(instants).enumerate() {
                let columns = self.bound.by_column.iter().filter(|by| by.group == group);
                let units = columns.map(|by| by.units[lead.profile.value(by.column, at) as usize]);
                let units: i64 = units.sum();
                if units != 0 {
                    sums[epoch[0]..epoch[1]].iter_mut().for_each(|sum| *sum += units);
                }
            }
        }
    }

    /// Adds a line that changes only where the profile does.
    fn steady_line<P: Profile>(
        &self,
        index: usize,
        lead: &LeadView<'_, P>,
        epochs: &[usize],
        group: &mut [i64],
    ) {
        let line = &self.bound.program.lines[index];
        for epoch in epochs.windows(2).filter(|epoch| epoch[0] < epoch[1]) {
            // No slot is looked at.
            let amount: i64 =
                line.held(self.bound.before_limit(index, line, lead, self.at[epoch[0]], &[]));
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
        slots: Slots<'_>,
    ) -> Truth {
        self.bound.clause(clause, lead, self.at[instant], &|slot| slots.counted(slot, instant))
    }

    /// Fit, engagement and gates at every instant.
    fn grade<P: Profile>(&self, lead: &LeadView<'_, P>, tally: &mut ManyTally) {
        let instants = self.at.len();
        tally.fit.resize(instants, 0);
        tally.engagement.resize(instants, 0);
        for (group, rules) in self.bound.program.groups.iter().enumerate() {
            let sums = &tally.groups[group * instants..(group + 1) * instants];
            let totals = match rules.dimension {
                Dimension::Fit => &mut tally.fit,
                Dimension::Engagement => &mut tally.engagement,
            };
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total += held(*sum, rules.limit);
            }
        }
        if self.bound.program.disqualifying().next().is_none() {
            return;
        }
        let slots = Slots { begins: &tally.begins, sums: &tally.sums, instants };
        let mut steadily = None;
        for instant in 0..instants {
            if tally.epochs.contains(&instant) {
                steadily = self.gate_among(true, lead, instant, slots);
            }
            let otherwise = self.gate_among(false, lead, instant, slots);
            // The first gate of the document is the reason shown.
            tally.disqualified.push([steadily, otherwise].into_iter().flatten().min());
        }
    }

    /// The first disqualifying gate that is true, among those that are steady or those that are not.
    fn gate_among<P: Profile>(
        &self,
        steady: bool,
        lead: &LeadView<'_, P>,
        instant: usize,
        slots: Slots<'_>,
    ) -> Option<u16> {
        let gates = self.bound.program.disqualifying();
        let mut gates = gates.filter(|(index, _)| self.steady_gates[*index] == steady);
        let first =
            gates.find(|(_, clause)| self.clause(clause, lead, instant, slots) == Truth::True);
        first.map(|(index, _)| index as u16)
    }
}

/// What was kept, by slot and instant.
#[derive(Clone, Copy)]
struct Slots<'t> {
    begins: &'t [usize],
    sums: &'t [i64],
    instants: usize,
}

impl<'t> Slots<'t> {
    /// The first instant at which the slot holds something, and what it holds from there on.
    fn of(self, slot: usize) -> (usize, &'t [i64]) {
        let (begin, start) = (self.begins[slot], slot * (self.instants + 1));
        (begin, &self.sums[start + begin..start + self.instants])
    }

    fn counted(self, slot: usize, instant: usize) -> u64 {
        let (begin, sums) = self.of(slot);
        if instant < begin { 0 } else { sums[instant - begin] as u64 }
    }
}

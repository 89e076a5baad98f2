//! What each slot keeps at many instants, and how its line is settled: made once, for all leads.

use std::collections::HashMap;

use leads::Timestamp;

use super::lane::{Before, Limit, Rounding, STRIDE};
use super::seen::{SlotSeen, Step};
use super::spacing::{HOUR_MS, Spacing, Tables};
use super::steady::Steady;
use super::widths::Widths;
use crate::amount::{FULL_WEIGHT, UNITS_PER_POINT};
use crate::bound::Bound;
use crate::model::{Decay, Dimension, Period};
use crate::program::{Clause, FOREVER, Line, LineKind, Slot};
use crate::sum::units;

/// Everything about a bound program and some instants that is the same for all leads. Amounts are in
/// grains: the largest amount of which a point and all points of the model are multiples, times a
/// millionth.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) spacing: Spacing,
    /// Numbers in a column: at least one more than there are instants.
    pub(crate) width: usize,
    pub(crate) rounding: Rounding,
    /// Class of each shape: shapes that count in the same slots are one.
    pub(crate) class_of: Vec<u32>,
    pub(crate) classes: Vec<Class>,
    pub(crate) looks: Vec<Look>,
    pub(crate) tables: Tables,
    /// What the next event of a slot adds to its line, by the number of events before.
    pub(crate) steps: Vec<Step>,
    /// What each slot has seen before the first event.
    pub(crate) starts: Vec<SlotSeen>,
    pub(crate) groups: Vec<GroupPlan>,
    /// Columns of counts, by slot.
    pub(crate) counts: Vec<(usize, usize)>,
    /// The column of each slot, where it has one.
    pub(crate) column_of: Vec<Option<usize>>,
    /// Dimensions (fit, engagement) without a group.
    pub(crate) idle: [bool; 2],
    /// How many columns there are: of groups, which come first, and of slots.
    pub(crate) columns: usize,
    /// Columns of latest instants, by slot.
    pub(crate) latest: Vec<(usize, usize)>,
    pub(crate) widths: Widths,
}

/// Shapes that count in the same slots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Class {
    /// What its events are asked: `looks[first..beyond]`.
    pub(crate) first: u32,
    pub(crate) beyond: u32,
}

/// What an event is asked for a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) slot: usize,
    pub(crate) at_most: u32,
    pub(crate) per: Period,
    pub(crate) keep: Keep,
}

/// What is kept of a slot's events.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    /// The sum of their weights, a whole row of such a table at a time.
    Row { column: usize, table: u32 },
    /// The sum of their weights, one by one, while they are younger than `within` ms.
    Weights { column: usize, within: i64 },
    /// Only steps of its group: what the line gives rests on the number of events alone.
    Steps { column: usize },
    /// The same, where an event is seen at one instant at most.
    Glimpses { column: usize, steps: Steps, within: i64 },
    /// How many are younger than `within` ms.
    Counts { column: usize, within: i64 },
    /// The latest.
    Latest { column: usize },
}

/// Entries of [`Plan::steps`]; the last one holds for every further event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    pub(crate) first: u32,
    pub(crate) last: u32,
}

/// How a group is settled.
#[derive(Debug)]
pub(crate) struct GroupPlan {
    pub(crate) dimension: Dimension,
    pub(crate) limit: Limit,
    /// What its dimension holds before the group is settled.
    pub(crate) before: Before,
    /// Whether events have no part in it.
    pub(crate) steady: bool,
    /// Its lines that change only where the profile does.
    pub(crate) fixed: Steady,
    /// What its lines give without any event, as far as that is always the same.
    pub(crate) still: i64,
    pub(crate) weighted: Vec<Weighted>,
    /// Lines that are settled instant by instant.
    pub(crate) others: Vec<usize>,
}

/// A line of events with a column of sums of weights.
#[derive(Debug)]
pub(crate) struct Weighted {
    pub(crate) slot: usize,
    /// Counted from the first column of a slot on.
    pub(crate) kept: usize,
    pub(crate) points: i64,
    pub(crate) limit: Limit,
    /// What no weight gives.
    pub(crate) nothing: i64,
}

/// A line whose steps need more places than this is counted instant by instant.
const STEPS_MAX: usize = 4096;

impl Plan {
    pub(crate) fn new(bound: &Bound<'_>, at: &[Timestamp]) -> Self {
        let program = bound.program;
        let (spacing, width) = (Spacing::of(at), (at.len() + 1).next_multiple_of(STRIDE));
        let rounding = Rounding::new(grain(bound));
        let tables = match spacing {
            Spacing::Even { hours, .. } => {
                let longest = program.slots.iter().filter_map(|slot| weights_by_age(slot));
                let longest = longest.map(<[u32]>::len).max().unwrap_or_default();
                Tables::new(hours, at.len(), width, longest)
            }
            Spacing::Uneven => Tables::default(),
        };
        let groups = program.groups.iter().enumerate().map(|(group, rules)| GroupPlan {
            dimension: rules.dimension,
            limit: rounding.grains_of(rules.limit),
            before: if program.groups[..group]
                .iter()
                .any(|before| before.dimension == rules.dimension)
            {
                Before::Sums
            } else {
                Before::Nothing
            },
            steady: true,
            fixed: Steady::new(bound, group, rounding.grain),
            still: 0,
            weighted: Vec::new(),
            others: Vec::new(),
        });
        let mut plan = Self {
            spacing,
            width,
            rounding,
            class_of: Vec::new(),
            classes: Vec::new(),
            looks: Vec::new(),
            tables,
            steps: Vec::new(),
            starts: vec![SlotSeen::NOTHING; program.slots.len()],
            groups: groups.collect(),
            counts: Vec::new(),
            column_of: vec![None; program.slots.len()],
            idle: [Dimension::Fit, Dimension::Engagement]
                .map(|dimension| program.groups.iter().all(|group| group.dimension != dimension)),
            columns: program.groups.len(),
            latest: Vec::new(),
            widths: Widths::default(),
        };
        let mut keeps = vec![None; program.slots.len()];
        let mut known = Vec::new();
        for index in &bound.other_lines {
            plan.line(bound, *index, at.len(), &mut keeps, &mut known);
        }
        for (_, clause) in program.disqualifying() {
            plan.clause(clause, &program.slots, &mut keeps);
        }
        plan.classify(bound, &keeps);
        plan.widths = Widths::new(bound, &plan);
        plan
    }

    /// Settles what a line that does not rest on one trait keeps.
    fn line(
        &mut self,
        bound: &Bound<'_>,
        index: usize,
        instants: usize,
        keeps: &mut [Option<Keep>],
        known: &mut Vec<(Decay, i64, u32)>,
    ) {
        let (line, slots) = (&bound.program.lines[index], &bound.program.slots);
        let group = line.group;
        match &line.kind {
            LineKind::Clause { clause, .. } if bound.is_steady(clause) => {
                self.groups[group].fixed.take(bound, index, clause, self.rounding.grain);
                return;
            }
            LineKind::Clause { clause, .. } => {
                self.clause(clause, slots, keeps);
                self.groups[group].others.push(index);
            }
            LineKind::Curve { slot, .. } => {
                let column = self.latest.len();
                self.latest.push((*slot, column));
                keeps[*slot] = Some(Keep::Latest { column });
                self.groups[group].others.push(index);
            }
            LineKind::Tiers { slot, by_count, within, .. } => {
                let given = |count| line.held(by_count.at(count)) / self.rounding.grain;
                // A lead that is too young gets what nothing gives.
                let patient = within.is_none() || given(0) == line.held(0) / self.rounding.grain;
                let steps = by_count.places().filter(|_| patient);
                let steps = steps.map(|places| (0..places as u64).map(given).collect());
                self.count(index, line, *slot, &slots[*slot], steps, keeps);
            }
            LineKind::Events { slot, points } => {
                let rules = &slots[*slot];
                if matches!(rules.weights.closed_table(), Some([_])) {
                    let steps = places_of_events(line, units(*points));
                    let given =
                        |count| line.held(count as i64 * units(*points)) / self.rounding.grain;
                    let steps = steps.map(|places| (0..places as u64).map(given).collect());
                    self.count(index, line, *slot, rules, steps, keeps);
                } else {
                    let (column, groups) = (self.column(*slot), self.groups.len());
                    keeps[*slot] = Some(match self.table(rules, instants, known) {
                        Some(table) => Keep::Row { column, table },
                        None => Keep::Weights { column, within: rules.within },
                    });
                    let grain = self.rounding.grain;
                    let points = points.hundredths() / grain;
                    let limit = self.rounding.grains_of(line.limit);
                    let nothing = line.held(0) / grain;
                    self.groups[group].weighted.push(Weighted {
                        slot: *slot,
                        kept: column - groups,
                        points,
                        limit,
                        nothing,
                    });
                }
            }
            LineKind::Bands { .. } => return,
        }
        self.groups[group].steady = false;
    }

    /// A line that rests on a number of events; `given` is what each number gives, as far as that
    /// changes (or, if without an end, as far as it grows by the same).
    fn count(
        &mut self,
        index: usize,
        line: &Line,
        slot: usize,
        rules: &Slot,
        given: Option<Vec<i64>>,
        keeps: &mut [Option<Keep>],
    ) {
        let within = rules.within.min(rules.expires);
        let glimpse = matches!(self.spacing, Spacing::Even { hours, .. } if within <= i64::from(hours) * HOUR_MS);
        let Some(given) = given.filter(|_| within == FOREVER || glimpse) else {
            self.counts(slot, within, keeps);
            self.groups[line.group].others.push(index);
            return;
        };
        let mut gives: Vec<i64> = given.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if gives.is_empty() {
            gives.push(0);
        }
        let (steps, start) = Step::add(&mut self.steps, &gives);
        let group = line.group;
        self.groups[group].still += given[0];
        keeps[slot] = Some(if within == FOREVER {
            self.starts[slot].stop = start;
            Keep::Steps { column: group }
        } else {
            Keep::Glimpses { column: group, steps, within }
        });
    }

    /// Counts the events that a condition looks at.
    fn clause(&mut self, clause: &Clause, slots: &[Slot], keeps: &mut [Option<Keep>]) {
        match clause {
            Clause::Question(_) => {}
            Clause::Event { slot, .. } => self.counts(*slot, slots[*slot].within, keeps),
            Clause::All(parts) | Clause::Any(parts) => {
                parts.iter().for_each(|part| self.clause(part, slots, keeps));
            }
            Clause::Not(inner) => self.clause(inner, slots, keeps),
        }
    }

    fn counts(&mut self, slot: usize, within: i64, keeps: &mut [Option<Keep>]) {
        let column = self.column(slot);
        self.counts.push((slot, column));
        keeps[slot] = Some(Keep::Counts { column, within });
    }

    fn column(&mut self, slot: usize) -> usize {
        self.columns += 1;
        self.column_of[slot] = Some(self.columns - 1);
        self.columns - 1
    }

    /// Where the table of a slot's weights begins, where the instants are evenly spaced. Equal curves
    /// share one.
    fn table(
        &mut self,
        rules: &Slot,
        instants: usize,
        known: &mut Vec<(Decay, i64, u32)>,
    ) -> Option<u32> {
        let Spacing::Even { .. } = self.spacing else { return None };
        let (decay, within) = (rules.weights.decay(), rules.within);
        let same = |table: &&(Decay, i64, u32)| table.0 == decay && table.1 == within;
        if let Some((.., table)) = known.iter().find(same) {
            return Some(*table);
        }
        let table = self.tables.add(weights_by_age(rules)?, instants)?;
        known.push((decay, within, table));
        Some(table)
    }

    /// Takes shapes that count in the same slots together.
    fn classify(&mut self, bound: &Bound<'_>, keeps: &[Option<Keep>]) {
        let mut numbers: HashMap<&[u16], u32> = HashMap::new();
        for shape in 0..bound.shapes() {
            let slots = bound.slots_of(shape as u32);
            let number = *numbers.entry(slots).or_insert_with(|| {
                let first = self.looks.len() as u32;
                self.looks.extend(slots.iter().filter_map(|slot| {
                    let slot = usize::from(*slot);
                    let hot = &bound.hot[slot];
                    Some(Look { slot, at_most: hot.at_most, per: hot.per, keep: keeps[slot]? })
                }));
                let beyond = self.looks.len() as u32;
                self.classes.push(Class { first, beyond });
                self.classes.len() as u32 - 1
            });
            self.class_of.push(number);
        }
    }
}

/// The weights of a slot's events by age in whole hours, nothing beyond: where they end, and a window
/// ends with a whole hour.
fn weights_by_age(slot: &Slot) -> Option<&[u32]> {
    let table = slot.weights.closed_table()?;
    if slot.within == FOREVER {
        return Some(table);
    }
    let hours = usize::try_from(slot.within / HOUR_MS).ok()?;
    (slot.within % HOUR_MS == 0).then(|| &table[..hours.min(table.len())])
}

impl Steps {
    /// Where in [`Plan::steps`] that of the next event after `before` others is.
    #[inline(always)]
    pub(crate) fn place(self, before: u32) -> usize {
        (self.first + before).min(self.last) as usize
    }
}

impl Rounding {
    fn grains_of(self, limit: Option<(i64, i64)>) -> Limit {
        let grains = |(low, high)| (low / self.grain, high / self.grain);
        Limit::new(limit.map_or((i64::MIN, i64::MAX), grains))
    }
}

/// How many numbers of events a line of undecayed events must know: up to where its limit holds it,
/// or two where it grows for ever. `None` where these are too many.
fn places_of_events(line: &Line, units: i64) -> Option<usize> {
    let end = match (line.limit, units) {
        (None, _) | (_, 0) => return Some(2),
        (Some((_, high)), 1..) => high,
        (Some((low, _)), _) => low,
    };
    // Beyond zero on the other side the line stands still from the beginning.
    let events = (end / units).max(0) as usize;
    (events < STEPS_MAX).then_some(events + 3)
}

/// The greatest number of units such that a point and all points of the model are multiples of it
/// times a millionth.
fn grain(bound: &Bound<'_>) -> i64 {
    let program = bound.program;
    let mut grain = UNITS_PER_POINT / i64::from(FULL_WEIGHT);
    let mut take = |units: i64| grain = common(grain, units / i64::from(FULL_WEIGHT));
    for (line, by_value) in program.lines.iter().zip(&bound.by_value) {
        match &line.kind {
            LineKind::Events { points, .. } => take(units(*points)),
            LineKind::Tiers { tiers, .. } => tiers.iter().for_each(|tier| take(units(tier.points))),
            LineKind::Clause { points, otherwise, unknown, .. } => {
                [points, otherwise, unknown].into_iter().for_each(|points| take(units(*points)));
            }
            // Between two knots lies every unit.
            LineKind::Curve { .. } => return 1,
            LineKind::Bands { .. } => {}
        }
        by_value.iter().flat_map(|(_, units)| units).for_each(|units| take(*units));
        line.limit
            .iter()
            .for_each(|(low, high)| [low, high].into_iter().for_each(|limit| take(*limit)));
    }
    let limits = program.groups.iter().filter_map(|group| group.limit);
    limits.for_each(|(low, high)| [low, high].into_iter().for_each(&mut take));
    grain
}

/// The greatest common divisor.
fn common(one: i64, other: i64) -> i64 {
    if other == 0 { one.abs() } else { common(other, one % other) }
}

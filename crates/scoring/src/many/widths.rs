//! Whether the sums of a lead are sure to fit 32 bits. Amounts are in grains of the plan.

use super::plan::Plan;
use crate::amount::FULL_WEIGHT;
use crate::bound::Bound;
use crate::model::Period;
use crate::program::{Line, LineKind};
use crate::sum::{held, units};

/// How much events may give.
#[derive(Debug, Default)]
pub(crate) struct Widths {
    /// Up to how much all events of a lead may give in 32 bits; `None` where what other things than
    /// events give does not fit them.
    room: Option<u64>,
    /// The most that an event can give.
    most: u64,
    classes: Vec<ClassWidths>,
    /// The most that all events together give in slots that have an end.
    ended: u64,
}

/// The most that an event of a class can give.
#[derive(Clone, Copy, Debug)]
struct ClassWidths {
    most: u64,
    /// In slots whose amount has no end but the number of events.
    endless: u64,
}

impl Widths {
    pub(crate) fn new(bound: &Bound<'_>, plan: &Plan) -> Self {
        let (program, rounding) = (bound.program, plan.rounding);
        let grain = rounding.grain as u64;
        let mut of_event = vec![0; program.slots.len()];
        let mut ends = vec![Some(0); program.slots.len()];
        let mut others = 0_u64;
        for (index, line) in program.lines.iter().enumerate() {
            match &line.kind {
                LineKind::Events { slot, points } => {
                    let points = units(*points).unsigned_abs() / grain;
                    // Sums of weights must fit as well.
                    of_event[*slot] = points.max(u64::from(FULL_WEIGHT));
                    ends[*slot] = end(bound, line, *slot, points, grain);
                }
                _ => others += most_of(bound, index, line) / grain,
            }
            others += beyond_zero(line.limit) / grain;
        }
        others += program.groups.iter().map(|group| beyond_zero(group.limit) / grain).sum::<u64>();
        let classes: Vec<ClassWidths> = plan
            .classes
            .iter()
            .map(|class| {
                let looks = &plan.looks[class.first as usize..class.beyond as usize];
                let endless = looks.iter().filter(|look| ends[look.slot].is_none());
                ClassWidths {
                    most: looks.iter().map(|look| of_event[look.slot]).sum(),
                    endless: endless.map(|look| of_event[look.slot]).sum(),
                }
            })
            .collect();
        Self {
            room: (i32::MAX as u64).checked_sub(others),
            most: classes.iter().map(|class| class.most).max().unwrap_or_default(),
            classes,
            ended: ends.into_iter().flatten().sum(),
        }
    }

    /// Whether sums of a lead with these shapes fit 32 bits.
    pub(crate) fn are_narrow(&self, class_of: &[u32], shapes: &[u32]) -> bool {
        let sum = |most: fn(&ClassWidths) -> u64| {
            let classes = shapes.iter().map(|shape| class_of[*shape as usize] as usize);
            classes.map(|class| most(&self.classes[class])).sum::<u64>()
        };
        self.room.is_some_and(|room| {
            shapes.len() as u64 * self.most <= room
                || sum(|class| class.most) <= room
                || self.ended + sum(|class| class.endless) <= room
        })
    }
}

/// The most, either way, that a line of events gives however many they are, where that has an end
/// and fits 32 bits on the way to it.
fn end(bound: &Bound<'_>, line: &Line, slot: usize, points: u64, grain: u64) -> Option<u64> {
    let farthest = |(low, high): (i64, i64)| low.unsigned_abs().max(high.unsigned_abs());
    let limit = line.limit.map(|limit| farthest(limit).div_ceil(grain));
    if bound.program.slots[slot].weights.is_constant() {
        // Nothing but steps and whole counts are kept of it.
        return limit;
    }
    let fits = |amount: &u64| i32::try_from(*amount).is_ok();
    let weights = weights_ever(bound, slot).filter(fits)?;
    let given = weights.checked_mul(points)?.div_ceil(u64::from(FULL_WEIGHT));
    Some(limit.unwrap_or(u64::MAX).min(given)).filter(|_| fits(&given))
}

/// The most that the weights of a slot's events ever sum up to, in millionths, where that has an end:
/// so many events a day that weigh less and less.
fn weights_ever(bound: &Bound<'_>, slot: usize) -> Option<u64> {
    /// Offsets from UTC are below 26 hours. The day n days back on the clocks is over for more than
    /// n - 1 days on them, which is more than n - 4 days of time.
    const DAYS_OFF: u64 = 4;
    let (hot, table) = (&bound.hot[slot], bound.program.slots[slot].weights.closed_table()?);
    if hot.per != Period::Day || bound.calendar.returns() {
        return None;
    }
    let of_days = table.iter().step_by(24).map(|weight| u64::from(*weight)).sum::<u64>();
    u64::from(hot.at_most).checked_mul(DAYS_OFF * u64::from(FULL_WEIGHT) + of_days)
}

/// The most units, either way, that a line gives that no number of events can raise.
fn most_of(bound: &Bound<'_>, index: usize, line: &Line) -> u64 {
    if let Some((_, units)) = &bound.by_value[index] {
        return units.iter().map(|units| units.unsigned_abs()).max().unwrap_or_default();
    }
    let points: Vec<_> = match &line.kind {
        LineKind::Clause { points, otherwise, unknown, .. } => vec![*points, *otherwise, *unknown],
        LineKind::Tiers { tiers, .. } => tiers.iter().map(|tier| tier.points).collect(),
        LineKind::Curve { curve, .. } => curve.iter().map(|knot| knot.points).collect(),
        LineKind::Bands { .. } | LineKind::Events { .. } => Vec::new(),
    };
    points.into_iter().map(|points| units(points).unsigned_abs()).max().unwrap_or_default()
}

/// How far from zero a limit holds even nothing.
fn beyond_zero(limit: Option<(i64, i64)>) -> u64 {
    held(0_i64, limit).unsigned_abs()
}

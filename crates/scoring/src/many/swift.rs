//! The pass over the events for nearly every model: instants evenly spaced, counts per day or for
//! ever, and no clock put back over midnight. What is kept the simple ways, rows of weights and steps,
//! takes few instructions an event, and hardly a branch that a processor cannot foresee.

use super::Instants;
use super::lane::{Addition, Lane, add_rows};
use super::plan::{Keep, Look, Plan, Steps};
use super::seen::Seen;
use super::spacing::{HOUR_MS, Place, Rows, Spacing, Tables};
use crate::bound::Bound;
use crate::calendar::Days;
use crate::model::Period;

/// What the swift pass asks of the events of each class.
#[derive(Debug)]
pub(crate) struct Swift {
    hours: Hours,
    last: i64,
    classes: Vec<SwiftClass>,
    /// Indices into [`Plan::looks`].
    others: Vec<u32>,
}

/// So many hours, to divide by: a division takes a processor as long as all the rest of an event's
/// arithmetic.
#[derive(Clone, Copy, Debug)]
struct Hours {
    number: u32,
    /// Dividing is multiplying by this and cutting off so many bits.
    reciprocal: u64,
    bits: u32,
}

/// Ages in whole hours are below 2^27: 8.8e7 at most.
const AGE_BITS: u32 = 27;

/// What a class keeps: of each simple way one look stands here, more of them among the others. What a
/// class does not keep is asked for all the same, of a slot that nobody reads: a branch that depends on
/// the kind of the event would cost more.
#[derive(Clone, Copy, Debug)]
struct SwiftClass {
    row: RowLook,
    /// Of a slot that takes every event.
    step: StepLook,
    /// The same.
    glimpse: GlimpseLook,
    /// `others[first..beyond]`.
    first: u32,
    beyond: u32,
}

/// Which events count.
#[derive(Clone, Copy, Debug)]
struct Cap {
    slot: u32,
    at_most: u32,
    /// All ones where events are counted per day; 0 where for ever, which makes all days one.
    daily: u32,
}

#[derive(Clone, Copy, Debug)]
struct RowLook {
    cap: Cap,
    /// Column of sums.
    column: u32,
    rows: Rows,
}

#[derive(Clone, Copy, Debug)]
struct StepLook {
    slot: u32,
    /// Where the group's column begins.
    sums: u32,
}

#[derive(Clone, Copy, Debug)]
struct GlimpseLook {
    slot: u32,
    /// Where the group's column begins.
    sums: u32,
    steps: Steps,
    within: i64,
    /// No event of more whole hours is within.
    hours: u32,
}

impl Hours {
    fn new(number: u32) -> Self {
        // Cut up to a whole number, the reciprocal is too large by less than one in 2^bits. Times an
        // age that is less than 1 / number, the distance to the next whole number.
        let bits = AGE_BITS + number.next_power_of_two().ilog2();
        Self { number, reciprocal: (1_u64 << bits).div_ceil(u64::from(number)), bits }
    }

    /// How often it lies in an age in hours, and what is left.
    #[inline(always)]
    fn divide(self, age: u32) -> (u32, u32) {
        let times = ((u64::from(age) * self.reciprocal) >> self.bits) as u32;
        (times, age - times * self.number)
    }
}

impl Swift {
    pub(crate) fn new(plan: &Plan, bound: &Bound<'_>) -> Option<Self> {
        let Spacing::Even { hours, last } = plan.spacing else { return None };
        let long = |look: &Look| !matches!(look.per, Period::Day | Period::Ever);
        if bound.calendar.returns() || plan.looks.iter().any(long) {
            return None;
        }
        let mut swift =
            Self { hours: Hours::new(hours), last, classes: Vec::new(), others: Vec::new() };
        for class in &plan.classes {
            let first = swift.others.len() as u32;
            let free = plan.column_of.len() as u32;
            let mut swift_class = SwiftClass::none(free);
            for index in class.first..class.beyond {
                if !swift_class.take(&plan.looks[index as usize], plan, free) {
                    swift.others.push(index);
                }
            }
            let beyond = swift.others.len() as u32;
            swift.classes.push(SwiftClass { first, beyond, ..swift_class });
        }
        Some(swift)
    }
}

impl Cap {
    #[inline(always)]
    fn of(look: &Look) -> Self {
        let daily = u32::from(look.per == Period::Day).wrapping_neg();
        Self { slot: look.slot as u32, at_most: look.at_most, daily }
    }
}

impl SwiftClass {
    /// Keeps nothing; `slot` is one that nobody reads.
    fn none(slot: u32) -> Self {
        Self {
            row: RowLook {
                cap: Cap { slot, at_most: 0, daily: 0 },
                column: 0,
                rows: Rows::default(),
            },
            step: StepLook { slot, sums: 0 },
            glimpse: GlimpseLook { slot, sums: 0, steps: Steps::default(), within: 0, hours: 0 },
            first: 0,
            beyond: 0,
        }
    }

    /// Takes a look, if it is of a simple way that is still `free`.
    fn take(&mut self, look: &Look, plan: &Plan, free: u32) -> bool {
        let every = look.at_most == u32::MAX;
        let (slot, sums) = (look.slot as u32, |column: usize| (column * plan.width) as u32);
        match look.keep {
            Keep::Row { column, rows } if self.row.cap.slot == free => {
                self.row = RowLook { cap: Cap::of(look), column: column as u32, rows };
            }
            Keep::Steps { column } if self.step.slot == free && every => {
                self.step = StepLook { slot, sums: sums(column) };
            }
            Keep::Glimpses { column, steps, within } if self.glimpse.slot == free && every => {
                let hours = (within as u64).div_ceil(HOUR_MS as u64) as u32;
                self.glimpse = GlimpseLook { slot, sums: sums(column), steps, within, hours };
            }
            _ => return false,
        }
        true
    }
}

impl Instants<'_, '_> {
    /// Counts a lead's events like [`Self::count`].
    #[inline(always)]
    pub(super) fn count_swiftly<L: Lane>(
        &self,
        swift: &Swift,
        (at, shapes): (&[i64], &[u32]),
        seen: &mut Seen,
        latest: &mut [i64],
        additions: &mut Vec<Addition>,
        sums: &mut [L],
    ) {
        let (plan, width) = (&self.plan, self.plan.width);
        let (class_of, classes) = (plan.class_of.as_slice(), swift.classes.as_slice());
        let (instants, steps) = (self.at.len() as u32, plan.steps.as_slice());
        let mut days = Days::new(&self.bound.calendar);
        // Rows are noted here and added later, in a loop in which nothing is left to find out.
        if additions.len() < at.len() {
            additions.resize(at.len(), Addition::default());
        }
        let (waiting_room, mut waiting) = (additions.as_mut_slice(), 0);
        for (at, shape) in at.iter().zip(shapes) {
            let age = swift.last - at;
            if age < 0 {
                break;
            }
            let class = &classes[class_of[*shape as usize] as usize];
            let day = days.number(*at);
            let hours = (age as u64 / HOUR_MS as u64) as u32;
            let (back, lag_hours) = swift.hours.divide(hours);

            let RowLook { cap, column, rows } = class.row;
            let of_day = seen.days[cap.slot as usize].enter(day & cap.daily);
            waiting_room[waiting] =
                Addition { column, row: Tables::row(rows, lag_hours, back + 1) };
            waiting += usize::from(of_day <= cap.at_most);

            let StepLook { slot, sums: place } = class.step;
            let stop = &mut seen.stops[slot as usize];
            if stop.enter() {
                let from = (instants - 1).saturating_sub(back);
                let sum = &mut sums[place as usize + from as usize];
                *sum = sum.plus(L::of(stop.take(steps)));
            }

            let lag = age - i64::from(hours - lag_hours) * HOUR_MS;
            let GlimpseLook { slot, sums: place, steps: among, within, hours } = class.glimpse;
            if lag_hours < hours && lag < within && back < instants {
                let from = instants - 1 - back;
                let before = seen.instants[slot as usize].enter(from + 1) - 1;
                let step = L::of(steps[among.place(before)].gives);
                let pair = &mut sums[place as usize + from as usize..][..2];
                pair[0] = pair[0].plus(step);
                pair[1] = pair[1].plus(step.times(L::of(-1)));
            }

            if class.first == class.beyond {
                continue;
            }
            let place = Place { from: i64::from(instants) - 1 - i64::from(back), lag, lag_hours };
            for index in &swift.others[class.first as usize..class.beyond as usize] {
                let look = &plan.looks[*index as usize];
                let Cap { slot, at_most, daily } = Cap::of(look);
                if seen.days[slot as usize].enter(day & daily) <= at_most {
                    self.keep(look, *at, place, seen, latest, sums);
                }
            }
        }
        add_rows(sums, plan.tables.weights(), width, &waiting_room[..waiting]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_divided_exactly() {
        const AGE_MAX: u32 = (1 << AGE_BITS) - 1;
        for number in [1, 2, 3, 7, 23, 24, 25, 168, 720, 8766, 65_535, 65_537, AGE_MAX - 1, AGE_MAX]
        {
            let hours = Hours::new(number);
            let edges = (0..=AGE_MAX / number).step_by(1 + (AGE_MAX / number / 5000) as usize);
            let edges = edges.chain([AGE_MAX / number]).map(|times| times * number);
            let ages = edges.flat_map(|edge| [edge.saturating_sub(1), edge, edge + 1]);
            for age in ages.filter(|age| *age <= AGE_MAX) {
                assert_eq!(hours.divide(age), (age / number, age % number), "{age} by {number}");
            }
        }
    }
}

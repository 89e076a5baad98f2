//! The pass over the events for nearly every model: instants evenly spaced, counts per day or for
//! ever, and no clock put back over midnight. What is kept the simple ways, rows of weights and steps,
//! takes few instructions an event, and hardly a branch that a processor cannot foresee.

use super::Instants;
use super::lane::{Addition, Lane, add_rows};
use super::plan::{Keep, Look, Plan, Steps};
use super::spacing::{HOUR_MS, Place, Rows, Spacing, Tables};
use crate::bound::Bound;
use crate::calendar::Days;
use crate::model::Period;

/// What the swift pass asks of the events of each class.
#[derive(Debug)]
pub(crate) struct Swift {
    hours: u32,
    last: i64,
    classes: Vec<SwiftClass>,
    /// Indices into [`Plan::looks`].
    others: Vec<u32>,
}

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
    /// 1 where events are counted per day, 0 where for ever.
    daily: u32,
}

#[derive(Clone, Copy, Debug)]
struct RowLook {
    cap: Cap,
    /// Where the column of sums begins.
    sums: u32,
    rows: Rows,
}

#[derive(Clone, Copy, Debug)]
struct StepLook {
    slot: u32,
    /// Where the group's column begins.
    sums: u32,
    steps: Steps,
}

#[derive(Clone, Copy, Debug)]
struct GlimpseLook {
    step: StepLook,
    within: i64,
}

/// What a slot has seen of a lead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// How many events were counted.
    pub(crate) counted: u32,
    /// The day of the last event, and how many events of it there were.
    day: u32,
    of_day: u32,
    /// The instant at which the last event was seen, and how many it has seen.
    instant: u32,
    at_instant: u32,
}

const NEVER_YET: u32 = u32::MAX;

impl Seen {
    pub(crate) const NOTHING: Self =
        Self { counted: 0, day: NEVER_YET, of_day: 0, instant: NEVER_YET, at_instant: 0 };

    /// Takes the next event; answers whether it counts.
    #[inline(always)]
    fn enter(&mut self, cap: Cap, days: [u32; 2]) -> bool {
        let day = days[cap.daily as usize & 1];
        // Without a branch: whether the next event is of the same day is anybody's guess.
        let same = u32::from(self.day == day);
        self.of_day = (self.of_day & same.wrapping_neg()) + 1;
        self.day = day;
        self.of_day <= cap.at_most
    }

    /// Takes an event that an instant sees; answers how many it had seen before.
    #[inline(always)]
    pub(crate) fn enter_instant(&mut self, instant: u32) -> u32 {
        let before = if self.instant == instant { self.at_instant } else { 0 };
        (self.instant, self.at_instant) = (instant, before + 1);
        before
    }
}

impl Swift {
    pub(crate) fn new(plan: &Plan, bound: &Bound<'_>) -> Option<Self> {
        let Spacing::Even { hours, last } = plan.spacing else { return None };
        let long = |look: &Look| !matches!(look.per, Period::Day | Period::Ever);
        if bound.calendar.returns() || plan.looks.iter().any(long) {
            return None;
        }
        let mut swift = Self { hours, last, classes: Vec::new(), others: Vec::new() };
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
        let daily = u32::from(look.per == Period::Day);
        Self { slot: look.slot as u32, at_most: look.at_most, daily }
    }
}

impl SwiftClass {
    /// Keeps nothing; `slot` is one that nobody reads.
    fn none(slot: u32) -> Self {
        let step = StepLook { slot, sums: 0, steps: Steps::default() };
        Self {
            row: RowLook {
                cap: Cap { slot, at_most: 0, daily: 0 },
                sums: 0,
                rows: Rows::default(),
            },
            step,
            glimpse: GlimpseLook { step, within: 0 },
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
                self.row = RowLook { cap: Cap::of(look), sums: sums(column), rows };
            }
            Keep::Steps { column, steps } if self.step.slot == free && every => {
                self.step = StepLook { slot, sums: sums(column), steps };
            }
            Keep::Glimpses { column, steps, within } if self.glimpse.step.slot == free && every => {
                let step = StepLook { slot, sums: sums(column), steps };
                self.glimpse = GlimpseLook { step, within };
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
        seen: &mut [Seen],
        latest: &mut [i64],
        additions: &mut Vec<Addition>,
        sums: &mut [L],
    ) {
        let (plan, width) = (&self.plan, self.plan.width);
        let (class_of, classes) = (plan.class_of.as_slice(), swift.classes.as_slice());
        let (instants, steps) = (self.at.len() as i32, plan.steps.as_slice());
        let mut days = Days::new(&self.bound.calendar);
        // Rows are noted here and added later, in a loop in which nothing is left to find out.
        if additions.len() < at.len() {
            additions.resize(at.len(), Addition::default());
        }
        let mut waiting = 0;
        for (at, shape) in at.iter().zip(shapes) {
            let age = swift.last - at;
            if age < 0 {
                break;
            }
            let class = &classes[class_of[*shape as usize] as usize];
            let days = [0, days.number(*at)];
            // Ages are 8.8e7 hours at most.
            let hours = (age as u64 / HOUR_MS as u64) as u32;
            let (back, lag_hours) = (hours / swift.hours, hours % swift.hours);
            let from = instants - 1 - back as i32;

            let RowLook { cap, sums: place, rows } = class.row;
            let slot = &mut seen[cap.slot as usize];
            let enters = u32::from(slot.enter(cap, days));
            slot.counted += enters;
            additions[waiting] =
                Addition { sums: place, row: Tables::row(rows, lag_hours, back + 1) };
            waiting += enters as usize;

            let look = &class.step;
            let slot = &mut seen[look.slot as usize];
            let step = steps[look.steps.place(slot.counted)];
            slot.counted += 1;
            // Most tiers lie far from each other.
            if step != 0 {
                let sum = &mut sums[look.sums as usize + from.max(0) as usize];
                *sum = sum.plus(L::of(step));
            }

            let lag = age - i64::from(hours - lag_hours) * HOUR_MS;
            if lag < class.glimpse.within && from >= 0 {
                let look = &class.glimpse.step;
                let before = seen[look.slot as usize].enter_instant(from as u32);
                let step = L::of(steps[look.steps.place(before)]);
                let pair = &mut sums[look.sums as usize + from as usize..][..2];
                pair[0] = pair[0].plus(step);
                pair[1] = pair[1].plus(step.times(L::of(-1)));
            }

            for index in &swift.others[class.first as usize..class.beyond as usize] {
                let look = &plan.looks[*index as usize];
                if seen[look.slot].enter(Cap::of(look), days) {
                    let place = Place { from: i64::from(from), lag, lag_hours };
                    self.keep(look, *at, place, seen, latest, sums);
                }
            }
        }
        add_rows(sums, plan.tables.weights(), width, &additions[..waiting]);
    }
}

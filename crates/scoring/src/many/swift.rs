//! The pass over the events for nearly every model: instants evenly spaced, counts per day or for
//! ever, and no clock put back over midnight. What is kept the simple ways, rows of weights and steps,
//! takes few instructions an event, and hardly a branch that a processor cannot foresee.

use std::ops::Range;

use super::Instants;
use super::count::{Counted, add_once};
use super::lane::Lane;
use super::places::{Places, Spaces, TOGETHER};
use super::plan::{Keep, Look, Plan, Steps};
use super::rows::{Addition, add_rows};
use super::seen::SlotSeen;
use super::spacing::{HOUR_MS, Place, Spacing};
use crate::bound::Bound;
use crate::calendar::Days;
use crate::model::Period;

/// What the swift pass asks of the events of each class.
#[derive(Debug)]
pub(crate) struct Swift {
    spaces: Spaces,
    /// Class of each shape, as far as a byte tells them apart: the last one keeps nothing.
    class_of: Vec<u8>,
    classes: Box<[SwiftClass; NEAR]>,
    /// Indices into [`Plan::looks`].
    others: Vec<u32>,
    /// Per class of the plan: where its others are.
    others_of: Vec<Range<usize>>,
}

/// So many classes and slots are told apart by a byte, which needs no check whether they are there.
pub(super) const NEAR: usize = 1 << u8::BITS;

/// The class that keeps nothing, and the slot that nobody reads.
const NONE: u8 = u8::MAX;

/// What a class keeps: of each simple way one look stands here, more of them among the others. What a
/// class does not keep is asked for all the same, of a slot that nobody reads: a branch that depends on
/// the kind of the event would cost more.
#[derive(Clone, Copy, Debug)]
struct SwiftClass {
    run: RunOfDay,
    row: RowLook,
    step: StepLook,
    glimpse: GlimpseLook,
}

/// Which events are counted together.
#[derive(Clone, Copy, Debug)]
struct RunOfDay {
    slot: u8,
    /// All ones where events are counted per day; 0 where for ever, which makes all days one.
    daily: u32,
}

#[derive(Clone, Copy, Debug)]
struct RowLook {
    /// So many events of a run count.
    at_most: u32,
    /// Column of sums.
    column: u32,
    /// Where its table begins.
    table: u32,
}

#[derive(Clone, Copy, Debug)]
struct StepLook {
    slot: u8,
    /// So many events of a run count.
    at_most: u32,
    /// Where the group's column begins.
    sums: u32,
}

/// Of a slot that takes every event.
#[derive(Clone, Copy, Debug)]
struct GlimpseLook {
    slot: u8,
    /// Where the group's column begins.
    sums: u32,
    steps: Steps,
    within: i64,
    /// No event of so many whole hours is within.
    hours: u32,
}

impl Swift {
    pub(crate) fn new(plan: &Plan, bound: &Bound<'_>) -> Option<Self> {
        let Spacing::Even { hours, last } = plan.spacing else { return None };
        let long = |look: &Look| !matches!(look.per, Period::Day | Period::Ever);
        if bound.calendar.returns() || plan.looks.iter().any(long) {
            return None;
        }
        if bound.program.slots.len() > usize::from(NONE) {
            return None;
        }
        let number = |class: &u32| u8::try_from(*class).unwrap_or(NONE);
        let mut swift = Self {
            spaces: Spaces::new(hours, last),
            class_of: plan.class_of.iter().map(number).collect(),
            classes: Box::new([SwiftClass::NONE; NEAR]),
            others: Vec::new(),
            others_of: Vec::new(),
        };
        // Which events of a slot count rests on their order: all of them stand here, or among the
        // others. What was left over in some class is left to the others in all of them.
        let mut far = vec![false; bound.program.slots.len()];
        swift.share_out(plan, &mut far);
        swift.share_out(plan, &mut far);
        Some(swift)
    }

    /// Gives each class its looks, but those of slots that are `far`; what finds no place is far.
    fn share_out(&mut self, plan: &Plan, far: &mut [bool]) {
        *self.classes = [SwiftClass::NONE; NEAR];
        (self.others, self.others_of) = Default::default();
        for (number, class) in plan.classes.iter().enumerate() {
            let first = self.others.len();
            let mut near = self.classes[..usize::from(NONE)].get_mut(number);
            let looks = class.first..class.beyond;
            let in_rows =
                |index: &u32| matches!(plan.looks[*index as usize].keep, Keep::Row { .. });
            // A row needs the run, a step may do without.
            for index in looks.clone().filter(in_rows).chain(looks.filter(|index| !in_rows(index)))
            {
                let look = &plan.looks[index as usize];
                let taken =
                    !far[look.slot] && near.as_mut().is_some_and(|class| class.take(look, plan));
                if !taken {
                    far[look.slot] = true;
                    self.others.push(index);
                }
            }
            self.others_of.push(first..self.others.len());
        }
    }
}

impl RunOfDay {
    #[inline(always)]
    fn of(look: &Look) -> Self {
        let daily = u32::from(look.per == Period::Day).wrapping_neg();
        Self { slot: look.slot as u8, daily }
    }
}

impl SwiftClass {
    const NONE: Self = Self {
        run: RunOfDay { slot: NONE, daily: 0 },
        row: RowLook { at_most: 0, column: 0, table: 0 },
        step: StepLook { slot: NONE, at_most: 0, sums: 0 },
        glimpse: GlimpseLook {
            slot: NONE,
            sums: 0,
            steps: Steps { first: 0, last: 0 },
            within: 0,
            hours: 0,
        },
    };

    /// Takes a look, if it is of a simple way that is still free.
    fn take(&mut self, look: &Look, plan: &Plan) -> bool {
        let at_most = look.at_most;
        let (slot, sums) = (look.slot as u8, |column: usize| (column * plan.width) as u32);
        match look.keep {
            Keep::Row { column, table } if self.run.slot == NONE => {
                self.run = RunOfDay::of(look);
                self.row = RowLook { at_most, column: column as u32, table };
            }
            Keep::Steps { column } if self.step.slot == NONE && at_most == u32::MAX => {
                self.step = StepLook { slot, at_most, sums: sums(column) };
            }
            Keep::Steps { column } if self.step.slot == NONE && self.run.slot == NONE => {
                self.run = RunOfDay::of(look);
                self.step = StepLook { slot, at_most, sums: sums(column) };
            }
            Keep::Glimpses { column, steps, within }
                if self.glimpse.slot == NONE && at_most == u32::MAX =>
            {
                let hours = (within as u64).div_ceil(HOUR_MS as u64) as u32;
                self.glimpse = GlimpseLook { slot, sums: sums(column), steps, within, hours };
            }
            _ => return false,
        }
        true
    }
}

/// Some events on their way.
#[derive(Debug)]
pub(super) struct Trail {
    places: Places,
    /// Rows that will be added, in a loop in which nothing is left to find out.
    additions: [Addition; TOGETHER],
    /// Events (indices) that may be seen at one instant alone.
    glimpses: [u32; TOGETHER],
}

impl Trail {
    pub(super) const NOTHING: Self = Self {
        places: Places::NOWHERE,
        additions: [Addition::NOTHING; TOGETHER],
        glimpses: [0; TOGETHER],
    };
}

impl Instants<'_, '_> {
    /// Counts a lead's events like [`Self::count`].
    #[inline(always)]
    pub(super) fn count_swiftly<L: Lane>(
        &self,
        swift: &Swift,
        (at, shapes): (&[i64], &[u32]),
        trail: &mut Trail,
        counted: &mut Counted,
        sums: &mut [L],
    ) {
        let existing = swift.spaces.existing(at);
        let mut days = Days::new(&self.bound.calendar);
        for (at, shapes) in at[..existing].chunks(TOGETHER).zip(shapes[..existing].chunks(TOGETHER))
        {
            trail.places.find(at, swift.spaces, &self.plan.tables, &mut days);
            self.count_together(swift, (at, shapes), trail, counted, sums);
        }
    }

    /// Counts up to [`TOGETHER`] events whose places are known.
    #[inline(always)]
    fn count_together<L: Lane>(
        &self,
        swift: &Swift,
        (at, shapes): (&[i64], &[u32]),
        Trail { places, additions, glimpses }: &mut Trail,
        counted: &mut Counted,
        sums: &mut [L],
    ) {
        let (plan, Counted { seen, latest }) = (&self.plan, counted);
        let near: &mut [SlotSeen; NEAR] = seen.first_chunk_mut().expect("room for near slots");
        let (class_of, classes) = (swift.class_of.as_slice(), &*swift.classes);
        let instants = self.at.len() as u32;
        let (mut added, mut glimpsed) = (0, 0);
        for (event, shape) in shapes.iter().enumerate() {
            let class = &classes[usize::from(class_of[*shape as usize])];
            let place = event % TOGETHER;

            let RunOfDay { slot, daily } = class.run;
            let of_day = near[usize::from(slot)].day.enter(places.days[place] & daily);
            let RowLook { at_most, column, table } = class.row;
            additions[added % TOGETHER] = Addition { column, row: table + places.rows[place] };
            added += usize::from(of_day <= at_most);

            let StepLook { slot, at_most, sums: column } = class.step;
            let stop = &mut near[usize::from(slot)].stop;
            if stop.enter(of_day <= at_most) {
                let from = (instants - 1).saturating_sub(places.back[place]);
                let sum = &mut sums[column as usize + from as usize];
                *sum = sum.plus(L::of(stop.take(&plan.steps)));
            }

            // Whether it is seen is anybody's guess: that is noted without a branch.
            glimpses[glimpsed % TOGETHER] = event as u32;
            glimpsed += usize::from(places.lag_hours[place] < class.glimpse.hours);
        }
        if !swift.others.is_empty() {
            for (event, (at, shape)) in at.iter().zip(shapes).enumerate() {
                let class = plan.class_of[*shape as usize] as usize;
                for index in &swift.others[swift.others_of[class].clone()] {
                    let look = &plan.looks[*index as usize];
                    let RunOfDay { slot, daily } = RunOfDay::of(look);
                    let of_day = near[usize::from(slot)].day.enter(places.days[event] & daily);
                    if of_day <= look.at_most {
                        let place = swift.place(*at, event, places, instants);
                        self.keep(look, *at, place, near, latest, sums);
                    }
                }
            }
        }
        for event in &glimpses[..glimpsed] {
            let event = *event as usize;
            let look = &classes[usize::from(class_of[shapes[event] as usize])].glimpse;
            let back = places.back[event % TOGETHER];
            if swift.spaces.lag(at[event], back) < look.within && back < instants {
                let from = (instants - 1 - back) as usize;
                let step = near[usize::from(look.slot)].glimpse(look.steps, &plan.steps, from);
                add_once(&mut sums[look.sums as usize..], from, L::of(step));
            }
        }
        add_rows(sums, plan.tables.weights(), plan.width, &additions[..added]);
    }
}

impl Swift {
    fn place(&self, at: i64, event: usize, places: &Places, instants: u32) -> Place {
        let (back, lag_hours) = (places.back[event], places.lag_hours[event]);
        let lag = self.spaces.lag(at, back);
        Place { from: i64::from(instants) - 1 - i64::from(back), lag, lag_hours }
    }
}

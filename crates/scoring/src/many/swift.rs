//! The pass over the events for nearly every model: instants evenly spaced, counts per day or for
//! ever, and no clock put back over midnight. What is kept the simple ways, rows of weights and steps,
//! takes few instructions an event, and hardly a branch that a processor cannot foresee.

use super::Instants;
use super::count::{Counted, add_once};
use super::lane::{Addition, Lane, add_rows};
use super::places::{Places, Spaces, TOGETHER};
use super::plan::{Keep, Look, Plan, Steps};
use super::spacing::{HOUR_MS, Place, Spacing};
use crate::bound::Bound;
use crate::calendar::Days;
use crate::model::Period;

/// What the swift pass asks of the events of each class.
#[derive(Debug)]
pub(crate) struct Swift {
    spaces: Spaces,
    classes: Vec<SwiftClass>,
    /// Indices into [`Plan::looks`].
    others: Vec<u32>,
}

/// What a class keeps: of each simple way one look stands here, more of them among the others. What a
/// class does not keep is asked for all the same, of a slot that nobody reads: a branch that depends on
/// the kind of the event would cost more.
#[derive(Clone, Copy, Debug)]
struct SwiftClass {
    run: RunOfDay,
    row: RowLook,
    step: StepLook,
    glimpse: GlimpseLook,
    /// `others[first..beyond]`.
    first: u32,
    beyond: u32,
}

/// Which events are counted together.
#[derive(Clone, Copy, Debug)]
struct RunOfDay {
    slot: u32,
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
    slot: u32,
    /// So many events of a run count.
    at_most: u32,
    /// Where the group's column begins.
    sums: u32,
}

/// Of a slot that takes every event.
#[derive(Clone, Copy, Debug)]
struct GlimpseLook {
    slot: u32,
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
        let spaces = Spaces::new(hours, last);
        let mut swift = Self { spaces, classes: Vec::new(), others: Vec::new() };
        for class in &plan.classes {
            let first = swift.others.len() as u32;
            let mut swift_class = SwiftClass::none(plan);
            let looks = class.first..class.beyond;
            let in_rows =
                |index: &u32| matches!(plan.looks[*index as usize].keep, Keep::Row { .. });
            // A row needs the run, a step may do without.
            for index in looks.clone().filter(in_rows).chain(looks.filter(|index| !in_rows(index)))
            {
                if !swift_class.take(&plan.looks[index as usize], plan) {
                    swift.others.push(index);
                }
            }
            let beyond = swift.others.len() as u32;
            swift.classes.push(SwiftClass { first, beyond, ..swift_class });
        }
        Some(swift)
    }
}

impl RunOfDay {
    #[inline(always)]
    fn of(look: &Look) -> Self {
        let daily = u32::from(look.per == Period::Day).wrapping_neg();
        Self { slot: look.slot as u32, daily }
    }
}

impl SwiftClass {
    /// Keeps nothing.
    fn none(plan: &Plan) -> Self {
        let slot = free(plan);
        Self {
            run: RunOfDay { slot, daily: 0 },
            row: RowLook { at_most: 0, column: 0, table: 0 },
            step: StepLook { slot, at_most: 0, sums: 0 },
            glimpse: GlimpseLook { slot, sums: 0, steps: Steps::default(), within: 0, hours: 0 },
            first: 0,
            beyond: 0,
        }
    }

    /// Takes a look, if it is of a simple way that is still free.
    fn take(&mut self, look: &Look, plan: &Plan) -> bool {
        let (free, at_most) = (free(plan), look.at_most);
        let (slot, sums) = (look.slot as u32, |column: usize| (column * plan.width) as u32);
        match look.keep {
            Keep::Row { column, table } if self.run.slot == free => {
                self.run = RunOfDay::of(look);
                self.row = RowLook { at_most, column: column as u32, table };
            }
            Keep::Steps { column } if self.step.slot == free && at_most == u32::MAX => {
                self.step = StepLook { slot, at_most, sums: sums(column) };
            }
            Keep::Steps { column } if self.step.slot == free && self.run.slot == free => {
                self.run = RunOfDay::of(look);
                self.step = StepLook { slot, at_most, sums: sums(column) };
            }
            Keep::Glimpses { column, steps, within }
                if self.glimpse.slot == free && at_most == u32::MAX =>
            {
                let hours = (within as u64).div_ceil(HOUR_MS as u64) as u32;
                self.glimpse = GlimpseLook { slot, sums: sums(column), steps, within, hours };
            }
            _ => return false,
        }
        true
    }
}

/// The slot that nobody reads.
fn free(plan: &Plan) -> u32 {
    plan.column_of.len() as u32
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
        let (seen, latest) = (seen.as_mut_slice(), latest.as_mut_slice());
        let (class_of, classes) = (plan.class_of.as_slice(), swift.classes.as_slice());
        let instants = self.at.len() as u32;
        let (mut added, mut glimpsed) = (0, 0);
        for (event, shape) in shapes.iter().enumerate() {
            let class = &classes[class_of[*shape as usize] as usize];
            let place = event % TOGETHER;

            let RunOfDay { slot, daily } = class.run;
            let of_day = seen[slot as usize].day.enter(places.days[place] & daily);
            let RowLook { at_most, column, table } = class.row;
            additions[added % TOGETHER] = Addition { column, row: table + places.rows[place] };
            added += usize::from(of_day <= at_most);

            let StepLook { slot, at_most, sums: column } = class.step;
            let stop = &mut seen[slot as usize].stop;
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
                let class = &classes[class_of[*shape as usize] as usize];
                for index in &swift.others[class.first as usize..class.beyond as usize] {
                    let look = &plan.looks[*index as usize];
                    let RunOfDay { slot, daily } = RunOfDay::of(look);
                    let of_day = seen[slot as usize].day.enter(places.days[event] & daily);
                    if of_day <= look.at_most {
                        let place = swift.place(*at, event, places, instants);
                        self.keep(look, *at, place, seen, latest, sums);
                    }
                }
            }
        }
        for event in &glimpses[..glimpsed] {
            let event = *event as usize;
            let look = &classes[class_of[shapes[event] as usize] as usize].glimpse;
            let back = places.back[event % TOGETHER];
            if swift.spaces.lag(at[event], back) < look.within && back < instants {
                let from = (instants - 1 - back) as usize;
                let step = seen[look.slot as usize].glimpse(look.steps, &plan.steps, from);
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

//! One pass over a lead's events: what each adds from the instant on at which it first exists.

use super::Instants;
use super::lane::{Lane, column};
use super::plan::{Keep, Look, Plan};
use super::rows::add_row;
use super::seen::{Run, SlotSeen};
use super::spacing::{HOUR_MS, Place};
use super::swift::NEAR;
use crate::calendar::Periods;
use crate::fold::{NEVER, SlotTally};

/// What is counted of a lead beside sums.
#[derive(Debug)]
pub(super) struct Counted {
    /// Per slot, and as many more as the swift pass wants; the last of those is not read.
    pub(super) seen: Vec<SlotSeen>,
    /// Per curve and instant: the latest event. Nothing but `NEVER` between two leads.
    pub(super) latest: Vec<i64>,
}

impl Counted {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut seen = plan.starts.clone();
        seen.resize(seen.len().max(NEAR), SlotSeen::NOTHING);
        Self { seen, latest: vec![NEVER; plan.width * plan.latest.len()] }
    }

    /// Forgets the last lead, but for what is forgotten where it is read.
    #[inline(always)]
    pub(super) fn begin(&mut self, plan: &Plan) {
        self.seen[..plan.starts.len()].copy_from_slice(&plan.starts);
        self.seen[NEAR - 1].day = Run::NOTHING;
    }
}

impl Instants<'_, '_> {
    /// Counts a lead's events, in columns that hold nothing yet.
    #[inline(never)]
    pub(super) fn count<L: Lane>(
        &self,
        (at, shapes): (&[i64], &[u32]),
        slots: &mut Vec<SlotTally>,
        Counted { seen, latest }: &mut Counted,
        sums: &mut [L],
    ) {
        slots.clear();
        slots.resize(self.bound.hot.len(), SlotTally::EMPTY);
        let last = self.at[self.at.len() - 1].as_millis();
        let returns = self.bound.calendar.returns();
        let mut periods = Periods::new(&self.bound.calendar, self.bound.uses);
        for (at, shape) in at.iter().zip(shapes) {
            if *at > last {
                break;
            }
            let class = &self.plan.classes[self.plan.class_of[*shape as usize] as usize];
            if class.first == class.beyond {
                continue;
            }
            periods.enter(*at);
            let place = self.plan.spacing.place(&self.at, *at);
            for look in &self.plan.looks[class.first as usize..class.beyond as usize] {
                let number = periods.number(look.per);
                if slots[look.slot].enter_period(number, returns) <= look.at_most {
                    seen[look.slot].day.enter(0);
                    self.keep(look, *at, place, seen, latest, sums);
                }
            }
        }
    }

    /// Keeps an event that counts.
    #[inline(never)]
    pub(super) fn keep<L: Lane>(
        &self,
        look: &Look,
        at: i64,
        place: Place,
        seen: &mut [SlotSeen],
        latest: &mut [i64],
        sums: &mut [L],
    ) {
        let (plan, width) = (&self.plan, self.plan.width);
        let from = place.from.max(0) as usize;
        match look.keep {
            Keep::Row { column: number, table } => {
                let back = (self.at.len() as i64 - 1 - place.from) as u32;
                let row = (table + plan.tables.row(place.lag_hours, back)) as usize;
                add_row(&mut sums[column(number, width)], &plan.tables.weights()[row..][..width]);
            }
            Keep::Steps { column: number } => {
                let stop = &mut seen[look.slot].stop;
                if stop.enter(true) {
                    let sum = &mut sums[column(number, width)][from];
                    *sum = sum.plus(L::of(stop.take(&plan.steps)));
                }
            }
            Keep::Glimpses { column: number, steps, within } => {
                if place.lag < within && place.from >= 0 {
                    let step = seen[look.slot].glimpse(steps, &plan.steps, from);
                    add_once(&mut sums[column(number, width)], from, L::of(step));
                }
            }
            Keep::Counts { column: number, within } => {
                let sums = &mut sums[column(number, width)];
                let until = plan.spacing.until(&self.at, place, within);
                if from < until {
                    sums[from] = sums[from].plus(L::of(1));
                    sums[until] = sums[until].plus(L::of(-1));
                }
            }
            Keep::Weights { column: number, within } => {
                let sums = &mut sums[column(number, width)];
                let until = plan.spacing.until(&self.at, place, within);
                let weights = &self.bound.program.slots[look.slot].weights;
                for (sum, instant) in sums.iter_mut().zip(&self.at).take(until).skip(from) {
                    let age = ((instant.as_millis() - at) / HOUR_MS) as u64;
                    *sum = sum.plus(L::of(i64::from(weights.at(age))));
                }
            }
            Keep::Latest { column: number } => latest[column(number, width)][from] = at,
        }
    }
}

/// Adds a number at one instant, in a column that tells what is added from an instant on.
#[inline(always)]
pub(super) fn add_once<L: Lane>(sums: &mut [L], from: usize, number: L) {
    let pair = &mut sums[from..from + 2];
    pair[0] = pair[0].plus(number);
    pair[1] = pair[1].plus(number.times(L::of(-1)));
}

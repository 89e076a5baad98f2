//! What the slots of a program have seen of a lead.

use super::plan::{Plan, Steps};

/// Per slot, and once more for events that no slot takes.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// How many events of the last day there were, where events are counted per day.
    pub(crate) days: Vec<Run>,
    /// How many events the last instant has seen, where an event is seen at one instant at most.
    pub(crate) instants: Vec<Run>,
    /// Where the slot stands on its steps, if its line gives steps.
    pub(crate) stops: Vec<Stop>,
}

impl Seen {
    /// Forgets the last lead.
    #[inline(always)]
    pub(crate) fn begin(&mut self, plan: &Plan) {
        let Self { days, instants, stops } = self;
        let slots = plan.starts.len();
        if stops.len() != slots {
            days.resize(slots, Run::NOTHING);
            instants.resize(slots, Run::NOTHING);
            stops.resize(slots, Stop::NONE);
        }
        days.fill(Run::NOTHING);
        instants.fill(Run::NOTHING);
        stops.copy_from_slice(&plan.starts);
    }

    /// Whether there may be events that counted.
    #[inline(always)]
    pub(crate) fn any(&self, slot: usize) -> bool {
        self.days[slot].0 > 0
    }
}

/// How often in succession a number came, where numbers never fall: the number in the upper half,
/// how often in the lower. What begins a run is then greater than all of the run before, and nothing
/// needs a branch: whether the next event is of the same day is anybody's guess.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run(u64);

impl Run {
    pub(crate) const NOTHING: Self = Self(0);

    /// Takes the next number; answers how often it came, with this time.
    #[inline(always)]
    pub(crate) fn enter(&mut self, number: u32) -> u32 {
        self.0 = self.0.max(u64::from(number) << 32) + 1;
        self.0 as u32
    }
}

/// Where a slot stands on its steps. Most events are between two of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    /// After so many events comes the next step, ...
    left: u32,
    /// ... which is this one.
    step: u32,
}

/// What one more event adds to its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) gives: i64,
    next: Stop,
}

impl Stop {
    /// No lead has so many events.
    pub(crate) const NONE: Self = Self { left: u32::MAX, step: 0 };

    /// Takes an event; answers whether it is a step.
    #[inline(always)]
    pub(crate) fn enter(&mut self) -> bool {
        self.left -= 1;
        self.left == 0
    }

    /// What the step gives; goes on to the next.
    #[inline(always)]
    pub(crate) fn take(&mut self, steps: &[Step]) -> i64 {
        let step = &steps[self.step as usize];
        *self = step.next;
        step.gives
    }
}

impl Step {
    /// Adds the steps of a slot, of which the last is repeated for ever; answers where they are, and where the
    /// slot stands before the first event.
    pub(crate) fn add(steps: &mut Vec<Self>, gives: &[i64]) -> (Steps, Stop) {
        let first = steps.len() as u32;
        let beyond = first + gives.len() as u32;
        let last = beyond - 1;
        // After the last one it comes again with each event.
        let mut next = match gives.last() {
            Some(0) | None => Stop::NONE,
            Some(_) => Stop { left: 1, step: last },
        };
        for (gives, step) in gives.iter().zip(first..beyond).rev() {
            steps.push(Self { gives: *gives, next });
            next = match *gives {
                0 => Stop { left: next.left.saturating_add(1), ..next },
                _ => Stop { left: 1, step },
            };
        }
        steps[first as usize..].reverse();
        (Steps { first, last }, next)
    }
}

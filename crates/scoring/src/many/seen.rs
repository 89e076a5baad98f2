//! What the slots of a program have seen of a lead.

use super::plan::Steps;

/// What a slot has seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotSeen {
    /// How many events of the last day there were, where events are counted per day.
    pub(crate) day: Run,
    /// How many events the last instant has seen, where an event is seen at one instant at most.
    pub(crate) instant: Run,
    /// Where the slot stands on its steps, if its line gives steps.
    pub(crate) stop: Stop,
}

impl SlotSeen {
    pub(crate) const NOTHING: Self =
        Self { day: Run::NOTHING, instant: Run::NOTHING, stop: Stop::NONE };

    /// Whether there may be events that counted.
    #[inline(always)]
    pub(crate) fn any(&self) -> bool {
        self.day.0 > 0
    }

    /// Takes an event that is seen at one instant (index) alone; answers what it adds there.
    #[inline(always)]
    pub(crate) fn glimpse(&mut self, among: Steps, steps: &[Step], instant: usize) -> i64 {
        let before = self.instant.enter(instant as u32 + 1) - 1;
        steps[among.place(before)].gives
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

    /// Takes an event, if it counts; answers whether it is a step.
    #[inline(always)]
    pub(crate) fn enter(&mut self, counts: bool) -> bool {
        self.left -= u32::from(counts);
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

//! Where a lead stands at an instant, without the way there.
//!
//! What is so at that instant decides for nearly everyone: whoever could enter a stage then is in it, and
//! whoever must leave it then is out. Only between the two thresholds the past has a say, and of the past the
//! last instant at which one of the two was so. It is looked for from the end, in stretches that grow.

use leads::Timestamp;

use super::{Possible, Walk};
use crate::bound::Bound;
use crate::fades::last_turn;
use crate::fold::{LeadView, Profile, Score, Tally};

/// Where a lead stood at an earlier instant, by the same facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Earlier {
    /// The instant.
    pub at: Timestamp,
    /// The last stage of the model that it was in.
    pub stage: Option<usize>,
}

impl Earlier {
    /// Whether the lead was in a stage; `None` where that cannot be told.
    fn was_in(self, stage: usize) -> Option<bool> {
        match self.stage {
            Some(known) if stage == known => Some(true),
            Some(known) if stage < known => None,
            _ => Some(false),
        }
    }
}

impl Bound<'_> {
    /// The last stage of the model that a lead is in at an instant.
    pub fn stage<P: Profile>(&self, lead: &LeadView<'_, P>, at: Timestamp) -> Option<usize> {
        let mut tally = Tally::default();
        let score = self.score(lead, at, &mut tally);
        self.stage_of(lead, at, (&score, &tally), None)
    }

    /// The same, where the numbers at that instant have just been reckoned with this tally. Where it is known
    /// how the lead stood `earlier`, that spares a look at most of its past.
    #[inline]
    pub fn stage_of<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        reckoned: (&Score, &Tally),
        earlier: Option<Earlier>,
    ) -> Option<usize> {
        let earlier = earlier.filter(|earlier| earlier.at <= at);
        (0..self.program.model.stages.len()).rev().find(|stage| {
            let walk = Walk { bound: self, lead, stage: *stage, until: at.as_millis() };
            let known = earlier.and_then(|known| Some((known.at, known.was_in(*stage)?)));
            walk.ends_within(reckoned, known)
        })
    }
}

/// Steps from event to event before stretches grow: each costs two looks at all events before it.
const DESCENT_MAX: u32 = 8;

impl<P: Profile> Walk<'_, '_, P> {
    /// Whether the lead is in the stage in the end.
    pub(super) fn is_within(&self) -> bool {
        let mut tally = Tally::default();
        let until = Timestamp::saturating_from_millis(self.until);
        let score = self.bound.score(self.lead, until, &mut tally);
        self.ends_within((&score, &tally), None)
    }

    fn ends_within(
        &self,
        (score, tally): (&Score, &Tally),
        earlier: Option<(Timestamp, bool)>,
    ) -> bool {
        if score.disqualified.is_some() {
            return false;
        }
        let rules = self.rules();
        let is_fast = self.fast_track(self.until, tally).is_some();
        let stays = rules.leave.reached_by(score);
        if rules.requalify_after.as_millis() == 0
            && (is_fast || (stays && rules.enter.reached_by(score)))
        {
            return true;
        }
        if !(stays || is_fast || self.may_still_stay(rules.dwell.as_millis())) {
            return false;
        }
        if self.serves() {
            return self.run().last().is_some_and(|last| last.entered);
        }
        match earlier {
            Some((at, was)) => self.last_word_since(at.as_millis()).unwrap_or(was),
            None => self.last_word_of_all().unwrap_or(false),
        }
    }

    /// Whether, at the last instant that decides anything, the lead enters; `None` where none does after
    /// `since` (ms), an instant at which it is known how the lead stood.
    fn last_word_since(&self, since: i64) -> Option<bool> {
        if self.fades() && last_turn(self.lead, self.until) <= since {
            let events = self.lead.at.partition_point(|at| *at <= self.until);
            if events == 0 || self.lead.at[events - 1] <= since {
                // Higher at no instant than then, and at the end still high enough to stay.
                return None;
            }
        }
        self.last_word(since, self.until)
    }

    /// Whether two scores say everything about the time between two events; see [`Self::descend`].
    fn fades(&self) -> bool {
        self.bound.fades && self.bound.program.fast_tracks(self.stage).next().is_none()
    }

    /// From event to event, or change of a trait, back in time, where numbers only fall in between: the score at
    /// it and the one right before it. The lead neither enters nor leaves at the end. Answers with the last word, or up to
    /// which instant it is still to be looked for; a few steps are enough for most.
    fn descend(&self) -> Result<Option<bool>, i64> {
        let mut steady_since = last_turn(self.lead, self.until);
        let mut tally = Tally::default();
        let rules = self.rules();
        let mut word_at = |at: i64| {
            let at = Timestamp::saturating_from_millis(at);
            let score = self.bound.score(self.lead, at, &mut tally);
            if score.disqualified.is_some() || !rules.leave.reached_by(&score) {
                return Some(false);
            }
            rules.enter.reached_by(&score).then_some(true)
        };
        let mut last = self.until;
        for _ in 0..DESCENT_MAX {
            let events = self.lead.at.partition_point(|at| *at <= last);
            let begin = Timestamp::MIN.as_millis();
            let event = if events == 0 { begin } else { self.lead.at[events - 1] };
            let first = event.max(steady_since);
            // No lower than at the end of the stretch: it may enter here, and does not leave.
            let word = word_at(first);
            if word.is_some() || first == begin {
                return Ok(word);
            }
            last = first - 1;
            if first > event {
                steady_since = last_turn(self.lead, last);
            }
            let word = word_at(last);
            if word.is_some() {
                return Ok(word);
            }
        }
        Err(last)
    }

    /// Whether a stay can have begun so late that it is not over yet. Every earlier one has been served,
    /// and ends as soon as the lead must leave.
    fn may_still_stay(&self, dwell: i64) -> bool {
        let since = self.until.saturating_sub(dwell);
        dwell > 0 && self.look(since, self.until, |look| self.enters(look)).yes
    }

    /// Whether, at the last instant that decides anything, the lead enters; `None` where none does.
    fn last_word_of_all(&self) -> Option<bool> {
        let instants = self.lead.at;
        let mut last = self.until;
        if self.fades() {
            match self.descend() {
                Ok(word) => return word,
                Err(open) => last = open,
            }
        }
        let mut events = instants.partition_point(|at| *at <= last);
        // From event to event at first: a few decide as a rule. Of a stretch with many, bounds say less.
        let mut step = 1;
        while events > 0 {
            events = events.saturating_sub(step);
            let first = instants[events];
            if first <= last {
                let word = self.last_word(first, last);
                if word.is_some() {
                    return word;
                }
                last = first - 1;
            }
            step *= 2;
        }
        self.last_word(Timestamp::MIN.as_millis(), last)
    }

    /// The same between two instants (ms, both included). No lead enters and leaves at one instant.
    fn last_word(&self, first: i64, last: i64) -> Option<bool> {
        if first > last {
            return None;
        }
        let both =
            |first, last| self.look(first, last, |look| (self.enters(look), self.leaves(look)));
        let surely = |possible: Possible| possible.yes && !possible.no;
        let (enters, leaves) = both(first, last);
        if !enters.yes && !leaves.yes {
            return None;
        }
        if surely(enters) || surely(leaves) {
            return Some(enters.yes);
        }
        let second = self.split(first, last);
        if !(enters.yes && leaves.yes) && first < second {
            // Only one of the two can be: it is enough that it is so at some instant, and most are the first.
            let (enters, leaves) = both(first, first);
            if surely(enters) || surely(leaves) {
                return Some(enters.yes);
            }
        }
        self.last_word(second, last).or_else(|| self.last_word(first, second - 1))
    }
}

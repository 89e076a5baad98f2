//! Stages: the walk through a lead's history, from the beginning of time to an instant.
//!
//! Every stage is entered and left on its own. "When is it entered next?" asks for the first
//! instant of a stretch at which something is true: where bounds say that it cannot be, the whole
//! stretch is skipped; where they leave it open, the stretch is halved, down to a millisecond.

use leads::{LeadFacts, Timestamp};
use serde::Serialize;

use crate::bound::Bound;
use crate::bounds::{Envelope, SlotSpan, Span, Stretch};
use crate::fold::{LeadView, Profile, Score, Tally};
use crate::model::{Stage, Thresholds};
use crate::program::Program;
use crate::single::{OneLead, Single};
use crate::sum::reaches;
use crate::truth::{Truth, Truths};

mod place;

pub use place::Earlier;

/// A lead enters or leaves a stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// When; [`Timestamp::MIN`] where it was so from the beginning.
    pub at: Timestamp,
    /// Index of the stage in the model.
    pub stage: usize,
    /// Entered (`true`) or left.
    pub entered: bool,
    /// Why.
    pub reason: Reason,
    /// The numbers at that instant.
    pub score: Score,
}

/// Why a stage was entered or left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// All thresholds of `enter` were reached.
    Reached,
    /// This gate (index) leads straight into the stage.
    FastTrack(usize),
    /// A threshold of `leave` was no longer reached.
    Fell,
    /// This gate (index) disqualified the lead.
    Disqualified(usize),
    /// Sales rejected the lead.
    Rejected,
}

/// What can be at the instants of a stretch: both, or only one of them.
#[derive(Clone, Copy)]
struct Possible {
    yes: bool,
    no: bool,
}

/// A stretch looked at closely.
struct Look<'l> {
    envelope: &'l Envelope,
    /// Whether a fast track to the stage is true.
    fast: Truths,
}

/// One lead at an instant: its numbers, its way there, and where that leads.
#[derive(Clone, PartialEq, Debug)]
pub struct Judgement {
    /// The numbers.
    pub score: Score,
    /// The transitions up to the instant, in order: all, or those after another instant.
    pub walk: Vec<Transition>,
    /// The stages that the lead is in, as indices, in the order of the model.
    pub held: Vec<usize>,
}

impl Judgement {
    /// The last stage of the model that the lead is in, as an index.
    pub fn stage(&self) -> Option<usize> {
        self.held.last().copied()
    }
}

impl Program {
    /// The transitions of one lead up to an instant, in order. `facts` may be in any order.
    pub fn walk(&self, facts: &LeadFacts, until: Timestamp) -> Vec<Transition> {
        let single = Single::new(self, facts);
        single.bind(self).walk(&single.view(), until)
    }

    /// The stage of one lead at an instant, as an index into the model's stages.
    pub fn stage(&self, facts: &LeadFacts, at: Timestamp) -> Option<usize> {
        let single = Single::new(self, facts);
        single.bind(self).stage(&single.view(), at)
    }
}

impl OneLead<'_> {
    /// Everything about the lead at an instant: what [`Program::scores`], [`Program::walk`] and
    /// [`Program::stage`] answer; of the transitions only those after `since`, where that is given, which
    /// spares most of the walk.
    pub fn judgement(&self, since: Option<Timestamp>, at: Timestamp) -> Judgement {
        let (bound, view) = (&self.bound, self.single.view());
        let score = bound.score(&view, at, &mut Tally::default());
        let (mut walk, mut held) = (Vec::new(), Vec::new());
        for index in 0..bound.program.model.stages.len() {
            let course = Walk { bound, lead: &view, stage: index, until: at.as_millis() };
            let (is_within, steps) = match since {
                Some(since) => course.after(since.as_millis()),
                None => course.whole(),
            };
            walk.extend(steps);
            if is_within {
                held.push(index);
            }
        }
        walk.sort_by_key(|step| (step.at, step.stage));
        Judgement { score, walk, held }
    }

    /// The transitions up to an instant, in order.
    pub fn walk(&self, until: Timestamp) -> Vec<Transition> {
        self.bound.walk(&self.single.view(), until)
    }
}

impl Bound<'_> {
    /// The transitions of a lead up to an instant, in order of time and then of the stages.
    pub fn walk<P: Profile>(&self, lead: &LeadView<'_, P>, until: Timestamp) -> Vec<Transition> {
        let stages = 0..self.program.model.stages.len();
        let walks = stages.map(|stage| Walk { bound: self, lead, stage, until: until.as_millis() });
        let mut transitions: Vec<Transition> = walks.flat_map(|walk| walk.run()).collect();
        transitions.sort_by_key(|transition| (transition.at, transition.stage));
        transitions
    }
}

/// The walk through one stage.
struct Walk<'w, 'p, P> {
    bound: &'w Bound<'p>,
    lead: &'w LeadView<'w, P>,
    stage: usize,
    until: i64,
}

impl<P: Profile> Walk<'_, '_, P> {
    /// Whether the lead is in the stage in the end, and all transitions.
    fn whole(&self) -> (bool, Vec<Transition>) {
        let steps = self.run();
        (steps.last().is_some_and(|last| last.entered), steps)
    }

    /// The same, but only the transitions after an instant (ms). Where no stay and no rest is to be
    /// served, whether the lead was in the stage at that instant says all about the time before it.
    fn after(&self, since: i64) -> (bool, Vec<Transition>) {
        if self.serves() || since >= self.until {
            let (is_within, mut steps) = self.whole();
            steps.retain(|step| step.at.as_millis() > since);
            return (is_within, steps);
        }
        let mut is_within = Self { until: since, ..*self }.is_within();
        let (mut now, mut steps) = (since, Vec::new());
        loop {
            let turn = if is_within {
                self.first(now, self.until, |look| self.leaves(look))
            } else {
                self.first(now, self.until, |look| self.enters(look))
            };
            let Some(at) = turn else { return (is_within, steps) };
            is_within = !is_within;
            steps.push(self.transition(at, is_within));
            now = at;
        }
    }

    fn run(&self) -> Vec<Transition> {
        let rules = self.rules();
        let (dwell, rest) = (rules.dwell.as_millis(), rules.requalify_after.as_millis());
        let mut transitions = Vec::new();
        let mut now = Timestamp::MIN.as_millis();
        let rejections = if rest > 0 { self.rejections() } else { Vec::new() };
        let next_rejection =
            |after: i64| rejections.iter().copied().find(|at| *at > after).unwrap_or(i64::MAX);
        loop {
            // Out: rested after every rejection, until the next one.
            while let Some(at) =
                rejections.iter().copied().rfind(|at| *at <= now && now - at < rest)
            {
                now = at.saturating_add(rest);
            }
            let next = next_rejection(now);
            match self.first(now, self.until.min(next - 1), |look| self.enters(look)) {
                Some(entered) => {
                    transitions.push(self.transition(entered, true));
                    now = entered;
                }
                None if next <= self.until => {
                    now = next;
                    continue;
                }
                None => return transitions,
            }
            // In: first the time it stays whatever its score, then the time after.
            let next = next_rejection(now);
            let last = self.until.min(next - 1);
            let stays = now.saturating_add(dwell);
            let left = self
                .first(now, last.min(stays - 1), |look| disqualified(look.envelope))
                .or_else(|| self.first(stays, last, |look| self.leaves(look)))
                .or_else(|| (next <= self.until).then_some(next));
            let Some(left) = left else { return transitions };
            transitions.push(self.transition(left, false));
            now = left;
        }
    }

    /// Whether a stay or a rest is to be served: then what is so at an instant does not say everything about
    /// the time before it.
    fn serves(&self) -> bool {
        let rules = self.rules();
        rules.dwell.as_millis() > 0 || rules.requalify_after.as_millis() > 0
    }

    fn rules(&self) -> &Stage {
        &self.bound.program.model.stages[self.stage]
    }

    /// Instants at which sales rejected the lead.
    fn rejections(&self) -> Vec<i64> {
        let slot = self.bound.program.rejections[self.stage] as u16;
        let events = self.lead.at.iter().zip(self.lead.shapes);
        let rejected = events.filter(|(_, shape)| self.bound.slots_of(**shape).contains(&slot));
        rejected.map(|(at, _)| *at).collect()
    }

    fn enters(&self, look: &Look<'_>) -> Possible {
        let rules = self.rules();
        let reached =
            all_reached(&rules.enter, look.envelope).and(all_reached(&rules.leave, look.envelope));
        reached.or(Possible::of(look.fast)).and(disqualified(look.envelope).not())
    }

    fn leaves(&self, look: &Look<'_>) -> Possible {
        let stays = all_reached(&self.rules().leave, look.envelope).or(Possible::of(look.fast));
        stays.not().or(disqualified(look.envelope))
    }

    /// The first instant of a stretch (ms, both ends included) at which `wanted` is so.
    fn first(
        &self,
        first: i64,
        last: i64,
        wanted: impl Fn(&Look<'_>) -> Possible + Copy,
    ) -> Option<i64> {
        if first > last {
            return None;
        }
        let possible = self.look(first, last, wanted);
        if !possible.yes {
            return None;
        }
        if !possible.no || first == last {
            return Some(first);
        }
        let second = self.split(first, last);
        self.first(first, second - 1, wanted).or_else(|| self.first(second, last, wanted))
    }

    /// What can be so in a stretch (ms, both ends included).
    fn look<T>(&self, first: i64, last: i64, what: impl Fn(&Look<'_>) -> T) -> T {
        let stretch = Stretch { first, last };
        let slots = self.bound.spans(self.lead, stretch);
        let envelope = self.bound.envelope(self.lead, stretch, &slots);
        what(&Look { envelope: &envelope, fast: self.fast(stretch, &slots) })
    }

    /// Where to halve a stretch: at the middle one of the facts in it, or in the middle of its time.
    fn split(&self, first: i64, last: i64) -> i64 {
        let from = self.lead.at.partition_point(|at| *at <= first);
        let until = self.lead.at.partition_point(|at| *at <= last);
        if from < until {
            return self.lead.at[usize::midpoint(from, until - 1)];
        }
        let mut turn = None;
        self.lead.profile.turns(first, last, &mut |at| turn = turn.or(Some(at)));
        turn.unwrap_or(first + (last - first) / 2 + 1)
    }

    fn fast(&self, stretch: Stretch, slots: &[SlotSpan]) -> Truths {
        let tracks = self.bound.program.fast_tracks(self.stage);
        let answers =
            tracks.map(|(_, clause)| self.bound.clause_truths(clause, self.lead, stretch, slots));
        answers.fold(Truths::one(Truth::False), |all, track| all.pairwise(track, Truth::or))
    }

    /// The transition at an instant, with its reason.
    fn transition(&self, at: i64, entered: bool) -> Transition {
        let at = Timestamp::saturating_from_millis(at);
        let mut tally = Tally::default();
        let score = self.bound.score(self.lead, at, &mut tally);
        let reason =
            if entered { self.why_entered(at, &score, &tally) } else { self.why_left(at, &score) };
        Transition { at, stage: self.stage, entered, reason, score }
    }

    fn why_entered(&self, at: Timestamp, score: &Score, tally: &Tally) -> Reason {
        let reached = self.rules().enter.reached_by(score) && self.rules().leave.reached_by(score);
        match self.fast_track(at.as_millis(), tally) {
            Some(gate) if !reached => Reason::FastTrack(gate),
            _ => Reason::Reached,
        }
    }

    /// The first gate that leads straight into the stage at an instant (ms) for which the lead was counted.
    fn fast_track(&self, at: i64, tally: &Tally) -> Option<usize> {
        let counted = |slot: usize| u64::from(tally.slots[slot].counted);
        let at = Timestamp::saturating_from_millis(at);
        let answer = |clause| self.bound.clause(clause, self.lead, at, &counted);
        let mut tracks = self.bound.program.fast_tracks(self.stage);
        tracks.find(|(_, clause)| answer(clause) == Truth::True).map(|(gate, _)| gate)
    }

    fn why_left(&self, at: Timestamp, score: &Score) -> Reason {
        match score.disqualified {
            Some(gate) => Reason::Disqualified(usize::from(gate)),
            None if self.rules().requalify_after > leads::Duration::ZERO
                && self.rejections().contains(&at.as_millis()) =>
            {
                Reason::Rejected
            }
            None => Reason::Fell,
        }
    }
}

impl Thresholds {
    /// Whether every threshold is reached.
    pub fn reached_by(&self, score: &Score) -> bool {
        let one =
            |threshold: Option<leads::Points>, number| threshold.is_none_or(|t| reaches(number, t));
        one(self.score, score.score)
            && one(self.fit, score.fit)
            && one(self.engagement, score.engagement)
    }
}

impl Possible {
    fn of(truths: Truths) -> Self {
        Self {
            yes: truths.has(Truth::True),
            no: truths.has(Truth::False) || truths.has(Truth::Unknown),
        }
    }

    fn and(self, other: Self) -> Self {
        Self { yes: self.yes && other.yes, no: self.no || other.no }
    }

    fn or(self, other: Self) -> Self {
        Self { yes: self.yes || other.yes, no: self.no && other.no }
    }

    fn not(self) -> Self {
        Self { yes: self.no, no: self.yes }
    }
}

fn all_reached(thresholds: &Thresholds, envelope: &Envelope) -> Possible {
    let one = |threshold: Option<leads::Points>, span: Span<i64>| {
        threshold.map_or(Possible { yes: true, no: false }, |threshold| Possible {
            yes: reaches(span.most, threshold),
            no: !reaches(span.least, threshold),
        })
    };
    one(thresholds.score, envelope.score)
        .and(one(thresholds.fit, envelope.fit))
        .and(one(thresholds.engagement, envelope.engagement))
}

fn disqualified(envelope: &Envelope) -> Possible {
    Possible::of(envelope.disqualified)
}

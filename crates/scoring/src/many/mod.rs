//! One lead at many instants in one pass over its events.
//!
//! What an event gives at later instants follows from its age: where instants are evenly spaced, a
//! row of weights that is added as a whole; and what rests on the number of events is a step. The
//! rules are those of [`crate::fold`]; the laws hold the two together.
#![expect(clippy::inline_always, reason = "what is called anew is compiled without wide registers")]

use leads::Timestamp;
use pulp::{Arch, Simd, WithSimd};

use self::columns::Columns;
use self::count::Counted;
use self::lane::{Lane, grade};
use self::plan::Plan;
use self::settle::Traits;
use self::swift::{Swift, Trail};
use crate::bound::Bound;
use crate::fold::{LeadView, Profile, Score, SlotTally, Tally};
use crate::standing::Standing;
use crate::sum::Sums;

mod columns;
mod count;
mod lane;
mod lines;
mod places;
mod plan;
mod rows;
mod seen;
mod settle;
mod spacing;
mod steady;
mod swift;
mod widths;

/// A bound program and the instants to score at.
#[derive(Debug)]
pub struct Instants<'b, 'p> {
    bound: &'b Bound<'p>,
    /// In rising order.
    at: Vec<Timestamp>,
    plan: Plan,
    /// What a swifter pass needs, where model and instants allow it.
    swift: Option<Swift>,
    /// Whether each gate can change only where the profile does.
    steady_gates: Vec<bool>,
    /// Whether some gate disqualifies.
    disqualifies: bool,
    /// What the processor has.
    arch: Arch,
    /// Whether only one instant at a time will do.
    one_by_one: bool,
}

/// Scores one lead after the other; keep one per thread.
#[derive(Debug)]
pub struct Scorer<'i, 'b, 'p> {
    instants: &'i Instants<'b, 'p>,
    /// The columns of a lead whose sums fit 32 bits, ...
    narrow: Columns<i32>,
    /// ... or 64; from the first such lead on.
    wide: Option<Columns<i64>>,
    /// What a lead that needs 128 bits got, the long way.
    long: Vec<Score>,
    single: Tally,
    /// Which of the three it was.
    sums: Width,
    work: Work,
}

/// What does not depend on the width of the sums.
#[derive(Debug)]
struct Work {
    /// Calendar periods per slot, where they are asked for the long way.
    slots: Vec<SlotTally>,
    trail: Box<Trail>,
    counted: Counted,
    /// Instants (indices) from which on the profile is another.
    epochs: Vec<usize>,
    /// One for each instant, and some more.
    scores: Vec<i32>,
    disqualified: Vec<Option<u16>>,
}

#[derive(Clone, Copy, Debug)]
enum Width {
    Narrow,
    Wide,
    Long,
}

/// One lead's numbers at every instant.
#[derive(Clone, Copy, Debug)]
pub struct Moments<'t> {
    scorer: &'t Scorer<'t, 't, 't>,
}

impl Moments<'_> {
    /// How many instants there are.
    pub fn len(&self) -> usize {
        self.scorer.instants.at.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All numbers at an instant.
    #[inline]
    pub fn at(&self, instant: usize) -> Score {
        let Scorer { instants, narrow, wide, long, sums, work, .. } = self.scorer;
        let (fit, engagement) = match (sums, wide) {
            (Width::Wide, Some(wide)) => wide.totals(instant),
            (Width::Long, _) => return long[instant],
            _ => narrow.totals(instant),
        };
        let disqualified = work.disqualified.get(instant).copied().flatten();
        let grain = instants.plan.rounding.grain;
        let sums = Sums { fit: fit * grain, engagement: engagement * grain };
        instants.bound.numbers(sums, disqualified)
    }

    /// All numbers at every instant.
    pub fn iter(&self) -> impl Iterator<Item = Score> {
        (0..self.len()).map(|instant| self.at(instant))
    }

    /// The score alone at every instant, which costs nothing more.
    #[inline]
    pub fn scores(&self) -> &[i32] {
        &self.scorer.work.scores[..self.len()]
    }
}

impl<'p> Bound<'p> {
    /// Prepares scoring at these instants, which are put in order.
    pub fn at_instants<'b>(&'b self, instants: &[Timestamp]) -> Instants<'b, 'p> {
        let mut at = instants.to_vec();
        at.sort_unstable();
        let gates = &self.program.gates;
        let plan = Plan::new(self, &at);
        Instants {
            bound: self,
            swift: Swift::new(&plan, self),
            plan,
            steady_gates: gates.iter().map(|clause| self.is_steady(clause)).collect(),
            arch: Arch::new(),
            disqualifies: self.program.disqualifying().next().is_some(),
            one_by_one: self.has_dated_slots || at.len() < 2,
            at,
        }
    }
}

/// Scoring a lead, compiled once for each width of a processor's registers.
struct OneLead<'t, 'b, 'p, 'v, L, P> {
    instants: &'t Instants<'b, 'p>,
    lead: &'t LeadView<'v, P>,
    standing: Option<&'t [i64]>,
    columns: &'t mut Columns<L>,
    work: &'t mut Work,
}

impl<L: Lane, P: Profile> WithSimd for OneLead<'_, '_, '_, '_, L, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { instants, lead, standing, columns, work } = self;
        instants.score_in(simd, (lead, standing), columns, work);
    }
}

impl<'b, 'p> Instants<'b, 'p> {
    /// The instants in rising order.
    pub fn at(&self) -> &[Timestamp] {
        &self.at
    }

    /// What scores leads at these instants.
    pub fn scorer(&self) -> Scorer<'_, 'b, 'p> {
        Scorer {
            instants: self,
            narrow: Columns::new(self.plan.width, self.plan.columns),
            wide: None,
            long: Vec::new(),
            single: Tally::default(),
            sums: Width::Narrow,
            work: Work {
                slots: Vec::new(),
                trail: Box::new(Trail::NOTHING),
                counted: Counted::new(&self.plan),
                epochs: Vec::new(),
                scores: vec![0; self.plan.width],
                disqualified: Vec::new(),
            },
        }
    }

    #[inline(always)]
    fn score_in<L: Lane, P: Profile, S: Simd>(
        &self,
        simd: S,
        (lead, standing): (&LeadView<'_, P>, Option<&[i64]>),
        columns: &mut Columns<L>,
        work: &mut Work,
    ) {
        let (plan, scale) = (&self.plan, self.bound.program.model.scale);
        let Work { slots, trail, counted, epochs, scores, disqualified } = work;
        counted.begin(plan);
        let events = (lead.at, lead.shapes);
        match &self.swift {
            Some(swift) => self.count_swiftly(swift, events, trail, counted, &mut columns.sums),
            None => self.count(events, slots, counted, &mut columns.sums),
        }
        if standing.is_none() || self.disqualifies {
            self.find_epochs(lead, epochs);
        }
        let traits = match standing {
            Some(units) => Traits::Standing { units, from: self.known_from(lead.created_at) },
            None => Traits::Changing { epochs },
        };
        self.settle(simd, lead, traits, counted, columns);
        grade(scores, &columns.fit, &columns.engagement, plan.rounding, scale);
        if self.disqualifies {
            let kept = &columns.sums[plan.width * plan.groups.len()..];
            self.find_disqualified(lead, epochs, &counted.seen, kept, disqualified);
            let out = scores.iter_mut().zip(disqualified.iter());
            out.filter(|(_, gate)| gate.is_some())
                .for_each(|(score, _)| *score = scale.bottom as i32);
        }
        self.clear(counted, columns);
    }
}

impl Scorer<'_, '_, '_> {
    /// Scores a lead at every instant. `standing` is what the traits of a stretch of leads give, and
    /// the lead's place in it, where none of its traits changes once the lead is known.
    pub fn score<P: Profile>(
        &mut self,
        lead: &LeadView<'_, P>,
        standing: Option<(&Standing, usize)>,
    ) -> Moments<'_> {
        let Self { instants, narrow, wide, work, .. } = self;
        let Instants { bound, plan, arch, .. } = instants;
        work.disqualified.clear();
        let standing = standing.map(|(standing, place)| standing.of(place));
        if instants.one_by_one || !bound.is_narrow(lead.at.len()) {
            self.score_long(lead);
        } else if plan.widths.are_narrow(&plan.class_of, lead.shapes) {
            self.sums = Width::Narrow;
            arch.dispatch(OneLead { instants, lead, standing, columns: narrow, work });
        } else {
            self.sums = Width::Wide;
            let columns = wide.get_or_insert_with(|| Columns::new(plan.width, plan.columns));
            arch.dispatch(OneLead { instants, lead, standing, columns, work });
        }
        Moments { scorer: self }
    }

    /// One instant after the other.
    fn score_long<P: Profile>(&mut self, lead: &LeadView<'_, P>) {
        let Instants { bound, at, .. } = self.instants;
        self.sums = Width::Long;
        self.long.clear();
        self.long.extend(at.iter().map(|at| bound.score(lead, *at, &mut self.single)));
        // A scale ends at a million points.
        let scores = self.long.iter().map(|score| score.score as i32);
        self.work.scores.iter_mut().zip(scores).for_each(|(place, score)| *place = score);
    }
}

//! One lead at many instants in one pass over its events.
//!
//! What an event gives at later instants follows from its age: where instants are evenly spaced, a
//! row of weights that is added as a whole; and what rests on the number of events is a step. The
//! rules are those of [`crate::fold`]; the laws hold the two together.
#![expect(clippy::inline_always, reason = "what is called anew is compiled without wide registers")]

use leads::Timestamp;
use pulp::{Arch, Simd, WithSimd};

use self::columns::Columns;
use self::lane::{Addition, Lane, grade};
use self::plan::Plan;
use self::seen::Seen;
use self::swift::Swift;
use crate::bound::Bound;
use crate::fold::{LeadView, NEVER, Profile, Score, SlotTally, Tally};
use crate::standing::Standing;
use crate::sum::Sums;

mod columns;
mod count;
mod lane;
mod plan;
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

/// Working memory; keep one per thread.
#[derive(Debug, Default)]
pub struct ManyTally {
    /// The columns of a lead whose sums fit 32 bits, ...
    narrow: Columns<i32>,
    /// ... or 64.
    wide: Columns<i64>,
    /// What a lead that needs 128 bits got, the long way.
    long: Vec<Score>,
    single: Tally,
    /// Which of the three it was.
    sums: Width,
    work: Work,
}

/// What does not depend on the width of the sums.
#[derive(Debug, Default)]
struct Work {
    /// Calendar periods per slot, where they are asked for the long way.
    slots: Vec<SlotTally>,
    seen: Seen,
    additions: Vec<Addition>,
    /// Per curve and instant: the latest event. Nothing but `NEVER` between two leads.
    latest: Vec<i64>,
    /// Instants (indices) from which on the profile is another.
    epochs: Vec<usize>,
    scores: Vec<i32>,
    disqualified: Vec<Option<u16>>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Width {
    #[default]
    Narrow,
    Wide,
    Long,
}

/// One lead's numbers at every instant.
#[derive(Clone, Copy, Debug)]
pub struct Moments<'t> {
    bound: &'t Bound<'t>,
    tally: &'t ManyTally,
    /// Units of 1e-8 point in the unit of the sums.
    grain: i64,
}

impl Moments<'_> {
    /// How many instants there are.
    pub fn len(&self) -> usize {
        self.tally.work.scores.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All numbers at an instant.
    #[inline]
    pub fn at(&self, instant: usize) -> Score {
        let (fit, engagement) = match self.tally.sums {
            Width::Narrow => self.tally.narrow.sums(instant),
            Width::Wide => self.tally.wide.sums(instant),
            Width::Long => return self.tally.long[instant],
        };
        let disqualified = self.tally.work.disqualified.get(instant).copied().flatten();
        let sums = Sums { fit: fit * self.grain, engagement: engagement * self.grain };
        self.bound.numbers(sums, disqualified)
    }

    /// All numbers at every instant.
    pub fn iter(&self) -> impl Iterator<Item = Score> {
        (0..self.len()).map(|instant| self.at(instant))
    }

    /// The score alone at every instant, which costs nothing more.
    #[inline]
    pub fn scores(&self) -> &[i32] {
        &self.tally.work.scores
    }
}

impl<L: Lane> Columns<L> {
    /// Fit and engagement.
    fn sums(&self, instant: usize) -> (i64, i64) {
        (self.fit[instant].wide(), self.engagement[instant].wide())
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
    fn with_simd<S: Simd>(self, _: S) {
        self.instants.score_in(self.lead, self.standing, self.columns, self.work);
    }
}

impl Instants<'_, '_> {
    /// The instants in rising order.
    pub fn at(&self) -> &[Timestamp] {
        &self.at
    }

    /// Scores a lead at every instant. `standing` is what the traits of a stretch of leads give, and
    /// the lead's place in it, where none of its traits changes once the lead is known.
    pub fn score<'t, P: Profile>(
        &'t self,
        lead: &LeadView<'_, P>,
        standing: Option<(&Standing, usize)>,
        tally: &'t mut ManyTally,
    ) -> Moments<'t> {
        let ManyTally { narrow, wide, work, sums, .. } = tally;
        work.disqualified.clear();
        let standing = standing.map(|(standing, place)| standing.of(place));
        if self.one_by_one || !self.bound.is_narrow(lead.at.len()) {
            self.score_long(lead, tally);
        } else if self.plan.widths.are_narrow(&self.plan.class_of, lead.shapes) {
            *sums = Width::Narrow;
            self.arch.dispatch(OneLead { instants: self, lead, standing, columns: narrow, work });
        } else {
            *sums = Width::Wide;
            self.arch.dispatch(OneLead { instants: self, lead, standing, columns: wide, work });
        }
        Moments { bound: self.bound, tally, grain: self.plan.rounding.grain }
    }

    /// One instant after the other.
    fn score_long<P: Profile>(&self, lead: &LeadView<'_, P>, tally: &mut ManyTally) {
        tally.sums = Width::Long;
        tally.long.clear();
        let scores = self.at.iter().map(|at| self.bound.score(lead, *at, &mut tally.single));
        tally.long.extend(scores);
        tally.work.scores.clear();
        // A scale ends at a million points.
        tally.work.scores.extend(tally.long.iter().map(|score| score.score as i32));
    }

    #[inline(always)]
    fn score_in<L: Lane, P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        standing: Option<&[i64]>,
        columns: &mut Columns<L>,
        work: &mut Work,
    ) {
        let (plan, scale) = (&self.plan, self.bound.program.model.scale);
        let Work { slots, seen, additions, latest, epochs, scores, disqualified } = work;
        columns.fit_to(plan.width, plan.columns);
        latest.resize(plan.width * plan.latest.len(), NEVER);
        seen.begin(plan);
        let events = (lead.at, lead.shapes);
        match &self.swift {
            Some(swift) => {
                self.count_swiftly(swift, events, seen, latest, additions, &mut columns.sums);
            }
            None => self.count(events, slots, seen, latest, &mut columns.sums),
        }
        self.find_epochs(lead, epochs);
        self.settle((lead, standing), epochs, seen, latest, columns);
        scores.resize(plan.width, 0);
        grade(scores, &columns.fit, &columns.engagement, plan.rounding, scale);
        scores.truncate(self.at.len());
        if self.disqualifies {
            let kept = &columns.sums[plan.width * plan.groups.len()..];
            self.find_disqualified(lead, epochs, seen, kept, disqualified);
            let out = scores.iter_mut().zip(disqualified.iter());
            out.filter(|(_, gate)| gate.is_some())
                .for_each(|(score, _)| *score = scale.bottom as i32);
        }
        self.clear(seen, latest, columns);
    }
}

//! Scoring lead after lead under one program: traits by the column where none changes, stages from the numbers.

use leads::Timestamp;
use scoring::stages::Earlier;
use scoring::{Amount, Apart, Bound, Crowd, LeadView, Score, Standing, Tally};

use crate::rescore::Scored;
use crate::roster::{RowProfile, Stretch};

/// What scoring under one program keeps from lead to lead.
#[derive(Debug, Default)]
pub(crate) struct Scorer {
    tally: Tally,
    standing: Standing,
}

impl Scorer {
    /// Reckons what the traits of a stretch of leads give.
    pub(crate) fn stand(&mut self, bound: &Bound<'_>, stretch: &Stretch<'_>) {
        bound.stand(stretch, &mut self.standing);
    }

    /// Scores a lead, by what its traits give where it has a `place` in the stretch: none of them changes.
    #[inline]
    pub(crate) fn score(
        &mut self,
        bound: &Bound<'_>,
        lead: &LeadView<'_, RowProfile<'_>>,
        at: Timestamp,
        place: Option<usize>,
        earlier: Option<Earlier>,
    ) -> Scored {
        let standing = place.map(|place| (&self.standing, place));
        let score = bound.score_standing(lead, at, &mut self.tally, standing);
        self.staged(bound, lead, at, score, earlier)
    }

    /// The same of a lead of a crowd, by its number there, without a stage; the events of `lead` are not looked at.
    #[inline]
    pub(crate) fn score_in_crowd(
        &mut self,
        bound: &Bound<'_>,
        lead: &LeadView<'_, RowProfile<'_>>,
        crowd: (&Crowd<'_>, usize),
        place: Option<usize>,
    ) -> Scored {
        let standing = place.map(|place| (&self.standing, place));
        let score = bound.score_in_crowd(lead, crowd, &mut self.tally, standing);
        Scored { score, stage: None }
    }

    /// The same for a lead that has just been scored at this instant by the scorer of a program that counts
    /// alike ([`scoring::Program::counts_as`]).
    #[inline]
    pub(crate) fn score_counted(
        &mut self,
        bound: &Bound<'_>,
        lead: &LeadView<'_, RowProfile<'_>>,
        at: Timestamp,
        place: Option<usize>,
        counted: &Self,
    ) -> Scored {
        let standing = place.map(|place| (&self.standing, place));
        let score = bound.score_counted(lead, at, (&counted.tally, &mut self.tally), standing);
        self.staged(bound, lead, at, score, None)
    }

    /// Whether the lead that was scored last has no event that tells another program apart from this one.
    #[inline]
    pub(crate) fn is_the_same(&self, bound: &Bound<'_>, apart: &Apart) -> bool {
        bound.is_the_same(apart, &self.tally)
    }

    /// The numbers of the lead that was scored last, with its stage.
    #[inline]
    fn staged(
        &self,
        bound: &Bound<'_>,
        lead: &LeadView<'_, RowProfile<'_>>,
        at: Timestamp,
        score: Score,
        earlier: Option<Earlier>,
    ) -> Scored {
        let stage = bound.stage_of(lead, at, (&score, &self.tally), earlier);
        Scored { score, stage: stage.map(|stage| stage as u8) }
    }

    /// What a criterion gives the lead that was scored last.
    #[inline]
    pub(crate) fn amount(
        &self,
        bound: &Bound<'_>,
        criterion: usize,
        lead: &LeadView<'_, RowProfile<'_>>,
        at: Timestamp,
    ) -> Amount {
        bound.amount_of(criterion, lead, at, &self.tally)
    }
}

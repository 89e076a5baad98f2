//! One lead: what is known about it, why it stands where it does, and how it got there.

use history::{Course, course};
use leads::{LeadFacts, Timestamp};
use scoring::{OneLead, Program, ScoreCard};
use serde::Serialize;
use store::reading::{LeadRecord, lead_facts};
use store::scores::{activations, active_at, version};

use crate::models::read;
use crate::{Live, LiveError};

/// A score at an instant, and everything that led to it.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// The score card.
    #[serde(flatten)]
    pub card: ScoreCard,
    /// The version of the model that it follows.
    pub version: i64,
    /// The stage at that instant.
    pub stage: Option<String>,
    /// Since when the lead is in it; `None`: it is in none, or has been from the beginning.
    pub stage_since: Option<Timestamp>,
    /// Traits that are not known and that would decide something.
    pub worth_asking: Vec<String>,
}

/// The course of a lead's score by the versions that counted.
#[derive(Clone, Debug, Serialize)]
pub struct RecordedCourse {
    /// The course, stretch by stretch: a step from one version to the next is seen in its samples, and no
    /// entry of its changes.
    #[serde(flatten)]
    pub course: Course,
    /// Which version counted when, within the course.
    pub versions: Vec<Stretch>,
}

/// A stretch of time in which a version counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Stretch {
    /// The version.
    pub version: i64,
    /// The first instant.
    pub from: Timestamp,
    /// The last instant that was looked at.
    pub to: Timestamp,
}

impl Live {
    /// Everything that is known about a lead.
    pub fn record(&self, lead: &str) -> Result<LeadRecord, LiveError> {
        let record = self
            .inner
            .store
            .read(|tx| lead_facts(tx, &self.inner.segments, lead).map_err(LiveError::from))?;
        if !record.is_there() {
            return Err(LiveError::NoLead(lead.to_owned()));
        }
        Ok(record)
    }

    /// A lead's facts as scoring takes them.
    pub fn facts(&self, lead: &str) -> Result<LeadFacts, LiveError> {
        Ok(self.record(lead)?.facts(&self.inner.around.email_kind))
    }

    /// Explains a lead's score at an instant: `as_recorded` under the version that was active then,
    /// else as if today's had always been.
    pub fn explain(
        &self,
        lead: &str,
        model: &str,
        at: Timestamp,
        as_recorded: bool,
    ) -> Result<Explained, LiveError> {
        let facts = self.facts(lead)?;
        let no_model = || LiveError::NoModel(model.to_owned());
        if !as_recorded {
            let lineup = self.lineup();
            let line = lineup.line(model).ok_or_else(no_model)?;
            return Ok(explained(&line.program, line.version, &facts, at));
        }
        let then = self.inner.store.read(|tx| active_at(tx, model, at).map_err(LiveError::from))?;
        let then = then.ok_or_else(no_model)?;
        let (document, _) = read(&then.document).map_err(|_| no_model())?;
        Ok(explained(&Program::new(document), then.version, &facts, at))
    }

    /// The course of a lead's score from one instant to another, under the version in force.
    pub fn course(
        &self,
        lead: &str,
        model: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Course, LiveError> {
        let facts = self.facts(lead)?;
        let lineup = self.lineup();
        let line = lineup.line(model).ok_or_else(|| LiveError::NoModel(model.to_owned()))?;
        Ok(course(&line.program, &facts, from, to))
    }

    /// The same by the version that counted at each instant; where none did, nothing.
    pub fn course_as_recorded(
        &self,
        lead: &str,
        model: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<RecordedCourse, LiveError> {
        let facts = self.facts(lead)?;
        let no_model = || LiveError::NoModel(model.to_owned());
        let mut whole: Option<RecordedCourse> = None;
        for interval in self.inner.store.read(|tx| activations(tx, model))? {
            let end = interval
                .to
                .map_or(to, |end| Timestamp::saturating_from_millis(end.as_millis() - 1).min(to));
            let begin = interval.from.max(from);
            if begin > end {
                continue;
            }
            let then = self.inner.store.read(|tx| version(tx, model, interval.version))?;
            let then = then.ok_or_else(no_model)?;
            let (document, _) = read(&then.document).map_err(|_| no_model())?;
            let part = course(&Program::new(document), &facts, begin, end);
            let stretch = Stretch { version: interval.version, from: begin, to: end };
            match &mut whole {
                None => {
                    whole = Some(RecordedCourse { course: part, versions: vec![stretch] });
                }
                Some(whole) => {
                    whole.course.to = part.to;
                    whole.course.samples.extend(part.samples);
                    whole.course.changes.extend(part.changes);
                    whole.course.steps.extend(part.steps);
                    whole.versions.push(stretch);
                }
            }
        }
        whole.ok_or_else(no_model)
    }
}

fn explained(program: &Program, version: i64, facts: &LeadFacts, at: Timestamp) -> Explained {
    let lead = OneLead::new(program, facts);
    let (card, judgement) = (lead.explain(at), lead.judgement(None, at));
    let stage = judgement.stage();
    let entry = judgement.walk.iter().rfind(|step| step.entered && Some(step.stage) == stage);
    let since = entry.map(|step| step.at);
    Explained {
        stage_since: since.filter(|at| *at > Timestamp::MIN),
        stage: stage.map(|stage| program.model().stages[stage].name.clone()),
        worth_asking: card.worth_asking().into_iter().map(str::to_owned).collect(),
        version,
        card,
    }
}

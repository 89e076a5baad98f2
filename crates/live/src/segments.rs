//! Segments: the leads for whom a condition of the model language is true.

use leads::Timestamp;
use scoring::{Needs, Program};
use serde_json::{Value as Json, json};

use crate::Live;
use crate::models::{ModelProblem, read};

impl Live {
    /// The leads for whom a condition is true at an instant, by id. The condition is JSON, as the
    /// `when` of a gate.
    pub fn members(&self, condition: &Json, now: Timestamp) -> Result<Vec<String>, ModelProblem> {
        let (model, _) = read(&as_model(condition).to_string())?;
        let history = self.everyone(&Needs::of([&model]))?;
        let program = Program::with_needs(model, Some(history.needs().clone()));
        let scores = history.rescore(&program, now, self.inner.around.threads);
        let roster = history.roster();
        let is_member =
            |at: &usize| scores.get(*at).score.disqualified.is_some() && !roster.is_gone(*at);
        let mut members: Vec<String> =
            (0..roster.len()).filter(is_member).map(|at| roster.id(at).to_string()).collect();
        members.sort_unstable();
        Ok(members)
    }

    /// Checks a condition without looking at anybody.
    pub fn check_condition(&self, condition: &Json) -> Result<(), ModelProblem> {
        read(&as_model(condition).to_string()).map(|_| ())
    }
}

/// A model that says nothing but whether the condition is true: its gate answers the question with
/// the same code that scores.
fn as_model(condition: &Json) -> Json {
    json!({
        "model": "segment",
        "groups": [{
            "group": "None",
            "dimension": "fit",
            "criteria": [{"name": "None", "trait": "lead", "exists": true, "points": 0}],
        }],
        "gates": [{"name": "Member", "when": condition, "disqualify": true}],
    })
}

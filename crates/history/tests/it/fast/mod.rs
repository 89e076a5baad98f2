//! The one place where these tests call the product.

mod everyone;

pub(crate) use everyone::{
    Everyone, Numbers, content, gather, gather_for_score, history, one, program_for, rescore,
    rescore_at, score_gathered, score_once,
};

use leads::{LeadFacts, Timestamp};
use scoring::document::{Severity, Syntax};
use scoring::{Model, Program, ScoreCard};
use serde_json::Value as Json;

use crate::reference::{Card, Step};

/// The model of a document, where the loader finds no error in it.
pub(crate) fn model(document: &Json) -> Option<Model> {
    scoring::document::load(&document.to_string(), Syntax::Json).model
}

/// The program of a document, where the loader finds no error in it.
pub(crate) fn program(document: &Json) -> Option<Program> {
    model(document).map(Program::new)
}

/// Scores one lead.
pub(crate) fn card(model: &Model, facts: &LeadFacts, t: Timestamp) -> ScoreCard {
    scoring::score(model, facts, t)
}

/// Every stage that was entered or left up to an instant.
pub(crate) fn walk(program: &Program, facts: &LeadFacts, until: Timestamp) -> Vec<Step> {
    let name = |stage: usize| program.model().stages[stage].name.clone();
    program
        .walk(facts, until)
        .into_iter()
        .map(|step| Step { at: step.at, stage: name(step.stage), entered: step.entered })
        .collect()
}

/// The stage at an instant.
pub(crate) fn stage(program: &Program, facts: &LeadFacts, t: Timestamp) -> Option<String> {
    program.stage(facts, t).map(|stage| program.model().stages[stage].name.clone())
}

/// What the slow scorer knows of a card, for comparing.
pub(crate) fn essence(card: &ScoreCard) -> Card {
    let criteria = card
        .groups
        .iter()
        .map(|group| group.criteria.iter().map(|criterion| criterion.value.units()).collect());
    let groups: Vec<i128> = card.groups.iter().map(|group| group.value.units()).collect();
    Card {
        criteria: criteria.collect(),
        total: groups.iter().sum(),
        groups,
        score: card.score,
        fit: card.fit,
        engagement: card.engagement,
        grade: card.grade.clone(),
        bracket: card.bracket.clone(),
        disqualified: card.disqualified.clone(),
        fast_tracks: Vec::new(),
    }
}

/// What the loader finds wrong with a document.
pub(crate) fn errors(document: &Json) -> Vec<String> {
    let loaded = scoring::document::load(&document.to_string(), Syntax::Json);
    let errors = loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    errors.map(|found| format!("{} at `{}`: {}", found.code, found.text, found.message)).collect()
}

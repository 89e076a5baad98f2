//! A score card out of an answer, as the one that this program itself would make.
#![expect(clippy::struct_field_names, reason = "the API's words")]

use leads::Timestamp;
use scoring::{Amount, CriterionCard, EventSeen, GateCard, GroupCard, ScoreCard, TraitSeen};
use serde::Deserialize;
use serde_json::Value as Json;

use super::read;
use crate::exit::{Failure, Result};
use crate::output::card::{Explained, StageSeen};

/// Reads what `explain` answered. The stage's beginning is not in it: see [`stage_seen`].
pub(crate) fn explained(value: Json) -> Result<Explained> {
    let sent: Sent = read(value)?;
    let groups: Result<Vec<GroupCard>> = sent.groups.into_iter().map(group).collect();
    let gates: Result<Vec<GateCard>> = sent.gates.into_iter().map(gate).collect();
    let card = ScoreCard {
        model: sent.model,
        lead: sent.lead,
        at: instant(&sent.at)?,
        score: sent.score,
        fit: sent.fit,
        engagement: sent.engagement,
        grade: sent.grade,
        bracket: sent.bracket,
        disqualified: sent.disqualified,
        groups: groups?,
        held: amount(&sent.held)?,
        rounding: amount(&sent.rounding)?,
        disqualification: amount(&sent.disqualification)?,
        gates: gates?,
    };
    let stage =
        sent.stage.map(|stage| StageSeen { stage, since: None, reason: "as recorded".to_owned() });
    Ok(Explained { card, stage, worth_asking: sent.worth_asking })
}

/// When and why a stage was entered, from the steps of a lead's history.
pub(crate) fn stage_seen(stage: &str, steps: Json) -> Result<Option<StageSeen>> {
    let steps: Vec<Step> = read(steps)?;
    let Some(step) = steps.into_iter().rfind(|step| step.entered && step.stage == stage) else {
        return Ok(None);
    };
    let at = instant(&step.at)?;
    let gate = step.gate.unwrap_or_default();
    let reason = match step.reason.as_str() {
        "fast_track" => format!("fast track: {gate}"),
        _ => format!("reached its thresholds with score {}", step.score),
    };
    let since = (at > Timestamp::MIN).then_some(at);
    Ok(Some(StageSeen { stage: step.stage, since, reason }))
}

#[derive(Deserialize)]
struct Sent {
    model: String,
    lead: String,
    at: String,
    score: i64,
    fit: i64,
    engagement: i64,
    grade: Option<String>,
    bracket: Option<String>,
    stage: Option<String>,
    disqualified: Option<String>,
    groups: Vec<Group>,
    held: String,
    rounding: String,
    disqualification: String,
    gates: Vec<Gate>,
    worth_asking: Vec<String>,
}

#[derive(Deserialize)]
struct Group {
    group: String,
    dimension: String,
    value: String,
    cut: String,
    criteria: Vec<Criterion>,
}

#[derive(Deserialize)]
struct Criterion {
    criterion: String,
    value: String,
    raw: String,
    decayed: String,
    cut: String,
    answer: Option<String>,
    counted: Option<u64>,
    #[serde(default)]
    too_young: bool,
    #[serde(default)]
    traits: Vec<Trait>,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Trait {
    #[serde(rename = "trait")]
    path: String,
    value: Option<Json>,
}

#[derive(Deserialize)]
struct Event {
    id: Option<String>,
    event: String,
    at: String,
    weight: u32,
    points: String,
    ignored: Option<String>,
}

#[derive(Deserialize)]
struct Gate {
    gate: String,
    effect: String,
    answer: String,
}

#[derive(Deserialize)]
struct Step {
    at: String,
    stage: String,
    entered: bool,
    reason: String,
    gate: Option<String>,
    score: i64,
}

fn group(sent: Group) -> Result<GroupCard> {
    let criteria: Result<Vec<CriterionCard>> = sent.criteria.into_iter().map(criterion).collect();
    Ok(GroupCard {
        group: sent.group,
        dimension: word(&sent.dimension, &["fit", "engagement"])?,
        value: amount(&sent.value)?,
        cut: amount(&sent.cut)?,
        criteria: criteria?,
    })
}

fn criterion(sent: Criterion) -> Result<CriterionCard> {
    let answer = sent.answer.map(|answer| word(&answer, &ANSWERS)).transpose()?;
    let traits = sent.traits.into_iter().map(|seen| TraitSeen {
        path: seen.path,
        value: seen.value.filter(|value| !value.is_null()),
    });
    let events: Result<Vec<EventSeen>> = sent.events.into_iter().map(event).collect();
    Ok(CriterionCard {
        criterion: sent.criterion,
        value: amount(&sent.value)?,
        raw: amount(&sent.raw)?,
        decayed: amount(&sent.decayed)?,
        cut: amount(&sent.cut)?,
        answer,
        counted: sent.counted,
        too_young: sent.too_young,
        traits: traits.collect(),
        events: events?,
    })
}

fn event(sent: Event) -> Result<EventSeen> {
    let why = ["over_count", "too_old"];
    Ok(EventSeen {
        id: sent.id,
        event: sent.event,
        at: instant(&sent.at)?,
        weight: sent.weight,
        points: amount(&sent.points)?,
        ignored: sent.ignored.map(|ignored| word(&ignored, &why)).transpose()?,
    })
}

fn gate(sent: Gate) -> Result<GateCard> {
    Ok(GateCard { gate: sent.gate, effect: sent.effect, answer: word(&sent.answer, &ANSWERS)? })
}

const ANSWERS: [&str; 3] = ["true", "false", "unknown"];

/// One of the words that there are.
fn word(text: &str, words: &[&'static str]) -> Result<&'static str> {
    words.iter().copied().find(|word| *word == text).ok_or_else(|| unreadable(text))
}

fn instant(text: &str) -> Result<Timestamp> {
    Timestamp::parse(text).map_err(|_| unreadable(text))
}

/// Exact: points with up to eight decimals.
fn amount(text: &str) -> Result<Amount> {
    let units = || {
        let (sign, size) = match text.strip_prefix('-') {
            Some(size) => (-1, size),
            None => (1, text),
        };
        let (whole, part) = size.split_once('.').unwrap_or((size, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > 8 || !digits(whole) || !digits(part) {
            return None;
        }
        let units: i128 = format!("{whole}{part:0<8}").parse().ok()?;
        Some(sign * units)
    };
    units().map(Amount::from_units).ok_or_else(|| unreadable(text))
}

fn unreadable(text: &str) -> Failure {
    Failure::system(format_args!("the server's score card has `{text}` in it, which is not known"))
        .hint("is it of another version? `madura --version` says which one this is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_comes_back_to_the_last_digit() {
        for text in ["0", "-0.5", "12.34567891", "-100", "0.00000001", "170141183460469231731"] {
            assert_eq!(amount(text).unwrap().to_string(), text);
        }
        for text in ["", "-", "1.", "+1", "1.123456789", "1e3", "--1", "0x1"] {
            assert!(amount(text).is_err() || text == "1.", "{text}");
        }
    }
}

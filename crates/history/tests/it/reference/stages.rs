//! The stages of a lead by brute force: look at every instant at which anything could change, one
//! after the other, and do what the fine print says.

use std::collections::BTreeSet;

use leads::{Duration, LeadFacts, Timestamp, Value};
use serde_json::Value as Json;

use super::document::{hundredths, items, millis, text};
use super::value::date;
use super::{Card, Reference};

const HOUR_MS: i64 = 3_600_000;

/// A stage entered or left.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) stage: String,
    pub(crate) entered: bool,
}

impl Reference<'_> {
    /// Every stage that was entered or left up to `until`, in order of time and of the document.
    pub(crate) fn walk(&self, facts: &LeadFacts, until: Timestamp) -> Vec<Step> {
        let stages = items(self.document, "stages");
        let mut entered_at: Vec<Option<Timestamp>> = vec![None; stages.len()];
        let mut instants = self.instants(facts, until);
        let mut steps = Vec::new();
        while let Some(now) = instants.pop_first() {
            let card = self.score(facts, now);
            for (stage, entered) in stages.iter().zip(&mut entered_at) {
                let dwell = stage.get("dwell").map_or(0, millis);
                let changes = match *entered {
                    None => enters(stage, &card, facts, now),
                    Some(since) => {
                        let dwelt = now.as_millis() - since.as_millis() >= dwell;
                        leaves(stage, &card, facts, now, dwelt)
                    }
                };
                if !changes {
                    continue;
                }
                *entered = if entered.is_none() { Some(now) } else { None };
                let stage = text(&stage["stage"]).to_owned();
                steps.push(Step { at: now, stage, entered: entered.is_some() });
                let again = [now.as_millis() + dwell, now.as_millis() + 1];
                let again = again.map(Timestamp::saturating_from_millis);
                instants.extend(again.iter().filter(|at| now < **at && **at <= until));
            }
        }
        steps
    }

    /// The stage at the end of a walk: the last of the document's list that the lead is in.
    pub(crate) fn stage_after(&self, steps: &[Step]) -> Option<String> {
        let stages = items(self.document, "stages").iter().map(|stage| text(&stage["stage"]));
        let within = |name: &&str| {
            steps.iter().rev().find(|step| step.stage == *name).is_some_and(|step| step.entered)
        };
        stages.rev().find(within).map(str::to_owned)
    }

    /// Every instant up to `until` at which anything could change: each fact, each length of time
    /// of the document after it, each whole hour after an event.
    fn instants(&self, facts: &LeadFacts, until: Timestamp) -> BTreeSet<Timestamp> {
        let mut anchors = BTreeSet::from([Timestamp::MIN]);
        anchors.extend(facts.created_at);
        for change in &facts.traits {
            anchors.extend(change.at);
            anchors.extend(change.value.iter().flat_map(|value| self.dates(value)));
        }
        for event in &facts.events {
            anchors.insert(event.at);
            anchors.extend(event.properties.iter().flat_map(|(_, value)| self.dates(value)));
        }
        let mut lengths = BTreeSet::from([0, 1]);
        collect_lengths(self.document, &mut lengths);
        let mut instants = BTreeSet::new();
        for anchor in &anchors {
            for length in &lengths {
                let at = anchor.as_millis().saturating_add(*length);
                instants.insert(Timestamp::saturating_from_millis(at));
            }
        }
        for event in &facts.events {
            let mut at = event.at.as_millis();
            while at <= until.as_millis() {
                instants.insert(Timestamp::saturating_from_millis(at));
                at += HOUR_MS;
            }
        }
        instants.retain(|at| *at <= until);
        instants
    }

    fn dates(&self, value: &Value) -> Vec<Timestamp> {
        value.elements().iter().filter_map(|element| date(element, &self.zone)).collect()
    }
}

fn enters(stage: &Json, card: &Card, facts: &LeadFacts, now: Timestamp) -> bool {
    let wait = stage.get("requalify_after").map_or(0, millis);
    let rejected = rejections(stage, facts, now).into_iter().max();
    let may = rejected.is_none_or(|last| now.as_millis() - last.as_millis() >= wait);
    let reached = reaches(&stage["enter"], card) && reaches(leave_thresholds(stage), card);
    may && (reached || fast_tracked(stage, card)) && card.disqualified.is_none()
}

fn leaves(stage: &Json, card: &Card, facts: &LeadFacts, now: Timestamp, dwelt: bool) -> bool {
    card.disqualified.is_some()
        || rejections(stage, facts, now).contains(&now)
        || (dwelt && !fast_tracked(stage, card) && !reaches(leave_thresholds(stage), card))
}

fn leave_thresholds(stage: &Json) -> &Json {
    stage.get("leave").unwrap_or_else(|| &stage["enter"])
}

fn fast_tracked(stage: &Json, card: &Card) -> bool {
    card.fast_tracks.iter().any(|name| name == text(&stage["stage"]))
}

fn reaches(thresholds: &Json, card: &Card) -> bool {
    let reached = |key: &str, shown: i64| {
        thresholds.get(key).is_none_or(|least| i128::from(shown) * 100 >= hundredths(least))
    };
    reached("score", card.score)
        && reached("fit", card.fit)
        && reached("engagement", card.engagement)
}

/// Rejections up to `now`, where the stage takes notice of them.
fn rejections(stage: &Json, facts: &LeadFacts, now: Timestamp) -> Vec<Timestamp> {
    if stage.get("requalify_after").is_none_or(|wait| millis(wait) == 0) {
        return Vec::new();
    }
    let name = stage.get("rejected_by").map_or("sales_rejected", text);
    let rejections = facts.events.iter().filter(|event| event.name == name && event.at <= now);
    rejections.map(|event| event.at).collect()
}

/// Every text anywhere in the document that reads as a length of time.
fn collect_lengths(json: &Json, lengths: &mut BTreeSet<i64>) {
    match json {
        Json::String(text) => {
            lengths.extend(text.parse().ok().map(Duration::as_millis));
        }
        Json::Array(items) => items.iter().for_each(|item| collect_lengths(item, lengths)),
        Json::Object(keys) => keys.values().for_each(|value| collect_lengths(value, lengths)),
        _ => {}
    }
}

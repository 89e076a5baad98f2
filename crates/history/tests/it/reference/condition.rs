//! What is true of a lead at an instant.

use leads::{Event, LeadFacts, Timestamp, TraitFact, Value};
use serde_json::Value as Json;

use super::document::{items, millis, names, text};
use super::{Reference, Truth};

impl Reference<'_> {
    /// A condition of `when:`, or the keys of one beside the points of a criterion.
    pub(super) fn condition(&self, condition: &Json, facts: &LeadFacts, t: Timestamp) -> Truth {
        let part = |part: &Json| self.condition(part, facts, t);
        if condition.get("all").is_some() {
            Truth::all(items(condition, "all").iter().map(part))
        } else if condition.get("any").is_some() {
            Truth::any(items(condition, "any").iter().map(part))
        } else if let Some(inner) = condition.get("not") {
            part(inner).not()
        } else if let Some(path) = condition.get("trait") {
            let value = trait_value(text(path), facts, t);
            self.test(condition.as_object().expect("a mapping"), value.as_ref(), t)
        } else {
            let events = young_enough(self.matching(condition, facts, t), condition, t);
            let wanted = condition.get("at_least").map_or(1, |n| n.as_u64().expect("a number"));
            Truth::from(events.len() as u64 >= wanted)
        }
    }

    /// The events up to `t` that have one of the names and pass every test of `where`, the oldest
    /// first, by (`at`, id).
    pub(super) fn matching<'f>(
        &self,
        pattern: &Json,
        facts: &'f LeadFacts,
        t: Timestamp,
    ) -> Vec<&'f Event> {
        let names = names(&pattern["event"]);
        let mut events: Vec<_> = facts
            .events
            .iter()
            .filter(|event| event.at <= t)
            .filter(|event| names.contains(&event.name.as_str()))
            .filter(|event| self.passes_where(pattern, event, t))
            .collect();
        events.sort_by_key(|event| (event.at, event.id.clone()));
        events
    }

    fn passes_where(&self, pattern: &Json, event: &Event, t: Timestamp) -> bool {
        let Some(tests) = pattern.get("where").and_then(Json::as_object) else {
            return true;
        };
        tests.iter().all(|(path, test)| {
            let value = event.properties.iter().find(|(name, _)| name == path);
            let test = test.as_object().expect("a mapping");
            self.test(test, value.map(|(_, value)| value), t) == Truth::True
        })
    }
}

/// What `within` leaves of some events.
pub(super) fn young_enough<'f>(
    events: Vec<&'f Event>,
    counting: &Json,
    t: Timestamp,
) -> Vec<&'f Event> {
    let Some(within) = counting.get("within").map(millis) else {
        return events;
    };
    events.into_iter().filter(|event| t.as_millis() - event.at.as_millis() < within).collect()
}

/// The value of a trait at an instant: that of the last change; of several from one instant the
/// greatest text, and no value is less than any.
pub(super) fn trait_value(path: &str, facts: &LeadFacts, t: Timestamp) -> Option<Value> {
    if path == "created_at" && !facts.traits.iter().any(|change| change.path == path) {
        return facts.created_at.filter(|created| *created <= t).map(Value::Instant);
    }
    let since = |change: &TraitFact| change.at.unwrap_or(Timestamp::MIN);
    let changes = facts.traits.iter().filter(|change| change.path == path && since(change) <= t);
    let last =
        changes.max_by_key(|change| (since(change), change.value.as_ref().map(Value::to_string)));
    last.and_then(|change| change.value.clone())
}

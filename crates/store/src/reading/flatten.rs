//! JSON as it was reported -> values by dotted path.

use std::collections::{BTreeMap, BTreeSet};

use leads::{Timestamp, TraitFact, Value};
use serde_json::{Map, Value as Json};

use super::CompanyFacts;

/// Objects nest at most so deep; what lies deeper is passed over.
const DEPTH: usize = 8;

/// A body as it is stored.
pub(super) fn object(body: &str) -> Map<String, Json> {
    serde_json::from_str(body).unwrap_or_default()
}

/// Calls `visit` with every path and its value; `null` is `None`.
fn walk(
    prefix: &str,
    map: &Map<String, Json>,
    depth: usize,
    visit: &mut dyn FnMut(String, Option<Value>),
) {
    for (key, json) in map {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match json {
            Json::Object(inner) if depth > 0 => walk(&path, inner, depth - 1, visit),
            Json::Object(_) => {}
            Json::Null => visit(path, None),
            other => {
                if let Some(value) = Value::from_json(other) {
                    visit(path, Some(value));
                }
            }
        }
    }
}

/// Adds the traits of a fact, below `prefix`.
pub(super) fn traits(
    prefix: &str,
    map: &Map<String, Json>,
    at: Timestamp,
    into: &mut Vec<TraitFact>,
) {
    walk(prefix, map, DEPTH, &mut |path, value| into.push(TraitFact { path, value, at: Some(at) }));
}

/// Values of an event or a lead by dotted path; what is nothing is left out.
pub fn properties(map: &Map<String, Json>) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    walk("", map, DEPTH, &mut |path, value| found.extend(value.map(|value| (path, value))));
    found
}

/// The properties of a deal's event: what else is known of it, then `deal`, `stage`, `name`,
/// `amount` (in the currency's unit), `currency`, `owner`.
pub(super) fn deal(map: &Map<String, Json>) -> Vec<(String, Value)> {
    let mut found = match map.get("properties") {
        Some(Json::Object(more)) => properties(more),
        _ => Vec::new(),
    };
    let own = ["deal", "stage", "name", "amount", "currency", "owner"];
    found.retain(|(path, _)| !own.contains(&path.as_str()));
    for key in own {
        let value = if key == "amount" {
            let minor = map.get("amount_minor").and_then(Json::as_i64);
            minor.map(|minor| Value::Number(minor as f64 / 100.0))
        } else {
            map.get(key).and_then(Value::from_json)
        };
        found.extend(value.map(|value| (key.to_owned(), value)));
    }
    found
}

/// Adds a company's traits as `company.*`, for a lead that belongs to it from `from` until before
/// `to`: what was known before counts from `from`, and all of it ends at `to`.
pub(super) fn company_traits(
    facts: &CompanyFacts,
    from: Timestamp,
    to: Option<Timestamp>,
    into: &mut Vec<TraitFact>,
) {
    let mut found = Vec::new();
    for (at, map) in facts.traits.iter().filter(|(at, _)| to.is_none_or(|to| *at < to)) {
        traits("company", map, (*at).max(from), &mut found);
    }
    let paths: BTreeSet<String> = found.iter().map(|fact| fact.path.clone()).collect();
    // Of what was known before the lead came, the latest.
    let mut before: BTreeMap<String, Option<Value>> = BTreeMap::new();
    for fact in found {
        if fact.at == Some(from) {
            before.insert(fact.path, fact.value);
        } else {
            into.push(fact);
        }
    }
    let at_first = |(path, value)| TraitFact { path, value, at: Some(from) };
    into.extend(before.into_iter().map(at_first));
    if let Some(to) = to {
        into.extend(paths.into_iter().map(|path| TraitFact { path, value: None, at: Some(to) }));
    }
}

//! A report as a row: what it says as text, and the hash that settles which of two facts with one
//! id and one instant counts.

use std::borrow::Cow;

use leads::{Deal, MachineSign, Report, What, Who};
use serde_json::{Map, Value as Json, json};
use xxhash_rust::xxh3::xxh3_64;

use super::FactKind;

/// The parts of a row that come from what the report says.
pub(crate) struct Content {
    pub(crate) kind: FactKind,
    pub(crate) name: String,
    pub(crate) body: String,
    /// 63 bits: what it says in the upper 31, whom it names in the lower 32. So which of two facts
    /// counts depends on whom they name only where they say the same.
    pub(crate) hash: i64,
}

impl Content {
    pub(crate) fn of(report: &Report) -> Self {
        let (kind, name) = kind_and_name(&report.what);
        let body = match &report.what {
            What::Event { properties: said, .. }
            | What::Traits(said)
            | What::Group { traits: said, .. } => text(said),
            What::Alias { previous } => json!({ "previous": previous }).to_string(),
            What::Deal(deal) => deal_text(deal),
        };
        // A retry that is recognised as a machine's says something else than the first attempt:
        // which of them counts must not depend on which came first.
        let machine = report.machine.as_ref().map_or("", |sign| sign.reason.as_str());
        let what = said_hash(kind.code(), &name, &body, machine);
        let hash = (what << 32) as i64 | who_of(&report.who);
        Self { kind, name: name.into_owned(), body, hash }
    }
}

/// What a fact says, in 31 bits.
fn said_hash(kind: i64, name: &str, body: &str, machine: &str) -> u64 {
    parts_hash([&kind.to_string(), name, body, machine]) >> 33
}

/// Whether a row says what its hash says that it says. Whether a machine did it is part of that, as it was known when
/// the fact came; since then somebody may have known better.
pub(crate) fn is_sound(
    hash: i64,
    kind: i64,
    name: &str,
    body: &str,
    machine: Option<&str>,
) -> bool {
    let known = machine.into_iter().chain([""]).chain(MachineSign::REASONS);
    let said = hash as u64 >> 32;
    known.into_iter().any(|machine| said_hash(kind, name, body, machine) == said)
}

/// What kind of fact it is, and the name that it is kept under.
pub(crate) fn kind_and_name(what: &What) -> (FactKind, Cow<'_, str>) {
    match what {
        What::Event { name, .. } => (FactKind::Event, Cow::Borrowed(name)),
        What::Traits(_) => (FactKind::Traits, Cow::Borrowed("")),
        What::Group { group, .. } => (FactKind::Group, Cow::Borrowed(group.trim())),
        What::Alias { .. } => (FactKind::Alias, Cow::Borrowed("")),
        What::Deal(deal) => (FactKind::Deal, Cow::Owned(format!("deal_{}", deal.stage))),
    }
}

/// The lower 32 bits of a hash: whom a fact names.
pub(crate) fn who_of(who: &Who) -> i64 {
    (who_hash(who) >> 32) as i64
}

fn who_hash(who: &Who) -> u64 {
    let Who { user, email, lead, anonymous } = who;
    let email = email.as_ref().map_or("", |email| email.as_str());
    let [user, lead, anonymous] =
        [user, lead, anonymous].map(|name| name.as_deref().unwrap_or_default());
    parts_hash([user, email, lead, anonymous])
}

fn parts_hash(parts: [&str; 4]) -> u64 {
    // Each part with its length, so that no two lists of parts make the same bytes.
    let bytes: usize = parts.iter().map(|part| 8 + part.len()).sum();
    let mut bytes = Vec::with_capacity(bytes);
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    xxh3_64(&bytes)
}

fn text(map: &Map<String, Json>) -> String {
    // A map with text keys always has a JSON form.
    serde_json::to_string(map).unwrap_or_else(|_| "{}".to_owned())
}

/// The deal's own fields under their names, before whatever else is known of it.
fn deal_text(deal: &Deal) -> String {
    let mut body = Map::new();
    body.insert("deal".to_owned(), deal.id.clone().into());
    body.insert("stage".to_owned(), deal.stage.clone().into());
    let texts = [("name", &deal.name), ("currency", &deal.currency), ("owner", &deal.owner)];
    for (key, value) in texts {
        if let Some(value) = value {
            body.insert(key.to_owned(), value.clone().into());
        }
    }
    if let Some(amount) = deal.amount_minor {
        body.insert("amount_minor".to_owned(), amount.into());
    }
    if !deal.properties.is_empty() {
        body.insert("properties".to_owned(), deal.properties.clone().into());
    }
    text(&body)
}

//! A lead as lists show it.

use std::collections::BTreeMap;

use leads::{LeadFacts, Timestamp, Value};
use serde_json::{Map, Value as Json};
use store::facts::FactKind;
use store::reading::LeadRecord;
use store::scores::LeadRow;

use crate::money::Rates;

/// What a lead's facts come to at an instant.
pub(crate) fn row(
    record: &LeadRecord,
    facts: &LeadFacts,
    company: Option<String>,
    now: Timestamp,
) -> LeadRow {
    let traits = traits_at(facts, now);
    let text = |path: &str| {
        let value = traits.get(path).map(ToString::to_string);
        value.filter(|text| !text.trim().is_empty())
    };
    let both = || {
        let names = [text("first_name"), text("last_name")];
        let names: Vec<String> = names.into_iter().flatten().collect();
        (!names.is_empty()).then(|| names.join(" "))
    };
    let last = record.facts.iter().rev().find(|fact| fact.counts() && fact.at <= now);
    LeadRow {
        lead: record.lead.clone(),
        created_at: facts.created_at,
        last_seen_at: last.map(|fact| fact.at),
        email: text("email"),
        name: text("name").or_else(both),
        company: company.or_else(|| text("company.name")),
        country: text("country"),
        owner: text("owner").or_else(|| deal_owner(record, now)),
        traits: nested(&traits).to_string(),
    }
}

/// The value of every trait at an instant. Of two from one instant the greater text counts, as in
/// scoring.
fn traits_at(facts: &LeadFacts, now: Timestamp) -> BTreeMap<&str, &Value> {
    let mut known: BTreeMap<&str, (Option<Timestamp>, Option<&Value>)> = BTreeMap::new();
    for fact in facts.traits.iter().filter(|fact| fact.at.is_none_or(|at| at <= now)) {
        let text = |value: Option<&Value>| value.map(Value::to_string);
        let this = (fact.at, fact.value.as_ref());
        let entry = known.entry(&fact.path).or_insert(this);
        if (entry.0, text(entry.1)) <= (this.0, text(this.1)) {
            *entry = this;
        }
    }
    known.into_iter().filter_map(|(path, (_, value))| Some((path, value?))).collect()
}

/// Dotted paths as objects again. Where a path leads through a value, its rest keeps its dots.
fn nested(traits: &BTreeMap<&str, &Value>) -> Json {
    let mut root = Map::new();
    for (path, value) in traits {
        place(&mut root, path, value.to_json());
    }
    Json::Object(root)
}

fn place(map: &mut Map<String, Json>, path: &str, value: Json) {
    if let Some((head, tail)) = path.split_once('.')
        && let Json::Object(inner) = map.entry(head).or_insert_with(|| Json::Object(Map::new()))
    {
        return place(inner, tail, value);
    }
    map.insert(path.to_owned(), value);
}

/// A deal as its facts leave it at an instant.
struct DealNow {
    stage: String,
    amount_minor: i64,
    currency: Option<String>,
    owner: Option<String>,
}

fn deals(record: &LeadRecord, now: Timestamp) -> BTreeMap<String, DealNow> {
    let mut deals: BTreeMap<String, DealNow> = BTreeMap::new();
    let of_deals = record
        .facts
        .iter()
        .filter(|fact| fact.kind == FactKind::Deal && fact.counts() && fact.at <= now);
    for fact in of_deals {
        let Ok(Json::Object(body)) = serde_json::from_str(&fact.body) else { continue };
        let text = |key: &str| body.get(key).and_then(Json::as_str).map(str::to_owned);
        let Some(id) = text("deal") else { continue };
        let deal = deals.entry(id).or_insert_with(|| DealNow {
            stage: String::new(),
            amount_minor: 0,
            currency: None,
            owner: None,
        });
        deal.stage = text("stage").unwrap_or_default();
        if let Some(amount) = body.get("amount_minor").and_then(Json::as_i64) {
            deal.amount_minor = amount;
        }
        deal.currency = text("currency").or(deal.currency.take());
        deal.owner = text("owner").or(deal.owner.take());
    }
    deals
}

fn is_open(deal: &DealNow) -> bool {
    deal.stage != "won" && deal.stage != "lost"
}

fn deal_owner(record: &LeadRecord, now: Timestamp) -> Option<String> {
    deals(record, now).into_values().filter(is_open).find_map(|deal| deal.owner)
}

/// What is at stake with a lead, in hundredths of the unit that priorities are reckoned in: its open
/// deals (but for those in a currency whose worth nobody has said), else what its trait
/// `expected_value` says (in units), else one unit, so that closeness alone decides.
pub(crate) fn at_stake(
    record: &LeadRecord,
    facts: &LeadFacts,
    rates: &Rates,
    now: Timestamp,
) -> i64 {
    let open = deals(record, now).into_values().filter(is_open);
    let worth = open.filter_map(|deal| rates.worth(deal.amount_minor, deal.currency.as_deref()));
    let open: i64 = worth.map(|worth| worth.max(0)).fold(0, i64::saturating_add);
    if open > 0 {
        return open;
    }
    let expected = match traits_at(facts, now).get("expected_value") {
        Some(Value::Number(number)) => Some(*number),
        Some(Value::Text(text)) => leads::read_number(text),
        _ => None,
    };
    match expected {
        // Beyond 1e15 hundredths nobody sells anything.
        Some(units) if units > 0.0 => (units * 100.0).min(1e15) as i64,
        _ => 100,
    }
}

//! The company's leads as the outside world would report them to a running system.

use leads::{Deal, EmailAddress, Report, Timestamp, Trust, Value, What, Who};
use serde_json::{Map, Value as Json};

use crate::company::{Story, TRAITS};

/// Everything that a story tells until `until`, each fact reported at the instant at which it
/// happened. A won or lost deal comes as a deal.
pub fn reports(story: &Story, until: Timestamp) -> Vec<Report> {
    let row = &story.rows[0];
    let who = who(story);
    let mut reports = Vec::new();
    let report = |id: String, at: Timestamp, what: What| Report {
        id,
        at,
        received_at: at,
        source: "demo".to_owned(),
        trust: Trust::Trusted,
        who: who.clone(),
        what,
        machine: None,
    };
    for (number, row) in story.rows.iter().enumerate().filter(|(_, row)| row.created_at <= until) {
        let mut traits = Map::new();
        for (path, value) in TRAITS.iter().zip(&row.traits) {
            if let Some(value) = value {
                put(&mut traits, path, value);
            }
        }
        let id = format!("demo-{}-row-{number}", row.lead);
        reports.push(report(id, row.created_at, What::Traits(traits)));
    }
    for event in story.events.iter().filter(|event| event.at <= until) {
        let mut properties = Map::new();
        for (path, value) in &event.properties {
            put(&mut properties, path, value);
        }
        let what = match event.name.strip_prefix("deal_") {
            Some(stage) => What::Deal(deal(&row.lead, stage, properties)),
            None => What::Event { name: event.name.to_owned(), properties },
        };
        reports.push(report(format!("demo-{}", event.id), event.at, what));
    }
    reports
}

/// Who a story is about, as a form or an import names people.
pub fn who(story: &Story) -> Who {
    let email = TRAITS.iter().position(|path| *path == "email");
    let email = email.and_then(|at| match &story.rows[0].traits[at] {
        Some(Value::Text(text)) => EmailAddress::parse(text).ok(),
        _ => None,
    });
    Who { user: Some(format!("crm-{}", story.lead())), email, ..Who::default() }
}

fn deal(lead: &str, stage: &str, mut properties: Map<String, Json>) -> Deal {
    let amount = properties.remove("amount").and_then(|amount| amount.as_f64());
    let currency = properties.remove("currency");
    Deal {
        id: format!("deal-{lead}"),
        stage: stage.to_owned(),
        name: None,
        amount_minor: amount.map(|amount| (amount * 100.0).round() as i64),
        currency: currency.and_then(|currency| currency.as_str().map(str::to_owned)),
        owner: None,
        properties,
    }
}

/// Puts a value at a dotted path. Where the path leads through a value (`email` and `email.kind`),
/// the rest of it keeps its dots.
fn put(map: &mut Map<String, Json>, path: &str, value: &Value) {
    if let Some((head, tail)) = path.split_once('.')
        && map.get(head).is_none_or(Json::is_object)
    {
        let inner = map.entry(head).or_insert_with(|| Json::Object(Map::new()));
        if let Json::Object(inner) = inner {
            put(inner, tail, value);
        }
        return;
    }
    map.insert(path.to_owned(), value.to_json());
}

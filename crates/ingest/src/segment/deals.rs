//! Purchases and deals as events report them.

use leads::Deal;
use serde_json::{Map, Value as Json};

use crate::identity::{Id, read_id};

/// What a deal's event says of it: `Deal Created`, `Deal Updated`, `Deal Won`, `Deal Lost`. `None`
/// for other events, and where the deal's id or stage is missing.
pub(super) fn deal(name: &str, properties: &Map<String, Json>) -> Option<Deal> {
    let lower = name.to_lowercase();
    let end = match lower.as_str() {
        "deal won" => Some("won"),
        "deal lost" => Some("lost"),
        "deal created" | "deal updated" | "deal stage changed" => None,
        _ => return None,
    };
    let mut rest = properties.clone();
    let mut take = |names: &[&str]| {
        let found = names.iter().find_map(|name| rest.shift_remove(*name));
        found.filter(|value| !value.is_null())
    };
    let text = |value: Option<Json>| match value {
        Some(Json::String(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Some(Json::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let Ok(Id::Known(id)) = read_id(take(&["deal_id", "dealId", "id"]).as_ref()) else {
        return None;
    };
    let stage = text(take(&["stage", "deal_stage", "dealStage"]));
    let stage = end.map(str::to_owned).or_else(|| stage.map(|stage| Deal::stage_named(&stage)))?;
    Some(Deal {
        id,
        stage,
        name: text(take(&["name", "deal_name", "dealName"])),
        amount_minor: take(&["amount", "value", "revenue"]).as_ref().and_then(amount_minor),
        currency: text(take(&["currency"])).map(|currency| currency.to_uppercase()),
        owner: text(take(&["owner"])),
        properties: rest,
    })
}

/// Gives a completed order the properties that models of purchases look at, where it has only
/// Segment's: `amount`, and `category` and `product` of its products.
pub(super) fn complete_purchase(properties: &mut Map<String, Json>) {
    if !properties.contains_key("amount") {
        let amount = ["revenue", "total", "value"].iter().find_map(|key| properties.get(*key));
        if let Some(amount) = amount.cloned() {
            properties.insert("amount".to_owned(), amount);
        }
    }
    for (ours, theirs) in [("category", "category"), ("product", "name")] {
        if properties.contains_key(ours) {
            continue;
        }
        let Some(Json::Array(products)) = properties.get("products") else { continue };
        let mut values: Vec<Json> = Vec::new();
        for value in products.iter().filter_map(|product| product.get(theirs)) {
            if value.is_string() && !values.contains(value) {
                values.push(value.clone());
            }
        }
        if !values.is_empty() {
            properties.insert(ours.to_owned(), Json::Array(values));
        }
    }
}

/// An amount in hundredths, from a number or from text that is one; `None` where it is neither or
/// absurd.
pub(crate) fn amount_minor(value: &Json) -> Option<i64> {
    let amount = match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => leads::read_number(text),
        _ => None,
    }?;
    let minor = (amount * 100.0).round();
    // Within 2^53 every hundredth has a number of its own.
    (minor.abs() < 9e15).then_some(minor as i64)
}

//! Models and histories made from others, or of a certain kind only.

use leads::LeadFacts;
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::Wanted;
use super::criteria::{
    criterion, decay, event_condition, limit, pattern_without_dates, with_count,
};

/// The same facts in another order.
pub(crate) fn shuffled(facts: LeadFacts) -> impl Strategy<Value = LeadFacts> {
    let events = Just(facts.events.clone()).prop_shuffle();
    let traits = Just(facts.traits.clone()).prop_shuffle();
    (events, traits).prop_map(move |(events, traits)| LeadFacts { events, traits, ..facts.clone() })
}

/// The document with a dimension named in every group, so that it does not follow from criteria.
pub(crate) fn with_dimensions(mut document: Json) -> Json {
    for group in document["groups"].as_array_mut().into_iter().flatten() {
        let keys = group.as_object_mut().expect("a mapping");
        keys.entry("dimension").or_insert_with(|| json!("engagement"));
    }
    document
}

/// The document with one more criterion, which can only take points.
pub(crate) fn penalty(document: Json) -> BoxedStrategy<Json> {
    (criterion(Wanted::CARD), any::<prop::sample::Index>())
        .prop_map(move |(mut penalty, group)| {
            penalty.insert("name".into(), json!("penalty"));
            for_points(&mut penalty, &|points| -points.abs());
            if let Some(limit) = penalty.get_mut("limit") {
                limit[0] = (-limit[0].as_f64().unwrap_or(0.0).abs()).into();
                limit[1] = limit[1].as_f64().unwrap_or(0.0).abs().into();
            }
            let mut document = document.clone();
            let groups = document["groups"].as_array_mut().expect("a list");
            let group = group.index(groups.len());
            let criteria = groups[group]["criteria"].as_array_mut().expect("a list");
            criteria.push(Json::Object(penalty));
            document
        })
        .boxed()
}

/// The document as somebody changes it who tries something: other points, one more criterion, another clock.
pub(crate) fn tried(document: Json) -> BoxedStrategy<Json> {
    let zone = prop::option::weighted(0.5, prop::sample::select(vec!["UTC", "Asia/Tokyo"]));
    (prop_oneof![2 => lowered(document.clone()), 1 => penalty(document)], zone)
        .prop_map(|(mut document, zone)| {
            if let Some(zone) = zone {
                document["time_zone"] = json!(zone);
            }
            document
        })
        .boxed()
}

/// The document with fewer points in one criterion.
pub(crate) fn lowered(document: Json) -> BoxedStrategy<Json> {
    (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3000_i64)
        .prop_map(move |(group, criterion, by)| {
            let mut document = document.clone();
            let groups = document["groups"].as_array_mut().expect("a list");
            let group = group.get(groups).clone();
            let position = groups.iter().position(|other| *other == group).unwrap_or(0);
            let criteria = groups[position]["criteria"].as_array_mut().expect("a list");
            let criterion = criterion.index(criteria.len());
            let criterion = criteria[criterion].as_object_mut().expect("a mapping");
            // What is not written is 0, and becomes less as well.
            if criterion.contains_key("when") {
                for key in ["otherwise", "unknown"] {
                    criterion.entry(key).or_insert_with(|| json!(0));
                }
            }
            for_points(criterion, &|points| ((points * 100.0).round() as i64 - by) as f64 / 100.0);
            document
        })
        .boxed()
}

/// Changes every number of points of a criterion.
fn for_points(criterion: &mut Map<String, Json>, change: &dyn Fn(f64) -> f64) {
    let changed = |points: &Json| json!(change(points.as_f64().expect("a number")));
    for (key, value) in criterion.iter_mut() {
        match key.as_str() {
            "points" | "otherwise" | "unknown" => *value = changed(value),
            "bands" | "tiers" | "curve" => {
                for row in value.as_array_mut().into_iter().flatten() {
                    row["points"] = changed(&row["points"]);
                }
            }
            _ => {}
        }
    }
}

/// A model under which nothing becomes worth more by waiting.
pub(crate) fn forgetful_document() -> BoxedStrategy<Json> {
    let rewarded = (with_count(pattern_without_dates()), prop::option::of(decay()), 0..50_i64)
        .prop_map(|(mut criterion, decay, points)| {
            criterion.extend(decay.map(|decay| ("decay".to_owned(), decay)));
            criterion.insert("points".into(), json!(points));
            criterion
        });
    let for_ever = (pattern_without_dates(), -50..0_i64).prop_map(|(mut criterion, points)| {
        criterion.insert("points".into(), json!(points));
        criterion
    });
    let steps = proptest::collection::vec((1..3_u32, 0..20_i64), 1..4);
    let tiers = (with_count(pattern_without_dates()), steps).prop_map(|(mut criterion, steps)| {
        let (mut rows, mut count, mut points) = (Vec::new(), 0, 0);
        for (wider, more) in steps {
            count += wider;
            rows.push(json!({"below": count, "points": points}));
            points += more;
        }
        rows.push(json!({"points": points}));
        criterion.insert("tiers".into(), Json::Array(rows));
        criterion
    });
    let leaf = event_condition(pattern_without_dates()).prop_map(Json::Object);
    let condition = leaf.prop_recursive(2, 6, 3, |inner| {
        let parts = proptest::collection::vec(inner, 1..4);
        (parts, any::<bool>())
            .prop_map(|(parts, all)| json!({(if all { "all" } else { "any" }): parts}))
    });
    let when = (condition, -20..20_i64, 0..30_i64).prop_map(|(when, otherwise, more)| {
        Map::from_iter([
            ("when".to_owned(), when),
            ("points".to_owned(), json!(otherwise + more)),
            ("otherwise".to_owned(), json!(otherwise)),
        ])
    });
    let criterion = prop_oneof![4 => rewarded, 1 => for_ever, 2 => tiers, 1 => when];
    let limits = (prop::option::of(limit()), prop::option::of(limit()));
    (proptest::collection::vec(criterion, 1..5), limits)
        .prop_map(|(mut criteria, (of_group, of_criterion))| {
            for (index, criterion) in criteria.iter_mut().enumerate() {
                criterion.insert("name".into(), json!(format!("criterion {index}")));
            }
            if let Some(limit) = of_criterion {
                criteria[0].insert("limit".into(), limit);
            }
            let mut group = json!({
                "group": "Behaviour", "dimension": "engagement", "criteria": criteria,
            });
            if let Some(limit) = of_group {
                group["limit"] = limit;
            }
            json!({"model": "generated", "time_zone": "Europe/Madrid", "groups": [group]})
        })
        .boxed()
}

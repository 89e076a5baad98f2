//! Whole model documents.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

use super::criteria::{condition, criterion, limit};
use super::duration;

/// What a generated model must or may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Stages, and gates that lead to them.
    pub(crate) stages: bool,
    /// Curves that run over calendar months instead of hours and days.
    pub(crate) long_curves: bool,
}

impl Wanted {
    /// Everything that bears on a score card.
    pub(crate) const CARD: Self = Self { stages: false, long_curves: true };
    /// Everything, stages included.
    pub(crate) const STAGES: Self = Self { stages: true, long_curves: false };
}

const ZONES: [&str; 6] = [
    "Europe/Madrid",
    "UTC",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Apia",
];

const STAGES: [&str; 3] = ["subscriber", "marketing_qualified", "sales_qualified"];

/// A model document as JSON.
pub(crate) fn document(wanted: Wanted) -> BoxedStrategy<Json> {
    let scale = select(&[None, None, Some([0, 10]), Some([-50, 50]), Some([0, 200])][..]);
    (scale, option::weighted(0.9, select(&ZONES[..])))
        .prop_flat_map(move |(scale, zone)| {
            let [bottom, top] = scale.unwrap_or([0, 100]);
            let groups = proptest::collection::vec(group(wanted), 1..4);
            let stages =
                if wanted.stages { stages(bottom, top).boxed() } else { Just(None).boxed() };
            (groups, gates(wanted), brackets(bottom, top), option::of(grid()), stages).prop_map(
                move |(mut groups, gates, brackets, grid, stages)| {
                    name_apart(&mut groups);
                    let mut document = Map::from_iter([("model".to_owned(), json!("generated"))]);
                    document.extend(scale.map(|scale| ("scale".to_owned(), json!(scale))));
                    document.extend(zone.map(|zone| ("time_zone".to_owned(), json!(zone))));
                    document.insert("groups".into(), Json::Array(groups));
                    if !gates.is_empty() {
                        document.insert("gates".into(), Json::Array(gates));
                    }
                    if !brackets.is_empty() {
                        document.insert("brackets".into(), Json::Array(brackets));
                    }
                    document.extend(grid.map(|grid| ("grid".to_owned(), grid)));
                    document.extend(stages.map(|stages| ("stages".to_owned(), stages)));
                    Json::Object(document)
                },
            )
        })
        .boxed()
}

fn group(wanted: Wanted) -> impl Strategy<Value = Json> {
    let dimension = option::weighted(0.7, select(&["fit", "engagement"][..]));
    let criteria = proptest::collection::vec(criterion(wanted), 1..4);
    (dimension, option::weighted(0.4, limit()), criteria).prop_map(
        |(dimension, limit, criteria)| {
            let mut group = Map::from_iter([("group".to_owned(), json!(""))]);
            group.extend(dimension.map(|dimension| ("dimension".to_owned(), json!(dimension))));
            group.extend(limit.map(|limit| ("limit".to_owned(), limit)));
            group.insert("criteria".into(), json!(criteria));
            Json::Object(group)
        },
    )
}

/// Gives groups and criteria names, each its own; some are awkward to write.
fn name_apart(groups: &mut [Json]) {
    let mut number = 0;
    for (index, group) in groups.iter_mut().enumerate() {
        group["group"] = json!(["Profile", "Señales: web", "# 3"][index % 3]);
        for criterion in group["criteria"].as_array_mut().into_iter().flatten() {
            number += 1;
            let name = match number % 4 {
                0 => format!("Tamaño ≥ {number}"),
                1 => format!("criterion {number}"),
                2 => format!("{number}: \"quoted\", {{braced}}"),
                _ => number.to_string(),
            };
            let keys = criterion.as_object_mut().expect("a mapping");
            keys.shift_insert(0, "name".into(), json!(name));
        }
    }
}

fn gates(wanted: Wanted) -> impl Strategy<Value = Vec<Json>> {
    let effect = prop_oneof![
        Just(("disqualify", json!(true))),
        select(&STAGES[..2]).prop_map(|stage| ("fast_track", json!(stage))),
    ];
    let effect =
        if wanted.stages { effect.boxed() } else { Just(("disqualify", json!(true))).boxed() };
    // Most conditions that are made at random hold often; a gate that always acts hides the rest.
    let rare =
        (condition(), condition(), condition()).prop_map(|(a, b, c)| json!({"all": [a, b, c]}));
    let condition = prop_oneof![1 => condition(), 2 => rare];
    let count = prop_oneof![3 => Just(0..1_usize), 1 => Just(1..2), 1 => Just(1..4)];
    count
        .prop_flat_map(move |count| {
            proptest::collection::vec((condition.clone(), effect.clone()), count)
        })
        .prop_map(|gates| {
            let mut named = Vec::new();
            for (index, (when, (key, value))) in gates.into_iter().enumerate() {
                named.push(json!({"name": format!("gate {index}"), "when": when, key: value}));
            }
            named
        })
}

fn brackets(bottom: i64, top: i64) -> impl Strategy<Value = Vec<Json>> {
    let all: Vec<i64> = (0..=5).map(|step| bottom + (top - bottom) * step / 5).collect();
    proptest::sample::subsequence(all, 0..5).prop_map(|froms| {
        let named = |from: i64| json!({"name": format!("from {from}"), "from": from});
        froms.into_iter().map(named).collect()
    })
}

fn grid() -> impl Strategy<Value = Json> {
    let from = || proptest::sample::subsequence(vec![-20, -5, 0, 5, 12, 25, 40], 1..5);
    (from(), from()).prop_map(|(fit, engagement)| {
        let marks = |froms: Vec<i64>, names: [&str; 4]| -> Vec<Json> {
            froms.iter().rev().zip(names).map(|(from, name)| json!({name: from})).collect()
        };
        json!({
            "fit": marks(fit, ["A", "B", "C", "D"]),
            "engagement": marks(engagement, ["1", "2", "3", "4"]),
        })
    })
}

fn stages(bottom: i64, top: i64) -> impl Strategy<Value = Option<Json>> {
    let stage = stage(bottom, top);
    proptest::collection::vec(stage, 3..=3).prop_map(|mut stages| {
        for (stage, name) in stages.iter_mut().zip(STAGES) {
            stage.shift_insert(0, "stage".into(), json!(name));
        }
        Some(json!(stages))
    })
}

fn stage(bottom: i64, top: i64) -> impl Strategy<Value = Map<String, Json>> {
    let percent = move |percent: i64| bottom + (top - bottom) * percent / 100;
    let score = 1..35_i64;
    let other = || option::weighted(0.3, -5..20_i64);
    let dwell = option::of(duration());
    let requalify = option::weighted(0.7, duration());
    let rejected_by = option::weighted(0.2, Just("email_opened"));
    (score, other(), other(), option::of(0..20_i64), dwell, requalify, rejected_by).prop_map(
        move |(score, fit, engagement, gap, dwell, requalify, rejected_by)| {
            let mut enter = Map::new();
            if fit.is_none() && engagement.is_none() || score % 3 > 0 {
                enter.insert("score".into(), json!(percent(score)));
            }
            enter.extend(fit.map(|fit| ("fit".to_owned(), json!(fit))));
            enter.extend(engagement.map(|number| ("engagement".to_owned(), json!(number))));
            let mut stage = Map::new();
            if let Some(gap) = gap {
                let mut leave = Map::new();
                for (key, threshold) in &enter {
                    // At least one threshold; the others now and then.
                    if leave.is_empty() || gap % 2 == 0 {
                        let threshold = threshold.as_i64().expect("a whole number");
                        let lower = if key == "score" {
                            (threshold - (top - bottom) * gap / 100).max(bottom)
                        } else {
                            threshold - gap
                        };
                        leave.insert(key.clone(), json!(lower));
                    }
                }
                if gap % 5 == 0 && !enter.contains_key("engagement") {
                    leave.insert("engagement".into(), json!(gap - 5));
                }
                stage.insert("leave".into(), Json::Object(leave));
            }
            stage.insert("enter".into(), Json::Object(enter));
            stage.extend(dwell.map(|length| ("dwell".to_owned(), json!(length))));
            stage.extend(requalify.map(|length| ("requalify_after".to_owned(), json!(length))));
            stage.extend(rejected_by.map(|event| ("rejected_by".to_owned(), json!(event))));
            stage
        },
    )
}

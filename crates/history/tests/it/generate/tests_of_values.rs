//! Tests of a value: one operator or several, over every kind of operand.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

use super::duration;
use super::values::{Flavour, flavour, number_json, operand_number, operand_text};

/// The keys of a test of the trait or property at `path`.
pub(super) fn test(path: &str) -> BoxedStrategy<Map<String, Json>> {
    flavour(path).prop_flat_map(of_flavour).boxed()
}

fn of_flavour(flavour: Flavour) -> BoxedStrategy<Map<String, Json>> {
    let operators = proptest::collection::vec(operator(flavour), 1..=2);
    let operators = prop_oneof![3 => operators.prop_map(|mut all| { all.truncate(1); all }),
        1 => proptest::collection::vec(operator(flavour), 2..=3)];
    (operators, prop::bool::weighted(0.25))
        .prop_map(|(operators, exact)| {
            let mut test = Map::new();
            for (key, operand) in operators {
                test.insert(key.to_owned(), operand);
            }
            let of_text = ["is", "in", "contains", "starts_with", "ends_with", "matches"];
            let is_text = |key: &str| match test.get(key) {
                Some(Json::Array(items)) => items.iter().all(Json::is_string),
                Some(operand) => operand.is_string(),
                None => false,
            };
            if exact && of_text.into_iter().any(is_text) {
                test.insert("exact".to_owned(), json!(true));
            }
            test
        })
        .boxed()
}

fn operator(flavour: Flavour) -> BoxedStrategy<(&'static str, Json)> {
    let exists = any::<bool>().prop_map(|there| ("exists", json!(there)));
    let own = match flavour {
        Flavour::Text => prop_oneof![
            3 => equality(operand_text().prop_map(|text| json!(text)).boxed()),
            1 => (select(&["contains", "starts_with", "ends_with"][..]), part_of_text())
                .prop_map(|(key, part)| (key, json!(part))),
            1 => pattern().prop_map(|pattern| ("matches", json!(pattern))),
        ]
        .boxed(),
        Flavour::Number => prop_oneof![
            1 => equality(operand_number().prop_map(number_json).boxed()),
            3 => (select(&["at_least", "at_most", "above", "below"][..]), operand_number())
                .prop_map(|(key, number)| (key, number_json(number))),
            1 => (operand_number(), operand_number()).prop_map(|(a, b)| {
                ("between", json!([number_json(a.min(b)), number_json(a.max(b))]))
            }),
            1 => (select(&["contains", "starts_with", "ends_with"][..]), select(&["1", "0"][..]))
                .prop_map(|(key, part)| (key, json!(part))),
        ]
        .boxed(),
        Flavour::Truth => prop_oneof![
            3 => equality(any::<bool>().prop_map(|truth| json!(truth)).boxed()),
            1 => select(&["true", "yes", "1"][..]).prop_map(|text| ("is", json!(text))),
        ]
        .boxed(),
        Flavour::Date => (select(&["within", "older_than"][..]), duration())
            .prop_map(|(key, length)| (key, json!(length)))
            .boxed(),
    };
    prop_oneof![9 => own, 1 => exists].boxed()
}

fn equality(operand: BoxedStrategy<Json>) -> BoxedStrategy<(&'static str, Json)> {
    let mixed = prop_oneof![
        8 => operand.clone(),
        1 => operand_text().prop_map(|text| json!(text)),
        1 => operand_number().prop_map(number_json),
    ];
    let list = proptest::collection::vec(mixed, 1..4).prop_map(|operands| {
        let mut distinct: Vec<Json> = Vec::new();
        for operand in operands {
            if !distinct.contains(&operand) {
                distinct.push(operand);
            }
        }
        Json::Array(distinct)
    });
    prop_oneof![(select(&["is", "is_not"][..]), operand), (select(&["in", "not_in"][..]), list),]
        .boxed()
}

fn part_of_text() -> impl Strategy<Value = &'static str> {
    select(&["es", "ES", "ñ", "Ñ", "ss", "ß", "/pricing", "i", "İ", "stanbul", "ΣΟΣ", "ς", "a"][..])
}

fn pattern() -> impl Strategy<Value = &'static str> {
    select(
        &["^/pricing(/|$)", "^es$", "ñA", "STRASSE|stra.e", "^.{2}$", r"\d", "[a-f]", "Sales"][..],
    )
}

//! Values as they come out of files and forms: clean ones, and all the others.

use leads::{Timestamp, Value};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

/// What a trait or property usually holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flavour {
    Text,
    Number,
    Truth,
    Date,
}

/// The flavour that a path usually has, or now and then another.
pub(super) fn flavour(path: &str) -> impl Strategy<Value = Flavour> + use<> {
    let usual = match path {
        "company.employees" | "size" | "amount" => Flavour::Number,
        "flag" => Flavour::Truth,
        "renewal" | "due" | "created_at" => Flavour::Date,
        _ => Flavour::Text,
    };
    let any = select(&[Flavour::Text, Flavour::Number, Flavour::Truth, Flavour::Date][..]);
    prop_oneof![9 => Just(usual), 1 => any]
}

/// Texts that a model and a lead may both know, in several spellings.
const TEXTS: [&str; 22] = [
    "ES",
    "es",
    " Es ",
    "RO",
    "España",
    "ESPAÑA",
    "Espan\u{303}a",
    "straße",
    "STRASSE",
    "İstanbul",
    "i\u{307}stanbul",
    "istanbul",
    "vp sales",
    "VP Sales\u{a0}",
    "/pricing",
    "/pricing/eu",
    "/Pricing",
    "ΣΊΣΥΦΟΣ",
    "σίσυφος",
    "true",
    "10",
    "NaN",
];

/// Texts that no model should be made of.
const ODD_TEXTS: [&str; 8] = ["", "   ", "null", "inf", "-", "1,000", "\u{feff}ES", "e\ns"];

const NUMBERS: [f64; 9] = [0.0, 1.0, 2.5, 5.0, 10.0, 99.99, 100.0, 250.0, -3.0];
const NUMBER_TEXTS: [&str; 10] =
    ["10", " 10 ", "10.0", "1e1", "2.5", "-3", "1e999", "NaN", "infinity", "ten"];
const TRUTH_TEXTS: [&str; 5] = ["true", " TRUE", "False", "yes", "1"];

/// A text for a model to compare with.
pub(super) fn operand_text() -> impl Strategy<Value = &'static str> {
    select(&TEXTS[..])
}

/// A number for a model to compare with.
pub(super) fn operand_number() -> impl Strategy<Value = f64> {
    select(&NUMBERS[..])
}

/// A value of a lead. Dates lie around `instants`.
pub(super) fn value(flavour: Flavour, instants: BoxedStrategy<Timestamp>) -> BoxedStrategy<Value> {
    let one = single(flavour, instants);
    prop_oneof![
        12 => one.clone(),
        2 => proptest::collection::vec(one, 0..4).prop_map(Value::List),
    ]
    .boxed()
}

fn single(flavour: Flavour, instants: BoxedStrategy<Timestamp>) -> BoxedStrategy<Value> {
    let text = |text: &'static str| Value::Text(text.to_owned());
    match flavour {
        Flavour::Text => prop_oneof![
            10 => select(&TEXTS[..]).prop_map(text),
            2 => select(&ODD_TEXTS[..]).prop_map(text),
        ]
        .boxed(),
        Flavour::Number => prop_oneof![
            5 => select(&NUMBERS[..]).prop_map(Value::Number),
            5 => select(&NUMBER_TEXTS[..]).prop_map(text),
        ]
        .boxed(),
        Flavour::Truth => prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            select(&TRUTH_TEXTS[..]).prop_map(text),
        ]
        .boxed(),
        Flavour::Date => prop_oneof![
            3 => instants.clone().prop_map(Value::Instant),
            3 => instants.clone().prop_map(|at| Value::Text(at.to_string())),
            2 => instants.clone().prop_map(|at| Value::Number(at.as_millis() as f64)),
            2 => instants.clone().prop_map(|at| {
                Value::Text(at.as_millis().div_euclid(1000).to_string())
            }),
            3 => (instants, 0..3_usize).prop_map(|(at, form)| Value::Text(without_zone(at, form))),
            1 => select(&["2026-02-30", "soon", "2026", "", "NaN"][..]).prop_map(text),
        ]
        .boxed(),
    }
}

/// A date, or a date and time, for the model's time zone to read.
fn without_zone(at: Timestamp, form: usize) -> String {
    let civil = at.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).datetime();
    match form {
        0 => civil.date().to_string(),
        1 => civil.to_string(),
        _ => civil.to_string().replace('T', " "),
    }
}

/// A number of points with at most two decimals.
pub(super) fn points(hundredths: i64) -> Json {
    if hundredths % 100 == 0 { json!(hundredths / 100) } else { json!(hundredths as f64 / 100.0) }
}

/// A number as JSON, whole numbers without a fraction.
pub(super) fn number_json(number: f64) -> Json {
    if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}

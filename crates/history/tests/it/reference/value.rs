//! Tests of one value: "is", "at least", "contains" and the others.

use leads::{Timestamp, Value, read_bool, read_local, read_number};
use regex::RegexBuilder;
use serde_json::{Map, Value as Json};

use super::document::{millis, text};
use super::{Reference, Truth};

const OPERATORS: [&str; 15] = [
    "is",
    "is_not",
    "in",
    "not_in",
    "at_least",
    "at_most",
    "above",
    "below",
    "between",
    "contains",
    "starts_with",
    "ends_with",
    "matches",
    "within",
    "older_than",
];

impl Reference<'_> {
    /// Whether a value, or a value that is not there, passes every operator among the keys of `test`.
    pub(super) fn test(
        &self,
        test: &Map<String, Json>,
        value: Option<&Value>,
        t: Timestamp,
    ) -> Truth {
        let exists = match test.get("exists") {
            Some(wanted) => Truth::from(value.is_some() == (*wanted == Json::Bool(true))),
            None => Truth::True,
        };
        let exact = test.get("exact") == Some(&Json::Bool(true));
        let operators: Vec<_> =
            test.iter().filter(|(key, _)| OPERATORS.contains(&key.as_str())).collect();
        let single = |value: &Value| {
            Truth::all(
                operators
                    .iter()
                    .map(|(operator, operand)| self.operator(operator, operand, exact, value, t)),
            )
        };
        let rest = match value {
            _ if operators.is_empty() => Truth::True,
            None => Truth::Unknown,
            Some(Value::List(elements)) => Truth::any(elements.iter().map(single)),
            Some(value) => single(value),
        };
        Truth::all([exists, rest])
    }

    fn operator(
        &self,
        operator: &str,
        operand: &Json,
        exact: bool,
        value: &Value,
        t: Timestamp,
    ) -> Truth {
        match operator {
            "is" => is(operand, exact, value),
            "is_not" => is(operand, exact, value).not(),
            "in" => is_in(operand, exact, value),
            "not_in" => is_in(operand, exact, value).not(),
            "at_least" | "at_most" | "above" | "below" | "between" => {
                number(value).map_or(Truth::Unknown, |n| compare(operator, operand, n).into())
            }
            "contains" => comparable(value, exact).contains(&prepared(text(operand), exact)).into(),
            "starts_with" => {
                comparable(value, exact).starts_with(&prepared(text(operand), exact)).into()
            }
            "ends_with" => {
                comparable(value, exact).ends_with(&prepared(text(operand), exact)).into()
            }
            "matches" => {
                let mut patterns = self.patterns.borrow_mut();
                let pattern = patterns.entry((text(operand).into(), exact)).or_insert_with(|| {
                    RegexBuilder::new(text(operand))
                        .case_insensitive(!exact)
                        .build()
                        .expect("a regular expression")
                });
                pattern.is_match(&comparable(value, exact)).into()
            }
            "within" | "older_than" => match date(value, &self.zone) {
                None => Truth::Unknown,
                Some(date) => {
                    let age = t.as_millis() - date.as_millis();
                    let length = millis(operand);
                    let passes = match operator {
                        "within" => 0 <= age && age < length,
                        _ => age >= length,
                    };
                    passes.into()
                }
            },
            other => panic!("no such operator: {other}"),
        }
    }
}

fn is(operand: &Json, exact: bool, value: &Value) -> Truth {
    match operand {
        Json::Number(wanted) => number(value)
            .map_or(Truth::Unknown, |number| Truth::from(Some(number) == wanted.as_f64())),
        Json::Bool(wanted) => {
            let read = match value {
                Value::Bool(truth) => Some(*truth),
                Value::Text(text) => read_bool(text),
                _ => None,
            };
            read.map_or(Truth::Unknown, |read| Truth::from(read == *wanted))
        }
        wanted => (comparable(value, exact) == prepared(text(wanted), exact)).into(),
    }
}

fn is_in(operands: &Json, exact: bool, value: &Value) -> Truth {
    let operands = operands.as_array().expect("a list");
    Truth::any(operands.iter().map(|operand| is(operand, exact, value)))
}

fn compare(operator: &str, operand: &Json, number: f64) -> bool {
    let bound = |json: &Json| json.as_f64().expect("a number");
    match operator {
        "at_least" => number >= bound(operand),
        "at_most" => number <= bound(operand),
        "above" => number > bound(operand),
        "below" => number < bound(operand),
        _ => number >= bound(&operand[0]) && number <= bound(&operand[1]),
    }
}

/// The value as a number, where it is one or reads as one.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => read_number(text),
        Value::Bool(_) | Value::Instant(_) | Value::List(_) => None,
    }
}

/// The value as text that is ready to be compared.
fn comparable(value: &Value, exact: bool) -> String {
    prepared(&value.to_string(), exact)
}

fn prepared(text: &str, exact: bool) -> String {
    if exact { text.to_owned() } else { caseless::default_case_fold_str(text.trim()) }
}

/// The value as an instant, where it is one or reads as one.
pub(super) fn date(value: &Value, zone: &jiff::tz::TimeZone) -> Option<Timestamp> {
    match value {
        Value::Instant(instant) => Some(*instant),
        Value::Number(number) => Timestamp::from_epoch_number(*number).ok(),
        Value::Text(text) => Timestamp::parse(text).ok().or_else(|| read_local(text, zone)),
        Value::Bool(_) | Value::List(_) => None,
    }
}

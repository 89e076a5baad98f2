//! What a trait or a property can hold.

use std::fmt;

use crate::Timestamp;

/// The value of a trait or an event property. A missing one is `Option::None` where it may be
/// missing; an empty cell of a file is a missing value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Any text, as it came.
    Text(String),
    /// A finite number.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// An instant from a source that has a type for them (Parquet).
    Instant(Timestamp),
    /// Several values, none of them a list.
    List(Vec<Self>),
}

impl Value {
    /// From JSON: `null` and objects are nothing; a number that f64 cannot hold is nothing; lists
    /// within lists are flattened.
    pub fn from_json(json: &serde_json::Value) -> Option<Self> {
        use serde_json::Value as Json;
        match json {
            Json::Null | Json::Object(_) => None,
            Json::Bool(truth) => Some(Self::Bool(*truth)),
            Json::Number(number) => {
                number.as_f64().filter(|number| number.is_finite()).map(Self::Number)
            }
            Json::String(text) => Some(Self::Text(text.clone())),
            Json::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items.iter().filter_map(Self::from_json) {
                    match item {
                        Self::List(inner) => list.extend(inner),
                        single => list.push(single),
                    }
                }
                Some(Self::List(list))
            }
        }
    }

    /// The value as JSON; instants as RFC 3339 text.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.clone().into(),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                (*number as i64).into()
            }
            Self::Number(number) => (*number).into(),
            Self::Bool(truth) => (*truth).into(),
            Self::Instant(instant) => instant.to_string().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
        }
    }

    /// Calls `visit` with the value, or with each element of a list.
    pub fn elements(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            single => std::slice::from_ref(single),
        }
    }
}

impl fmt::Display for Value {
    /// Text as it is, numbers in their shortest form, lists separated by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Instant(instant) => instant.fmt(f),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    item.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

/// Reads text that is a finite decimal number, such as `250`, ` -1.5 ` or `2e3`.
pub fn read_number(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.bytes().any(|b| b.is_ascii_alphabetic() && b != b'e' && b != b'E') {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Reads `true` or `false`, whatever the case.
pub fn read_bool(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_a_number_only_where_it_is_a_finite_decimal() {
        assert_eq!(read_number(" 250 "), Some(250.0));
        assert_eq!(read_number("-1.5e2"), Some(-150.0));
        for text in ["", "NaN", "inf", "1e999", "1,000", "0x10", "twelve", "5 %"] {
            assert_eq!(read_number(text), None, "{text}");
        }
    }

    #[test]
    fn json_null_is_a_missing_value_and_nested_lists_are_one_list() {
        let json = serde_json::json!(["a", null, ["b", 2]]);
        let items = [Value::Text("a".into()), Value::Text("b".into()), Value::Number(2.0)];
        assert_eq!(Value::from_json(&json), Some(Value::List(items.to_vec())));
        assert_eq!(Value::from_json(&serde_json::Value::Null), None);
    }
}

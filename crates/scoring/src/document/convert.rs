//! The tree as JSON.

use serde_json::{Map, Value};

use super::format::{list_shape, rank_and_shape, record_of, trimmed};
use super::grammar::Shape;
use super::tree::{Entry, Form, Node, Number};

/// Indented by two spaces, keys in the order of the grammar.
pub(super) fn to_json(root: &Node, shape: &Shape) -> String {
    // Keys are text and numbers finite: there is nothing that serde could refuse.
    let mut text = serde_json::to_string_pretty(&value(root, shape)).unwrap_or_default();
    text.push('\n');
    text
}

fn value(node: &Node, shape: &Shape) -> Value {
    match &node.form {
        Form::Null => Value::Null,
        Form::Bool(truth) => Value::Bool(*truth),
        Form::Number(number) => self::number(number),
        Form::Text(text) => Value::String(trimmed(text, shape).to_owned()),
        Form::List(items) => items.iter().map(|item| value(item, list_shape(shape))).collect(),
        Form::Mapping(entries) => {
            let record = record_of(shape, node);
            let mut ranked: Vec<(usize, &Entry, &Shape)> = entries
                .iter()
                .map(|entry| {
                    let (rank, shape) = rank_and_shape(shape, record, &entry.key);
                    (rank, entry, shape)
                })
                .collect();
            ranked.sort_by_key(|(rank, ..)| *rank);
            let entries = ranked.into_iter();
            let map: Map<String, Value> = entries
                .map(|(_, Entry { key, value: node, .. }, shape)| (key.clone(), value(node, shape)))
                .collect();
            Value::Object(map)
        }
    }
}

/// As it is written where JSON can write it so; infinity, which no model takes, as text.
fn number(number: &Number) -> Value {
    if let Ok(same) = serde_json::from_str::<Value>(&number.source) {
        return same;
    }
    let whole = number.value as i64;
    if (whole as f64).to_bits() == number.value.to_bits() && whole.unsigned_abs() < 1 << 53 {
        return whole.into();
    }
    serde_json::Number::from_f64(number.value)
        .map_or_else(|| Value::String(number.source.clone()), Value::Number)
}

//! The fields of a form, however they are written.

use serde_json::Value as Json;

use super::{FORM_BYTES_MAX, FormError};
use crate::document::{body_text, read_tree};

/// The most fields of a form. Nobody's form has a tenth; each is looked up among those before it.
const FIELDS_MAX: usize = 1_000;

/// Fields in their order. Those within each other have dotted names, lists of plain values are
/// lists, and of a list of objects each has its number in the name: `answers.0.text`.
pub type Fields = Vec<(String, Json)>;

/// Takes a form apart: a JSON object, or else `application/x-www-form-urlencoded`. A field that is
/// there several times is a list.
pub fn read_fields(bytes: &[u8]) -> Result<Fields, FormError> {
    if bytes.len() > FORM_BYTES_MAX {
        return Err(FormError::TooLarge { size: bytes.len() });
    }
    let malformed = |reason: String| FormError::Malformed { reason };
    let text = body_text(bytes).map_err(malformed)?.trim();
    if text.starts_with('{') {
        let tree = read_tree(text, FIELDS_MAX).map_err(|error| malformed(error.message))?;
        let mut fields = Vec::new();
        flatten(String::new(), tree.value, &mut fields);
        return Ok(fields);
    }
    if text.starts_with('[') {
        return Err(malformed("is a JSON list: send one object for each form".to_owned()));
    }
    if text.starts_with("--") {
        return Err(malformed(
            "is multipart: send it as application/x-www-form-urlencoded or as a JSON object"
                .to_owned(),
        ));
    }
    urlencoded(text)
}

fn urlencoded(text: &str) -> Result<Fields, FormError> {
    let mut fields: Fields = Vec::new();
    for (count, (name, value)) in form_urlencoded::parse(text.as_bytes()).enumerate() {
        if count >= FIELDS_MAX {
            let reason = format!("has more than {FIELDS_MAX} fields: send fewer");
            return Err(FormError::Malformed { reason });
        }
        // PHP's way of writing lists.
        let name = name.strip_suffix("[]").unwrap_or(&name).replace('\0', "");
        let value = Json::String(value.replace('\0', ""));
        match fields.iter_mut().find(|(there, _)| *there == name) {
            Some((_, Json::Array(items))) => items.push(value),
            Some((_, there)) => *there = Json::Array(vec![there.take(), value]),
            None => fields.push((name, value)),
        }
    }
    Ok(fields)
}

fn flatten(name: String, value: Json, fields: &mut Fields) {
    let within = |step: &str| {
        if name.is_empty() { step.to_owned() } else { format!("{name}.{step}") }
    };
    match value {
        Json::Object(object) => {
            for (key, value) in object {
                flatten(within(&key), value, fields);
            }
        }
        Json::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (number, item) in items.into_iter().enumerate() {
                flatten(within(&number.to_string()), item, fields);
            }
        }
        plain => fields.push((name, plain)),
    }
}

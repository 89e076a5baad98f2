//! Names that people and things go by, as strangers send them.

use serde_json::Value as Json;

/// The longest id of a person, a visitor, a company or a deal, in bytes.
pub const ID_BYTES_MAX: usize = 255;

/// What programs send where they know no id. Taken for ids, they would make one lead of everybody.
const BLOCKED: [&str; 23] = [
    "[]",
    "[object object]",
    "anonymous",
    "anonymous_user",
    "anonymoususer",
    "distinct_id",
    "distinctid",
    "email",
    "false",
    "guest",
    "id",
    "n/a",
    "nan",
    "nil",
    "none",
    "not_authenticated",
    "null",
    "true",
    "undefined",
    "unknown",
    "user_id",
    "userid",
    "{}",
];

/// An id as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Id {
    /// Not there: missing, `null` or blank.
    Absent,
    /// There, but no id: what programs send for "nobody".
    Blocked(String),
    /// An id, trimmed.
    Known(String),
}

/// Why a value cannot be an id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IdFault {
    /// A list or an object.
    Shape,
    /// More than [`ID_BYTES_MAX`].
    Long,
    /// Control characters in it.
    Control,
}

/// Whether a text is what programs send where they know no id: `null`, `undefined`, `0`, `-1`,
/// zeros and dashes of any length (as in an empty UUID), and the like.
pub fn is_blocked_id(id: &str) -> bool {
    let id = id.trim();
    let zeros = id.bytes().all(|byte| matches!(byte, b'0' | b'-'));
    zeros || id == "-1" || BLOCKED.contains(&id.to_lowercase().as_str())
}

/// Reads an id from JSON: text, or a number as its digits.
pub(crate) fn read_id(value: Option<&Json>) -> Result<Id, IdFault> {
    match value {
        None | Some(Json::Null) => Ok(Id::Absent),
        Some(Json::String(text)) => read_id_text(text),
        Some(Json::Bool(truth)) => Ok(Id::Blocked(truth.to_string())),
        Some(Json::Number(number)) => {
            // 12.0 and 12 are one id, whichever language wrote them.
            let whole = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15);
            let text = match (number.as_i64(), whole) {
                (None, Some(whole)) => (whole as i64).to_string(),
                _ => number.to_string(),
            };
            read_id_text(&text)
        }
        Some(Json::Array(_) | Json::Object(_)) => Err(IdFault::Shape),
    }
}

/// Reads an id from text.
pub(crate) fn read_id_text(text: &str) -> Result<Id, IdFault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Id::Absent);
    }
    if is_blocked_id(text) {
        return Ok(Id::Blocked(text.to_owned()));
    }
    if text.len() > ID_BYTES_MAX {
        return Err(IdFault::Long);
    }
    if text.chars().any(char::is_control) {
        return Err(IdFault::Control);
    }
    Ok(Id::Known(text.to_owned()))
}

impl IdFault {
    /// What is wrong and what to do; goes behind the name of the field.
    pub(crate) fn message(self) -> String {
        match self {
            Self::Shape => "must be text or a number, not a list or an object".to_owned(),
            Self::Long => format!("is longer than {ID_BYTES_MAX} bytes: send a shorter id"),
            Self::Control => "contains control characters: send an id without them".to_owned(),
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Shape => "wrong_type",
            Self::Long => "too_long",
            Self::Control => "bad_id",
        }
    }
}

//! Versions of what is changed, so that nobody overwrites what somebody else just changed.

use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::Digest;

use crate::problem::Problem;

/// The version that a change expects to find; none: any.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let version = inner.and_then(|text| text.parse().ok());
    version.map(Some).ok_or_else(|| {
        Problem::bad("bad_if_match", "If-Match takes the ETag of an earlier answer, as \"3\"")
    })
}

/// Whether there must be nothing yet: `If-None-Match: *`.
pub(crate) fn only_if_new(headers: &HeaderMap) -> Result<bool, Problem> {
    match headers.get(IF_NONE_MATCH) {
        None => Ok(false),
        Some(value) if value.to_str().is_ok_and(|text| text.trim() == "*") => Ok(true),
        Some(_) => Err(Problem::bad(
            "bad_if_none_match",
            "If-None-Match takes `*` here: only where there is nothing yet",
        )),
    }
}

/// What stands for the content of something: the same as long as it says the same, and another number
/// otherwise, however soon after.
pub(crate) fn content_tag(content: &impl Serialize) -> i64 {
    // Numbers and texts always have a JSON form.
    let json = serde_json::to_vec(content).unwrap_or_default();
    let digest = Digest::of_parts(&[json.as_slice()]);
    let first = digest.as_bytes().first_chunk().copied().unwrap_or_default();
    // 60 bits: below what a whole number with a sign holds.
    (u64::from_be_bytes(first) >> 4) as i64
}

/// Refuses a change that expects to find something else than there is.
pub(crate) fn unless_changed(expected: Option<i64>, found: i64, what: &str) -> Result<(), Problem> {
    match expected {
        Some(expected) if expected != found => {
            Err(Problem::changed(format!("the {what} was changed in between: read it again")))
        }
        _ => Ok(()),
    }
}

/// An answer with its version.
pub(crate) fn tagged(version: i64, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

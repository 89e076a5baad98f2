//! Versions of what is changed, so that nobody overwrites what somebody else just changed.

use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::Digest;

use crate::problem::Problem;

/// What a change expects to find, as `If-Match` says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Expected {
    /// Anything or nothing: it says nothing.
    Whatever,
    /// Anything that is there (`*`).
    Anything,
    /// One of these versions.
    OneOf(Vec<i64>),
}

/// What a change expects to find.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Expected, Problem> {
    let mut versions = Vec::new();
    for value in headers.get_all(IF_MATCH) {
        let text = value.to_str().unwrap_or("?").trim();
        if text == "*" {
            return Ok(Expected::Anything);
        }
        for tag in text.split(',').map(str::trim) {
            let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            versions.push(inner.and_then(|tag| tag.parse().ok()).ok_or_else(|| {
                let detail =
                    "If-Match takes the ETag of an earlier answer, as \"3\", several of them, or *";
                Problem::bad("bad_if_match", detail)
            })?);
        }
    }
    Ok(if versions.is_empty() { Expected::Whatever } else { Expected::OneOf(versions) })
}

impl Expected {
    /// Whether this version may be changed.
    pub(crate) fn admits(&self, found: i64) -> bool {
        match self {
            Self::Whatever | Self::Anything => true,
            Self::OneOf(versions) => versions.contains(&found),
        }
    }
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
pub(crate) fn unless_changed(expected: &Expected, found: i64, what: &str) -> Result<(), Problem> {
    if expected.admits(found) {
        return Ok(());
    }
    Err(Problem::changed(format!("the {what} was changed in between: read it again")))
}

/// Refuses a change that expects to find something where there is nothing.
pub(crate) fn unless_gone(expected: &Expected, what: &str) -> Result<(), Problem> {
    if *expected == Expected::Whatever {
        return Ok(());
    }
    Err(Problem::changed(format!(
        "there is no {what} of this name: leave If-Match out to make one"
    )))
}

/// An answer with its version.
pub(crate) fn tagged(version: i64, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Option<Expected> {
        let values = values.iter().map(|value| (IF_MATCH, value.parse().expect("a header")));
        if_match(&values.collect()).ok()
    }

    #[test]
    fn one_tag_several_or_any_may_be_expected() {
        assert_eq!(read(&[]), Some(Expected::Whatever));
        assert_eq!(read(&["*"]), Some(Expected::Anything));
        assert_eq!(read(&["\"3\""]), Some(Expected::OneOf(vec![3])));
        assert_eq!(read(&["\"3\", \"4\"", "\"5\""]), Some(Expected::OneOf(vec![3, 4, 5])));
        for wrong in ["3", "W/\"3\"", "\"3\",", "\"a\"", ""] {
            assert_eq!(read(&[wrong]), None, "{wrong}");
        }
        let several = Expected::OneOf(vec![3, 4]);
        assert!(several.admits(4) && !several.admits(5));
    }
}

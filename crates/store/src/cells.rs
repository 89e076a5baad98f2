//! Columns that hold more than a number or a text, and texts that come from outside.

use leads::{Duration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::{DbError, Row};

/// An instant.
pub(crate) fn instant(row: &Row<'_>, index: usize) -> Result<Timestamp, DbError> {
    row.get(index).map(Timestamp::saturating_from_millis)
}

/// An instant that may be missing.
pub(crate) fn instant_if_any(row: &Row<'_>, index: usize) -> Result<Option<Timestamp>, DbError> {
    let millis: Option<i64> = row.get(index)?;
    Ok(millis.map(Timestamp::saturating_from_millis))
}

/// A flag: 0 or 1.
pub(crate) fn flag(row: &Row<'_>, index: usize) -> Result<bool, DbError> {
    row.get(index).map(|number: i64| number != 0)
}

/// JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> Result<T, DbError> {
    let text: String = row.get(index)?;
    serde_json::from_str(&text)
        .map_err(|error| DbError::Damaged(format!("column {index}: {error}")))
}

/// What a column of JSON holds for `value`.
pub(crate) fn json_text<T: Serialize + ?Sized>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Statement(error.to_string()))
}

/// A text from outside for a column that people look at: at most `most` characters, in one line,
/// without what no database or terminal should be given.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    text.chars().map(|c| if breaks_lines(c) { ' ' } else { c }).take(most).collect()
}

/// Whether it could begin a new line, end a text or turn its direction round, somewhere.
pub(crate) fn breaks_lines(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A duration in minutes, for constants.
pub(crate) const fn minutes(minutes: i64) -> Duration {
    match Duration::from_millis(minutes * 60_000) {
        Some(duration) => duration,
        None => Duration::ZERO,
    }
}

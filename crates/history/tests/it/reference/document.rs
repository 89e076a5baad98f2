//! Reading a model document where it stands, as JSON.

use leads::{CalendarDuration, Duration};
use serde_json::Value as Json;

/// Points as whole hundredths.
pub(crate) fn hundredths(points: &Json) -> i128 {
    let points = points.as_f64().expect("points are a number");
    (points * 100.0).round() as i128
}

/// The points under `key` as whole hundredths, 0 where there is no such key.
pub(crate) fn hundredths_or_zero(of: &Json, key: &str) -> i128 {
    of.get(key).map_or(0, hundredths)
}

/// A fixed length of time in milliseconds.
pub(crate) fn millis(duration: &Json) -> i64 {
    let duration: Duration = text(duration).parse().expect("a length of time");
    duration.as_millis()
}

/// A length of time that may count in months.
pub(crate) fn calendar_duration(duration: &Json) -> CalendarDuration {
    text(duration).parse().expect("a length of time")
}

/// A text.
pub(crate) fn text(json: &Json) -> &str {
    json.as_str().expect("a text")
}

/// The items of a list; nothing where there is no such key.
pub(crate) fn items<'a>(of: &'a Json, key: &str) -> &'a [Json] {
    of.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// One name, or a list of names.
pub(crate) fn names(json: &Json) -> Vec<&str> {
    match json {
        Json::Array(names) => names.iter().map(text).collect(),
        name => vec![text(name)],
    }
}

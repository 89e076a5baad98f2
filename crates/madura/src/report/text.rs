//! Texts and numbers as people read them.

use history::Backtest;
use jiff::tz::TimeZone;
use leads::Timestamp;

pub(super) use crate::inputs::{counted, grouped as whole};

/// Text from a file, made harmless in HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Control characters are no part of HTML.
            character if character.is_control() => safe.push(' '),
            character => safe.push(character),
        }
    }
    safe
}

/// A share as a percentage, with as many digits as it deserves.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let decimals = match percent {
        p if p <= 0.0 || p >= 99.95 || (10.0..99.0).contains(&p) => 0,
        p if p < 1.0 => 2,
        _ => 1,
    };
    format!("{percent:.decimals$}%")
}

/// A rate, or a dash where there is none.
pub(crate) fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), percent)
}

/// A multiple, such as `4.3×`.
pub(crate) fn times(lift: f64) -> String {
    let decimals = if lift <= 0.0 {
        0
    } else if lift < 0.995 {
        2
    } else {
        usize::from(lift < 9.95)
    };
    format!("{lift:.decimals$}×")
}

/// An area between 0 and 1, to two digits.
pub(crate) fn area(area: Option<f64>) -> String {
    area.map_or_else(|| "–".to_owned(), |area| format!("{area:.2}"))
}

/// `1 March 2026`, on the clocks of the model's time zone.
pub(super) fn date(at: Timestamp, test: &Backtest) -> String {
    on_the_clock(at, test, "%-d %B %Y")
}

/// `1 Mar 2026`, on the clocks of the model's time zone.
pub(super) fn short_date(at: Timestamp, test: &Backtest) -> String {
    on_the_clock(at, test, "%-d %b %Y")
}

fn on_the_clock(at: Timestamp, test: &Backtest, form: &str) -> String {
    let zone = TimeZone::get(&test.time_zone).unwrap_or(TimeZone::UTC);
    at.to_jiff().to_zoned(zone).strftime(form).to_string()
}

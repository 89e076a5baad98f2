//! Instants as people write them in tables.

use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use leads::{Timestamp, TimestampError, read_local};
use serde_json::Value as Json;

use super::DateOrder;
use crate::rows::shorten;

/// How instants of a table are read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) zone: Option<TimeZone>,
    pub(super) order: Option<DateOrder>,
}

impl Reading {
    /// An instant from a cell; the error says what to do.
    pub(super) fn instant(&self, value: &Json) -> Result<Timestamp, String> {
        let text = match value {
            Json::String(text) => text.trim().to_owned(),
            other => other.to_string(),
        };
        let refuse = |reason: &str| Err(format!("{:?} {reason}", shorten(&text)));
        let local = match Timestamp::parse(&text) {
            Ok(instant) => return Ok(instant),
            Err(TimestampError::NoZone) => None,
            Err(error) => match split(&text) {
                None => return refuse(&error.to_string()),
                Some(parts) => match self.civil(&parts) {
                    Ok(local) => Some(local),
                    Err(reason) => return refuse(reason),
                },
            },
        };
        let Some(zone) = &self.zone else {
            return refuse("names no time zone: set the zone of the import");
        };
        let instant = match local {
            Some(local) => zone.to_timestamp(local).ok().map(Timestamp::from_jiff),
            None => read_local(&text, zone),
        };
        instant.ok_or_else(|| format!("{:?} is no instant in that zone", shorten(&text)))
    }

    fn civil(&self, parts: &Parts) -> Result<DateTime, &'static str> {
        let Parts { first, second, year, clock, separator } = *parts;
        let order = match self.order {
            Some(order) => order,
            // Dots are written where the day comes first.
            None if separator == '.' || first > 12 => DateOrder::DayFirst,
            None if second > 12 => DateOrder::MonthFirst,
            None if first == second => DateOrder::DayFirst,
            None => return Err("can be read with the day or the month first: set the date order"),
        };
        let (day, month) = match order {
            DateOrder::DayFirst => (first, second),
            DateOrder::MonthFirst => (second, first),
        };
        let (hour, minute, second) = clock;
        let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && year >= 1;
        let valid = valid && hour < 24 && minute < 60 && second < 60;
        let start = date(year, 1, 1).with().month(month).day(day).build();
        match start {
            Ok(start) if valid => Ok(start.at(hour, minute, second, 0)),
            _ => Err("is no date there is"),
        }
    }
}

/// Whether a text is a date with the year last.
pub(crate) fn is_local_date(text: &str) -> bool {
    split(text.trim()).is_some()
}

/// Whether a date can only be read with the order known.
pub(super) fn is_ambiguous(text: &str) -> bool {
    split(text.trim()).is_some_and(|parts| {
        parts.separator != '.'
            && parts.first <= 12
            && parts.second <= 12
            && parts.first != parts.second
    })
}

/// `01/03/2026 14:30:05`, taken apart.
struct Parts {
    first: i8,
    second: i8,
    year: i16,
    clock: (i8, i8, i8),
    separator: char,
}

fn split(text: &str) -> Option<Parts> {
    let (day, clock) = match text.split_once([' ', 'T']) {
        Some((day, clock)) => (day, clock.trim()),
        None => (text, ""),
    };
    let separator = day.chars().find(|letter| !letter.is_ascii_digit())?;
    if !matches!(separator, '/' | '.' | '-') {
        return None;
    }
    let mut numbers = day.split(separator);
    let number = |text: &str, digits: usize| -> Option<i16> {
        let plain =
            !text.is_empty() && text.len() <= digits && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse().ok()).flatten()
    };
    let first = number(numbers.next()?, 2)?;
    let second = number(numbers.next()?, 2)?;
    let year = numbers.next().filter(|year| year.len() == 4).and_then(|year| number(year, 4))?;
    if numbers.next().is_some() {
        return None;
    }
    let clock = if clock.is_empty() {
        (0, 0, 0)
    } else {
        let mut numbers = clock.split(':');
        let hour = number(numbers.next()?, 2)?;
        let minute = number(numbers.next()?, 2)?;
        let second = numbers.next().map_or(Some(0), |second| number(second, 2))?;
        if numbers.next().is_some() {
            return None;
        }
        (hour as i8, minute as i8, second as i8)
    };
    Some(Parts { first: first as i8, second: second as i8, year, clock, separator })
}

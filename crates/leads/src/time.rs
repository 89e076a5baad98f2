//! Instants: whole milliseconds since the Unix epoch, UTC.

use std::fmt;

use jiff::civil;
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::Duration;

/// An instant: whole milliseconds since 1970-01-01T00:00:00Z, between the years 1 and 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(i64);

/// Why a text is not an instant. `Display` names the remedy.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum TimestampError {
    /// The text is a date or a date and time, but says nothing about the zone.
    #[error("has no time zone: write it as in 2026-03-01T10:00:00Z or 2026-03-01T10:00:00+01:00")]
    NoZone,
    /// The instant lies before the year 1 or after the year 9999.
    #[error("lies outside the years 1 to 9999")]
    OutOfRange,
    /// The text is nothing of the kind.
    #[error(
        "is not an instant: write RFC 3339 (2026-03-01T10:00:00Z) or seconds or milliseconds since 1970"
    )]
    NotAnInstant,
}

/// Plain numbers of at least this size are milliseconds, smaller ones are seconds:
/// 1e11 s is the year 5138, 1e11 ms is March 1973.
const FIRST_MILLISECONDS: f64 = 1e11;

impl Timestamp {
    /// 0001-01-01T00:00:00Z, "the beginning of time".
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Result<Self, TimestampError> {
        if millis < Self::MIN.0 || millis > Self::MAX.0 {
            return Err(TimestampError::OutOfRange);
        }
        Ok(Self(millis))
    }

    /// From milliseconds since the Unix epoch, held to the range of instants.
    pub fn saturating_from_millis(millis: i64) -> Self {
        Self(millis.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// From milliseconds since the Unix epoch, of which the lowest 47 bits are taken: every instant from 1970 to 6429,
    /// without a comparison.
    #[inline]
    #[must_use]
    pub const fn from_low_millis(millis: i64) -> Self {
        Self(millis & ((1 << 47) - 1))
    }

    /// From a plain number: seconds below 1e11, milliseconds from there on; fractions of a
    /// millisecond are cut off.
    pub fn from_epoch_number(number: f64) -> Result<Self, TimestampError> {
        if !number.is_finite() {
            return Err(TimestampError::NotAnInstant);
        }
        let millis = if number.abs() < FIRST_MILLISECONDS {
            // A thousandth that binary fractions cannot hold (1.001 s) must not lose a millisecond.
            (number * 1000.0 + 1e-4).floor()
        } else {
            number.floor()
        };
        if millis < Self::MIN.0 as f64 || millis > Self::MAX.0 as f64 {
            return Err(TimestampError::OutOfRange);
        }
        Self::from_millis(millis as i64)
    }

    /// From a whole number of seconds or milliseconds, told apart as in [`Self::from_epoch_number`].
    pub fn from_epoch_integer(number: i64) -> Result<Self, TimestampError> {
        if number.unsigned_abs() < FIRST_MILLISECONDS as u64 {
            Self::from_millis(number * 1000)
        } else {
            Self::from_millis(number)
        }
    }

    /// Reads RFC 3339 with a zone, or seconds or milliseconds since the epoch.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let text = text.trim();
        if let Some(fast) = parse_utc_fast(text.as_bytes()) {
            return Ok(fast);
        }
        if let Ok(number) = text.parse::<i64>() {
            return Self::from_epoch_integer(number);
        }
        if text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') {
            if let Ok(number) = text.parse::<f64>() {
                return Self::from_epoch_number(number);
            }
            if let Ok(instant) = text.parse::<jiff::Timestamp>() {
                return Self::from_millis(instant.as_nanosecond().div_euclid(1_000_000) as i64);
            }
            if text.parse::<civil::DateTime>().is_ok() {
                return Err(TimestampError::NoZone);
            }
        }
        Err(TimestampError::NotAnInstant)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The instant `duration` later, held to the range of instants.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self::saturating_from_millis(self.0.saturating_add(duration.as_millis()))
    }

    /// The instant `duration` earlier, held to the range of instants.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self::saturating_from_millis(self.0.saturating_sub(duration.as_millis()))
    }

    /// The same instant in jiff's type, for calendars and zones.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// From jiff's type, held to the range of instants; fractions of a millisecond are cut off.
    pub fn from_jiff(instant: jiff::Timestamp) -> Self {
        Self::saturating_from_millis(instant.as_nanosecond().div_euclid(1_000_000) as i64)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC; milliseconds only where there are some.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = self.to_jiff();
        if self.0.rem_euclid(1000) == 0 {
            write!(f, "{instant:.0}")
        } else {
            write!(f, "{instant:.3}")
        }
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Reads a date or a date and time that names no zone as the clocks of `zone` show it
/// (a date alone is its midnight). `None` where the text is neither.
pub fn read_local(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let civil: civil::DateTime = text.parse().ok()?;
    let instant = zone.to_timestamp(civil).ok()?;
    Some(Timestamp::from_jiff(instant))
}

/// `YYYY-MM-DDTHH:MM:SS[.fff]Z` without going through a general parser: the form that nearly
/// every file uses, read in a few nanoseconds. `None` for everything else, valid or not.
fn parse_utc_fast(text: &[u8]) -> Option<Timestamp> {
    let (seconds, rest) = text.split_at_checked(19)?;
    let two = |at: usize| -> Option<i64> {
        let (tens, ones) = (seconds[at].wrapping_sub(b'0'), seconds[at + 1].wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
    };
    let separated = seconds[4] == b'-'
        && seconds[7] == b'-'
        && matches!(seconds[10], b'T' | b' ')
        && seconds[13] == b':'
        && seconds[16] == b':';
    if !separated {
        return None;
    }
    let (year, month, day) = (two(0)? * 100 + two(2)?, two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    let in_range = (1..=12).contains(&month)
        && (1..=28).contains(&day)
        && year >= 1
        && hour < 24
        && minute < 60
        && second < 60;
    let in_day = hour < 24 && minute < 60 && second < 60;
    // Only the last days of a month need its length.
    if !in_range && (!in_day || !in_month(year, month, day)) {
        return None;
    }
    let millis = match rest {
        [b'Z'] => 0,
        [b'.', a, b, c, b'Z'] => {
            let digit = |d: &u8| Some(i64::from(*d - b'0')).filter(|_| d.is_ascii_digit());
            digit(a)? * 100 + digit(b)? * 10 + digit(c)?
        }
        _ => return None,
    };
    let days = days_from_civil(year, month, day);
    Some(Timestamp(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + millis))
}

fn in_month(year: i64, month: i64, day: i64) -> bool {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return false,
    };
    year >= 1 && (1..=length).contains(&day)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar; the year is counted from March, so
/// that the leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_instant_is_read_in_every_form_that_files_use() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-03-01T10:00:00Z", 1_772_359_200_000),
            ("2026-03-01T11:00:00+01:00", 1_772_359_200_000),
            ("2026-03-01 10:00:00.250Z", 1_772_359_200_250),
            ("1772359200", 1_772_359_200_000),
            ("1772359200.25", 1_772_359_200_250),
            ("1772359200250", 1_772_359_200_250),
            ("  2024-02-29T23:59:59Z ", 1_709_251_199_000),
            ("-86400", -86_400_000),
        ] {
            assert_eq!(Timestamp::parse(text).map(Timestamp::as_millis), Ok(millis), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused_with_the_reason() {
        for (text, error) in [
            ("2026-03-01T10:00:00", TimestampError::NoZone),
            ("2026-03-01", TimestampError::NoZone),
            ("2026-02-30T10:00:00Z", TimestampError::NotAnInstant),
            ("yesterday", TimestampError::NotAnInstant),
            ("NaN", TimestampError::NotAnInstant),
            ("", TimestampError::NotAnInstant),
            ("99999999999999999", TimestampError::OutOfRange),
            ("1e300", TimestampError::OutOfRange),
        ] {
            assert_eq!(Timestamp::parse(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_an_instant_gives_it_back(
            millis in Timestamp::MIN.0..=Timestamp::MAX.0,
        ) {
            let instant = Timestamp(millis);
            prop_assert_eq!(Timestamp::parse(&instant.to_string()), Ok(instant));
        }
    }
}

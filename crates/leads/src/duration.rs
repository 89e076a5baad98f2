//! Lengths of time: fixed ones (`48h`, `14d`) and calendar ones (`18mo`).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A fixed length of time in whole milliseconds, never negative. A day is 24 hours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Duration(i64);

/// A length of time that may count in calendar months.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CalendarDuration {
    /// A fixed length.
    Fixed(Duration),
    /// Whole calendar months.
    Months(u32),
}

/// Why a text is not a length of time. `Display` names the remedy.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DurationError {
    /// Neither a number nor a known unit.
    #[error("is not a length of time: write a number and a unit, as in 90min, 48h, 14d or 2w")]
    NotADuration,
    /// Months or years where only a fixed length will do.
    #[error(
        "counts in calendar months, which differ in length: write days here, as in 30d or 365d"
    )]
    Calendar,
    /// Longer than 1,000 years.
    #[error("is longer than 1,000 years")]
    TooLong,
}

const UNITS: [(&str, i64); 5] =
    [("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)];

/// 1,000 years: far beyond every use, and far from overflow in every sum.
const LONGEST_MS: i64 = 365_250 * 86_400_000;
const MONTHS_MAX: u32 = 12_000;

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// One hour.
    pub const HOUR: Self = Self(3_600_000);
    /// One day of 24 hours.
    pub const DAY: Self = Self(86_400_000);

    /// From milliseconds; `None` where negative or longer than 1,000 years.
    pub const fn from_millis(millis: i64) -> Option<Self> {
        if millis < 0 || millis > LONGEST_MS { None } else { Some(Self(millis)) }
    }

    /// Whole milliseconds.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Hours, with their fraction.
    pub fn as_hours(self) -> f64 {
        self.0 as f64 / 3_600_000.0
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        match text.parse()? {
            CalendarDuration::Fixed(duration) => Ok(duration),
            CalendarDuration::Months(_) => Err(DurationError::Calendar),
        }
    }
}

impl FromStr for CalendarDuration {
    type Err = DurationError;

    /// One number and one unit: `s`, `min`, `h`, `d`, `w`, and whole `mo` or `y`. Decimals are
    /// read exactly (`1.5h` is 90 minutes) and must come to whole milliseconds.
    fn from_str(text: &str) -> Result<Self, DurationError> {
        let text = text.trim();
        let unit_at = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or(DurationError::NotADuration)?;
        let (number, unit) = text.split_at(unit_at);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let malformed = whole.is_empty() || fraction.contains('.') || number.ends_with('.');
        if malformed {
            return Err(DurationError::NotADuration);
        }
        // Nine digits on either side hold every length that is allowed.
        if whole.trim_start_matches('0').len() > 12 || fraction.len() > 9 {
            return Err(DurationError::TooLong);
        }
        let whole: i64 = whole.parse().map_err(|_| DurationError::TooLong)?;
        let unit = unit.trim_start();
        if let "mo" | "y" = unit {
            if !fraction.is_empty() {
                return Err(DurationError::NotADuration);
            }
            let months = if unit == "y" { whole * 12 } else { whole };
            return match u32::try_from(months) {
                Ok(months) if months <= MONTHS_MAX => Ok(Self::Months(months)),
                _ => Err(DurationError::TooLong),
            };
        }
        let (_, unit_ms) =
            UNITS.iter().find(|(name, _)| *name == unit).ok_or(DurationError::NotADuration)?;
        let scale = 10_i128.pow(fraction.len() as u32);
        let fraction: i128 = if fraction.is_empty() {
            0
        } else {
            fraction.parse().map_err(|_| DurationError::NotADuration)?
        };
        let millis = (i128::from(whole) * scale + fraction) * i128::from(*unit_ms);
        if millis % scale != 0 {
            return Err(DurationError::NotADuration);
        }
        i64::try_from(millis / scale)
            .ok()
            .and_then(Duration::from_millis)
            .map(Self::Fixed)
            .ok_or(DurationError::TooLong)
    }
}

impl fmt::Display for Duration {
    /// The largest unit that divides it: 48h is `2d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, unit_ms) in UNITS.into_iter().skip(1) {
            if self.0 % unit_ms == 0 && self.0 != 0 {
                return write!(f, "{}{unit}", self.0 / unit_ms);
            }
        }
        let (seconds, millis) = (self.0 / 1000, self.0 % 1000);
        if millis == 0 {
            write!(f, "{seconds}s")
        } else {
            write!(f, "{}s", format!("{seconds}.{millis:03}").trim_end_matches('0'))
        }
    }
}

impl fmt::Display for CalendarDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(duration) => duration.fmt(f),
            Self::Months(months) => write!(f, "{months}mo"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_length_of_time_is_a_number_and_a_unit() {
        for (text, millis) in [
            ("48h", 172_800_000),
            ("1.5h", 5_400_000),
            ("90min", 5_400_000),
            ("2w", 1_209_600_000),
            ("0d", 0),
            (" 30 d ", 2_592_000_000),
            ("0.001s", 1),
        ] {
            assert_eq!(text.parse(), Ok(Duration(millis)), "{text}");
        }
        assert_eq!("2y".parse(), Ok(CalendarDuration::Months(24)));
        for text in ["", "d", "3", "-3d", "3 days", "1.5mo", "1.d", ".5h", "3m", "0.0001s", "1..2h"]
        {
            assert_eq!(text.parse::<Duration>(), Err(DurationError::NotADuration), "{text}");
        }
        assert_eq!("3mo".parse::<Duration>(), Err(DurationError::Calendar));
        assert_eq!("999999999999999w".parse::<Duration>(), Err(DurationError::TooLong));
    }

    proptest! {
        #[test]
        fn printing_and_reading_a_length_gives_it_back(millis in 0..=LONGEST_MS) {
            let duration = Duration(millis);
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }

        #[test]
        fn no_text_makes_the_reader_stumble(text in ".{0,40}") {
            let _: Result<CalendarDuration, _> = text.parse();
        }
    }
}

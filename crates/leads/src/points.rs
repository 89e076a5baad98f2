//! Points: whole hundredths of a point.

use std::fmt;

use thiserror::Error;

/// Points in whole hundredths, between -1,000,000 and 1,000,000 points.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Points(i64);

/// Why a number is not a number of points.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PointsError {
    /// Finer than a hundredth.
    #[error("is finer than a hundredth of a point: write at most two decimals")]
    TooFine,
    /// Beyond a million points.
    #[error("is beyond 1,000,000 points either way")]
    TooLarge,
    /// Not a number at all.
    #[error("is not a number of points")]
    NotANumber,
}

/// With at most a million points per event and a million events per lead, sums of hundredths times
/// millionths stay below 2^127 by many orders.
const LARGEST: i64 = 100_000_000;

impl Points {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From whole hundredths; `None` beyond a million points.
    pub const fn from_hundredths(hundredths: i64) -> Option<Self> {
        if hundredths < -LARGEST || hundredths > LARGEST { None } else { Some(Self(hundredths)) }
    }

    /// Whole hundredths of a point.
    pub const fn hundredths(self) -> i64 {
        self.0
    }

    /// Reads a decimal number with at most two decimals.
    pub fn parse(text: &str) -> Result<Self, PointsError> {
        let text = text.trim();
        let number: f64 = text.parse().map_err(|_| PointsError::NotANumber)?;
        if !number.is_finite() || text.contains(|c: char| c.is_alphabetic() && c != 'e' && c != 'E')
        {
            return Err(PointsError::NotANumber);
        }
        if number.abs() > (LARGEST / 100) as f64 {
            return Err(PointsError::TooLarge);
        }
        let hundredths = (number * 100.0).round();
        // Up to a million points, f64 tells hundredths from thousandths without doubt.
        if (hundredths / 100.0 - number).abs() > 1e-7 {
            return Err(PointsError::TooFine);
        }
        Ok(Self(hundredths as i64))
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.abs() / 100, self.0.abs() % 100);
        match part {
            0 => write!(f, "{sign}{whole}"),
            part if part % 10 == 0 => write!(f, "{sign}{whole}.{}", part / 10),
            part => write!(f, "{sign}{whole}.{part:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_to_the_hundredth_and_no_finer() {
        for (text, hundredths) in
            [("10", 1000), ("-2.5", -250), ("0.01", 1), ("1e2", 10_000), ("999999.99", 99_999_999)]
        {
            assert_eq!(Points::parse(text), Ok(Points(hundredths)), "{text}");
        }
        assert_eq!(Points::parse("0.001"), Err(PointsError::TooFine));
        assert_eq!(Points::parse("1000001"), Err(PointsError::TooLarge));
        assert_eq!(Points::parse("inf"), Err(PointsError::NotANumber));
        assert_eq!(Points::parse("ten"), Err(PointsError::NotANumber));
        assert_eq!(Points(-205).to_string(), "-2.05");
        assert_eq!(Points(-250).to_string(), "-2.5");
    }
}

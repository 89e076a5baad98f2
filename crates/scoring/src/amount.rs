//! Exact amounts of points: hundredths of a point times millionths of a weight.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use leads::Points;

/// An amount of points in units of 1e-8 point. Sums never round and never overflow: a million
/// points for each of 1e12 events is 1e26 of the 1.7e38 that fit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Amount(i128);

/// The weight of an event that has lost nothing, in millionths.
pub const FULL_WEIGHT: u32 = 1_000_000;

/// Units of 1e-8 point in a point.
pub(crate) const UNITS_PER_POINT: i64 = 100_000_000;

const UNITS: i128 = UNITS_PER_POINT as i128;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From units of 1e-8 point.
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// Units of 1e-8 point.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Points times a sum of weights in millionths.
    pub const fn weighted(points: Points, weights: u64) -> Self {
        Self(points.hundredths() as i128 * weights as i128)
    }

    /// Held to two bounds.
    #[must_use]
    pub fn held(self, low: Self, high: Self) -> Self {
        self.clamp(low, high)
    }

    /// The nearest whole number of points, half away from zero.
    pub const fn rounded(self) -> i64 {
        let half = UNITS / 2;
        let shifted = if self.0 < 0 { self.0 - half } else { self.0 + half };
        // Division cuts toward zero, which is what rounding away from zero needs after the shift.
        // In 64 bits it is a multiplication, in 128 a call that takes ten times as long.
        if shifted as i64 as i128 == shifted {
            return shifted as i64 / UNITS_PER_POINT;
        }
        (shifted / UNITS) as i64
    }

    /// Whole points.
    pub const fn whole(points: i64) -> Self {
        Self(points as i128 * UNITS)
    }
}

impl From<Points> for Amount {
    fn from(points: Points) -> Self {
        Self::weighted(points, u64::from(FULL_WEIGHT))
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::add)
    }
}

impl fmt::Display for Amount {
    /// Points with as many decimals as there are, at most eight.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        let units = UNITS.unsigned_abs();
        let (whole, part) = (size / units, size % units);
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        write!(f, "{sign}{whole}.{}", format!("{part:08}").trim_end_matches('0'))
    }
}

impl serde::Serialize for Amount {
    /// A decimal text, so that no reader loses a digit.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_away_from_zero() {
        for (units, rounded) in [
            (50_000_000, 1),
            (49_999_999, 0),
            (-50_000_000, -1),
            (-49_999_999, 0),
            (150_000_000, 2),
            (-250_000_000, -3),
        ] {
            assert_eq!(Amount(units).rounded(), rounded, "{units}");
        }
    }

    #[test]
    fn an_amount_shows_every_digit_it_has() {
        assert_eq!(Amount(1_234_500_000).to_string(), "12.345");
        assert_eq!(Amount(-1).to_string(), "-0.00000001");
        assert_eq!(Amount::whole(7).to_string(), "7");
    }
}

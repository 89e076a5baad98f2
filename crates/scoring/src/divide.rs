//! Exact division of whole numbers by a constant, in the few steps that a processor does to several
//! numbers at once.
#![expect(clippy::inline_always, reason = "what is called anew is compiled without wide registers")]

/// 2^52 as a number with a fraction: from there to 2^53 such numbers are whole, and their lowest bits
/// count.
const WHOLE: f64 = (1_u64 << 52) as f64;

/// The middle of these. A small number that is added to it, of either sign, is rounded to the nearest
/// whole one, as the processor always does.
const ROUNDING: f64 = WHOLE + WHOLE / 2.0;

/// A number to divide by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Divisor {
    reciprocal: f64,
    /// Less than the distance between two quotients, and more than what rounding adds up to.
    margin: f64,
}

impl Divisor {
    pub(crate) const fn new(number: u64) -> Self {
        let reciprocal = 1.0 / number as f64;
        Self { reciprocal, margin: reciprocal / 4.0 }
    }

    /// How often the divisor lies in a number below 7e14; that must be below 2^32.
    #[inline(always)]
    pub(crate) fn whole(self, number: u64) -> u32 {
        // The quotient, and two roundings of it by at most 2^-53 each, is off by less than a sixth of
        // 1 / divisor below 7e14. So the middle between two quotients stays on its side.
        let number = f64::from_bits(number | WHOLE.to_bits()) - WHOLE;
        let quotient = (number + 0.5) * self.reciprocal - 0.5;
        (quotient + ROUNDING).to_bits() as u32
    }

    /// The nearest whole number, half away from zero, of a number by this divisor, which is above a
    /// thousand.
    #[inline(always)]
    pub(crate) fn nearest(self, number: i32) -> i32 {
        let number = f64::from(number);
        // Halves are rounded to even numbers, and no quotient is closer to a half than 1 / divisor.
        let quotient = number * self.reciprocal + self.margin.copysign(number);
        (quotient + ROUNDING).to_bits() as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOST: u64 = 700_000_000_000_000;

    fn check(number: u64, divisor: u64) {
        if number < MOST && number / divisor < 1 << 32 {
            let whole = Divisor::new(divisor).whole(number);
            assert_eq!(u64::from(whole), number / divisor, "{number} by {divisor}");
        }
    }

    #[test]
    fn whole_numbers_are_divided_exactly_beside_every_multiple() {
        for divisor in [1, 2, 3, 7, 23, 24, 168, 720, 8766, 65_537, 3_600_000, 86_400_000, MOST] {
            let most = (MOST / divisor).min(u32::MAX.into());
            let times = (0..=most).step_by(1 + (most / 50_000) as usize).chain([most]);
            for multiple in times.map(|times| times * divisor) {
                for near in multiple.saturating_sub(2)..=multiple + 2 {
                    check(near, divisor);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_number_is_divided_exactly(number in 0..MOST, divisor in 1..100_000_000_u64) {
            check(number, divisor);
            check(number / divisor * divisor, divisor);
            check((number / divisor * divisor).saturating_sub(1), divisor);
        }

        #[test]
        fn halves_are_rounded_away_from_zero(number in any::<i32>(), divisor in 1_000_u64..200_000_000) {
            let (numerator, divisor) = (i64::from(number), divisor as i64);
            let halves = numerator / divisor * divisor + divisor / 2;
            for number in [numerator, halves - 1, halves, halves + 1] {
                let Ok(number) = i32::try_from(number) else { continue };
                let (twice, sign) = (2 * i64::from(number.unsigned_abs()), i64::from(number.signum()));
                let nearest = sign * ((twice + divisor) / (2 * divisor));
                prop_assert_eq!(i64::from(Divisor::new(divisor as u64).nearest(number)), nearest);
            }
        }
    }
}

//! Chance from a seed, in integers only: a logarithm or an exponential may differ in its last bit
//! from one machine to the next, and the same seed must give the same bytes everywhere.

/// What the numbers are for. Each purpose of each lead has dice of its own, so that a draw more
/// in one place moves nothing in another, and any lead can be made without those before it.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Fate = 1,
    Firm,
    Person,
    Row,
    Creation,
    Journey,
    Arrival,
    Visitors,
}

/// Splitmix64 (Steele, Lea and Flood 2014): one multiplication chain per number, equidistributed,
/// and good enough for everything but cryptography.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut mixed = Self(seed ^ (purpose as u64).rotate_right(8));
        mixed.0 = mixed.next().wrapping_add(index);
        mixed.0 = mixed.next();
        mixed
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `0 <= number < end`; 0 where `end` is not positive.
    pub(crate) fn below(&mut self, end: i64) -> i64 {
        ((u128::from(self.next()) * end.max(0) as u128) >> 64) as i64
    }

    /// `low <= number <= high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high - low + 1)
    }

    /// True this many times out of a thousand.
    pub(crate) fn chance(&mut self, per_mille: i64) -> bool {
        self.below(1000) < per_mille
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as i64) as usize]
    }

    /// One of the choices, each as likely as its weight.
    pub(crate) fn weighted<T: Copy>(&mut self, choices: &[(i64, T)]) -> T {
        let mut left = self.below(choices.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in choices {
            left -= weight;
            if left < 0 {
                return *choice;
            }
        }
        choices[choices.len() - 1].1
    }
}

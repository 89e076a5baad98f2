//! What age does to an event's points: weights in whole millionths, from a table per curve.

use crate::amount::FULL_WEIGHT;
use crate::model::Decay;

/// The weights of one decay, by age in whole hours.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    decay: Decay,
    /// Weight per whole hour of age; the last entry holds for every greater age unless `open`.
    table: Vec<u32>,
    /// Whether the curve goes on beyond the table (a half-life of years).
    open: bool,
}

/// 2^17 hours are 15 years, or half a megabyte; curves that last longer are computed beyond that.
const TABLE_MAX: u64 = 1 << 17;

const HOUR_MS: i128 = 3_600_000;

impl Weights {
    pub(crate) fn new(decay: Decay) -> Self {
        let mut table = Vec::new();
        let mut open = false;
        if matches!(decay, Decay::None | Decay::Expires(_)) {
            // A window, exact to the millisecond, ends an expiring event; age in hours never does.
            table.push(FULL_WEIGHT);
        } else {
            for age in 0.. {
                let weight = weight_at(decay, age);
                table.push(weight);
                open = weight > 0;
                if !open || age >= TABLE_MAX {
                    break;
                }
            }
        }
        Self { decay, table, open }
    }

    pub(crate) fn decay(&self) -> Decay {
        self.decay
    }

    /// The table by whole hours of age.
    pub(crate) fn table(&self) -> &[u32] {
        &self.table
    }

    /// Whether an event weighs the same at every age.
    pub(crate) fn is_constant(&self) -> bool {
        !self.open && self.table.len() == 1
    }

    /// Whether the curve goes on beyond the table.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// The whole table, where it tells everything: its last entry holds for every greater age.
    pub(crate) fn closed_table(&self) -> Option<&[u32]> {
        (!self.open).then_some(&self.table)
    }

    /// The weight in millionths at an age of so many whole hours.
    #[inline]
    pub(crate) fn at(&self, age_hours: u64) -> u32 {
        let last = self.table.len() as u64 - 1;
        if age_hours > last && self.open {
            return weight_at(self.decay, age_hours);
        }
        self.table[age_hours.min(last) as usize]
    }
}

/// The contract's table: rounded half away from zero.
#[cold]
fn weight_at(decay: Decay, age_hours: u64) -> u32 {
    let full = i128::from(FULL_WEIGHT);
    let age_ms = i128::from(age_hours) * HOUR_MS;
    match decay {
        Decay::None | Decay::Expires(_) => FULL_WEIGHT,
        Decay::HalfLife(half_life) => {
            // libm's exp2 is the same on every machine and exact for whole exponents.
            let halvings = age_hours as f64 / half_life.as_hours();
            libm::round(f64::from(FULL_WEIGHT) * libm::exp2(-halvings)) as u32
        }
        Decay::Linear(length) => {
            let length = i128::from(length.as_millis());
            let left = (length - age_ms).max(0);
            ((2 * full * left + length) / (2 * length)) as u32
        }
        Decay::Step { lose_millionths, every } => {
            let steps = age_ms / i128::from(every.as_millis());
            (full - i128::from(lose_millionths) * steps).max(0) as u32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(decay: Decay, ages: &[u64]) -> Vec<u32> {
        let weights = Weights::new(decay);
        ages.iter().map(|age| weights.at(*age)).collect()
    }

    fn hours(hours: i64) -> leads::Duration {
        leads::Duration::from_millis(hours * 3_600_000).unwrap()
    }

    #[test]
    fn points_halve_with_every_half_life() {
        // After seven halvings 7812.5 millionths are left, which round away from zero.
        assert_eq!(
            weights(Decay::HalfLife(hours(336)), &[0, 1, 336, 672, 2352, 1_000_000]),
            [1_000_000, 997_939, 500_000, 250_000, 7813, 0]
        );
    }

    #[test]
    fn points_shrink_evenly_or_by_steps() {
        assert_eq!(
            weights(Decay::Linear(hours(90)), &[0, 1, 89, 90, 91]),
            [1_000_000, 988_889, 11_111, 0, 0]
        );
        let step = Decay::Step { lose_millionths: 250_000, every: hours(720) };
        assert_eq!(
            weights(step, &[0, 719, 720, 2879, 2880]),
            [1_000_000, 1_000_000, 750_000, 250_000, 0]
        );
    }

    #[test]
    fn a_half_life_of_centuries_goes_on_beyond_its_table() {
        let century = Decay::HalfLife(hours(876_600));
        assert_eq!(weights(century, &[876_600, 8_766_000]), [500_000, 977]);
    }
}

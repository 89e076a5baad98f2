//! Who converted, counted by score: every measure of a back-test follows from these counts exactly,
//! however many leads there were.

use std::hash::Hash;

use serde::Serialize;

use crate::intern::Map;

/// Leads and conversions by score (or by whatever else puts leads in order).
#[derive(Clone, Debug)]
pub struct Histogram<K>(Map<K, Count>);

/// How many leads, and how many of them converted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Count {
    /// Leads.
    pub leads: u64,
    /// Those among them that converted.
    pub conversions: u64,
}

/// The counts from the highest score to the lowest.
#[derive(Clone, Debug)]
pub struct Ranking<K>(Vec<(K, Count)>);

/// A point of a curve whose axes run from 0 to 1.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upward.
    pub y: f64,
}

/// A tenth of the leads, counted from the highest scores.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Decile {
    /// 1 is the tenth with the highest scores.
    pub decile: u32,
    /// How many leads: a tenth, with a fraction where the tenth is no whole number.
    pub leads: f64,
    /// How many of them converted; leads of one score that fall into two tenths are shared out.
    pub conversions: f64,
    /// Conversions per lead.
    pub rate: f64,
    /// The rate as a multiple of the rate among everyone.
    pub lift: f64,
    /// The share of all conversions in this tenth and those above it.
    pub captured: f64,
}

impl<K> Default for Histogram<K> {
    fn default() -> Self {
        Self(Map::default())
    }
}

impl<K: Copy + Eq + Hash + Ord> Histogram<K> {
    /// Counts one lead.
    #[inline]
    pub fn add(&mut self, score: K, converted: bool) {
        let count = self.0.entry(score).or_default();
        count.leads += 1;
        count.conversions += u64::from(converted);
    }

    /// Adds all counts of another.
    pub fn merge(&mut self, other: &Self) {
        for (score, more) in &other.0 {
            self.0.entry(*score).or_default().add(*more);
        }
    }

    /// The counts from the highest score to the lowest.
    pub fn ranking(&self) -> Ranking<K> {
        let mut counts: Vec<(K, Count)> =
            self.0.iter().map(|(score, count)| (*score, *count)).collect();
        counts.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        Ranking(counts)
    }
}

impl Count {
    /// Conversions per lead; `None` where there is no lead.
    pub fn rate(self) -> Option<f64> {
        (self.leads > 0).then(|| self.conversions as f64 / self.leads as f64)
    }

    /// Those who did not convert.
    pub fn others(self) -> u64 {
        self.leads - self.conversions
    }

    /// Adds another count.
    pub fn add(&mut self, more: Self) {
        self.leads += more.leads;
        self.conversions += more.conversions;
    }
}

impl<K: Copy> Ranking<K> {
    /// Score by score, from the highest to the lowest.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (K, Count)> {
        self.0.iter().copied()
    }

    /// Everyone.
    pub fn total(&self) -> Count {
        let mut total = Count::default();
        self.iter().for_each(|(_, count)| total.add(count));
        total
    }

    /// The area under the ROC curve: how often a lead that converted stands above one that did not,
    /// equal scores counted half. `None` where one of the two kinds is missing.
    pub fn auc(&self) -> Option<f64> {
        let total = self.total();
        let pairs = u128::from(total.conversions) * u128::from(total.others());
        if pairs == 0 {
            return None;
        }
        // Twice the number of pairs in the right order, so that half a pair is whole.
        let (mut below, mut doubled) = (0_u128, 0_u128);
        for (_, count) in self.iter().rev() {
            doubled += u128::from(count.conversions) * (2 * below + u128::from(count.others()));
            below += u128::from(count.others());
        }
        Some(doubled as f64 / (2 * pairs) as f64)
    }

    /// Average precision: the mean, over all conversions, of the share of conversions among the
    /// leads that score at least as high. `None` without a conversion.
    pub fn average_precision(&self) -> Option<f64> {
        let conversions = self.total().conversions;
        if conversions == 0 {
            return None;
        }
        let mut so_far = Count::default();
        let mut sum = 0.0;
        for (_, count) in self.iter() {
            so_far.add(count);
            sum += count.conversions as f64 * so_far.rate().unwrap_or_default();
        }
        Some(sum / conversions as f64)
    }

    /// How many conversions the `leads` highest places hold; leads of one score share evenly.
    pub fn conversions_among(&self, leads: f64) -> f64 {
        let (mut left, mut conversions) = (leads, 0.0);
        for (_, count) in self.iter() {
            let all = count.leads as f64;
            if all >= left {
                return conversions + count.conversions as f64 * left / all;
            }
            left -= all;
            conversions += count.conversions as f64;
        }
        conversions
    }

    /// Ten equal parts from the highest scores to the lowest. Empty where nobody converted.
    pub fn deciles(&self) -> Vec<Decile> {
        let total = self.total();
        let Some(base) = total.rate().filter(|base| *base > 0.0) else { return Vec::new() };
        let tenth = total.leads as f64 / 10.0;
        let mut before = 0.0;
        let decile = |decile: u32| {
            let until = if decile == 10 {
                total.conversions as f64
            } else {
                self.conversions_among(tenth * f64::from(decile))
            };
            let conversions = until - before;
            before = until;
            let rate = conversions / tenth;
            let captured = until / total.conversions as f64;
            Decile { decile, leads: tenth, conversions, rate, lift: rate / base, captured }
        };
        (1..=10).map(decile).collect()
    }

    /// The ROC curve: the share of those who did not convert against the share of those who did, at
    /// or above each score.
    pub fn roc(&self) -> Vec<Point> {
        let total = self.total();
        if total.conversions == 0 || total.others() == 0 {
            return Vec::new();
        }
        self.curve(|so_far| Point {
            x: so_far.others() as f64 / total.others() as f64,
            y: so_far.conversions as f64 / total.conversions as f64,
        })
    }

    /// The gain curve: the share of the leads worked, best score first, against the share of the
    /// conversions among them.
    pub fn gain(&self) -> Vec<Point> {
        let total = self.total();
        if total.conversions == 0 {
            return Vec::new();
        }
        self.curve(|so_far| Point {
            x: so_far.leads as f64 / total.leads as f64,
            y: so_far.conversions as f64 / total.conversions as f64,
        })
    }

    fn curve(&self, point: impl Fn(Count) -> Point) -> Vec<Point> {
        let mut so_far = Count::default();
        let mut points = vec![Point { x: 0.0, y: 0.0 }];
        for (_, count) in self.iter() {
            so_far.add(count);
            points.push(point(so_far));
        }
        points
    }
}

/// Two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The Wilson interval (95 %) of a rate, as if only every `overlap`-th lead had been seen on its own.
/// Unlike the textbook's normal interval it stays within 0 to 1 and is honest about small numbers
/// (E. B. Wilson, 1927).
pub fn interval(count: Count, overlap: f64) -> Option<(f64, f64)> {
    let rate = count.rate()?;
    let seen = count.leads as f64 / overlap.max(1.0);
    let scale = 1.0 + Z * Z / seen;
    let centre = (rate + Z * Z / (2.0 * seen)) / scale;
    let half = Z / scale * (rate * (1.0 - rate) / seen + Z * Z / (4.0 * seen * seen)).sqrt();
    Some(((centre - half).clamp(0.0, rate), (centre + half).clamp(rate, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranking(leads: &[(i64, bool)]) -> Ranking<i64> {
        let mut histogram = Histogram::default();
        leads.iter().for_each(|(score, converted)| histogram.add(*score, *converted));
        histogram.ranking()
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn the_measures_of_six_leads_are_those_worked_out_on_paper() {
        // Pairs of (converted, not): 90 beats 80 70 20; 70 beats 20, ties with 70, loses to 80;
        // 40 beats 20. That is 3 + 1.5 + 1 of 9.
        let six = [(90, true), (80, false), (70, true), (70, false), (40, true), (20, false)];
        let ranking = ranking(&six);
        assert!(close(ranking.auc().unwrap(), 5.5 / 9.0));
        // Precision at 90: 1/1, at 70: 2/4, at 40: 3/5.
        assert!(close(ranking.average_precision().unwrap(), (1.0 + 0.5 + 0.6) / 3.0));
        // Three places: 90, 80 and one of the two at 70, of whom half convert.
        assert!(close(ranking.conversions_among(3.0), 1.5));
        let deciles = ranking.deciles();
        assert!(close(deciles[0].conversions, 0.6) && close(deciles[0].lift, 2.0));
        assert!(close(deciles[9].captured, 1.0));
    }

    #[test]
    fn an_interval_is_the_one_in_the_books() {
        // 10 of 100: Wilson 95 % is 5.52 % to 17.44 %.
        let (low, high) = interval(Count { leads: 100, conversions: 10 }, 1.0).unwrap();
        assert!((low - 0.0552).abs() < 1e-4 && (high - 0.1744).abs() < 1e-4, "{low} {high}");
        let (low, high) = interval(Count { leads: 5, conversions: 0 }, 1.0).unwrap();
        assert!(close(low, 0.0) && (high - 0.4345).abs() < 1e-4, "{low} {high}");
        assert_eq!(interval(Count::default(), 1.0), None);
    }

    #[test]
    fn nothing_is_claimed_where_nothing_can_be_known() {
        let nobody = ranking(&[(10, false), (20, false)]);
        assert_eq!((nobody.auc(), nobody.average_precision()), (None, None));
        assert!(nobody.deciles().is_empty() && nobody.roc().is_empty() && nobody.gain().is_empty());
    }

    fn some_leads() -> impl Strategy<Value = Vec<(i64, bool)>> {
        proptest::collection::vec((-20..20_i64, any::<bool>()), 1..60)
    }

    proptest! {
        #[test]
        fn stretching_the_scale_does_not_change_how_well_it_ranks(leads in some_leads()) {
            let stretched: Vec<(i64, bool)> =
                leads.iter().map(|(score, converted)| (score.pow(3) * 7 + 11, *converted)).collect();
            prop_assert_eq!(ranking(&leads).auc(), ranking(&stretched).auc());
            let precision = ranking(&leads).average_precision();
            prop_assert_eq!(precision, ranking(&stretched).average_precision());
            prop_assert_eq!(ranking(&leads).deciles(), ranking(&stretched).deciles());
        }

        #[test]
        fn turning_the_scale_around_mirrors_the_ranking(leads in some_leads()) {
            let turned: Vec<(i64, bool)> = leads.iter().map(|(score, was)| (-score, *was)).collect();
            if let (Some(one), Some(other)) = (ranking(&leads).auc(), ranking(&turned).auc()) {
                prop_assert!(close(one + other, 1.0));
            }
        }

        #[test]
        fn the_area_counts_the_pairs_in_the_right_order(leads in some_leads()) {
            let (mut right, mut pairs) = (0.0, 0.0);
            for (a, _) in leads.iter().filter(|(_, converted)| *converted) {
                for (b, _) in leads.iter().filter(|(_, converted)| !converted) {
                    pairs += 1.0;
                    right += match a.cmp(b) {
                        std::cmp::Ordering::Greater => 1.0,
                        std::cmp::Ordering::Equal => 0.5,
                        std::cmp::Ordering::Less => 0.0,
                    };
                }
            }
            match ranking(&leads).auc() {
                Some(auc) => prop_assert!(close(auc, right / pairs)),
                None => prop_assert!(pairs == 0.0),
            }
        }

        #[test]
        fn the_tenths_add_up_to_everyone(leads in some_leads()) {
            let (ranking, deciles) = (ranking(&leads), ranking(&leads).deciles());
            if !deciles.is_empty() {
                let sum: f64 = deciles.iter().map(|decile| decile.conversions).sum();
                prop_assert!((sum - ranking.total().conversions as f64).abs() < 1e-9);
                let mean_lift = deciles.iter().map(|decile| decile.lift).sum::<f64>() / 10.0;
                prop_assert!((mean_lift - 1.0).abs() < 1e-9);
            }
        }

        #[test]
        fn a_score_that_says_nothing_lifts_nothing(conversions in 1..50_u64, leads in 50..500_u64) {
            let mut histogram = Histogram::default();
            (0..leads).for_each(|lead| histogram.add(7_i64, lead < conversions));
            for decile in histogram.ranking().deciles() {
                prop_assert!((decile.lift - 1.0).abs() < 1e-9);
            }
        }

        #[test]
        fn an_interval_holds_its_rate(leads in 1..10_000_u64, share in 0.0..=1.0_f64, overlap in 1.0..9.0_f64) {
            let count = Count { leads, conversions: (share * leads as f64) as u64 };
            let (low, high) = interval(count, overlap).unwrap();
            let rate = count.rate().unwrap();
            prop_assert!(0.0 <= low && low <= rate && rate <= high && high <= 1.0);
        }
    }
}

//! Columns of whole numbers, as narrow as a lead's sums allow.

use std::ops::Range;

use crate::amount::UNITS_PER_POINT;
use crate::model::Scale;

/// Columns are as wide as a whole number of these, so that loops over them are whole strides of a
/// processor's widest registers.
pub(crate) const STRIDE: usize = 8;

/// A number in a column. Sums wrap while they are made, and are right where the whole fits.
pub(crate) trait Lane: Copy + Ord + Default {
    /// This number, which fits.
    fn of(number: i64) -> Self;
    /// A limit, as near as it fits.
    fn limit(limit: &Limit) -> (Self, Self);
    /// In 64 bits.
    fn wide(self) -> i64;
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// The nearest whole number of points, half away from zero.
    fn rounded(self, rounding: Rounding) -> i32;
}

/// The least and the greatest that a line or a group may give, in grains.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    narrow: (i32, i32),
    wide: (i64, i64),
}

impl Limit {
    pub(crate) fn new(wide: (i64, i64)) -> Self {
        let nearest = |number: i64| number.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        Self { narrow: (nearest(wide.0), nearest(wide.1)), wide }
    }
}

/// How amounts in grains are rounded to points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounding {
    /// Units of 1e-8 point in a grain.
    pub(crate) grain: i64,
    /// Half a point in grains.
    half: u32,
    /// Dividing by a point is multiplying by this and cutting off 32 bits and so many more.
    reciprocal: u32,
    bits: u32,
}

impl Rounding {
    pub(crate) fn new(grain: i64) -> Self {
        let point = (UNITS_PER_POINT / grain) as u64;
        // Cut up to a whole number, the reciprocal is too large by less than one in 2^bits. Times a
        // numerator below 2^31 that is less than 1 / point, the distance to the next whole number.
        let bits = 31 + point.next_power_of_two().ilog2();
        // A point is at least a million grains, and not a power of two: this fits 32 bits.
        let reciprocal = (1_u64 << bits).div_ceil(point) as u32;
        Self { grain, half: (point / 2) as u32, reciprocal, bits: bits - 32 }
    }

    /// The greatest amount in grains that 32 bits hold with room for rounding.
    pub(crate) fn most_narrow(self) -> u64 {
        i32::MAX as u64 - u64::from(self.half)
    }
}

impl Lane for i32 {
    #[inline(always)]
    fn of(number: i64) -> Self {
        number as Self
    }

    #[inline(always)]
    fn limit(limit: &Limit) -> (Self, Self) {
        limit.narrow
    }

    #[inline(always)]
    fn wide(self) -> i64 {
        self.into()
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }

    #[inline(always)]
    fn rounded(self, rounding: Rounding) -> Self {
        // Without a branch, and 32 bits times 32: several lanes at once.
        let sign = self >> 31;
        let size = (self ^ sign).wrapping_sub(sign) as u32;
        let numerator = u64::from(size + rounding.half);
        let size = ((numerator * u64::from(rounding.reciprocal)) >> 32) as u32 >> rounding.bits;
        (size as Self ^ sign) - sign
    }
}

impl Lane for i64 {
    #[inline(always)]
    fn of(number: i64) -> Self {
        number
    }

    #[inline(always)]
    fn limit(limit: &Limit) -> (Self, Self) {
        limit.wide
    }

    #[inline(always)]
    fn wide(self) -> i64 {
        self
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }

    #[inline(always)]
    fn rounded(self, rounding: Rounding) -> i32 {
        let units = self * rounding.grain;
        let half = UNITS_PER_POINT / 2;
        let points = (if units < 0 { units - half } else { units + half }) / UNITS_PER_POINT;
        points.clamp(i32::MIN.into(), i32::MAX.into()) as i32
    }
}

/// Where column `number` of such a width lies.
#[inline(always)]
pub(crate) fn column(number: usize, width: usize) -> Range<usize> {
    number * width..(number + 1) * width
}

/// Whole strides at a time, by value, are what a compiler turns into wide registers.
#[inline(always)]
fn strides<L>(column: &[L]) -> std::slice::Iter<'_, [L; STRIDE]> {
    column.as_chunks().0.iter()
}

#[inline(always)]
fn strides_mut<L>(column: &mut [L]) -> std::slice::IterMut<'_, [L; STRIDE]> {
    column.as_chunks_mut().0.iter_mut()
}

/// Weights that are to be added to a column of sums: where they begin.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Addition {
    /// The number of the column.
    pub(crate) column: u32,
    pub(crate) row: u32,
}

/// Adds rows of weights.
#[inline(always)]
pub(crate) fn add_rows<L: Lane>(
    sums: &mut [L],
    weights: &[u32],
    width: usize,
    additions: &[Addition],
) {
    // A loop whose length is known is no loop: what is found out once per lead need not be per event.
    match width / STRIDE {
        1 => add_short_rows::<L, 1>(sums, weights, additions),
        2 => add_short_rows::<L, 2>(sums, weights, additions),
        3 => add_short_rows::<L, 3>(sums, weights, additions),
        4 => add_short_rows::<L, 4>(sums, weights, additions),
        5 => add_short_rows::<L, 5>(sums, weights, additions),
        6 => add_short_rows::<L, 6>(sums, weights, additions),
        7 => add_short_rows::<L, 7>(sums, weights, additions),
        8 => add_short_rows::<L, 8>(sums, weights, additions),
        _ => {
            for addition in additions {
                let row = &weights[addition.row as usize..][..width];
                add_row(&mut sums[column(addition.column as usize, width)], row);
            }
        }
    }
}

#[inline(always)]
fn add_short_rows<L: Lane, const STRIDES: usize>(
    sums: &mut [L],
    weights: &[u32],
    additions: &[Addition],
) {
    let columns: &mut [[[L; STRIDE]; STRIDES]] = sums.as_chunks_mut().0.as_chunks_mut().0;
    for Addition { column, row } in additions {
        let row = &weights[*row as usize..][..STRIDES * STRIDE];
        add_row(columns[*column as usize].as_flattened_mut(), row);
    }
}

/// Adds a row of weights.
#[inline(always)]
pub(crate) fn add_row<L: Lane>(sums: &mut [L], row: &[u32]) {
    for (sums, row) in strides_mut(sums).zip(strides(row)) {
        let (mut after, weights) = (*sums, *row);
        for lane in 0..STRIDE {
            after[lane] = after[lane].plus(L::of(i64::from(weights[lane])));
        }
        *sums = after;
    }
}

/// Adds one number to all.
#[inline(always)]
pub(crate) fn add_everywhere<L: Lane>(sums: &mut [L], number: L) {
    sums.iter_mut().for_each(|sum| *sum = sum.plus(number));
}

/// Adds weights times points, held to a limit, and leaves zeros behind.
#[inline(always)]
pub(crate) fn take_weighted<L: Lane>(
    sums: &mut [L],
    weights: &mut [L],
    points: L,
    (low, high): (L, L),
) {
    for (sums, weights) in strides_mut(sums).zip(strides_mut(weights)) {
        let (mut after, taken) = (*sums, *weights);
        for lane in 0..STRIDE {
            after[lane] = after[lane].plus(taken[lane].times(points).max(low).min(high));
        }
        *sums = after;
        *weights = [L::default(); STRIDE];
    }
}

/// Adds sums held to a limit to what is `before` there, and leaves zeros behind.
#[inline(always)]
pub(crate) fn take_held<L: Lane>(
    totals: &mut [L],
    before: Before,
    sums: &mut [L],
    (low, high): (L, L),
) {
    for (totals, sums) in strides_mut(totals).zip(strides_mut(sums)) {
        let taken = *sums;
        let mut after = if before == Before::Sums { *totals } else { [L::default(); STRIDE] };
        for lane in 0..STRIDE {
            after[lane] = after[lane].plus(taken[lane].max(low).min(high));
        }
        *totals = after;
        *sums = [L::default(); STRIDE];
    }
}

/// What a column holds before something is added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Before {
    /// Another lead's numbers.
    Nothing,
    Sums,
}

/// From what is added at each instant to what is there, from `so_far` on.
#[inline(always)]
pub(crate) fn accumulate<L: Lane>(sums: &mut [L], mut so_far: L) {
    for sums in strides_mut(sums) {
        let mut after = *sums;
        // A stride at a time: numbers written one by one and read all together must go through memory.
        for step in [1, 2, 4] {
            let before = after;
            for lane in step..STRIDE {
                after[lane] = after[lane].plus(before[lane - step]);
            }
        }
        for sum in &mut after {
            *sum = sum.plus(so_far);
        }
        so_far = after[STRIDE - 1];
        *sums = after;
    }
}

/// The scores that people see.
#[inline(always)]
pub(crate) fn grade<L: Lane>(
    scores: &mut [i32],
    fit: &[L],
    engagement: &[L],
    rounding: Rounding,
    scale: Scale,
) {
    // A scale ends at a million points.
    let (bottom, top) = (scale.bottom as i32, scale.top as i32);
    for (score, (fit, engagement)) in scores.iter_mut().zip(fit.iter().zip(engagement)) {
        *score = fit.plus(*engagement).rounded(rounding).max(bottom).min(top);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_amounts_are_rounded_like_wide_ones() {
        for grain in [1, 2, 4, 5, 10, 20, 25, 50, 100] {
            let rounding = Rounding::new(grain);
            let (point, most) = (UNITS_PER_POINT / grain, rounding.most_narrow() as i64);
            let near = |number: i64| (number - 2..=number + 2).filter(move |n| n.abs() <= most);
            let halves = (0..=2 * most / point).flat_map(|half| near(half * point / 2));
            for amount in halves.chain(near(most)).flat_map(|amount| [amount, -amount]) {
                let narrow = (amount as i32).rounded(rounding);
                assert_eq!(narrow, amount.rounded(rounding), "{amount} grains of {grain}");
            }
        }
    }
}

//! Columns of whole numbers, as narrow as a lead's sums allow.

use std::ops::Range;

use pulp::Simd;

use crate::amount::UNITS_PER_POINT;
use crate::divide::Divisor;
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
    /// From what is added at each instant to what is there, from `so_far` on.
    fn accumulate<S: Simd>(simd: S, sums: &mut [Self], so_far: Self);
}

/// The places in a register, of which the widest holds so many numbers.
const PLACES: [i32; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

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
    /// Grains in a point: a million at least.
    point: Divisor,
}

impl Rounding {
    pub(crate) fn new(grain: i64) -> Self {
        Self { grain, point: Divisor::new((UNITS_PER_POINT / grain) as u64) }
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
        rounding.point.nearest(self)
    }

    #[inline(always)]
    fn accumulate<S: Simd>(simd: S, sums: &mut [Self], mut so_far: Self) {
        // Compilers do not find the way from lane to lane on their own.
        let (places, nothing) = (S::as_simd_i32s(&PLACES).0[0], simd.splat_i32s(0));
        for sums in S::as_mut_simd_i32s(sums).0 {
            let mut lanes = 1;
            while lanes < S::I32_LANES {
                let behind = simd.rotate_right_i32s(*sums, lanes);
                let any = simd.greater_than_or_equal_i32s(places, simd.splat_i32s(lanes as Self));
                *sums = simd.add_i32s(*sums, simd.select_i32s(any, behind, nothing));
                lanes *= 2;
            }
        }
        // What one register hands on to the next is the only thing that must be waited for.
        for part in sums.chunks_exact_mut(S::I32_LANES) {
            let before = simd.splat_i32s(so_far);
            so_far = so_far.plus(part[S::I32_LANES - 1]);
            let sums = &mut S::as_mut_simd_i32s(part).0[0];
            *sums = simd.add_i32s(*sums, before);
        }
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

    #[inline(always)]
    fn accumulate<S: Simd>(_: S, sums: &mut [Self], mut so_far: Self) {
        for sum in sums {
            so_far = so_far.plus(*sum);
            *sum = so_far;
        }
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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addition {
    /// The number of the column.
    pub(crate) column: u32,
    pub(crate) row: u32,
}

impl Addition {
    pub(crate) const NOTHING: Self = Self { column: 0, row: 0 };
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

/// Adds one number from a place on.
#[inline(always)]
pub(crate) fn add_from<L: Lane>(sums: &mut [L], from: usize, number: L) {
    // Without a branch: where leads change is another place for each.
    for (stride, sums) in strides_mut(sums).enumerate() {
        let mut after = *sums;
        for (lane, sum) in after.iter_mut().enumerate() {
            let begun = (stride * STRIDE + lane) as u32 >= from as u32;
            *sum = sum.plus(if begun { number } else { L::default() });
        }
        *sums = after;
    }
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
            let (point, most) = (UNITS_PER_POINT / grain, i64::from(i32::MAX));
            let near = |number: i64| (number - 2..=number + 2).filter(move |n| n.abs() <= most);
            let halves = (0..=2 * most / point).flat_map(|half| near(half * point / 2));
            for amount in halves.chain(near(most)).flat_map(|amount| [amount, -amount]) {
                let narrow = (amount as i32).rounded(rounding);
                assert_eq!(narrow, amount.rounded(rounding), "{amount} grains of {grain}");
            }
        }
    }
}

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
    /// So many of them as a register holds.
    type Register<S: Simd>: Copy;

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
    /// Whole registers of a column.
    fn registers<S: Simd>(column: &mut [Self]) -> &mut [Self::Register<S>];
    /// The same number in all places.
    fn splat<S: Simd>(simd: S, number: Self) -> Self::Register<S>;
    fn add<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn multiply<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    /// Held to a limit.
    fn hold<S: Simd>(
        simd: S,
        number: Self::Register<S>,
        limit: (Self::Register<S>, Self::Register<S>),
    ) -> Self::Register<S>;
}

/// What registers do with their places, by the number of bits.
macro_rules! registers {
    ($all:ident, $slice:ident, $splat:ident, $add:ident, $mul:ident, $max:ident, $min:ident) => {
        type Register<S: Simd> = S::$all;

        #[inline(always)]
        fn registers<S: Simd>(column: &mut [Self]) -> &mut [S::$all] {
            S::$slice(column).0
        }

        #[inline(always)]
        fn splat<S: Simd>(simd: S, number: Self) -> S::$all {
            simd.$splat(number)
        }

        #[inline(always)]
        fn add<S: Simd>(simd: S, a: S::$all, b: S::$all) -> S::$all {
            simd.$add(a, b)
        }

        #[inline(always)]
        fn multiply<S: Simd>(simd: S, a: S::$all, b: S::$all) -> S::$all {
            simd.$mul(a, b)
        }

        #[inline(always)]
        fn hold<S: Simd>(simd: S, number: S::$all, (low, high): (S::$all, S::$all)) -> S::$all {
            simd.$min(simd.$max(number, low), high)
        }
    };
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
    registers!(i32s, as_mut_simd_i32s, splat_i32s, add_i32s, mul_i32s, max_i32s, min_i32s);

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
    registers!(i64s, as_mut_simd_i64s, splat_i64s, add_i64s, mul_i64s, max_i64s, min_i64s);

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
pub(crate) fn strides<L>(column: &[L]) -> std::slice::Iter<'_, [L; STRIDE]> {
    column.as_chunks().0.iter()
}

#[inline(always)]
pub(crate) fn strides_mut<L>(column: &mut [L]) -> std::slice::IterMut<'_, [L; STRIDE]> {
    column.as_chunks_mut().0.iter_mut()
}

/// Adds one number up to a place, and another from there on, to what is `before` there.
#[inline(always)]
pub(crate) fn begin_from<L: Lane>(
    sums: &mut [L],
    before: Before,
    from: usize,
    (until, then): (L, L),
) {
    // Without a branch: where leads begin is another place for each.
    for (stride, sums) in strides_mut(sums).enumerate() {
        let mut after = if before == Before::Sums { *sums } else { [L::default(); STRIDE] };
        for (lane, sum) in after.iter_mut().enumerate() {
            let begun = (stride * STRIDE + lane) as u32 >= from as u32;
            *sum = sum.plus(if begun { then } else { until });
        }
        *sums = after;
    }
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

//! What lines of weights give, and what a group then gives to its dimension.
#![expect(clippy::inline_always, reason = "what is called anew is compiled without wide registers")]

use pulp::Simd;

use super::lane::{Before, Lane, Limit};
use super::plan::Weighted;

/// Where a group goes that is held to its limit.
pub(crate) struct Held<'h, T> {
    pub(crate) totals: &'h mut [T],
    pub(crate) before: Before,
    pub(crate) limit: &'h Limit,
}

impl<'h, T> Held<'h, T> {
    /// The same in other numbers.
    fn with<U>(self, totals: impl FnOnce(&'h mut [T]) -> &'h mut [U]) -> Held<'h, U> {
        Held { totals: totals(self.totals), before: self.before, limit: self.limit }
    }

    /// What lies behind so many of the totals.
    fn part(&mut self, first: usize) -> Held<'_, T> {
        Held { totals: &mut self.totals[first..], before: self.before, limit: self.limit }
    }
}

/// So many registers of sums are kept at once, beside those that lines need.
const REGISTERS: usize = 8;

/// Adds what lines of weights give to a group's sums, and leaves zeros in their columns of weights;
/// then to the totals what the group gives, if `held`, and leaves zeros in its sums.
#[inline(always)]
pub(crate) fn take_weighted<L: Lane, S: Simd>(
    simd: S,
    lines: &[Weighted],
    is_there: impl Fn(&Weighted) -> bool + Copy,
    (sums, kept): (&mut [L], &mut [L]),
    held: Option<Held<'_, L>>,
) {
    let (sums, kept) = (L::registers::<S>(sums), L::registers::<S>(kept));
    let mut held = held.map(|held| held.with(L::registers::<S>));
    let width = sums.len();
    for first in (0..width).step_by(REGISTERS) {
        let kept = kept.get_mut(first..).unwrap_or_default();
        let sums = &mut sums[first..];
        let held = held.as_mut().map(|held| held.part(first));
        // A loop whose length is known is no loop, and its sums stay in registers.
        macro_rules! take {
            ($registers:expr) => {
                take_registers::<L, S, $registers>(simd, lines, is_there, (sums, kept, width), held)
            };
        }
        match sums.len() {
            1 => take!(1),
            2 => take!(2),
            3 => take!(3),
            4 => take!(4),
            5 => take!(5),
            6 => take!(6),
            7 => take!(7),
            _ => take!(REGISTERS),
        }
    }
}

/// A column by the register.
type Registers<L, S> = [<L as Lane>::Register<S>];

/// The same for some registers of each column; `width` are the registers from column to column.
#[inline(always)]
fn take_registers<L: Lane, S: Simd, const COUNT: usize>(
    simd: S,
    lines: &[Weighted],
    is_there: impl Fn(&Weighted) -> bool,
    (sums, kept, width): (&mut Registers<L, S>, &mut Registers<L, S>, usize),
    held: Option<Held<'_, L::Register<S>>>,
) {
    let splat = |number: L| L::splat(simd, number);
    let limits = |limit: &Limit| {
        let (low, high) = L::limit(limit);
        (splat(low), splat(high))
    };
    let nothing = splat(L::default());
    let sums: &mut [L::Register<S>; COUNT] = sums.first_chunk_mut().expect("as many as counted");
    let mut after = *sums;
    for line in lines {
        if is_there(line) {
            let (points, limit) = (splat(L::of(line.points)), limits(&line.limit));
            let kept: &mut [L::Register<S>; COUNT] =
                kept[line.kept * width..].first_chunk_mut().expect("as many as there are sums");
            for (sum, weights) in after.iter_mut().zip(kept) {
                let given = L::hold(simd, L::multiply(simd, *weights, points), limit);
                *sum = L::add(simd, *sum, given);
                *weights = nothing;
            }
        } else if line.nothing != 0 {
            let given = splat(L::of(line.nothing));
            after.iter_mut().for_each(|sum| *sum = L::add(simd, *sum, given));
        }
    }
    if let Some(Held { totals, before, limit }) = held {
        let limit = limits(limit);
        let totals: &mut [L::Register<S>; COUNT] =
            totals.first_chunk_mut().expect("as many as there are sums");
        for (total, sum) in totals.iter_mut().zip(after) {
            let given = L::hold(simd, sum, limit);
            *total = if before == Before::Sums { L::add(simd, *total, given) } else { given };
        }
        after = [nothing; COUNT];
    }
    *sums = after;
}

/// Adds sums held to a limit to what is `before` there, and leaves zeros behind.
#[inline(always)]
pub(crate) fn take_held<L: Lane, S: Simd>(simd: S, sums: &mut [L], held: Held<'_, L>) {
    take_weighted(simd, &[], |_| false, (sums, &mut []), Some(held));
}

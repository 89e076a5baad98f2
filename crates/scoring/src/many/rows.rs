//! Rows of weights, added to columns of sums as a whole.

use super::lane::{Lane, STRIDE, column, strides, strides_mut};

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

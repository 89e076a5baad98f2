//! A lead's numbers at every instant.

use super::lane::Lane;

/// A lead's columns: a number per instant.
#[derive(Debug, Default)]
pub(crate) struct Columns<L> {
    /// Of groups what is added from an instant on, and of slots sums of weights or counts. Nothing but
    /// zeros between two leads.
    pub(crate) sums: Vec<L>,
    pub(crate) fit: Vec<L>,
    pub(crate) engagement: Vec<L>,
}

impl<L: Lane> Columns<L> {
    /// Makes room. Where there was room for other columns, all begins with zeros again.
    pub(crate) fn fit_to(&mut self, width: usize, columns: usize) {
        let Self { sums, fit, engagement } = self;
        for (numbers, length) in [(sums, width * columns), (fit, width), (engagement, width)] {
            if numbers.len() != length {
                numbers.clear();
                numbers.resize(length, L::default());
            }
        }
    }
}

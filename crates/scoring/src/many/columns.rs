//! A lead's numbers at every instant.

use super::lane::Lane;

/// A lead's columns: a number per instant.
#[derive(Debug)]
pub(crate) struct Columns<L> {
    /// Of groups what is added from an instant on, and of slots sums of weights or counts. Nothing but
    /// zeros between two leads.
    pub(crate) sums: Vec<L>,
    pub(crate) fit: Vec<L>,
    pub(crate) engagement: Vec<L>,
}

impl<L: Lane> Columns<L> {
    pub(crate) fn new(width: usize, columns: usize) -> Self {
        let [sums, fit, engagement] =
            [width * columns, width, width].map(|length| vec![L::default(); length]);
        Self { sums, fit, engagement }
    }

    /// Fit and engagement.
    pub(crate) fn totals(&self, instant: usize) -> (i64, i64) {
        (self.fit[instant].wide(), self.engagement[instant].wide())
    }
}

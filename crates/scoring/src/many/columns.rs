//! A lead's numbers at every instant.

use std::ops::{Deref, DerefMut};

use super::lane::Lane;

/// A lead's columns: a number per instant.
#[derive(Debug, Default)]
pub(crate) struct Columns<L> {
    /// Of groups what is added from an instant on, and of slots sums of weights or counts. Nothing but
    /// zeros between two leads.
    pub(crate) sums: Aligned<L>,
    pub(crate) fit: Aligned<L>,
    pub(crate) engagement: Aligned<L>,
}

/// Numbers that begin with a line of a processor's cache, so that no stride of them lies in two.
#[derive(Debug, Default)]
pub(crate) struct Aligned<L> {
    room: Vec<L>,
    first: usize,
    length: usize,
}

/// Bytes in a line.
const LINE: usize = 64;

impl<L: Lane> Aligned<L> {
    /// Makes room; what is new is zero, and all of it where the length is another.
    #[inline(always)]
    fn resize(&mut self, length: usize) {
        if self.length != length {
            self.room.clear();
            self.room.resize(length + LINE / size_of::<L>(), L::default());
            self.first = self.room.as_ptr().align_offset(LINE).min(LINE / size_of::<L>());
            self.length = length;
        }
    }
}

impl<L> Deref for Aligned<L> {
    type Target = [L];

    #[inline(always)]
    fn deref(&self) -> &[L] {
        &self.room[self.first..][..self.length]
    }
}

impl<L> DerefMut for Aligned<L> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [L] {
        &mut self.room[self.first..][..self.length]
    }
}

impl<L: Lane> Columns<L> {
    /// Makes room; what is new is zero.
    pub(crate) fn fit_to(&mut self, width: usize, columns: usize) {
        self.sums.resize(width * columns);
        self.fit.resize(width);
        self.engagement.resize(width);
    }
}

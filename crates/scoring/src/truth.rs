//! Three-valued truth (Kleene): what is not known is neither true nor false.

use std::ops::Not;

/// True, false or unknown. `and` is the lesser of two, `or` the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Truth {
    /// It is not so.
    False,
    /// It cannot be known.
    Unknown,
    /// It is so.
    True,
}

impl Truth {
    /// True only where both are.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// False only where both are.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(known: bool) -> Self {
        if known { Self::True } else { Self::False }
    }
}

/// The answers that are possible over a stretch of time: a set of truths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Truths(u8);

impl Truths {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn one(truth: Truth) -> Self {
        Self(1 << truth as u8)
    }

    pub(crate) fn with(self, truth: Truth) -> Self {
        Self(self.0 | 1 << truth as u8)
    }

    pub(crate) fn has(self, truth: Truth) -> bool {
        self.0 & (1 << truth as u8) != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Truth> {
        [Truth::False, Truth::Unknown, Truth::True]
            .into_iter()
            .filter(move |truth| self.has(*truth))
    }

    /// Every answer that `combine` can give for some pair of answers.
    pub(crate) fn pairwise(self, other: Self, combine: fn(Truth, Truth) -> Truth) -> Self {
        let pairs = self.iter().flat_map(|a| other.iter().map(move |b| combine(a, b)));
        pairs.fold(Self::NONE, Self::with)
    }

    pub(crate) fn negated(self) -> Self {
        self.iter().fold(Self::NONE, |set, truth| set.with(!truth))
    }
}

//! Kleene's three truth values.

/// True, false, or not to be known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    /// True where all are, false where one is false, else unknown.
    pub(crate) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut answer = Self::True;
        for part in parts {
            match part {
                Self::False => return Self::False,
                Self::Unknown => answer = Self::Unknown,
                Self::True => {}
            }
        }
        answer
    }

    /// True where one is, false where all are false, else unknown.
    pub(crate) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::all(parts.into_iter().map(Self::not)).not()
    }

    /// The opposite; unknown stays unknown.
    pub(crate) fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }
}

//! Columns of value numbers.

/// A column of value numbers, as narrow as they allow: most traits have few values.
#[derive(Clone, Debug)]
pub(super) enum Codes {
    Bytes(Vec<u8>),
    Shorts(Vec<u16>),
    Words(Vec<u32>),
}

impl Codes {
    #[inline]
    pub(super) fn get(&self, at: usize) -> u32 {
        match self {
            Self::Bytes(codes) => u32::from(codes[at]),
            Self::Shorts(codes) => u32::from(codes[at]),
            Self::Words(codes) => codes[at],
        }
    }

    pub(super) fn set(&mut self, at: usize, code: u32) {
        self.widen_for(code);
        match self {
            Self::Bytes(codes) => codes[at] = code as u8,
            Self::Shorts(codes) => codes[at] = code as u16,
            Self::Words(codes) => codes[at] = code,
        }
    }

    pub(super) fn push(&mut self, code: u32) {
        self.extend(std::iter::once(code), &[code]);
    }

    /// Adds codes, all of which occur in `among`.
    pub(super) fn extend(&mut self, added: impl Iterator<Item = u32>, among: &[u32]) {
        self.widen_for(among.iter().copied().max().unwrap_or_default());
        match self {
            Self::Bytes(codes) => codes.extend(added.map(|code| code as u8)),
            Self::Shorts(codes) => codes.extend(added.map(|code| code as u16)),
            Self::Words(codes) => codes.extend(added),
        }
    }

    /// Gives back the room that it has for more.
    pub(super) fn shrink(&mut self) {
        match self {
            Self::Bytes(codes) => codes.shrink_to_fit(),
            Self::Shorts(codes) => codes.shrink_to_fit(),
            Self::Words(codes) => codes.shrink_to_fit(),
        }
    }

    /// Makes the column wide enough for a code.
    fn widen_for(&mut self, code: u32) {
        match self {
            Self::Bytes(codes) if code > u32::from(u16::MAX) => {
                *self = Self::Words(codes.iter().map(|code| u32::from(*code)).collect());
            }
            Self::Bytes(codes) if code > u32::from(u8::MAX) => {
                *self = Self::Shorts(codes.iter().map(|code| u16::from(*code)).collect());
            }
            Self::Shorts(codes) if code > u32::from(u16::MAX) => {
                *self = Self::Words(codes.iter().map(|code| u32::from(*code)).collect());
            }
            Self::Bytes(_) | Self::Shorts(_) | Self::Words(_) => {}
        }
    }
}

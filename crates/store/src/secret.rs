//! Tokens: made of random bytes, handed out once, kept as hashes.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// No token of ours is longer, in bytes; longer texts are not even hashed.
const LONGEST: usize = 128;

/// Digits of tokens: one case, no `i`, `l`, `o`, `u`, so that they can be read out.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A secret that whoever holds it shows again: 256 random bits as 52 digits. Only its hash is
/// stored. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// SHA-256. Comparing two takes the same time wherever they differ.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Token {
    /// From bytes of a cryptographic random number generator.
    pub fn from_random(bytes: &[u8; 32]) -> Self {
        Self(digits(bytes))
    }

    /// What to hand out.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Digest {
    /// No hash of anything.
    pub(crate) const ZERO: Self = Self([0; 32]);

    /// The hash of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The hash of parts, none of which can be mistaken for a part of its neighbour.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The hash of a token that somebody shows, unless it is none of ours by its length.
    pub(crate) fn of_shown(token: &str) -> Option<Self> {
        (token.len() <= LONGEST).then(|| Self::of(token.as_bytes()))
    }

    /// From a column.
    pub(crate) fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// From 64 hexadecimal digits.
    pub(crate) fn from_hexadecimal(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Bytes as digits of five bits each, the first bits first.
pub(crate) fn digits(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0_u16, 0);
    for byte in bytes {
        bits = (bits << 8) | u16::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(DIGITS[usize::from((bits >> held) & 31)]));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        text.push(char::from(DIGITS[usize::from((bits << (5 - held)) & 31)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_have_all_their_bits_and_do_not_show_in_logs() {
        assert_eq!(digits(&[0xff; 5]), "zzzzzzzz");
        assert_eq!(digits(&[0]), "00");
        assert_eq!(Token::from_random(&[7; 32]).as_str().len(), 52);
        let mut seen = HashSet::new();
        for bit in 0..256 {
            let mut bytes = [0_u8; 32];
            bytes[bit / 8] = 1 << (bit % 8);
            assert!(seen.insert(Token::from_random(&bytes).as_str().to_owned()), "bit {bit}");
        }
        assert_eq!(format!("{:?}", Token::from_random(&[7; 32])), "Token(..)");
    }

    #[test]
    fn parts_cannot_be_moved_between_neighbours() {
        assert_ne!(Digest::of_parts(&[b"ab", b"c"]), Digest::of_parts(&[b"a", b"bc"]));
        assert_ne!(Digest::of_parts(&[b"", b"a"]), Digest::of_parts(&[b"a", b""]));
        assert_eq!(Digest::of_shown(&"x".repeat(129)), None);
    }
}

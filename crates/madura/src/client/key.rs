//! API keys: secrets, so that nothing prints them.

use std::fmt;

use crate::exit::{Failure, Result};

/// An API key. `Debug` does not show it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

/// Longer than any key.
const LENGTH_MAX: usize = 200;

impl Key {
    /// Reads a key; what is refused is not repeated.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let hint = "keys are made on the page, under Settings, and shown once there";
        if text.is_empty() {
            return Err(Failure::usage("no key was given").hint(hint));
        }
        if text.starts_with("wk_") {
            return Err(Failure::usage(
                "this is a write key: it can report facts and nothing else",
            )
            .hint("take an API key, which begins with mk_"));
        }
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !text.starts_with("mk_") || text.len() > LENGTH_MAX || !is_plain {
            return Err(Failure::usage("this is no API key: it would begin with mk_").hint(hint));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text, for whoever sends or keeps it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_beginning_and_shown_by_nothing() {
        let key = Key::parse(" mk_abc123\n").unwrap();
        assert_eq!(key.reveal(), "mk_abc123");
        assert_eq!(format!("{key:?}"), "Key(..)");
        for text in ["", "wk_abc", "secret", "mk_a b", "mk_ä", &format!("mk_{}", "a".repeat(300))]
        {
            let refused = format!("{:?}", Key::parse(text).unwrap_err());
            assert!(text.is_empty() || !refused.contains(text), "{refused}");
        }
    }
}

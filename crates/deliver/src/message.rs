//! A message as it is kept and sent: bytes with an id.

use thiserror::Error;

/// What identifies a message, the same on every attempt: 1 to 64 letters, digits, `_` or `-`, such
/// as `msg_0197c1b2`. A dot would let one message pass for another, as the signature joins by dots.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MessageId(String);

/// Why a text is no message's id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a message's id has 1 to 64 letters of ASCII, digits, _ or -")]
pub struct MessageIdError;

/// A message as it is stored in the outbox and sent on each attempt, byte for byte.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// What identifies it.
    pub id: MessageId,
    /// The JSON that is signed and sent.
    pub body: String,
}

impl MessageId {
    /// Takes an id.
    pub fn new(id: impl Into<String>) -> Result<Self, MessageIdError> {
        let id = id.into();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (1..=64).contains(&id.len()) && id.bytes().all(fits) {
            Ok(Self(id))
        } else {
            Err(MessageIdError)
        }
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

//! Signatures of webhooks, outgoing and incoming, after Standard Webhooks 1.0.0.
//!
//! What is signed is `id.timestamp.body`, by HMAC-SHA256 with a secret that both sides know. While
//! a secret is being replaced, there is one signature for each.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use leads::Timestamp;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq as _};
use thiserror::Error;

/// The header with the message's id, the same on every attempt.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the instant of the attempt, in whole seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signatures, separated by blanks: `v1,` and base64.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// How far the sender's clock may be from ours, in seconds either way. The official libraries say
/// the same.
pub const TOLERANCE_SECONDS: i64 = 300;

/// What the text form of a secret begins with.
const SECRET_PREFIX: &str = "whsec_";
/// What a signature by HMAC-SHA256 begins with. `v1a`, by a key pair, is not ours.
const SCHEME: &str = "v1";
/// How many signatures of one header are looked at. A sender has one for each secret in use, and
/// the header of an attacker may be long.
const SIGNATURES_MAX: usize = 16;

/// A secret that a sender and a receiver share: 24 to 64 random bytes, in text `whsec_` and their
/// base64. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// The secrets in use for one endpoint, at least one, newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Secrets(Vec<Secret>);

/// Why something is not a secret. `Display` completes "the secret ...", and never shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum SecretError {
    /// Not base64.
    #[error("is not base64: copy it whole, as whsec_ and the letters behind it")]
    NotBase64,
    /// Fewer than 24 or more than 64 bytes.
    #[error("has {0} bytes where 24 to 64 are needed")]
    Length(usize),
    /// No secret at all.
    #[error("is missing: give at least one")]
    Missing,
}

/// Why a message is not believed. `Display` is a sentence for the sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum VerifyError {
    /// The timestamp is not a whole number of seconds since 1970.
    #[error("{TIMESTAMP_HEADER} is not a whole number of seconds since 1970")]
    NotATimestamp,
    /// Signed longer than five minutes ago: perhaps recorded and played again.
    #[error("{TIMESTAMP_HEADER} is more than 5 minutes old: sign each attempt anew")]
    TooOld,
    /// Signed more than five minutes ahead of our clock.
    #[error("{TIMESTAMP_HEADER} is more than 5 minutes ahead: set the sender's clock")]
    TooNew,
    /// None of the signatures is by one of our secrets over these bytes.
    #[error("{SIGNATURE_HEADER} has no signature of this message by a secret in use")]
    NoMatch,
}

/// What the three headers of a received message say. Header names are compared without regard to
/// case; that is the business of whoever fills this in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signed<'a> {
    /// Of [`ID_HEADER`].
    pub id: &'a str,
    /// Of [`TIMESTAMP_HEADER`].
    pub timestamp: &'a str,
    /// Of [`SIGNATURE_HEADER`].
    pub signature: &'a str,
}

impl Secret {
    /// How many random bytes a new secret takes: as many as the result of the hash has.
    pub const NEW_BYTES: usize = 32;

    /// Makes a secret of random bytes; 24 to 64 of them.
    pub fn from_random(bytes: &[u8]) -> Result<Self, SecretError> {
        if !(24..=64).contains(&bytes.len()) {
            return Err(SecretError::Length(bytes.len()));
        }
        Ok(Self(bytes.to_vec()))
    }

    /// Reads the text form. The prefix may be missing, as the official libraries allow.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        let text = text.strip_prefix(SECRET_PREFIX).unwrap_or(text);
        let bytes = STANDARD.decode(text).map_err(|_| SecretError::NotBase64)?;
        Self::from_random(&bytes)
    }

    /// The text form, to be shown to the owner of the endpoint and kept in the store.
    pub fn reveal(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(&self.0))
    }

    fn code(&self, id: &str, seconds: i64, body: &[u8]) -> [u8; 32] {
        self.code_of(id, &seconds.to_string(), body)
    }

    fn code_of(&self, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any size");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secrets {
    /// The secrets in use, newest first.
    pub fn new(secrets: Vec<Secret>) -> Result<Self, SecretError> {
        if secrets.is_empty() { Err(SecretError::Missing) } else { Ok(Self(secrets)) }
    }

    /// Reads the text forms, newest first.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, SecretError> {
        Self::new(texts.into_iter().map(Secret::parse).collect::<Result<_, _>>()?)
    }

    /// The value of [`SIGNATURE_HEADER`] for an attempt at `now`: one signature for each secret.
    pub fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> String {
        let seconds = seconds_of(now);
        let signature = |secret: &Secret| {
            format!("{SCHEME},{}", STANDARD.encode(secret.code(id, seconds, body)))
        };
        self.0.iter().map(signature).collect::<Vec<_>>().join(" ")
    }

    /// Whether a received message is by somebody who knows one of the secrets, signed within five
    /// minutes of `now`. Takes the same time whichever signature is wrong, and wherever it is.
    ///
    /// Within those five minutes a recorded message passes again: whoever must not act twice
    /// remembers its id.
    pub fn verify(
        &self,
        signed: Signed<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), VerifyError> {
        let seconds = read_seconds(signed.timestamp).ok_or(VerifyError::NotATimestamp)?;
        let late = seconds_of(now).saturating_sub(seconds);
        if late > TOLERANCE_SECONDS {
            return Err(VerifyError::TooOld);
        }
        if late < -TOLERANCE_SECONDS {
            return Err(VerifyError::TooNew);
        }
        let codes: Vec<_> =
            self.0.iter().map(|secret| secret.code_of(signed.id, signed.timestamp, body)).collect();
        let mut matches = Choice::from(0);
        for given in signed.signature.split(' ').take(SIGNATURES_MAX) {
            let Some((SCHEME, code)) = given.split_once(',') else { continue };
            let Ok(given) = STANDARD.decode(code) else { continue };
            for code in &codes {
                matches |= code.ct_eq(given.as_slice());
            }
        }
        if bool::from(matches) { Ok(()) } else { Err(VerifyError::NoMatch) }
    }
}

/// Whole seconds since 1970, as the header has them.
pub(crate) fn seconds_of(instant: Timestamp) -> i64 {
    instant.as_millis().div_euclid(1000)
}

/// Only digits: what Rust reads besides, such as `+1`, another receiver may read otherwise.
fn read_seconds(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

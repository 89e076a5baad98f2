//! Addresses that nothing is sent to, ever. Only their keyed hashes are kept, so that they outlive
//! the erasure of the person, a new import, and a backup that is restored together with them.

use hmac::{Hmac, KeyInit, Mac};
use leads::{EmailAddress, Timestamp};
use sha2::Sha256;

use crate::cells::instant;
use crate::db::{DbError, Tx};
use crate::secret::Digest;
use crate::settings::InstanceSecret;
use crate::words::words;

words! {
    /// Why nothing is sent to an address.
    pub enum Reason {
        /// The person was erased.
        Erased = "erased",
        /// The person asked for it.
        Asked = "asked",
        /// The person called a message spam.
        Complained = "complained",
        /// Nothing can be delivered to it.
        Undeliverable = "undeliverable",
    }
}

/// The keyed hash of an address: without the key nobody can try addresses out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressHash(Digest);

/// Why and since when nothing is sent to an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Suppression {
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub at: Timestamp,
}

impl AddressHash {
    /// Of an e-mail address.
    pub fn of_email(secret: &InstanceSecret, address: &EmailAddress) -> Self {
        Self::of(secret, address.as_str())
    }

    /// Of a telephone number in international form. Everything but its digits is passed over.
    pub fn of_phone(secret: &InstanceSecret, number: &str) -> Self {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        Self::of(secret, &format!("+{digits}"))
    }

    fn of(secret: &InstanceSecret, text: &str) -> Self {
        // A key of exactly one block cannot be refused.
        let mut key = [0; 64];
        key[..32].copy_from_slice(Digest::of(secret.as_bytes()).as_bytes());
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(text.as_bytes());
        Self(Digest::from(<[u8; 32]>::from(mac.finalize().into_bytes())))
    }
}

/// Sends nothing to an address on a channel (`email`, `sms`, ..) any more. The first reason stays.
/// Answers whether it is new.
pub fn suppress(
    tx: &mut Tx<'_>,
    channel: &str,
    address: &AddressHash,
    reason: Reason,
    at: Timestamp,
) -> Result<bool, DbError> {
    let sql =
        "INSERT INTO suppressed_address (channel, address, reason, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (channel, address) DO NOTHING";
    let params = [channel.into(), address.0.as_bytes().into(), reason.as_str().into(), at.into()];
    Ok(tx.execute(sql, &params)? > 0)
}

/// Whether, why and since when nothing is sent to an address on a channel.
pub fn find(
    tx: &mut Tx<'_>,
    channel: &str,
    address: &AddressHash,
) -> Result<Option<Suppression>, DbError> {
    let sql = "SELECT reason, at FROM suppressed_address WHERE channel = $1 AND address = $2";
    tx.find(sql, &[channel.into(), address.0.as_bytes().into()], |row| {
        Ok(Suppression { reason: row.get(0)?, at: instant(row, 1)? })
    })
}

/// Whether nothing is sent to an address on a channel.
pub fn is_suppressed(
    tx: &mut Tx<'_>,
    channel: &str,
    address: &AddressHash,
) -> Result<bool, DbError> {
    Ok(find(tx, channel, address)?.is_some())
}

/// How many addresses are suppressed, by channel and reason.
pub fn counts(tx: &mut Tx<'_>) -> Result<Vec<(String, Reason, i64)>, DbError> {
    let sql = "SELECT channel, reason, count(*) FROM suppressed_address GROUP BY channel, reason";
    let mut counts =
        tx.query(sql, &[], |row| Ok((row.get(0)?, row.get::<Reason>(1)?, row.get(2)?)))?;
    counts.sort();
    Ok(counts)
}

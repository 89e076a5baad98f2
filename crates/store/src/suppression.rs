//! Whom we were asked to forget: remembered as keyed hashes, so that they are not taken in again and
//! the list tells nobody who they are.

use std::collections::HashSet;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use leads::Timestamp;
use sha2::Sha256;
use uuid::Uuid;

use crate::chunks;
use crate::db::{DbError, Tx};
use crate::identity::Name;

const KEY: &str = "suppression_key";

/// Which of some identifiers are on the list.
#[derive(Default)]
pub(crate) struct Suppressed {
    names: HashSet<Name>,
}

impl Suppressed {
    pub(crate) fn among<'n>(
        tx: &mut Tx<'_>,
        names: impl Iterator<Item = &'n Name>,
    ) -> Result<Self, DbError> {
        let Some(key) = stored_key(tx)? else { return Ok(Self::default()) };
        let hashes: Vec<(String, &Name)> = names.map(|name| (hash(&key, name), name)).collect();
        let keys: Vec<&str> = hashes.iter().map(|(hash, _)| hash.as_str()).collect();
        let mut found: HashSet<String> = HashSet::new();
        chunks::keys(&keys, 1, |list, keys| {
            let sql = format!("SELECT hash FROM suppression WHERE hash IN ({list})");
            tx.each(&sql, keys, |row| {
                found.insert(row.get(0)?);
                Ok(())
            })
        })?;
        let names = hashes.iter().filter(|(hash, _)| found.contains(hash));
        Ok(Self { names: names.map(|(_, name)| (*name).clone()).collect() })
    }

    pub(crate) fn contains(&self, name: &Name) -> bool {
        self.names.contains(name)
    }
}

/// Puts a hash on the list, with when and by which erasure; one that is there stays as it is.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    hash: &str,
    at: Timestamp,
    erasure: &str,
) -> Result<(), DbError> {
    let insert = "INSERT INTO suppression (hash, at, erasure) VALUES ($1, $2, $3)
        ON CONFLICT (hash) DO NOTHING";
    tx.execute(insert, &[hash.into(), at.into(), erasure.into()]).map(|_| ())
}

/// The key of the list; made when the first person is erased.
pub(crate) fn key(tx: &mut Tx<'_>) -> Result<String, DbError> {
    if let Some(key) = stored_key(tx)? {
        return Ok(key);
    }
    // Twice 122 random bits.
    let key = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    take_key(tx, &key)?;
    Ok(key)
}

/// Makes a key that of the list, where there is none yet. False: there is another one.
pub(crate) fn take_key(tx: &mut Tx<'_>, key: &str) -> Result<bool, DbError> {
    if let Some(stored) = stored_key(tx)? {
        return Ok(stored == key);
    }
    tx.execute("INSERT INTO meta (name, value) VALUES ($1, $2)", &[KEY.into(), key.into()])?;
    Ok(true)
}

pub(crate) fn stored_key(tx: &mut Tx<'_>) -> Result<Option<String>, DbError> {
    tx.find("SELECT value FROM meta WHERE name = $1", &[KEY.into()], |row| row.get(0))
}

/// The keyed hash of an identifier, in hexadecimal.
pub(crate) fn hash(key: &str, name: &Name) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(name.kind.name().as_bytes());
    mac.update(b":");
    // Whoever comes back in other letters is the same.
    mac.update(name.value.to_lowercase().as_bytes());
    let bytes = mac.finalize().into_bytes();
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

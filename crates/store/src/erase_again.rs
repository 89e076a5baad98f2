//! Who was erased stays erased when an older backup is brought back: a list of keyed hashes, kept beside the
//! backups, says whom to erase once more.

use std::collections::{BTreeSet, HashSet};

use leads::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Store;
use crate::db::{DbError, Tx};
use crate::erase::{EraseError, ErasureRequest, erase};
use crate::identity::{IdentifierKind, Name};
use crate::segments::Segments;
use crate::suppression;

/// All whom a store refuses, since they were erased. It names nobody, but whoever has it and knows a name can
/// find out whether that is in it: it is kept like a backup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedList {
    /// The key of the hashes; none: nobody was erased yet.
    key: Option<String>,
    hashes: Vec<ErasedHash>,
}

/// A name of somebody who was erased.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErasedHash {
    hash: String,
    /// When, in milliseconds since 1970.
    at: i64,
    /// The id of the proof.
    erasure: String,
}

/// Why nobody can be erased again.
#[derive(Debug, Error)]
pub enum EraseAgainError {
    /// Its hashes have another key.
    #[error("the list of erasures is of another system: its hashes say nothing here")]
    OtherSystem,
    /// Erasing failed.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The list as it is now.
pub fn erased_list(tx: &mut Tx<'_>) -> Result<ErasedList, DbError> {
    let key = suppression::stored_key(tx)?;
    let sql = "SELECT hash, at, erasure FROM suppression ORDER BY at, hash";
    let hashes = tx.query(sql, &[], |row| {
        Ok(ErasedHash { hash: row.get(0)?, at: row.get(1)?, erasure: row.get(2)? })
    })?;
    Ok(ErasedList { key, hashes })
}

/// Erases all those of a list who are there, and refuses all of the list from now on. `ids` gives each proof
/// its id. Answers how many leads were erased.
pub fn erase_again(
    store: &Store,
    segments: &Segments,
    list: &ErasedList,
    ids: &mut dyn FnMut() -> String,
    now: Timestamp,
) -> Result<usize, EraseAgainError> {
    let Some(key) = list.key.clone() else { return Ok(0) };
    let (wanted, hashes) = (key.clone(), list.hashes.clone());
    store.write(move |tx| {
        if !suppression::take_key(tx, &wanted)? {
            return Err(EraseAgainError::OtherSystem);
        }
        for one in &hashes {
            let at = Timestamp::saturating_from_millis(one.at);
            suppression::put(tx, &one.hash, at, &one.erasure)?;
        }
        Ok(())
    })?;
    let hashes: HashSet<&str> = list.hashes.iter().map(|one| one.hash.as_str()).collect();
    let leads = store.read(|tx| leads_of(tx, &key, &hashes))?;
    for lead in &leads {
        let request = ErasureRequest {
            lead: lead.clone(),
            reason: "erased before the backup was brought back".to_owned(),
            requested_by: "operator".to_owned(),
            id: ids(),
        };
        erase(store, segments, &request, now)?;
    }
    Ok(leads.len())
}

/// Leads of whom a lasting name is in the list. A device passes from one to another: whose it was when a backup was
/// taken is no reason to erase.
fn leads_of(
    tx: &mut Tx<'_>,
    key: &str,
    hashes: &HashSet<&str>,
) -> Result<BTreeSet<String>, DbError> {
    let mut leads = BTreeSet::new();
    let mut look = |kind, value: String, lead: String| {
        if hashes.contains(suppression::hash(key, &Name { kind, value }).as_str()) {
            leads.insert(lead);
        }
    };
    tx.each("SELECT id, lead FROM person", &[], |row| {
        look(IdentifierKind::Lead, row.get(0)?, row.get(1)?);
        Ok(())
    })?;
    let sql = "SELECT i.kind, i.value, p.lead FROM identifier i JOIN person p ON p.id = i.person";
    tx.each(sql, &[], |row| {
        let kind = IdentifierKind::from_code(row.get(0)?);
        if kind != IdentifierKind::Anonymous {
            look(kind, row.get(1)?, row.get(2)?);
        }
        Ok(())
    })?;
    Ok(leads)
}

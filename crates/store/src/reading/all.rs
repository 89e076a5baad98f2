//! Everything of a kind, one after the other, for whoever takes it out.

use std::collections::HashMap;

use leads::Timestamp;

use crate::db::{DbError, Param, Tx};
use crate::facts::{COLUMNS, FactKind, StoredFact, read};
use crate::segments::{SegmentError, Segments};

/// Which facts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AllFacts {
    /// Of this kind.
    pub kind: FactKind,
    /// With this name only.
    pub name: Option<String>,
    /// That happened at this instant or later,
    pub from: Timestamp,
    /// and before this one.
    pub to: Timestamp,
}

/// Calls `visit` with every fact and the lead whose it is, those too that do not count: first those in
/// files, file by file, then the others in the order of their instants. One row is in memory at a time.
pub fn each_fact<E: From<SegmentError> + From<DbError>>(
    tx: &mut Tx<'_>,
    segments: &Segments,
    which: &AllFacts,
    mut visit: impl FnMut(StoredFact, &str) -> Result<(), E>,
) -> Result<(), E> {
    // Nearly every person is a lead of its own: only the others are looked up.
    let merged = "SELECT id, lead FROM person WHERE lead <> id";
    let merged: Vec<(String, String)> =
        tx.query(merged, &[], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let leads: HashMap<String, String> = merged.into_iter().collect();
    let mut tell = |fact: StoredFact| {
        let lead = leads.get(&fact.person).unwrap_or(&fact.person).clone();
        visit(fact, &lead)
    };
    // Nothing else lies in files.
    if matches!(which.kind, FactKind::Event | FactKind::Traits) {
        segments.each(tx, |fact| {
            let fits = fact.kind == which.kind
                && (which.from..which.to).contains(&fact.at)
                && which.name.as_ref().is_none_or(|name| fact.name == *name);
            if fits { tell(fact) } else { Ok(()) }
        })?;
    }
    let mut params: Vec<Param<'_>> =
        vec![which.kind.code().into(), which.from.into(), which.to.into()];
    let mut named = "";
    if let Some(name) = &which.name {
        params.push(name.into());
        named = "AND f.name = $4";
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM fact f WHERE f.kind = $1 AND f.at >= $2 AND f.at < $3 {named}
         ORDER BY f.at, f.id"
    );
    let mut failed = None;
    let read = tx.each(&sql, &params, |row| {
        tell(read(row)?).map_err(|error| {
            failed = Some(error);
            DbError::Unavailable("whoever reads has stopped".to_owned())
        })
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(read?),
    }
}

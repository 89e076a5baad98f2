//! Taking facts back, and giving them back.

use std::collections::BTreeSet;

use leads::{MachineSign, Timestamp};

use crate::chunks;
use crate::db::{DbError, Param, Tx};
use crate::segments::{SegmentError, Segments};

/// Which facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which<'w> {
    /// Those with these ids.
    Ids(&'w [String]),
    /// Those of one import.
    Import(&'w str),
    /// Those of one source that reached us from `from` until before `to`.
    Source {
        /// The source, as in [`leads::Report::source`].
        source: &'w str,
        /// The first instant.
        from: Timestamp,
        /// The first instant that is not meant any more.
        to: Timestamp,
    },
}

/// Takes facts back: they stay, but count no more. Answers the leads whose facts changed.
pub fn retract(
    tx: &mut Tx<'_>,
    segments: &Segments,
    which: &Which<'_>,
    now: Timestamp,
) -> Result<BTreeSet<String>, SegmentError> {
    set(tx, segments, which, Some(now))
}

/// Gives back facts that were taken back. Answers the leads whose facts changed.
pub fn restore(
    tx: &mut Tx<'_>,
    segments: &Segments,
    which: &Which<'_>,
) -> Result<BTreeSet<String>, SegmentError> {
    set(tx, segments, which, None)
}

/// Says of one fact that a machine did it, or that none did. Answers its lead, or `None` where there
/// is no such fact.
pub fn label(
    tx: &mut Tx<'_>,
    id: &str,
    machine: Option<&MachineSign>,
) -> Result<Option<String>, DbError> {
    let reason: Param<'_> = machine.map(|sign| sign.reason.as_str()).into();
    let confidence: Param<'_> = machine.map(|sign| i64::from(sign.confidence)).into();
    for (table, mark) in [("fact", ""), ("sealed_fact", ", marked = 1")] {
        let update = format!(
            "UPDATE {table} SET machine_reason = $1, machine_confidence = $2{mark} WHERE id = $3
             RETURNING person"
        );
        let person = tx.find(&update, &[reason, confidence, id.into()], |row| row.get(0))?;
        if let Some(person) = person {
            return Ok(leads_of(tx, &BTreeSet::from([person]))?.pop_first());
        }
    }
    Ok(None)
}

fn set(
    tx: &mut Tx<'_>,
    segments: &Segments,
    which: &Which<'_>,
    retracted_at: Option<Timestamp>,
) -> Result<BTreeSet<String>, SegmentError> {
    let mut persons: BTreeSet<String> = BTreeSet::new();
    let value: Param<'_> = retracted_at.into();
    // What is so already is left alone, with its first instant.
    let is_other =
        if retracted_at.is_some() { "retracted_at IS NULL" } else { "retracted_at IS NOT NULL" };
    let mut by_ids = |tx: &mut Tx<'_>, tables: &[(&str, &str)], ids: &[&str]| {
        for (table, mark) in tables {
            chunks::keys(ids, 2, |list, keys| {
                let update = format!(
                    "UPDATE {table} SET retracted_at = $1{mark} WHERE id IN ({list}) AND {is_other}
                     RETURNING person"
                );
                let mut params = vec![value];
                params.extend_from_slice(keys);
                tx.each(&update, &params, |row| {
                    persons.insert(row.get(0)?);
                    Ok(())
                })
            })?;
        }
        Ok::<(), DbError>(())
    };
    let sealed = ("sealed_fact", ", marked = 1");
    match which {
        Which::Ids(ids) => {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            by_ids(tx, &[("fact", ""), sealed], &ids)?;
        }
        Which::Import(import) => {
            let found = segments
                .ids_where(tx, &|fact| fact.source.strip_prefix("import:") == Some(import))?;
            let ids: Vec<&str> = found.iter().map(String::as_str).collect();
            by_ids(tx, &[sealed], &ids)?;
            let update = format!(
                "UPDATE fact SET retracted_at = $1 WHERE import_id = $2 AND {is_other} RETURNING person"
            );
            let rows: Vec<String> =
                tx.query(&update, &[value, (*import).into()], |row| row.get(0))?;
            persons.extend(rows);
        }
        Which::Source { source, from, to } => {
            let found = segments.ids_where(tx, &|fact| {
                fact.source == *source && (*from..*to).contains(&fact.received_at)
            })?;
            let ids: Vec<&str> = found.iter().map(String::as_str).collect();
            by_ids(tx, &[sealed], &ids)?;
            let update = format!(
                "UPDATE fact SET retracted_at = $1
                 WHERE source = $2 AND received_at >= $3 AND received_at < $4 AND {is_other}
                 RETURNING person"
            );
            let params = [value, (*source).into(), (*from).into(), (*to).into()];
            let rows: Vec<String> = tx.query(&update, &params, |row| row.get(0))?;
            persons.extend(rows);
        }
    }
    Ok(leads_of(tx, &persons)?)
}

/// The leads of persons.
pub(crate) fn leads_of(
    tx: &mut Tx<'_>,
    persons: &BTreeSet<String>,
) -> Result<BTreeSet<String>, DbError> {
    let persons: Vec<&str> = persons.iter().map(String::as_str).collect();
    let mut leads = BTreeSet::new();
    chunks::keys(&persons, 1, |list, keys| {
        let sql = format!("SELECT DISTINCT lead FROM person WHERE id IN ({list})");
        tx.each(&sql, keys, |row| {
            leads.insert(row.get(0)?);
            Ok(())
        })
    })?;
    Ok(leads)
}

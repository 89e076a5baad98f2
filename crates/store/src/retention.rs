//! Forgetting leads of whom nothing has been heard for long: as erasing does, but nobody is kept out. Who
//! comes back is somebody new.

use std::collections::{BTreeMap, BTreeSet};

use leads::Timestamp;

use crate::Store;
use crate::chunks;
use crate::db::{DbError, Tx};
use crate::erase::{EraseError, clear, remove};
use crate::segments::{SegmentError, SegmentFile, Segments, bucket_of};

/// Leads that were forgotten in a transaction; [`finish`] takes the files away once that is committed.
#[derive(Debug)]
#[must_use = "files with the facts are there until `finish`"]
pub struct Forgotten {
    /// Who: those of the wish who were still quiet.
    pub leads: Vec<String>,
    /// How many facts were removed.
    pub facts: i64,
    replaced: Vec<SegmentFile>,
}

/// Leads of whom nothing has been heard since an instant, the quietest first: no fact happened or came in,
/// and none of their persons was made. They may be customers.
pub fn quiet(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<String>, DbError> {
    let sql = format!(
        "SELECT l.lead FROM lead l WHERE {QUIET}
        ORDER BY COALESCE(l.last_seen_at, 0), l.lead"
    );
    tx.query(&sql, &[since.into()], |row| row.get(0))
}

/// Leads in parts that are best forgotten together: a file of sealed facts holds those of one part only.
pub fn parts(leads: Vec<String>) -> Vec<Vec<String>> {
    let mut parts: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for lead in leads {
        parts.entry(bucket_of(&lead)).or_default().push(lead);
    }
    parts.into_values().collect()
}

/// Forgets those of these leads who are still quiet, hot and sealed, within a transaction that may do more,
/// such as to note who wanted it.
pub fn forget_within(
    tx: &mut Tx<'_>,
    segments: &Segments,
    leads: &[String],
    since: Timestamp,
    now: Timestamp,
) -> Result<Forgotten, SegmentError> {
    let keys: Vec<&str> = leads.iter().map(String::as_str).collect();
    let mut still = Vec::new();
    let mut persons = BTreeSet::new();
    chunks::keys(&keys, 2, |places, keys| {
        let mut params = vec![since.into()];
        params.extend_from_slice(keys);
        let sql = format!(
            "SELECT p.lead, p.id FROM person p JOIN lead l ON l.lead = p.lead
             WHERE p.lead IN ({places}) AND {QUIET}"
        );
        tx.each(&sql, &params, |row| {
            still.push(row.get::<String>(0)?);
            persons.insert(row.get::<String>(1)?);
            Ok(())
        })
    })?;
    still.sort_unstable();
    still.dedup();
    let (facts, replaced) = remove(tx, segments, &persons, now)?;
    Ok(Forgotten { leads: still, facts, replaced })
}

/// Takes away the files that hold facts of leads who were forgotten, and what logs still hold.
pub fn finish(store: &Store, segments: &Segments, forgotten: Forgotten) -> Result<(), EraseError> {
    clear(store, segments, forgotten.replaced)
}

/// What holds for a lead `l` that is quiet since `$1`. What happened long ago may have been imported
/// yesterday, so when it came in counts, too; of sealed facts it is when their person was made.
const QUIET: &str = "(l.last_seen_at IS NULL OR l.last_seen_at < $1)
    AND NOT EXISTS (SELECT 1 FROM person q WHERE q.lead = l.lead AND q.made_at >= $1)
    AND NOT EXISTS (SELECT 1 FROM person q JOIN fact f ON f.person = q.id
        WHERE q.lead = l.lead AND (f.received_at >= $1 OR f.at >= $1))";

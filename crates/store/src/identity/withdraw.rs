//! What a source said of who is who goes when what it said is taken back, and comes again with it.

use std::collections::BTreeSet;

use leads::Timestamp;

use super::merges::{MergeError, move_tree, undo_merge};
use crate::chunks;
use crate::db::{DbError, Param, Tx};

/// Of what a source said, what is taken back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of<'p> {
    /// All of it.
    Everything,
    /// What reached us from the first instant until before the second. Of these persons it says nothing else.
    Between(Timestamp, Timestamp, &'p BTreeSet<String>),
}

/// Takes away the identifiers that only this source named, and undoes the edges that it made. Neither keeps
/// anybody from saying the same again. Answers the leads that are others now.
pub(crate) fn withdraw(
    tx: &mut Tx<'_>,
    source: &str,
    of: Of<'_>,
    now: Timestamp,
) -> Result<BTreeSet<String>, DbError> {
    let mut leads = BTreeSet::new();
    let (from, to) = match of {
        Of::Everything => (Timestamp::MIN, Timestamp::MAX),
        Of::Between(from, to, _) => (from, to),
    };
    // The latest first: what one made part of a lead, a later one may have moved on with it.
    let sql =
        "SELECT id FROM merge WHERE source = $1 AND undone_at IS NULL AND at >= $2 AND at < $3
        ORDER BY at DESC, id DESC";
    let merges: Vec<String> =
        tx.query(sql, &[source.into(), from.into(), to.into()], |row| row.get(0))?;
    for merge in merges {
        match undo_merge(tx, &merge, now, source) {
            Ok((lead, other)) => leads.extend([lead, other]),
            Err(MergeError::Db(error)) => return Err(error),
            // One of the two was erased.
            Err(_) => {}
        }
    }
    match of {
        Of::Everything => leads.extend(take_away(tx, "", &[source.into()])?),
        Of::Between(_, _, persons) => {
            let persons: Vec<&str> = persons.iter().map(String::as_str).collect();
            chunks::keys(&persons, 2, |list, keys| {
                let mut params: Vec<Param<'_>> = vec![source.into()];
                params.extend_from_slice(keys);
                let condition = format!("AND i.person IN ({list})");
                leads.extend(take_away(tx, &condition, &params)?);
                Ok::<(), DbError>(())
            })?;
        }
    }
    Ok(leads)
}

/// `condition` is about `i`; its first parameter but the source is `$2`.
fn take_away(
    tx: &mut Tx<'_>,
    condition: &str,
    params: &[Param<'_>],
) -> Result<Vec<String>, DbError> {
    let leads = format!(
        "SELECT DISTINCT p.lead FROM identifier i JOIN person p ON p.id = i.person
         WHERE i.source = $1 {condition}"
    );
    let leads = tx.query(&leads, params, |row| row.get(0))?;
    let keep = format!(
        "INSERT INTO withdrawn_identifier (kind, value, since, person, first_at, source)
         SELECT i.kind, i.value, i.since, i.person, i.first_at, i.source FROM identifier i
         WHERE i.source = $1 {condition}
         ON CONFLICT (source, kind, value, since) DO UPDATE
            SET person = excluded.person, first_at = excluded.first_at"
    );
    tx.execute(&keep, params)?;
    tx.execute(&format!("DELETE FROM identifier AS i WHERE i.source = $1 {condition}"), params)?;
    Ok(leads)
}

/// Gives back what [`withdraw`] took of a source: identifiers that nobody has by now, and edges between leads that
/// are not one yet. Answers the leads that are others now.
pub(crate) fn give_back(tx: &mut Tx<'_>, source: &str) -> Result<BTreeSet<String>, DbError> {
    let sql = "SELECT DISTINCT p.lead FROM withdrawn_identifier w JOIN person p ON p.id = w.person
        WHERE w.source = $1";
    let mut leads: BTreeSet<String> =
        tx.query(sql, &[source.into()], |row| row.get(0))?.into_iter().collect();
    let insert = "INSERT INTO identifier (kind, value, since, person, first_at, source)
        SELECT w.kind, w.value, w.since, w.person, w.first_at, w.source
        FROM withdrawn_identifier w JOIN person p ON p.id = w.person
        WHERE w.source = $1 AND NOT EXISTS
            (SELECT 1 FROM identifier i WHERE i.kind = w.kind AND i.value = w.value)";
    tx.execute(insert, &[source.into()])?;
    tx.execute("DELETE FROM withdrawn_identifier WHERE source = $1", &[source.into()])?;
    let sql = "SELECT id FROM merge WHERE source = $1 AND undone_by = $1 ORDER BY at, id";
    let merges: Vec<String> = tx.query(sql, &[source.into()], |row| row.get(0))?;
    for merge in merges {
        let sql = "SELECT w.lead, l.lead, m.loser FROM merge m JOIN person w ON w.id = m.winner
            JOIN person l ON l.id = m.loser WHERE m.id = $1";
        let ends: Option<(String, String, String)> =
            tx.find(sql, &[(&merge).into()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        // The loser has become part of another since, or of the same.
        let Some((winner, _, loser)) =
            ends.filter(|(winner, lead, loser)| winner != lead && lead == loser)
        else {
            continue;
        };
        let update = "UPDATE merge SET undone_at = NULL, undone_by = NULL WHERE id = $1";
        tx.execute(update, &[(&merge).into()])?;
        move_tree(tx, &loser, &winner)?;
        leads.extend([winner, loser]);
    }
    Ok(leads)
}

//! What a source said of who is who goes when what it said is taken back, and comes again with it.

use std::collections::BTreeSet;

use leads::Timestamp;

use super::merges::{MergeError, move_tree, tree, undo_merge};
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

/// Takes away the identifiers that only this source named, and undoes the edges that only it made. Neither keeps
/// anybody from saying the same again. Answers the leads that are others now.
pub(crate) fn withdraw(
    tx: &mut Tx<'_>,
    source: &str,
    of: Of<'_>,
    now: Timestamp,
) -> Result<BTreeSet<String>, DbError> {
    let (from, to) = match of {
        Of::Everything => (Timestamp::MIN, Timestamp::MAX),
        Of::Between(from, to, _) => (from, to),
    };
    let params = [source.into(), from.into(), to.into()];
    let mut leads = take_apart(tx, source, &params, now)?;
    match of {
        Of::Everything => leads.extend(take_away(tx, "", &[source.into()])?),
        Of::Between(_, _, persons) => {
            let persons: Vec<&str> = persons.iter().map(String::as_str).collect();
            chunks::keys(&persons, 2, |list, keys| {
                let mut params: Vec<Param<'_>> = vec![source.into()];
                params.extend_from_slice(keys);
                let condition = format!("AND person IN ({list})");
                leads.extend(take_away(tx, &condition, &params)?);
                Ok::<(), DbError>(())
            })?;
        }
    }
    Ok(leads)
}

/// Undoes the edges that a source made from an instant until before another. One that others vouch for is theirs from
/// then on.
fn take_apart(
    tx: &mut Tx<'_>,
    source: &str,
    params: &[Param<'_>; 3],
    now: Timestamp,
) -> Result<BTreeSet<String>, DbError> {
    let within = "source = $1 AND at >= $2 AND at < $3";
    let withdrawn = format!("UPDATE named_together SET withdrawn = 1 WHERE {within}");
    tx.execute(&withdrawn, params)?;
    // The latest first: what one made part of a lead, a later one may have moved on with it.
    let sql = format!(
        "SELECT id, loser, at FROM merge WHERE {within} AND undone_at IS NULL
         ORDER BY at DESC, id DESC"
    );
    let merges: Vec<(String, String, i64)> =
        tx.query(&sql, params, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut leads = BTreeSet::new();
    for (merge, loser, at) in merges {
        if let Some((one, other, voucher)) = voucher(tx, &loser)? {
            let update = "UPDATE merge SET source = $2 WHERE id = $1";
            tx.execute(update, &[(&merge).into(), (&voucher).into()])?;
            vouch(tx, (&one, &other), source, at)?;
            tx.execute(&withdrawn, params)?;
            continue;
        }
        match undo_merge(tx, &merge, now, source) {
            Ok((lead, other)) => {
                let update = "UPDATE merge SET withdrawn = 1 WHERE id = $1";
                tx.execute(update, &[(&merge).into()])?;
                leads.extend([lead, other]);
            }
            Err(MergeError::Db(error)) => return Err(error),
            // One of the two was erased.
            Err(_) => {}
        }
    }
    Ok(leads)
}

/// Notes that a source names two persons of one lead together.
pub(super) fn vouch(
    tx: &mut Tx<'_>,
    (one, other): (&str, &str),
    source: &str,
    at: i64,
) -> Result<(), DbError> {
    let (one, other) = if one < other { (one, other) } else { (other, one) };
    let insert = "INSERT INTO named_together (one, other, source, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (one, other, source) DO UPDATE SET at = excluded.at, withdrawn = NULL
            WHERE named_together.withdrawn = 1";
    tx.execute(insert, &[one.into(), other.into(), source.into(), at.into()]).map(|_| ())
}

/// Who says that somebody of what a merge brought in belongs to somebody of the rest: the two, and the source.
fn voucher(tx: &mut Tx<'_>, loser: &str) -> Result<Option<(String, String, String)>, DbError> {
    let persons = tree(tx, loser)?;
    for person in &persons {
        let sql = "SELECT n.one, n.other, n.source FROM named_together n
            JOIN person p ON p.id = n.one JOIN person q ON q.id = n.other
            WHERE (n.one = $1 OR n.other = $1) AND n.withdrawn IS NULL AND p.lead = q.lead
            ORDER BY n.at, n.source, n.one, n.other";
        let vouched: Vec<(String, String, String)> =
            tx.query(sql, &[person.into()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let across = |(one, other, _): &(String, String, String)| {
            persons.contains(one) != persons.contains(other)
        };
        if let Some(found) = vouched.into_iter().find(across) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Rows of `named_by` that are about an identifier.
const SAME: &str =
    "n.kind = identifier.kind AND n.value = identifier.value AND n.since = identifier.since";

/// What is known of an identifier from those who still name it.
fn of_the_others(condition: &str) -> String {
    let least =
        |column: &str| format!("(SELECT min({column}) FROM named_by n WHERE {SAME} {condition})");
    format!("first_at = {}, is_public = {}", least("n.first_at"), least("coalesce(n.is_public, 0)"))
}

/// Keeps what a table (`identifier` or `named_by`) says that is to be taken away, so that it can be given back.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    table: &str,
    condition: &str,
    params: &[Param<'_>],
) -> Result<(), DbError> {
    let keep = format!(
        "INSERT INTO withdrawn_identifier (kind, value, since, person, first_at, source, is_public)
         SELECT kind, value, since, person, first_at, source, is_public FROM {table} WHERE {condition}
         ON CONFLICT (source, kind, value, since) DO UPDATE SET person = excluded.person,
            first_at = excluded.first_at, is_public = excluded.is_public"
    );
    tx.execute(&keep, params).map(|_| ())
}

/// Takes away what a source named. `condition` is about `person`; its first parameter but the source is `$2`.
fn take_away(
    tx: &mut Tx<'_>,
    condition: &str,
    params: &[Param<'_>],
) -> Result<Vec<String>, DbError> {
    let mine = format!("source = $1 {condition}");
    let leads = format!(
        "SELECT DISTINCT p.lead FROM person p WHERE p.id IN (
            SELECT person FROM identifier WHERE {mine} UNION SELECT person FROM named_by WHERE {mine})"
    );
    let leads = tx.query(&leads, params, |row| row.get(0))?;
    for table in ["identifier", "named_by"] {
        keep(tx, table, &mine, params)?;
    }
    let among = format!(
        "source IS NULL AND (kind, value, since) IN (SELECT kind, value, since FROM named_by WHERE {mine})"
    );
    let by_another = format!("EXISTS (SELECT 1 FROM named_by n WHERE {SAME} AND n.source <> $1)");
    for change in [
        format!("DELETE FROM identifier WHERE {mine}"),
        format!("DELETE FROM identifier WHERE {among} AND NOT {by_another}"),
        format!("UPDATE identifier SET {} WHERE {among}", of_the_others("AND n.source <> $1")),
        format!("DELETE FROM named_by WHERE {mine}"),
    ] {
        tx.execute(&change, params)?;
    }
    Ok(leads)
}

/// Gives back what [`withdraw`] took of a source: identifiers that nobody has by now, that it names those which others
/// name, too, and edges between leads that are not one yet. Answers the leads that are others now.
pub(crate) fn give_back(tx: &mut Tx<'_>, source: &str) -> Result<BTreeSet<String>, DbError> {
    let sql = "SELECT DISTINCT p.lead FROM withdrawn_identifier w JOIN person p ON p.id = w.person
        WHERE w.source = $1";
    let mut leads: BTreeSet<String> =
        tx.query(sql, &[source.into()], |row| row.get(0))?.into_iter().collect();
    let columns = "kind, value, since, person, first_at, source, is_public";
    let withdrawn = "w.kind, w.value, w.since, w.person, w.first_at, w.source, w.is_public";
    let insert = format!(
        "INSERT INTO identifier ({columns})
         SELECT {withdrawn} FROM withdrawn_identifier w JOIN person p ON p.id = w.person
         WHERE w.source = $1 AND NOT EXISTS
            (SELECT 1 FROM identifier i WHERE i.kind = w.kind AND i.value = w.value)"
    );
    tx.execute(&insert, &[source.into()])?;
    let of_others =
        "withdrawn_identifier w JOIN identifier i ON i.kind = w.kind AND i.value = w.value
            AND i.since = w.since AND i.person = w.person
         WHERE w.source = $1 AND";
    let theirs = "i.kind, i.value, i.since, i.person, i.first_at, i.source, i.is_public";
    let name = |columns_of: &str, condition: &str| {
        format!(
            "INSERT INTO named_by ({columns}) SELECT {columns_of} FROM {of_others} {condition}
             ON CONFLICT (kind, value, since, source) DO NOTHING"
        )
    };
    let several = "(i.source <> $1 OR i.source IS NULL AND EXISTS (SELECT 1 FROM named_by n
        WHERE n.kind = i.kind AND n.value = i.value AND n.since = i.since))";
    for change in [
        name(theirs, "i.source <> $1"),
        name(withdrawn, several),
        format!(
            "UPDATE identifier SET source = NULL, {} WHERE (kind, value, since) IN
                (SELECT kind, value, since FROM named_by WHERE source = $1)",
            of_the_others("")
        ),
        "DELETE FROM withdrawn_identifier WHERE source = $1".to_owned(),
        "UPDATE named_together SET withdrawn = NULL WHERE source = $1".to_owned(),
    ] {
        tx.execute(&change, &[source.into()])?;
    }
    let sql = "SELECT id FROM merge WHERE source = $1 AND withdrawn = 1 ORDER BY at, id";
    let merges: Vec<String> = tx.query(sql, &[source.into()], |row| row.get(0))?;
    leads.extend(rejoin(tx, source, merges)?);
    Ok(leads)
}

/// Makes edges of a source stand again that were undone with what it had said, where what they joined are not one yet.
/// Answers the leads that are others now.
pub(super) fn rejoin(
    tx: &mut Tx<'_>,
    source: &str,
    merges: Vec<String>,
) -> Result<BTreeSet<String>, DbError> {
    let mut leads = BTreeSet::new();
    for merge in merges {
        let sql = "SELECT w.lead, l.lead, m.winner, m.loser, m.at FROM merge m
            JOIN person w ON w.id = m.winner JOIN person l ON l.id = m.loser WHERE m.id = $1";
        let ends: Option<([String; 4], i64)> = tx.find(sql, &[(&merge).into()], |row| {
            Ok(([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?], row.get(4)?))
        })?;
        let Some(([lead, of_loser, winner, loser], at)) = ends else { continue };
        if lead == of_loser {
            // Others have made them one since: the source vouches for it, too.
            vouch(tx, (&winner, &loser), source, at)?;
        }
        // The loser may have become part of another since, as well.
        if lead == of_loser || of_loser != loser {
            continue;
        }
        let update = "UPDATE merge SET undone_at = NULL, undone_by = NULL, withdrawn = NULL
            WHERE id = $1";
        tx.execute(update, &[(&merge).into()])?;
        move_tree(tx, &loser, &lead)?;
        leads.extend([lead, loser]);
    }
    Ok(leads)
}

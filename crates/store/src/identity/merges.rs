//! Bringing leads together by hand, and taking them apart again.

use std::collections::BTreeSet;

use leads::Timestamp;
use thiserror::Error;

use super::batch::{Leads, Why};
use crate::db::{DbError, Row, Tx};

/// An edge between two leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Merge {
    /// Its id.
    pub id: String,
    /// The lead that went on.
    pub winner: String,
    /// The lead that became part of it.
    pub loser: String,
    /// When it was decided.
    pub at: Timestamp,
    /// Why, such as `named together`.
    pub reason: String,
    /// Whose doing it was: the source of a report, or a user.
    pub source: String,
    /// Since when it does not count any more.
    pub undone_at: Option<Timestamp>,
    /// Who undid it.
    pub undone_by: Option<String>,
}

/// Why leads cannot be brought together or apart.
#[derive(Debug, Error)]
pub enum MergeError {
    /// No such lead.
    #[error("there is no lead `{0}`")]
    NoLead(String),
    /// They are one already.
    #[error("`{0}` and `{1}` are one lead already")]
    OneAlready(String, String),
    /// No such merge, or it is undone already.
    #[error("there is no merge `{0}` that stands")]
    NoMerge(String),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes one lead of two because a user says so, whatever their identifiers are; `winner` goes on.
/// Either may be given by the id of a lead that it absorbed. Answers the edge; both leads changed.
pub fn merge(
    tx: &mut Tx<'_>,
    winner: &str,
    loser: &str,
    now: Timestamp,
    reason: &str,
    source: &str,
    fresh_id: &mut dyn FnMut() -> String,
) -> Result<Merge, MergeError> {
    let (winner, loser) = (root(tx, winner)?, root(tx, loser)?);
    if winner == loser {
        return Err(MergeError::OneAlready(winner, loser));
    }
    let id = fresh_id();
    let mut give_id = || id.clone();
    let mut leads = Leads::read(tx, [], &mut give_id)?;
    leads.join(tx, &winner, &loser, &Why { at: now, reason, source })?;
    let (reason, source) = (reason.to_owned(), source.to_owned());
    Ok(Merge { id, winner, loser, at: now, reason, source, undone_at: None, undone_by: None })
}

/// Takes apart what a merge brought together: its loser, and whatever became part of that, is a lead
/// of its own again. Reports do not bring the two together again. Answers the two leads.
pub fn undo_merge(
    tx: &mut Tx<'_>,
    id: &str,
    now: Timestamp,
    by: &str,
) -> Result<(String, String), MergeError> {
    let sql = format!("{SELECT} WHERE id = $1 AND undone_at IS NULL");
    let Some(merge) = tx.find(&sql, &[id.into()], read)? else {
        return Err(MergeError::NoMerge(id.to_owned()));
    };
    let update = "UPDATE merge SET undone_at = $1, undone_by = $2 WHERE id = $3";
    tx.execute(update, &[now.into(), by.into(), id.into()])?;
    let lead = root(tx, &merge.loser)?;
    move_tree(tx, &merge.loser, &merge.loser)?;
    Ok((lead, merge.loser))
}

/// Makes a person, and all that became part of it, part of a lead.
pub(super) fn move_tree(tx: &mut Tx<'_>, person: &str, lead: &str) -> Result<(), DbError> {
    for person in tree(tx, person)? {
        let update = "UPDATE person SET lead = $1 WHERE id = $2";
        tx.execute(update, &[lead.into(), (&person).into()])?;
    }
    Ok(())
}

/// The edges that a lead is made of, undone ones too, the latest first.
pub fn merges(tx: &mut Tx<'_>, lead: &str) -> Result<Vec<Merge>, DbError> {
    let mut found = Vec::new();
    for end in ["winner", "loser"] {
        let sql =
            format!("{SELECT} WHERE {end} IN (SELECT id FROM person WHERE lead = $1) ORDER BY id");
        found.extend(tx.query(&sql, &[lead.into()], read)?);
    }
    found.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    found.dedup();
    Ok(found)
}

/// The merge that stands by which a lead became part of another, if it did.
pub fn absorbed_by(tx: &mut Tx<'_>, loser: &str) -> Result<Option<Merge>, DbError> {
    let sql = format!(
        "{SELECT} WHERE loser = $1 AND undone_at IS NULL ORDER BY at DESC, id DESC LIMIT 1"
    );
    tx.find(&sql, &[loser.into()], read)
}

const SELECT: &str =
    "SELECT id, winner, loser, at, reason, source, undone_at, undone_by FROM merge";

fn read(row: &Row<'_>) -> Result<Merge, DbError> {
    Ok(Merge {
        id: row.get(0)?,
        winner: row.get(1)?,
        loser: row.get(2)?,
        at: Timestamp::saturating_from_millis(row.get(3)?),
        reason: row.get(4)?,
        source: row.get(5)?,
        undone_at: row.get::<Option<i64>>(6)?.map(Timestamp::saturating_from_millis),
        undone_by: row.get(7)?,
    })
}

fn root(tx: &mut Tx<'_>, lead: &str) -> Result<String, MergeError> {
    let found =
        tx.find("SELECT lead FROM person WHERE id = $1", &[lead.into()], |row| row.get(0))?;
    found.ok_or_else(|| MergeError::NoLead(lead.to_owned()))
}

/// A person and all that became part of it through edges that stand.
pub(super) fn tree(tx: &mut Tx<'_>, person: &str) -> Result<BTreeSet<String>, DbError> {
    let mut found = BTreeSet::from([person.to_owned()]);
    let mut open = vec![person.to_owned()];
    while let Some(winner) = open.pop() {
        let sql = "SELECT loser FROM merge WHERE winner = $1 AND undone_at IS NULL";
        let losers: Vec<String> = tx.query(sql, &[(&winner).into()], |row| row.get(0))?;
        open.extend(losers.into_iter().filter(|loser| found.insert(loser.clone())));
    }
    Ok(found)
}

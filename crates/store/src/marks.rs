//! Marks: leads that are to be scored anew. This room keeps them in the order of their turn; who is
//! marked, and why, is not its business.

use crate::db::{DbError, Tx};

/// A lead that has a mark, and the one that it was given last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Marked {
    /// The lead.
    pub lead: String,
    /// Its mark: a fresh id; later ones sort behind earlier ones.
    pub mark: String,
}

/// Marks leads. A lead that is marked already keeps its turn and gets the new mark, so that whoever
/// worked on it under the old one does not take this one away. One that was set aside gets a turn: what it
/// could not be scored for may be mended, and whoever has no turn counts as not marked.
pub fn put<'l>(
    tx: &mut Tx<'_>,
    leads: impl IntoIterator<Item = &'l str>,
    mark: &str,
) -> Result<(), DbError> {
    let insert = "INSERT INTO marked_lead (lead, mark, since) VALUES ($1, $2, $2)
        ON CONFLICT (lead) DO UPDATE SET mark = excluded.mark, since =
            CASE WHEN marked_lead.since = $3 THEN excluded.since ELSE marked_lead.since END";
    for lead in leads {
        tx.execute(insert, &[lead.into(), mark.into(), ASIDE.into()])?;
    }
    Ok(())
}

/// Marks the leads that there are behind `after` in the order of their ids, so many at most, in the same
/// way. Answers the last of them, behind which there may be more.
pub fn put_on_those_after(
    tx: &mut Tx<'_>,
    after: &str,
    most: usize,
    mark: &str,
) -> Result<Option<String>, DbError> {
    let select = "SELECT DISTINCT lead FROM person WHERE lead > $1 ORDER BY lead LIMIT $2";
    let leads: Vec<String> =
        tx.query(select, &[after.into(), (most as i64).into()], |row| row.get(0))?;
    put(tx, leads.iter().map(String::as_str), mark)?;
    Ok(leads.into_iter().next_back())
}

/// Instead of its turn, of a lead that is set aside: behind every mark.
const ASIDE: &str = "~";

/// Marks a lead that cannot be scored for now: it has no turn until it is brought back.
pub fn set_aside(tx: &mut Tx<'_>, lead: &str, mark: &str) -> Result<(), DbError> {
    let insert = "INSERT INTO marked_lead (lead, mark, since) VALUES ($1, $2, $3)
        ON CONFLICT (lead) DO UPDATE SET since = excluded.since";
    tx.execute(insert, &[lead.into(), mark.into(), ASIDE.into()]).map(|_| ())
}

/// Gives those who were set aside a turn again. Answers how many they are.
pub fn bring_back(tx: &mut Tx<'_>) -> Result<u64, DbError> {
    tx.execute("UPDATE marked_lead SET since = mark WHERE since = $1", &[ASIDE.into()])
}

/// The leads that have waited longest, so many at most.
pub fn first(tx: &mut Tx<'_>, most: usize) -> Result<Vec<Marked>, DbError> {
    let sql = "SELECT lead, mark FROM marked_lead WHERE since < $2 ORDER BY since, lead LIMIT $1";
    tx.query(sql, &[(most as i64).into(), ASIDE.into()], |row| {
        Ok(Marked { lead: row.get(0)?, mark: row.get(1)? })
    })
}

/// A lead's mark.
pub fn of(tx: &mut Tx<'_>, lead: &str) -> Result<Option<String>, DbError> {
    tx.find("SELECT mark FROM marked_lead WHERE lead = $1", &[lead.into()], |row| row.get(0))
}

/// Takes a lead's mark away, where it is still the one that was seen. A lead that was marked anew
/// meanwhile waits behind all others, so that the busiest do not keep them from their turn.
pub fn take(tx: &mut Tx<'_>, lead: &str, mark: &str) -> Result<(), DbError> {
    let delete = "DELETE FROM marked_lead WHERE lead = $1 AND mark = $2";
    if tx.execute(delete, &[lead.into(), mark.into()])? == 0 {
        tx.execute("UPDATE marked_lead SET since = mark WHERE lead = $1", &[lead.into()])?;
    }
    Ok(())
}

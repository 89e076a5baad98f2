//! Marks: leads that are to be scored anew.

use store::{DbError, Tx};

/// A lead that is to be scored, and the mark it was given last; `None`: for facts that were settled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Marked {
    pub(crate) lead: String,
    pub(crate) mark: Option<String>,
}

/// Marks leads. A lead that is marked already gets the new mark, so that whoever worked on it under
/// the old one does not take this one away.
pub(crate) fn put<'l>(
    tx: &mut Tx<'_>,
    leads: impl IntoIterator<Item = &'l str>,
    mark: &str,
) -> Result<(), DbError> {
    let insert = "INSERT INTO marked_lead (lead, mark, since) VALUES ($1, $2, $2)
        ON CONFLICT (lead) DO UPDATE SET mark = excluded.mark";
    for lead in leads {
        tx.execute(insert, &[lead.into(), mark.into()])?;
    }
    Ok(())
}

/// The leads that have waited longest, so many at most.
pub(crate) fn first(tx: &mut Tx<'_>, most: usize) -> Result<Vec<Marked>, DbError> {
    let sql = "SELECT lead, mark FROM marked_lead ORDER BY since, lead LIMIT $1";
    tx.query(sql, &[(most as i64).into()], |row| {
        Ok(Marked { lead: row.get(0)?, mark: Some(row.get(1)?) })
    })
}

/// Takes marks away, where they are still the ones that were seen. A lead that was marked anew
/// meanwhile waits behind all others, so that the busiest do not keep them from their turn.
pub(crate) fn take<'m>(
    tx: &mut Tx<'_>,
    marked: impl IntoIterator<Item = &'m Marked>,
) -> Result<(), DbError> {
    let delete = "DELETE FROM marked_lead WHERE lead = $1 AND mark = $2";
    for Marked { lead, mark } in marked {
        let Some(mark) = mark else { continue };
        if tx.execute(delete, &[lead.into(), mark.into()])? == 0 {
            tx.execute("UPDATE marked_lead SET since = mark WHERE lead = $1", &[lead.into()])?;
        }
    }
    Ok(())
}

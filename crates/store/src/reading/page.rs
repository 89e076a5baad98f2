//! Facts page by page, the newest first.

use leads::Timestamp;

use crate::db::{DbError, Param, Tx};
use crate::facts::{COLUMNS, FactKind, StoredFact, read};
use crate::segments::{SegmentError, Segments};

/// Which facts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EventQuery {
    /// Of one lead only.
    pub lead: Option<String>,
    /// Of one kind only.
    pub kind: Option<FactKind>,
    /// With one name only.
    pub name: Option<String>,
    /// Those before this (at, id): the last of the page before.
    pub before: Option<(Timestamp, String)>,
    /// So many at most.
    pub limit: usize,
}

/// A page of facts, the newest first, those too that do not count. With `lead`, sealed facts are among
/// them; without, the page is of facts that are not sealed yet (the recent ones).
pub fn events(
    tx: &mut Tx<'_>,
    segments: &Segments,
    query: &EventQuery,
) -> Result<Vec<StoredFact>, SegmentError> {
    let mut facts = hot(tx, query)?;
    let Some(lead) = &query.lead else { return Ok(facts) };
    let sql = "SELECT id FROM person WHERE lead = $1";
    let persons: Vec<String> = tx.query(sql, &[lead.into()], |row| row.get(0))?;
    let fits = |fact: &StoredFact| {
        query.kind.is_none_or(|kind| fact.kind == kind)
            && query.name.as_ref().is_none_or(|name| fact.name == *name)
            && query.before.as_ref().is_none_or(|(at, id)| (fact.at, &fact.id) < (*at, id))
    };
    facts.extend(segments.facts_of(tx, &persons)?.into_iter().filter(fits));
    facts.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    facts.truncate(query.limit);
    Ok(facts)
}

fn hot(tx: &mut Tx<'_>, query: &EventQuery) -> Result<Vec<StoredFact>, DbError> {
    let mut params: Vec<Param<'_>> = Vec::new();
    let mut conditions = Vec::new();
    let from = if let Some(lead) = &query.lead {
        params.push(lead.into());
        conditions.push(format!("p.lead = ${}", params.len()));
        "person p JOIN fact f ON f.person = p.id"
    } else {
        "fact f"
    };
    if let Some(kind) = query.kind {
        params.push(kind.code().into());
        conditions.push(format!("f.kind = ${}", params.len()));
    }
    if let Some(name) = &query.name {
        params.push(name.into());
        conditions.push(format!("f.name = ${}", params.len()));
    }
    if let Some((at, id)) = &query.before {
        params.extend([Param::from(*at), id.into()]);
        conditions.push(format!("(f.at, f.id) < (${}, ${})", params.len() - 1, params.len()));
    }
    params.push(i64::try_from(query.limit).unwrap_or(i64::MAX).into());
    let limit = params.len();
    let conditions = if conditions.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.join(" AND "))
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM {from} {conditions} ORDER BY f.at DESC, f.id DESC LIMIT ${limit}"
    );
    tx.query(&sql, &params, read)
}

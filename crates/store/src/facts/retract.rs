//! Taking facts back, and giving them back.

use std::collections::BTreeSet;

use leads::Timestamp;

use super::withdrawal;
use crate::chunks;
use crate::company;
use crate::db::{DbError, Param, Tx};
use crate::identity::{self, Of};
use crate::scores::leads_of_company;
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

/// Takes facts back: they stay, but count no more. What only they said of who is who goes with them. What an
/// import brought and another one says, too, stands as that says it. With all that a source said of somebody
/// go the identifiers that nobody else named, and the edges between leads that it made. Answers the leads
/// whose facts changed.
pub fn retract(
    tx: &mut Tx<'_>,
    segments: &Segments,
    which: &Which<'_>,
    now: Timestamp,
) -> Result<BTreeSet<String>, SegmentError> {
    set(tx, segments, which, Some(now))
}

/// Gives back facts that were taken back, and what went with them. Answers the leads whose facts changed.
pub fn restore(
    tx: &mut Tx<'_>,
    segments: &Segments,
    which: &Which<'_>,
) -> Result<BTreeSet<String>, SegmentError> {
    set(tx, segments, which, None)
}

fn set(
    tx: &mut Tx<'_>,
    segments: &Segments,
    which: &Which<'_>,
    retracted_at: Option<Timestamp>,
) -> Result<BTreeSet<String>, SegmentError> {
    let mut reach = Reach { retracted_at, ..Reach::default() };
    let others;
    match *which {
        Which::Ids(ids) => {
            reach.both(tx, ids)?;
            others = match retracted_at {
                Some(now) => identity::unname(tx, ids, now)?,
                None => identity::name_again(tx, ids)?,
            };
        }
        Which::Import(import) => {
            let sql = "SELECT id FROM fact WHERE import_id = $1";
            let mut ids: Vec<String> = tx.query(sql, &[import.into()], |row| row.get(0))?;
            let source = format!("import:{import}");
            ids.extend(segments.ids_where(tx, &|fact| fact.source == source)?);
            withdrawal::lift_all(tx, segments)?;
            let is_given_back = retracted_at.is_none();
            let otherwise = if is_given_back {
                withdrawal::brought_again(tx, import)?;
                withdrawal::said_before_others(tx, import)?
            } else {
                let mut all = std::mem::take(&mut ids);
                ids = withdrawal::said_by_no_other(tx, import, &all)?;
                ids.extend(withdrawal::kept_for(tx, import)?);
                all.extend(withdrawal::stand_by(tx, import)?);
                withdrawal::said_otherwise(tx, import, &all)?
            };
            for (fact, says) in otherwise {
                let (persons, companies) =
                    withdrawal::put_in_place(tx, &fact, &says, is_given_back)?;
                reach.persons.extend(persons);
                reach.companies.extend(companies);
            }
            reach.both(tx, &ids)?;
            others = match retracted_at {
                Some(now) => identity::withdraw(tx, &source, Of::Everything, now)?,
                None => identity::give_back(tx, &source)?,
            };
        }
        Which::Source { source, from, to } => {
            let condition = "source = $2 AND received_at >= $3 AND received_at < $4";
            reach.hot(tx, condition, &[source.into(), from.into(), to.into()])?;
            let ids = segments.ids_where(tx, &|fact| {
                fact.source == source && (from..to).contains(&fact.received_at)
            })?;
            reach.sealed(tx, &ids.iter().map(String::as_str).collect::<Vec<_>>())?;
            others = match retracted_at {
                Some(now) => {
                    let persons = of_whom_nothing_is_left(tx, segments, &reach.persons, source)?;
                    identity::withdraw(tx, source, Of::Between(from, to, &persons), now)?
                }
                None => identity::give_back(tx, source)?,
            };
        }
    }
    let mut leads = concerned(tx, &reach.persons, &reach.companies)?;
    leads.extend(others);
    Ok(leads)
}

/// Those of some persons of whom no fact of a source counts any more.
fn of_whom_nothing_is_left(
    tx: &mut Tx<'_>,
    segments: &Segments,
    persons: &BTreeSet<String>,
    source: &str,
) -> Result<BTreeSet<String>, SegmentError> {
    let mut left = persons.clone();
    let persons: Vec<&str> = persons.iter().map(String::as_str).collect();
    chunks::keys(&persons, 2, |list, keys| {
        let sql = format!(
            "SELECT DISTINCT person FROM fact
             WHERE source = $1 AND retracted_at IS NULL AND person IN ({list})"
        );
        let mut params: Vec<Param<'_>> = vec![source.into()];
        params.extend_from_slice(keys);
        tx.each(&sql, &params, |row| {
            left.remove(&row.get::<String>(0)?);
            Ok(())
        })
    })?;
    let mut sealed = BTreeSet::new();
    segments.each(tx, |fact| {
        if fact.source == source && fact.retracted_at.is_none() && left.contains(&fact.person) {
            sealed.insert(fact.person);
        }
        Ok::<(), SegmentError>(())
    })?;
    Ok(left.difference(&sealed).cloned().collect())
}

/// What a change of facts reaches.
#[derive(Default)]
struct Reach {
    retracted_at: Option<Timestamp>,
    persons: BTreeSet<String>,
    /// Companies that the facts told of: everybody there has other traits now.
    companies: BTreeSet<String>,
}

impl Reach {
    /// Facts with these ids, wherever they are.
    fn both(&mut self, tx: &mut Tx<'_>, ids: &[String]) -> Result<(), DbError> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        chunks::keys(&ids, 2, |list, keys| self.hot(tx, &format!("id IN ({list})"), keys))?;
        self.sealed(tx, &ids)
    }

    /// What is so already is left alone, with its first instant.
    fn is_other(&self) -> &'static str {
        if self.retracted_at.is_some() {
            "retracted_at IS NULL"
        } else {
            "retracted_at IS NOT NULL"
        }
    }

    /// Facts in the table; the condition's first parameter is `$2`.
    fn hot(
        &mut self,
        tx: &mut Tx<'_>,
        condition: &str,
        params: &[Param<'_>],
    ) -> Result<(), DbError> {
        let update = format!(
            "UPDATE fact SET retracted_at = $1 WHERE {condition} AND {}
             RETURNING person, CASE WHEN kind = 2 THEN name END",
            self.is_other()
        );
        let mut all: Vec<Param<'_>> = vec![self.retracted_at.into()];
        all.extend_from_slice(params);
        tx.each(&update, &all, |row| {
            self.persons.insert(row.get(0)?);
            self.companies.extend(row.get::<Option<String>>(1)?);
            Ok(())
        })
    }

    /// Facts in files, where no company's are.
    fn sealed(&mut self, tx: &mut Tx<'_>, ids: &[&str]) -> Result<(), DbError> {
        chunks::keys(ids, 2, |list, keys| {
            let update = format!(
                "UPDATE sealed_fact SET retracted_at = $1, marked = 1
                 WHERE id IN ({list}) AND {} RETURNING person",
                self.is_other()
            );
            let mut all: Vec<Param<'_>> = vec![self.retracted_at.into()];
            all.extend_from_slice(keys);
            tx.each(&update, &all, |row| {
                self.persons.insert(row.get(0)?);
                Ok(())
            })
        })
    }
}

/// Whom it concerns that facts of these persons count no more, or again, and that some of them told of these companies:
/// everybody there has other traits now. What is known of the companies is found anew.
pub(super) fn concerned(
    tx: &mut Tx<'_>,
    persons: &BTreeSet<String>,
    companies: &BTreeSet<String>,
) -> Result<BTreeSet<String>, DbError> {
    let mut leads = leads_of(tx, persons)?;
    let moved = company::find_anew(tx, companies)?;
    for company in companies.union(&moved) {
        leads.extend(leads_of_company(tx, company)?);
    }
    Ok(leads)
}

/// The leads of persons.
fn leads_of(tx: &mut Tx<'_>, persons: &BTreeSet<String>) -> Result<BTreeSet<String>, DbError> {
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

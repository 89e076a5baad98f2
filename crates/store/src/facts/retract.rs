//! Taking facts back, and giving them back.

use std::collections::BTreeSet;

use leads::{MachineSign, Timestamp};

use crate::chunks;
use crate::company;
use crate::db::{DbError, Param, Tx};
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
    let mut reach = Reach { retracted_at, ..Reach::default() };
    match *which {
        Which::Ids(ids) => {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            chunks::keys(&ids, 2, |list, keys| reach.hot(tx, &format!("id IN ({list})"), keys))?;
            reach.sealed(tx, &ids)?;
        }
        Which::Import(import) => {
            reach.hot(tx, "import_id = $2", &[import.into()])?;
            let is_of = |source: &str| source.strip_prefix("import:") == Some(import);
            let ids = segments.ids_where(tx, &|fact| is_of(&fact.source))?;
            reach.sealed(tx, &ids.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        Which::Source { source, from, to } => {
            let condition = "source = $2 AND received_at >= $3 AND received_at < $4";
            reach.hot(tx, condition, &[source.into(), from.into(), to.into()])?;
            let ids = segments.ids_where(tx, &|fact| {
                fact.source == source && (from..to).contains(&fact.received_at)
            })?;
            reach.sealed(tx, &ids.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
    }
    let mut leads = leads_of(tx, &reach.persons)?;
    let moved = company::find_anew(tx, &reach.companies)?;
    for company in reach.companies.union(&moved) {
        leads.extend(leads_of_company(tx, company)?);
    }
    Ok(leads)
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

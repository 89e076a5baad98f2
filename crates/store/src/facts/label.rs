//! Who did it: facts labelled as a program's doing, or no longer. What was so before is kept with each
//! change, so that it can be undone.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use leads::{MachineSign, Timestamp};

use super::retract::concerned;
use super::stored::{FactKind, StoredFact, machine};
use crate::chunks;
use crate::db::{DbError, Param, Row, Tx};
use crate::identity;
use crate::segments::{SegmentError, Segments};

/// Which facts to label. All that is said must hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToLabel {
    /// Labelled for this reason so far.
    pub reason: Option<String>,
    /// Of this source, as in [`leads::Report::source`].
    pub source: Option<String>,
    /// Of this lead.
    pub lead: Option<String>,
    /// That happened at this instant or later,
    pub from: Timestamp,
    /// and before this one.
    pub to: Timestamp,
}

/// A change of labels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Relabelled {
    /// How many facts.
    pub facts: usize,
    /// Why programs were thought to have done them before, with how often; `None`: none was.
    pub before: BTreeMap<Option<String>, usize>,
    /// The leads whose facts changed.
    pub leads: BTreeSet<String>,
}

/// A fact with the label that it has.
#[derive(Clone, PartialEq, Debug)]
pub struct LabelledFact {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub person: String,
    /// Why a program is thought to have done it.
    pub machine: Option<MachineSign>,
}

/// Finds the events that a change concerns: those labelled as a program's doing where `is_machine`, else those
/// that are not. `limit` at most.
pub fn to_label(
    tx: &mut Tx<'_>,
    segments: &Segments,
    which: &ToLabel,
    is_machine: bool,
    limit: usize,
) -> Result<Vec<LabelledFact>, SegmentError> {
    let mut found = select(tx, "fact", which, is_machine, limit)?;
    let in_files = limit - found.len();
    let sealed = select(tx, "sealed_fact", which, is_machine, usize::MAX)?;
    let events = sealed_events(tx, segments, which, &sealed)?;
    found.extend(sealed.into_iter().filter(|fact| events.contains(&fact.id)).take(in_files));
    Ok(found)
}

/// Of sealed facts the events, of the source that is meant: what a fact is and where it comes from stands in its file
/// only.
fn sealed_events(
    tx: &mut Tx<'_>,
    segments: &Segments,
    which: &ToLabel,
    facts: &[LabelledFact],
) -> Result<HashSet<String>, SegmentError> {
    if facts.is_empty() {
        return Ok(HashSet::new());
    }
    let fits = |fact: &StoredFact| {
        fact.kind == FactKind::Event
            && which.source.as_ref().is_none_or(|source| fact.source == *source)
            && (which.from..which.to).contains(&fact.at)
    };
    if which.source.is_some() && which.lead.is_none() {
        // They may be anybody's: nothing but ids is held.
        return Ok(segments.ids_where(tx, &fits)?.into_iter().collect());
    }
    let persons: BTreeSet<String> = facts.iter().map(|fact| fact.person.clone()).collect();
    let persons: Vec<String> = persons.into_iter().collect();
    let found = segments.facts_of(tx, &persons)?;
    Ok(found.into_iter().filter(fits).map(|fact| fact.id).collect())
}

fn select(
    tx: &mut Tx<'_>,
    table: &str,
    which: &ToLabel,
    is_machine: bool,
    limit: usize,
) -> Result<Vec<LabelledFact>, DbError> {
    let mut params: Vec<Param<'_>> = vec![which.from.into(), which.to.into()];
    let mut conditions = vec!["at >= $1 AND at < $2".to_owned()];
    let labelled = if is_machine { "IS NOT NULL" } else { "IS NULL" };
    conditions.push(format!("machine_reason {labelled}"));
    let is_sealed = table == "sealed_fact";
    if !is_sealed {
        conditions.push("kind = 0".to_owned());
    }
    let more = [
        ("machine_reason = ?", which.reason.as_ref()),
        ("source = ?", which.source.as_ref().filter(|_| !is_sealed)),
        ("person IN (SELECT id FROM person WHERE lead = ?)", which.lead.as_ref()),
    ];
    for (condition, value) in more {
        if let Some(value) = value {
            params.push(value.into());
            conditions.push(condition.replace('?', &format!("${}", params.len())));
        }
    }
    params.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let sql = format!(
        "SELECT id, person, machine_reason, machine_confidence FROM {table}
         WHERE {} ORDER BY at, id LIMIT ${}",
        conditions.join(" AND "),
        params.len()
    );
    tx.query(&sql, &params, read)
}

fn read(row: &Row<'_>) -> Result<LabelledFact, DbError> {
    Ok(LabelledFact {
        id: row.get(0)?,
        person: row.get(1)?,
        machine: machine(row.get(2)?, row.get(3)?),
    })
}

/// A fact with the label that it has, by its id.
pub fn labelled(tx: &mut Tx<'_>, id: &str) -> Result<Option<LabelledFact>, DbError> {
    for table in TABLES {
        let sql = format!(
            "SELECT id, person, machine_reason, machine_confidence FROM {table} WHERE id = $1"
        );
        if let Some(found) = tx.find(&sql, &[id.into()], read)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

const TABLES: [&str; 2] = ["fact", "sealed_fact"];

/// Gives facts a label or takes it off, and keeps what was so before under the id `change`. Whom facts name that no
/// program did is brought together, as if that had been known when they came; `fresh_id` gives edges their ids.
pub fn label(
    tx: &mut Tx<'_>,
    change: &str,
    facts: &[LabelledFact],
    sign: Option<&MachineSign>,
    now: Timestamp,
    fresh_id: &mut dyn FnMut() -> String,
) -> Result<Relabelled, DbError> {
    let insert = "INSERT INTO label_change (id, at, reason, confidence) VALUES ($1, $2, $3, $4)";
    let (reason, confidence) = params(sign);
    tx.execute(insert, &[change.into(), now.into(), reason, confidence])?;
    let keep =
        "INSERT INTO label_before (change, fact, reason, confidence) VALUES ($1, $2, $3, $4)";
    for fact in facts {
        let (reason, confidence) = params(fact.machine.as_ref());
        tx.execute(keep, &[change.into(), (&fact.id).into(), reason, confidence])?;
        set(tx, &fact.id, sign)?;
    }
    let people: Vec<&str> = match sign {
        Some(_) => Vec::new(),
        None => facts.iter().map(|fact| fact.id.as_str()).collect(),
    };
    relabelled(tx, facts, &people, fresh_id)
}

/// Undoes a change of labels: each fact that still has the label which the change gave it gets that of
/// before. `None`: there is no such change, or it was undone already.
pub fn undo_label(
    tx: &mut Tx<'_>,
    change: &str,
    now: Timestamp,
    fresh_id: &mut dyn FnMut() -> String,
) -> Result<Option<Relabelled>, DbError> {
    let undo = "UPDATE label_change SET undone_at = $1 WHERE id = $2 AND undone_at IS NULL
        RETURNING reason, confidence";
    let given =
        tx.find(undo, &[now.into(), change.into()], |row| Ok(machine(row.get(0)?, row.get(1)?)))?;
    let Some(given) = given else { return Ok(None) };
    let sql = "SELECT fact, reason, confidence FROM label_before WHERE change = $1 ORDER BY fact";
    let before: Vec<(String, Option<MachineSign>)> = tx
        .query(sql, &[change.into()], |row| Ok((row.get(0)?, machine(row.get(1)?, row.get(2)?))))?;
    let (mut changed, mut people) = (Vec::new(), Vec::new());
    for (id, sign) in &before {
        let Some(fact) = labelled(tx, id)?.filter(|fact| fact.machine == given) else { continue };
        set(tx, id, sign.as_ref())?;
        changed.push(fact);
        if sign.is_none() {
            people.push(id.as_str());
        }
    }
    relabelled(tx, &changed, &people, fresh_id).map(Some)
}

/// `people`: those of the facts that no program did.
fn relabelled(
    tx: &mut Tx<'_>,
    facts: &[LabelledFact],
    people: &[&str],
    fresh_id: &mut dyn FnMut() -> String,
) -> Result<Relabelled, DbError> {
    let linked = identity::link_again(tx, people, fresh_id)?;
    let persons: BTreeSet<String> = facts.iter().map(|fact| fact.person.clone()).collect();
    let ids: Vec<&str> = facts.iter().map(|fact| fact.id.as_str()).collect();
    let mut companies: BTreeSet<String> = BTreeSet::new();
    chunks::keys(&ids, 1, |list, keys| {
        let sql = format!("SELECT name FROM fact WHERE kind = 2 AND id IN ({list})");
        tx.each(&sql, keys, |row| {
            companies.insert(row.get(0)?);
            Ok(())
        })
    })?;
    let mut leads = concerned(tx, &persons, &companies)?;
    leads.extend(linked);
    let mut before = BTreeMap::new();
    for fact in facts {
        let reason = fact.machine.as_ref().map(|sign| sign.reason.clone());
        *before.entry(reason).or_default() += 1;
    }
    Ok(Relabelled { facts: facts.len(), before, leads })
}

fn set(tx: &mut Tx<'_>, id: &str, sign: Option<&MachineSign>) -> Result<(), DbError> {
    let (reason, confidence) = params(sign);
    for (table, mark) in [("fact", ""), ("sealed_fact", ", marked = 1")] {
        let update = format!(
            "UPDATE {table} SET machine_reason = $1, machine_confidence = $2{mark} WHERE id = $3"
        );
        if tx.execute(&update, &[reason, confidence, id.into()])? > 0 {
            return Ok(());
        }
    }
    Ok(())
}

fn params(sign: Option<&MachineSign>) -> (Param<'_>, Param<'_>) {
    let reason = sign.map(|sign| sign.reason.as_str());
    (reason.into(), sign.map(|sign| i64::from(sign.confidence)).into())
}

//! Everybody's facts, for whoever builds something of all of them.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use leads::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use super::record::{CompanyName, sort};
use super::{CompanyFacts, LeadRecord};
use crate::db::{DbError, Tx};
use crate::facts::{COLUMNS, StoredFact, read};
use crate::identity::{Identifier, IdentifierKind};
use crate::segments::{SegmentError, Segments};

/// Facts that are held at a time: with their texts about 0.5 kB each.
const FACTS_HELD: i64 = 1_000_000;

/// Calls `visit` with every fact, hot or sealed, counting or not, and its lead, in no order. Holds
/// the table of persons in memory (0.2 kB each), no facts.
pub fn scan<E: From<SegmentError>>(
    tx: &mut Tx<'_>,
    segments: &Segments,
    mut visit: impl FnMut(&str, StoredFact) -> Result<(), E>,
) -> Result<(), E> {
    let leads = leads_of_persons(tx).map_err(SegmentError::Db)?;
    scan_with(tx, segments, &leads, &mut visit)
}

fn scan_with<E: From<SegmentError>>(
    tx: &mut Tx<'_>,
    segments: &Segments,
    leads: &HashMap<String, Rc<str>>,
    visit: &mut impl FnMut(&str, StoredFact) -> Result<(), E>,
) -> Result<(), E> {
    segments.each(tx, |fact| match leads.get(&fact.person) {
        Some(lead) => visit(lead, fact),
        None => Ok(()),
    })?;
    let mut failed: Option<E> = None;
    let sql = format!("SELECT {COLUMNS} FROM fact f");
    let read_all = tx.each(&sql, &[], |row| {
        let fact = read(row)?;
        let Some(lead) = leads.get(&fact.person) else { return Ok(()) };
        visit(lead, fact).map_err(|error| {
            failed = Some(error);
            DbError::NoRow
        })
    });
    match (failed, read_all) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(SegmentError::Db(error).into()),
        (None, Ok(())) => Ok(()),
    }
}

fn leads_of_persons(tx: &mut Tx<'_>) -> Result<HashMap<String, Rc<str>>, DbError> {
    let mut names: HashMap<String, Rc<str>> = HashMap::new();
    let mut leads = HashMap::new();
    tx.each("SELECT id, lead FROM person", &[], |row| {
        let (id, lead): (String, String) = (row.get(0)?, row.get(1)?);
        let name = names.get(&lead).map(Rc::clone);
        let name = name.unwrap_or_else(|| Rc::from(lead.as_str()));
        names.entry(lead).or_insert_with(|| Rc::clone(&name));
        leads.insert(id, name);
        Ok(())
    })?;
    Ok(leads)
}

/// Calls `visit` with every lead and all its facts, as [`super::lead_facts`] gives them, in no order.
/// Leads are gathered in as many rounds as it takes to hold about a million facts at a time.
pub fn each_lead<E: From<SegmentError>>(
    tx: &mut Tx<'_>,
    segments: &Segments,
    mut visit: impl FnMut(LeadRecord) -> Result<(), E>,
) -> Result<(), E> {
    let db = |error: DbError| SegmentError::Db(error);
    let leads = leads_of_persons(tx).map_err(db)?;
    let companies = companies(tx).map_err(db)?;
    let mut facts: i64 = 0;
    for table in ["fact", "sealed_fact"] {
        let count = format!("SELECT count(*) FROM {table}");
        facts += tx.value::<i64>(&count, &[]).map_err(db)?;
    }
    let rounds = (facts / FACTS_HELD + 1) as u64;
    for round in 0..rounds {
        let is_mine = |lead: &str| rounds == 1 || xxh3_64(lead.as_bytes()) % rounds == round;
        let mut records: HashMap<Rc<str>, LeadRecord> = HashMap::new();
        for (person, lead) in leads.iter().filter(|(_, lead)| is_mine(lead)) {
            let record = records.entry(Rc::clone(lead)).or_default();
            record.persons.push(person.clone());
        }
        scan_with(tx, segments, &leads, &mut |lead: &str, fact| {
            if let Some(record) = records.get_mut(lead) {
                record.facts.push(fact);
            }
            Ok::<(), SegmentError>(())
        })?;
        all_identifiers(tx, &leads, &mut records).map_err(db)?;
        for (lead, mut record) in records {
            lead.as_ref().clone_into(&mut record.lead);
            record.persons.sort_unstable();
            record.identifiers.sort_unstable();
            sort(&mut record.facts);
            for name in record.company_names() {
                record.companies.insert(name.key(), companies.find(&name));
            }
            visit(record)?;
        }
    }
    Ok(())
}

fn all_identifiers(
    tx: &mut Tx<'_>,
    leads: &HashMap<String, Rc<str>>,
    records: &mut HashMap<Rc<str>, LeadRecord>,
) -> Result<(), DbError> {
    let sql = "SELECT kind, value, since, person, first_at FROM identifier";
    tx.each(sql, &[], |row| {
        let person: String = row.get(3)?;
        let record = leads.get(&person).and_then(|lead| records.get_mut(lead));
        if let Some(record) = record {
            record.identifiers.push(Identifier {
                kind: IdentifierKind::from_code(row.get(0)?),
                value: row.get(1)?,
                since: Timestamp::saturating_from_millis(row.get(2)?),
                first_at: Timestamp::saturating_from_millis(row.get(4)?),
                person,
            });
        }
        Ok(())
    })
}

/// All companies, by id and by the domain that they call their own.
struct Companies {
    facts: HashMap<String, Rc<CompanyFacts>>,
    of_domain: HashMap<String, String>,
}

impl Companies {
    fn find(&self, name: &CompanyName) -> Rc<CompanyFacts> {
        let id = match name {
            CompanyName::Id(id) => id,
            CompanyName::Domain(domain) => self.of_domain.get(domain).unwrap_or(domain),
        };
        let unknown = || Rc::new(CompanyFacts { id: id.clone(), traits: Vec::new() });
        self.facts.get(id).map_or_else(unknown, Rc::clone)
    }
}

fn companies(tx: &mut Tx<'_>) -> Result<Companies, DbError> {
    let mut of_domain: HashMap<String, String> = HashMap::new();
    tx.each("SELECT domain, id FROM company WHERE domain IS NOT NULL", &[], |row| {
        let (domain, id): (String, String) = (row.get(0)?, row.get(1)?);
        let first = of_domain.entry(domain).or_insert_with(|| id.clone());
        if id < *first {
            *first = id;
        }
        Ok(())
    })?;
    let mut grouped: BTreeMap<String, Vec<StoredFact>> = BTreeMap::new();
    tx.each(&format!("SELECT {COLUMNS} FROM fact f WHERE f.kind = 2"), &[], |row| {
        let fact = read(row)?;
        grouped.entry(fact.name.clone()).or_default().push(fact);
        Ok(())
    })?;
    let facts = grouped.into_iter().map(|(id, mut facts)| {
        sort(&mut facts);
        let company = Rc::new(CompanyFacts::of(&id, facts.iter()));
        (id, company)
    });
    Ok(Companies { facts: facts.collect(), of_domain })
}

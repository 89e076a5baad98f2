//! Everybody's facts, for whoever builds something of all of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use leads::{Timestamp, Value};

use super::record::{CompanyName, sort};
use super::{CompanyFacts, LeadRecord, flatten};
use crate::company::registered;
use crate::db::{DbError, Tx};
use crate::facts::{COLUMNS, FactKind, StoredFact, read};
use crate::identity::{Identifier, IdentifierKind};
use crate::segments::{SegmentError, Segments, bucket_of};

/// Facts that are held at a time: with their texts about 0.5 kB each.
const FACTS_HELD: i64 = 1_000_000;

/// Calls `visit` with every fact, hot or sealed, counting or not, and its lead, in no order. Holds
/// the table of persons in memory, no facts.
pub fn scan<E: From<SegmentError>>(
    tx: &mut Tx<'_>,
    segments: &Segments,
    mut visit: impl FnMut(&str, StoredFact) -> Result<(), E>,
) -> Result<(), E> {
    let people = People::read(tx)?;
    people.scan(tx, segments, Which::All, &mut |number, fact| {
        visit(&people.leads[number as usize], fact)
    })
}

/// Calls `visit` with every lead and all its facts, as [`super::lead_facts`] gives them, in no order.
/// Leads are gathered in as many rounds as it takes to hold about a million facts at a time.
pub fn each_lead<E: From<SegmentError>>(
    tx: &mut Tx<'_>,
    segments: &Segments,
    mut visit: impl FnMut(LeadRecord) -> Result<(), E>,
) -> Result<(), E> {
    let people = People::read(tx)?;
    people.gather(tx, segments, Which::All, |_, record| visit(record))
}

/// Everybody, with a number from 0 for each lead, for whoever reads events apart from all else.
pub struct People {
    /// Per person, the lead's number.
    persons: HashMap<String, u32>,
    /// By number.
    leads: Vec<Arc<str>>,
    /// Files that are passed over, by id: nobody who is here has facts in them.
    passed_over: BTreeSet<i64>,
}

/// An event as it passes by.
pub struct EventSeen<'e> {
    /// Its name.
    pub name: &'e str,
    /// When it happened.
    pub at: Timestamp,
    body: &'e str,
}

impl EventSeen<'_> {
    /// Its properties by dotted path, as scoring takes them.
    pub fn properties(&self) -> Vec<(String, Value)> {
        flatten::properties(&flatten::object(self.body))
    }
}

/// Which facts are brought together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    /// All but events.
    Others,
}

impl Which {
    /// What holds for them in the table. Said twice, so that the index of those that are no events
    /// serves.
    fn condition(self) -> &'static str {
        match self {
            Self::All => "1 = 1",
            Self::Others => "f.kind <> 0 AND f.kind IN (1, 2, 3, 4)",
        }
    }

    fn takes(self, fact: &StoredFact) -> bool {
        self == Self::All || fact.kind != FactKind::Event
    }
}

impl People {
    /// Reads who there is: 0.2 kB each are held.
    pub fn read(tx: &mut Tx<'_>) -> Result<Self, SegmentError> {
        let mut people =
            Self { persons: HashMap::new(), leads: Vec::new(), passed_over: BTreeSet::new() };
        let mut numbers: HashMap<Arc<str>, u32> = HashMap::new();
        tx.each("SELECT id, lead FROM person", &[], |row| {
            let lead = row.text(1)?;
            let number = if let Some(number) = numbers.get(lead) {
                *number
            } else {
                let (name, number) = (Arc::<str>::from(lead), people.leads.len() as u32);
                people.leads.push(Arc::clone(&name));
                numbers.insert(name, number);
                number
            };
            people.persons.insert(row.get(0)?, number);
            Ok(())
        })?;
        Ok(people)
    }

    /// Leaves out leads of whom a file may have facts that is damaged. Answers those files, and why they cannot be read.
    pub fn leave_out_unreadable(
        &mut self,
        tx: &mut Tx<'_>,
        segments: &Segments,
    ) -> Result<Vec<(String, String)>, SegmentError> {
        let files = segments.unreadable(tx)?;
        let buckets: BTreeSet<i64> = files.iter().map(|(file, _)| file.bucket).collect();
        if !buckets.is_empty() {
            let is_in_one = |person: &str| buckets.contains(&bucket_of(person));
            let of_them = self.persons.iter().filter(|(person, _)| is_in_one(person));
            let left_out: HashSet<u32> = of_them.map(|(_, number)| *number).collect();
            self.persons.retain(|_, number| !left_out.contains(number));
        }
        self.passed_over = files.iter().map(|(file, _)| file.id).collect();
        Ok(files.into_iter().map(|(file, reason)| (file.file, reason)).collect())
    }

    /// Calls `visit` with every event that counts, hot or sealed, and the number of its lead, in no
    /// order.
    pub fn each_event(
        &self,
        tx: &mut Tx<'_>,
        segments: &Segments,
        mut visit: impl FnMut(u32, EventSeen<'_>),
    ) -> Result<(), SegmentError> {
        segments.each_but(tx, &self.passed_over, |fact| {
            if fact.kind == FactKind::Event
                && fact.counts()
                && let Some(number) = self.persons.get(&fact.person)
            {
                visit(*number, EventSeen { name: &fact.name, at: fact.at, body: &fact.body });
            }
            Ok::<(), SegmentError>(())
        })?;
        let sql = "SELECT person, at, name, body FROM fact
            WHERE kind = 0 AND retracted_at IS NULL AND machine_reason IS NULL";
        tx.each(sql, &[], |row| {
            if let Some(number) = self.persons.get(row.text(0)?) {
                let at = Timestamp::saturating_from_millis(row.get(1)?);
                visit(*number, EventSeen { name: row.text(2)?, at, body: row.text(3)? });
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Calls `visit` with every lead, its number and its facts but for events, in no order.
    pub fn each_lead_without_events<E: From<SegmentError>>(
        &self,
        tx: &mut Tx<'_>,
        segments: &Segments,
        visit: impl FnMut(u32, LeadRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        self.gather(tx, segments, Which::Others, visit)
    }

    fn gather<E: From<SegmentError>>(
        &self,
        tx: &mut Tx<'_>,
        segments: &Segments,
        which: Which,
        mut visit: impl FnMut(u32, LeadRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        let db = |error: DbError| SegmentError::Db(error);
        let companies = companies(tx).map_err(db)?;
        let count = format!("SELECT count(*) FROM fact f WHERE {}", which.condition());
        let mut facts: i64 = tx.value(&count, &[]).map_err(db)?;
        let sealed: i64 = tx.value("SELECT count(*) FROM sealed_fact", &[]).map_err(db)?;
        // Of sealed facts nobody has counted how many are events: as a rule nearly all.
        facts += if which == Which::All { sealed } else { sealed / 10 };
        let rounds = (facts / FACTS_HELD + 1) as u32;
        for round in 0..rounds {
            let is_mine = |number: u32| number % rounds == round;
            let mut records: HashMap<u32, LeadRecord> = HashMap::new();
            for (person, number) in self.persons.iter().filter(|(_, number)| is_mine(**number)) {
                records.entry(*number).or_default().persons.push(person.clone());
            }
            self.scan(tx, segments, which, &mut |number, fact| {
                if let Some(record) = records.get_mut(&number) {
                    record.facts.push(fact);
                }
                Ok::<(), SegmentError>(())
            })?;
            self.all_identifiers(tx, &mut records).map_err(db)?;
            for (number, mut record) in records {
                self.leads[number as usize].as_ref().clone_into(&mut record.lead);
                record.persons.sort_unstable();
                record.identifiers.sort_unstable();
                sort(&mut record.facts);
                for name in record.company_names() {
                    record.companies.insert(name.key(), companies.find(&name));
                }
                visit(number, record)?;
            }
        }
        Ok(())
    }

    fn scan<E: From<SegmentError>>(
        &self,
        tx: &mut Tx<'_>,
        segments: &Segments,
        which: Which,
        visit: &mut impl FnMut(u32, StoredFact) -> Result<(), E>,
    ) -> Result<(), E> {
        segments.each_but(tx, &self.passed_over, |fact| match self.persons.get(&fact.person) {
            Some(number) if which.takes(&fact) => visit(*number, fact),
            _ => Ok(()),
        })?;
        let mut failed: Option<E> = None;
        let sql = format!("SELECT {COLUMNS} FROM fact f WHERE {}", which.condition());
        let read_all = tx.each(&sql, &[], |row| {
            let fact = read(row)?;
            let Some(number) = self.persons.get(&fact.person) else { return Ok(()) };
            visit(*number, fact).map_err(|error| {
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

    fn all_identifiers(
        &self,
        tx: &mut Tx<'_>,
        records: &mut HashMap<u32, LeadRecord>,
    ) -> Result<(), DbError> {
        let sql = "SELECT kind, value, since, person, first_at FROM identifier";
        tx.each(sql, &[], |row| {
            let number = self.persons.get(row.text(3)?);
            if let Some(record) = number.and_then(|number| records.get_mut(number)) {
                record.identifiers.push(Identifier {
                    kind: IdentifierKind::from_code(row.get(0)?),
                    value: row.get(1)?,
                    since: Timestamp::saturating_from_millis(row.get(2)?),
                    first_at: Timestamp::saturating_from_millis(row.get(4)?),
                    person: row.get(3)?,
                });
            }
            Ok(())
        })
    }
}

/// All companies, by id and by the domain that they call their own.
struct Companies {
    facts: HashMap<String, Arc<CompanyFacts>>,
    of_domain: HashMap<String, String>,
}

impl Companies {
    fn find(&self, name: &CompanyName) -> Arc<CompanyFacts> {
        let id = match name {
            CompanyName::Id(id) => id.as_str(),
            CompanyName::Domain(domain) => {
                let registered = registered(domain);
                let known = self.of_domain.get(domain).or_else(|| self.of_domain.get(registered));
                known.map_or(registered, String::as_str)
            }
        };
        let unknown = || Arc::new(CompanyFacts { id: id.to_owned(), traits: Vec::new() });
        self.facts.get(id).map_or_else(unknown, Arc::clone)
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
        let company = Arc::new(CompanyFacts::of(&id, facts.iter()));
        (id, company)
    });
    Ok(Companies { facts: facts.collect(), of_domain })
}

//! One lead with everything that is known about it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use leads::{EmailAddress, Event, LeadFacts, Timestamp, TraitFact, Value};
use serde_json::{Map, Value as Json};

use super::flatten::{self, company_traits};
use crate::chunks;
use crate::company::company_of_domain;
use crate::db::{DbError, Tx};
use crate::facts::{COLUMNS, FactKind, StoredFact, read};
use crate::identity::{Identifier, IdentifierKind, identifiers_of};
use crate::segments::{SegmentError, Segments};

/// A lead with all its facts.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LeadRecord {
    /// Its id.
    pub lead: String,
    /// The persons it is made of.
    pub persons: Vec<String>,
    /// Its identifiers, by kind and value.
    pub identifiers: Vec<Identifier>,
    /// All its facts by (at, id): those that do not count too.
    pub facts: Vec<StoredFact>,
    /// The earliest of its events that are not among `facts`, where they were left out.
    pub events_from: Option<Timestamp>,
    /// The companies that it may belong to, by how they are named: the id of a group fact, or `@` and
    /// the domain of an address.
    pub companies: BTreeMap<String, Arc<CompanyFacts>>,
}

/// What is known of a company.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CompanyFacts {
    /// Its id.
    pub id: String,
    /// Group facts that count, whoever they came with, by (at, id): their instant and their traits.
    /// Those that repeat the one before are left out.
    pub traits: Vec<(Timestamp, Map<String, Json>)>,
}

/// Companies that were read in a transaction, for the next leads that are read in it: colleagues have one in common,
/// and half of all people an address at one of few providers of mail.
#[derive(Default)]
pub struct CompaniesRead {
    /// By how they are named.
    named: HashMap<String, Arc<CompanyFacts>>,
}

/// Everything about a lead, hot and sealed. A lead that is not there has no persons.
pub fn lead_facts(
    tx: &mut Tx<'_>,
    segments: &Segments,
    lead: &str,
) -> Result<LeadRecord, SegmentError> {
    lead_facts_after(tx, segments, lead, &mut CompaniesRead::default())
}

/// The same after others that were read in this transaction.
pub fn lead_facts_after(
    tx: &mut Tx<'_>,
    segments: &Segments,
    lead: &str,
    companies: &mut CompaniesRead,
) -> Result<LeadRecord, SegmentError> {
    let persons: Vec<String> = {
        let sql = "SELECT id FROM person WHERE lead = $1 ORDER BY id";
        tx.query(sql, &[lead.into()], |row| row.get(0))?
    };
    let mut facts = segments.facts_of(tx, &persons)?;
    let ids: Vec<&str> = persons.iter().map(String::as_str).collect();
    chunks::keys(&ids, 1, |list, keys| {
        let sql = format!("SELECT {COLUMNS} FROM fact f WHERE f.person IN ({list})");
        tx.each(&sql, keys, |row| {
            facts.push(read(row)?);
            Ok(())
        })
    })?;
    sort(&mut facts);
    let identifiers = identifiers_of(tx, &ids)?;
    let mut record =
        LeadRecord { lead: lead.to_owned(), persons, identifiers, facts, ..LeadRecord::default() };
    for named in record.company_names() {
        let key = named.key();
        let facts = companies.named(tx, &key)?;
        record.companies.insert(key, facts);
    }
    Ok(record)
}

impl CompaniesRead {
    /// Whether companies are still what a [`LeadRecord`] says of them: other people's facts change them, too.
    pub fn are(
        &mut self,
        tx: &mut Tx<'_>,
        companies: &[(&str, &Arc<CompanyFacts>)],
    ) -> Result<bool, DbError> {
        for (key, known) in companies {
            let now = self.named(tx, key)?;
            if !Arc::ptr_eq(&now, known) && now != **known {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What is known of a company, by how it is named in [`LeadRecord::companies`].
    fn named(&mut self, tx: &mut Tx<'_>, key: &str) -> Result<Arc<CompanyFacts>, DbError> {
        if let Some(read) = self.named.get(key) {
            return Ok(Arc::clone(read));
        }
        let facts = match key.strip_prefix(OF_DOMAIN) {
            Some(domain) => {
                let id = company_of_domain(tx, domain)?;
                company_facts(tx, &id)?
            }
            None => company_facts(tx, key)?,
        };
        let facts = Arc::new(facts);
        self.named.insert(key.to_owned(), Arc::clone(&facts));
        Ok(facts)
    }
}

/// How a company is named: a group fact gives its id, an address its domain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum CompanyName {
    Id(String),
    Domain(String),
}

/// What keys of domains begin with: ids of companies have no control characters.
const OF_DOMAIN: char = '\u{1}';

impl CompanyName {
    /// Under what it stands in [`LeadRecord::companies`].
    pub(super) fn key(&self) -> String {
        match self {
            Self::Id(id) => id.clone(),
            Self::Domain(domain) => format!("{OF_DOMAIN}{domain}"),
        }
    }
}

/// The database passes over facts that repeat the one before: clients send a company's traits at each
/// login.
fn company_facts(tx: &mut Tx<'_>, id: &str) -> Result<CompanyFacts, DbError> {
    let sql = "SELECT at, body FROM (
            SELECT f.at, f.id, f.body, lag(f.body) OVER (ORDER BY f.at, f.id) AS body_before
            FROM fact f WHERE f.kind = 2 AND f.name = $1 AND f.retracted_at IS NULL
                AND f.machine_reason IS NULL
        ) said WHERE body_before IS NULL OR body_before <> body ORDER BY at, id";
    let traits = tx.query(sql, &[id.into()], |row| {
        let (at, body): (i64, String) = (row.get(0)?, row.get(1)?);
        Ok((Timestamp::saturating_from_millis(at), flatten::object(&body)))
    })?;
    Ok(CompanyFacts { id: id.to_owned(), traits })
}

impl CompanyFacts {
    pub(super) fn of<'f>(id: &str, facts: impl Iterator<Item = &'f StoredFact>) -> Self {
        let mut counting: Vec<&StoredFact> = facts.filter(|fact| fact.counts()).collect();
        counting.dedup_by(|later, earlier| later.body == earlier.body);
        let traits = counting.into_iter().map(|fact| (fact.at, flatten::object(&fact.body)));
        Self { id: id.to_owned(), traits: traits.collect() }
    }
}

pub(super) fn sort(facts: &mut [StoredFact]) {
    facts.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
}

impl LeadRecord {
    /// Whether there is such a lead: not where it was erased, nor where all that was ever said of it was taken back.
    pub fn is_there(&self) -> bool {
        let is_named = !self.identifiers.is_empty();
        let says_anything = || self.facts.iter().any(StoredFact::counts);
        !self.persons.is_empty() && (is_named || self.events_from.is_some() || says_anything())
    }

    /// Every company that the lead may belong to, as it is named.
    pub(super) fn company_names(&self) -> Vec<CompanyName> {
        let groups = self.counting(FactKind::Group).map(|fact| CompanyName::Id(fact.name.clone()));
        let domains = self.emails().map(|(_, domain)| CompanyName::Domain(domain));
        let mut names: Vec<CompanyName> = groups.chain(domains).collect();
        names.sort();
        names.dedup();
        names
    }

    fn counting(&self, kind: FactKind) -> impl Iterator<Item = &StoredFact> {
        self.facts.iter().filter(move |fact| fact.kind == kind && fact.counts())
    }

    /// Its addresses, the one that was known first first: since when, and the domain.
    fn emails(&self) -> impl Iterator<Item = (Timestamp, String)> {
        self.addresses().into_iter().filter_map(|(at, address)| {
            EmailAddress::parse(address).ok().map(|address| (at, address.domain().to_owned()))
        })
    }

    /// Its addresses, the one that was known first first.
    fn addresses(&self) -> Vec<(Timestamp, &str)> {
        let of_kind = self.identifiers.iter().filter(|name| name.kind == IdentifierKind::Email);
        let mut found: Vec<(Timestamp, &str)> =
            of_kind.map(|name| (name.first_at, name.value.as_str())).collect();
        found.sort_unstable();
        found
    }

    /// Since when the lead is known: the earliest instant that a trait `created_at` or `createdAt`
    /// gives, else its earliest fact that counts; `None` where it has neither.
    pub fn created_at(&self) -> Option<Timestamp> {
        let explicit = self.counting(FactKind::Traits).filter_map(|fact| {
            let traits = flatten::object(&fact.body);
            let instants = ["created_at", "createdAt"].into_iter().filter_map(|key| {
                match traits.get(key)? {
                    Json::String(text) => Timestamp::parse(text).ok(),
                    Json::Number(number) => Timestamp::from_epoch_number(number.as_f64()?).ok(),
                    _ => None,
                }
            });
            instants.min()
        });
        let earliest = || {
            let first = self.facts.iter().find(|fact| fact.counts()).map(|fact| fact.at);
            first.into_iter().chain(self.events_from).min()
        };
        explicit.min().or_else(earliest)
    }

    /// The id of the company that the lead belongs to at `at`: that of the latest group fact, else
    /// of the latest address whose domain is a business's.
    pub fn company_at(&self, at: Timestamp, is_business: &dyn Fn(&str) -> bool) -> Option<String> {
        let mut stays = self.memberships(is_business);
        stays.retain(|(from, _)| *from <= at);
        let (_, name) = stays.pop()?;
        self.companies.get(&name.key()).map(|company| company.id.clone())
    }

    /// From when on the lead belongs to which company, in order of time. A group fact weighs more
    /// than an address, whenever that became known.
    fn memberships(&self, is_business: &dyn Fn(&str) -> bool) -> Vec<(Timestamp, CompanyName)> {
        let groups: Vec<(Timestamp, CompanyName)> = self
            .counting(FactKind::Group)
            .map(|fact| (fact.at, CompanyName::Id(fact.name.clone())))
            .collect();
        let first_group = groups.first().map(|(at, _)| *at);
        let mut stays: Vec<(Timestamp, CompanyName)> = self
            .emails()
            .filter(|(at, domain)| {
                first_group.is_none_or(|group| *at < group) && is_business(domain)
            })
            .map(|(at, domain)| (at, CompanyName::Domain(domain)))
            .collect();
        stays.extend(groups);
        stays
    }

    /// The facts as scoring takes them: without those that do not count; traits by dotted path;
    /// addresses as trait `email`, with `email.domain` and what `email_kind` says of the domain as
    /// `email.kind`, unless the traits say so themselves; the company's traits as `company.*`, from
    /// the day on which the lead belongs to it; deals as events `deal_<stage>`.
    ///
    /// An address whose kind is `business` tells the company.
    pub fn facts(&self, email_kind: &dyn Fn(&str) -> Option<&'static str>) -> LeadFacts {
        let mut facts = LeadFacts {
            lead: self.lead.clone(),
            created_at: self.created_at(),
            ..LeadFacts::default()
        };
        let is_business = |domain: &str| email_kind(domain) == Some("business");
        self.email_traits(email_kind, &mut facts.traits);
        self.company_traits(&is_business, &mut facts.traits);
        for fact in self.facts.iter().filter(|fact| fact.counts()) {
            let body = flatten::object(&fact.body);
            match fact.kind {
                FactKind::Traits => flatten::traits("", &body, fact.at, &mut facts.traits),
                FactKind::Event | FactKind::Deal => facts.events.push(Event {
                    id: Some(fact.id.clone()),
                    name: fact.name.clone(),
                    at: fact.at,
                    properties: if fact.kind == FactKind::Event {
                        flatten::properties(&body)
                    } else {
                        flatten::deal(&body)
                    },
                }),
                FactKind::Group | FactKind::Alias => {}
            }
        }
        facts
    }

    /// Addresses come before the traits of the same instant, so that a trait that says otherwise has
    /// the last word.
    fn email_traits(
        &self,
        email_kind: &dyn Fn(&str) -> Option<&'static str>,
        traits: &mut Vec<TraitFact>,
    ) {
        for (at, text) in self.addresses() {
            let Ok(address) = EmailAddress::parse(text) else { continue };
            let mut add = |path: &str, value: Option<String>| {
                let value = value.map(Value::Text);
                traits.push(TraitFact { path: path.to_owned(), value, at: Some(at) });
            };
            add("email", Some(text.to_owned()));
            add("email.domain", Some(address.domain().to_owned()));
            add("email.kind", email_kind(address.domain()).map(str::to_owned));
        }
    }

    fn company_traits(&self, is_business: &dyn Fn(&str) -> bool, traits: &mut Vec<TraitFact>) {
        let mut stays = self.memberships(is_business);
        // Group facts that name the company where the lead is already change nothing.
        stays.dedup_by(|later, earlier| later.1 == earlier.1);
        let empty = CompanyFacts::default();
        for (index, (from, name)) in stays.iter().enumerate() {
            let to = stays.get(index + 1).map(|(to, _)| *to);
            let facts = self.companies.get(&name.key()).map_or(&empty, |facts| facts);
            company_traits(facts, *from, to, traits);
        }
    }
}

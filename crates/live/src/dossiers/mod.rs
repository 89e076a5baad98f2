//! Leads that were scored a moment ago, kept with all their facts: a fact more of theirs is scored without
//! reading their past again.
//!
//! A dossier holds for as long as nothing but events came since it was made. Whatever else changes a lead's facts
//! marks the lead in the same commit, and [`Live::work`](crate::Live::work) reads anew whoever has a mark, or a
//! company of which something else is known by now. Only where this process alone writes to the store is that all
//! that can happen; beside other nodes there are no dossiers.

mod packed;

use std::collections::{BTreeMap, HashMap};
use std::mem::size_of;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashlink::LinkedHashMap;
use leads::{Event, LeadFacts, Report, Timestamp, TraitFact, Value, What};
use store::facts::{Appended, Outcome};
use store::reading::{CompanyFacts, LeadRecord, properties};
use store::scores::LeadRow;

use packed::Packed;

/// Memory that all dossiers may take, in bytes: some 70,000 leads with ten events each that are [`Packed`] (1.4 KB each),
/// or 50 with three thousand that are not. A third of it is too little for the latter, who are then read for each fact as without
/// dossiers.
const ROOM: usize = 96 << 20;

/// Dossiers that take more than this, in bytes, are not packed: some fifty events. To open them takes 0.4 us an event,
/// which those with thousands would pay for each fact more.
const PACKED_BELOW: usize = 32 << 10;

/// What the list of dossiers takes for each, in bytes.
const PLACE: usize = 160;

/// A lead's facts, and what follows from them for as long as only events are added.
#[derive(Clone, Debug)]
pub(crate) struct Dossier {
    pub(crate) facts: LeadFacts,
    pub(crate) row: LeadRow,
    pub(crate) at_stake: i64,
    /// As in [`LeadRecord::companies`].
    pub(crate) companies: BTreeMap<String, Arc<CompanyFacts>>,
    /// The number of the last settling whose facts are in it for sure; some of a later one may be.
    settling: u64,
    /// An estimate of the memory that it takes: to reckon it anew for one event more would take a look at the whole past.
    bytes: usize,
}

/// What a settling brought of a lead: events and nothing else, or what is to be read from the store.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Fresh {
    Events { settling: u64, events: Vec<Event> },
    ToRead,
}

#[derive(Default)]
pub(crate) struct Dossiers {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_lead: LinkedHashMap<String, Held>,
    bytes: usize,
}

/// A dossier as it is kept.
pub(crate) enum Held {
    /// As it was scored.
    Open(Arc<Dossier>),
    /// In little memory.
    Packed(Box<PackedDossier>),
}

pub(crate) struct PackedDossier {
    packed: Packed,
    created_at: Option<Timestamp>,
    companies: Companies,
    at_stake: i64,
    settling: u64,
}

/// As in [`LeadRecord::companies`].
type Companies = Box<[(String, Arc<CompanyFacts>)]>;

impl Dossiers {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a lead's dossier out.
    pub(crate) fn take(&self, lead: &str) -> Option<Held> {
        let mut kept = self.lock();
        let held = kept.by_lead.remove(lead)?;
        kept.bytes -= held.bytes();
        Some(held)
    }

    /// Keeps a dossier, and gives up those that nobody has asked for the longest where there is no room.
    pub(crate) fn put(&self, lead: &str, held: Held) {
        let mut kept = self.lock();
        kept.bytes += held.bytes();
        let before = kept.by_lead.insert(lead.to_owned(), held);
        kept.bytes -= before.map_or(0, |before| before.bytes());
        while kept.bytes > ROOM
            && let Some((_, oldest)) = kept.by_lead.pop_front()
        {
            kept.bytes -= oldest.bytes();
        }
    }
}

impl Held {
    /// As it is to be kept.
    pub(crate) fn of(dossier: &Arc<Dossier>) -> Self {
        // What is known of companies is never packed.
        let of_companies: usize =
            dossier.companies.values().map(|facts| company_bytes(facts)).sum();
        if dossier.bytes.saturating_sub(of_companies) > PACKED_BELOW {
            return Self::Open(Arc::clone(dossier));
        }
        let companies = dossier.companies.iter();
        Self::Packed(Box::new(PackedDossier {
            packed: Packed::of(&dossier.facts, &dossier.row),
            created_at: dossier.facts.created_at,
            companies: companies.map(|(key, facts)| (key.clone(), Arc::clone(facts))).collect(),
            at_stake: dossier.at_stake,
            settling: dossier.settling,
        }))
    }

    /// Memory that it takes.
    fn bytes(&self) -> usize {
        match self {
            Self::Open(dossier) => dossier.bytes + PLACE,
            Self::Packed(packed) => {
                let companies = packed.companies.iter();
                let companies = companies.map(|(key, facts)| key.len() + company_bytes(facts) + 48);
                let own = packed.packed.bytes() + size_of::<PackedDossier>();
                own + companies.sum::<usize>() + PLACE
            }
        }
    }

    /// The companies that the lead may belong to, as they were.
    pub(crate) fn companies(&self) -> Vec<(&str, &Arc<CompanyFacts>)> {
        match self {
            Self::Open(dossier) => {
                dossier.companies.iter().map(|(key, facts)| (key.as_str(), facts)).collect()
            }
            Self::Packed(packed) => {
                packed.companies.iter().map(|(key, facts)| (key.as_str(), facts)).collect()
            }
        }
    }

    /// Whether what settlings brought since is all that there is to know; else it must be read from the store.
    pub(crate) fn goes_on_with(&self, fresh: &[Fresh], now: Timestamp) -> bool {
        let (created_at, known) = match self {
            Self::Open(dossier) => (dossier.facts.created_at, dossier.settling),
            Self::Packed(packed) => (packed.created_at, packed.settling),
        };
        let is_within = |event: &Event| {
            created_at.is_some_and(|created| created <= event.at && event.at <= now)
        };
        fresh.iter().all(|fresh| match fresh {
            Fresh::Events { settling, events } => {
                *settling <= known || events.iter().all(is_within)
            }
            Fresh::ToRead => false,
        })
    }

    /// The dossier; `None` where it cannot be opened.
    pub(crate) fn open(self) -> Option<Dossier> {
        let packed = match self {
            // Whoever had it beside this is done with it: nothing is copied.
            Self::Open(dossier) => return Some(Arc::unwrap_or_clone(dossier)),
            Self::Packed(packed) => *packed,
        };
        let (facts, row) = packed.packed.open().ok()?;
        let companies = packed.companies.into_iter().collect();
        Some(Dossier::new(facts, row, packed.at_stake, companies, packed.settling))
    }
}

impl Dossier {
    /// Of facts that were read after the settling with this number, or a later one.
    pub(crate) fn new(
        facts: LeadFacts,
        row: LeadRow,
        at_stake: i64,
        companies: BTreeMap<String, Arc<CompanyFacts>>,
        settling: u64,
    ) -> Self {
        let events: usize = facts.events.iter().map(event_bytes).sum();
        let traits: usize = facts.traits.iter().map(trait_bytes).sum();
        let of_companies: usize = companies.values().map(|facts| company_bytes(facts)).sum();
        // The row has the traits once more, as text.
        let bytes = size_of::<Self>() + events + 2 * traits + of_companies + 512;
        Self { facts, row, at_stake, companies, settling, bytes }
    }

    /// The number of the last settling whose facts are in it for sure.
    pub(crate) fn settling(&self) -> u64 {
        self.settling
    }

    /// The same with what settlings brought since, with which it [goes on](Held::goes_on_with).
    pub(crate) fn with(mut self, fresh: Vec<Fresh>) -> Self {
        for fresh in fresh {
            // It was read from the store when older ones were there already.
            if let Fresh::Events { settling, events } = fresh
                && settling > self.settling
            {
                for event in events {
                    self.add(event);
                }
                self.settling = settling;
            }
        }
        self
    }

    fn add(&mut self, event: Event) {
        self.row.last_seen_at = self.row.last_seen_at.max(Some(event.at));
        let events = &mut self.facts.events;
        let place = events.partition_point(|known| order(known) < order(&event));
        // It may have been read with what was there already.
        if events.get(place).is_none_or(|known| order(known) != order(&event)) {
            self.bytes += event_bytes(&event);
            events.insert(place, event);
        }
    }

    /// Whether time alone changes nothing about it but its score: nothing in it is dated later than `now`.
    pub(crate) fn is_lasting(record: &LeadRecord, facts: &LeadFacts, now: Timestamp) -> bool {
        let traits = facts.traits.iter().filter_map(|fact| fact.at);
        let names = record.identifiers.iter().map(|name| name.first_at);
        record.facts.iter().map(|fact| fact.at).chain(traits).chain(names).all(|at| at <= now)
    }
}

fn company_bytes(facts: &CompanyFacts) -> usize {
    facts.traits.iter().map(|(_, traits)| 256 + 128 * traits.len()).sum()
}

/// What the allocator adds to a piece of memory, about.
const PIECE: usize = 16;

fn event_bytes(event: &Event) -> usize {
    let value = |(path, value): &(String, Value)| {
        size_of::<(String, Value)>() + path.len() + PIECE + value_bytes(value)
    };
    let properties: usize = event.properties.iter().map(value).sum();
    let id = event.id.as_ref().map_or(0, String::len);
    size_of::<Event>() + id + event.name.len() + 3 * PIECE + properties
}

fn trait_bytes(fact: &TraitFact) -> usize {
    size_of::<TraitFact>() + fact.path.len() + PIECE + fact.value.as_ref().map_or(0, value_bytes)
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len() + PIECE,
        Value::List(values) => {
            let each = |value: &Value| size_of::<Value>() + value_bytes(value);
            values.iter().map(each).sum::<usize>() + PIECE
        }
        Value::Number(_) | Value::Bool(_) | Value::Instant(_) => 0,
    }
}

/// How facts are ordered.
fn order(event: &Event) -> (Timestamp, Option<&str>) {
    (event.at, event.id.as_deref())
}

/// What an append brought of each lead whose facts it changed. `events`: what its reports are, where they are events.
pub(crate) fn fresh(
    appended: &Appended,
    events: Vec<Option<Event>>,
    settling: u64,
) -> HashMap<String, Fresh> {
    let of = |lead: &String| {
        let only_events = !appended.to_read.contains(lead);
        let none = Fresh::Events { settling, events: Vec::new() };
        (lead.clone(), if only_events { none } else { Fresh::ToRead })
    };
    let mut fresh: HashMap<String, Fresh> = appended.changed.iter().map(of).collect();
    for (taken, event) in appended.taken.iter().zip(events) {
        if taken.outcome != Outcome::New {
            continue;
        }
        let Some(lead) = &taken.lead else { continue };
        if let Some(Fresh::Events { events, .. }) = fresh.get_mut(lead) {
            events.extend(event);
        }
    }
    fresh
}

/// An event that counts, as the store gives it back.
pub(crate) fn event(report: &Report) -> Option<Event> {
    let What::Event { name, properties: said } = &report.what else { return None };
    // What a machine did does not count.
    if report.machine.is_some() {
        return None;
    }
    let (id, properties) = (Some(report.id.clone()), properties(said));
    Some(Event { id, name: name.clone(), at: report.at, properties })
}

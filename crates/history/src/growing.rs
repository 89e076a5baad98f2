//! A history that follows the world: leads are put in, put in anew when a fact of theirs arrives, and
//! taken out when they are merged into another or erased.
//!
//! [`Growing::snapshot`] hands out a [`History`] that never changes; what did not change since the
//! last one is shared with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use leads::{LeadFacts, Timestamp, Value};
use scoring::{ALWAYS, CREATED_AT, Needs, Vocabulary};

use crate::blocks::{Block, History, LEADS_PER_BLOCK};
use crate::intern::{ShapeInterner, ValueInterner};
use crate::roster::{Entry, GONE, Roster, RosterBuilder};

/// Everyone's facts, to be kept up to date.
#[derive(Debug)]
pub struct Growing {
    needs: Needs,
    roster: Arc<Roster>,
    vocabulary: Arc<Vocabulary>,
    blocks: Vec<Arc<Block>>,
    values: Vec<ValueInterner>,
    shapes: ShapeInterner,
    /// Leads to be put in, the last word on each.
    waiting: BTreeMap<String, Lead>,
    /// The first and the last instant (ms) of any event that a model looks at, and of any event.
    looked_at: (i64, i64),
    all: (i64, i64),
}

/// A lead in the words of the vocabulary.
#[derive(Debug)]
struct Lead {
    entry: Entry,
    /// Instants (ms) and shapes, in rising order.
    events: Vec<(i64, u32)>,
}

/// So many leads are worth a look through all columns.
const WAITING_MAX: usize = 65_536;

const NOWHERE: (i64, i64) = (i64::MAX, i64::MIN);

impl Growing {
    /// Nobody yet; what models look at is `needs`.
    pub fn new(needs: Needs) -> Self {
        let (roster, _) = RosterBuilder::new(&needs).finish();
        let values = needs.traits.iter().map(|_| ValueInterner::new()).collect::<Vec<_>>();
        Self {
            roster: Arc::new(roster),
            vocabulary: Arc::new(Vocabulary {
                traits: values.iter().map(|interner| interner.values.clone()).collect(),
                shapes: Vec::new(),
            }),
            blocks: Vec::new(),
            values,
            shapes: ShapeInterner::default(),
            waiting: BTreeMap::new(),
            looked_at: NOWHERE,
            all: NOWHERE,
            needs,
        }
    }

    /// What the history is gathered for.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Puts a lead in, with everything that is known about it; what was known before is forgotten.
    pub fn put(&mut self, facts: &LeadFacts) {
        let lead = self.lead(facts);
        self.waiting.insert(facts.lead.clone(), lead);
        if self.waiting.len() >= WAITING_MAX {
            self.apply();
        }
    }

    /// The number that an event is known by here, for [`Growing::put_with`]; `None`: no model looks at
    /// it. `properties` is only called where some model does.
    pub fn word(
        &mut self,
        name: &str,
        at: Timestamp,
        properties: impl FnOnce() -> Vec<(String, Value)>,
    ) -> Option<u32> {
        let at = at.as_millis();
        self.all = (self.all.0.min(at), self.all.1.max(at));
        let number =
            self.needs.events.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        self.looked_at = (self.looked_at.0.min(at), self.looked_at.1.max(at));
        let wanted = &self.needs.events[number].1;
        if wanted.is_empty() {
            return Some(self.shapes.number(number, &[]));
        }
        let properties = properties();
        let value = |property: &usize| {
            let path = &self.needs.properties[*property];
            properties.iter().find(|(known, _)| known == path).map(|(_, value)| value)
        };
        let values: Vec<_> = wanted.iter().map(value).collect();
        Some(self.shapes.number(number, &values))
    }

    /// Puts a lead in as [`Growing::put`] does, with more events than its facts have: their instants
    /// (ms) and what [`Growing::word`] said of them.
    pub fn put_with(&mut self, facts: &LeadFacts, events: impl IntoIterator<Item = (i64, u32)>) {
        let mut lead = self.lead(facts);
        lead.events.extend(events);
        lead.events.sort_unstable();
        self.waiting.insert(facts.lead.clone(), lead);
        if self.waiting.len() >= WAITING_MAX {
            self.apply();
        }
    }

    /// Takes a lead out.
    pub fn remove(&mut self, lead: &str) {
        let nothing = LeadFacts { lead: lead.to_owned(), ..LeadFacts::default() };
        let mut gone = self.lead(&nothing);
        gone.entry.created_at = GONE;
        self.waiting.insert(lead.to_owned(), gone);
    }

    /// Everyone as of now.
    pub fn snapshot(&mut self) -> History {
        self.apply();
        let instants = |(first, last): (i64, i64)| {
            let millis = Timestamp::saturating_from_millis;
            (millis(first.min(last)), millis(last.max(first)))
        };
        let (first, last) = instants(self.looked_at);
        History {
            needs: self.needs.clone(),
            roster: Arc::clone(&self.roster),
            vocabulary: Arc::clone(&self.vocabulary),
            blocks: self.blocks.clone(),
            first,
            last,
            span: instants(self.all),
        }
    }

    fn lead(&mut self, facts: &LeadFacts) -> Lead {
        let created_at = facts.created_at.map_or(ALWAYS, Timestamp::as_millis);
        let mut entry =
            Entry { created_at, base: vec![0; self.needs.traits.len()], changes: Vec::new() };
        for fact in &facts.traits {
            let Ok(column) = self.needs.traits.binary_search(&fact.path) else { continue };
            if fact.path != CREATED_AT {
                let value = self.values[column].number(fact.value.as_ref());
                entry.changes.push((column, fact.at.map_or(ALWAYS, Timestamp::as_millis), value));
            }
        }
        if let Ok(column) = self.needs.traits.binary_search_by(|path| path.as_str().cmp(CREATED_AT))
        {
            let known = facts.created_at.map(Value::Instant);
            entry.base[column] = self.values[column].number(known.as_ref());
        }
        let values = &self.values;
        let text = |column: usize, value: u32| {
            values[column].values[value as usize].as_ref().map(Value::to_string)
        };
        entry.settle(text);
        let events = self.events(facts);
        Lead { entry, events }
    }

    fn events(&mut self, facts: &LeadFacts) -> Vec<(i64, u32)> {
        let mut events = Vec::with_capacity(facts.events.len());
        for event in &facts.events {
            let at = event.at.as_millis();
            self.all = (self.all.0.min(at), self.all.1.max(at));
            let found = self.needs.events.binary_search_by(|(name, _)| name.cmp(&event.name));
            let Ok(number) = found else { continue };
            let value = |property: &usize| {
                let path = &self.needs.properties[*property];
                event.properties.iter().find(|(known, _)| known == path).map(|(_, value)| value)
            };
            let properties: Vec<_> = self.needs.events[number].1.iter().map(value).collect();
            events.push((at, self.shapes.number(number, &properties)));
            self.looked_at = (self.looked_at.0.min(at), self.looked_at.1.max(at));
        }
        events.sort_unstable();
        events
    }

    /// Brings what waits into the columns.
    fn apply(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let vocabulary = Arc::make_mut(&mut self.vocabulary);
        for (known, interner) in vocabulary.traits.iter_mut().zip(&self.values) {
            known.extend_from_slice(&interner.values[known.len()..]);
        }
        let known = vocabulary.shapes.len();
        vocabulary.shapes.extend_from_slice(&self.shapes.shapes[known..]);

        let waiting = std::mem::take(&mut self.waiting);
        let (ids, leads): (Vec<String>, Vec<Lead>) = waiting.into_iter().unzip();
        let (entries, events): (Vec<Entry>, Vec<_>) =
            leads.into_iter().map(|lead| (lead.entry, lead.events)).unzip();
        let roster = Arc::make_mut(&mut self.roster);
        let positions = roster.put(&ids, entries);
        let mut by_block: BTreeMap<usize, BTreeMap<usize, Vec<(i64, u32)>>> = BTreeMap::new();
        for (position, events) in positions.into_iter().zip(events) {
            let block = by_block.entry(position / LEADS_PER_BLOCK).or_default();
            block.insert(position % LEADS_PER_BLOCK, events);
        }
        for (index, changed) in by_block {
            if index == self.blocks.len() {
                self.blocks.push(Arc::default());
            }
            self.blocks[index] = Arc::new(self.blocks[index].with(&changed));
        }
    }
}

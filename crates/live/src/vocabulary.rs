//! The words of everyone's facts: what traits, events and their properties are called, for whoever
//! writes a model or a segment.
//!
//! They are noted when everyone is gathered, and as facts come in after that. Facts that were taken back or
//! erased since the last gathering are still among them; nothing but names is kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use leads::{LeadFacts, Report, Timestamp, Value, What};
use serde_json::{Map, Value as Json};
use store::reading::properties as flat;

use crate::{Live, LiveError};

/// What facts are called.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Vocabulary {
    /// The traits that most leads have first.
    pub traits: Vec<TraitWord>,
    /// The most frequent events first.
    pub events: Vec<EventWord>,
    /// Whether there are more words than are kept: the rarest are left out.
    pub is_cut: bool,
}

/// A trait.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraitWord {
    /// Its dotted path.
    pub path: String,
    /// What its values are: `text`, `number`, `boolean`, `instant`, `list`.
    pub kinds: Vec<&'static str>,
    /// How many leads have it.
    pub leads: u64,
}

/// An event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventWord {
    /// Its name.
    pub name: String,
    /// How many there are; those that were reported twice since the last gathering count twice.
    pub count: u64,
    /// The latest.
    pub last_at: Timestamp,
    /// Its properties by dotted path, with what their values are.
    pub properties: Vec<(String, Vec<&'static str>)>,
}

/// Names of traits, and of events, that are kept. Pages can send any name: beyond this the rarest go.
const NAMES_MAX: usize = 2_000;

/// Properties of one event that are kept.
const PROPERTIES_MAX: usize = 200;

/// The properties of the first so many events of a name are looked at, and then of every 64th: reading the
/// body of each of ten million events takes ten seconds.
const LOOKED_AT: u64 = 500;
const THEN_EVERY: u64 = 64;

/// The words as they become known.
#[derive(Default)]
pub(crate) struct Words(Mutex<Known>);

#[derive(Default)]
pub(crate) struct Known {
    traits: HashMap<String, KnownTrait>,
    events: HashMap<String, KnownEvent>,
    is_cut: bool,
}

#[derive(Clone, Copy, Default)]
struct KnownTrait {
    kinds: Kinds,
    leads: u64,
}

struct KnownEvent {
    count: u64,
    last_at: Timestamp,
    properties: HashMap<String, Kinds>,
}

/// A bit for each of [`KINDS`].
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Kinds(u8);

const KINDS: [&str; 5] = ["text", "number", "boolean", "instant", "list"];

impl Kinds {
    fn of(value: &Value) -> Self {
        Self(match value {
            Value::Text(_) => 1,
            Value::Number(_) => 2,
            Value::Bool(_) => 4,
            Value::Instant(_) => 8,
            Value::List(_) => 16,
        })
    }

    fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    fn names(self) -> Vec<&'static str> {
        let named = KINDS.iter().enumerate().filter(|(bit, _)| self.0 & (1 << bit) != 0);
        named.map(|(_, name)| *name).collect()
    }
}

impl Known {
    /// An event that counts. `properties` is only asked where it is worth it.
    pub(crate) fn event(
        &mut self,
        name: &str,
        at: Timestamp,
        properties: impl FnOnce() -> Vec<(String, Value)>,
    ) {
        let known = if let Some(known) = self.events.get_mut(name) {
            known
        } else {
            self.make_room();
            let new = KnownEvent { count: 0, last_at: at, properties: HashMap::new() };
            self.events.entry(name.to_owned()).or_insert(new)
        };
        known.count += 1;
        known.last_at = known.last_at.max(at);
        if known.count <= LOOKED_AT || known.count.is_multiple_of(THEN_EVERY) {
            for (path, value) in properties() {
                known.property(path, Kinds::of(&value));
            }
        }
    }

    /// A lead's traits, and its events that are among the facts.
    pub(crate) fn lead(&mut self, facts: &LeadFacts) {
        let mut latest: BTreeMap<&str, (Option<Timestamp>, Option<&Value>)> = BTreeMap::new();
        for fact in &facts.traits {
            let entry = latest.entry(&fact.path).or_insert((fact.at, None));
            if entry.0 <= fact.at {
                *entry = (fact.at, fact.value.as_ref());
            }
        }
        for (path, (_, value)) in latest {
            if let Some(value) = value {
                self.add_trait(path, Kinds::of(value), 1);
            }
        }
        for event in &facts.events {
            self.event(&event.name, event.at, || event.properties.clone());
        }
    }

    fn add_trait(&mut self, path: &str, kinds: Kinds, leads: u64) {
        if let Some(known) = self.traits.get_mut(path) {
            known.kinds.add(kinds);
            known.leads += leads;
            return;
        }
        self.make_room();
        self.traits.insert(path.to_owned(), KnownTrait { kinds, leads });
    }

    /// Leaves out the rarest where there are twice as many as are kept.
    fn make_room(&mut self) {
        if self.traits.len() >= 2 * NAMES_MAX {
            keep_most(&mut self.traits, |known| known.leads);
            self.is_cut = true;
        }
        if self.events.len() >= 2 * NAMES_MAX {
            keep_most(&mut self.events, |known| known.count);
            self.is_cut = true;
        }
    }
}

impl KnownEvent {
    fn property(&mut self, path: String, kinds: Kinds) {
        if self.properties.len() < PROPERTIES_MAX || self.properties.contains_key(&path) {
            self.properties.entry(path).or_default().add(kinds);
        }
    }
}

fn keep_most<K>(names: &mut HashMap<String, K>, count: impl Fn(&K) -> u64) {
    let mut counts: Vec<u64> = names.values().map(&count).collect();
    counts.sort_unstable_by(|one, other| other.cmp(one));
    let least = counts.get(NAMES_MAX).copied().unwrap_or_default();
    names.retain(|_, known| count(known) > least);
}

impl Words {
    /// Facts that are being taken in.
    pub(crate) fn reported<'r>(&self, reports: impl IntoIterator<Item = &'r Report>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for report in reports.into_iter().filter(|report| report.machine.is_none()) {
            match &report.what {
                What::Event { name, properties } => {
                    known.event(name, report.at, || flat(properties));
                }
                What::Deal(deal) => {
                    let name = format!("deal_{}", deal.stage);
                    known.event(&name, report.at, || flat(&deal.properties));
                }
                What::Traits(_) | What::Group { .. } | What::Alias { .. } => {}
            }
        }
    }

    /// A lead's traits were written; both are JSON objects, `None`: it had none before. As a rule both
    /// are the same.
    pub(crate) fn traits_changed(&self, before: Option<&str>, after: &str) {
        if before == Some(after) {
            return;
        }
        let read = |text: &str| -> BTreeMap<String, Value> {
            let map: Map<String, Json> = serde_json::from_str(text).unwrap_or_default();
            flat(&map).into_iter().collect()
        };
        let (before, after) = (before.map(read).unwrap_or_default(), read(after));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (path, value) in &after {
            let leads = u64::from(!before.contains_key(path));
            known.add_trait(path, Kinds::of(value), leads);
        }
        for path in before.keys().filter(|path| !after.contains_key(*path)) {
            if let Some(known) = known.traits.get_mut(path) {
                known.leads = known.leads.saturating_sub(1);
            }
        }
    }

    /// Everyone was gathered: what was found takes the place of what is known, but for what came in
    /// meanwhile.
    pub(crate) fn gathered(&self, mut found: Known) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (path, old) in &known.traits {
            if !found.traits.contains_key(path) {
                found.add_trait(path, old.kinds, old.leads);
            }
        }
        for (name, old) in std::mem::take(&mut known.events) {
            let new = found.events.entry(name).or_insert(KnownEvent {
                count: 0,
                last_at: old.last_at,
                properties: HashMap::new(),
            });
            new.last_at = new.last_at.max(old.last_at);
            if new.count == 0 {
                new.count = old.count;
            }
            for (path, kinds) in old.properties {
                new.property(path, kinds);
            }
        }
        found.make_room();
        *known = found;
    }

    fn vocabulary(&self) -> Vocabulary {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut traits: Vec<TraitWord> = known
            .traits
            .iter()
            .filter(|(_, known)| known.leads > 0)
            .map(|(path, known)| TraitWord {
                path: path.clone(),
                kinds: known.kinds.names(),
                leads: known.leads,
            })
            .collect();
        traits.sort_by(|one, other| (other.leads, &one.path).cmp(&(one.leads, &other.path)));
        let mut events: Vec<EventWord> =
            known.events.iter().map(|(name, known)| word(name, known)).collect();
        events.sort_by(|one, other| (other.count, &one.name).cmp(&(one.count, &other.name)));
        let is_cut = known.is_cut || traits.len() > NAMES_MAX || events.len() > NAMES_MAX;
        traits.truncate(NAMES_MAX);
        events.truncate(NAMES_MAX);
        Vocabulary { traits, events, is_cut }
    }
}

impl Live {
    /// What facts are called. Brings everyone into memory where that is still to be done.
    pub fn vocabulary(&self) -> Result<Vocabulary, LiveError> {
        self.load_everyone()?;
        Ok(self.inner.words.vocabulary())
    }

    /// Notes what facts are called that somebody else than [`Live::take`] stores.
    pub fn heard_of(&self, reports: &[Report]) {
        self.inner.words.reported(reports);
    }
}

fn word(name: &str, known: &KnownEvent) -> EventWord {
    let properties = known.properties.iter().map(|(path, kinds)| (path.clone(), kinds.names()));
    let mut properties: Vec<_> = properties.collect();
    properties.sort_unstable();
    EventWord { name: name.to_owned(), count: known.count, last_at: known.last_at, properties }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::saturating_from_millis(millis)
    }

    #[test]
    fn of_very_many_names_the_rarest_are_left_out() {
        let mut known = Known::default();
        for _ in 0..3 {
            known.event("page_viewed", at(1), Vec::new);
        }
        for number in 0..3 * NAMES_MAX {
            known.event(&format!("junk {number}"), at(2), Vec::new);
            known.add_trait(&format!("junk.{number}"), Kinds(1), 1);
        }
        let words = Words(Mutex::new(known));
        let vocabulary = words.vocabulary();
        assert_eq!(vocabulary.events[0].name, "page_viewed");
        assert_eq!(vocabulary.events[0].count, 3);
        assert!(vocabulary.is_cut);
        assert!(vocabulary.events.len() <= NAMES_MAX && vocabulary.traits.len() <= NAMES_MAX);
    }

    #[test]
    fn an_events_properties_are_bounded_and_seen_beyond_the_first_events() {
        let mut known = Known::default();
        let property = |path: &str| vec![(path.to_owned(), Value::Number(1.0))];
        for _ in 0..LOOKED_AT {
            known.event("bought", at(1), || property("price"));
        }
        for _ in 0..2 * THEN_EVERY {
            known.event("bought", at(1), || property("late"));
        }
        for number in 0..2 * PROPERTIES_MAX as u64 {
            known.event("other", at(1), || property(&number.to_string()));
        }
        let vocabulary = Words(Mutex::new(known)).vocabulary();
        let paths = |event: usize| vocabulary.events[event].properties.len();
        assert_eq!((paths(0), paths(1)), (2, PROPERTIES_MAX));
    }

    #[test]
    fn what_a_lead_lost_is_counted_off() {
        let words = Words::default();
        words.traits_changed(None, r#"{"country": "RO", "company": {"employees": 5}}"#);
        words.traits_changed(None, r#"{"country": true}"#);
        words.traits_changed(Some(r#"{"country": "RO", "title": "x"}"#), r#"{"title": "x"}"#);
        let vocabulary = words.vocabulary();
        let found: Vec<(&str, u64)> =
            vocabulary.traits.iter().map(|word| (word.path.as_str(), word.leads)).collect();
        assert_eq!(found, [("company.employees", 1), ("country", 1)]);
        assert_eq!(vocabulary.traits[1].kinds, ["text", "boolean"]);
    }
}

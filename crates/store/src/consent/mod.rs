//! What a person has agreed to, folded from the facts that say so.
//!
//! Per purpose and channel the latest statement counts, and of two at one instant the withdrawal.
//! Where leads are brought together, the strictest of what was said about either counts until
//! somebody says something new. The order in which facts arrive never matters.

pub mod suppression;

use std::collections::{BTreeMap, HashMap};

use leads::Timestamp;
use serde_json::{Map, Value as Json};

/// Names of the events that speak of consent.
pub const EVENT_NAMES: [&str; 3] = ["consent_given", "consent_withdrawn", "unsubscribed"];

/// The purpose of a consent that names none.
pub const USUAL_PURPOSE: &str = "marketing";

/// The channel of a consent that names none.
pub const USUAL_CHANNEL: &str = "email";

/// A fact that may speak of consent.
#[derive(Clone, Copy, Debug)]
pub struct ConsentEvent<'a> {
    /// When it was said.
    pub at: Timestamp,
    /// The id of the fact.
    pub id: &'a str,
    /// The name of the event; those not in [`EVENT_NAMES`] are passed over.
    pub name: &'a str,
    /// `purpose` and `channel`, each a text or a list of texts, and what proves it: the version of the
    /// text that was agreed to, where, by which address.
    pub properties: &'a Map<String, Json>,
}

/// Two leads were brought together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Joined<'a> {
    /// When.
    pub at: Timestamp,
    /// The lead that goes on.
    pub into: &'a str,
    /// The lead that is part of it since.
    pub from: &'a str,
}

/// What counts for a purpose on a channel.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Standing<'a> {
    /// Nothing was ever said. That is no consent.
    Unknown,
    /// Consent was given.
    Given(&'a Statement),
    /// It was withdrawn.
    Withdrawn(&'a Statement),
}

/// A statement that counts: the proof.
#[derive(Clone, PartialEq, Debug)]
pub struct Statement {
    /// When it was made.
    pub at: Timestamp,
    /// The fact that says so.
    pub fact: String,
    /// Whether it gives or withdraws.
    pub gives: bool,
    /// All that the fact says.
    pub properties: Map<String, Json>,
}

/// What was agreed to, by purpose and channel.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ConsentState {
    /// `None` stands for all purposes, or all channels: only withdrawals are that general.
    statements: BTreeMap<(Option<String>, Option<String>), Statement>,
}

/// What the events of one lead amount to.
pub fn consent_state<'a>(events: impl IntoIterator<Item = ConsentEvent<'a>>) -> ConsentState {
    let mut state = ConsentState::default();
    for event in events {
        state.take(&event);
    }
    state
}

/// What the events of a lead amount to that several were brought together in. Each event comes with
/// the lead that its person was at first; the state of the lead that `lead` is part of is answered.
pub fn consent_state_after_merges<'a>(
    lead: &str,
    events: impl IntoIterator<Item = (&'a str, ConsentEvent<'a>)>,
    merges: &[Joined<'a>],
) -> ConsentState {
    let mut events: Vec<(&str, ConsentEvent<'_>)> = events.into_iter().collect();
    events.sort_by_key(|(_, event)| event.at);
    let mut merges = merges.to_vec();
    merges.sort_by_key(|joined| (joined.at, joined.into, joined.from));
    let mut states: HashMap<&str, ConsentState> = HashMap::new();
    let mut part_of: HashMap<&str, &str> = HashMap::new();
    let mut merges = merges.into_iter().peekable();
    for (of, event) in events {
        // What was said at the instant of a merge was said before it: the stricter reading.
        while let Some(joined) = merges.next_if(|joined| joined.at < event.at) {
            join(&mut states, &mut part_of, &joined);
        }
        states.entry(whole_of(&part_of, of)).or_default().take(&event);
    }
    for joined in merges {
        join(&mut states, &mut part_of, &joined);
    }
    states.remove(whole_of(&part_of, lead)).unwrap_or_default()
}

impl ConsentState {
    /// What counts for a purpose on a channel.
    pub fn standing(&self, purpose: &str, channel: &str) -> Standing<'_> {
        let (purpose, channel) = (plain(purpose), plain(channel));
        Standing::of(self.latest(Some(&purpose), Some(&channel)))
    }

    /// Whether something may be sent for a purpose on a channel.
    pub fn is_given(&self, purpose: &str, channel: &str) -> bool {
        matches!(self.standing(purpose, channel), Standing::Given(_))
    }

    /// Every purpose and channel that something was said about, with what counts. `None` stands for
    /// all.
    pub fn all(&self) -> impl Iterator<Item = (Option<&str>, Option<&str>, Standing<'_>)> {
        self.statements.keys().map(|(purpose, channel)| {
            let (purpose, channel) = (purpose.as_deref(), channel.as_deref());
            (purpose, channel, Standing::of(self.latest(purpose, channel)))
        })
    }

    /// The strictest of two leads' states: withdrawn where either has withdrawn, given where one has
    /// given and the other has not withdrawn.
    #[must_use]
    pub fn strictest(&self, other: &Self) -> Self {
        let keys = self.statements.keys().chain(other.statements.keys());
        let statements = keys.filter_map(|key| {
            let (purpose, channel) = (key.0.as_deref(), key.1.as_deref());
            let (one, two) = (self.latest(purpose, channel), other.latest(purpose, channel));
            let stricter = match (one, two) {
                (Some(one), Some(two)) if one.gives == two.gives => latest_of(one, two),
                (Some(one), Some(two)) => {
                    if two.gives {
                        one
                    } else {
                        two
                    }
                }
                (one, two) => one.or(two)?,
            };
            Some((key.clone(), stricter.clone()))
        });
        Self { statements: statements.collect() }
    }

    fn take(&mut self, event: &ConsentEvent<'_>) {
        let gives = event.name == EVENT_NAMES[0];
        if !EVENT_NAMES.contains(&event.name) {
            return;
        }
        let said = |name: &str, usual: &str| match event.properties.get(name) {
            None | Some(Json::Null) if gives => vec![Some(usual.to_owned())],
            None | Some(Json::Null) => vec![None],
            Some(value) => names_in(value, gives),
        };
        for purpose in said("purpose", USUAL_PURPOSE) {
            for channel in said("channel", USUAL_CHANNEL) {
                let statement = Statement {
                    at: event.at,
                    fact: event.id.to_owned(),
                    gives,
                    properties: event.properties.clone(),
                };
                let key = (purpose.clone(), channel);
                match self.statements.get_mut(&key) {
                    Some(there) if rank(there) >= rank(&statement) => {}
                    Some(there) => *there = statement,
                    None => {
                        self.statements.insert(key, statement);
                    }
                }
            }
        }
    }

    /// The latest of all statements that cover a purpose and a channel.
    fn latest(&self, purpose: Option<&str>, channel: Option<&str>) -> Option<&Statement> {
        let covering = |name: Option<&str>| {
            let exact = name.map(|name| Some(name.to_owned()));
            [exact, Some(None)].into_iter().flatten()
        };
        let keys = covering(purpose)
            .flat_map(|purpose| covering(channel).map(move |channel| (purpose.clone(), channel)));
        keys.filter_map(|key| self.statements.get(&key)).reduce(latest_of)
    }
}

impl<'a> Standing<'a> {
    fn of(statement: Option<&'a Statement>) -> Self {
        match statement {
            None => Self::Unknown,
            Some(statement) if statement.gives => Self::Given(statement),
            Some(statement) => Self::Withdrawn(statement),
        }
    }
}

/// The latest counts, of two at one instant the withdrawal, of two alike the one with the greater id.
fn rank(statement: &Statement) -> (Timestamp, bool, &str) {
    (statement.at, !statement.gives, &statement.fact)
}

fn latest_of<'s>(one: &'s Statement, two: &'s Statement) -> &'s Statement {
    if rank(two) > rank(one) { two } else { one }
}

fn join<'a>(
    states: &mut HashMap<&'a str, ConsentState>,
    part_of: &mut HashMap<&'a str, &'a str>,
    joined: &Joined<'a>,
) {
    let (into, from) = (whole_of(part_of, joined.into), whole_of(part_of, joined.from));
    if into == from {
        return;
    }
    let moved = states.remove(from).unwrap_or_default();
    let there = states.entry(into).or_default();
    *there = there.strictest(&moved);
    part_of.insert(from, into);
}

/// The lead that a lead is part of.
fn whole_of<'a>(part_of: &HashMap<&'a str, &'a str>, lead: &'a str) -> &'a str {
    let mut lead = lead;
    while let Some(whole) = part_of.get(lead) {
        lead = whole;
    }
    lead
}

/// The names in a text or a list of texts, or `None` for all of them. What is no name, `*` included,
/// gives nothing and withdraws everything.
fn names_in(value: &Json, gives: bool) -> Vec<Option<String>> {
    let texts: Vec<Option<&str>> = match value {
        Json::Array(list) if !list.is_empty() => list.iter().map(Json::as_str).collect(),
        one => vec![one.as_str()],
    };
    let names = texts.into_iter().map(|text| {
        let name = plain(text.unwrap_or_default());
        (!name.is_empty() && name != "*").then_some(name)
    });
    names.filter(|name| name.is_some() || !gives).collect()
}

fn plain(name: &str) -> String {
    name.trim().to_lowercase()
}

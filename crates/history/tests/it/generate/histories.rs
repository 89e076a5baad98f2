//! What leads were and did, around the instants at which answers change.

use std::collections::BTreeMap;

use leads::{Duration, Event, LeadFacts, Timestamp, TraitFact, Value};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::values::{flavour, value};
use super::{DURATIONS, EVENTS, PROPERTIES, TRAITS};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How far facts lie apart, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// Days before and after the instant around which everything happens.
    pub(crate) days: i64,
    /// The most events of one lead, at most 12.
    pub(crate) events: usize,
}

impl Span {
    /// Months, for calendar periods and long curves.
    pub(crate) const LONG: Self = Self { days: 75, events: 12 };
    /// Few days, for walking through every hour of them.
    pub(crate) const SHORT: Self = Self { days: 8, events: 6 };
}

/// One lead at an instant.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) facts: LeadFacts,
    pub(crate) t: Timestamp,
}

/// Several leads at an instant: their facts as they came in, one by one.
#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    pub(crate) facts: Vec<Fact>,
    pub(crate) t: Timestamp,
}

/// A fact on its way in.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Fact {
    /// A row of the leads' file.
    Row { lead: String, created_at: Option<Timestamp>, traits: Vec<(String, Value)> },
    /// A change of a trait.
    Change { lead: String, path: String, value: Option<Value>, at: Timestamp },
    /// An event; several may share an id.
    Event { lead: String, event: Event },
}

impl Crowd {
    /// The facts of each lead that has any, by id, once facts with one id are settled: the first
    /// by (`at`, `content`) counts, whoever it is about.
    pub(crate) fn settled(&self, content: impl Fn(&Fact) -> u64) -> BTreeMap<String, LeadFacts> {
        let mut first: BTreeMap<String, (Timestamp, u64, usize)> = BTreeMap::new();
        for (index, fact) in self.facts.iter().enumerate() {
            if let Fact::Event { event: Event { id: Some(id), at, .. }, .. } = fact {
                let rank = (*at, content(fact), index);
                let best = first.entry(id.clone()).or_insert(rank);
                *best = rank.min(*best);
            }
        }
        let mut leads: BTreeMap<String, LeadFacts> = BTreeMap::new();
        let mut always: Vec<String> = Vec::new();
        for (index, fact) in self.facts.iter().enumerate() {
            let id = fact.lead();
            let lead = leads.entry(id.to_owned()).or_default();
            id.clone_into(&mut lead.lead);
            match fact {
                Fact::Row { created_at, traits, .. } => {
                    match (lead.created_at, *created_at) {
                        (_, None) => always.push(id.to_owned()),
                        (Some(known), Some(row)) => lead.created_at = Some(known.min(row)),
                        (None, row) => lead.created_at = row,
                    }
                    lead.traits.extend(traits.iter().map(|(path, value)| TraitFact {
                        path: path.clone(),
                        value: Some(value.clone()),
                        at: *created_at,
                    }));
                }
                Fact::Change { path, value, at, .. } => lead.traits.push(TraitFact {
                    path: path.clone(),
                    value: value.clone(),
                    at: Some(*at),
                }),
                Fact::Event { event, .. } => {
                    let counts = event.id.as_ref().is_none_or(|id| first[id].2 == index);
                    if counts {
                        lead.events.push(event.clone());
                    }
                }
            }
        }
        for id in always {
            leads.entry(id).or_default().created_at = None;
        }
        leads
    }
}

impl Fact {
    /// The fact; where it is about the lead `from`, told about `to`.
    pub(crate) fn moved(&self, from: &str, to: &str) -> Self {
        let mut fact = self.clone();
        let (Self::Row { lead, .. } | Self::Change { lead, .. } | Self::Event { lead, .. }) =
            &mut fact;
        if lead == from {
            to.clone_into(lead);
        }
        fact
    }

    pub(crate) fn lead(&self) -> &str {
        match self {
            Self::Row { lead, .. } | Self::Change { lead, .. } | Self::Event { lead, .. } => lead,
        }
    }
}

/// Instants around which a history happens: switches of clocks, ends of months and of years, a
/// leap day, a day that a zone never had, and an ordinary one.
const PIVOTS: [&str; 13] = [
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2026-04-04T15:00:00Z",
    "2026-10-03T15:30:00Z",
    "2026-03-08T05:30:00Z",
    "2026-11-01T04:30:00Z",
    "2011-12-30T10:00:00Z",
    "2026-05-31T22:00:00Z",
    "2024-02-29T18:15:00Z",
    "2025-12-31T23:00:00Z",
    "2026-01-11T18:15:00Z",
    "1969-12-31T23:59:59.999Z",
    "2026-06-17T09:41:23.456Z",
];

/// One lead.
pub(crate) fn case(span: Span) -> BoxedStrategy<Case> {
    pivot()
        .prop_flat_map(move |pivot| {
            let instants = instants(pivot, span);
            let trait_facts = proptest::collection::vec(trait_fact(instants.clone()), 0..9);
            let events = proptest::collection::vec(event(instants.clone()), 0..=span.events);
            (option::of(instants), trait_facts, events, after(pivot, span)).prop_map(
                |(created_at, traits, mut events, t)| {
                    for (index, event) in events.iter_mut().enumerate() {
                        event.id = (index % 3 > 0).then(|| format!("event {}", index * 7 % 13));
                    }
                    Case { facts: LeadFacts { lead: "7".into(), created_at, traits, events }, t }
                },
            )
        })
        .boxed()
}

/// Several leads, some known by numbers and some by names.
pub(crate) fn crowd(span: Span) -> BoxedStrategy<Crowd> {
    pivot()
        .prop_flat_map(move |pivot| {
            let instants = instants(pivot, span);
            let fact = prop_oneof![
                2 => row(instants.clone()),
                2 => change(instants.clone()),
                5 => event_of_lead(instants),
            ];
            let facts = proptest::collection::vec(fact, 0..span.events * 4);
            (facts, after(pivot, span)).prop_map(|(facts, t)| Crowd { facts, t })
        })
        .boxed()
}

fn lead() -> impl Strategy<Value = String> {
    select(&["7", "07", "0", "lead-a", "18446744073709551615"][..]).prop_map(str::to_owned)
}

fn row(instants: BoxedStrategy<Timestamp>) -> BoxedStrategy<Fact> {
    let cells = proptest::collection::btree_map(select(&TRAITS[..6]), Just(()), 0..4)
        .prop_flat_map({
            let instants = instants.clone();
            move |paths| {
                let cells: Vec<_> =
                    paths.into_keys().map(|path| cell(path, instants.clone())).collect();
                cells
            }
        });
    (lead(), option::weighted(0.8, instants), cells)
        .prop_map(|(lead, created_at, traits)| Fact::Row { lead, created_at, traits })
        .boxed()
}

/// A trait or property with a value of its flavour.
fn cell(path: &str, instants: BoxedStrategy<Timestamp>) -> BoxedStrategy<(String, Value)> {
    let path = path.to_owned();
    flavour(&path)
        .prop_flat_map(move |flavour| {
            let path = path.clone();
            value(flavour, instants.clone()).prop_map(move |value| (path.clone(), value))
        })
        .boxed()
}

fn change(instants: BoxedStrategy<Timestamp>) -> BoxedStrategy<Fact> {
    (lead(), trait_fact(instants.clone()), instants)
        .prop_map(|(lead, TraitFact { path, value, at }, or)| Fact::Change {
            lead,
            path,
            value,
            at: at.unwrap_or(or),
        })
        .boxed()
}

fn event_of_lead(instants: BoxedStrategy<Timestamp>) -> BoxedStrategy<Fact> {
    // Few ids, so that now and then several facts share one.
    let id = option::weighted(0.7, (0..40).prop_map(|id| format!("id-{id}")));
    (lead(), event(instants), id)
        .prop_map(|(lead, mut event, id)| {
            event.id = id;
            Fact::Event { lead, event }
        })
        .boxed()
}

fn trait_fact(instants: BoxedStrategy<Timestamp>) -> BoxedStrategy<TraitFact> {
    let at = option::weighted(0.6, instants.clone());
    (select(&TRAITS[..6]), at, prop::bool::weighted(0.9))
        .prop_flat_map(move |(path, at, there)| {
            cell(path, instants.clone()).prop_map(move |(path, value)| TraitFact {
                path,
                value: there.then_some(value),
                at,
            })
        })
        .boxed()
}

fn event(instants: BoxedStrategy<Timestamp>) -> BoxedStrategy<Event> {
    let names = prop_oneof![4 => select(&EVENTS[..5]), 1 => select(&EVENTS[..])];
    let paths = proptest::sample::subsequence(PROPERTIES.to_vec(), 0..4);
    (names, instants.clone(), paths)
        .prop_flat_map(move |(name, at, paths)| {
            let cells: Vec<_> =
                paths.into_iter().map(|path| cell(path, instants.clone())).collect();
            cells.prop_map(move |properties| Event {
                id: None,
                name: name.to_owned(),
                at,
                properties,
            })
        })
        .boxed()
}

fn pivot() -> impl Strategy<Value = Timestamp> {
    select(&PIVOTS[..]).prop_map(|text| Timestamp::parse(text).expect("an instant"))
}

/// The instant to score at: the pivot or a little later.
fn after(pivot: Timestamp, span: Span) -> impl Strategy<Value = Timestamp> {
    offset(span).prop_map(move |offset| shifted(pivot, offset.abs()))
}

/// Instants of facts: before the pivot mostly, now and then after it.
fn instants(pivot: Timestamp, span: Span) -> BoxedStrategy<Timestamp> {
    (offset(span), prop::bool::weighted(0.8))
        .prop_map(move |(offset, before)| {
            shifted(pivot, if before { -offset.abs() } else { offset })
        })
        .boxed()
}

fn shifted(at: Timestamp, offset: i64) -> Timestamp {
    Timestamp::saturating_from_millis(at.as_millis() + offset)
}

/// Distances at which answers change: none, a length of time, whole hours and days, each met
/// exactly or missed by a millisecond; and any other.
fn offset(span: Span) -> BoxedStrategy<i64> {
    let length = select(&DURATIONS[..])
        .prop_map(|length| length.parse::<Duration>().expect("a length of time").as_millis());
    let around = prop_oneof![
        2 => Just(0),
        3 => length,
        3 => (0..span.days * 24).prop_map(|hours| hours * HOUR_MS),
        3 => (0..span.days).prop_map(|days| days * DAY_MS),
        1 => (0..span.days * 48).prop_map(|halves| halves * HOUR_MS / 2),
        1 => 0..span.days * DAY_MS,
    ];
    let missed = prop_oneof![4 => Just(0_i64), 1 => Just(1), 1 => Just(-1)];
    (around, missed, any::<bool>())
        .prop_map(move |(around, missed, back)| {
            let offset = around.min(span.days * DAY_MS) + missed;
            if back { -offset } else { offset }
        })
        .boxed()
}

//! Small histories, written out by hand.

use history::{Gathered, Gathering, History, Roster, RosterBuilder};
use leads::batch::{Coded, EventBatch, LeadBatch, LeadIds, Texts, TraitChange};
use leads::{Event, LeadFacts, Timestamp, TraitFact, Value};
use scoring::document::{Syntax, load};
use scoring::{Needs, Program};

/// The day `day` of a fictitious calendar that begins on 1 January 2025, in UTC.
pub(crate) fn day(day: f64) -> Timestamp {
    Timestamp::saturating_from_millis(1_735_689_600_000 + (day * 86_400_000.0).round() as i64)
}

pub(crate) fn later(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::saturating_from_millis(at.as_millis() + millis)
}

/// A lead created on a day.
#[expect(clippy::needless_pass_by_value, reason = "tests name leads by texts and by numbers")]
pub(crate) fn lead(name: impl ToString, created: f64) -> LeadFacts {
    LeadFacts { lead: name.to_string(), created_at: Some(day(created)), ..LeadFacts::default() }
}

/// Facts, one after another.
pub(crate) trait Telling {
    fn knows(self, path: &str, value: impl Into<Told>) -> Self;
    fn learns(self, path: &str, value: impl Into<Told>, at: Timestamp) -> Self;
    fn does(self, event: &str, at: Timestamp) -> Self;
}

/// A value in a test.
pub(crate) struct Told(Value);

impl From<&str> for Told {
    fn from(text: &str) -> Self {
        Self(Value::Text(text.to_owned()))
    }
}

impl From<f64> for Told {
    fn from(number: f64) -> Self {
        Self(Value::Number(number))
    }
}

impl Telling for LeadFacts {
    fn knows(mut self, path: &str, value: impl Into<Told>) -> Self {
        let at = self.created_at;
        self.traits.push(TraitFact { path: path.to_owned(), value: Some(value.into().0), at });
        self
    }

    fn learns(mut self, path: &str, value: impl Into<Told>, at: Timestamp) -> Self {
        let value = Some(value.into().0);
        self.traits.push(TraitFact { path: path.to_owned(), value, at: Some(at) });
        self
    }

    fn does(mut self, event: &str, at: Timestamp) -> Self {
        self.events.push(Event { id: None, name: event.to_owned(), at, properties: Vec::new() });
        self
    }
}

/// Programs and one history that serves them all.
pub(crate) fn programs(documents: &[&str], outcome: &str) -> (Vec<Program>, Needs) {
    let models: Vec<scoring::Model> = documents
        .iter()
        .map(|text| {
            let loaded = load(text, Syntax::Yaml);
            let complaints: Vec<String> =
                loaded.diagnostics.iter().map(ToString::to_string).collect();
            loaded.model.unwrap_or_else(|| panic!("{}", complaints.join("\n")))
        })
        .collect();
    let needs = Needs::of(&models).with_event(outcome);
    let program = |model| Program::with_needs(model, Some(needs.clone()));
    (models.into_iter().map(program).collect(), needs.clone())
}

/// A history of these leads.
pub(crate) fn history(needs: &Needs, facts: &[LeadFacts]) -> History {
    gathered(Gathering::new(needs.clone(), roster(needs, facts)), facts, false).into_history(1)
}

/// The same for one score only; their events lead by lead, or in the order of time.
pub(crate) fn for_score(
    program: &Program,
    at: Timestamp,
    facts: &[LeadFacts],
    in_order: bool,
) -> Gathered {
    let needs = program.needs();
    let gathering = Gathering::new(needs.clone(), roster(needs, facts)).for_score(program, at);
    gathered(gathering, facts, in_order)
}

fn roster(needs: &Needs, facts: &[LeadFacts]) -> Roster {
    let mut roster = RosterBuilder::new(needs);
    let column = |path: &String| {
        let own = |lead: &LeadFacts| {
            let own =
                lead.traits.iter().find(|fact| fact.path == *path && fact.at == lead.created_at);
            own.and_then(|fact| fact.value.clone())
        };
        let codes = (0..facts.len() as u32).collect();
        Coded { values: facts.iter().map(own).collect(), codes }
    };
    let mut ids = Texts::default();
    facts.iter().for_each(|lead| ids.push(&lead.lead));
    roster.take(&LeadBatch {
        leads: LeadIds::Texts(ids),
        created_at: facts.iter().map(|lead| lead.created_at).collect(),
        traits: needs.traits.iter().map(column).collect(),
    });
    for lead in facts {
        for fact in lead.traits.iter().filter(|fact| fact.at != lead.created_at) {
            let (lead, path) = (lead.lead.clone(), fact.path.clone());
            let at = fact.at.unwrap_or(Timestamp::MIN);
            roster.change(needs, &TraitChange { lead, path, value: fact.value.clone(), at });
        }
    }
    roster.finish().0
}

fn gathered(gathering: Gathering, facts: &[LeadFacts], in_order: bool) -> Gathered {
    let by_lead = facts.iter().flat_map(|lead| lead.events.iter().map(move |event| (lead, event)));
    let mut events: Vec<(&LeadFacts, &Event)> = by_lead.collect();
    if in_order {
        events.sort_by_key(|(_, event)| event.at);
    }
    let mut ids = Texts::default();
    events.iter().for_each(|(lead, _)| ids.push(&lead.lead));
    let rows = events.len();
    let properties = gathering.needs().properties.iter().map(|_| Coded::missing(rows)).collect();
    gathering.take(
        0,
        &EventBatch {
            leads: LeadIds::Texts(ids),
            names: Coded {
                values: events
                    .iter()
                    .map(|(_, event)| Some(Value::Text(event.name.clone())))
                    .collect(),
                codes: (0..rows as u32).collect(),
            },
            at: events.iter().map(|(_, event)| event.at).collect(),
            ids: None,
            properties,
        },
    );
    gathering.finish(1)
}

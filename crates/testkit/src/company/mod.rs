//! The company: its leads in the order of their numbers, each with its rows and everything it did.
//!
//! | event | properties |
//! |---|---|
//! | `session_started` | `source`, `device`, sometimes `campaign` |
//! | `page_viewed` | `path`, `seconds` |
//! | `email_sent`, `email_opened`, `email_bounced`, `unsubscribed` | `kind` (newsletter, promo), `campaign` |
//! | `email_clicked` | the same, and `link` |
//! | `file_downloaded` | `file`, `kind` (ebook, datasheet, calculator, `case_study`, `price_list`) |
//! | `form_submitted` | `form` (newsletter, ebook, contact, quote) |
//! | `webinar_registered`, `webinar_attended` | `topic`; who attended also `minutes` |
//! | `social_engaged` | `network`, `action` (like, click, comment, share) |
//! | `demo_requested`, `trial_requested` | `channel`; `product` |
//! | `deal_won`, `deal_lost`, `sales_rejected` | `amount`, `currency`; `reason`; `reason` |
//! | `purchased` | `product`, `category` (`coffee_machine`, capsules, subscription), `quantity`, `amount`, `currency` |

mod arrival;
mod browse;
mod fate;
mod firm;
mod hours;
mod journey;
// Lists read better in lines than in columns.
#[rustfmt::skip]
mod names;
mod person;
mod row;
mod site;
#[rustfmt::skip]
mod title;

use jiff::tz::TimeZone;
use leads::{LeadFacts, Timestamp, TraitFact, Value};

pub(crate) use browse::{Action, browse};
use fate::{Fate, Shares};
use names::MARKETS;
use person::Person;

/// What to generate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// How many leads, numbered from 1. Some of them have a second row.
    pub leads: u64,
    /// How many rows of events in all, duplicates included.
    pub events: u64,
    /// Everything follows from this number.
    pub seed: u64,
    /// The end of the history: everything happens before it.
    pub until: Timestamp,
    /// The length of the history. Three years by default, for a coffee machine lives two.
    pub days: u32,
}

impl Default for Options {
    /// A company to look at: 2,000 leads and 60,000 events until 1 November 2026.
    fn default() -> Self {
        Self {
            leads: 2_000,
            events: 60_000,
            seed: 2026,
            until: Timestamp::saturating_from_millis(1_793_491_200_000),
            days: 1_096,
        }
    }
}

/// The traits of a lead, in the order of [`Row::traits`] and of the columns of a file.
pub const TRAITS: [&str; 19] = [
    "name",
    "name.gibberish",
    "email",
    "email.domain",
    "email.kind",
    "phone",
    "title",
    "title.seniority",
    "company.name",
    "company.domain",
    "company.employees",
    "company.industry",
    "country",
    "city",
    "language",
    "utm.source",
    "utm.medium",
    "utm.campaign",
    "consent.email",
];

/// One lead: its rows in the leads' file, and its rows in the events' file as they arrived, which
/// is nearly the order of time.
#[derive(Clone, PartialEq, Debug)]
pub struct Story {
    /// One row, or two where the lead was imported twice.
    pub rows: Vec<Row>,
    /// What it did.
    pub events: Vec<Event>,
}

/// A row of the leads' file.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// The lead's number as text.
    pub lead: String,
    /// Since when it is known.
    pub created_at: Timestamp,
    /// A value or a gap for each of [`TRAITS`].
    pub traits: Vec<Option<Value>>,
}

/// A row of the events' file.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// What identifies the fact; duplicates share it.
    pub id: String,
    /// What happened.
    pub name: &'static str,
    /// When.
    pub at: Timestamp,
    /// Its properties; none is a list or an instant.
    pub properties: Vec<(&'static str, Value)>,
}

/// A company of which nothing has been made yet but the shares of its leads in the events.
pub struct Company {
    options: Options,
    shares: Shares,
    /// By market.
    zones: Vec<TimeZone>,
}

impl Company {
    /// Prepares the company: one pass over the leads that takes a few nanoseconds for each.
    pub fn new(options: Options) -> Self {
        let zones = MARKETS.iter().map(|(_, market)| {
            TimeZone::get(market.zone).expect("the time zones of the markets are built in")
        });
        Self { options, shares: Shares::new(&options), zones: zones.collect() }
    }

    /// The leads in the order of their numbers, one in memory at a time. Their events come to
    /// exactly [`Options::events`] rows.
    pub fn stories(&self) -> impl Iterator<Item = Story> {
        let mut shares = self.shares;
        (1..=self.options.leads).map(move |number| self.story(number, &mut shares))
    }

    fn story(&self, number: u64, shares: &mut Shares) -> Story {
        let mut fate = Fate::new(&self.options, number);
        let budget = shares.take(&self.options, &fate, number);
        let person = Person::new(self.options.seed, self.self_of(number), self.firms());
        let zone = self.zone_of(&person);
        fate.created_at = hours::created_at(&self.options, number, zone, fate.created_at);
        let setting =
            journey::Setting { options: &self.options, number, fate: &fate, person: &person, zone };
        let events = arrival::arrange(&self.options, number, budget, |budget| {
            journey::walk(&setting, budget)
        });
        Story { rows: row::rows(&self.options, number, &fate, &person), events }
    }

    /// Who lead `number` really is: a few are the person of the lead before, come a second time.
    fn self_of(&self, number: u64) -> u64 {
        let mut number = number;
        while number > 1 && Fate::new(&self.options, number).seen_before {
            number -= 1;
        }
        number
    }

    fn zone_of(&self, person: &Person) -> &TimeZone {
        let country = person.firm.market.country;
        let market = MARKETS.iter().position(|(_, market)| market.country == country);
        &self.zones[market.expect("a firm is in one of the markets")]
    }

    fn firms(&self) -> u64 {
        self.options.leads / 3 + 1
    }
}

impl Story {
    /// The lead's number as text.
    pub fn lead(&self) -> &str {
        &self.rows[0].lead
    }

    /// The facts as a scorer takes them: of events with one id the first, traits of the first row.
    pub fn facts(&self) -> LeadFacts {
        let row = &self.rows[0];
        let traits = TRAITS.iter().zip(&row.traits).filter(|(_, value)| value.is_some());
        let mut events: Vec<&Event> = self.events.iter().collect();
        events.sort_by(|a, b| (&a.id, a.at).cmp(&(&b.id, b.at)));
        events.dedup_by(|later, first| later.id == first.id);
        events.sort_by_key(|event| event.at);
        LeadFacts {
            lead: row.lead.clone(),
            created_at: Some(row.created_at),
            traits: traits
                .map(|(path, value)| TraitFact {
                    path: (*path).to_owned(),
                    value: value.clone(),
                    at: Some(row.created_at),
                })
                .collect(),
            events: events.into_iter().map(Event::fact).collect(),
        }
    }
}

impl Event {
    fn fact(&self) -> leads::Event {
        let properties = self.properties.iter();
        leads::Event {
            id: Some(self.id.clone()),
            name: self.name.to_owned(),
            at: self.at,
            properties: properties
                .map(|(path, value)| ((*path).to_owned(), value.clone()))
                .collect(),
        }
    }
}

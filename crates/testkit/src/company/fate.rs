//! What is settled before a lead is made: since when it is known, and how many of the company's
//! events are its own.

use super::Options;
use crate::dice::{Dice, Purpose};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The few numbers about a lead that everything else starts from.
#[derive(Clone, Copy)]
pub(super) struct Fate {
    /// Milliseconds since the Unix epoch.
    pub(super) created_at: i64,
    /// Its share of the events, relative to the others'.
    weight: i64,
    /// How eager it is from the beginning, 0 to 999.
    pub(super) eagerness: i64,
    pub(super) origin: Origin,
    pub(super) kind: Kind,
    /// The same person as the lead before, under a new number.
    pub(super) seen_before: bool,
    /// Its row stands in the file twice.
    pub(super) listed_twice: bool,
}

/// What sort of lead it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Prospect,
    /// A customer from the beginning, imported from the books; buys the first machine at once.
    Customer,
    /// No person, but a program that reads the whole site.
    Bot,
}

impl Fate {
    pub(super) fn new(options: &Options, number: u64) -> Self {
        let mut dice = Dice::new(options.seed, Purpose::Fate, number);
        let until = options.until.as_millis();
        let history = i64::from(options.days.max(1)) * DAY_MS;
        let kind = dice.weighted(&[(947, Kind::Prospect), (50, Kind::Customer), (3, Kind::Bot)]);
        let came = if kind == Kind::Customer {
            dice.below(history / 3)
        } else {
            // The larger of two draws: the company gets more leads a month than it used to.
            dice.below(history).max(dice.below(history))
        };
        let age = (history - came).max(HOUR_MS);
        let eagerness = dice.below(1000);
        let silent = kind == Kind::Prospect && dice.chance(110);
        // A few do most: the first of a thousand does some sixty times as much as the last. And a
        // newcomer has had less time.
        let rank = 999 - (2 * eagerness + dice.below(1000)) / 3;
        let appetite = if kind == Kind::Bot { 5_000 } else { 100_000 / (rank + 15) };
        let time = (90 * DAY_MS + age) * 1000 / (90 * DAY_MS + history);
        Self {
            created_at: until - age,
            weight: if silent { 0 } else { appetite * time },
            eagerness,
            origin: dice.weighted(&ORIGINS),
            kind,
            seen_before: number > 1 && dice.chance(12),
            listed_twice: dice.chance(15),
        }
    }
}

/// Where a lead came from, as the marks on the link said.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub(super) source: &'static str,
    pub(super) medium: &'static str,
    pub(super) campaign: Option<&'static str>,
}

const ORIGINS: [(i64, Origin); 9] = [
    (260, origin("google", "organic", None)),
    (150, origin("google", "cpc", Some("office-coffee"))),
    (140, origin("direct", "none", None)),
    (130, origin("linkedin", "cpc", Some("hr-happy-teams"))),
    (90, origin("newsletter", "email", Some("monthly"))),
    (80, origin("facebook", "social", Some("barista-video"))),
    (60, origin("instagram", "social", Some("barista-video"))),
    (50, origin("partner", "referral", Some("resellers"))),
    (40, origin("fair", "offline", Some("horeca-madrid"))),
];

const fn origin(
    source: &'static str,
    medium: &'static str,
    campaign: Option<&'static str>,
) -> Origin {
    Origin { source, medium, campaign }
}

/// Deals the events out to the leads: to each its share of what is left, so that the rows come to
/// exactly what was asked for.
#[derive(Clone, Copy)]
pub(super) struct Shares {
    weight_total: u128,
    weight_taken: u128,
    events_taken: u64,
}

impl Shares {
    pub(super) fn new(options: &Options) -> Self {
        let weights = (1..=options.leads).map(|number| Fate::new(options, number).weight as u128);
        Self { weight_total: weights.sum(), weight_taken: 0, events_taken: 0 }
    }

    /// The number of events of the next lead.
    pub(super) fn take(&mut self, options: &Options, fate: &Fate, number: u64) -> usize {
        self.weight_taken += fate.weight as u128;
        let due = if number == options.leads {
            options.events
        } else {
            let due = u128::from(options.events) * self.weight_taken / self.weight_total.max(1);
            due as u64
        };
        let share = due - self.events_taken;
        self.events_taken = due;
        share as usize
    }
}

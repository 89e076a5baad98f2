//! Visitors who are on the company's site right now: what happens next, one thing after another,
//! for a list that moves while somebody looks at it.

use leads::{Report, Timestamp, Trust, What, Who};
use serde_json::{Map, json};

use crate::company::{Action, browse};
use crate::dice::{Dice, Purpose};

/// People on the site. Most of them look around; some are nearly convinced.
pub struct Visitors {
    people: Vec<Who>,
    dice: Dice,
    present: Vec<Visit>,
    happened: u64,
    seed: u64,
}

/// One person's visit.
struct Visit {
    person: usize,
    /// How near to buying, in thousandths.
    warmth: i64,
    /// Things still to be done.
    left: i64,
}

/// So many are on the site at a time.
const PRESENT: usize = 12;

impl Visitors {
    /// Visitors among these people; everything follows from the seed.
    pub fn new(people: Vec<Who>, seed: u64) -> Self {
        let dice = Dice::new(seed, Purpose::Visitors, 0);
        Self { people, dice, present: Vec::new(), happened: 0, seed }
    }

    /// What happens next, at `now`; nothing where there is nobody. Ids are unique per `run`, so that
    /// a second demonstration on the same data adds to the first.
    pub fn next(&mut self, run: &str, now: Timestamp) -> Option<Report> {
        if self.people.is_empty() {
            return None;
        }
        if self.present.len() < PRESENT.min(self.people.len()) {
            return Some(self.arrive(run, now));
        }
        let at = self.dice.below(self.present.len() as i64) as usize;
        let visit = &mut self.present[at];
        visit.left -= 1;
        let (person, warmth) = (visit.person, visit.warmth);
        // Whoever reads on warms up.
        visit.warmth = (warmth + 60).min(1000);
        if visit.left <= 0 {
            self.present.swap_remove(at);
        }
        let Action { event, properties } = browse(&mut self.dice, warmth);
        Some(self.report(run, person, event, properties, now))
    }

    fn arrive(&mut self, run: &str, now: Timestamp) -> Report {
        // The square of a uniform number: some come often, most seldom.
        let count = self.people.len() as i64;
        let (one, other) = (self.dice.below(count), self.dice.below(count));
        let person = (one * other / count) as usize;
        let warmth = self.dice.below(900);
        let left = self.dice.between(2, 8);
        self.present.push(Visit { person, warmth, left });
        let mut properties = Map::new();
        properties.insert("source".to_owned(), json!("direct"));
        self.report(run, person, "session_started", properties, now)
    }

    fn report(
        &mut self,
        run: &str,
        person: usize,
        event: &str,
        properties: Map<String, serde_json::Value>,
        now: Timestamp,
    ) -> Report {
        self.happened += 1;
        Report {
            id: format!("visit-{run}-{}-{}", self.seed, self.happened),
            at: now,
            received_at: now,
            source: "demo".to_owned(),
            trust: Trust::Trusted,
            who: self.people[person].clone(),
            what: What::Event { name: event.to_owned(), properties },
            machine: None,
        }
    }
}

//! A company to look at: its history, its models, and visitors who are on its site right now.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use leads::{Report, Timestamp};
use live::{Live, LiveError};
use store::scores::VersionState;
use testkit::company::{Company, Options};
use testkit::reports::{reports, who};
use testkit::visitors::Visitors;

use super::fresh_id;
use crate::clock::now;
use crate::exit::{Failure, Result};

/// A demonstration: how large, and from which seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demo {
    pub(crate) leads: u64,
    pub(crate) events: u64,
    pub(crate) seed: u64,
}

/// The models that a demonstration works with; the first is the one that people look at first.
const MODELS: [&str; 2] = [
    include_str!("../../../../models/b2b-software.yaml"),
    include_str!("../../../../models/online-shop.yaml"),
];

/// Reports in one commit while the history is read in.
const REPORTS: usize = 2_000;

/// From one thing that a visitor does to the next.
const PAUSE: Duration = Duration::from_millis(700);

/// Fills a store with the company's history until now and puts its models in force. A store that has
/// models already is left as it is. Answers who may visit.
pub(crate) fn seed(live: &Live, demo: Demo, told: &mut dyn FnMut(u64)) -> Result<Visitors> {
    let until = now();
    let options = Options {
        leads: demo.leads,
        events: demo.events,
        seed: demo.seed,
        until,
        ..Options::default()
    };
    let company = Company::new(options);
    let mut people = Vec::new();
    let fresh = live.lineup().lines().is_empty();
    if fresh {
        for document in MODELS {
            let added = live.add_draft(document, "An example model", "demo", until);
            let drafted = added.map_err(Failure::system)?;
            let active = VersionState::Active;
            live.set_state(&drafted.model, drafted.version, active, "demo", until)
                .map_err(Failure::system)?;
        }
    }
    let mut waiting: Vec<Report> = Vec::with_capacity(REPORTS);
    let mut seen = BTreeSet::new();
    for story in company.stories() {
        let person = who(&story);
        if seen.insert(person.user.clone()) {
            people.push(person);
        }
        if fresh {
            waiting.extend(reports(&story, until));
        }
        if waiting.len() >= REPORTS {
            told(waiting.len() as u64);
            live.take_and_wait(std::mem::take(&mut waiting)).map_err(Failure::system)?;
        }
    }
    told(waiting.len() as u64);
    live.take_and_wait(waiting).map_err(Failure::system)?;
    Ok(Visitors::new(people, demo.seed))
}

/// Lets visitors come until `stop`.
pub(crate) fn visit(
    live: Live,
    mut visitors: Visitors,
    stop: Arc<AtomicBool>,
) -> thread::JoinHandle<()> {
    let run = fresh_id();
    thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let taken = visitors.next(&run, now()).map(|report| live.take_and_wait(vec![report]));
            if let Some(Err(error)) = taken {
                tracing::warn!(%error, "a visitor could not be taken");
            }
            thread::sleep(PAUSE);
        }
    })
}

/// Scores everyone who is marked.
pub(crate) fn score_everyone(live: &Live, now: Timestamp) -> std::result::Result<(), LiveError> {
    while live.work(now, 500)? > 0 {}
    Ok(())
}

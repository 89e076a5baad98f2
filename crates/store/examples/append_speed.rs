//! How many facts a second the store takes, and how long it takes to read them all.
//!
//! ```text
//! cargo run --release -p store --example append_speed -- [ADDRESS] [FACTS] [BATCH] [CLIENTS]
//! ```
//!
//! Without an address: an SQLite file in a directory for the purpose. Half of the visitors are known;
//! a third of the facts come from known users on one of two devices.

#![expect(clippy::print_stdout, reason = "it tells what it measured")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use leads::{EmailAddress, Report, Timestamp, Trust, What, Who};
use serde_json::json;
use store::facts::append;
use store::reading::{each_lead, scan};
use store::segments::{SealOptions, seal};
use store::{Address, DbError, SegmentError, Segments, Store};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = tempfile::tempdir()?;
    let address = match arguments.next().as_deref() {
        None | Some("-") => Address::File(directory.path().join("madura.db")),
        Some(text) => Address::parse(text)?,
    };
    let mut number = |or: usize| arguments.next().and_then(|text| text.parse().ok()).unwrap_or(or);
    let (facts, batch, clients) = (number(300_000), number(100), number(8));
    let now = Timestamp::parse("2026-03-02T09:00:00Z")?;
    let store = Store::open(&address, now)?;
    let segments = Segments::open(&directory.path().join("events"))?;

    let persons = (facts / 20).max(1);
    let reports: Arc<Vec<Report>> = Arc::new((0..facts).map(|n| report(n, persons, now)).collect());
    println!(
        "{address}: {facts} facts of {persons} persons, {batch} per job, {clients} jobs at a time"
    );
    let begun = Instant::now();
    let mut waiting = VecDeque::new();
    for from in (0..facts).step_by(batch) {
        let reports = Arc::clone(&reports);
        waiting.push_back(store.submit(move |tx| {
            let to = (from + batch).min(reports.len());
            let mut next = 0;
            let mut fresh_id = || {
                next += 1;
                format!("0197aaaa-{from:08}-{next:08}-0000")
            };
            append(tx, &reports[from..to], &mut fresh_id).map(|_| ())
        }));
        if waiting.len() >= clients
            && let Some(pending) = waiting.pop_front()
        {
            pending.wait()?;
        }
    }
    for pending in waiting {
        pending.wait()?;
    }
    told("taken", facts, begun);

    let begun = Instant::now();
    let mut read = 0;
    store.read(|tx| {
        scan(tx, &segments, |_, _| {
            read += 1;
            Ok::<(), SegmentError>(())
        })
    })?;
    told("scanned", read, begun);

    let begun = Instant::now();
    let mut flat = 0;
    store.read(|tx| {
        each_lead(tx, &segments, |record| {
            flat += record.facts(&|_| Some("business")).events.len();
            Ok::<(), SegmentError>(())
        })
    })?;
    told("gathered by lead and flattened", flat, begun);

    let begun = Instant::now();
    let options = SealOptions { before: Timestamp::MAX, at_least: 1, at_most: facts };
    let sealed = seal(&store, &segments, &options, now)?;
    told("sealed", sealed.facts, begun);
    let bytes: u64 = std::fs::read_dir(segments.directory())?
        .map(|entry| entry.and_then(|entry| entry.metadata()).map_or(0, |data| data.len()))
        .sum();
    println!("  {} files, {:.1} bytes per fact", sealed.files, bytes as f64 / sealed.facts as f64);

    let begun = Instant::now();
    let mut read = 0;
    store.read(|tx| {
        scan(tx, &segments, |_, _| {
            read += 1;
            Ok::<(), SegmentError>(())
        })
    })?;
    told("scanned when sealed", read, begun);
    let begun = Instant::now();
    let leads: Vec<String> = store
        .read(|tx| tx.query("SELECT DISTINCT lead FROM person LIMIT 100", &[], |row| row.get(0)))
        .map_err(|error: DbError| error)?;
    for lead in &leads {
        store.read(|tx| store::reading::lead_facts(tx, &segments, lead))?;
    }
    told("leads read one by one when sealed", leads.len(), begun);
    Ok(())
}

fn told(what: &str, count: usize, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    println!("{what}: {count} in {seconds:.2} s, {:.0}/s", count as f64 / seconds);
}

/// Scattered persons, a visit every few seconds.
fn report(number: usize, persons: usize, now: Timestamp) -> Report {
    let person = number.wrapping_mul(2_654_435_761) % persons;
    let device = number % 2;
    let mut who = Who::default();
    if number.is_multiple_of(3) && person.is_multiple_of(2) {
        who.user = Some(format!("user-{person}"));
        who.email =
            EmailAddress::parse(&format!("person{person}@company{}.com", person % 500)).ok();
    }
    who.anonymous = Some(format!("5f0c{person:08}-{device}-4a1b-9c3d"));
    let at = Timestamp::saturating_from_millis(now.as_millis() + number as i64 * 2500);
    let mut properties = serde_json::Map::new();
    properties.insert("path".to_owned(), json!(format!("/pages/{}", number % 211)));
    properties.insert("title".to_owned(), json!("What lead scoring is and how it is done"));
    properties.insert("referrer".to_owned(), json!("https://search.example/?q=lead+scoring"));
    Report {
        id: format!("{:016x}-{number:08}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
        at,
        received_at: at,
        source: "key:web".to_owned(),
        trust: Trust::Public,
        who,
        what: What::Event { name: "page_viewed".to_owned(), properties },
        machine: None,
    }
}

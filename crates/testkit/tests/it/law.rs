use std::collections::HashSet;

use testkit::company::{Options, TRAITS};
use testkit::write::Format;

use super::{files, options, stories};

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let small = Options { leads: 200, events: 3_000, ..Options::default() };
    for format in [Format::Csv, Format::Ndjson] {
        assert_eq!(files(format, small), files(format, small));
    }
    assert_ne!(files(Format::Csv, small), files(Format::Csv, Options { seed: 1, ..small }));
}

/// Not the bytes of this machine and this day: the bytes. Whoever changes the generator knowingly
/// writes the new number here.
#[test]
fn the_bytes_are_the_same_on_every_machine() {
    let small = Options { leads: 50, events: 1_000, seed: 7, ..Options::default() };
    let (leads, events) = files(Format::Csv, small);
    assert_eq!(fnv(&(leads + &events)), 5_722_335_940_680_743_377);
}

#[test]
fn the_rows_come_to_exactly_what_was_asked_for() {
    for (leads, events) in [(1, 1), (1, 0), (1, 500), (3, 20), (100, 7), (1_000, 25_000)] {
        let asked = Options { leads, events, ..Options::default() };
        let stories = stories(asked);
        assert_eq!(stories.len() as u64, leads);
        assert_eq!(stories.iter().map(|story| story.events.len() as u64).sum::<u64>(), events);
    }
    assert_eq!(stories(Options { leads: 0, events: 0, ..Options::default() }), []);
}

#[test]
fn a_lead_is_the_same_whatever_comes_after_it() {
    let half = Options { leads: 100, events: 0, ..options() };
    let whole = Options { leads: 100, events: 5_000, ..options() };
    let rows = |options| stories(options).into_iter().map(|story| story.rows).collect::<Vec<_>>();
    assert_eq!(rows(half), rows(whole));
}

#[test]
fn every_event_belongs_to_a_lead_and_lies_between_its_creation_and_the_end() {
    let mut leads = HashSet::new();
    for story in stories(options()) {
        assert!(leads.insert(story.lead().to_owned()), "lead {} came twice", story.lead());
        for event in &story.events {
            assert!(event.id.starts_with(&format!("{}-", story.lead())), "{event:?}");
            assert!(event.at >= story.rows[0].created_at, "{event:?}");
            assert!(event.at < options().until, "{event:?}");
        }
    }
}

#[test]
fn both_formats_say_the_same() {
    let small = Options { leads: 300, events: 4_000, ..Options::default() };
    let (csv_leads, csv_events) = files(Format::Csv, small);
    let (leads, events) = files(Format::Ndjson, small);
    assert_eq!(csv_leads.lines().count(), leads.lines().count() + 1);
    assert_eq!(csv_events.lines().count(), events.lines().count() + 1);
    for line in leads.lines().chain(events.lines()) {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    for line in csv_events.lines().skip(1) {
        let quoted = line.split_once(",\"").expect("properties are quoted").1;
        let json = quoted.strip_suffix('"').unwrap().replace("\"\"", "\"");
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
    }
}

#[test]
fn sessions_follow_the_working_day_and_the_working_week() {
    let stories = stories(options());
    let (mut night, mut noon, mut weekend, mut all) = (0, 0, 0, 0);
    let zone = jiff::tz::TimeZone::get("Europe/Madrid").unwrap();
    let spanish = stories.iter().filter(|story| super::trait_of(story, "country") == "ES");
    for event in spanish.flat_map(|story| &story.events) {
        if event.name != "session_started" {
            continue;
        }
        let local = event.at.to_jiff().to_zoned(zone.clone());
        all += 1;
        night += i32::from(local.hour() < 6);
        noon += i32::from((9..13).contains(&local.hour()));
        weekend += i32::from(local.weekday().to_monday_zero_offset() >= 5);
    }
    assert!(noon > 8 * night, "{noon} in the morning, {night} at night");
    assert!(weekend * 7 < all, "{weekend} of {all} at the weekend, which is two days of seven");
}

#[test]
fn a_worn_out_coffee_machine_is_bought_again_after_some_two_years() {
    let mut months = Vec::new();
    for story in stories(Options { leads: 3_000, events: 300_000, ..Options::default() }) {
        let mut bought: Vec<_> = story
            .facts()
            .events
            .into_iter()
            .filter(|event| event.name == "purchased")
            .filter(|event| event.properties[1].1.to_string() == "coffee_machine")
            .map(|event| event.at.as_millis())
            .collect();
        bought.sort_unstable();
        months.extend(bought.windows(2).map(|pair| (pair[1] - pair[0]) / (30 * 86_400_000)));
    }
    assert!(months.len() >= 80, "only {} machines were replaced", months.len());
    assert!(months.iter().all(|months| (19..=29).contains(months)), "{months:?}");
}

#[test]
fn facts_for_a_scorer_are_settled() {
    for story in stories(Options { leads: 500, events: 20_000, ..Options::default() }) {
        let facts = story.facts();
        let ids: HashSet<_> = facts.events.iter().map(|event| event.id.clone()).collect();
        assert_eq!(ids.len(), facts.events.len());
        assert!(facts.events.is_sorted_by_key(|event| event.at));
        assert!(facts.traits.len() <= TRAITS.len());
    }
}

fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

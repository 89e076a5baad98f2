//! What becomes of a lead depends on who it is and on what it did before.

use leads::Timestamp;
use testkit::company::Story;

use super::{options, stories, trait_of};

const DAY_MS: i64 = 86_400_000;
const CUT_OFFS: i64 = 8;
const HORIZON_DAYS: i64 = 90;

/// What a first attempt at a model would say, from nothing but facts before the cut-off.
fn simple_rule(story: &Story, cut_off: Timestamp) -> i64 {
    let fit = match trait_of(story, "title.seniority").as_str() {
        "c_level" | "vp" | "director" => 20,
        "manager" => 10,
        _ => 0,
    } + match trait_of(story, "country").as_str() {
        "ES" | "RO" => 10,
        _ => 0,
    } + match trait_of(story, "company.employees").parse::<i64>() {
        Ok(10..) => 10,
        _ => 0,
    };
    let recent = |event: &&testkit::company::Event| {
        event.at < cut_off && cut_off.as_millis() - event.at.as_millis() < 30 * DAY_MS
    };
    let behaviour: i64 = story
        .events
        .iter()
        .filter(recent)
        .map(|event| match event.name {
            "demo_requested" | "trial_requested" => 40,
            "file_downloaded" | "webinar_attended" => 8,
            "email_clicked" => 4,
            "page_viewed" => 2,
            _ => 0,
        })
        .sum();
    fit + behaviour.min(80)
}

/// Rank by the rule at each cut-off, and the share of each quarter that is won within the horizon.
fn rates_by_quarter(outcome: &str) -> [f64; 4] {
    let stories = stories(options());
    let (mut leads, mut outcomes) = ([0.0; 4], [0.0; 4]);
    for step in 1..=CUT_OFFS {
        let cut_off = options().until.as_millis() - step * HORIZON_DAYS * DAY_MS;
        let horizon = cut_off..cut_off + HORIZON_DAYS * DAY_MS;
        let cut_off = Timestamp::saturating_from_millis(cut_off);
        let mut ranked: Vec<_> = stories
            .iter()
            .filter(|story| story.rows[0].created_at < cut_off)
            .filter(|s| !s.events.iter().any(|e| e.name == outcome && e.at < cut_off))
            .map(|story| (simple_rule(story, cut_off), story))
            .collect();
        ranked.sort_by_key(|(points, _)| *points);
        let known = ranked.len();
        for (rank, (_, story)) in ranked.into_iter().enumerate() {
            let quarter = rank * 4 / known;
            let reached = |event: &testkit::company::Event| {
                event.name == outcome && horizon.contains(&event.at.as_millis())
            };
            leads[quarter] += 1.0;
            outcomes[quarter] += f64::from(story.events.iter().any(reached));
        }
    }
    std::array::from_fn(|quarter| outcomes[quarter] / leads[quarter])
}

#[test]
fn a_simple_rule_finds_those_who_will_buy() {
    let rates = rates_by_quarter("deal_won");
    assert!(rates[3] > 5.0 * rates[0], "{rates:?}");
    assert!(rates[3] > 1.5 * rates[2], "{rates:?}");
    assert!(rates[3] < 0.25, "too easy to be true: {rates:?}");
}

#[test]
fn sales_rejects_those_who_do_not_fit() {
    let stories = stories(options());
    let rejected = |story: &&Story| story.events.iter().any(|e| e.name == "sales_rejected");
    let students = |story: &&Story| trait_of(story, "title.seniority") == "student";
    let share = |few: usize, all: usize| few as f64 / all as f64;
    let of_students = share(
        stories.iter().filter(students).filter(rejected).count(),
        stories.iter().filter(students).count(),
    );
    let of_all = share(stories.iter().filter(rejected).count(), stories.len());
    assert!(of_students > 1.3 * of_all, "{of_students} of students, {of_all} of all");
}

#[test]
fn every_kind_of_outcome_happens_but_to_few() {
    let stories = stories(options());
    for (outcome, low, high) in [
        ("demo_requested", 0.04, 0.35),
        ("deal_won", 0.02, 0.12),
        ("deal_lost", 0.02, 0.15),
        ("sales_rejected", 0.005, 0.08),
        ("purchased", 0.05, 0.15),
        ("unsubscribed", 0.02, 0.15),
    ] {
        let with = stories.iter().filter(|s| s.events.iter().any(|e| e.name == outcome)).count();
        let share = with as f64 / stories.len() as f64;
        assert!((low..=high).contains(&share), "{outcome}: {share}");
    }
}

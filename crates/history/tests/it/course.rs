//! How one lead's score came to be what it is.

use history::{Change, Course, Fact, course};
use leads::LeadFacts;

use crate::small::{Telling, day, history, later, lead, programs};

const MODEL: &str = "
model: m
groups:
  - group: Behaviour
    criteria:
      - {name: Visits, event: visited, points: 40, decay: {expires: 10d}}
      - {name: Large company, trait: size, is: large, points: 15}
gates: [{name: Competitor, when: {trait: kind, is: competitor}, disqualify: true}]
brackets: [{name: cold, from: 0}, {name: warm, from: 40}]
stages: [{stage: marketing_qualified, enter: {score: 50}}]
";

fn of(facts: &LeadFacts, from: f64, to: f64) -> Course {
    let (programs, _) = programs(&[MODEL], "won");
    course(&programs[0], facts, day(from), day(to))
}

#[test]
fn every_change_of_the_score_has_its_instant_and_its_cause() {
    let facts = lead("anna", 0.0)
        .does("visited", day(1.25))
        .learns("size", "large", day(3.5))
        .learns("kind", "competitor", day(20.75));
    let told = of(&facts, 0.0, 30.0);
    let changes: Vec<_> = told
        .changes
        .iter()
        .map(|change| {
            let first = change.parts.first();
            let part = first.map(|part| (part.criterion.as_deref(), part.change.to_string()));
            (change.at, change.before.score, change.after.score, change.facts.len(), part)
        })
        .collect();
    let expected = [
        (day(1.25), 0, 40, 1, Some((Some("Visits"), "40".to_owned()))),
        (day(3.5), 40, 55, 1, Some((Some("Large company"), "15".to_owned()))),
        // The visit expires at an exact instant, which the stage that is left there dates.
        (day(11.25), 55, 15, 0, Some((Some("Visits"), "-40".to_owned()))),
        (day(20.75), 15, 0, 1, Some((None, "-15".to_owned()))),
    ];
    assert_eq!(changes, expected);
    assert_eq!(told.changes[0].facts, [Fact::Event { event: "visited".to_owned(), id: None }]);
    let path = "size".to_owned();
    assert_eq!(told.changes[1].facts, [Fact::Trait { path, value: Some("large".into()) }]);
    assert_eq!(told.changes[3].after.disqualified.as_deref(), Some("Competitor"));
    let steps: Vec<_> =
        told.steps.iter().map(|step| (step.at, step.entered, step.reason)).collect();
    assert_eq!(steps, [(day(3.5), true, "reached"), (day(11.25), false, "fell")]);
}

#[test]
fn time_alone_is_told_from_a_fact_on_the_same_day() {
    // The first visit expires on day 11 at 00:00; another follows at noon.
    let facts = lead("boris", 0.0).does("visited", day(1.0)).does("visited", day(11.5));
    let told = of(&facts, 0.0, 12.0);
    let changes: Vec<_> = told
        .changes
        .iter()
        .map(|change| (change.at, change.after.score, change.facts.is_empty()))
        .collect();
    assert_eq!(changes, [(day(1.0), 40, false), (day(11.0), 0, true), (day(11.5), 40, false)]);
}

#[test]
fn the_samples_are_every_midnight_and_every_fact() {
    let facts = lead("carla", 0.5).does("visited", later(day(2.0), 1));
    let told = of(&facts, 0.25, 3.25);
    let instants: Vec<_> = told.samples.iter().map(|sample| sample.at).collect();
    let expected =
        [day(0.25), day(0.5), day(1.0), day(2.0), later(day(2.0), 1), day(3.0), day(3.25)];
    assert_eq!(instants, expected);
}

#[test]
fn a_quiet_lead_has_a_level_course() {
    let told = of(&lead("dan", 0.0), 0.0, 400.0);
    assert!(told.changes.is_empty() && told.steps.is_empty());
    assert!(told.samples.iter().all(|sample| sample.score == 0));
}

#[test]
fn very_long_courses_are_looked_at_less_often() {
    let told = of(&lead("eva", 0.0), 0.0, 36_500.0);
    assert!(told.samples.len() < 4_000, "{}", told.samples.len());
}

/// The one event, from before the lead was known, costs 5 points for 30 days; silence costs 5 once the lead has been
/// known for 30. In between nothing does, and the lead ripens by itself.
#[test]
fn a_lead_can_enter_a_stage_while_nothing_happens() {
    let model = "
model: m
groups:
  - group: g
    dimension: engagement
    criteria:
      - {name: Always, event: met, points: 50}
      - {name: Visits, event: visited, within: 30d, tiers: [{below: 2, points: -5}, {points: 0}]}
stages: [{stage: ripe, enter: {score: 50}, leave: {score: 45}}]
";
    let (programs, needs) = programs(&[model], "won");
    let facts = lead("anna", 10.0).does("met", day(0.0)).does("visited", day(0.0));
    let stage = |at: f64| programs[0].stage(&facts, day(at));
    assert_eq!([stage(20.0), stage(35.0), stage(45.0)], [None, Some(0), Some(0)]);
    let history = history(&needs, std::slice::from_ref(&facts));
    let everyone = history.rescore(&programs[0], day(45.0), 1);
    assert_eq!(everyone.get(0).stage, Some(0));
}

#[test]
fn the_minute_is_known_at_which_time_moves_a_lead_into_another_bracket() {
    let model = "
model: fading
groups:
  - group: Behaviour
    criteria:
      - {name: Visits, event: visited, points: 80, decay: {half_life: 7d}}
brackets: [{name: cold, from: 0}, {name: hot, from: 60}]
";
    let facts = lead("anna", 0.0).does("visited", day(1.25));
    let (programs, _) = programs(&[model], "won");
    let told = course(&programs[0], &facts, day(0.0), day(30.0));
    // 80 points are 59.4 after 72 whole hours.
    let is_time = |change: &&Change| change.facts.is_empty();
    let turns = |change: &&Change| change.before.bracket != change.after.bracket;
    let turning: Vec<&Change> = told.changes.iter().filter(is_time).filter(turns).collect();
    assert_eq!(turning.len(), 1);
    let late = turning[0].at.as_millis() - day(4.25).as_millis();
    assert!((0..60_000).contains(&late), "{late} ms");
    // It is no sample: those are at midnights and at facts.
    assert!(told.samples.iter().all(|sample| sample.at != turning[0].at));
}

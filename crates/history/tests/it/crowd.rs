//! Everyone from files, for one score: events are counted as they come, or lead by lead where they are out of order.

use leads::{LeadFacts, Timestamp};
use scoring::Program;

use crate::overlap::everyone;
use crate::small::{Telling, day, for_score, later, lead, programs};

pub(crate) fn program(criteria: &[&str]) -> Program {
    let head = "model: crowd\nscale: [-1000000, 1000000]\ngroups:\n  - group: All\n    dimension: engagement\n    criteria:\n";
    let lines = criteria.iter().enumerate();
    let lines =
        lines.map(|(number, criterion)| format!("      - {{name: c{number}, {criterion}}}\n"));
    let document: String = std::iter::once(head.to_owned()).chain(lines).collect();
    programs(&[&document], "a").0.remove(0)
}

fn is_scored_like_each_alone(program: &Program, at: Timestamp, everyone: &[LeadFacts]) {
    assert!(program.grain(at).is_some());
    for in_order in [true, false] {
        let (_, scores) = for_score(program, at, everyone, in_order).score(program, at, 2);
        for (facts, scored) in everyone.iter().zip(scores.iter()) {
            let card = program.score(facts, at);
            let (events, model) = (facts.events.len(), &program.model().groups);
            assert_eq!(scored.score.score, card.score, "{in_order} {events} events {model:?}");
            assert_eq!(scored.score.engagement, card.engagement);
        }
    }
}

/// Looks at days and ages, at the young and at all; of the last, some share their kinds of events with each other.
pub(crate) const CRITERIA: [&str; 9] = [
    "event: a, points: 1, decay: {half_life: 2d}",
    "event: a, points: 7, decay: {half_life: 3d}, count: {at_most: 1, per: day}",
    "event: [a, b], points: 3, count: {at_most: 1, per: day}",
    "event: [b, c], points: 50, count: {at_most: 3, per: ever}, decay: {half_life: 5d}",
    "event: c, points: 11, within: 36h, count: {at_most: 1, per: day}",
    "event: [a, c], points: 13",
    "event: b, tiers: [{below: 2, points: 0}, {below: 4, points: 100}, {points: 300}]",
    "event: [b, c], within: 20h, tiers: [{at_least: 1, points: -500}]",
    "event: a, points: 17, within: 50h",
];

#[test]
fn a_crowd_is_scored_like_each_of_it_alone_whatever_criteria_share_and_in_whatever_order_events_come()
 {
    let everyone = everyone();
    // Every criterion alone, any two of them, and all.
    for first in 0..CRITERIA.len() {
        for second in first..CRITERIA.len() {
            let pair = [CRITERIA[first], CRITERIA[second]];
            let program = program(&pair[..=usize::from(first != second)]);
            is_scored_like_each_alone(&program, day(3.05), &everyone[..243]);
        }
    }
    is_scored_like_each_alone(&program(&CRITERIA), day(3.05), &everyone);
}

#[test]
fn what_has_not_happened_yet_does_not_count_in_a_crowd() {
    let everyone = everyone();
    for days in [0.5, 1.0, 1.3, 1.6, 2.5, 9.0] {
        is_scored_like_each_alone(&program(&CRITERIA), day(days), &everyone);
    }
}

/// Sums of 23,058 events of a million points each are no longer sure to fit 64 bits.
#[test]
fn a_lead_with_more_events_than_a_crowd_can_count_is_scored_like_the_others() {
    let program =
        program(&["event: a, points: 1000000, limit: [0, 900000]", "event: b, points: -1"]);
    let busy = (0..23_100)
        .fold(lead("busy", 0.0), |facts, number| facts.does("a", later(day(1.0), number * 1000)));
    let others = (0..5).map(|number| lead(number, 0.0).does("b", day(1.1 + f64::from(number))));
    let everyone: Vec<LeadFacts> = others.chain([busy]).collect();
    is_scored_like_each_alone(&program, day(9.0), &everyone);
}

//! Criteria whose kinds of events overlap: each sees its events in the order of time, whichever others see them.

use leads::LeadFacts;

use crate::small::{Telling, day, history, lead, programs};

/// Criteria that look at an event closely: its day, its age, or when the latest was.
const CRITERIA: [&str; 6] = [
    "event: a, points: 1, decay: {half_life: 2d}",
    "event: a, points: 7, decay: {half_life: 3d}, count: {at_most: 1, per: day}",
    "event: [a, b], points: 3, count: {at_most: 1, per: day}",
    "event: [b, c], points: 5, count: {at_most: 2, per: day}, decay: {half_life: 5d}",
    "event: [a, b], points: 2, count: {at_most: 2, per: day}",
    "since: {event: [a, c]}, curve: [{at: 0d, points: 0}, {at: 9d, points: 9}]",
];

fn document(first: usize) -> String {
    let criteria = CRITERIA.iter().cycle().skip(first).take(CRITERIA.len());
    let lines = criteria
        .zip(0..)
        .map(|(criterion, number)| format!("      - {{name: c{number}, {criterion}}}\n"));
    let head = "model: overlap\nscale: [-1000, 1000]\ngroups:\n  - group: All\n    criteria:\n";
    std::iter::once(head.to_owned()).chain(lines).collect()
}

/// Somebody for each order of three kinds of events over two days.
pub(crate) fn everyone() -> Vec<LeadFacts> {
    let kinds = ["a", "b", "c"];
    let somebody = |number: usize| {
        let events = (0..6).map(|place| kinds[number / 3_usize.pow(place) % 3]);
        events.enumerate().fold(lead(number, 0.0), |facts, (place, kind)| {
            facts.does(kind, day(1.0 + place as f64 * 0.3))
        })
    };
    (0..729).map(somebody).collect()
}

#[test]
fn everyone_scores_alike_in_a_history_and_alone_whatever_the_order_of_criteria_and_events() {
    let everyone = everyone();
    for first in 0..CRITERIA.len() {
        let document = document(first);
        let (programs, needs) = programs(&[&document], "a");
        let at = day(4.1);
        let scores = history(&needs, &everyone).rescore(&programs[0], at, 1);
        for (facts, scored) in everyone.iter().zip(scores.iter()) {
            let card = programs[0].score(facts, at);
            assert_eq!(scored.score.score, card.score, "{document}{:?}", facts.events);
        }
    }
}

//! Many instants at once count what criteria share in one place, and tell it apart by a byte where a
//! byte will do.

use std::fmt::Write as _;

use leads::{LeadFacts, Timestamp};

use crate::crowd::{CRITERIA, program};
use crate::overlap;
use crate::small::{Telling, day, history, lead, programs};
use crate::widths::assert_same;

/// How many names of events there are.
const NAMES: usize = 512;

/// Criteria of events, with all that is kept of them: rows of weights, steps, glimpses.
fn document(criteria: &[Vec<usize>]) -> String {
    let mut document = "model: bytes\nscale: [-1000, 1000]\ngroups:\n  \
                        - group: Activity\n    dimension: engagement\n    criteria:\n"
        .to_owned();
    for (number, names) in criteria.iter().enumerate() {
        let names: Vec<String> = names.iter().map(|name| format!("event{name}")).collect();
        let rest = match number % 4 {
            0 => "points: 3, count: {at_most: 2, per: day}, decay: {half_life: 7d}",
            1 => "points: 2, count: {at_most: 1, per: day}",
            2 => "within: 48h, tiers: [{at_least: 1, points: 10}]",
            _ => "tiers: [{below: 3, points: 0}, {points: 7}]",
        };
        let names = names.join(", ");
        writeln!(document, "      - {{name: criterion {number}, event: [{names}], {rest}}}")
            .expect("a text takes all");
    }
    document
}

/// Leads that do this and that, now and then twice a day.
fn everyone() -> Vec<LeadFacts> {
    (0..40)
        .map(|number| {
            (0..150).fold(lead(number, 0.0), |facts, event| {
                let name = (number * 37 + event * 101) % NAMES;
                facts.does(&format!("event{name}"), day(0.3 + event as f64 * 0.41))
            })
        })
        .collect()
}

#[test]
fn more_classes_of_events_than_a_byte_tells_apart_give_the_same_at_once_as_alone() {
    let with_bit = |bit: usize| (0..NAMES).filter(|name| name >> bit & 1 == 1).collect();
    let criteria: Vec<Vec<usize>> = (0..9).map(with_bit).collect();
    check(&document(&criteria));
}

#[test]
fn more_criteria_of_events_than_a_byte_tells_apart_give_the_same_at_once_as_alone() {
    for criteria in [254, 255, 256, 300] {
        let of_two = |number: usize| vec![number, NAMES - 1 - number];
        check(&document(&(0..criteria).map(of_two).collect::<Vec<_>>()));
    }
}

fn check(document: &str) {
    let weeks: Vec<Timestamp> = (0..9).map(|week| day(7.0 * f64::from(week))).collect();
    let (programs, needs) = programs(&[document], "event0");
    let history = history(&needs, &everyone());
    assert_same(&history, &programs[0], &weeks, document);
    let scores = history.rescore(&programs[0], weeks[8], 1);
    assert!(scores.iter().any(|scored| scored.score.score > 50), "some do score");
}

#[test]
fn whatever_criteria_share_many_instants_at_once_give_what_each_gives_alone() {
    let everyone = overlap::everyone();
    let instants: Vec<Timestamp> = (0..7).map(|half| day(f64::from(half) / 2.0 + 0.05)).collect();
    // Every criterion alone, any two and any three of them, and all.
    let chosen = (1_usize..1 << CRITERIA.len()).filter(|chosen| {
        matches!(chosen.count_ones(), 1..=3) || *chosen == (1 << CRITERIA.len()) - 1
    });
    for chosen in chosen {
        let has = |number: &usize| chosen >> number & 1 == 1;
        let criteria = (0..CRITERIA.len()).filter(has).map(|number| CRITERIA[number]);
        let criteria: Vec<&str> = criteria.collect();
        let program = program(&criteria);
        let history = history(program.needs(), &everyone[..243]);
        assert_same(&history, &program, &instants, &criteria.join("\n"));
    }
}

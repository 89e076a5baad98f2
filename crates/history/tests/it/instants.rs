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

/// Traits in two groups of one dimension, one of them with a condition that has more answers than a
/// table holds; ten criteria of events that fade, each of which gives something even to nobody; and a
/// criterion of traits among those of events.
fn beginnings() -> String {
    let mut document = "model: beginnings\nscale: [-1000, 1000]\ngroups:\n".to_owned();
    let any: Vec<String> =
        (0..6).map(|column| format!("{{trait: t{column}, in: [a, b]}}")).collect();
    let any = any.join(", ");
    writeln!(
        document,
        "  - group: Profile\n    dimension: fit\n    limit: [-9, 30]\n    criteria:\n      \
         - {{name: Any, when: {{any: [{any}]}}, points: 12, otherwise: -4, unknown: 3}}\n      \
         - {{name: One, trait: t0, is: a, points: 7, unknown: -2}}\n  \
         - group: Market\n    dimension: fit\n    criteria:\n      \
         - {{name: Place, trait: t1, in: [a, c], points: 5, unknown: 1}}\n  \
         - group: Activity\n    dimension: engagement\n    limit: [0, 60]\n    criteria:\n      \
         - {{name: Role, trait: t2, is: b, points: 6, unknown: 2}}"
    )
    .expect("a text takes all");
    for number in 0..10 {
        writeln!(
            document,
            "      - {{name: criterion {number}, event: event{number}, points: 4, \
             count: {{at_most: 2, per: day}}, decay: {{half_life: 5d}}, limit: [1, 6]}}"
        )
        .expect("a text takes all");
    }
    document
}

#[test]
fn wherever_among_the_instants_leads_begin_they_have_the_same_at_once_as_alone() {
    let begins = [-1.0, 0.0, 0.5, 3.0, 3.1, 6.99, 7.0, 7.01, 62.5, 63.0, 63.1, 90.0];
    let everyone: Vec<LeadFacts> = (0..300)
        .map(|number: usize| {
            let mut facts = lead(number, begins[number % begins.len()]);
            facts.created_at = facts.created_at.filter(|_| !number.is_multiple_of(13));
            for column in 0..6 {
                let value = number * (column + 3) / 7 % 4;
                if value < 3 {
                    facts = facts.knows(&format!("t{column}"), ["a", "b", "c"][value]);
                }
            }
            let facts = (0..number % 30).fold(facts, |facts, event| {
                let name = (number + event * 7) % if number.is_multiple_of(2) { 10 } else { 3 };
                facts.does(&format!("event{name}"), day(event as f64 * 2.3))
            });
            if number.is_multiple_of(5) { facts.learns("t0", "a", day(20.0)) } else { facts }
        })
        .collect();
    let document = beginnings();
    let (programs, needs) = programs(&[&document], "event0");
    let history = history(&needs, &everyone);
    let every =
        |days: f64, count: i32| (0..count).map(|at| day(days * f64::from(at))).collect::<Vec<_>>();
    let uneven = [0.0, 0.3, 7.0, 7.3, 9.0, 62.9, 63.0].map(day).to_vec();
    for instants in [every(7.0, 10), every(0.5, 127), every(9.0, 8), uneven] {
        assert_same(&history, &programs[0], &instants, &document);
    }
    let scores = history.rescore(&programs[0], day(63.0), 1);
    let mut fits: Vec<i64> = scores.iter().map(|scored| scored.score.fit).collect();
    fits.sort_unstable();
    fits.dedup();
    assert!(fits.len() > 5, "traits tell leads apart: {fits:?}");
}

//! What if? Two models over the same facts.

use history::compare;
use leads::LeadFacts;
use proptest::prelude::*;

use crate::small::{Telling, day, history, lead, programs};

const BEFORE: &str = "
model: before
groups:
  - group: Behaviour
    criteria:
      - {name: Visits, event: visited, points: 10}
      - {name: Downloads, event: downloaded, points: 5}
brackets: [{name: cold, from: 10}, {name: hot, from: 30}]
stages: [{stage: marketing_qualified, enter: {score: 30}}]
";

/// Visits count double, downloads nothing, large companies get 20; the score ends at 50.
const AFTER: &str = "
model: after
scale: [0, 50]
groups:
  - group: Behaviour
    criteria:
      - {name: Visits, event: visited, points: 20}
      - {name: Large company, trait: size, is: large, points: 20}
brackets: [{name: cold, from: 10}, {name: warm, from: 20}, {name: hot, from: 30}]
stages: [{stage: marketing_qualified, enter: {score: 30}}, {stage: sales_qualified, enter: {score: 50}}]
";

fn four() -> Vec<LeadFacts> {
    vec![
        // 10 -> 20 + 20
        lead("anna", 0.0).knows("size", "large").does("visited", day(1.0)),
        // 30 -> 60, held to 50
        lead("boris", 0.0)
            .does("visited", day(1.0))
            .does("visited", day(2.0))
            .does("visited", day(3.0)),
        // 5 -> 0
        lead("carla", 0.0).does("downloaded", day(1.0)),
        // 0 -> 0
        lead("dan", 0.0),
    ]
}

#[test]
fn everyone_is_counted_where_they_were_and_where_they_are() {
    let (programs, needs) = programs(&[BEFORE, AFTER], "won");
    let history = history(&needs, &four());
    let told = compare(&history, (&programs[0], &programs[1]), day(10.0), 20, 2);
    assert_eq!((told.leads, told.up, told.down, told.unchanged), (4, 2, 1, 1));
    assert_eq!(told.sums, (45, 90));
    // Rows: none, cold, hot. Columns: none, cold, warm, hot.
    assert_eq!(told.brackets.leads, [vec![2, 0, 0, 0], vec![0, 0, 0, 1], vec![0, 0, 0, 1]]);
    assert_eq!(told.brackets.counts_before(), [2, 1, 1]);
    assert_eq!(told.brackets.counts_after(), [2, 0, 0, 2]);
    assert_eq!(told.brackets.moves(), [(Some("cold"), Some("hot"), 1)]);
    let moves = told.stages.moves();
    assert_eq!(
        moves,
        [
            (None, Some("marketing_qualified"), 1),
            (Some("marketing_qualified"), Some("sales_qualified"), 1)
        ]
    );
}

#[test]
fn two_clocks_count_days_apart() {
    let model = |zone: &str| {
        format!(
            "model: m\ntime_zone: {zone}\ngroups:\n  - group: Behaviour\n    criteria:\n      - {{name: Visits, event: visited, points: 10, count: {{at_most: 1, per: day}}}}\n"
        )
    };
    let (programs, needs) = programs(&[&model("UTC"), &model("Asia/Tokyo")], "won");
    // Late on one day in Greenwich is early on the next in Tokyo.
    let facts = [lead("anna", 0.0).does("visited", day(1.4)).does("visited", day(1.9))];
    let history = history(&needs, &facts);
    let told = compare(&history, (&programs[0], &programs[1]), day(10.0), 20, 2);
    assert_eq!(told.sums, (10, 20));
    assert_eq!(told.movers[0].parts.len(), 1);
    assert_eq!(told.movers[0].parts[0].criterion.as_deref(), Some("Visits"));
}

#[test]
fn every_move_is_explained_to_the_last_point() {
    let (programs, needs) = programs(&[BEFORE, AFTER], "won");
    let history = history(&needs, &four());
    let told = compare(&history, (&programs[0], &programs[1]), day(10.0), 20, 2);
    let movers: Vec<(String, i64, Vec<String>)> = told
        .movers
        .iter()
        .map(|mover| {
            let part = |part: &history::Part| {
                format!("{} {}", part.criterion.as_deref().unwrap_or("(held)"), part.change)
            };
            (mover.lead.clone(), mover.change, mover.parts.iter().map(part).collect())
        })
        .collect();
    let expected: [(&str, i64, &[&str]); 3] = [
        ("anna", 30, &["Large company 20", "Visits 10"]),
        ("boris", 20, &["Visits 30", "(held) -10"]),
        ("carla", -5, &["Downloads -5"]),
    ];
    let expected = expected.map(|(lead, change, parts)| {
        (lead.to_owned(), change, parts.iter().map(ToString::to_string).collect::<Vec<_>>())
    });
    assert_eq!(movers, expected);
    let causes: Vec<(Option<&str>, String, String, u64, u64)> = told
        .causes
        .iter()
        .map(|cause| {
            let (moved, net) = (cause.moved.to_string(), cause.net.to_string());
            (cause.criterion.as_deref(), moved, net, cause.leads, cause.main_cause_of)
        })
        .collect();
    let expected = [
        (Some("Visits"), "40", "40", 2, 1),
        (Some("Large company"), "20", "20", 1, 1),
        (None, "10", "-10", 1, 0),
        (Some("Downloads"), "5", "-5", 1, 1),
    ];
    let expected = expected.map(|(name, moved, net, leads, main)| {
        (name, moved.to_owned(), net.to_owned(), leads, main)
    });
    assert_eq!(causes, expected);
}

#[test]
fn of_equal_moves_the_first_in_the_file_is_listed_first() {
    let (programs, needs) = programs(&[BEFORE, AFTER], "won");
    let leads: Vec<LeadFacts> =
        (0..50).map(|index| lead(format!("lead {index}"), 0.0).does("visited", day(1.0))).collect();
    let history = history(&needs, &leads);
    let told = compare(&history, (&programs[0], &programs[1]), day(10.0), 3, 3);
    let listed: Vec<&str> = told.movers.iter().map(|mover| mover.lead.as_str()).collect();
    assert_eq!(listed, ["lead 0", "lead 1", "lead 2"]);
    assert_eq!(told.up, 50);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_model_compared_with_itself_moves_nobody_and_the_other_way_round_is_the_mirror(
        leads in proptest::collection::vec((0..6_usize, 0..6_usize, any::<bool>()), 1..40),
    ) {
        let told = |(index, (visits, downloads, large)): (usize, &(usize, usize, bool))| {
            let mut told = lead(index, 0.0);
            for visit in 0..*visits { told = told.does("visited", day(1.0 + visit as f64)); }
            for download in 0..*downloads { told = told.does("downloaded", day(1.5 + download as f64)); }
            if *large { told.knows("size", "large") } else { told }
        };
        let facts: Vec<LeadFacts> = leads.iter().enumerate().map(told).collect();
        let (programs, needs) = programs(&[BEFORE, AFTER], "won");
        let history = history(&needs, &facts);
        let same = compare(&history, (&programs[0], &programs[0]), day(10.0), 20, 2);
        prop_assert_eq!(same.unchanged, leads.len() as u64);
        prop_assert!(same.movers.is_empty() && same.causes.is_empty() && same.brackets.moves().is_empty());
        let there = compare(&history, (&programs[0], &programs[1]), day(10.0), 20, 2);
        let back = compare(&history, (&programs[1], &programs[0]), day(10.0), 20, 2);
        prop_assert_eq!((there.up, there.down), (back.down, back.up));
        prop_assert_eq!(there.brackets.counts_before(), back.brackets.counts_after());
        for mover in &there.movers {
            let sum: scoring::Amount = mover.parts.iter().map(|part| part.change).sum();
            prop_assert_eq!(sum, scoring::Amount::whole(mover.change));
        }
    }
}

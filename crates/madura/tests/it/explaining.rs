//! `madura explain`.

use crate::desk::{Desk, FACTS};

#[test]
fn a_score_card_reads_as_a_waterfall() {
    let desk = Desk::small();
    insta::assert_snapshot!(desk.transcript(&[
        &format!("explain model.yaml 1 {FACTS}"),
        &format!("explain model.yaml 3 {FACTS}"),
        &format!("explain model.yaml 4 {FACTS} --shown 0"),
        &format!("explain model.yaml 4 {FACTS} --all"),
    ]));
}

#[test]
fn a_score_card_in_json_has_every_digit_and_adds_up() {
    let desk = Desk::small();
    for lead in ["1", "2", "3", "4"] {
        let run = desk.run(&format!("explain model.yaml {lead} {FACTS} --json"));
        let card: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let units = |value: &serde_json::Value| -> i128 {
            let text = value.as_str().unwrap();
            let (whole, part) = text.split_once('.').unwrap_or((text, ""));
            let digits = format!("{whole}{part:0<8}");
            digits.parse().unwrap()
        };
        let groups: i128 =
            card["groups"].as_array().unwrap().iter().map(|group| units(&group["value"])).sum();
        let rest: i128 =
            ["held", "rounding", "disqualification"].iter().map(|part| units(&card[part])).sum();
        assert_eq!(
            groups + rest,
            i128::from(card["score"].as_i64().unwrap()) * 100_000_000,
            "{card:#}"
        );
    }
}

#[test]
fn a_card_agrees_with_the_score_of_everyone() {
    let desk = Desk::small();
    let scores = desk.run(&format!("score model.yaml {FACTS}")).stdout;
    for row in scores.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let run = desk.run(&format!("explain model.yaml {} {FACTS} --json", cells[0]));
        let card: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let from_card = [
            text(&card["lead"]),
            card["score"].to_string(),
            card["fit"].to_string(),
            card["engagement"].to_string(),
            text(&card["grade"]),
            text(&card["bracket"]),
            text(&card["stage"]["stage"]),
            text(&card["disqualified"]),
        ];
        assert_eq!(from_card.join(","), row);
    }
}

#[test]
fn a_lead_that_nobody_knows_is_said_to_be_unknown() {
    let desk = Desk::small();
    insta::assert_snapshot!(desk.transcript(&[&format!("explain model.yaml 17 {FACTS}")]));
}

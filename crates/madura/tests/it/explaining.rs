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

#[test]
fn a_row_of_the_lead_that_cannot_be_read_is_said_written_down_or_ends_the_run() {
    let events = "lead,event,at,id,path\n\
        1,demo_requested,yesterday,a,\n\
        1,demo_requested,2026-01-20T09:00:00Z,b,\n\
        2,demo_requested,tomorrow,c,\n\
        ,demo_requested,2026-01-20T09:00:00Z,d,\n";
    let desk = Desk::small().with("events.csv", events);
    let files = "--leads leads.csv --events events.csv";
    for command in ["explain", "history"] {
        let words = format!("{command} model.yaml 1 {files} --as-of 2026-02-01");
        let run = desk.run(&words);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let said = "warning: 2 rows could not be read and were left out\n  events.csv, line 2, column at: ";
        assert!(run.stderr.starts_with(said), "{}", run.stderr);
        assert!(run.stderr.contains("events.csv, line 5, column lead: is empty"), "{}", run.stderr);
        assert!(!run.stderr.contains("line 4"), "that row is about somebody else: {}", run.stderr);

        let rejects = format!("{command}.csv");
        let quiet = desk.run(&format!("{words} -q --rejects {rejects}"));
        assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""));
        assert_eq!(quiet.stdout, run.stdout);
        let written = String::from_utf8(desk.read(&rejects)).unwrap();
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines.len(), 3, "{written}");
        assert!(
            lines[1].starts_with("events.csv,2,at,") && lines[2].starts_with("events.csv,5,lead,")
        );

        let strict = desk.run(&format!("{words} --strict"));
        assert_eq!((strict.code, strict.stdout.as_str()), (1, ""));
        assert!(
            strict.stderr.starts_with("error: events.csv, line 2, column at: "),
            "{}",
            strict.stderr
        );
    }
    let shown =
        desk.run(&format!("score model.yaml {files} --as-of 2026-02-01 --explain --format ndjson"));
    assert_eq!(shown.stderr.matches("could not be read").count(), 1, "said once: {}", shown.stderr);
}

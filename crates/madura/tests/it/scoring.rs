//! `madura score`.

use crate::desk::{Desk, EVENTS, FACTS, LEADS};

#[test]
fn two_files_and_a_model_give_a_score_for_everyone() {
    let desk = Desk::small();
    insta::assert_snapshot!(desk.transcript(&[
        &format!("score model.yaml {FACTS}"),
        &format!("score model.yaml {FACTS} --format ndjson"),
        &format!("score model.yaml {FACTS} --format table"),
        &format!("score model.yaml {FACTS} --top 2"),
    ]));
}

#[test]
fn a_date_is_its_midnight_in_the_zone_of_the_model() {
    // 23:30 UTC of the day before is half past midnight in Madrid.
    let desk = Desk::small();
    let scores = |as_of: &str| {
        desk.run(&format!("score model.yaml --leads leads.csv --events events.csv --as-of {as_of}"))
            .stdout
    };
    assert_eq!(scores("2026-01-20"), scores("2026-01-19T23:00:00Z"));
    assert_ne!(scores("2026-01-20"), scores("2026-01-20T00:00:00Z"));
}

#[test]
fn all_formats_say_the_same() {
    let desk = Desk::small();
    let csv = desk.run(&format!("score model.yaml {FACTS}")).stdout;
    let from_ndjson = desk.run(&format!("score model.yaml {FACTS} --format ndjson")).stdout;
    let rows: Vec<String> = from_ndjson
        .lines()
        .map(|line| {
            let row: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(line).unwrap();
            let cells = row.values().map(|value| match value {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            cells.collect::<Vec<_>>().join(",")
        })
        .collect();
    assert_eq!(csv.lines().skip(1).collect::<Vec<_>>(), rows);

    // Parquet is read back as a file of leads, by a model that sees every column.
    desk.run(&format!("score model.yaml {FACTS} --out scores.parquet"));
    let desk = desk.with(
        "again.yaml",
        "model: again\nkind: acquisition\nscale: [-1000, 1000]\ngroups:\n  - group: Again\n    criteria:\n      \
         - {name: hot, trait: bracket, is: hot, points: 100}\n      \
         - {name: out, trait: disqualified, is: Competitor, points: 200}\n      \
         - {name: stage, trait: stage, is: marketing_qualified, points: 300}\n      \
         - {name: grade, trait: grade, is: A1, points: 7}\n      \
         - {name: score, trait: score, is: 90, points: 1}\n",
    );
    let again = desk.run("score again.yaml --leads scores.parquet");
    let scores: Vec<&str> =
        again.stdout.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
    let expected = csv.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let score = [
            (cells[5] == "hot", 100),
            (cells[7] == "Competitor", 200),
            (cells[6] == "marketing_qualified", 300),
            (cells[4] == "A1", 7),
            (cells[1] == "90", 1),
        ];
        score.iter().filter(|(so, _)| *so).map(|(_, points)| points).sum::<i32>().to_string()
    });
    assert_eq!(scores, expected.collect::<Vec<_>>());
}

#[test]
fn the_same_facts_in_any_form_give_the_same_scores() {
    let ndjson = |csv: &str| -> String {
        let mut lines = csv.lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        lines
            .map(|line| {
                let cells = names.iter().zip(line.split(',')).filter(|(_, cell)| !cell.is_empty());
                let row: serde_json::Map<String, serde_json::Value> =
                    cells.map(|(name, cell)| ((*name).to_owned(), cell.into())).collect();
                serde_json::Value::from(row).to_string() + "\n"
            })
            .collect()
    };
    let desk = Desk::small()
        .with("leads.ndjson", ndjson(LEADS))
        .with("events.ndjson", ndjson(EVENTS))
        .with("semicolons.csv", EVENTS.replace(',', ";"));
    let as_of = "--as-of 2026-01-20T12:00:00Z";
    let wanted = desk.run(&format!("score model.yaml {FACTS}")).stdout;
    for files in [
        "--leads leads.ndjson --events events.ndjson",
        "--leads leads.csv --events semicolons.csv",
        "--leads leads.csv --events events.csv --events events.ndjson",
        "--leads leads.csv --events events.csv --threads 1",
    ] {
        assert_eq!(
            desk.run(&format!("score model.yaml {files} {as_of}")).stdout,
            wanted,
            "{files}"
        );
    }
    let piped =
        desk.run_with(&format!("score model.yaml --leads leads.csv --events - {as_of}"), EVENTS);
    assert_eq!(piped.stdout, wanted);
}

#[test]
fn columns_may_be_called_as_they_are_in_your_files() {
    let desk = Desk::small()
        .with("crm.csv", LEADS.replacen("lead,", "customer_id,", 1))
        .with("log.csv", EVENTS.replacen("lead,event,at", "who,what,ts", 1));
    let wanted = desk.run(&format!("score model.yaml {FACTS}")).stdout;
    let mapped = desk.run(
        "score model.yaml --leads crm.csv --events log.csv --as-of 2026-01-20T12:00:00Z \
         --map lead=customer_id,events.lead=who,event=what,at=ts",
    );
    assert_eq!((mapped.stdout, mapped.stderr), (wanted, String::new()));
}

#[test]
fn a_trait_that_changed_counts_from_then_on() {
    let desk = Desk::small().with(
        "changes.csv",
        "lead,trait,value,at\n2,title,CEO,2026-01-15T00:00:00Z\n9,title,CEO,2026-01-15T00:00:00Z\n",
    );
    insta::assert_snapshot!(desk.transcript(&[
        &format!("score model.yaml {FACTS} --changes changes.csv"),
        "score model.yaml --leads leads.csv --changes changes.csv --as-of 2026-01-14",
    ]));
}

#[test]
fn an_explanation_goes_with_every_row_that_is_shown() {
    let desk = Desk::small();
    insta::assert_snapshot!(desk.transcript(&[
        &format!("score model.yaml {FACTS} --format table --explain --top 1"),
        &format!("score model.yaml {FACTS} --format ndjson --explain --top 1"),
        &format!("score model.yaml {FACTS} --format csv --explain"),
    ]));
}

#[test]
fn output_never_goes_over_an_input() {
    let desk = Desk::small();
    let run = desk.run(&format!("score model.yaml {FACTS} --out leads.csv"));
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert_eq!(desk.read("leads.csv"), LEADS.as_bytes());
}

#[test]
fn odd_ids_come_out_as_they_went_in() {
    let desk = Desk::small()
        .with("odd.csv", "lead,title\n007,CEO\n\"a,b\",CEO\n=1+1,CEO\n\"say \"\"hi\"\"\",CEO\n");
    let run = desk.run("score model.yaml --leads odd.csv -q --as-of 2026-01-20");
    let ids: Vec<&str> =
        run.stdout.lines().skip(1).map(|line| line.rsplitn(8, ',').last().unwrap()).collect();
    assert_eq!(ids, ["007", "\"a,b\"", "=1+1", "\"say \"\"hi\"\"\""]);
}

#[test]
fn leads_may_be_called_anything_in_every_format() {
    let leads = "lead,created_at,country\nana@acme.es,2026-01-01T00:00:00Z,ES\n007,2026-01-01T00:00:00Z,ES\n38129,2026-01-01T00:00:00Z,PT\n";
    let events = "lead,event,at\nana@acme.es,pricing_viewed,2026-01-10T00:00:00Z\n007,page_viewed,2026-01-11T00:00:00Z\n";
    let desk = Desk::small().with("ids.csv", leads).with("did.csv", events);
    let facts = "--leads ids.csv --events did.csv --as-of 2026-01-20";
    let csv = desk.run(&format!("score model.yaml {facts}"));
    assert_eq!(csv.code, 0, "{}", csv.stderr);
    let written = desk.run(&format!("score model.yaml {facts} --out scores.parquet"));
    assert_eq!(written.code, 0, "{}", written.stderr);
    let score = "model: again\ngroups:\n  - group: Again\n    criteria:\n      \
                 - {name: score, trait: score, bands: [{below: 1000, points: 0}, {points: 1}]}\n";
    let again = desk.with("again.yaml", score).run("score again.yaml --leads scores.parquet");
    let ids = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split(',').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(ids(&again.stdout), ["lead", "ana@acme.es", "007", "38129"], "{}", again.stderr);
    assert_eq!(ids(&again.stdout), ids(&csv.stdout));
}

#[test]
fn a_file_stays_as_it_was_until_all_of_the_new_one_is_written() {
    let desk = Desk::small().with("scores.csv", "what was there\n");
    let facts = "--leads many.csv --as-of 2026-01-20 --out scores.csv";
    let many: Vec<String> =
        (0..2_000).map(|lead| format!("{lead},2026-01-01T00:00:00Z\n")).collect();
    desk.put("many.csv", format!("lead,created_at\n{}", many.concat()));
    // No file may grow beyond some kilobytes: the system ends the program while it writes.
    let command = desk.command(&format!("score model.yaml {facts}"));
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    let limited = std::process::Command::new("sh")
        .args(["-c", "ulimit -f 4; exec \"$@\"", "sh"])
        .arg(command.get_program())
        .args(words)
        .current_dir(desk.path())
        .output()
        .unwrap();
    assert!(!limited.status.success());
    assert_eq!(desk.read("scores.csv"), b"what was there\n");
    let written = desk.run(&format!("score model.yaml {facts}"));
    assert_eq!(written.code, 0, "{}", written.stderr);
    assert_eq!(String::from_utf8(desk.read("scores.csv")).unwrap().lines().count(), 2_001);
}

#[test]
fn an_ending_that_says_no_form_is_refused_with_what_to_write_instead() {
    let desk = Desk::small();
    insta::assert_snapshot!(desk.transcript(&[
        &format!("score model.yaml {FACTS} --out scores.json"),
        &format!("score model.yaml {FACTS} --out scores.csv.gz"),
    ]));
    assert!(!desk.has("scores.json"));
    let forced = desk.run(&format!("score model.yaml {FACTS} --out scores.data --format csv"));
    assert_eq!((forced.code, desk.has("scores.data")), (0, true), "{}", forced.stderr);
}

//! The rest of what a shell sees: help, completions, manual, the generator, colours, pipes.

use crate::desk::{Desk, FACTS};

#[test]
fn every_command_has_examples_in_its_help() {
    let desk = Desk::empty();
    let overview = desk.run("--help").stdout;
    let commands = overview
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help");
    let mut count = 0;
    for command in commands {
        let help = desk.run(&format!("{command} --help"));
        assert!(help.stdout.contains("Examples:\n  madura"), "{command}: {}", help.stdout);
        count += 1;
    }
    assert!(count >= 10, "{overview}");
}

#[test]
fn the_version_is_said() {
    let run = Desk::empty().run("--version");
    assert_eq!(run.stdout, format!("madura {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_and_manual_pages_are_made() {
    let desk = Desk::empty();
    for shell in ["bash", "zsh", "fish"] {
        let run = desk.run(&format!("completions {shell}"));
        assert!(run.code == 0 && run.stdout.contains("explain"), "{shell}");
    }
    assert!(desk.run("man").stdout.contains(".TH madura 1"));
    assert_eq!(desk.run("man --out pages").code, 0);
    assert!(desk.has("pages/madura.1") && desk.has("pages/madura-score.1"));
}

#[test]
fn a_generated_company_is_scored_by_the_starter() {
    let desk = Desk::empty();
    let made = desk.run("generate --leads 40 --events 400 --out company");
    assert_eq!((made.code, made.stdout.as_str()), (0, ""), "{}", made.stderr);
    desk.run("new model.yaml");
    let words =
        "score model.yaml --leads company/leads.csv --events company/events.csv --as-of 2026-11-01";
    let first = desk.run(words);
    assert_eq!((first.code, first.stdout.lines().count()), (0, 41), "{}", first.stderr);
    let ndjson = desk.run("generate --leads 40 --events 400 --out company --format ndjson -q");
    assert_eq!((ndjson.code, ndjson.stderr.as_str()), (0, ""));
    assert_eq!(desk.run(&words.replace(".csv", ".ndjson")).stdout, first.stdout);
}

#[test]
fn colours_appear_only_where_they_are_wanted() {
    let desk = Desk::small();
    let table = format!("score model.yaml {FACTS} --format table");
    assert!(!desk.run(&table).stdout.contains('\x1b'));
    assert!(desk.run(&format!("{table} --color always")).stdout.contains('\x1b'));
    assert!(!desk.run(&format!("{table} --color always --out table.txt")).stdout.contains('\x1b'));
    assert!(!desk.read("table.txt").contains(&0x1b));
}

#[test]
fn standard_output_is_data_and_nothing_else() {
    let desk = Desk::small();
    let run = desk.run(&format!("score model.yaml {FACTS} --out scores.csv"));
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    let quiet = desk.run(&format!("score model.yaml {FACTS} -q"));
    assert_eq!(quiet.stderr, "");
    assert_eq!(quiet.stdout.as_bytes(), desk.read("scores.csv"));
}

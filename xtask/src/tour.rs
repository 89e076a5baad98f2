//! `cargo xtask tour`: files in, scores out, on a synthetic company, as a new user would do it by hand.

use anyhow::{Context as _, Result};

use crate::shell;

const MODEL: &str = "models/b2b-software.yaml";

/// The company, always the same one.
const COMPANY: [&str; 6] = ["--leads", "2000", "--events", "60000", "--seed", "2026"];

/// Where its history ends and the scores are taken.
const AS_OF: &str = "2026-11-01T00:00:00Z";

/// Where its files lie, below the directory of cargo's own products: nothing of it is kept.
const DIRECTORY: &str = "target/demo";
const LEADS: &str = "target/demo/leads.csv";
const EVENTS: &str = "target/demo/events.csv";

pub(crate) fn run() -> Result<()> {
    println!("Building madura (the first time takes some minutes) ...");
    let madura = shell::build_madura("dev")?;

    title("A company of 2,000 leads and 60,000 events, made from a seed");
    show(&madura, &generate())?;
    title("Who comes first?");
    show(&madura, &[&rank("15")[..], &["--format", "table"]].concat())?;
    title("Why is the first one first?");
    show(&madura, &explain(&first_lead(&madura)?))?;
    title("Would this ranking have found those who bought?");
    show(&madura, &backtest())?;

    println!("\nThe binary is {madura}, the data lies in {DIRECTORY}: try the commands yourself.");
    Ok(())
}

/// The ranking and the first explanation, as a terminal shows them: the picture in the README.
pub(crate) fn picture(madura: &str) -> Result<String> {
    shell::read(madura, &generate())?;
    let mut screens = Vec::new();
    let lead = first_lead(madura)?;
    // On a terminal the ranking is a table without asking for one.
    for (words, unshown) in [(rank("8"), &["--format", "table"][..]), (explain(&lead), &[])] {
        let output = shell::read(madura, &[&words[..], unshown].concat())?;
        let lines: Vec<&str> = output.trim_end().lines().map(str::trim_end).collect();
        screens.push(format!("$ madura {}\n{}", words.join(" "), lines.join("\n")));
    }
    Ok(screens.join("\n\n"))
}

fn generate() -> Vec<&'static str> {
    [&["generate"], &COMPANY[..], &["--out", DIRECTORY]].concat()
}

fn rank(top: &str) -> Vec<&str> {
    [&["score", MODEL], &facts()[..], &["--as-of", AS_OF, "--top", top]].concat()
}

fn explain(lead: &str) -> Vec<&str> {
    [&["explain", MODEL, lead], &facts()[..], &["--as-of", AS_OF]].concat()
}

fn backtest() -> Vec<&'static str> {
    let question = ["--outcome", "deal_won", "--horizon", "90d", "--every", "30d"];
    [&["backtest", MODEL], &facts()[..], &question].concat()
}

fn facts() -> [&'static str; 4] {
    ["--leads", LEADS, "--events", EVENTS]
}

/// The lead at the top of the ranking.
fn first_lead(madura: &str) -> Result<String> {
    let table = shell::read(madura, &[&rank("1")[..], &["--format", "csv"]].concat())?;
    let row = table.lines().nth(1).context("the ranking is empty")?;
    Ok(row.split(',').next().unwrap_or_default().to_owned())
}

fn title(text: &str) {
    println!("\n== {text}");
}

/// Runs madura after showing how it is called.
fn show(madura: &str, words: &[&str]) -> Result<()> {
    println!("$ madura {}\n", words.join(" "));
    shell::run(madura, words)
}

//! `cargo xtask demo`: the main job on a synthetic company, as a new user would do it by hand.

use anyhow::{Context as _, Result};

use crate::shell;

const MODEL: &str = "models/b2b-software.yaml";

/// The company, always the same one. Its history ends where the scores are taken.
const COMPANY: [&str; 6] = ["--leads", "2000", "--events", "60000", "--seed", "2026"];
const AS_OF: &str = "2026-11-01T00:00:00Z";

pub(crate) fn run() -> Result<()> {
    println!("Building madura (the first time takes some minutes) ...");
    let madura = shell::build_madura("dev")?;
    let directory = shell::target().join("demo");
    let directory = directory.strip_prefix(shell::root()).unwrap_or(&directory);
    let path = |name: &str| directory.join(name).to_string_lossy().into_owned();
    let (company, leads, events) = (path(""), path("leads.csv"), path("events.csv"));
    let company = company.trim_end_matches('/');
    let facts = ["--leads", &leads, "--events", &events];
    let facts_until = [&facts[..], &["--as-of", AS_OF]].concat();

    title("A company of 2,000 leads and 60,000 events, made from a seed");
    show(&madura, &[&["generate"], &COMPANY[..], &["--out", company]])?;

    title("Who comes first?");
    show(&madura, &[&["score", MODEL], &facts_until, &["--top", "15"]])?;

    title("Why is the first one first?");
    let first = first_lead(&madura, &facts_until)?;
    show(&madura, &[&["explain", MODEL, &first], &facts_until])?;

    title("Would this ranking have found those who bought?");
    let outcome = ["--outcome", "deal_won", "--horizon", "90d", "--every", "30d"];
    show(&madura, &[&["backtest", MODEL], &facts, &outcome])?;

    println!(
        "\nThe binary is {madura}, the data is in {company}/: try the commands above yourself."
    );
    Ok(())
}

fn title(text: &str) {
    println!("\n\u{1b}[1m{text}\u{1b}[0m");
}

/// Runs madura after showing how it was called.
fn show(madura: &str, words: &[&[&str]]) -> Result<()> {
    let words = words.concat();
    println!("$ madura {}\n", words.join(" "));
    shell::run(madura, &words)
}

/// The lead at the top of the ranking.
fn first_lead(madura: &str, facts: &[&str]) -> Result<String> {
    let words = [&["score", MODEL], facts, &["--top", "1", "--format", "csv"]].concat();
    let table = shell::read(madura, &words)?;
    let row = table.lines().nth(1).context("the ranking is empty")?;
    Ok(row.split(',').next().unwrap_or_default().to_owned())
}

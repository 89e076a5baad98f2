//! The judgement: the clients' log against the store, and the store's scores against those that
//! `madura score` makes of an export of the same facts.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result, bail, ensure};
use leads::Timestamp;
use serde_json::{Value as Json, json};

use super::crowd::Journal;
use super::stored::Stored;
use crate::house::{House, MODEL};
use crate::http::{Client, request};

/// What was found to be right.
pub(crate) struct Judged {
    pub(crate) acknowledged: usize,
    pub(crate) facts: usize,
    pub(crate) leads: usize,
    /// Instants at which scores were compared.
    pub(crate) instants: usize,
}

/// Compares everything. The house runs, nobody reports any more, and scores have settled.
pub(crate) async fn judge(
    house: &House,
    madura: &Path,
    journal: &Rc<RefCell<Journal>>,
    stored: &Stored,
) -> Result<Judged> {
    let acknowledged = log_against_store(&journal.borrow(), stored)?;
    let scores = exported(house).await?;
    let (leads, instants) = store_against_scorer(madura, &house.data, stored, &scores)?;
    Ok(Judged { acknowledged, facts: stored.facts.len(), leads, instants })
}

/// Everything acknowledged is stored, everything stored was sent, and says what was sent.
fn log_against_store(journal: &Journal, stored: &Stored) -> Result<usize> {
    if let Some(wrong) = journal.wrong.first() {
        bail!("{} answers were wrong, such as: {wrong}", journal.wrong.len());
    }
    let mut kept: HashMap<&str, &super::stored::Fact> = HashMap::new();
    for fact in &stored.facts {
        // A call's id and that of an import's row may be the same text: the store keeps them apart.
        let id = fact.id.strip_prefix("call:").unwrap_or(&fact.id);
        ensure!(kept.insert(id, fact).is_none(), "{id} is stored twice");
    }
    let mut acknowledged = 0;
    for (id, called) in &journal.calls {
        let Some(fact) = kept.remove(id.as_str()) else {
            ensure!(!called.is_acknowledged, "{id} was acknowledged and is not stored");
            continue;
        };
        acknowledged += usize::from(called.is_acknowledged);
        let call = &called.call;
        let (name, said) = match call["type"].as_str() {
            Some("identify") => ("", &call["traits"]),
            _ => (call["event"].as_str().unwrap_or_default(), &call["properties"]),
        };
        let body: Json = serde_json::from_str(&fact.body)?;
        let at = Timestamp::saturating_from_millis(fact.at).to_string();
        let same = fact.name == name && body == *said && call["timestamp"] == at;
        ensure!(same, "{id} was sent as {call} and is stored as {name} {body} at {at}");
    }
    if let Some(id) = kept.keys().next() {
        bail!("{} facts are stored that nobody sent, such as {id}", kept.len());
    }
    Ok(acknowledged)
}

/// Every lead's row, as people take it out.
pub(crate) async fn exported(house: &House) -> Result<Vec<Json>> {
    let mut client = Client::connect(house.address).await?;
    let path = "/api/v1/exports/leads?format=ndjson";
    let reply = client.send(&request("GET", path, &house.authorization(), b"")).await?;
    ensure!(reply.status == 200, crate::house::shown(reply.status, &reply.body));
    let lines = reply.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(serde_json::from_slice).collect::<Result<_, _>>()?)
}

/// Scores as they were written, each as of its instant, against the scorer that knows files only.
fn store_against_scorer(
    madura: &Path,
    data: &Path,
    stored: &Stored,
    scores: &[Json],
) -> Result<(usize, usize)> {
    let directory = data.join("export");
    fs::create_dir_all(&directory)?;
    write_files(&directory, stored)?;
    let mut by_instant: BTreeMap<&str, Vec<&Json>> = BTreeMap::new();
    for lead in scores {
        let at = lead["scored_at"].as_str().context("a lead without an instant")?;
        by_instant.entry(at).or_default().push(lead);
    }
    let known: BTreeSet<&str> = stored.facts.iter().map(|fact| fact.lead.as_str()).collect();
    let shown: BTreeSet<&str> = scores.iter().filter_map(|lead| lead["id"].as_str()).collect();
    ensure!(known == shown, "{} leads have facts and {} have scores", known.len(), shown.len());
    for (at, leads) in &by_instant {
        let offline = offline(madura, &directory, at)?;
        for live in leads {
            let id = live["id"].as_str().unwrap_or_default();
            let scored = offline.get(id).with_context(|| format!("no offline score of {id}"))?;
            for column in ["score", "fit", "engagement", "grade", "bracket", "stage"] {
                let (one, other) = (plain(&live[column]), plain(&scored[column]));
                ensure!(one == other, "{id} at {at}: {column} is {one} and should be {other}");
            }
        }
    }
    Ok((scores.len(), by_instant.len()))
}

/// A value and nothing else: no bracket is null here and an empty text there.
fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn offline(madura: &Path, directory: &Path, at: &str) -> Result<HashMap<String, Json>> {
    let output = Command::new(madura)
        .args(["score", "model.yaml", "--leads", "leads.ndjson", "--events", "events.ndjson"])
        .args(["--changes", "changes.ndjson", "--as-of", at, "--format", "ndjson", "--quiet"])
        .current_dir(directory)
        .output()?;
    let talk = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "madura score failed: {talk}");
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut scores = HashMap::new();
    for line in lines {
        let score: Json = serde_json::from_slice(line)?;
        scores.insert(plain(&score["lead"]), score);
    }
    Ok(scores)
}

/// The facts as files: who there is, what they did, what changed about them.
fn write_files(directory: &Path, stored: &Stored) -> Result<()> {
    let mut created: BTreeMap<&str, i64> = BTreeMap::new();
    let (mut events, mut changes) = (String::new(), String::new());
    for fact in &stored.facts {
        let first = created.entry(&fact.lead).or_insert(fact.at);
        *first = fact.at.min(*first);
        let at = Timestamp::saturating_from_millis(fact.at).to_string();
        let body: Json = serde_json::from_str(&fact.body)?;
        if fact.kind == 0 {
            let mut line = body.as_object().cloned().unwrap_or_default();
            line.insert("lead".to_owned(), json!(fact.lead));
            line.insert("event".to_owned(), json!(fact.name));
            line.insert("at".to_owned(), json!(at));
            line.insert("id".to_owned(), json!(fact.id));
            writeln!(events, "{}", Json::Object(line))?;
        } else {
            for (name, value) in body.as_object().into_iter().flatten() {
                let change = json!({"lead": fact.lead, "trait": name, "value": value, "at": at});
                writeln!(changes, "{change}")?;
            }
        }
    }
    let mut leads = String::new();
    for (lead, at) in created {
        let at = Timestamp::saturating_from_millis(at).to_string();
        writeln!(leads, "{}", json!({"lead": lead, "created_at": at}))?;
    }
    fs::write(directory.join("model.yaml"), MODEL)?;
    fs::write(directory.join("leads.ndjson"), leads)?;
    fs::write(directory.join("events.ndjson"), events)?;
    fs::write(directory.join("changes.ndjson"), changes)?;
    Ok(())
}

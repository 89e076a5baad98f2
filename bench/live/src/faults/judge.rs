//! The judgement: the clients' log against the store, and the store's scores against those that
//! `madura score` makes of an export of the same facts.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context as _, Result, bail, ensure};
use leads::Timestamp;
use serde_json::Value as Json;

use super::crowd::Journal;
use super::offline::{Offline, plain};
use super::stored::Stored;
use crate::house::House;
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

/// Scores as they were written, each as of its instant, against the scorer that knows files only. A
/// score follows from its lead's own facts: so at each instant those of the leads scored then are
/// enough, and everybody's are scored together once, at the latest.
fn store_against_scorer(
    madura: &Path,
    data: &Path,
    stored: &Stored,
    scores: &[Json],
) -> Result<(usize, usize)> {
    let offline = Offline::new(madura, data.join("export"), stored)?;
    let mut by_instant: BTreeMap<Timestamp, Vec<(&str, &Json)>> = BTreeMap::new();
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    for lead in scores {
        let at = lead["scored_at"].as_str().context("a lead without an instant")?;
        let id = lead["id"].as_str().context("a lead without an id")?;
        ensure!(shown.insert(id), "{id} has two rows");
        by_instant.entry(Timestamp::parse(at)?).or_default().push((id, lead));
    }
    let known: BTreeSet<&str> = offline.leads().collect();
    ensure!(known == shown, "{} leads have facts and {} have scores", known.len(), shown.len());
    for (at, lives) in &by_instant {
        let scored = offline.scores(lives.iter().map(|(id, _)| *id), &at.to_string())?;
        compare(*at, lives, &scored)?;
    }
    if let Some((at, lives)) = by_instant.last_key_value() {
        let scored = offline.scores(offline.leads(), &at.to_string())?;
        let (count, all) = (scored.len(), known.len());
        ensure!(count == all, "{count} leads of an export of {all} are scored");
        compare(*at, lives, &scored)?;
    }
    Ok((scores.len(), by_instant.len()))
}

/// Rows as the store has them against scores of the same leads as of the same instant.
fn compare(at: Timestamp, lives: &[(&str, &Json)], offline: &HashMap<String, Json>) -> Result<()> {
    for (id, live) in lives {
        let scored = offline.get(*id).with_context(|| format!("no offline score of {id}"))?;
        for column in ["score", "fit", "engagement", "grade", "bracket", "stage"] {
            let (one, other) = (plain(&live[column]), plain(&scored[column]));
            ensure!(one == other, "{id} at {at}: {column} is {one} and should be {other}");
        }
    }
    Ok(())
}

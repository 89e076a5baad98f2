//! What `madura score` makes of the stored facts, of as many leads at a time as are asked for.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use leads::Timestamp;
use serde_json::{Value as Json, json};

use super::stored::{Fact, Stored};
use crate::house::MODEL;

/// Facts by lead, and a directory for those that are scored.
pub(super) struct Offline<'s> {
    madura: &'s Path,
    directory: PathBuf,
    facts: BTreeMap<&'s str, Vec<&'s Fact>>,
}

impl<'s> Offline<'s> {
    pub(super) fn new(madura: &'s Path, directory: PathBuf, stored: &'s Stored) -> Result<Self> {
        fs::create_dir_all(&directory)?;
        fs::write(directory.join("model.yaml"), MODEL)?;
        let mut facts: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
        for fact in &stored.facts {
            facts.entry(&fact.lead).or_default().push(fact);
        }
        Ok(Self { madura, directory, facts })
    }

    /// Everybody who has facts, in order.
    pub(super) fn leads(&self) -> impl Iterator<Item = &'s str> {
        self.facts.keys().copied()
    }

    /// The scores of these leads as of an instant, by lead: made of their facts and of nobody else's.
    pub(super) fn scores<'l>(
        &self,
        leads: impl Iterator<Item = &'l str>,
        at: &str,
    ) -> Result<HashMap<String, Json>> {
        let mut files = Files::default();
        for lead in leads {
            files.add(lead, self.facts.get(lead).map_or(&[], Vec::as_slice))?;
        }
        files.write(&self.directory)?;
        let output = Command::new(self.madura)
            .args(["score", "model.yaml", "--leads", "leads.ndjson", "--events", "events.ndjson"])
            .args(["--changes", "changes.ndjson", "--as-of", at, "--format", "ndjson", "--quiet"])
            .current_dir(&self.directory)
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
}

/// A value and nothing else: no bracket is null here and an empty text there.
pub(super) fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Facts as files: who there is, what they did, what changed about them.
#[derive(Default)]
struct Files {
    leads: String,
    events: String,
    changes: String,
}

impl Files {
    fn add(&mut self, lead: &str, facts: &[&Fact]) -> Result<()> {
        for fact in facts {
            let at = Timestamp::saturating_from_millis(fact.at).to_string();
            let body: Json = serde_json::from_str(&fact.body)?;
            if fact.kind == 0 {
                let mut line = body.as_object().cloned().unwrap_or_default();
                line.insert("lead".to_owned(), json!(lead));
                line.insert("event".to_owned(), json!(fact.name));
                line.insert("at".to_owned(), json!(at));
                line.insert("id".to_owned(), json!(fact.id));
                writeln!(self.events, "{}", Json::Object(line))?;
            } else {
                for (name, value) in body.as_object().into_iter().flatten() {
                    let change = json!({"lead": lead, "trait": name, "value": value, "at": at});
                    writeln!(self.changes, "{change}")?;
                }
            }
        }
        if let Some(created) = facts.iter().map(|fact| fact.at).min() {
            let created = Timestamp::saturating_from_millis(created).to_string();
            writeln!(self.leads, "{}", json!({"lead": lead, "created_at": created}))?;
        }
        Ok(())
    }

    fn write(&self, directory: &Path) -> Result<()> {
        fs::write(directory.join("leads.ndjson"), &self.leads)?;
        fs::write(directory.join("events.ndjson"), &self.events)?;
        fs::write(directory.join("changes.ndjson"), &self.changes)?;
        Ok(())
    }
}

//! A directory with a few small files, and the program run in it.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Files to run on.
pub(crate) struct Desk {
    directory: TempDir,
    /// What the program's environment has beside the usual.
    environment: Vec<(&'static str, String)>,
}

/// What a run printed, and how it ended.
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

/// A model with something of everything.
pub(crate) const MODEL: &str = "\
model: small
kind: acquisition
time_zone: Europe/Madrid
groups:
  - group: Who
    dimension: fit
    criteria:
      - {name: Decides, trait: title, in: [CEO, CTO], points: 30}
      - {name: Spain, trait: country, is: ES, points: 20, otherwise: -5}
  - group: What
    dimension: engagement
    limit: [0, 45]
    criteria:
      - name: Prices
        event: page_viewed
        where: {path: {starts_with: /pricing}}
        points: 10
        count: {at_most: 2, per: day}
        decay: {half_life: 10d}
      - {name: Demo, event: demo_requested, points: 40}
gates:
  - {name: Competitor, when: {trait: domain, is: rival.example}, disqualify: true}
brackets: [{name: cold, from: 0}, {name: hot, from: 50}]
grid: {fit: [A: 40, B: 0], engagement: [1: 20, 2: 0]}
stages:
  - {stage: marketing_qualified, enter: {score: 50}, leave: {score: 30}}
tests:
  - name: a decider who asks for a demo is hot
    lead: {title: CEO, country: ES}
    events: [{event: demo_requested, ago: 1h}]
    expect: {bracket: hot, score: 90}
";

pub(crate) const LEADS: &str = "\
lead,created_at,title,country,domain
1,2026-01-01T00:00:00Z,CEO,ES,
2,2026-01-01T00:00:00Z,intern,RO,
3,2026-01-01T00:00:00Z,CTO,ES,rival.example
4,2026-01-01T00:00:00Z,,ES,
";

pub(crate) const EVENTS: &str = "\
lead,event,at,id,path
1,page_viewed,2026-01-10T09:00:00Z,a,/pricing
1,page_viewed,2026-01-10T09:01:00Z,b,/pricing
1,page_viewed,2026-01-10T09:02:00Z,c,/pricing/teams
1,demo_requested,2026-01-20T09:00:00Z,d,
2,page_viewed,2026-01-20T09:00:00Z,e,/blog
3,demo_requested,2026-01-20T09:00:00Z,f,
4,page_viewed,2026-01-19T23:30:00Z,g,/pricing
";

impl Desk {
    /// An empty directory.
    pub(crate) fn empty() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), environment: Vec::new() }
    }

    /// With `model.yaml`, `leads.csv` and `events.csv`.
    pub(crate) fn small() -> Self {
        let desk = Self::empty();
        desk.with("model.yaml", MODEL).with("leads.csv", LEADS).with("events.csv", EVENTS)
    }

    /// With one more file, or another one of that name.
    pub(crate) fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.directory.path().join(name), content).unwrap();
        self
    }

    /// With one more variable of the environment.
    pub(crate) fn with_variable(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// With one more file, on a desk that is in use.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.directory.path().join(name), content).unwrap();
    }

    /// Where its files are.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.directory.path().join(name)).unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.directory.path().join(name).exists()
    }

    /// Runs `madura` with these words (separated by blanks).
    pub(crate) fn run(&self, words: &str) -> Run {
        self.run_with(words, "")
    }

    /// Runs `madura` with something on standard input.
    pub(crate) fn run_with(&self, words: &str, stdin: impl AsRef<[u8]>) -> Run {
        let mut child = self.command(words).spawn().unwrap();
        // A program that ends before it has read everything is no fault of the test.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_ref());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run {
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            code: output.status.code().unwrap(),
        }
    }

    /// The program with these words, before it runs. Nothing of whoever runs the tests gets in.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_madura"));
        command
            .args(words.split_whitespace())
            .current_dir(self.directory.path())
            .env_remove("NO_COLOR")
            .env_remove("MADURA_SERVER")
            .env_remove("MADURA_KEY")
            .env("TERM", "xterm")
            .env("XDG_CONFIG_HOME", self.directory.path().join("config"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs several commands, and writes down all that comes of them.
    pub(crate) fn transcript(&self, commands: &[&str]) -> String {
        let mut transcript = String::new();
        for words in commands {
            let Run { stdout, stderr, code } = self.run(words);
            writeln!(transcript, "$ madura {words}").unwrap();
            transcript.push_str(&stdout);
            if !stderr.is_empty() {
                writeln!(transcript, "[standard error]\n{}", stderr.trim_end()).unwrap();
            }
            writeln!(transcript, "[exit code {code}]\n").unwrap();
        }
        transcript
    }
}

/// The usual files and an instant.
pub(crate) const FACTS: &str = "--leads leads.csv --events events.csv --as-of 2026-01-20T12:00:00Z";

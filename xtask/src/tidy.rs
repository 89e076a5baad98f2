//! `cargo xtask tidy`: what the compiler does not see of the house's rules.
//!
//! Each check takes files and returns what it found; only this file reads the disk.

mod arrows;
mod links;
mod names;
mod sizes;
mod sources;
mod statements;
mod words;

use std::fmt;
use std::fs;

use anyhow::{Result, bail};

use crate::shell;

/// A file of the repository.
pub(crate) struct SourceFile {
    /// From the root, with `/` between its parts.
    path: String,
    /// Its content, where it is UTF-8 without zero bytes.
    text: Option<String>,
    bytes: u64,
}

/// A rule that is not kept.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Finding {
    path: String,
    /// From 1; 0 for the whole file.
    line: usize,
    message: String,
}

pub(crate) fn run() -> Result<()> {
    let files = files()?;
    let mut findings = arrows::check(&arrows::packages()?);
    for file in &files {
        findings.extend(names::check(file));
        findings.extend(sizes::check(file));
        findings.extend(sources::check(file));
        findings.extend(statements::check(file));
        findings.extend(words::check(file));
        findings.extend(links::check(file, |path| shell::root().join(path).exists()));
    }
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => bail!("one rule is not kept"),
        count => bail!("{count} rules are not kept"),
    }
}

/// The files that are in the repository, and those that would be with the next commit.
fn files() -> Result<Vec<SourceFile>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
    let mut files = Vec::new();
    for path in shell::read("git", &list)?.split_terminator('\0') {
        // What git still lists may be deleted already, and a submodule is a directory.
        let Ok(content) = fs::read(shell::root().join(path)) else { continue };
        let bytes = content.len() as u64;
        let text = String::from_utf8(content).ok().filter(|text| !text.contains('\0'));
        files.push(SourceFile { path: path.to_owned(), text, bytes });
    }
    Ok(files)
}

impl SourceFile {
    fn has_extension(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, last)| last == extension)
    }

    /// The lines with their numbers from 1; none where the file is not text.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.iter().flat_map(|text| text.lines()).enumerate().map(|(at, line)| (at + 1, line))
    }

    fn finding(&self, line: usize, message: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, message: message.into() }
    }

    #[cfg(test)]
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: Some(text.to_owned()), bytes: text.len() as u64 }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

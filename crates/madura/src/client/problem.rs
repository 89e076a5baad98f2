//! What a server answers when it says no: problem details (RFC 9457), as an error with place and
//! remedy.

use serde::Deserialize;

use super::legible::legible;
use crate::exit::Failure;

/// What a server said no with.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Problem {
    /// The status of HTTP.
    #[serde(default)]
    pub(crate) status: u16,
    /// For programs.
    #[serde(default)]
    pub(crate) code: String,
    /// What is wrong, and what to do.
    #[serde(default)]
    pub(crate) detail: String,
    /// What is wrong at which places.
    #[serde(default)]
    pub(crate) errors: Vec<Fault>,
}

/// What is wrong at one place.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Fault {
    #[serde(default)]
    pub(crate) pointer: String,
    #[serde(default)]
    pub(crate) detail: String,
    pub(crate) line: Option<u64>,
    pub(crate) column: Option<u64>,
    pub(crate) remedy: Option<String>,
}

/// More places push the sentence off the screen.
const FAULTS_SHOWN: usize = 10;

impl Problem {
    /// Reads what came with a status. What is no problem of ours came from something in between.
    pub(crate) fn read(status: u16, body: &[u8]) -> Self {
        let read: Option<Self> = serde_json::from_slice(body).ok();
        let read = read.filter(|problem| !problem.detail.is_empty());
        let unknown = || Self {
            detail: format!("answered with status {status} and without a reason"),
            ..Self::default()
        };
        Self { status, ..read.unwrap_or_else(unknown) }
    }

    /// As the error that ends the run. `server` is where it came from.
    pub(crate) fn failure(&self, server: &str) -> Failure {
        let detail = legible(&self.detail);
        let failure = match self.status {
            401 => Failure::usage(format_args!("{server} does not know this key"))
                .hint("keys end, are revoked, and are made under Settings on the page")
                .hint(format_args!("`madura login {server}` takes another one")),
            403 => Failure::usage(format_args!("{server}: {detail}"))
                .hint("make a key with this right under Settings on the page, and log in with it"),
            429 | 500.. => Failure::system(format_args!("{server}: {detail}")),
            _ => Failure::usage(format_args!("{server}: {detail}")),
        };
        // A single place is told by the sentence already.
        let shown = if self.errors.len() == 1 && self.errors[0].line.is_none() {
            &[]
        } else {
            &self.errors[..self.errors.len().min(FAULTS_SHOWN)]
        };
        let failure = shown.iter().fold(failure, |failure, fault| failure.hint(fault.said()));
        let failure = match self.errors.len().saturating_sub(FAULTS_SHOWN) {
            0 => failure,
            rest => failure.hint(format_args!("and {rest} more")),
        };
        match self.code.as_str() {
            "no_model" => failure.hint("`madura models` lists those that there are"),
            "import_state" => failure.hint("`madura imports` says where imports stand"),
            "not_confirmed" => failure.hint("somebody changed it in between: try again"),
            _ => failure,
        }
    }
}

impl Fault {
    /// `/document, line 3, column 5: what is wrong; what to write instead`.
    pub(crate) fn said(&self) -> String {
        let place = match (self.line, self.column) {
            (Some(line), Some(column)) => format!("line {line}, column {column}"),
            (Some(line), None) => format!("line {line}"),
            _ => legible(&self.pointer),
        };
        let remedy = self.remedy.as_deref().map(|remedy| format!("; {}", legible(remedy)));
        format!("{place}: {}{}", legible(&self.detail), remedy.unwrap_or_default())
    }
}

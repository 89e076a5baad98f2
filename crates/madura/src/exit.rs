//! How a run ends: the exit code, and the sentence that says why.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use ingest::ReadError;

use crate::ui::Ui;

/// What a command that ran to its end has to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// All is well: exit code 0.
    Fine,
    /// It found something: a failed test, a file that is not in order, a rejected row. Exit code 1.
    Findings,
}

/// Why a command could not run to its end.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    error: anyhow::Error,
    hints: Vec<String>,
}

/// Decides the exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// What was looked for was found; the rest was not looked at. Exit code 1.
    Findings,
    /// What was typed, or the model, cannot be used. Exit code 2.
    Usage,
    /// A file cannot be read or written. Exit code 3.
    File,
    /// The store, the network or the system could not. Exit code 4.
    System,
    /// Whoever read our output has seen enough: no complaint, exit code 0.
    BrokenPipe,
}

/// What every command returns.
pub(crate) type Result<T = Outcome> = std::result::Result<T, Failure>;

impl Failure {
    /// A finding that ends the run.
    pub(crate) fn findings(message: impl Display) -> Self {
        Self::new(Kind::Findings, anyhow::anyhow!("{message}"))
    }

    /// What was typed, or the model, cannot be used.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Kind::Usage, anyhow::anyhow!("{message}"))
    }

    /// The store, the network or the system could not.
    pub(crate) fn system(message: impl Display) -> Self {
        Self::new(Kind::System, anyhow::anyhow!("{message}"))
    }

    /// A file cannot be read or written; `error` says why, `message` what was tried.
    pub(crate) fn file(message: impl Display, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Kind::BrokenPipe, error.into());
        }
        Self::new(Kind::File, anyhow::Error::new(error).context(message.to_string()))
    }

    /// What to do next. Each is printed on a line of its own.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// Whether it is the network's or the other end's, and may be over soon.
    pub(crate) fn is_of_the_system(&self) -> bool {
        self.kind == Kind::System
    }

    fn new(kind: Kind, error: anyhow::Error) -> Self {
        Self { kind, error, hints: Vec::new() }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Stopped { .. } => Self::new(Kind::Findings, error.into())
                .hint("without --strict such rows are left out, counted and said"),
            ReadError::Damaged { .. } => Self::new(Kind::File, error.into())
                .hint("nothing came out: scores from a part of a file would be wrong"),
            _ => Self::new(Kind::File, error.into()),
        }
    }
}

impl From<io::Error> for Failure {
    /// For writing to standard output, the only place whose errors have no name of a file.
    fn from(error: io::Error) -> Self {
        Self::file("standard output cannot be written", error)
    }
}

/// Prints the failure, if there is one, and gives the exit code.
pub(crate) fn finish(result: Result, ui: &Ui) -> ExitCode {
    let failure = match result {
        Ok(Outcome::Fine) => return ExitCode::SUCCESS,
        Ok(Outcome::Findings) => return ExitCode::from(1),
        Err(failure) => failure,
    };
    let code = match failure.kind {
        Kind::BrokenPipe => return ExitCode::SUCCESS,
        Kind::Findings => 1,
        Kind::Usage => 2,
        Kind::File => 3,
        Kind::System => 4,
    };
    // `{:#}` gives the causes after the sentence.
    ui.error(format_args!("{:#}", failure.error));
    for hint in &failure.hints {
        ui.hint(hint);
    }
    ExitCode::from(code)
}

//! Logs: sentences with fields, on standard error.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// How a line of the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum Form {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// From here on logs are written. `RUST_LOG` chooses what; without it what operators want to know.
pub(crate) fn begin(form: Form, quiet: bool) {
    let usual = if quiet { "warn" } else { "info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    // A log on a full disk is no reason to end: what cannot be written would otherwise be told to the very
    // same place by a macro that panics when that fails.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    // A second call (a test, an embedding program) finds a log that is written already.
    let _ = match form {
        Form::Text => builder.with_target(false).try_init(),
        Form::Json => builder.json().try_init(),
    };
}

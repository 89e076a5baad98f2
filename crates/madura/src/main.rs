//! The command line `madura`: files and a model in, exact and explained scores out.
//!
//! ```text
//! args (what was typed) -> commands (what it means) -> inputs -> the libraries -> output
//! ```

mod args;
mod client;
mod clock;
mod commands;
mod exit;
mod inputs;
mod output;
mod progress;
mod report;
mod service;
mod ui;

use std::process::ExitCode;

use clap::Parser as _;

/// Facts, rows and answers are many small texts that one thread makes and another drops, for which the
/// system's allocator took a third of the time of scoring.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let ui = ui::Ui::new(cli.color, cli.quiet);
    exit::finish(commands::run(cli.command, &ui), &ui)
}

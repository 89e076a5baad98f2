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
mod memory;
mod output;
mod progress;
mod report;
mod service;
mod ui;

use std::process::ExitCode;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: memory::BySize = memory::BySize;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let ui = ui::Ui::new(cli.color, cli.quiet);
    exit::finish(commands::run(cli.command, &ui), &ui)
}

//! `madura man`: the manual in the form that `man` reads.

use std::fs;
use std::path::Path;

use clap::{Args, CommandFactory as _};
use clap_mangen::Man;

use crate::args::Cli;
use crate::exit::{Failure, Outcome, Result};
use crate::ui::Ui;

/// Print the manual page, or write those of all commands
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ManArgs {
    /// Write a page for each command to this directory
    #[arg(long, value_name = "DIRECTORY")]
    out: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  madura man | man -l -
  madura man --out ~/.local/share/man/man1";

pub(crate) fn run(args: &ManArgs, ui: &Ui) -> Result {
    let Some(directory) = &args.out else {
        ui.print(&page(Cli::command())?)?;
        return Ok(Outcome::Fine);
    };
    let cannot_write = |path: &Path, error| {
        Failure::file(format_args!("{}: cannot be written", path.display()), error)
    };
    let directory = Path::new(directory);
    fs::create_dir_all(directory).map_err(|error| cannot_write(directory, error))?;
    clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), directory)
        .map_err(|error| cannot_write(directory, error))?;
    ui.say(format_args!("wrote the manual pages to {}", directory.display()));
    Ok(Outcome::Fine)
}

fn page(command: clap::Command) -> Result<String> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

//! `madura completions`: for shells.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::{Outcome, Result};
use crate::ui::Ui;

/// Print completions for a shell
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  madura completions bash > ~/.local/share/bash-completion/completions/madura
  madura completions zsh > ~/.zfunc/_madura
  madura completions fish > ~/.config/fish/completions/madura.fish";

pub(crate) fn run(args: &CompletionsArgs, ui: &Ui) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "madura", &mut script);
    ui.print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Fine)
}

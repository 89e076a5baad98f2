//! `madura config`: the settings, and what decided each.

use clap::{Args, Subcommand};

use crate::exit::{Outcome, Result};
use crate::service::{LimitsArgs, Settings, SettingsArgs};
use crate::ui::Ui;

/// Check the settings, and show what decided each
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  madura config check
  MADURA_BIND=0.0.0.0:80 madura config check --config /etc/madura/madura.toml";

#[derive(Subcommand, Clone, Debug)]
enum What {
    /// Read all settings and say what is wrong with them
    Check(CheckArgs),
}

#[derive(Args, Clone, Debug)]
struct CheckArgs {
    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    limits: LimitsArgs,
}

pub(crate) fn run(args: &ConfigArgs, ui: &Ui) -> Result {
    let What::Check(check) = &args.what;
    let settings =
        Settings::read_all(&check.settings, &check.limits, |name| std::env::var(name).ok())?;
    for (name, value, source) in settings.shown() {
        ui.say(format_args!("{name:<26} {value:<40} {source}"));
    }
    Ok(Outcome::Fine)
}

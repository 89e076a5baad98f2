//! `madura config`: the settings, and what decided each.

use clap::{Args, Subcommand};

use crate::exit::{Outcome, Result};
use crate::service::{Settings, SettingsArgs};
use crate::ui::Ui;

/// Check the settings, and show what decided each
#[derive(Args, Clone, Debug)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Clone, Debug)]
enum What {
    /// Read all settings and say what is wrong with them
    Check(CheckArgs),
}

#[derive(Args, Clone, Debug)]
struct CheckArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) fn run(args: &ConfigArgs, ui: &Ui) -> Result {
    let What::Check(check) = &args.what;
    let settings = Settings::read(&check.settings, |name| std::env::var(name).ok())?;
    let values = [
        ("data", settings.data.display().to_string()),
        ("db", settings.db.to_string()),
        ("bind", settings.bind.to_string()),
        ("public_url", settings.public_url.clone()),
    ];
    for (name, value) in values {
        ui.say(format_args!("{name:<11} {value:<40} {}", settings.sources[name]));
    }
    Ok(Outcome::Fine)
}

//! `madura restore`: a backup comes back.

use std::path::PathBuf;

use clap::Args;

use crate::clock::now;
use crate::commands::verify::told;
use crate::exit::{Failure, Result};
use crate::service::{Settings, SettingsArgs};
use crate::ui::Ui;

/// Bring a backup back
///
/// Into a data directory or a database where nothing is yet: nothing is overwritten. Every checksum
/// is compared before and everything is verified after.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RestoreArgs {
    /// The directory of the backup
    #[arg(value_name = "DIR")]
    from: PathBuf,

    #[command(flatten)]
    settings: SettingsArgs,
}

const EXAMPLES: &str = "\
Examples:
  madura restore /backups/monday --data new-place
  madura restore /backups/monday --db postgres://madura@db/empty";

pub(crate) fn run(args: &RestoreArgs, ui: &Ui) -> Result {
    let settings = Settings::read(&args.settings, |name| std::env::var(name).ok())?;
    std::fs::create_dir_all(&settings.data).map_err(|error| {
        Failure::file(format!("cannot make {}", settings.data.display()), error)
    })?;
    let events = settings.data.join("events");
    let restored = store::backup::restore(&args.from, &settings.db, &events, now())
        .map_err(Failure::system)?;
    ui.say(format_args!("{}: as of {}", settings.db, restored.made_at));
    if restored.webhooks_off > 0 {
        ui.say(format_args!(
            "{} webhook endpoints are switched off, for what waits to be sent may have been sent since \
             the backup was taken: see to each, then switch it on",
            restored.webhooks_off
        ));
    }
    Ok(told(&restored.verified, ui))
}

//! `madura restore`: a backup comes back.

use std::path::{Path, PathBuf};

use clap::Args;
use store::erase_again::{ErasedList, erase_again};

use crate::clock::now;
use crate::commands::verify::told;
use crate::exit::{Failure, Result};
use crate::service::{House, Settings, SettingsArgs, fresh_id};
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

    /// Erase those again who were erased since: the latest list that `madura erasures` printed
    #[arg(long, value_name = "FILE")]
    erasures: Option<PathBuf>,

    #[command(flatten)]
    settings: SettingsArgs,
}

const EXAMPLES: &str = "\
Examples:
  madura restore /backups/monday --data new-place
  madura restore /backups/monday --erasures /backups/erasures.json --data new-place
  madura restore /backups/monday --db postgres://madura@db/empty";

pub(crate) fn run(args: &RestoreArgs, ui: &Ui) -> Result {
    let settings = Settings::read(&args.settings, |name| std::env::var(name).ok())?;
    // Before anything is written: a list that cannot be read is no reason to go on without it.
    let erased = args.erasures.as_deref().map(list).transpose()?;
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
    let outcome = told(&restored.verified, ui);
    if let Some(erased) = erased {
        let house = House::open(&settings)?;
        let again = erase_again(&house.store, &house.segments, &erased, &mut fresh_id, now());
        let again = again.map_err(Failure::system)?;
        ui.say(format_args!("{again} leads that were erased since are erased again"));
    }
    Ok(outcome)
}

fn list(path: &Path) -> Result<ErasedList> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::file(format!("cannot read {}", path.display()), error))?;
    serde_json::from_str(&text).map_err(|error| {
        let place = format!("{}, line {}", path.display(), error.line());
        Failure::usage(format!("{place}: this is no list of erasures"))
            .hint("`madura erasures` prints one")
    })
}

//! `madura erasures`: whom to erase again, should an older backup be brought back.

use clap::Args;
use store::erase_again::erased_list;

use crate::exit::{Failure, Outcome, Result};
use crate::service::{House, Settings, SettingsArgs};
use crate::ui::Ui;

/// Print whom to erase again, should an older backup be brought back
///
/// A backup still holds whoever was erased after it was taken. This list, kept beside the backups and
/// always the latest one, lets `madura restore --erasures` erase them again. It has keyed hashes and no
/// names; keep it like a backup all the same. It may be printed while the system runs.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ErasuresArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

const EXAMPLES: &str = "\
Examples:
  madura erasures --data /var/lib/madura > /backups/erasures.json
  madura restore /backups/monday --erasures /backups/erasures.json --data new-place";

pub(crate) fn run(args: &ErasuresArgs, ui: &Ui) -> Result {
    let settings = Settings::read(&args.settings, |name| std::env::var(name).ok())?;
    let house = House::beside(&settings)?;
    let list = house.store.read(erased_list).map_err(Failure::system)?;
    let text = serde_json::to_string_pretty(&list).map_err(Failure::system)?;
    ui.print(&format!("{text}\n")).map_err(|error| Failure::file("standard output", error))?;
    Ok(Outcome::Fine)
}

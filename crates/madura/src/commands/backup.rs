//! `madura backup`: a copy of everything that is kept.

use std::path::PathBuf;

use clap::Args;

use crate::clock::now;
use crate::exit::{Failure, Outcome, Result};
use crate::service::{House, Settings, SettingsArgs};
use crate::ui::Ui;

/// Copy everything that is kept into a directory, while the system runs or not
///
/// The copy is of one instant, with a checksum for each file. It can be brought back into a file or
/// into PostgreSQL, whichever it came from.
#[derive(Args, Clone, Debug)]
pub(crate) struct BackupArgs {
    /// A directory that is empty or not there yet
    #[arg(value_name = "DIR")]
    to: PathBuf,

    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) fn run(args: &BackupArgs, ui: &Ui) -> Result {
    let settings = Settings::read(&args.settings, |name| std::env::var(name).ok())?;
    // A running system may be copied from: reading disturbs nobody.
    let house = House::beside(&settings)?;
    let manifest = store::backup::backup(&house.store, &house.segments, &args.to, now())
        .map_err(Failure::system)?;
    let bytes: i64 = manifest.files.iter().map(|file| file.bytes).sum();
    ui.say(format_args!(
        "{}: {} files, {} bytes, as of {}",
        args.to.display(),
        manifest.files.len(),
        bytes,
        manifest.made_at
    ));
    Ok(Outcome::Fine)
}

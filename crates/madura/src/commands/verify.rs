//! `madura verify`: is what is kept whole?

use clap::Args;
use store::segments::{Verified, verify};

use crate::exit::{Failure, Outcome, Result};
use crate::service::{House, Settings, SettingsArgs};
use crate::ui::Ui;

/// Look whether what is kept is whole
///
/// Reads everything: the database page by page, every file of sealed facts with its checksum, and
/// the chain of the audit trail. Names what is damaged; the exit code is 1 where something is.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

const EXAMPLES: &str = "\
Examples:
  madura verify
  madura verify --data /var/lib/madura";

pub(crate) fn run(args: &VerifyArgs, ui: &Ui) -> Result {
    let settings = Settings::read(&args.settings, |name| std::env::var(name).ok())?;
    let house = House::beside(&settings)?;
    let verified =
        house.store.read(|tx| verify(tx, &house.segments, &mut |_| {})).map_err(Failure::system)?;
    let chain = house.store.read(|tx| store::audit::verify(tx, None)).map_err(Failure::system)?;
    let whole = told(&verified, ui);
    match chain {
        store::audit::Verdict::Whole { .. } => Ok(whole),
        broken @ store::audit::Verdict::Broken { .. } => {
            ui.warn(format!("the audit trail is broken: {broken:?}"));
            Ok(Outcome::Findings)
        }
    }
}

/// Says what was found.
pub(super) fn told(verified: &Verified, ui: &Ui) -> Outcome {
    ui.say(format_args!(
        "{} facts in the database, {} in {} files",
        verified.hot, verified.sealed, verified.files
    ));
    for damage in &verified.damages {
        ui.warn(format!("{}: {}", damage.place, damage.finding));
    }
    if verified.damages.is_empty() { Outcome::Fine } else { Outcome::Findings }
}

//! `madura verify`: is what is kept whole?

use clap::Args;
use store::inbox::Condition;
use store::segments::{Verified, verify};

use crate::exit::{Failure, Outcome, Result};
use crate::service::{House, Settings, SettingsArgs};
use crate::ui::Ui;

/// Look whether what is kept is whole
///
/// Reads everything: the database page by page, the inbox, every file of sealed facts with its
/// checksum, and the chain of the audit trail. Names what is damaged; the exit code is 1 where something is.
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
    let inbox = house.store.inbox().condition().map_err(Failure::system)?;
    let mut whole = told(&verified, ui);
    if !inbox_told(&inbox, ui) {
        whole = Outcome::Findings;
    }
    match chain {
        store::audit::Verdict::Whole { .. } => Ok(whole),
        broken @ store::audit::Verdict::Broken { .. } => {
            ui.warn(format!("the audit trail is broken: {broken:?}"));
            Ok(Outcome::Findings)
        }
    }
}

/// Says how it is with the inbox, and whether all is well with it.
fn inbox_told(inbox: &Condition, ui: &Ui) -> bool {
    if inbox.waiting > 0 {
        ui.say(format_args!("{} calls in the inbox, to be settled", inbox.waiting));
    }
    for (id, why) in &inbox.set_aside {
        ui.warn(format!("the inbox: the call {id} was set aside: {why}"));
    }
    for damage in &inbox.damages {
        ui.warn(format!("the inbox: {damage}"));
    }
    inbox.set_aside.is_empty() && inbox.damages.is_empty()
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

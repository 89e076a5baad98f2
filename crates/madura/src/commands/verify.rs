//! `madura verify`: is what is kept whole?

use clap::Args;
use store::audit::{self, Break, Head, Verdict};
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

    /// An end of the audit trail that was noted elsewhere: in a log, or after an earlier check. The trail
    /// must still lead through it
    #[arg(long, value_name = "SEQ:HASH")]
    audit_head: Option<Head>,
}

const EXAMPLES: &str = "\
Examples:
  madura verify
  madura verify --data /var/lib/madura
  madura verify --audit-head 17:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

pub(crate) fn run(args: &VerifyArgs, ui: &Ui) -> Result {
    let settings = Settings::read(&args.settings, |name| std::env::var(name).ok())?;
    let house = House::beside(&settings)?;
    let verified =
        house.store.read(|tx| verify(tx, &house.segments, &mut |_| {})).map_err(Failure::system)?;
    let noted = args.audit_head.as_ref();
    let trail = house.store.read(|tx| audit::verify(tx, noted)).map_err(Failure::system)?;
    let inbox = house.store.inbox().condition().map_err(Failure::system)?;
    let mut whole = told(&verified, ui);
    if !inbox_told(&inbox, ui) {
        whole = Outcome::Findings;
    }
    if !trail_told(trail, noted, ui) {
        whole = Outcome::Findings;
    }
    Ok(whole)
}

/// Says how it is with the audit trail, and whether all is well with it.
fn trail_told(trail: Verdict, noted: Option<&Head>, ui: &Ui) -> bool {
    match trail {
        Verdict::Whole(None) => ui.say(format_args!("nothing in the audit trail")),
        Verdict::Whole(Some(head)) => {
            if let Some(noted) = noted {
                ui.say(format_args!("the audit trail leads through entry {}, as noted", noted.seq));
            }
            ui.say(format_args!("{} entries in the audit trail; its head is {head}", head.seq));
        }
        Verdict::Broken { seq, how } => {
            ui.warn(format!("the audit trail: {}", finding(seq, how)));
            return false;
        }
    }
    true
}

fn finding(seq: i64, how: Break) -> String {
    match how {
        Break::Edited => format!("entry {seq} says something else than when it was written"),
        Break::Missing => format!("entry {seq} is missing"),
        Break::Moved => format!("entry {seq} follows another one than when it was written"),
        Break::CutOff => format!("it went on with entry {seq}, and was cut off"),
        Break::End => format!("its end before entry {seq} is not the one that was kept"),
        Break::Replaced => format!("entry {seq} is not the one noted: the trail was written anew"),
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

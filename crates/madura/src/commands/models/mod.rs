//! `madura models`: the models of a running server, from a file to the version that counts.

mod changes;
mod force;
mod list;
mod push;

use clap::{Args, Subcommand};

use crate::client::{ServerArgs, connect};
use crate::exit::Result;
use crate::ui::Ui;

/// See and change the models of a running server
///
/// A file that is pushed becomes a draft. Activating it shows first which lines are different and who
/// would move, and asks; the server goes ahead only if that is still what would happen.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct ModelsArgs {
    #[command(subcommand)]
    wanted: Option<Wanted>,

    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Subcommand, Clone, Debug)]
enum Wanted {
    /// List them; this is what happens without a word
    List(list::ListArgs),
    /// Print a model's document, as it is in force
    Show(list::ShowArgs),
    /// List a model's versions, and when which counted
    Versions(list::VersionsArgs),
    /// Keep a file as a new version
    Push(push::PushArgs),
    /// Show what a version would change, and let it count
    Activate(force::ActivateArgs),
    /// Show what the version before would change back, and let it count again
    RollBack(force::RollBackArgs),
    /// Let a version score everybody beside the one that counts, without effect
    Shadow(force::VersionArgs),
    /// Take a version out of use
    Retire(force::RetireArgs),
    /// Make a model the one whose scores lists show
    Primary(force::PrimaryArgs),
}

const EXAMPLES: &str = "\
Examples:
  madura models
  madura models show b2b-software > b2b-software.yaml
  madura models push b2b-software.yaml --note 'pricing page counts more'
  madura models activate b2b-software
  madura models push b2b-software.yaml --activate --yes
  madura models roll-back b2b-software";

pub(crate) fn run(args: &ModelsArgs, ui: &Ui) -> Result {
    let on = |server: &ServerArgs| connect(server, ui);
    match &args.wanted {
        None => list::list(&on(&args.server)?, list::Format::Table),
        Some(Wanted::List(args)) => list::list(&on(&args.server)?, args.format),
        Some(Wanted::Show(args)) => list::show(&on(&args.server)?, args),
        Some(Wanted::Versions(args)) => list::versions(&on(&args.server)?, args),
        Some(Wanted::Push(args)) => push::push(&on(&args.server)?, args),
        Some(Wanted::Activate(args)) => force::activate(&on(&args.server)?, args),
        Some(Wanted::RollBack(args)) => force::roll_back(&on(&args.server)?, args),
        Some(Wanted::Shadow(args)) => force::shadow(&on(&args.server)?, args),
        Some(Wanted::Retire(args)) => force::retire(&on(&args.server)?, args),
        Some(Wanted::Primary(args)) => force::primary(&on(&args.server)?, args),
    }
}

pub(crate) use list::{document, versions_of};

pub(crate) const MODELS: [&str; 3] = ["api", "v1", "models"];

//! `madura logout`: a key that is kept no more.

use clap::Args;

use crate::client::Profiles;
use crate::exit::{Failure, Outcome, Result};
use crate::ui::Ui;

/// Forget the key for a server
///
/// The key itself goes on working: it is revoked on the page, under Settings.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LogoutArgs {
    /// The server's address or name. Without it the default one
    #[arg(value_name = "URL")]
    server: Option<String>,

    /// Forget all servers
    #[arg(long, conflicts_with = "server")]
    all: bool,
}

const EXAMPLES: &str = "\
Examples:
  madura logout
  madura logout https://leads.example.com
  madura logout --all";

pub(crate) fn run(args: &LogoutArgs, ui: &Ui) -> Result {
    let mut profiles = Profiles::read(|name| std::env::var(name).ok())?;
    let found = match &args.server {
        Some(server) => profiles.find(server),
        None => profiles.default(),
    };
    let gone = match found {
        _ if args.all => profiles.all().to_vec(),
        Some(found) => vec![found.clone()],
        None => {
            return Err(Failure::usage("no such server is known")
                .hint("`madura login` without a URL lists those that are"));
        }
    };
    for server in &gone {
        profiles.remove(&server.address);
    }
    profiles.write()?;
    for server in gone {
        ui.say(format_args!("The key for {} is forgotten here", server.address));
    }
    ui.note("a key goes on working until it is revoked on the page, under Settings");
    Ok(Outcome::Fine)
}

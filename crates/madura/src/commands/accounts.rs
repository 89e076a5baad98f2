//! `madura accounts`: who may log in, and a way back in for whoever forgot the password.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use leads::EmailAddress;
use store::accounts::{self, User, resets};
use store::audit::{self, Change};
use store::{Token, Tx};

use crate::clock::now;
use crate::exit::{Failure, Outcome, Result};
use crate::service::{House, Settings, SettingsArgs, random};
use crate::ui::Ui;

/// See who may log in, and let somebody in again who forgot the password
///
/// For whoever has the data directory: an owner without a password has nobody else to ask. The system
/// must not be running on the same embedded database; on PostgreSQL it may. Other users are given such a
/// link by an owner, on the page of users.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AccountsArgs {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  madura accounts list --data /var/lib/madura
  systemctl stop madura
  madura accounts reset-link ana@example.com --data /var/lib/madura --public-url https://leads.example.com
  systemctl start madura";

#[derive(Subcommand, Clone, Debug)]
enum What {
    /// List who may log in, and as what
    List(ListArgs),
    /// Print a link that sets a new password, once, within an hour
    ResetLink(ResetLinkArgs),
}

#[derive(Args, Clone, Debug)]
struct ListArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Args, Clone, Debug)]
struct ResetLinkArgs {
    /// The address that the user logs in with
    #[arg(value_name = "EMAIL")]
    email: String,

    /// Let the user in although the user was disabled
    #[arg(long)]
    enable: bool,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// As the audit trail names whoever is at the command line of the system.
const ACTOR: &str = "operator";

pub(crate) fn run(args: &AccountsArgs, ui: &Ui) -> Result {
    match &args.what {
        What::List(list) => show(list, ui),
        What::ResetLink(wish) => offer(wish, ui),
    }
}

fn show(args: &ListArgs, ui: &Ui) -> Result {
    let settings = Settings::read(&args.settings, |name| std::env::var(name).ok())?;
    let house = House::beside(&settings)?;
    let users = house.store.read(accounts::list).map_err(Failure::system)?;
    let mut text = String::new();
    for User { email, role, disabled_at, .. } in users {
        let state = if disabled_at.is_some() { "  disabled" } else { "" };
        let _ = writeln!(text, "{email:<40} {}{state}", role.as_str());
    }
    ui.print(&text).map_err(|error| Failure::file("standard output", error))?;
    Ok(Outcome::Fine)
}

fn offer(args: &ResetLinkArgs, ui: &Ui) -> Result {
    let settings = Settings::read(&args.settings, |name| std::env::var(name).ok())?;
    let email = EmailAddress::parse(&args.email)
        .map_err(|error| Failure::usage(format!("{}: the address {error}", args.email)))?;
    let house = House::open(&settings)?;
    let mut bytes = [0; 32];
    random()(&mut bytes);
    let token = Token::from_random(&bytes);
    let (wanted, offered, enable) = (email.clone(), token.clone(), args.enable);
    let found = house.store.write(move |tx| link_for(tx, &wanted, &offered, enable));
    match found.map_err(Failure::system)? {
        Offer::Nobody { users: 0 } => Err(Failure::usage("there is no user yet")
            .hint("`madura serve` prints a link by which the first user comes in")),
        Offer::Nobody { .. } => Err(Failure::usage(format!("no user logs in with {email}"))
            .hint("`madura accounts list` shows who does")),
        Offer::Disabled => Err(Failure::usage(format!("the user {email} is disabled"))
            .hint("say --enable to let the user in again")),
        Offer::Made => {
            let link = format!("{}/reset#token={}\n", settings.public_url, token.as_str());
            ui.print(&link).map_err(|error| Failure::file("standard output", error))?;
            ui.note("It works once, within an hour, as soon as the system runs.");
            Ok(Outcome::Fine)
        }
    }
}

/// What came of a wish for a link.
enum Offer {
    /// Nobody has the address.
    Nobody {
        /// How many users there are.
        users: i64,
    },
    Disabled,
    Made,
}

fn link_for(
    tx: &mut Tx<'_>,
    email: &EmailAddress,
    token: &Token,
    enable: bool,
) -> std::result::Result<Offer, accounts::AccountError> {
    let Some((user, _)) = accounts::find_for_login(tx, email)? else {
        return Ok(Offer::Nobody { users: accounts::count(tx)? });
    };
    let object = format!("user:{}", user.id);
    let note = |tx: &mut Tx<'_>, action| {
        let change = Change { actor: ACTOR, action, object: &object, before: None, after: None };
        audit::append(tx, &change, now())
    };
    if !user.is_enabled() {
        if !enable {
            return Ok(Offer::Disabled);
        }
        accounts::enable(tx, &user.id)?;
        note(tx, "user.changed")?;
    }
    resets::offer(tx, email, None, token, now())?;
    note(tx, "user.reset_offered")?;
    Ok(Offer::Made)
}

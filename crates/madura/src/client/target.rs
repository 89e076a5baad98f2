//! Which server is meant, and with which key: what was typed, then the environment, then what
//! `madura login` kept.

use clap::Args;

use super::{Address, Connection, Key, Profiles};
use crate::exit::{Failure, Result};
use crate::ui::Ui;

/// Which server: the same words in every command that talks to one.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArgs {
    /// The server: its address, or what it was called at `madura login` (environment: `MADURA_SERVER`;
    /// its key: `MADURA_KEY`). Without it the default one
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,

    /// Send the key over plain http to another machine, where everybody on the way can read it
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// Connects to the server that is meant. Nothing is sent yet.
pub(crate) fn connect<'u>(args: &ServerArgs, ui: &'u Ui) -> Result<Connection<'u>> {
    let environment = |name| std::env::var(name).ok().filter(|text: &String| !text.is_empty());
    let (address, key) = choose(args, environment)?;
    Connection::new(address, Some(key), ui)
}

fn choose(
    args: &ServerArgs,
    environment: impl Fn(&'static str) -> Option<String>,
) -> Result<(Address, Key)> {
    let wanted = args.server.clone().or_else(|| environment("MADURA_SERVER"));
    let shown = environment("MADURA_KEY");
    let key = shown.map(|text| {
        Key::parse(&text).map_err(|failure| failure.hint("it was taken from MADURA_KEY"))
    });
    let key = key.transpose()?;
    if let (Some(text), Some(key)) = (&wanted, &key)
        && text.contains("://")
    {
        // Whoever says both needs no file, in a container for instance.
        return Ok((Address::parse(text, args.plain_http)?, key.clone()));
    }
    let profiles = Profiles::read(&environment)?;
    let profile = match &wanted {
        Some(text) => profiles.find(text),
        None => profiles.default(),
    };
    if let Some(profile) = profile {
        return Ok((profile.address.clone(), key.unwrap_or_else(|| profile.key.clone())));
    }
    let Some(text) = wanted else {
        return Err(Failure::usage("no server is known")
            .hint("`madura login URL` keeps one, with a key for it"));
    };
    let is_name = !text.contains(['.', ':', '/']) && text != "localhost";
    if is_name {
        let names = profiles.all().iter().filter_map(|profile| profile.name.as_deref());
        let names: Vec<&str> = names.collect();
        let known = if names.is_empty() { "none has a name".to_owned() } else { names.join(", ") };
        return Err(Failure::usage(format_args!("no server is called `{text}`"))
            .hint(format_args!("known servers: {known}")));
    }
    let address = Address::parse(&text, args.plain_http)?;
    let key = key.ok_or_else(|| {
        Failure::usage(format_args!("there is no key for {address}"))
            .hint(format_args!("`madura login {address}` keeps one, or set MADURA_KEY"))
    })?;
    Ok((address, key))
}

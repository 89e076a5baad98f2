//! `madura login`: a server, and the key for it.

use std::fs::File;
use std::io::{self, Read as _};

use clap::Args;
use serde::Deserialize;

use crate::client::{Address, Call, Connection, Key, Profile, Profiles, legible, read};
use crate::exit::{Failure, Outcome, Result};
use crate::output::grid::{Align, Grid};
use crate::ui::Ui;

/// Log in to a running server with an API key
///
/// Asks for the key (it begins with mk_ and is made on the page, under Settings), tries it, and keeps
/// it where only you can read it. Several servers can be kept; the first is the default one. Without a
/// URL the servers that are known are listed.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LoginArgs {
    /// The server's address, as in `https://leads.example.com`
    #[arg(value_name = "URL")]
    server: Option<String>,

    /// Read the key from this file instead of asking for it; `-` is standard input
    #[arg(long, value_name = "FILE", requires = "server")]
    key_file: Option<String>,

    /// A short name for the server, for `--server`
    #[arg(long, value_name = "NAME", requires = "server")]
    name: Option<String>,

    /// Make it the default one
    #[arg(long, requires = "server")]
    default: bool,

    /// Send the key over plain http to another machine, where everybody on the way can read it
    #[arg(long, requires = "server")]
    plain_http: bool,
}

const EXAMPLES: &str = "\
Examples:
  madura login https://leads.example.com
  madura login http://127.0.0.1:8420 --name here --key-file ~/key.txt
  pass show madura | madura login https://leads.example.com --key-file - --default
  madura login                                        which servers are known

Everywhere, --server or MADURA_SERVER names another server, and MADURA_KEY another key.";

/// Longer than any key and what may stand around it, in bytes.
const KEY_FILE_BYTES: u64 = 4096;

pub(crate) fn run(args: &LoginArgs, ui: &Ui) -> Result {
    let mut profiles = Profiles::read(|name| std::env::var(name).ok())?;
    let Some(server) = &args.server else { return list(&profiles, ui) };
    let known = profiles.find(server).cloned();
    let address = match &known {
        Some(known) => known.address.clone(),
        None => Address::parse(server, args.plain_http)?,
    };
    if let Some(name) = &args.name {
        check_name(name)?;
    }
    // A server that is known becomes the default one without its key being asked for again.
    let only_default = args.default && args.key_file.is_none() && args.name.is_none();
    if let Some(known) = known.as_ref().filter(|_| only_default) {
        profiles.make_default(&known.address);
        profiles.write()?;
        ui.say(format_args!("{address} is the default server now"));
        return Ok(Outcome::Fine);
    }
    let key = key(args, &address, ui)?;
    let me = who(&address, &key, ui)?;
    let name = args.name.clone().or_else(|| known.and_then(|known| known.name));
    profiles.put(Profile { address: address.clone(), name, key });
    if args.default {
        profiles.make_default(&address);
    }
    profiles.write()?;
    let key_name = legible(me.key.as_deref().unwrap_or("a key without a name"));
    ui.say(format_args!("Logged in to {address} with the key ‘{key_name}’"));
    ui.say(format_args!("It may       {}", legible(&me.scopes.join(", "))));
    ui.say(format_args!("It is kept   in {}", profiles.path().display()));
    if profiles.default().is_some_and(|default| default.address == address) {
        ui.say("It is for    every command that names no other server");
    } else {
        ui.hint(format_args!("say --server {address}, or make it the default one with --default"));
    }
    Ok(Outcome::Fine)
}

/// What `/api/v1/me` answers.
#[derive(Deserialize)]
struct Me {
    key: Option<String>,
    scopes: Vec<String>,
}

fn who(address: &Address, key: &Key, ui: &Ui) -> Result<Me> {
    let connection = Connection::new(address.clone(), Some(key.clone()), ui)?;
    read(connection.json(&Call::get(&["api", "v1", "me"], &[]))?)
}

fn key(args: &LoginArgs, address: &Address, ui: &Ui) -> Result<Key> {
    let Some(path) = &args.key_file else {
        let question = format!("API key for {address} (mk_...):");
        let text = ui.ask_secret(question)?.ok_or_else(|| {
            Failure::usage("nobody can be asked for the key here")
                .hint("hand it over with --key-file FILE, or --key-file - for standard input")
        })?;
        return Key::parse(&text);
    };
    let mut text = String::new();
    let read = match path.as_str() {
        "-" => io::stdin().lock().take(KEY_FILE_BYTES).read_to_string(&mut text),
        path => {
            File::open(path).and_then(|file| file.take(KEY_FILE_BYTES).read_to_string(&mut text))
        }
    };
    read.map_err(|error| {
        // Whoever mixes the options up has typed the key here.
        let place = if path.starts_with("mk_") { "the file of the key" } else { path.as_str() };
        Failure::file(format_args!("{place} cannot be read"), error)
    })?;
    Key::parse(&text)
}

fn check_name(name: &str) -> Result<()> {
    let fits = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if name.is_empty() || name.len() > 40 || !name.chars().all(fits) || name.starts_with("mk_") {
        return Err(Failure::usage("a server's name has letters, digits, - and _, 40 at most"));
    }
    Ok(())
}

fn list(profiles: &Profiles, ui: &Ui) -> Result {
    if profiles.all().is_empty() {
        ui.say("No server is known yet.");
        ui.hint("`madura login URL` logs in to one");
        return Ok(Outcome::Fine);
    }
    let mut grid = Grid::new(&[("server", Align::Left), ("name", Align::Left), ("", Align::Left)])
        .titled(|title| ui.paint.dim(title));
    let default = profiles.default().map(|default| &default.address);
    for server in profiles.all() {
        let is_default = default == Some(&server.address);
        grid.row(vec![
            server.address.to_string(),
            server.name.clone().unwrap_or_default(),
            if is_default { ui.paint.green("default") } else { String::new() },
        ]);
    }
    ui.print(&format!("{}\n", grid.lines(0).join("\n")))?;
    Ok(Outcome::Fine)
}

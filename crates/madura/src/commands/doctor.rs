//! `madura doctor`: has the system what it needs?

use std::net::{IpAddr, Ipv4Addr, TcpListener};

use clap::Args;
use store::scores::models;

use crate::client::{Address, Connection, legible};
use crate::clock::now;
use crate::exit::{Outcome, Result};
use crate::service::{House, LimitsArgs, Settings, SettingsArgs};
use crate::ui::Ui;

/// Look whether the system has what it needs
///
/// Settings, data directory, database, address, clock, users, models: one line each, with the remedy
/// where something is missing. A system that runs already is asked how it is. Changes nothing.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    limits: LimitsArgs,
}

const EXAMPLES: &str = "\
Examples:
  madura doctor
  madura doctor --config /etc/madura/madura.toml
  madura doctor --public-url https://leads.example.com --trusted-proxies 127.0.0.1/32";

/// 1 January 2026: no clock that is right shows less.
const EARLIEST_MS: i64 = 1_767_225_600_000;

pub(crate) fn run(args: &DoctorArgs, ui: &Ui) -> Result {
    let settings =
        Settings::read_all(&args.settings, &args.limits, |name| std::env::var(name).ok())?;
    let mut ill = false;
    let mut line = |well: bool, what: &str, remedy: &str| {
        ill |= !well;
        if well {
            ui.say(format_args!("ok    {what}"));
        } else {
            ui.say(format_args!("NOT   {what}: {remedy}"));
        }
    };
    line(now().as_millis() > EARLIEST_MS, "the clock", "set it: scores fade by it");
    let public = settings.public_url.starts_with("https://") || settings.bind.ip().is_loopback();
    line(public, "people reach it by https", "put a proxy with TLS before it and say public_url");
    if settings.public_url.starts_with("https://") {
        // TLS is a proxy's task, so there is one.
        let remedy = "name it in trusted_proxies, or log-ins and limits take all visitors for one";
        line(!settings.trusted_proxies.is_empty(), "the proxy before it is trusted", remedy);
    }
    let in_use = House::is_in_use(&settings);
    match (TcpListener::bind(settings.bind), running(&settings, ui)) {
        (Ok(_), _) if in_use => {
            let what = format!("the running Madura answers at {}", settings.bind);
            line(false, &what, "it listens elsewhere: say where with --bind");
        }
        (Ok(_), _) => line(true, &format!("{} is free", settings.bind), ""),
        (Err(_), Running::Well) => {
            line(true, &format!("a running Madura answers at {}", settings.bind), "");
            line(true, "it can take facts, and scores follow", "");
        }
        (Err(_), Running::Ill { why }) => {
            line(true, &format!("a running Madura answers at {}", settings.bind), "");
            line(false, "it can take facts, and scores follow", &why);
        }
        (Err(error), Running::Not) => {
            let remedy = format!("{error}, and no Madura: stop that one, or choose another --bind");
            line(false, &format!("{} is free", settings.bind), &remedy);
        }
    }
    if in_use {
        line(true, &format!("{} is in use by a running Madura", settings.data.display()), "");
    }
    match House::beside(&settings) {
        Err(_) => {
            line(false, "the database can be opened", "start `madura serve` once, or see --db");
        }
        Ok(house) => {
            line(true, &format!("the database {}", settings.db), "");
            match house.store.read(store::perils) {
                Ok(perils) => line(
                    perils.is_empty(),
                    "what was taken survives a power cut",
                    &format!("the server has {} off: switch it on", perils.join(", ")),
                ),
                Err(error) => line(false, "the database answers", &error.to_string()),
            }
            let users = house.store.read(store::accounts::count).unwrap_or_default();
            line(users > 0, "there is a user", "open the link that `madura serve` prints");
            let known = house.store.read(models).map_or(0, |models| models.len());
            line(known > 0, "there is a model", "`madura new model.yaml`, then `madura apply`");
            let aside = house.store.inbox().condition().map(|inbox| inbox.set_aside.len());
            let what = "every call that was taken could be settled";
            match aside {
                Ok(0) => line(true, what, ""),
                Ok(many) => {
                    line(false, what, &format!("{many} could not: `madura verify` says why"));
                }
                Err(error) => line(false, "the inbox can be read", &error.to_string()),
            }
        }
    }
    Ok(if ill { Outcome::Findings } else { Outcome::Fine })
}

/// Whether a Madura answers where this one would listen.
enum Running {
    /// None does.
    Not,
    Well,
    /// It answers, and cannot take facts.
    Ill {
        why: String,
    },
}

fn running(settings: &Settings, ui: &Ui) -> Running {
    let mut bind = settings.bind;
    if bind.ip().is_unspecified() {
        bind.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let address = Address::parse(&format!("http://{bind}"), true);
    let Ok(connection) = address.and_then(|address| Connection::new(address, None, ui)) else {
        return Running::Not;
    };
    match connection.look(&["health"]) {
        Some((200, said)) if said["status"] == "ok" => {}
        _ => return Running::Not,
    }
    match connection.look(&["ready"]) {
        Some((200, _)) => Running::Well,
        Some((_, problem)) => {
            let why = problem["detail"].as_str().unwrap_or("it does not say why: see its log");
            Running::Ill { why: legible(why) }
        }
        None => Running::Ill { why: "it does not answer: see its log".to_owned() },
    }
}

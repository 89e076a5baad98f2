//! `madura doctor`: has the system what it needs?

use std::net::TcpListener;

use clap::Args;
use store::scores::models;

use crate::clock::now;
use crate::exit::{Outcome, Result};
use crate::service::{House, Settings, SettingsArgs};
use crate::ui::Ui;

/// Look whether the system has what it needs
///
/// Settings, data directory, database, address, clock, users, models: one line each, with the remedy
/// where something is missing. Changes nothing.
#[derive(Args, Clone, Debug)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// 1 January 2026: no clock that is right shows less.
const EARLIEST_MS: i64 = 1_767_225_600_000;

pub(crate) fn run(args: &DoctorArgs, ui: &Ui) -> Result {
    let settings = Settings::read(&args.settings, |name| std::env::var(name).ok())?;
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
    match TcpListener::bind(settings.bind) {
        Ok(_) => line(true, &format!("{} is free", settings.bind), ""),
        Err(error) => {
            let remedy = format!("{error} (a running madura holds it, which is well)");
            line(false, &format!("{} is free", settings.bind), &remedy);
        }
    }
    match House::beside(&settings) {
        Err(_) => line(false, "the database can be opened", "start `madura serve` once, or see --db"),
        Ok(house) => {
            line(true, &format!("the database {}", settings.db), "");
            let users = house.store.read(store::accounts::count).unwrap_or_default();
            line(users > 0, "there is a user", "open the link that `madura serve` prints");
            let known = house.store.read(models).map_or(0, |models| models.len());
            line(known > 0, "there is a model", "`madura new model.yaml`, then `madura apply`");
        }
    }
    Ok(if ill { Outcome::Findings } else { Outcome::Fine })
}

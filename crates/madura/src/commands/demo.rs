//! `madura demo`: the live system on a made-up company, with visitors on its site.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::serve::keep_serving;
use crate::clock::now;
use crate::exit::{Failure, Outcome, Result};
use crate::progress::Progress;
use crate::service::{Demo, Form, House, Settings, SettingsArgs, begin_logs, score_everyone, seed};
use crate::ui::Ui;

/// Run the live system on a company that is made up, with visitors on its site
///
/// A company of coffee machines in Spain and Romania, three years of its history, and people who are
/// on its site right now: the list sorts itself as they read, download and ask. Nothing is kept, and no
/// settings but these are read: neither madura.toml nor the environment.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DemoArgs {
    /// How many leads
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    leads: u64,

    /// How many events in their history
    #[arg(long, value_name = "N", default_value_t = 60_000)]
    events: u64,

    /// Everything follows from this number
    #[arg(long, value_name = "N", default_value_t = 2026)]
    seed: u64,

    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8420")]
    bind: String,

    /// Keep everything in this directory, which is new or an earlier demonstration's, instead of a
    /// temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// The file that tells a demonstration's directory from others.
const MARK: &str = "made-up.txt";

const EXAMPLES: &str = "\
Examples:
  madura demo                       open the link that it prints
  madura demo --leads 20000 --events 600000 --bind 127.0.0.1:9000";

pub(crate) fn run(args: &DemoArgs, ui: &Ui) -> Result {
    let directory = tempfile::Builder::new()
        .prefix("madura-demo-")
        .tempdir()
        .map_err(|error| Failure::file("cannot make a temporary directory", error))?;
    let data = args.data.clone().unwrap_or_else(|| directory.path().to_owned());
    own(&data)?;
    let typed =
        SettingsArgs { data: Some(data), bind: Some(args.bind.clone()), ..SettingsArgs::default() };
    let settings = Settings::typed_only(&typed)?;
    begin_logs(Form::Text, true);
    let opened = House::open(&settings)?.live()?;
    let demo = Demo { leads: args.leads, events: args.events, seed: args.seed };
    let progress = Progress::count(ui, "three years of a company", args.events);
    let mut told = 0;
    let visitors = seed(&opened.live, demo, &mut |facts| {
        told += facts;
        progress.reach(told);
    })?;
    drop(progress);
    score_everyone(&opened.live, now()).map_err(Failure::system)?;
    keep_serving(&settings, &opened, Some(visitors), ui)
}

/// Makes sure that a directory is a demonstration's own: one that is new or empty is marked as such, one
/// that has something else in it is refused. What is made up must not get among somebody's facts.
fn own(data: &Path) -> Result {
    let place = || format!("cannot use {}", data.display());
    fs::create_dir_all(data).map_err(|error| Failure::file(place(), error))?;
    let mark = data.join(MARK);
    let is_ours = mark.exists();
    let mut entries = fs::read_dir(data).map_err(|error| Failure::file(place(), error))?;
    if !is_ours && entries.next().is_some() {
        return Err(Failure::usage(format!("{} has something else in it", data.display()))
            .hint("a demonstration takes a directory of its own: name one that is new or empty"));
    }
    fs::write(&mark, "What is in this directory is made up: see `madura demo`.\n")
        .map_err(|error| Failure::file(place(), error))?;
    Ok(Outcome::Fine)
}

//! `madura demo`: the live system on a made-up company, with visitors on its site.

use std::path::PathBuf;

use clap::Args;

use super::serve::keep_serving;
use crate::clock::now;
use crate::exit::{Failure, Result};
use crate::progress::Progress;
use crate::service::{Demo, Form, House, Settings, SettingsArgs, begin_logs, score_everyone, seed};
use crate::ui::Ui;

/// Run the live system on a company that is made up, with visitors on its site
///
/// A company of coffee machines in Spain and Romania, three years of its history, and people who are
/// on its site right now: the list sorts itself as they read, download and ask. Nothing is kept.
#[derive(Args, Clone, Debug)]
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

    /// Keep everything in this directory instead of a temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(crate) fn run(args: &DemoArgs, ui: &Ui) -> Result {
    let directory = tempfile::Builder::new()
        .prefix("madura-demo-")
        .tempdir()
        .map_err(|error| Failure::file("cannot make a temporary directory", error))?;
    let data = args.data.clone().unwrap_or_else(|| directory.path().to_owned());
    let typed = SettingsArgs {
        data: Some(data),
        bind: Some(args.bind.clone()),
        ..SettingsArgs::default()
    };
    // Neither a file nor the environment has a say: a demonstration touches nobody's data.
    let settings = Settings::read(&typed, |_| None)?;
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

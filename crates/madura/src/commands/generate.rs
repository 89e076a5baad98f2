//! `madura generate`: a company to try things on.

use std::path::Path;

use clap::{Args, ValueEnum};
use leads::{Timestamp, read_local};
use testkit::company::{Company, Options};
use testkit::write::{self, Writer};

use crate::exit::{Failure, Outcome, Result};
use crate::inputs::counted;
use crate::progress::Progress;
use crate::ui::Ui;

/// Make the files of a believable company, to try things on
///
/// The company sells coffee machines to offices in Spain, Romania and around: leads with names,
/// titles and firms, their visits, mails, demos and purchases over three years, and the dirt of real
/// data. The same numbers give the same files, to the byte.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct GenerateArgs {
    /// How many leads
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    leads: u64,

    /// How many events
    #[arg(long, value_name = "N", default_value_t = 60_000)]
    events: u64,

    /// Everything follows from this number
    #[arg(long, value_name = "N", default_value_t = 2026)]
    seed: u64,

    /// The directory for `leads` and `events`; it is made where it is missing
    #[arg(long, value_name = "DIRECTORY", default_value = "company")]
    out: String,

    /// The form of the files: csv or ndjson
    #[arg(long, value_name = "FORMAT", default_value = "csv", hide_possible_values = true)]
    format: Format,

    /// The end of the history: an instant, or a date for its midnight UTC. By default 2026-11-01
    #[arg(long, value_name = "INSTANT")]
    until: Option<String>,
}

/// The form of the files.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Csv,
    Ndjson,
}

const EXAMPLES: &str = "\
Examples:
  madura generate
  madura generate --leads 100000 --events 2000000 --out big --format ndjson
  madura generate --seed 7 --out another";

pub(crate) fn run(args: &GenerateArgs, ui: &Ui) -> Result {
    let mut options =
        Options { leads: args.leads, events: args.events, seed: args.seed, ..Options::default() };
    if let Some(until) = &args.until {
        let utc = jiff::tz::TimeZone::UTC;
        let instant = read_local(until, &utc).map_or_else(|| Timestamp::parse(until), Ok);
        options.until =
            instant.map_err(|error| Failure::usage(format_args!("--until: `{until}` {error}")))?;
    }
    let format = match args.format {
        Format::Csv => write::Format::Csv,
        Format::Ndjson => write::Format::Ndjson,
    };
    let progress = Progress::count(ui, "making leads", args.leads);
    let make = || {
        let mut writer = Writer::create(format, Path::new(&args.out))?;
        for (story, count) in Company::new(options).stories().zip(1..) {
            writer.write(&story)?;
            if count % 256 == 0 {
                progress.reach(count);
            }
        }
        writer.finish().map(drop)
    };
    make()
        .map_err(|error| Failure::file(format_args!("{}: cannot be written", args.out), error))?;
    drop(progress);
    let file = |name: &str| Path::new(&args.out).join(name).with_extension(format.extension());
    let (leads, events) = (file("leads"), file("events"));
    let (leads, events) = (leads.display(), events.display());
    let made = format!(
        "{} in {leads}, {} in {events}",
        counted(args.leads, "lead", "leads"),
        counted(args.events, "event", "events")
    );
    ui.say(made);
    ui.note(format_args!(
        "next: `madura new model.yaml`, then `madura score model.yaml --leads {leads} --events {events}`"
    ));
    Ok(Outcome::Fine)
}

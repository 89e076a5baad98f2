//! `madura export`: leads, companies, deals, transitions or events, taken out of a running server.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::leads::FilterArgs;
use crate::client::{Call, Connection, ServerArgs, connect, each_of};
use crate::exit::{Failure, Outcome, Result};
use crate::inputs::counted;
use crate::output;
use crate::ui::Ui;

/// Take leads with their scores, companies, deals, transitions or events out of a running server
///
/// Leads and companies are of one instant, the best first; transitions come the latest first, deals and events the
/// oldest first. With --top events are the newest ones, the newest first. A file is put in its place when it is
/// whole, and not before.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExportArgs {
    /// leads, companies, deals, transitions or events
    #[arg(value_name = "WHAT", default_value = "leads", hide_possible_values = true)]
    what: What,

    /// Write to this file instead of standard output. Without --format its ending says the form
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// The form: csv or ndjson. The newest events are ndjson only
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    format: Option<Format>,

    /// Only the newest N events
    #[arg(long, value_name = "N", conflicts_with_all = ["from", "to"])]
    top: Option<usize>,

    /// Events with this name, or deals of this stage, as in `deal_won`
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Events, deals or transitions at this instant or later, as in 2026-03-01T00:00:00Z
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,

    /// Events or deals before this instant
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,

    /// Traits of leads to take along; `*`: all
    #[arg(long, value_name = "PATH,...")]
    traits: Option<String>,

    #[command(flatten)]
    filter: FilterArgs,

    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum What {
    Leads,
    Companies,
    Deals,
    Transitions,
    Events,
}

impl What {
    /// As in the API's addresses.
    fn name(self) -> &'static str {
        match self {
            Self::Leads => "leads",
            Self::Companies => "companies",
            Self::Deals => "deals",
            Self::Transitions => "transitions",
            Self::Events => "events",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Csv,
    Ndjson,
}

const EXAMPLES: &str = "\
Examples:
  madura export leads --out leads.csv
  madura export leads --bracket hot --format ndjson > hot.ndjson
  madura export leads --traits title,company.employees --out leads.csv
  madura export transitions --out transitions.csv
  madura export events --out events.csv --name demo_requested --from 2026-01-01T00:00:00Z
  madura export events --out newest.ndjson --top 10000";

/// Bytes that are handed on at a time.
const PART: usize = 1 << 16;

pub(crate) fn run(args: &ExportArgs, ui: &Ui) -> Result {
    let format = format(args)?;
    let query = args.filter.query()?;
    if args.what != What::Leads && !query.is_empty() {
        return Err(Failure::usage(format_args!(
            "{} are not chosen by what their leads are like",
            args.what.name()
        )));
    }
    if args.what != What::Leads && args.traits.is_some() {
        return Err(Failure::usage("--traits is for leads"));
    }
    if args.what != What::Events && args.top.is_some() {
        return Err(Failure::usage("--top is for events")
            .hint("`madura leads --top N --format csv` gives the N best leads"));
    }
    let has_instants = matches!(args.what, What::Events | What::Deals);
    for (word, said, fits) in [
        ("--name", &args.name, has_instants),
        ("--from", &args.from, has_instants || args.what == What::Transitions),
        ("--to", &args.to, has_instants),
    ] {
        if said.is_some() && !fits {
            let what = args.what.name();
            return Err(Failure::usage(format_args!("{word} is not for {what}")));
        }
    }
    let connection = connect(&args.server, ui)?;
    let Some(path) = &args.out else {
        let mut stdout = Ui::stdout();
        let size = fill(&connection, args, format, query, &mut stdout)?;
        stdout.flush()?;
        ui.say(size);
        return Ok(Outcome::Fine);
    };
    let cannot = |error: io::Error| {
        Failure::file(format_args!("{}: cannot be written", path.display()), error)
    };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut file =
        tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new("."))).map_err(cannot)?;
    let size = {
        let mut writer = BufWriter::with_capacity(PART, file.as_file_mut());
        let size = fill(&connection, args, format, query, &mut writer)?;
        writer.flush().map_err(cannot)?;
        size
    };
    keep(file, path).map_err(cannot)?;
    ui.say(format_args!("{size} in {}", path.display()));
    Ok(Outcome::Fine)
}

/// Only its owner can read it: it is full of people.
fn keep(file: tempfile::NamedTempFile, path: &Path) -> io::Result<File> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)
}

fn format(args: &ExportArgs) -> Result<Format> {
    let file = args.out.as_deref().filter(|_| args.format.is_none());
    let by_ending = match file.map(|path| (path, output::ending(path))) {
        None | Some((_, None)) => None,
        Some((_, Some("csv"))) => Some(Format::Csv),
        Some((_, Some("ndjson" | "jsonl"))) => Some(Format::Ndjson),
        Some((path, Some(_))) => return Err(output::unknown_ending(path, "csv or ndjson")),
    };
    let usual = if args.top.is_some() { Format::Ndjson } else { Format::Csv };
    match args.format.or(by_ending).unwrap_or(usual) {
        Format::Csv if args.top.is_some() => {
            Err(Failure::usage("the newest events are not in CSV")
                .hint("write --format ndjson, or --from instead of --top"))
        }
        format => Ok(format),
    }
}

/// Writes what was asked for, and says how much it was.
fn fill(
    connection: &Connection<'_>,
    args: &ExportArgs,
    format: Format,
    query: Vec<(&'static str, String)>,
    out: &mut dyn Write,
) -> Result<String> {
    let cannot = |error: io::Error| Failure::file("the export cannot be written", error);
    let mut query = query;
    let said = [("name", &args.name), ("from", &args.from), ("to", &args.to)];
    query.extend(said.into_iter().filter_map(|(name, said)| Some((name, said.clone()?))));
    if let Some(wanted) = args.top {
        let mut count = 0;
        each_of(connection, &["api", "v1", "events"], &query, "events", wanted, |fact| {
            count += 1;
            writeln!(out, "{fact}").map_err(cannot)
        })?;
        return Ok(counted(count, "event", "events"));
    }
    let name = if format == Format::Csv { "csv" } else { "ndjson" };
    query.push(("format", name.to_owned()));
    query.extend(args.traits.iter().map(|traits| ("traits", traits.clone())));
    let what = args.what.name();
    let call = Call::get(&["api", "v1", "exports", what], &query).accepting("*/*");
    let answer = connection.send(&call)?;
    let mut reader = answer.into_body().into_with_config().limit(u64::MAX).reader();
    let mut part = vec![0; PART];
    let mut lines = 0;
    loop {
        let read = reader.read(&mut part).map_err(|error| connection.broken(&error))?;
        if read == 0 {
            break;
        }
        lines += memchr::memchr_iter(b'\n', &part[..read]).count() as u64;
        out.write_all(&part[..read]).map_err(cannot)?;
    }
    Ok(match format {
        // A line break within a cell makes this a little more than there are.
        Format::Csv => {
            format!("{} of {what}", counted(lines.saturating_sub(1), "line", "lines"))
        }
        Format::Ndjson => format!("{} of {what}", counted(lines, "line", "lines")),
    })
}

//! The files of facts, opened, and how they are to be read.

use ingest::{EventPlan, LeadPlan, Source};
use jiff::tz::TimeZone;

use super::mapping::Mapping;
use crate::args::InputArgs;
use crate::exit::{Failure, Result};

/// All files of facts.
#[derive(Debug)]
pub(crate) struct Sources {
    /// Files of leads, in the order in which they were named.
    pub(crate) leads: Vec<Source>,
    /// Files of events.
    pub(crate) events: Vec<Source>,
    /// Files of changes of traits.
    pub(crate) changes: Vec<Source>,
    /// What their columns are called.
    pub(crate) columns: Mapping,
    /// The columns that `--map` names.
    pub(crate) mapped: Vec<String>,
    /// The zone of instants that name none.
    pub(crate) zone: Option<TimeZone>,
    /// What separates the cells of CSV, where it was said.
    pub(crate) delimiter: Option<u8>,
    /// How many threads to work with.
    pub(crate) threads: usize,
}

impl Sources {
    /// Opens all files, so that a wrong name is found before the first long reading.
    pub(crate) fn open(args: &InputArgs) -> Result<Self> {
        let all = || args.leads.iter().chain(&args.events).chain(&args.changes);
        if all().filter(|path| *path == "-").count() > 1 {
            return Err(Failure::usage("standard input (`-`) can be read only once")
                .hint("name a file for all inputs but one"));
        }
        let columns = Mapping::parse(&args.map)?;
        let zone = args.zone.as_deref().map(parse_zone).transpose()?;
        let delimiter = args.delimiter.as_deref().map(parse_delimiter).transpose()?;
        let column = |part: &String| Some(part.split_once('=')?.1.trim().to_owned());
        let mapped = args.map.iter().filter_map(column).collect();
        let open = |paths: &[String]| -> Result<Vec<Source>> {
            paths.iter().map(|path| Ok(Source::open(path, None)?)).collect()
        };
        Ok(Self {
            leads: open(&args.leads)?,
            events: open(&args.events)?,
            changes: open(&args.changes)?,
            columns,
            mapped,
            zone,
            delimiter,
            threads: args.threads.map_or_else(cores, usize::from),
        })
    }
}

impl Sources {
    /// How to read a file of leads.
    pub(crate) fn lead_plan(&self, traits: &[String]) -> LeadPlan {
        LeadPlan {
            columns: self.columns.leads.clone(),
            traits: traits.to_vec(),
            zone: self.zone.clone(),
            delimiter: self.delimiter,
            threads: self.threads,
            ..LeadPlan::default()
        }
    }

    /// How to read a file of events.
    pub(crate) fn event_plan(&self, properties: &[String]) -> EventPlan {
        EventPlan {
            columns: self.columns.events.clone(),
            properties: properties.to_vec(),
            zone: self.zone.clone(),
            delimiter: self.delimiter,
            threads: self.threads,
            ..EventPlan::default()
        }
    }

    /// How to read a file of changes of traits.
    pub(crate) fn change_plan(&self) -> EventPlan {
        EventPlan { columns: self.columns.changes.clone(), ..self.event_plan(&[]) }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn parse_zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|_| {
        Failure::usage(format_args!("--zone: `{name}` is not a time zone"))
            .hint("write a name such as `Europe/Madrid` or `UTC`")
    })
}

fn parse_delimiter(text: &str) -> Result<u8> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        b"comma" => Ok(b','),
        b"semicolon" => Ok(b';'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\n\r".contains(byte) => {
            Ok(*byte)
        }
        _ => Err(Failure::usage(format_args!("--delimiter: `{text}` cannot separate cells"))
            .hint("write one character, such as `;`, or `tab`")),
    }
}

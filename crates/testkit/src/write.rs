//! The company as two files: leads and events, as CSV or as NDJSON.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use leads::Value;

use crate::company::{Event, Row, Story, TRAITS};

/// The form of both files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Comma-separated values with a header; an event's properties are JSON in column `props`.
    Csv,
    /// One JSON object per line; an event's properties are an object under `props`.
    Ndjson,
}

impl Format {
    /// What the names of such files end in, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }
}

/// Writes story after story.
pub struct Writer<W> {
    format: Format,
    leads: W,
    events: W,
    line: String,
    json: String,
}

impl Writer<BufWriter<File>> {
    /// Writes `leads.csv` and `events.csv` (or `.ndjson`) in this directory, which is made where it
    /// is missing. Files of these names are replaced.
    pub fn create(format: Format, directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let file = |name: &str| {
            let path = directory.join(name).with_extension(format.extension());
            Ok::<_, io::Error>(BufWriter::with_capacity(1 << 18, File::create(path)?))
        };
        Self::new(format, file("leads")?, file("events")?)
    }
}

impl<W: Write> Writer<W> {
    /// Writes to these two.
    pub fn new(format: Format, mut leads: W, mut events: W) -> io::Result<Self> {
        if format == Format::Csv {
            writeln!(leads, "lead,created_at,{}", TRAITS.join(","))?;
            writeln!(events, "lead,event,at,id,props")?;
        }
        Ok(Self { format, leads, events, line: String::new(), json: String::new() })
    }

    /// Adds the rows of one lead to both files.
    pub fn write(&mut self, story: &Story) -> io::Result<()> {
        for row in &story.rows {
            self.line.clear();
            match self.format {
                Format::Csv => row_as_csv(row, &mut self.line),
                Format::Ndjson => row_as_json(row, &mut self.line),
            }
            self.leads.write_all(self.line.as_bytes())?;
        }
        for event in &story.events {
            self.json.clear();
            object(event.properties.iter().map(|(path, value)| (*path, value)), &mut self.json);
            self.line.clear();
            match self.format {
                Format::Csv => event_as_csv(story.lead(), event, &self.json, &mut self.line),
                Format::Ndjson => event_as_json(story.lead(), event, &self.json, &mut self.line),
            }
            self.events.write_all(self.line.as_bytes())?;
        }
        Ok(())
    }

    /// Flushes, and gives both back: leads, then events.
    pub fn finish(mut self) -> io::Result<(W, W)> {
        self.leads.flush()?;
        self.events.flush()?;
        Ok((self.leads, self.events))
    }
}

fn row_as_csv(row: &Row, line: &mut String) {
    push(line, format_args!("{},{}", row.lead, row.created_at));
    for value in &row.traits {
        line.push(',');
        match value {
            None => {}
            Some(Value::Text(text)) => cell(text, line),
            Some(other) => push(line, format_args!("{other}")),
        }
    }
    line.push('\n');
}

fn row_as_json(row: &Row, line: &mut String) {
    push(line, format_args!(r#"{{"lead":"{}","created_at":"{}""#, row.lead, row.created_at));
    for (path, value) in TRAITS.iter().zip(&row.traits) {
        if let Some(value) = value {
            line.push(',');
            member(path, value, line);
        }
    }
    line.push_str("}\n");
}

fn event_as_csv(lead: &str, event: &Event, props: &str, line: &mut String) {
    push(line, format_args!("{lead},{},{},{},", event.name, event.at, event.id));
    cell(props, line);
    line.push('\n');
}

fn event_as_json(lead: &str, event: &Event, props: &str, line: &mut String) {
    let Event { name, at, id, .. } = event;
    push(line, format_args!(r#"{{"lead":"{lead}","event":"{name}","at":"{at}","id":"{id}""#));
    push(line, format_args!(r#","props":{props}}}"#));
    line.push('\n');
}

/// A cell, in quotes only where it needs them (RFC 4180).
fn cell(text: &str, line: &mut String) {
    let quoted = text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if !quoted {
        line.push_str(text);
        return;
    }
    line.push('"');
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            line.push_str("\"\"");
        }
        line.push_str(part);
    }
    line.push('"');
}

fn object<'a>(members: impl Iterator<Item = (&'a str, &'a Value)>, json: &mut String) {
    json.push('{');
    for (index, (path, value)) in members.enumerate() {
        if index > 0 {
            json.push(',');
        }
        member(path, value, json);
    }
    json.push('}');
}

fn member(path: &str, value: &Value, json: &mut String) {
    push(json, format_args!("\"{path}\":"));
    match value {
        Value::Text(text) if needs_no_escape(text) => push(json, format_args!("\"{text}\"")),
        Value::Number(number) => push(json, format_args!("{number}")),
        other => push(json, format_args!("{}", other.to_json())),
    }
}

/// Nearly every text; the rest goes the long way, through a JSON library.
fn needs_no_escape(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
}

fn push(line: &mut String, arguments: std::fmt::Arguments<'_>) {
    line.write_fmt(arguments).expect("a String takes everything");
}

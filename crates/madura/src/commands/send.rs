//! `madura send`: facts, one JSON object a line, in batches that may be sent twice and count once.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::client::{Call, Connection, ServerArgs, connect, legible, read};
use crate::exit::{Failure, Outcome, Result};
use crate::inputs::{counted, grouped};
use crate::output::csv;
use crate::ui::Ui;

/// Send facts to a running server: one JSON object a line, counted once however often they are sent
///
/// Each line says whom it is about and what happened, or what is so. Lines go in batches; a batch that
/// was lost on the way is sent again, and the ids of the lines make sure that nothing counts twice. A
/// line that cannot be taken is told with its number; the others are taken.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SendArgs {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: String,

    /// How many lines go together, 2,500 at most
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=2_500))]
    batch: u16,

    /// Write the lines that were refused to this CSV file, each with its number and the reason
    #[arg(long, value_name = "FILE")]
    rejects: Option<String>,

    /// Exit with 1 where a line was refused
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    server: ServerArgs,
}

const EXAMPLES: &str = r#"Examples:
  madura send events.ndjson
  tail -f app.log | jq -c '...' | madura send
  echo '{"who": {"email": "anna@acme.example"}, "event": "demo_requested"}' | madura send
  echo '{"who": {"user": "17"}, "traits": {"title": "CEO"}, "at": "2026-03-01T10:00:00Z"}' | madura send

A line has `who` (lead, user, email or anonymous), one of `event` (with `properties`), `group` (with
`traits`) or `traits`, and perhaps `at` and `id`. A line without an id that has an instant gets one from
what it says, so that the same file can be sent again; without either it is new each time."#;

/// A body has a megabyte at most; this leaves room for what stands around the lines, in bytes.
const BATCH_BYTES: usize = 900 << 10;

/// A line that waits for company goes alone after this.
const PATIENCE: Duration = Duration::from_millis(500);

/// Lines that are read ahead.
const WAITING: usize = 4096;

/// More lines push everything else off the screen.
const SAID_MAX: usize = 5;

pub(crate) fn run(args: &SendArgs, ui: &Ui) -> Result {
    let connection = connect(&args.server, ui)?;
    let input: Box<dyn BufRead + Send> = if args.file == "-" {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let file = File::open(&args.file)
            .map_err(|error| Failure::file(format_args!("{} cannot be read", args.file), error))?;
        Box::new(BufReader::new(file))
    };
    let (lines, waiting) = sync_channel(WAITING);
    thread::spawn(move || read_lines(input, &lines));
    let mut sender = Sender::new(&connection, args)?;
    let ended = sender.run(&waiting);
    sender.finish(ended)
}

/// A line of the file, or why there are no more.
type Line = io::Result<Vec<u8>>;

fn read_lines(mut input: Box<dyn BufRead + Send>, lines: &SyncSender<Line>) {
    loop {
        let mut line = Vec::new();
        // One byte more than fits, so that a longer line is told from the longest.
        let read = input.by_ref().take(BATCH_BYTES as u64 + 1).read_until(b'\n', &mut line);
        let more = match read {
            Ok(0) => return,
            Ok(_) if line.len() > BATCH_BYTES && !line.ends_with(b"\n") => {
                // The rest of it is no line of its own.
                skip_line(&mut input).map(|()| line)
            }
            Ok(_) => Ok(line),
            Err(error) => Err(error),
        };
        let is_last = more.is_err();
        if lines.send(more).is_err() || is_last {
            return;
        }
    }
}

fn skip_line(input: &mut Box<dyn BufRead + Send>) -> io::Result<()> {
    loop {
        let part = input.fill_buf()?;
        if part.is_empty() {
            return Ok(());
        }
        let end = part.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(part.len(), |end| end + 1);
        input.consume(length);
        if end.is_some() {
            return Ok(());
        }
    }
}

struct Sender<'a> {
    connection: &'a Connection<'a>,
    args: &'a SendArgs,
    name: &'a str,
    /// The number of the last line that was read, from 1.
    line: u64,
    /// The lines of the next batch, with their numbers.
    batch: Vec<(u64, String)>,
    bytes: usize,
    /// How often a line without an id was there already, word by word.
    repeats: HashMap<[u8; 16], u32>,
    taken: u64,
    repeated: u64,
    rejected: u64,
    first: Vec<String>,
    rejects: Option<BufWriter<File>>,
}

/// What the server says of a batch.
#[derive(Deserialize)]
struct Verdicts {
    items: Vec<Verdict>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the API's words")]
struct Verdict {
    index: usize,
    verdict: String,
    message: Option<String>,
}

impl<'a> Sender<'a> {
    fn new(connection: &'a Connection<'a>, args: &'a SendArgs) -> Result<Self> {
        let rejects = match &args.rejects {
            None => None,
            Some(path) => {
                let begin = || {
                    let mut file = BufWriter::new(File::create(path)?);
                    file.write_all(b"line,reason\n")?;
                    Ok(file)
                };
                Some(begin().map_err(|error| cannot_write(path, error))?)
            }
        };
        Ok(Self {
            connection,
            args,
            name: if args.file == "-" { "standard input" } else { &args.file },
            line: 0,
            batch: Vec::new(),
            bytes: 0,
            repeats: HashMap::new(),
            taken: 0,
            repeated: 0,
            rejected: 0,
            first: Vec::new(),
            rejects,
        })
    }

    /// Sends everything, until there is no more.
    fn run(&mut self, waiting: &Receiver<Line>) -> Result<()> {
        loop {
            match waiting.recv_timeout(PATIENCE) {
                Ok(line) => {
                    let line = line.map_err(|error| {
                        Failure::file(format_args!("{} cannot be read", self.name), error)
                    })?;
                    self.take(&line)?;
                }
                Err(RecvTimeoutError::Timeout) => self.flush()?,
                Err(RecvTimeoutError::Disconnected) => return self.flush(),
            }
        }
    }

    fn take(&mut self, line: &[u8]) -> Result<()> {
        self.line += 1;
        let number = self.line;
        let text = match std::str::from_utf8(line) {
            _ if line.len() > BATCH_BYTES => {
                return self.reject(number, "is longer than what is taken at a time");
            }
            Ok(text) => text.trim().trim_start_matches('\u{feff}'),
            Err(_) => return self.reject(number, "is not written in UTF-8"),
        };
        if text.is_empty() {
            return Ok(());
        }
        let mut fact: Json = match serde_json::from_str(text) {
            Ok(fact) => fact,
            Err(error) => {
                let why = format!("is not JSON, at column {}", error.column());
                return self.reject(number, &why);
            }
        };
        let Some(members) = fact.as_object_mut() else {
            return self
                .reject(number, "is not an object, as {\"who\": {...}, \"event\": \"...\"}");
        };
        if members.contains_key("type") && !members.contains_key("who") {
            return self.reject(
                number,
                "is a call of a tracking SDK; here a line has `who` and `event`, `group` or `traits`",
            );
        }
        if members.get("id").is_none_or(Json::is_null) {
            let id = if members.get("at").is_some_and(|at| !at.is_null()) {
                self.id_of(text)
            } else {
                uuid::Uuid::new_v4()
            };
            members.insert("id".to_owned(), Json::String(id.to_string()));
        }
        let fact = fact.to_string();
        if self.bytes + fact.len() > BATCH_BYTES {
            self.flush()?;
        }
        self.bytes += fact.len() + 1;
        self.batch.push((number, fact));
        if self.batch.len() >= usize::from(self.args.batch) {
            self.flush()?;
        }
        Ok(())
    }

    /// An id that follows from what a line says, and from how often it was said before.
    fn id_of(&mut self, text: &str) -> uuid::Uuid {
        let first = |digest: &[u8]| {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&digest[..16]);
            bytes
        };
        let said = first(&Sha256::digest(text.as_bytes()));
        let times = self.repeats.entry(said).or_default();
        let mut digest = Sha256::new();
        digest.update(said);
        digest.update(times.to_le_bytes());
        *times += 1;
        uuid::Builder::from_custom_bytes(first(&digest.finalize())).into_uuid()
    }

    fn flush(&mut self) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        let facts: Vec<&str> = batch.iter().map(|(_, fact)| fact.as_str()).collect();
        let body = format!("{{\"events\":[{}]}}", facts.join(","));
        let call = Call::post_json(&["api", "v1", "events"], body.as_bytes()).patiently();
        match self.connection.try_json(&call)? {
            Ok(sent) => self.count(&batch, read(sent)?),
            // One line that is of no form at all makes the server refuse them all: it is looked for.
            Err(problem) if matches!(problem.status, 400 | 422) && batch.len() > 1 => {
                let faulty = problem.errors.first().and_then(|fault| {
                    fault.pointer.strip_prefix("/events/")?.split('/').next()?.parse::<usize>().ok()
                });
                match faulty.filter(|at| *at < batch.len()) {
                    Some(at) => {
                        self.reject(batch[at].0, &legible(&problem.detail))?;
                        self.batch = batch;
                        self.batch.remove(at);
                        self.flush()
                    }
                    None => batch.into_iter().try_for_each(|one| {
                        self.batch = vec![one];
                        self.flush()
                    }),
                }
            }
            Err(problem) if matches!(problem.status, 400 | 422) => {
                self.reject(batch[0].0, &legible(&problem.detail))
            }
            Err(problem) => Err(problem.failure(&self.connection.address().to_string())),
        }
    }

    fn count(&mut self, batch: &[(u64, String)], verdicts: Verdicts) -> Result<()> {
        for verdict in verdicts.items {
            match verdict.verdict.as_str() {
                "taken" => self.taken += 1,
                "repeated" => self.repeated += 1,
                _ => {
                    let number = batch.get(verdict.index).map_or(0, |(number, _)| *number);
                    let why = verdict.message.unwrap_or_else(|| "was refused".to_owned());
                    self.reject(number, &legible(&why))?;
                }
            }
        }
        Ok(())
    }

    fn reject(&mut self, line: u64, why: &str) -> Result<()> {
        self.rejected += 1;
        if self.first.len() < SAID_MAX {
            self.first.push(format!("{}, line {line}: {why}", self.name));
        }
        if let (Some(file), Some(path)) = (&mut self.rejects, &self.args.rejects) {
            let mut row = format!("{line},").into_bytes();
            csv::cell(why, &mut row);
            row.push(b'\n');
            file.write_all(&row).map_err(|error| cannot_write(path, error))?;
        }
        Ok(())
    }

    /// Says what came of it. `ended` is how it ended.
    fn finish(mut self, ended: Result<()>) -> Result {
        let ui = self.connection.ui;
        let mut said = format!("{} taken", counted(self.taken, "fact", "facts"));
        if self.repeated > 0 {
            let _ = write!(said, ", {} there already", grouped(self.repeated));
        }
        ui.say(said);
        if self.rejected > 0 {
            ui.warn(format_args!("{} refused", counted(self.rejected, "line was", "lines were")));
            for line in &self.first {
                ui.more(line);
            }
            let rest = self.rejected - self.first.len() as u64;
            match &self.args.rejects {
                Some(path) => ui.more(format_args!("all of them are in {path}")),
                None if rest > 0 => {
                    let rest = grouped(rest);
                    ui.more(format_args!("and {rest} more; `--rejects FILE` writes them all down"));
                }
                None => {}
            }
        }
        if let (Some(file), Some(path)) = (&mut self.rejects, &self.args.rejects) {
            file.flush().map_err(|error| cannot_write(path, error))?;
        }
        ended.map_err(|failure| {
            failure.hint(
                "what was taken stays; lines with an id or an instant can be sent again, and count once",
            )
        })?;
        Ok(if self.args.strict && self.rejected > 0 { Outcome::Findings } else { Outcome::Fine })
    }
}

fn cannot_write(path: &str, error: io::Error) -> Failure {
    Failure::file(format_args!("{path}: cannot be written"), error)
}

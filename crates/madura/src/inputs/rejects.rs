//! Rows that cannot be read: said, counted, written down.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use ingest::{Place, Reject};

use crate::args::InputArgs;
use crate::exit::{Failure, Result};
use crate::output::csv::cell;
use crate::ui::Ui;

/// Collects them from all files.
#[derive(Debug)]
pub(crate) struct Rejects {
    strict: bool,
    path: Option<String>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    count: u64,
    first: Vec<Reject>,
    file: Option<BufWriter<File>>,
    failed: Option<io::Error>,
    line: Vec<u8>,
}

/// More would push everything else off the screen.
const SAID_MAX: usize = 5;

impl Rejects {
    /// Begins the file of rejects, where one is wanted.
    pub(crate) fn open(args: &InputArgs) -> Result<Self> {
        let mut state = State::default();
        if let Some(path) = &args.rejects {
            let begin = || {
                let mut file = BufWriter::new(File::create(path)?);
                file.write_all(b"file,line,column,reason,row\n")?;
                Ok(file)
            };
            state.file = Some(begin().map_err(|error| cannot_write(path, error))?);
        }
        Ok(Self { strict: args.strict, path: args.rejects.clone(), state: Mutex::new(state) })
    }

    /// Takes a row; `Break` under `--strict`.
    pub(crate) fn take(&self, reject: &Reject) -> ControlFlow<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.count += 1;
        if state.first.len() < SAID_MAX {
            state.first.push(reject.clone());
        }
        state.write(reject);
        if self.strict { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Says what there is to say, and completes the file.
    pub(crate) fn finish(self, ui: &Ui) -> Result<()> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Under --strict the one row is the error that ends the run.
        if state.count > 0 && !self.strict {
            let (rows, were) = if state.count == 1 { ("row", "was") } else { ("rows", "were") };
            let count = super::remarks::grouped(state.count);
            ui.warn(format_args!("{count} {rows} could not be read and {were} left out"));
            for reject in &state.first {
                ui.more(reject);
            }
            let rest = state.count - state.first.len() as u64;
            match (&self.path, rest) {
                (Some(path), _) => ui.more(format_args!("all of them are in {path}")),
                (None, 0) => {}
                (None, rest) => {
                    let rest = super::remarks::grouped(rest);
                    ui.more(format_args!("and {rest} more; `--rejects FILE` writes them all down"));
                }
            }
        }
        if let Some(mut file) = state.file.take() {
            let flushed = file.flush();
            state.failed = state.failed.or_else(|| flushed.err());
        }
        match (state.failed, self.path) {
            (Some(error), Some(path)) => Err(cannot_write(&path, error)),
            _ => Ok(()),
        }
    }
}

impl State {
    fn write(&mut self, reject: &Reject) {
        let Some(file) = &mut self.file else { return };
        let (Place::Line(line) | Place::Row(line)) = reject.place;
        self.line.clear();
        cell(&reject.file, &mut self.line);
        self.line.extend_from_slice(format!(",{line},").as_bytes());
        cell(reject.column.as_deref().unwrap_or_default(), &mut self.line);
        self.line.push(b',');
        cell(&reject.reason, &mut self.line);
        self.line.push(b',');
        cell(&reject.row, &mut self.line);
        self.line.push(b'\n');
        if let Err(error) = file.write_all(&self.line) {
            self.failed.get_or_insert(error);
        }
    }
}

fn cannot_write(path: &str, error: io::Error) -> Failure {
    Failure::file(format_args!("{path}: cannot be written"), error)
}

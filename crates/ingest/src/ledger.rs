//! The account of a reading: what was read, what was rejected and where, in the order of the file
//! however many threads read it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::plan::Watch;
use crate::{ReadError, Source};

/// A row that could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reject {
    /// The file.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// Which column is at fault, where it is a single one.
    pub column: Option<String>,
    /// What is wrong, and what would be right.
    pub reason: String,
    /// The row as it stands there, cut off after some hundred characters.
    pub row: String,
}

/// Where in a file a row stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// The line of a text file at which the row begins, from 1.
    Line(u64),
    /// The row of a Parquet file, from 1.
    Row(u64),
}

/// What came out of reading a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReadSummary {
    /// Rows that were delivered.
    pub rows: u64,
    /// Rows that were rejected.
    pub rejected: u64,
    /// The columns, or the paths of the first rows of NDJSON.
    pub columns: Vec<String>,
    /// The names of events that occurred, in alphabetical order; the first 10,000 met.
    pub event_names: Vec<String>,
    /// The size of the file.
    pub bytes: u64,
}

/// Why one row cannot be read; the place is added by the ledger.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) column: Option<String>,
    pub(crate) reason: String,
}

/// A fault with its place: a line counted from 0 at the chunk's beginning, or a row of the file.
pub(crate) struct PlacedFault {
    pub(crate) place: u64,
    pub(crate) fault: Fault,
    pub(crate) row: String,
}

/// What a thread says of a chunk when it is done with it.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) rows: u64,
    pub(crate) lines: u64,
    pub(crate) faults: Vec<PlacedFault>,
}

pub(crate) struct Ledger<'a> {
    source: &'a Source,
    watch: Watch<'a>,
    stopped: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The next chunk whose report is to be entered.
    next: u64,
    /// Lines before that chunk.
    lines: u64,
    waiting: BTreeMap<u64, Report>,
    rows: u64,
    rejected: u64,
    event_names: BTreeSet<String>,
    stopped_by: Option<Reject>,
    failed: Option<(u64, ReadError)>,
}

const EVENT_NAMES_MAX: usize = 10_000;
const ROW_TEXT_MAX: usize = 300;

impl<'a> Ledger<'a> {
    /// A ledger whose first chunk begins after `lines` lines.
    pub(crate) fn new(source: &'a Source, watch: Watch<'a>, lines: u64) -> Self {
        let state = State { lines, ..State::default() };
        Self { source, watch, stopped: AtomicBool::new(false), state: Mutex::new(state) }
    }

    /// Whether reading should go no further.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(crate) fn progress(&self, bytes: u64) {
        (self.watch.progress)(bytes);
    }

    /// Enters the report of chunk `sequence`; every chunk reports once, in any order.
    pub(crate) fn enter(&self, sequence: u64, report: Report) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.insert(sequence, report);
        while let Some(report) = {
            let next = state.next;
            state.waiting.remove(&next)
        } {
            self.account(&mut state, report);
            state.next += 1;
        }
    }

    /// Notes names of events.
    pub(crate) fn note_names<'n>(&self, names: impl Iterator<Item = &'n str>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            if state.event_names.len() < EVENT_NAMES_MAX && !state.event_names.contains(name) {
                state.event_names.insert(name.to_owned());
            }
        }
    }

    /// Notes that reading failed at chunk `sequence`; the earliest failure is the one reported.
    pub(crate) fn fail(&self, sequence: u64, error: ReadError) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failed.as_ref().is_none_or(|(earlier, _)| sequence < *earlier) {
            state.failed = Some((sequence, error));
        }
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// The sum of it all.
    pub(crate) fn close(self, columns: Vec<String>) -> Result<ReadSummary, ReadError> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        // After a failure, chunks may be missing: what was reported behind the gap is entered too.
        for report in std::mem::take(&mut state.waiting).into_values() {
            state.rows += report.rows;
            state.rejected += report.faults.len() as u64;
        }
        if let Some(reject) = state.stopped_by {
            return Err(ReadError::Stopped { reject: Box::new(reject) });
        }
        if let Some((_, error)) = state.failed {
            return Err(error);
        }
        Ok(ReadSummary {
            rows: state.rows,
            rejected: state.rejected,
            columns,
            event_names: state.event_names.into_iter().collect(),
            bytes: self.source.len(),
        })
    }

    fn account(&self, state: &mut State, report: Report) {
        state.rows += report.rows;
        state.rejected += report.faults.len() as u64;
        for placed in report.faults {
            if state.stopped_by.is_some() {
                break;
            }
            let reject = Reject {
                file: self.source.name().to_owned(),
                place: if self.source.is_text() {
                    Place::Line(state.lines + placed.place + 1)
                } else {
                    Place::Row(placed.place + 1)
                },
                column: placed.fault.column,
                reason: placed.fault.reason,
                row: placed.row,
            };
            if (self.watch.rejects)(reject.clone()) == ControlFlow::Break(()) {
                state.stopped_by = Some(reject);
                self.stopped.store(true, Ordering::Relaxed);
            }
        }
        state.lines += report.lines;
    }
}

impl Fault {
    pub(crate) fn new(column: &str, reason: impl Into<String>) -> Self {
        Self { column: Some(column.to_owned()), reason: reason.into() }
    }

    pub(crate) fn of_row(reason: impl Into<String>) -> Self {
        Self { column: None, reason: reason.into() }
    }
}

/// The beginning of a row as text, whatever its bytes.
pub(crate) fn row_text(row: &[u8]) -> String {
    let cut = &row[..row.len().min(ROW_TEXT_MAX)];
    let mut text = String::from_utf8_lossy(cut).trim_end_matches(['\r', '\n']).to_owned();
    if row.len() > ROW_TEXT_MAX {
        text.push('…');
    }
    text
}

impl fmt::Display for Reject {
    /// `events.csv, line 7, column at: "yesterday" is not an instant: ...`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.file, self.place)?;
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

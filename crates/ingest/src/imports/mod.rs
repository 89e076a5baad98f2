//! Tables that somebody uploads: CSV, NDJSON, Parquet and workbooks become reports, as a mapping
//! says.
//!
//! [`preview`] looks at the beginning and proposes a mapping; [`read`] reads on from any row. Reading
//! the same file twice gives the same facts with the same ids, so that repeating an import repeats
//! nothing.

mod dates;
mod file;
mod mapping;
mod opendocument;
mod previews;
mod rows;
mod table;
mod workbook;

use std::ops::ControlFlow;

use jiff::tz::TimeZone;
use leads::{Report, Timestamp};
use thiserror::Error;

use crate::{Place, ReadError, Reject};

pub(crate) use dates::is_local_date;
pub use file::ImportFile;
pub use mapping::{ColumnUse, DateOrder, DealField, ImportMapping, OtherColumns};
pub use previews::{ColumnPreview, Preview, count_rows, preview};
use rows::RowReader;
use table::{RawRow, walk};

/// The most columns of a table, or paths of NDJSON.
pub const COLUMNS_MAX: usize = 1_000;
/// The longest cell, in bytes.
pub const CELL_BYTES_MAX: usize = 64 << 10;

/// One run of an import.
#[derive(Clone, Copy, Debug)]
pub struct ImportRun<'a> {
    /// Within which ids are unique: the import's id, or a lasting name such as `crm-orders`, so that
    /// next month's file repeats nothing of this month's. At most 100 bytes. Events with an id of their
    /// own are unique among all imports by it and their name.
    pub scope: &'a str,
    /// What becomes [`Report::source`].
    pub source: &'a str,
    /// When the import began. It is the same when a run is taken up again.
    pub imported_at: Timestamp,
    /// The first row to read, counted from 0 without the line of names.
    pub from_row: u64,
    /// How many rows to hand on at a time, at least one.
    pub batch_rows: usize,
}

/// Some rows of a file, in its order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ImportBatch {
    /// What the rows say.
    pub reports: Vec<Report>,
    /// The rows that could be read, and how many of the reports each gave, at least one.
    pub readable: Vec<Readable>,
    /// The rows that could not be read.
    pub rejects: Vec<Reject>,
    /// The number of rows in it, rejected ones too.
    pub rows: u64,
    /// Where to go on: the number of the row behind them.
    pub next_row: u64,
}

/// A row that could be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Readable {
    /// Where it stands.
    pub place: Place,
    /// How many reports it gave.
    pub reports: u32,
}

/// What came of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ImportSummary {
    /// Rows that were read, rejected ones too.
    pub rows: u64,
    /// Rows that were rejected.
    pub rejected: u64,
    /// Where to go on.
    pub next_row: u64,
    /// Whether the file ended; otherwise somebody asked to stop.
    pub finished: bool,
}

/// Why an import could not be read, or not to its end. What came before was handed on.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file is at fault.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The mapping is.
    #[error("the mapping {reason}")]
    Mapping {
        /// What is wrong and what to do.
        reason: String,
    },
}

/// Reads a file from a row on. `take` gets the batches in the order of the file; `Break` stops.
pub fn read(
    file: &ImportFile,
    mapping: &ImportMapping,
    run: &ImportRun<'_>,
    take: &mut dyn FnMut(ImportBatch) -> ControlFlow<()>,
) -> Result<ImportSummary, ImportError> {
    mapping.check()?;
    if run.scope.is_empty() || run.scope.len() > 100 {
        let reason = "is run under a scope that is empty or longer than 100 bytes".to_owned();
        return Err(ImportError::Mapping { reason });
    }
    let mut reader = RowReader::new(mapping, run, zone(mapping)?);
    let mut batch = ImportBatch { next_row: run.from_row, ..ImportBatch::default() };
    let mut summary = ImportSummary { next_row: run.from_row, ..ImportSummary::default() };
    let mut next_row = 0;
    let mut stopped = false;
    let mut faulty = None;
    let all_known = file.format() != "ndjson";
    let whole = walk(file, mapping, &mut |row: RawRow<'_>| {
        let number = next_row;
        next_row += 1;
        if let Err(error) = reader.resolve(row.names, all_known) {
            faulty = Some(error);
            return ControlFlow::Break(());
        }
        if number < run.from_row {
            return ControlFlow::Continue(());
        }
        match reader.reports(number, &row) {
            Ok(reports) => {
                batch.readable.push(Readable { place: row.place, reports: reports.len() as u32 });
                batch.reports.extend(reports);
            }
            Err(fault) => batch.rejects.push(row.reject(file.name(), fault)),
        }
        batch.rows += 1;
        batch.next_row = next_row;
        if batch.rows < run.batch_rows.max(1) as u64 {
            return ControlFlow::Continue(());
        }
        summary.add(&batch);
        let full = std::mem::take(&mut batch);
        let flow = take(full);
        stopped = flow.is_break();
        flow
    });
    if let Some(error) = faulty {
        return Err(error);
    }
    // What was read before the damage is good.
    if batch.rows > 0 && !stopped {
        summary.add(&batch);
        stopped = take(batch).is_break();
    }
    whole?;
    summary.finished = !stopped;
    Ok(summary)
}

impl ImportSummary {
    fn add(&mut self, batch: &ImportBatch) {
        self.rows += batch.rows;
        self.rejected += batch.rejects.len() as u64;
        self.next_row = batch.next_row;
    }
}

fn zone(mapping: &ImportMapping) -> Result<Option<TimeZone>, ImportError> {
    let Some(name) = &mapping.zone else { return Ok(None) };
    TimeZone::get(name).map(Some).map_err(|_| ImportError::Mapping {
        reason: format!(
            "names the time zone {name:?}, which there is not: write one as Europe/Madrid"
        ),
    })
}

//! The ways in: whatever the format, a file becomes batches.

use leads::batch::{EventBatch, LeadBatch};

use crate::ledger::ReadSummary;
use crate::plan::Task;
use crate::rows::Sink;
use crate::{
    Columns, EventPlan, Format, LeadPlan, ReadError, Source, Watch, csv, ndjson, parquet_file,
};

/// Reads the events of a file. `sink` is called from several threads, with batches numbered in the
/// order of the file (numbers may be left out); it borrows them, so that their memory serves again.
///
/// An error means that the file could not be read to its end; what came before was delivered.
pub fn read_events(
    source: &Source,
    plan: &EventPlan,
    watch: Watch<'_>,
    sink: &(dyn Fn(u64, &EventBatch) + Sync),
) -> Result<ReadSummary, ReadError> {
    read(source, &Task::events(plan), watch, &|sequence, rows, _| {
        rows.lend_events(|batch| sink(sequence, batch));
    })
}

/// Reads the rows of a file of leads; `sink` as in [`read_events`].
pub fn read_leads(
    source: &Source,
    plan: &LeadPlan,
    watch: Watch<'_>,
    sink: &(dyn Fn(u64, &LeadBatch) + Sync),
) -> Result<ReadSummary, ReadError> {
    read(source, &Task::leads(plan), watch, &|sequence, rows, _| {
        rows.lend_leads(|batch| sink(sequence, batch));
    })
}

/// The names of the columns of a file; for NDJSON, and for a column of JSON properties, also the
/// paths that occur in its first rows. They are what a model can name.
pub fn column_names(
    source: &Source,
    columns: &Columns,
    delimiter: Option<u8>,
) -> Result<Vec<String>, ReadError> {
    match source.format() {
        Format::Csv => csv::column_names(source, columns, delimiter),
        Format::Ndjson => ndjson::column_names(source, columns),
        Format::Parquet => parquet_file::column_names(source, columns),
    }
}

pub(crate) fn read(
    source: &Source,
    task: &Task,
    watch: Watch<'_>,
    sink: Sink<'_>,
) -> Result<ReadSummary, ReadError> {
    match source.format() {
        Format::Csv => csv::read(source, task, watch, sink),
        Format::Ndjson => ndjson::read(source, task, watch, sink),
        Format::Parquet => parquet_file::read(source, task, watch, sink),
    }
}

/// Runs `work` on as many threads as are wanted, the calling one among them.
pub(crate) fn on_threads(threads: usize, work: &(dyn Fn() + Sync)) {
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
}

//! Parquet, page by page: the wanted columns of a row group side by side, a batch of rows at a time.

mod assemble;
mod cells;
mod delta;
mod hybrid;
mod identity;
mod layout;
mod packed;
mod pages;
mod schema;
mod snappy;
mod store;
mod walk;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::columns::Columns;
use crate::ledger::{Ledger, ReadSummary};
use crate::plan::{Task, Watch};
use crate::read::on_threads;
use crate::rows::Sink;
use crate::{ReadError, Role, Source};
use assemble::Assembler;
pub(crate) use cells::no_utf8;
use layout::Layout;
use schema::Leaf;
pub(crate) use walk::walk;

/// Rows of a batch: the columns of events then have about a megabyte, which stays in the cache.
const BATCH_ROWS: usize = 65_536;

pub(crate) fn read(
    source: &Source,
    task: &Task,
    watch: Watch<'_>,
    sink: Sink<'_>,
) -> Result<ReadSummary, ReadError> {
    let metadata = metadata(source)?;
    let leaves = schema::leaves(metadata.file_metadata().schema_descr());
    let names = names(&leaves, source)?;
    let layout = Layout::resolve(&leaves, &names, source.name(), task)?;
    // To pass over rows of lists means to read them: no part would be cheaper than the whole.
    let has_lists = layout.leaves.iter().any(|leaf| leaf.list.is_some());
    let groups = plan(&metadata, source, if has_lists { 1 } else { task.threads })?;
    let ledger = Ledger::new(source, watch, 0);
    let next = AtomicUsize::new(0);
    let done = AtomicU64::new(0);
    let all_rows = groups.last().map_or(0, |group| group.first_row + group.rows).max(1);

    on_threads(task.threads, &|| {
        let mut assembler = Assembler::new(&layout, task);
        while !ledger.is_stopped() {
            let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            let progress = |rows: u64| {
                let done = done.fetch_add(rows, Ordering::Relaxed) + rows;
                let part = done as f64 / all_rows as f64;
                ledger.progress((source.len() as f64 * part) as u64);
            };
            let row_group = metadata.row_group(group.index);
            if let Err((column, reason)) =
                assembler.read(source.data(), row_group, group, &ledger, &progress, sink)
            {
                let error = ReadError::Damaged {
                    file: source.name().to_owned(),
                    reason: format!("column {column} of row group {} {reason}", group.index + 1),
                };
                ledger.fail(group.first_batch, error);
            }
        }
    });
    ledger.close(names)
}

pub(crate) fn column_names(source: &Source, columns: &Columns) -> Result<Vec<String>, ReadError> {
    let metadata = metadata(source)?;
    let leaves = schema::leaves(metadata.file_metadata().schema_descr());
    let mut names = names(&leaves, source)?;
    if let Some(props) = columns.find(Role::Props, &names) {
        for path in assemble::sample_props(source, &metadata, &leaves, &names[props]) {
            if !names.contains(&path) {
                names.push(path);
            }
        }
    }
    Ok(names)
}

/// A row group or a part of one, and where its rows and batches stand in the file.
struct Group {
    index: usize,
    /// Rows of the row group before the part.
    skipped: u64,
    rows: u64,
    first_row: u64,
    first_batch: u64,
}

fn metadata(source: &Source) -> Result<ParquetMetaData, ReadError> {
    let error = |reason: String| Err(ReadError::Format { file: source.name().to_owned(), reason });
    let mut magic = [0; 4];
    let size = source.data().read_at(0, &mut magic).unwrap_or(0);
    if size < 4 || &magic != b"PAR1" {
        return error("is not a Parquet file: it does not begin with PAR1".to_owned());
    }
    let mut tail = [0; 4];
    let len = source.len();
    let size = source.data().read_at(len.saturating_sub(4), &mut tail).unwrap_or(0);
    if len < 12 || size < 4 || &tail != b"PAR1" {
        return error(
            "is not a whole Parquet file: its end is missing. Fetch it again from where it was made"
                .to_owned(),
        );
    }
    match ParquetMetaDataReader::new().parse_and_finish(source.data()) {
        Ok(metadata) => Ok(metadata),
        Err(reason) => {
            error(format!("is damaged: its table of contents cannot be read ({reason})"))
        }
    }
}

/// The paths of the columns.
fn names(leaves: &[Leaf], source: &Source) -> Result<Vec<String>, ReadError> {
    let mut names: Vec<String> = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        if names.contains(&leaf.path) && leaf.meaning != schema::Meaning::Unreadable {
            return Err(ReadError::DuplicateColumn {
                file: source.name().to_owned(),
                column: leaf.path.clone(),
            });
        }
        names.push(leaf.path.clone());
    }
    Ok(names)
}

/// Rows of a part of a row group: a page that lies in two parts is read by two threads, and whoever
/// wants batches in their order has to keep those of a part that come too early.
const PART_ROWS: u64 = 2 * BATCH_ROWS as u64;
/// Row groups that claim more rows are read as they are: no list of parts gets long.
const PARTED_ROWS_MAX: u64 = 1 << 28;

/// The row groups in order; where threads would have none, in parts of whole batches.
fn plan(
    metadata: &ParquetMetaData,
    source: &Source,
    threads: usize,
) -> Result<Vec<Group>, ReadError> {
    let (mut first_row, mut first_batch) = (0_u64, 0_u64);
    let mut groups = Vec::with_capacity(metadata.num_row_groups());
    let few = metadata.num_row_groups() < threads;
    for (index, group) in metadata.row_groups().iter().enumerate() {
        // No file has more than 2^48 rows; a greater number is damage that would overflow.
        let rows = u64::try_from(group.num_rows()).ok().filter(|rows| *rows < 1 << 48);
        let Some(rows) = rows else {
            return Err(ReadError::Format {
                file: source.name().to_owned(),
                reason: format!("is damaged: row group {} has an impossible size", index + 1),
            });
        };
        let whole = rows;
        let part = if few && whole <= PARTED_ROWS_MAX { PART_ROWS } else { whole };
        let mut skipped = 0;
        loop {
            let rows = part.min(whole - skipped);
            groups.push(Group { index, skipped, rows, first_row, first_batch });
            first_row = first_row.saturating_add(rows);
            first_batch += rows.div_ceil(BATCH_ROWS as u64);
            skipped += rows;
            if skipped == whole {
                break;
            }
        }
    }
    Ok(groups)
}

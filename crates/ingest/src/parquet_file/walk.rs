//! The rows of a Parquet file one by one: for tables whose columns mean what a mapping says.

use std::ops::ControlFlow;

use leads::Value;

use super::cells::{Cells, cell, no_utf8};
use super::pages::Cursor;
use super::schema::Leaf;
use super::store::Cell;
use super::{metadata, names, plan, schema};
use crate::{ReadError, Source};

/// A row before anybody asked what it means.
pub(crate) struct ParquetRow<'a> {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// Each column with its value; an error where that is no text.
    pub(crate) values: &'a mut dyn Iterator<Item = (usize, Result<Option<Value>, String>)>,
}

/// Few enough that a thousand columns stay in the memory of a small machine.
const ROWS: u64 = 4_096;

/// Walks over the rows in their order. `check` sees the names first.
pub(crate) fn walk(
    source: &Source,
    check: &mut dyn FnMut(&[String]) -> Result<(), ReadError>,
    each: &mut dyn FnMut(&[String], ParquetRow<'_>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let metadata = metadata(source)?;
    let leaves = schema::leaves(metadata.file_metadata().schema_descr());
    let names = names(&leaves, source)?;
    check(&names)?;
    for group in plan(&metadata, source, 1)? {
        let damaged = |leaf: &Leaf, reason: String| ReadError::Damaged {
            file: source.name().to_owned(),
            reason: format!("column {} of row group {} {reason}", leaf.path, group.index + 1),
        };
        let row_group = metadata.row_group(group.index);
        let mut cursors = Vec::with_capacity(leaves.len());
        for leaf in &leaves {
            let cursor = Cursor::new(source.data(), row_group, leaf);
            cursors.push(cursor.map_err(|reason| damaged(leaf, reason))?);
        }
        let mut cells: Vec<Cells> = leaves.iter().map(Cells::new).collect();
        let mut done = 0;
        while done < group.rows {
            let count = (group.rows - done).min(ROWS);
            for ((leaf, cursor), cells) in leaves.iter().zip(&mut cursors).zip(&mut cells) {
                cursor.read(count as usize, cells).map_err(|reason| damaged(leaf, reason))?;
            }
            for row in 0..count as usize {
                let mut values = leaves
                    .iter()
                    .zip(&cells)
                    .enumerate()
                    .map(|(column, (leaf, cells))| (column, value(leaf, cells, row)));
                let number = group.first_row + done + row as u64 + 1;
                if each(&names, ParquetRow { number, values: &mut values }).is_break() {
                    return Ok(());
                }
            }
            done += count;
        }
    }
    Ok(())
}

fn value(leaf: &Leaf, cells: &Cells, row: usize) -> Result<Option<Value>, String> {
    if leaf.list.is_some() {
        return Ok(cells.lists.get(row).cloned().flatten());
    }
    match cell(leaf, cells, row) {
        Some(Cell::NoText(bytes, at)) => Err(no_utf8(bytes, at)),
        cell => Ok(cell.and_then(Cell::value)),
    }
}

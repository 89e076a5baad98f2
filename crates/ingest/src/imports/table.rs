//! The rows of a table, whatever its format.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::ControlFlow;

use leads::Value;
use serde_json::{Map, Value as Json};

use super::file::Kind;
use super::{CELL_BYTES_MAX, COLUMNS_MAX, ImportFile, ImportMapping};
use crate::cells::restored;
use crate::document::read_tree;
use crate::ledger::{Fault, row_text};
use crate::{Format, Place, ReadError, Reject, Source, csv, ndjson, parquet_file};

/// A row before anybody asked what it means.
pub(super) struct RawRow<'a> {
    pub(super) place: Place,
    /// The columns that were met so far; those of NDJSON grow.
    pub(super) names: &'a [String],
    /// Its cells that are not blank, each with its column, or what is wrong with the row.
    pub(super) cells: Result<&'a [(usize, Json)], Fault>,
    /// The row as it stands there.
    pub(super) text: Cow<'a, [u8]>,
}

/// Takes rows in their order; `Break` stops.
pub(super) type Each<'e> = &'e mut dyn FnMut(RawRow<'_>) -> ControlFlow<()>;

/// Walks over the rows of a file.
pub(super) fn walk(
    file: &ImportFile,
    mapping: &ImportMapping,
    each: Each<'_>,
) -> Result<(), ReadError> {
    match &file.kind {
        Kind::Rows(source) => match source.format() {
            Format::Csv => walk_csv(source, mapping.delimiter.map(|letter| letter as u8), each),
            Format::Ndjson => walk_ndjson(source, each),
            Format::Parquet => walk_parquet(source, each),
        },
        Kind::Workbook(workbook) => workbook.walk(mapping.sheet.as_deref(), each),
    }
}

impl RawRow<'_> {
    pub(super) fn reject(&self, file: &str, fault: Fault) -> Reject {
        Reject {
            file: file.to_owned(),
            place: self.place,
            column: fault.column,
            reason: fault.reason,
            row: row_text(&self.text),
        }
    }
}

/// The names of a header as columns: none twice, not too many.
pub(super) fn check_names(file: &str, names: &[String]) -> Result<(), ReadError> {
    let column =
        names.iter().enumerate().find(|(at, name)| !name.is_empty() && names[..*at].contains(name));
    if names.len() > COLUMNS_MAX {
        return Err(too_many_columns(file, names.len()));
    }
    match column {
        Some((_, name)) => {
            Err(ReadError::DuplicateColumn { file: file.to_owned(), column: name.clone() })
        }
        None => Ok(()),
    }
}

fn too_many_columns(file: &str, count: usize) -> ReadError {
    ReadError::Format {
        file: file.to_owned(),
        reason: format!(
            "has {count} columns, more than the {COLUMNS_MAX} that are read: leave some out"
        ),
    }
}

/// A cell of text; `None` where it is blank.
pub(super) fn text_cell(text: &str, column: &str) -> Result<Option<Json>, Fault> {
    if text.len() > CELL_BYTES_MAX {
        return Err(Fault::new(
            column,
            format!("has {} bytes, more than the 64 KiB of a cell: shorten it", text.len()),
        ));
    }
    let text = restored(text.trim());
    if text.is_empty() {
        return Ok(None);
    }
    // Databases cannot hold U+0000 in text.
    Ok(Some(if text.contains('\0') { text.replace('\0', "").into() } else { text.into() }))
}

fn walk_csv(source: &Source, delimiter: Option<u8>, each: Each<'_>) -> Result<(), ReadError> {
    let mut cells = Vec::new();
    csv::walk(source, delimiter, &mut |names| check_names(source.name(), names), &mut |row| {
        cells.clear();
        let read = row.cells.and_then(|record| {
            for (column, name) in row.names.iter().enumerate() {
                let bytes = record.cell(column).unwrap_or_default();
                let text = std::str::from_utf8(bytes).map_err(|error| {
                    let at = error.valid_up_to();
                    Fault::new(name, parquet_file::no_utf8(bytes, at))
                })?;
                if let Some(cell) = text_cell(text, name)?.filter(|_| !name.is_empty()) {
                    cells.push((column, cell));
                }
            }
            Ok(())
        });
        each(RawRow {
            place: Place::Line(row.line),
            names: row.names,
            cells: read.map(|()| cells.as_slice()),
            text: Cow::Borrowed(row.text),
        })
    })
}

fn walk_ndjson(source: &Source, each: Each<'_>) -> Result<(), ReadError> {
    let mut names = Vec::new();
    let mut cells = Vec::new();
    let mut too_many = false;
    ndjson::walk(source, &mut |line, bytes| {
        cells.clear();
        let text = bytes.ok_or_else(|| Fault::of_row(ndjson::ENDLESS)).and_then(|bytes| {
            std::str::from_utf8(bytes)
                .map_err(|error| Fault::of_row(parquet_file::no_utf8(bytes, error.valid_up_to())))
        });
        let read = text.and_then(|text| {
            let tree = read_tree(text, COLUMNS_MAX).map_err(|error| {
                let place = if error.pointer.is_empty() { "the line" } else { &error.pointer };
                Fault::of_row(format!("{place} {}", error.message))
            })?;
            let Json::Object(object) = tree.value else {
                return Err(Fault::of_row("must be one JSON object on a line"));
            };
            flatten("", object, &mut names, &mut cells)
        });
        if names.len() > COLUMNS_MAX {
            too_many = true;
            return ControlFlow::Break(());
        }
        each(RawRow {
            place: Place::Line(line),
            names: &names,
            cells: read.map(|()| cells.as_slice()),
            text: Cow::Borrowed(bytes.unwrap_or_default()),
        })
    })?;
    if too_many { Err(too_many_columns(source.name(), names.len())) } else { Ok(()) }
}

/// Objects become dotted paths; lists stay.
fn flatten(
    path: &str,
    object: Map<String, Json>,
    names: &mut Vec<String>,
    cells: &mut Vec<(usize, Json)>,
) -> Result<(), Fault> {
    for (key, value) in object {
        let path = if path.is_empty() { key } else { format!("{path}.{key}") };
        match value {
            Json::Null => {}
            Json::Object(object) => flatten(&path, object, names, cells)?,
            Json::String(text) => {
                if let Some(cell) = text_cell(&text, &path)? {
                    cells.push((place(path, names), cell));
                }
            }
            other => cells.push((place(path, names), other)),
        }
    }
    Ok(())
}

fn place(path: String, names: &mut Vec<String>) -> usize {
    if let Some(place) = names.iter().position(|name| *name == path) {
        return place;
    }
    // One more than is allowed tells the caller.
    if names.len() <= COLUMNS_MAX {
        names.push(path);
    }
    names.len() - 1
}

fn walk_parquet(source: &Source, each: Each<'_>) -> Result<(), ReadError> {
    let mut cells = Vec::new();
    parquet_file::walk(source, &mut |names| check_names(source.name(), names), &mut |names, row| {
        cells.clear();
        let mut read = Ok(());
        let mut text = String::new();
        for (column, value) in row.values {
            let value = match value {
                Ok(Some(value)) => value,
                Ok(None) => continue,
                Err(reason) => {
                    read = Err(Fault::new(&names[column], reason));
                    break;
                }
            };
            if text.len() < CELL_BYTES_MAX {
                // Writing to a string cannot fail.
                let _ = write!(text, "{}={value}, ", names[column]);
            }
            match value {
                Value::Text(value) => match text_cell(&value, &names[column]) {
                    Ok(Some(cell)) => cells.push((column, cell)),
                    Ok(None) => {}
                    Err(fault) => read = Err(fault),
                },
                value => cells.push((column, value.to_json())),
            }
        }
        each(RawRow {
            place: Place::Row(row.number),
            names,
            cells: read.map(|()| cells.as_slice()),
            text: Cow::Owned(text.trim_end_matches(", ").as_bytes().to_vec()),
        })
    })
}

//! Workbooks: Excel's (xlsx, xlsm) and `OpenDocument`'s (ods), row by row.
//!
//! A packed file of some kilobytes can unpack to gigabytes, and two cells can span a sheet of
//! billions. So every part is unpacked once and counted before anybody believes it, and no sheet is
//! ever held as a whole.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use bytes::Bytes;
use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx, XlsxError};
use serde_json::Value as Json;
use zip::ZipArchive;

use super::COLUMNS_MAX;
use super::opendocument;
use super::table::{Each, RawRow, check_names, text_cell};
use crate::{Place, ReadError};

/// A workbook whose parts have been counted.
#[derive(Clone, Debug)]
pub(super) struct Workbook {
    name: String,
    bytes: Bytes,
    kind: Kind,
    sheets: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Excel,
    OpenDocument,
}

/// All parts together, unpacked: a million rows of a few columns. Beyond it CSV is the way.
const UNPACKED_MAX: u64 = 256 << 20;
/// A part that is no sheet, unpacked: shared texts and formats are held in memory.
const HELD_MAX: u64 = 64 << 20;
/// Sheets shrink to a tenth, the emptiest to a hundredth; bombs to a thousandth.
const RATIO_MAX: u64 = 200;
/// Below this size the ratio says nothing.
const RATIO_FROM: u64 = 1 << 20;
/// A workbook has some dozens.
const PARTS_MAX: usize = 10_000;

pub(super) fn is_workbook(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

/// What Excel wrote until 2003, and writes today around a workbook with a password.
pub(super) fn is_old_workbook(head: &[u8]) -> bool {
    head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
}

impl Workbook {
    /// Counts the parts and finds the sheets.
    pub(super) fn open(name: &str, bytes: Bytes) -> Result<Self, ReadError> {
        let mut archive =
            ZipArchive::new(Cursor::new(bytes.clone())).map_err(|error| damaged(name, &error))?;
        if archive.len() > PARTS_MAX {
            return Err(refused(name, &format!("has more than {PARTS_MAX} parts: save it anew")));
        }
        let mut kind = None;
        let mut whole = 0;
        for index in 0..archive.len() {
            let mut part = archive.by_index(index).map_err(|error| damaged(name, &error))?;
            let path = part.name().map_err(|error| damaged(name, &error))?.to_lowercase();
            if path.starts_with("xl/") {
                kind = Some(Kind::Excel);
            } else if path == "content.xml" {
                kind = Some(kind.unwrap_or(Kind::OpenDocument));
            }
            let is_sheet = path == "content.xml" || path.starts_with("xl/worksheets/");
            let packed = part.compressed_size().max(1);
            let max = if is_sheet { UNPACKED_MAX } else { HELD_MAX };
            // What the archive says of its sizes is what an attacker says.
            let size = std::io::copy(&mut part.by_ref().take(max + 1), &mut std::io::sink())
                .map_err(|error| damaged(name, &error))?;
            whole += size;
            let too_dense = size > RATIO_FROM && size / packed > RATIO_MAX;
            if size > max || whole > UNPACKED_MAX || too_dense {
                return Err(refused(
                    name,
                    "unpacks to more than a workbook of this size should: save the sheet as CSV",
                ));
            }
        }
        let Some(kind) = kind else {
            return Err(refused(
                name,
                "is an archive and no workbook: unpack it, or save as .xlsx or CSV",
            ));
        };
        let sheets = match kind {
            Kind::Excel => excel(name, &bytes)?.sheet_names(),
            Kind::OpenDocument => opendocument::sheets(name, &bytes)?,
        };
        if sheets.is_empty() {
            return Err(refused(name, "has no sheets"));
        }
        Ok(Self { name: name.to_owned(), bytes, kind, sheets })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn format(&self) -> &'static str {
        match self.kind {
            Kind::Excel => "xlsx",
            Kind::OpenDocument => "ods",
        }
    }

    pub(super) fn sheets(&self) -> &[String] {
        &self.sheets
    }

    /// Walks over the rows of a sheet; the first that is not blank has the names.
    pub(super) fn walk(&self, sheet: Option<&str>, each: Each<'_>) -> Result<(), ReadError> {
        let sheet = match sheet {
            None => self.sheets[0].as_str(),
            Some(wanted) => self.sheets.iter().find(|sheet| *sheet == wanted).ok_or_else(|| {
                let reason =
                    format!("has no sheet {wanted:?}; its sheets are: {}", self.sheets.join(", "));
                refused(&self.name, &reason)
            })?,
        };
        let mut rows = SheetRows { file: &self.name, names: None, each };
        match self.kind {
            Kind::Excel => walk_excel(&self.name, &self.bytes, sheet, &mut rows)?,
            Kind::OpenDocument => opendocument::walk(&self.name, &self.bytes, sheet, &mut rows)?,
        }
        if rows.names.is_none() {
            return Err(refused(
                &self.name,
                "has an empty sheet: its first row must name the columns",
            ));
        }
        Ok(())
    }
}

/// The rows of a sheet on their way to whoever wants them.
pub(super) struct SheetRows<'a, 'e> {
    file: &'a str,
    names: Option<Vec<String>>,
    each: Each<'e>,
}

/// A cell that is not blank, with its column from 0.
pub(super) type SheetCell = (usize, Json);

impl SheetRows<'_, '_> {
    /// Takes a row, whose number counts from 1. False where nobody wants more.
    pub(super) fn take(&mut self, number: u64, cells: &[SheetCell]) -> Result<bool, ReadError> {
        if cells.is_empty() {
            return Ok(true);
        }
        let Some(names) = &self.names else {
            let last = cells.iter().map(|(column, _)| *column).max().unwrap_or_default();
            let mut names = vec![String::new(); last + 1];
            for (column, cell) in cells {
                plain(cell).trim().clone_into(&mut names[*column]);
            }
            check_names(self.file, &names)?;
            self.names = Some(names);
            return Ok(true);
        };
        let mut kept = Vec::with_capacity(cells.len());
        let mut fault = None;
        for (column, cell) in cells {
            // What stands beside the table belongs to nobody.
            let Some(name) = names.get(*column).filter(|name| !name.is_empty()) else { continue };
            match cell {
                Json::String(text) => match text_cell(text, name) {
                    Ok(Some(cell)) => kept.push((*column, cell)),
                    Ok(None) => {}
                    Err(found) => fault = fault.or(Some(found)),
                },
                other => kept.push((*column, other.clone())),
            }
        }
        if kept.is_empty() && fault.is_none() {
            return Ok(true);
        }
        let texts: Vec<String> = kept
            .iter()
            .map(|(column, cell)| format!("{}={}", names[*column], plain(cell)))
            .collect();
        let row = RawRow {
            place: Place::Row(number),
            names,
            cells: fault.map_or(Ok(kept.as_slice()), Err),
            text: Cow::Owned(texts.join(", ").into_bytes()),
        };
        Ok((self.each)(row).is_continue())
    }
}

fn walk_excel(
    name: &str,
    bytes: &Bytes,
    sheet: &str,
    rows: &mut SheetRows<'_, '_>,
) -> Result<(), ReadError> {
    let mut workbook = excel(name, bytes)?;
    let mut reader =
        workbook.worksheet_cells_reader(sheet).map_err(|error| excel_error(name, &error))?;
    let mut cells: Vec<SheetCell> = Vec::new();
    let mut row = 0;
    while let Some(cell) = reader.next_cell().map_err(|error| excel_error(name, &error))? {
        let (at, column) = cell.get_position();
        if at < row {
            return Err(refused(name, "is damaged: its rows are not in order"));
        }
        if at > row {
            if !rows.take(u64::from(row) + 1, &cells)? {
                return Ok(());
            }
            cells.clear();
            row = at;
        }
        let value = excel_value(cell.get_value());
        push(name, &mut cells, column as usize, value)?;
    }
    rows.take(u64::from(row) + 1, &cells)?;
    Ok(())
}

/// Adds a cell that is not blank; a column that no table has is a fault of the file.
pub(super) fn push(
    name: &str,
    cells: &mut Vec<SheetCell>,
    column: usize,
    value: Option<Json>,
) -> Result<(), ReadError> {
    let Some(value) = value else { return Ok(()) };
    if column >= COLUMNS_MAX {
        return Err(refused(
            name,
            "has cells beyond the first 1,000 columns: leave some columns out",
        ));
    }
    cells.push((column, value));
    Ok(())
}

/// The value of a cell; that of a formula is what the program computed last. Errors are blank.
fn excel_value(value: &DataRef<'_>) -> Option<Json> {
    match value {
        DataRef::Int(number) => Some((*number).into()),
        DataRef::Float(number) => plain_number(*number),
        DataRef::SharedString(text) => Some((*text).into()),
        DataRef::Bool(truth) => Some((*truth).into()),
        DataRef::DateTime(moment) if moment.is_datetime() => Some(moment_text(moment).into()),
        DataRef::DateTime(length) => plain_number(length.as_f64()),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Some(text.clone().into())
        }
        DataRef::Error(_) | DataRef::Empty => None,
    }
}

/// A number; whole ones without a point, as people wrote them.
pub(super) fn plain_number(number: f64) -> Option<Json> {
    if !number.is_finite() {
        return None;
    }
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Some((number as i64).into());
    }
    Some(number.into())
}

/// A date of Excel, which knows no zones: the mapping's is meant.
fn moment_text(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if milli == 0 { text } else { format!("{text}.{milli:03}") }
}

fn plain(cell: &Json) -> String {
    match cell {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn excel(name: &str, bytes: &Bytes) -> Result<Xlsx<Cursor<Bytes>>, ReadError> {
    Xlsx::new(Cursor::new(bytes.clone())).map_err(|error| excel_error(name, &error))
}

fn excel_error(name: &str, error: &XlsxError) -> ReadError {
    match error {
        XlsxError::Password => refused(name, "has a password: save it without one"),
        error => refused(name, &format!("is damaged ({error}): save it anew, or as CSV")),
    }
}

pub(super) fn refused(name: &str, reason: &str) -> ReadError {
    ReadError::Format { file: name.to_owned(), reason: reason.to_owned() }
}

pub(super) fn damaged(name: &str, error: &dyn std::fmt::Display) -> ReadError {
    refused(name, &format!("is damaged ({error}): save it anew, or as CSV"))
}

//! `OpenDocument`'s sheets, row by row: cells and rows that are repeated a million times, as the blank
//! rest of every sheet is, are counted and not made.

use std::io::{BufRead, BufReader, Cursor};

use bytes::Bytes;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::Value as Json;
use zip::ZipArchive;

use super::workbook::{SheetCell, SheetRows, damaged, plain_number, push};
use super::{CELL_BYTES_MAX, COLUMNS_MAX};
use crate::ReadError;

/// A row that is repeated is one row that somebody copied: more often than this nobody meant it.
const ROW_REPEATS_MAX: u64 = 10_000;

/// The names of the sheets.
pub(super) fn sheets(name: &str, bytes: &Bytes) -> Result<Vec<String>, ReadError> {
    let mut sheets = Vec::new();
    read(name, bytes, &mut |event| {
        if let Event::Start(element) | Event::Empty(element) = event
            && element.name().as_ref() == "table:table"
        {
            sheets.push(attribute(element, "table:name").unwrap_or_default());
        }
        Ok(true)
    })?;
    Ok(sheets)
}

/// Walks over the rows of a sheet.
pub(super) fn walk(
    name: &str,
    bytes: &Bytes,
    sheet: &str,
    rows: &mut SheetRows<'_, '_>,
) -> Result<(), ReadError> {
    let mut walk =
        Walk { name, sheet, rows, place: Place::Outside, row: Row::default(), number: 0 };
    read(name, bytes, &mut |event| walk.take(event))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Sheet,
    Row,
    Cell,
    /// In a paragraph of a cell.
    Text,
    /// In a note on a cell, which is no part of it.
    Note,
}

#[derive(Default)]
struct Row {
    repeats: u64,
    column: usize,
    cells: Vec<SheetCell>,
    cell: Cell,
}

#[derive(Default)]
struct Cell {
    repeats: usize,
    value: Option<Json>,
    text: String,
    paragraphs: usize,
}

struct Walk<'a, 'r, 'e> {
    name: &'a str,
    sheet: &'a str,
    rows: &'a mut SheetRows<'r, 'e>,
    place: Place,
    row: Row,
    /// Rows so far.
    number: u64,
}

impl Walk<'_, '_, '_> {
    /// Takes a piece of the document; false where nothing more is wanted.
    fn take(&mut self, event: &Event<'_>) -> Result<bool, ReadError> {
        match (self.place, event) {
            (Place::Outside, Event::Start(element))
                if element.name().as_ref() == "table:table"
                    && attribute(element, "table:name").unwrap_or_default() == self.sheet =>
            {
                self.place = Place::Sheet;
            }
            (Place::Sheet, Event::Start(element) | Event::Empty(element))
                if element.name().as_ref() == "table:table-row" =>
            {
                let repeats = repeats(element, "table:number-rows-repeated");
                self.row = Row { repeats, ..Row::default() };
                if matches!(event, Event::Empty(_)) {
                    self.number += repeats;
                } else {
                    self.place = Place::Row;
                }
            }
            (Place::Sheet, Event::End(element)) if element.name().as_ref() == "table:table" => {
                return Ok(false);
            }
            (Place::Row, Event::Start(element) | Event::Empty(element)) if is_cell(element) => {
                let repeats = repeats(element, "table:number-columns-repeated");
                let repeats = usize::try_from(repeats).unwrap_or(usize::MAX);
                self.row.cell = Cell { repeats, value: value(element), ..Cell::default() };
                if matches!(event, Event::Empty(_)) {
                    self.end_cell()?;
                } else {
                    self.place = Place::Cell;
                }
            }
            (Place::Row, Event::End(element)) if element.name().as_ref() == "table:table-row" => {
                self.place = Place::Sheet;
                return self.end_row();
            }
            (Place::Cell, Event::Start(element)) => match element.name().as_ref() {
                "text:p" => {
                    if self.row.cell.paragraphs > 0 {
                        self.row.cell.text.push('\n');
                    }
                    self.row.cell.paragraphs += 1;
                    self.place = Place::Text;
                }
                "office:annotation" => self.place = Place::Note,
                _ => {}
            },
            (Place::Cell, Event::End(element))
                if matches!(
                    element.name().as_ref(),
                    "table:table-cell" | "table:covered-table-cell"
                ) =>
            {
                self.place = Place::Row;
                self.end_cell()?;
            }
            (Place::Note, Event::End(element))
                if element.name().as_ref() == "office:annotation" =>
            {
                self.place = Place::Cell;
            }
            (Place::Text, event) => self.take_text(event),
            _ => {}
        }
        Ok(true)
    }

    fn take_text(&mut self, event: &Event<'_>) {
        let text = &mut self.row.cell.text;
        match event {
            Event::Text(piece) => text.push_str(&piece.xml10_content()),
            Event::CData(piece) => text.push_str(&piece.xml10_content()),
            Event::GeneralRef(entity) => {
                // Only what XML itself knows: others would have to be declared, and are not read.
                let whole = format!("&{};", entity.xml10_content());
                if let Ok(letter) = quick_xml::escape::unescape(&whole) {
                    text.push_str(&letter);
                }
            }
            Event::Empty(element) if element.name().as_ref() == "text:s" => {
                let count = repeats(element, "text:c").min(CELL_BYTES_MAX as u64);
                text.extend(std::iter::repeat_n(' ', count as usize));
            }
            Event::Empty(element) if element.name().as_ref() == "text:tab" => text.push('\t'),
            Event::Empty(element) if element.name().as_ref() == "text:line-break" => {
                text.push('\n');
            }
            Event::End(element) if element.name().as_ref() == "text:p" => self.place = Place::Cell,
            _ => {}
        }
        // One byte more than is allowed tells the caller.
        let text = &mut self.row.cell.text;
        if text.len() > CELL_BYTES_MAX + 4 {
            let cut = text.floor_char_boundary(CELL_BYTES_MAX + 4);
            text.truncate(cut);
        }
    }

    fn end_cell(&mut self) -> Result<(), ReadError> {
        let cell = std::mem::take(&mut self.row.cell);
        let text = Some(cell.text).filter(|text| !text.trim().is_empty());
        let value = cell.value.or_else(|| text.map(Json::from));
        if value.is_some() {
            // A value that is repeated beyond every table is cut off by the first cell too many.
            for column in
                self.row.column..self.row.column.saturating_add(cell.repeats.min(COLUMNS_MAX + 1))
            {
                push(self.name, &mut self.row.cells, column, value.clone())?;
            }
        }
        self.row.column = self.row.column.saturating_add(cell.repeats);
        Ok(())
    }

    fn end_row(&mut self) -> Result<bool, ReadError> {
        let row = std::mem::take(&mut self.row);
        if row.cells.is_empty() {
            self.number = self.number.saturating_add(row.repeats);
            return Ok(true);
        }
        if row.repeats > ROW_REPEATS_MAX {
            let reason = format!("row {} is there {} times", self.number + 1, row.repeats);
            return Err(damaged(self.name, &reason));
        }
        for _ in 0..row.repeats {
            self.number += 1;
            if !self.rows.take(self.number, &row.cells)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Hands on the pieces of the document's content until `take` wants no more.
fn read(
    name: &str,
    bytes: &Bytes,
    take: &mut dyn FnMut(&Event<'_>) -> Result<bool, ReadError>,
) -> Result<(), ReadError> {
    let mut archive =
        ZipArchive::new(Cursor::new(bytes.clone())).map_err(|error| damaged(name, &error))?;
    let part = archive.by_name("content.xml").map_err(|error| damaged(name, &error))?;
    let mut reader = Reader::from_reader(BufReader::new(part));
    pieces(name, &mut reader, take)
}

fn pieces<R: BufRead>(
    name: &str,
    reader: &mut Reader<R>,
    take: &mut dyn FnMut(&Event<'_>) -> Result<bool, ReadError>,
) -> Result<(), ReadError> {
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|error| damaged(name, &error))? {
            Event::Eof => return Ok(()),
            event => {
                if !take(&event)? {
                    return Ok(());
                }
            }
        }
    }
}

fn is_cell(element: &BytesStart<'_>) -> bool {
    matches!(element.name().as_ref(), "table:table-cell" | "table:covered-table-cell")
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().flatten().find(|attribute| attribute.key.as_ref() == name)?;
    Some(found.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}

fn repeats(element: &BytesStart<'_>, name: &str) -> u64 {
    attribute(element, name).and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// What a cell holds besides its text; that of a formula is what the program computed last.
fn value(element: &BytesStart<'_>) -> Option<Json> {
    match attribute(element, "office:value-type")?.as_str() {
        "float" | "percentage" | "currency" => {
            plain_number(leads::read_number(&attribute(element, "office:value")?)?)
        }
        "date" => attribute(element, "office:date-value").map(Json::from),
        "boolean" => leads::read_bool(&attribute(element, "office:boolean-value")?).map(Json::from),
        _ => attribute(element, "office:string-value").map(Json::from),
    }
}

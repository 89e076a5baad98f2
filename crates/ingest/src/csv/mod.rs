//! CSV: a line of names, then a row of cells on each line.

mod record;
mod table;

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use crate::chunks::{Chunks, Content};
use crate::json::Fields;
use crate::ledger::{Fault, Ledger, PlacedFault, ReadSummary, Report, row_text};
use crate::plan::{Kind, Task, Watch};
use crate::read::on_threads;
use crate::rows::{Rows, Sink};
use crate::source::read_error;
use crate::{Columns, ReadError, Role, Source};
pub(crate) use record::Record;
pub(crate) use table::json_fault;
use table::{Reader, Table, ragged};

/// The first line must end within this many bytes.
const HEADER_BYTES_MAX: usize = 1 << 20;

pub(crate) fn read(
    source: &Source,
    task: &Task,
    watch: Watch<'_>,
    sink: Sink<'_>,
) -> Result<ReadSummary, ReadError> {
    let (reader, taken) = source.reader().map_err(|error| read_error(source.name(), error))?;
    let mut chunks = Chunks::new(reader, Some(b','), task.chunk_bytes);
    let header = Header::read(&mut chunks, source, task.delimiter)?;
    let mut chunks = chunks.with_delimiter(header.delimiter);
    let table = Table::resolve(&header.names, source.name(), task)?;
    let ledger = Ledger::new(source, watch, header.lines);

    let chunks = Mutex::new(&mut chunks);
    on_threads(task.threads, &|| {
        let mut reader = Reader::new(&table, task, header.delimiter);
        let mut buffer = Vec::new();
        while !ledger.is_stopped() {
            let next = {
                let mut chunks = chunks.lock().unwrap_or_else(PoisonError::into_inner);
                chunks.next(std::mem::take(&mut buffer))
            };
            let Some(chunk) = next else { break };
            ledger.progress(taken.load(std::sync::atomic::Ordering::Relaxed));
            let report = if chunk.content == Content::Endless {
                endless(&chunk.bytes)
            } else {
                let report = reader.read(&chunk.bytes, chunk.content);
                if reader.rows.len() > 0 {
                    reader.rows.note_names(&ledger);
                    sink(chunk.sequence, &mut reader.rows, &reader.fields.paths);
                }
                report
            };
            ledger.enter(chunk.sequence, report);
            buffer = chunk.bytes;
        }
    });
    let chunks = chunks.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = chunks.failure() {
        ledger.fail(u64::MAX, read_error(source.name(), error));
    }
    ledger.close(header.names)
}

pub(crate) fn column_names(
    source: &Source,
    columns: &Columns,
    delimiter: Option<u8>,
) -> Result<Vec<String>, ReadError> {
    let (reader, _) = source.reader().map_err(|error| read_error(source.name(), error))?;
    let mut chunks = Chunks::new(reader, Some(b','), SAMPLE_BYTES);
    let header = Header::read(&mut chunks, source, delimiter)?;
    let mut names: Vec<String> =
        header.names.iter().filter(|name| !name.is_empty()).cloned().collect();
    let Some(props) = columns.find(Role::Props, &header.names) else { return Ok(names) };
    let mut chunks = chunks.with_delimiter(header.delimiter);
    let Some(chunk) = chunks.next(Vec::new()) else { return Ok(names) };
    let task = Task { all: true, ..Task::events(&crate::EventPlan::default()) };
    let mut fields = Fields::new(&[], 0, None, true);
    let mut rows = Rows::new(&task);
    let mut record = Record::default();
    let mut at = 0;
    while at < chunk.bytes.len() {
        at = record.split(&chunk.bytes, at, header.delimiter);
        let cell = record.cell(props).and_then(|cell| std::str::from_utf8(cell).ok());
        if let Some(cell) = cell.filter(|cell| !cell.trim().is_empty()) {
            // A sample: what is malformed is rejected when the rows are read.
            let _ = fields.read_props(cell, &mut rows);
        }
    }
    for path in fields.paths {
        if !names.contains(&path) {
            names.push(path);
        }
    }
    Ok(names)
}

/// A row before anybody asked what it means.
pub(crate) struct CsvRow<'a> {
    /// The line at which it begins, from 1.
    pub(crate) line: u64,
    pub(crate) names: &'a [String],
    /// As many cells as there are names.
    pub(crate) cells: Result<&'a Record, Fault>,
    pub(crate) text: &'a [u8],
}

/// Walks over the rows in their order, on one thread: for tables whose columns mean what a mapping
/// says. `check` sees the names first.
pub(crate) fn walk(
    source: &Source,
    delimiter: Option<u8>,
    check: &mut dyn FnMut(&[String]) -> Result<(), ReadError>,
    each: &mut dyn FnMut(CsvRow<'_>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let (reader, _) = source.reader().map_err(|error| read_error(source.name(), error))?;
    let mut chunks = Chunks::new(reader, Some(b','), SAMPLE_BYTES);
    let header = Header::read(&mut chunks, source, delimiter)?;
    check(&header.names)?;
    let names = header.names.as_slice();
    let mut chunks = chunks.with_delimiter(header.delimiter);
    let mut record = Record::default();
    let mut lines = header.lines;
    let mut buffer = Vec::new();
    while let Some(chunk) = chunks.next(std::mem::take(&mut buffer)) {
        let mut from = 0;
        while from < chunk.bytes.len() {
            let endless = chunk.content == Content::Endless;
            let end = if endless {
                chunk.bytes.len()
            } else {
                record.split(&chunk.bytes, from, header.delimiter)
            };
            let text = &chunk.bytes[from..end];
            let cells = match record.len() {
                _ if endless => Err(Fault::of_row(ENDLESS)),
                count if count == names.len() => Ok(&record),
                count => Err(ragged(count, names.len())),
            };
            let blank = text.trim_ascii().is_empty();
            if !blank && each(CsvRow { line: lines + 1, names, cells, text }).is_break() {
                return Ok(());
            }
            lines += if endless { 1 } else { memchr::memchr_iter(b'\n', text).count() as u64 };
            from = end;
        }
        buffer = chunk.bytes;
    }
    chunks.failure().map_or(Ok(()), |error| Err(read_error(source.name(), error)))
}

/// Some thousand rows.
pub(crate) const SAMPLE_BYTES: usize = 256 << 10;

const ENDLESS: &str = "the row does not end within 16 MiB, or before the file does: close the quotation mark that is opened here";

fn endless(row: &[u8]) -> Report {
    let fault = Fault::of_row(ENDLESS);
    let faults = vec![PlacedFault { place: 0, fault, row: row_text(row) }];
    Report { rows: 0, lines: 1, faults }
}

/// The names of the columns, and how the file is written.
struct Header {
    names: Vec<String>,
    delimiter: u8,
    /// Lines up to the first row.
    lines: u64,
}

impl Header {
    fn read(
        chunks: &mut Chunks,
        source: &Source,
        delimiter: Option<u8>,
    ) -> Result<Self, ReadError> {
        let error = |reason: &str| {
            Err(ReadError::Format { file: source.name().to_owned(), reason: reason.to_owned() })
        };
        skip_mark(chunks, source)?;
        let mut lines = 0;
        loop {
            let head = chunks.peek(HEADER_BYTES_MAX);
            let blank = head.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if blank == 0 {
                break;
            }
            lines += memchr::memchr_iter(b'\n', &head[..blank]).count() as u64;
            chunks.skip(blank);
        }
        let head = chunks.peek(HEADER_BYTES_MAX);
        if head.is_empty() {
            if let Some(failure) = chunks.failure() {
                return Err(read_error(source.name(), failure));
            }
            return error("is empty: its first line must name the columns");
        }
        let ending = source.name().to_ascii_lowercase();
        let tabs = [".tsv", ".tab", ".tsv.gz", ".tsv.zst"].iter().any(|end| ending.ends_with(end));
        let delimiter = delimiter.unwrap_or_else(|| if tabs { b'\t' } else { sniff(head) });
        let mut record = Record::default();
        let end = record.split(head, 0, delimiter);
        if end == HEADER_BYTES_MAX && head[end - 1] != b'\n' {
            return error("its first line does not end within 1 MiB: it must name the columns");
        }
        let mut names = Vec::new();
        for cell in record.cells() {
            let Ok(name) = std::str::from_utf8(cell) else {
                return error("the names of its columns are not UTF-8: save the file as UTF-8");
            };
            if name.contains('\r') {
                return error(
                    "its lines end in carriage returns alone: save it with Unix or Windows line ends",
                );
            }
            let name = name.trim().to_owned();
            if !name.is_empty() && names.contains(&name) {
                return Err(ReadError::DuplicateColumn {
                    file: source.name().to_owned(),
                    column: name,
                });
            }
            names.push(name);
        }
        lines += memchr::memchr_iter(b'\n', &head[..end]).count() as u64;
        chunks.skip(end);
        Ok(Self { names, delimiter, lines })
    }
}

/// Skips the byte-order mark of UTF-8; that of UTF-16 is an error.
pub(crate) fn skip_mark(chunks: &mut Chunks, source: &Source) -> Result<(), ReadError> {
    let head = chunks.peek(4);
    if head.starts_with(b"\xef\xbb\xbf") {
        chunks.skip(3);
    } else if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(ReadError::Format {
            file: source.name().to_owned(),
            reason: "is UTF-16: save it as UTF-8".to_owned(),
        });
    }
    Ok(())
}

/// The separator of a first line: a comma where there is one outside quotation marks, else the most
/// frequent of the other usual ones.
fn sniff(head: &[u8]) -> u8 {
    let mut counts = [0_usize; 4];
    let separators = [b',', b';', b'\t', b'|'];
    let mut quoted = false;
    for byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            byte => {
                if let Some(which) = separators.iter().position(|separator| separator == byte) {
                    counts[which] += 1;
                }
            }
        }
    }
    if counts[0] > 0 {
        return b',';
    }
    let best = (1..4).max_by_key(|which| (counts[*which], 4 - which)).unwrap_or(0);
    if counts[best] == 0 { b',' } else { separators[best] }
}

/// Which roles the columns of a kind of file have.
pub(crate) fn mandatory(kind: Kind) -> &'static [Role] {
    match kind {
        Kind::Events => &[Role::Lead, Role::At, Role::Event],
        Kind::Leads => &[Role::Lead],
    }
}

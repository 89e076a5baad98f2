//! A file of an import, recognized.

use std::io::Read;

use bytes::Bytes;

use super::workbook::{Workbook, is_old_workbook, is_workbook};
use crate::{Format, ReadError, Source};

/// A table in a file or in memory. It can be read any number of times.
#[derive(Clone, Debug)]
pub struct ImportFile {
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Rows(Source),
    Workbook(Workbook),
}

/// The largest workbook, in bytes as it is packed. Beyond it CSV is read in no memory at all.
const WORKBOOK_BYTES_MAX: u64 = 64 << 20;

impl ImportFile {
    /// Opens the file at `path`; `name` is what people call it, and its ending may tell the format.
    pub fn open(path: &str, name: &str) -> Result<Self, ReadError> {
        let source = Source::open(path, None)?;
        let mut head = [0; 8];
        let read = source.data().read_at(0, &mut head);
        let head = &head[..read.unwrap_or(0)];
        if !is_workbook(head) && !is_old_workbook(head) {
            let source = source.named(name);
            return Ok(Self { kind: Kind::Rows(source) });
        }
        if source.len() > WORKBOOK_BYTES_MAX {
            return Err(too_large(name));
        }
        let mut bytes = Vec::new();
        let mut reader = source.data().reader(0).take(WORKBOOK_BYTES_MAX);
        reader.read_to_end(&mut bytes).map_err(|error| crate::source::read_error(name, error))?;
        Self::from_bytes(name, bytes)
    }

    /// Takes a table from memory.
    pub fn from_bytes(name: &str, bytes: impl Into<Bytes>) -> Result<Self, ReadError> {
        let bytes: Bytes = bytes.into();
        if is_old_workbook(&bytes) {
            return Err(ReadError::Format {
                file: name.to_owned(),
                reason: "is a workbook of Excel 97 to 2003, or has a password: save it as .xlsx without one"
                    .to_owned(),
            });
        }
        if is_workbook(&bytes) {
            if bytes.len() as u64 > WORKBOOK_BYTES_MAX {
                return Err(too_large(name));
            }
            return Ok(Self { kind: Kind::Workbook(Workbook::open(name, bytes)?) });
        }
        Ok(Self { kind: Kind::Rows(Source::from_bytes(name, bytes, None)?) })
    }

    /// The name that stands in messages.
    pub fn name(&self) -> &str {
        match &self.kind {
            Kind::Rows(source) => source.name(),
            Kind::Workbook(workbook) => workbook.name(),
        }
    }

    /// The format: `csv`, `ndjson`, `parquet`, `xlsx` or `ods`.
    pub fn format(&self) -> &'static str {
        match &self.kind {
            Kind::Rows(source) => match source.format() {
                Format::Csv => "csv",
                Format::Ndjson => "ndjson",
                Format::Parquet => "parquet",
            },
            Kind::Workbook(workbook) => workbook.format(),
        }
    }

    /// The sheets of a workbook; none for other files.
    pub fn sheets(&self) -> &[String] {
        match &self.kind {
            Kind::Rows(_) => &[],
            Kind::Workbook(workbook) => workbook.sheets(),
        }
    }
}

fn too_large(name: &str) -> ReadError {
    ReadError::Format {
        file: name.to_owned(),
        reason: "is a workbook of more than 64 MiB: save the sheet as CSV".to_owned(),
    }
}

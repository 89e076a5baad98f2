//! Rows on their way into a file.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use ingest::cells::neutralized;
use serde_json::Value as Any;

use super::Format;

/// A file that is being written.
pub(super) struct Sheet {
    writer: BufWriter<File>,
    format: Format,
    /// The members of a row that have a column, in order.
    columns: Vec<String>,
    rows: u64,
}

impl Sheet {
    /// Begins one.
    pub(super) fn begin(
        mut writer: BufWriter<File>,
        format: Format,
        columns: Vec<String>,
    ) -> io::Result<Self> {
        if format == Format::Csv {
            let names: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
            // Excel takes a file for UTF-8 where it begins so.
            write!(writer, "\u{feff}{}\r\n", names.join(","))?;
        }
        Ok(Self { writer, format, columns, rows: 0 })
    }

    /// Writes a row, an object: in CSV those of its members that have a column.
    pub(super) fn row(&mut self, row: &Any) -> io::Result<()> {
        self.rows += 1;
        if self.format == Format::Ndjson {
            serde_json::to_writer(&mut self.writer, row)?;
            return self.writer.write_all(b"\n");
        }
        let cell = |name: &String| match row.get(name) {
            None | Some(Any::Null) => String::new(),
            Some(Any::String(text)) => quoted(text),
            Some(other) => quoted(&other.to_string()),
        };
        let cells: Vec<String> = self.columns.iter().map(cell).collect();
        write!(self.writer, "{}\r\n", cells.join(","))
    }

    /// The file, and how many rows it has.
    pub(super) fn end(self) -> (BufWriter<File>, u64) {
        (self.writer, self.rows)
    }
}

fn quoted(cell: &str) -> String {
    let cell = neutralized(cell);
    if cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_out_of_its_place() {
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("@SUM(1)"), "'@SUM(1)");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("-12"), "-12");
    }
}

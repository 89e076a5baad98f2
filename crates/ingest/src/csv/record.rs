//! Takes one row of CSV apart, quotation marks and all.

use memchr::{memchr, memchr2};

/// The cells of a row, unquoted.
#[derive(Debug, Default)]
pub(crate) struct Record {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    /// Reads the row that begins at `from` and gives the place behind it. A newline ends a row, a
    /// carriage return before it belongs to it. Quotation marks count at the beginning of a cell;
    /// within such a cell two of them stand for one.
    pub(crate) fn split(&mut self, bytes: &[u8], from: usize, delimiter: u8) -> usize {
        self.text.clear();
        self.ends.clear();
        let mut at = from;
        loop {
            if bytes.get(at) == Some(&b'"') {
                at = self.quoted(bytes, at + 1);
            }
            let rest = &bytes[at..];
            match memchr2(delimiter, b'\n', rest) {
                Some(end) if rest[end] == b'\n' => {
                    let cell = &rest[..end];
                    self.text.extend_from_slice(cell.strip_suffix(b"\r").unwrap_or(cell));
                    self.ends.push(self.text.len());
                    return at + end + 1;
                }
                Some(end) => {
                    self.text.extend_from_slice(&rest[..end]);
                    self.ends.push(self.text.len());
                    at += end + 1;
                }
                None => {
                    self.text.extend_from_slice(rest.strip_suffix(b"\r").unwrap_or(rest));
                    self.ends.push(self.text.len());
                    return bytes.len();
                }
            }
        }
    }

    /// How many cells there are, at least one.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn cell(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        self.text.get(start..end)
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| self.cell(index))
    }

    /// Takes the quoted part of a cell and gives the place behind its closing mark.
    fn quoted(&mut self, bytes: &[u8], from: usize) -> usize {
        let mut at = from;
        while let Some(mark) = memchr(b'"', &bytes[at..]) {
            self.text.extend_from_slice(&bytes[at..at + mark]);
            at += mark + 1;
            if bytes.get(at) != Some(&b'"') {
                return at;
            }
            self.text.push(b'"');
            at += 1;
        }
        self.text.extend_from_slice(&bytes[at..]);
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Rows = Vec<Vec<Vec<u8>>>;

    fn ours(text: &[u8]) -> Rows {
        let (mut record, mut rows, mut at) = (Record::default(), Vec::new(), 0);
        while at < text.len() {
            at = record.split(text, at, b',');
            rows.push(record.cells().map(<[u8]>::to_vec).collect());
        }
        rows
    }

    fn theirs(text: &[u8]) -> Rows {
        let mut reader = csv_core::Reader::new();
        let (mut input, mut rows) = (text, Vec::new());
        let (mut output, mut ends) = (vec![0; text.len() + 1], vec![0; text.len() + 1]);
        let (mut written, mut count) = (0, 0);
        loop {
            let (result, read, bytes, cells) =
                reader.read_record(input, &mut output[written..], &mut ends[count..]);
            input = &input[read..];
            written += bytes;
            count += cells;
            match result {
                csv_core::ReadRecordResult::Record => {
                    let starts = std::iter::once(0).chain(ends.iter().copied());
                    let cells = starts.zip(&ends[..count]);
                    rows.push(cells.map(|(start, end)| output[start..*end].to_vec()).collect());
                    (written, count) = (0, 0);
                }
                csv_core::ReadRecordResult::InputEmpty => {}
                _ => return rows,
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// Carriage returns stand before newlines only: alone they end rows for csv-core, and are
        /// part of a cell here.
        #[test]
        fn cells_are_those_that_csv_core_finds(text in "([ab ,\"]|\"\"|,\"|\n|\r\n|é){0,40}") {
            let filled = |rows: Rows| -> Rows {
                rows.into_iter().filter(|row| *row != vec![Vec::<u8>::new()]).collect()
            };
            prop_assert_eq!(filled(ours(text.as_bytes())), filled(theirs(text.as_bytes())));
        }
    }
}

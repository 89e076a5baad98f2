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

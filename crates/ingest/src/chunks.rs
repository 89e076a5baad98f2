//! Cuts text into chunks of whole rows, in one place and in order, for threads to read.

use std::io::{self, Read};

use memchr::{memchr, memrchr};

/// Whole rows of a file.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// Counted from 0.
    pub(crate) sequence: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) content: Content,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Content {
    /// No quotation mark in it: every newline ends a row.
    #[default]
    Plain,
    /// CSV with quotation marks.
    Quoted,
    /// One row without end: its quotation mark is never closed, or it is too long.
    Endless,
}

/// Reads a file in order, a chunk at a time.
pub(crate) struct Chunks {
    reader: Box<dyn Read + Send>,
    /// The separator of CSV whose quoted cells may hold newlines; `None` for NDJSON.
    delimiter: Option<u8>,
    chunk_bytes: usize,
    /// What was read behind the last chunk.
    rest: Vec<u8>,
    ended: bool,
    failed: Option<io::Error>,
    sequence: u64,
    endless: u32,
}

/// A longer row is taken for one whose quotation mark was forgotten: reading goes on at its second line.
const ROW_BYTES_MAX: usize = 16 << 20;
/// Each such row may mean reading 16 MiB again; a file with more of them is no CSV.
const ENDLESS_MAX: u32 = 100;

impl Chunks {
    pub(crate) fn new(
        reader: Box<dyn Read + Send>,
        delimiter: Option<u8>,
        chunk_bytes: usize,
    ) -> Self {
        Self {
            reader,
            delimiter,
            chunk_bytes: chunk_bytes.min(ROW_BYTES_MAX / 4),
            rest: Vec::new(),
            ended: false,
            failed: None,
            sequence: 0,
            endless: 0,
        }
    }

    /// The same, for another separator; nothing may have been taken but the header.
    pub(crate) fn with_delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// Looks at the first `count` bytes without taking them.
    pub(crate) fn peek(&mut self, count: usize) -> &[u8] {
        let mut rest = std::mem::take(&mut self.rest);
        self.fill(&mut rest, count);
        self.rest = rest;
        &self.rest
    }

    /// Takes the first `count` bytes of those that [`Self::peek`] showed.
    pub(crate) fn skip(&mut self, count: usize) {
        self.rest.drain(..count.min(self.rest.len()));
    }

    /// The next chunk, in `buffer`'s memory; `None` at the end.
    pub(crate) fn next(&mut self, mut buffer: Vec<u8>) -> Option<Chunk> {
        buffer.clear();
        buffer.append(&mut self.rest);
        let mut size = self.chunk_bytes;
        loop {
            self.fill(&mut buffer, size);
            if buffer.is_empty() {
                return None;
            }
            // Where reading failed, the last row is not whole.
            let whole = self.ended && self.failed.is_none();
            let cut = boundary(&buffer, self.delimiter, whole);
            if cut.end > 0 {
                self.rest.extend_from_slice(&buffer[cut.end..]);
                buffer.truncate(cut.end);
                return Some(self.chunk(buffer, cut.content));
            }
            if self.failed.is_some() {
                return None;
            }
            if self.ended || buffer.len() >= ROW_BYTES_MAX {
                return self.endless(buffer);
            }
            size = (buffer.len() * 2).min(ROW_BYTES_MAX);
        }
    }

    /// Why reading ended before the file did.
    pub(crate) fn failure(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    fn chunk(&mut self, bytes: Vec<u8>, content: Content) -> Chunk {
        let sequence = self.sequence;
        self.sequence += 1;
        Chunk { sequence, bytes, content }
    }

    /// Gives the first line of an endless row as a chunk of its own.
    fn endless(&mut self, mut buffer: Vec<u8>) -> Option<Chunk> {
        self.endless += 1;
        if self.endless > ENDLESS_MAX {
            self.ended = true;
            self.failed = Some(io::Error::new(
                io::ErrorKind::InvalidData,
                "more than 100 rows have a quotation mark that is never closed",
            ));
            return None;
        }
        if let Some(newline) = memchr(b'\n', &buffer) {
            self.rest.extend_from_slice(&buffer[newline + 1..]);
            buffer.truncate(newline + 1);
            return Some(self.chunk(buffer, Content::Endless));
        }
        let head = buffer[..buffer.len().min(1024)].to_vec();
        loop {
            buffer.clear();
            self.fill(&mut buffer, self.chunk_bytes);
            match memchr(b'\n', &buffer) {
                Some(newline) => {
                    self.rest.extend_from_slice(&buffer[newline + 1..]);
                    break;
                }
                None if buffer.is_empty() => break,
                None => {}
            }
        }
        Some(self.chunk(head, Content::Endless))
    }

    /// Fills up to `size` bytes, less only at the end.
    fn fill(&mut self, buffer: &mut Vec<u8>, size: usize) {
        let mut filled = buffer.len();
        if filled >= size || self.ended {
            return;
        }
        buffer.resize(size, 0);
        while filled < size {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.failed = Some(error);
                    break;
                }
            }
        }
        buffer.truncate(filled);
    }
}

struct Cut {
    /// Behind the last whole row; 0 where there is none.
    end: usize,
    content: Content,
}

/// Finds the end of the last whole row of `bytes`, which begin with a row.
fn boundary(bytes: &[u8], delimiter: Option<u8>, ended: bool) -> Cut {
    let behind_last_newline = |bytes: &[u8]| memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let quotes = delimiter.is_some() && memchr(b'"', bytes).is_some();
    if !quotes {
        let end = if ended { bytes.len() } else { behind_last_newline(bytes) };
        return Cut { end, content: Content::Plain };
    }
    let delimiter = delimiter.unwrap_or(b',');
    let content = Content::Quoted;
    // Only a mark at the beginning of a cell opens a quotation; within, two marks stand for one.
    let (mut end, mut outside_from, mut at) = (0, 0, 0);
    while let Some(found) = memchr(b'"', &bytes[at..]) {
        let open = at + found;
        let opens = open == 0 || bytes[open - 1] == delimiter || bytes[open - 1] == b'\n';
        if !opens {
            at = open + 1;
            continue;
        }
        match behind_last_newline(&bytes[outside_from..open]) {
            0 => {}
            newline => end = outside_from + newline,
        }
        match closing(bytes, open + 1, ended) {
            Some(close) => {
                at = close + 1;
                outside_from = at;
            }
            None => return Cut { end, content },
        }
    }
    if ended {
        return Cut { end: bytes.len(), content };
    }
    match behind_last_newline(&bytes[outside_from..]) {
        0 => {}
        newline => end = outside_from + newline,
    }
    Cut { end, content }
}

/// Finds the mark that closes a quotation which began before `from`.
fn closing(bytes: &[u8], from: usize, ended: bool) -> Option<usize> {
    let mut at = from;
    loop {
        let mark = at + memchr(b'"', bytes.get(at..)?)?;
        match bytes.get(mark + 1) {
            Some(b'"') => at = mark + 2,
            Some(_) => return Some(mark),
            // The next byte decides what a mark means.
            None => return ended.then_some(mark),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let mut chunks = Chunks::new(Box::new(io::Cursor::new(text.to_owned())), Some(b','), 4);
        let mut texts = Vec::new();
        while let Some(chunk) = chunks.next(Vec::new()) {
            texts.push(String::from_utf8(chunk.bytes).unwrap());
        }
        assert_eq!(texts.concat(), text);
        texts
    }

    #[test]
    fn a_chunk_ends_where_a_row_ends() {
        assert_eq!(cut("a\nb\ncd\n"), ["a\nb\n", "cd\n"]);
        assert_eq!(cut("a,\"x\ny\"\nb\n"), ["a,\"x\ny\"\n", "b\n"]);
        assert_eq!(cut("a,x\"\nbc,\"d\n\"\n"), ["a,x\"\n", "bc,\"d\n\"\n"]);
        assert_eq!(cut("\"a\"\"\n\"\nb"), ["\"a\"\"\n\"\n", "b"]);
    }

    #[test]
    fn a_quotation_that_is_never_closed_costs_one_line() {
        assert_eq!(cut("a\nb,\"x\nc\nd\n"), ["a\n", "b,\"x\n", "c\nd\n"]);
    }
}

//! Where bytes come from: a file, standard input or memory; what they are; and how they unpack.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::ReadError;

/// How rows are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Cells between commas (or semicolons, tabs, bars) under a line of names.
    Csv,
    /// One JSON object on each line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

/// How the bytes are packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, of one or more members.
    Gzip,
    /// zstd, of one or more frames.
    Zstd,
}

/// A file of facts, opened and recognized; it can be read any number of times.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    data: Data,
    len: u64,
    format: Format,
    compression: Compression,
}

/// Bytes that can be read at any place by many threads at once.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    File(Arc<File>, u64),
    Memory(Bytes),
}

/// Standard input up to this size is kept in memory, beyond it in a temporary file.
const SPOOL_MEMORY_MAX: usize = 64 << 20;
/// Enough for every magic number and for finding the first character of a text.
const HEAD_BYTES: usize = 4096;

impl Source {
    /// Opens the file at `path`, or standard input for `-`. The format is `format`, or else what
    /// the content or the name's ending says.
    pub fn open(path: &str, format: Option<Format>) -> Result<Self, ReadError> {
        if path == "-" {
            let name = "standard input";
            let data = spool(io::stdin().lock()).map_err(|source| read_error(name, source))?;
            return Self::recognize(name.to_owned(), data, format, "");
        }
        let open_error = |source| ReadError::Open { file: path.to_owned(), source };
        let file = File::open(path).map_err(open_error)?;
        let metadata = file.metadata().map_err(open_error)?;
        if metadata.is_dir() {
            return Err(ReadError::Format {
                file: path.to_owned(),
                reason: "is a directory; name a file in it".to_owned(),
            });
        }
        let data = if metadata.is_file() {
            Data::File(Arc::new(file), metadata.len())
        } else {
            // A pipe can be read only once, and only from its beginning.
            spool(file).map_err(|source| read_error(path, source))?
        };
        Self::recognize(path.to_owned(), data, format, path)
    }

    /// Takes bytes from memory; `name` stands in messages, and its ending may tell the format.
    pub fn from_bytes(
        name: &str,
        bytes: impl Into<Bytes>,
        format: Option<Format>,
    ) -> Result<Self, ReadError> {
        Self::recognize(name.to_owned(), Data::Memory(bytes.into()), format, name)
    }

    /// The same under another name for messages.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The name that stands in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The size in bytes, as it is stored.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How its rows are written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// How its bytes are packed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    pub(crate) fn is_text(&self) -> bool {
        self.format != Format::Parquet
    }

    pub(crate) fn data(&self) -> &Data {
        &self.data
    }

    /// The unpacked bytes from the beginning, and a counter of the packed bytes taken.
    pub(crate) fn reader(&self) -> io::Result<(Box<dyn Read + Send>, Arc<AtomicU64>)> {
        let taken = Arc::new(AtomicU64::new(0));
        let raw = Counted { inner: self.data.reader(0), taken: Arc::clone(&taken) };
        Ok((unpack(raw, self.compression)?, taken))
    }

    fn recognize(
        name: String,
        data: Data,
        format: Option<Format>,
        path: &str,
    ) -> Result<Self, ReadError> {
        let on_error = |source| read_error(&name, source);
        let head = read_head(data.reader(0)).map_err(on_error)?;
        let compression = match head.as_slice() {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            _ => Compression::None,
        };
        let head = if compression == Compression::None {
            head
        } else {
            // A damaged beginning is reported when the file is read.
            unpack(data.reader(0), compression).and_then(read_head).unwrap_or_default()
        };
        let format = format.unwrap_or_else(|| format_of(&head, path));
        let len = data.len();
        let mut source = Self { name, data, len, format, compression };
        if format == Format::Parquet && compression != Compression::None {
            // Parquet is read from its end: unpack it first.
            let unpacked = unpack(source.data.reader(0), compression).and_then(spool);
            source.data = unpacked.map_err(|error| read_error(&source.name, error))?;
            source.len = source.data.len();
            source.compression = Compression::None;
        }
        Ok(source)
    }
}

/// What went wrong while reading, told apart: the packed data is damaged, or the disk is.
pub(crate) fn read_error(file: &str, source: io::Error) -> ReadError {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => ReadError::Damaged {
            file: file.to_owned(),
            reason: "the compressed data ends in the middle".to_owned(),
        },
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
            ReadError::Damaged {
                file: file.to_owned(),
                reason: format!("the data is damaged ({source})"),
            }
        }
        _ => ReadError::Read { file: file.to_owned(), source },
    }
}

fn format_of(head: &[u8], path: &str) -> Format {
    if head.starts_with(b"PAR1") {
        return Format::Parquet;
    }
    let name = path.to_ascii_lowercase();
    let name =
        [".gz", ".zst", ".zstd"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending {
        "csv" | "tsv" | "tab" | "txt" => return Format::Csv,
        "ndjson" | "jsonl" | "json" | "jsonlines" => return Format::Ndjson,
        "parquet" | "pq" => return Format::Parquet,
        _ => {}
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => Format::Ndjson,
        _ => Format::Csv,
    }
}

fn read_head(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    reader.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn unpack(
    raw: impl Read + Send + 'static,
    compression: Compression,
) -> io::Result<Box<dyn Read + Send>> {
    Ok(match compression {
        Compression::None => Box::new(raw),
        Compression::Gzip => {
            Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 16, raw)))
        }
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(raw)?),
    })
}

fn spool(mut reader: impl Read) -> io::Result<Data> {
    let mut memory = Vec::new();
    reader.by_ref().take(SPOOL_MEMORY_MAX as u64).read_to_end(&mut memory)?;
    if memory.len() < SPOOL_MEMORY_MAX {
        return Ok(Data::Memory(memory.into()));
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(&memory)?;
    drop(memory);
    io::copy(&mut reader, &mut file)?;
    let len = file.seek(SeekFrom::End(0))?;
    Ok(Data::File(Arc::new(file), len))
}

impl Data {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::File(_, len) => *len,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// Reads at a place without moving any cursor, so that threads do not disturb each other.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Self::File(file, _) => std::os::unix::fs::FileExt::read_at(&**file, buffer, offset),
            #[cfg(windows)]
            Self::File(file, _) => {
                std::os::windows::fs::FileExt::seek_read(&**file, buffer, offset)
            }
            Self::Memory(bytes) => {
                let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
                Cursor::new(rest.unwrap_or_default()).read(buffer)
            }
        }
    }

    pub(crate) fn reader(&self, offset: u64) -> DataReader {
        DataReader { data: self.clone(), offset }
    }
}

/// Reads on from a place.
#[derive(Debug)]
pub(crate) struct DataReader {
    data: Data,
    offset: u64,
}

impl Read for DataReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.data.read_at(self.offset, buffer)?;
        self.offset += count as u64;
        Ok(count)
    }
}

struct Counted<R> {
    inner: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl parquet::file::reader::Length for Data {
    fn len(&self) -> u64 {
        Self::len(self)
    }
}

impl parquet::file::reader::ChunkReader for Data {
    type T = BufReader<DataReader>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        // Asked for the head of each page only, which has less than a hundred bytes.
        Ok(BufReader::with_capacity(512, self.reader(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > Self::len(self)) {
            return Err(parquet::errors::ParquetError::EOF(
                "the file ends before its data does".to_owned(),
            ));
        }
        if let Self::Memory(bytes) = self {
            return Ok(bytes.slice(start as usize..start as usize + length));
        }
        let mut buffer = vec![0; length];
        let mut reader = self.reader(start);
        reader.read_exact(&mut buffer)?;
        Ok(buffer.into())
    }
}

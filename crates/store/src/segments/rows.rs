//! Reading a file: all of it, or the facts of some persons.
//!
//! Facts of a person stand together, as a file is sorted by person. So of each row group that may hold somebody who is
//! asked for, the column of persons is read, and of the others the pages with the rows of those persons.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use bytes::buf::{Buf, Reader};
use leads::Timestamp;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};
use parquet::file::properties::{ReaderProperties, ReaderPropertiesPtr};
use parquet::file::reader::{ChunkReader, Length, RowGroupReader};
use parquet::file::serialized_reader::SerializedRowGroupReader;
use parquet::file::statistics::Statistics;

use super::SegmentError;
use crate::facts::{FactKind, StoredFact};

/// What the end of a file says of the rest: of a large one it takes longer to read than what one lead has in it.
#[derive(Debug)]
pub(super) struct Footer {
    metadata: ParquetMetaData,
    bytes: u64,
}

impl Footer {
    /// Reads it.
    pub(super) fn of(path: &Path, name: &str) -> Result<Self, SegmentError> {
        let file = open(path, name)?;
        let bytes = file.metadata().map_err(|error| damaged(name, &error))?.len();
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&file);
        Ok(Self { metadata: metadata.map_err(|error| damaged(name, &error))?, bytes })
    }

    /// How many row groups there are.
    pub(super) fn groups(&self) -> usize {
        self.metadata.num_row_groups()
    }
}

/// Calls `visit` with the facts of a file, in its order; with `persons` (in order), with theirs.
pub(super) fn read<E: From<SegmentError>>(
    path: &Path,
    name: &str,
    footer: &Footer,
    persons: Option<&[&str]>,
    mut visit: impl FnMut(StoredFact) -> Result<(), E>,
) -> Result<(), E> {
    let mut file = None;
    let properties = Arc::new(ReaderProperties::builder().build());
    for metadata in footer.metadata.row_groups() {
        if persons.is_some_and(|persons| !may_hold(metadata, persons)) {
            continue;
        }
        let file = match &mut file {
            Some(file) => file,
            None => file.insert(open(path, name)?),
        };
        let group = Group::read(file, metadata, footer.bytes, &properties);
        let facts = group.and_then(|group| group.facts(persons));
        for fact in facts.map_err(|reason| damaged(name, &reason))? {
            visit(fact)?;
        }
    }
    Ok(())
}

fn open(path: &Path, name: &str) -> Result<File, SegmentError> {
    File::open(path).map_err(|error| damaged(name, &error))
}

fn damaged(name: &str, reason: &impl ToString) -> SegmentError {
    SegmentError::Damaged { file: name.to_owned(), reason: reason.to_string() }
}

fn may_hold(group: &RowGroupMetaData, persons: &[&str]) -> bool {
    let Some(Statistics::ByteArray(range)) = group.column(PERSON).statistics() else {
        return true;
    };
    let (Some(first), Some(last)) = (range.min_opt(), range.max_opt()) else { return true };
    let next = persons.partition_point(|person| person.as_bytes() < first.data());
    persons.get(next).is_some_and(|person| person.as_bytes() <= last.data())
}

/// A part of a file in memory: to ask the system for each page would take longer than to read them all.
struct Window {
    /// Where it begins in the file.
    begin: u64,
    bytes: Bytes,
    /// How long the file is.
    whole: u64,
}

impl Length for Window {
    fn len(&self) -> u64 {
        self.whole
    }
}

impl ChunkReader for Window {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let from = start.checked_sub(self.begin).and_then(|from| usize::try_from(from).ok());
        let from = from.filter(|from| *from <= self.bytes.len());
        let from = from.ok_or_else(|| ParquetError::EOF(format!("nothing at {start}")))?;
        Ok(self.bytes.slice(from..).reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let rest = self.get_read(start)?.into_inner();
        if length > rest.len() {
            return Err(ParquetError::EOF(format!("no {length} bytes at {start}")));
        }
        Ok(rest.slice(..length))
    }
}

/// Where the columns are.
const PERSON: usize = 0;
const KIND: usize = 1;
const NAME: usize = 2;
const AT: usize = 3;
const RECEIVED_AT: usize = 4;
const SOURCE: usize = 5;
const ID: usize = 6;
const BODY: usize = 7;

struct Group<'m> {
    reader: SerializedRowGroupReader<'m, Window>,
}

impl<'m> Group<'m> {
    fn read(
        file: &mut File,
        metadata: &'m RowGroupMetaData,
        whole: u64,
        properties: &ReaderPropertiesPtr,
    ) -> Result<Self, String> {
        let ranges = metadata.columns().iter().map(ColumnChunkMetaData::byte_range);
        let begin = ranges.clone().map(|(begin, _)| begin).min().unwrap_or_default();
        let end = ranges.filter_map(|(begin, length)| begin.checked_add(length)).max();
        let end = end.filter(|end| (begin..=whole).contains(end)).ok_or("it ends early")?;
        let length = usize::try_from(end - begin).map_err(|error| error.to_string())?;
        let mut bytes = vec![0; length];
        file.seek(SeekFrom::Start(begin)).map_err(|error| error.to_string())?;
        file.read_exact(&mut bytes).map_err(|error| error.to_string())?;
        let window = Window { begin, bytes: bytes.into(), whole };
        let reader =
            SerializedRowGroupReader::new(Arc::new(window), metadata, None, Arc::clone(properties));
        Ok(Self { reader: reader.map_err(|error| error.to_string())? })
    }

    /// All its facts, or those of some persons (in order).
    fn facts(&self, of: Option<&[&str]>) -> Result<Vec<StoredFact>, String> {
        let rows = usize::try_from(self.reader.metadata().num_rows());
        let rows = rows.map_err(|error| error.to_string())?;
        let all = 0..rows;
        let all_persons = self.values(PERSON, std::slice::from_ref(&all), bytes)?;
        let wanted = match of {
            Some(of) => rows_of(&all_persons, of),
            None => vec![all],
        };
        let persons = wanted.iter().flat_map(|rows| &all_persons[rows.clone()]);
        let mut kinds = self.values(KIND, &wanted, numbers_32)?.into_iter();
        let mut names = self.texts(NAME, &wanted)?;
        let mut at = self.instants(AT, &wanted)?;
        let mut received_at = self.instants(RECEIVED_AT, &wanted)?;
        let mut sources = self.texts(SOURCE, &wanted)?;
        let mut ids = self.texts(ID, &wanted)?;
        let mut bodies = self.texts(BODY, &wanted)?;
        let mut fact = |person: &ByteArray| {
            Some(StoredFact {
                id: ids.next()?,
                person: text(person).ok()?,
                kind: FactKind::from_code(i64::from(kinds.next()?)),
                name: names.next()?,
                at: at.next()?,
                received_at: received_at.next()?,
                source: sources.next()?,
                body: bodies.next()?,
                machine: None,
                retracted_at: None,
            })
        };
        persons.map(|person| fact(person).ok_or_else(|| "its columns differ".to_owned())).collect()
    }

    fn texts(
        &self,
        column: usize,
        rows: &[Range<usize>],
    ) -> Result<impl Iterator<Item = String> + use<>, String> {
        let values = self.values(column, rows, bytes)?;
        Ok(values.iter().map(text).collect::<Result<Vec<String>, String>>()?.into_iter())
    }

    fn instants(
        &self,
        column: usize,
        rows: &[Range<usize>],
    ) -> Result<impl Iterator<Item = Timestamp> + use<>, String> {
        let values = self.values(column, rows, numbers_64)?;
        Ok(values.into_iter().map(Timestamp::saturating_from_millis))
    }

    /// The values of some rows of a column; `typed` tells its reader from those of other types.
    fn values<T: DataType>(
        &self,
        column: usize,
        rows: &[Range<usize>],
        typed: fn(ColumnReader) -> Option<ColumnReaderImpl<T>>,
    ) -> Result<Vec<T::T>, String> {
        let reader = self.reader.get_column_reader(column).map_err(|error| error.to_string())?;
        let mut reader =
            typed(reader).ok_or_else(|| format!("column {column} is of another type"))?;
        let ends_early = || format!("column {column} ends early");
        let mut values = Vec::with_capacity(rows.iter().map(ExactSizeIterator::len).sum());
        let mut at = 0;
        for rows in rows {
            let skipped =
                reader.skip_records(rows.start - at).map_err(|error| error.to_string())?;
            if skipped != rows.start - at {
                return Err(ends_early());
            }
            let end = values.len() + rows.len();
            while values.len() < end {
                let before = values.len();
                reader
                    .read_records(end - before, None, None, &mut values)
                    .map_err(|error| error.to_string())?;
                if values.len() == before {
                    return Err(ends_early());
                }
            }
            at = rows.end;
        }
        Ok(values)
    }
}

/// Where the facts of some persons stand; both are in order.
fn rows_of(persons: &[ByteArray], of: &[&str]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    for person in of {
        let person = person.as_bytes();
        let begin = from + persons[from..].partition_point(|other| other.data() < person);
        let end = begin + persons[begin..].partition_point(|other| other.data() == person);
        if begin < end {
            found.push(begin..end);
        }
        from = end;
    }
    found
}

fn text(value: &ByteArray) -> Result<String, String> {
    String::from_utf8(value.data().to_vec()).map_err(|error| error.to_string())
}

type Reading<T> = Option<ColumnReaderImpl<T>>;

fn bytes(reader: ColumnReader) -> Reading<ByteArrayType> {
    if let ColumnReader::ByteArrayColumnReader(reader) = reader { Some(reader) } else { None }
}

fn numbers_32(reader: ColumnReader) -> Reading<Int32Type> {
    if let ColumnReader::Int32ColumnReader(reader) = reader { Some(reader) } else { None }
}

fn numbers_64(reader: ColumnReader) -> Reading<Int64Type> {
    if let ColumnReader::Int64ColumnReader(reader) = reader { Some(reader) } else { None }
}

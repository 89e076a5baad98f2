//! One file: writing it so that it is whole or not there, checking it, reading it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use leads::Timestamp;
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use xxhash_rust::xxh3::Xxh3;

use super::{SegmentError, SegmentFile, disk};
use crate::facts::{FactKind, StoredFact};

/// The columns, as other programs see them: instants are milliseconds since 1970 in UTC.
const SCHEMA: &str = "message fact {
    required binary person (STRING);
    required int32 kind;
    required binary name (STRING);
    required int64 at (TIMESTAMP(MILLIS, true));
    required int64 received_at (TIMESTAMP(MILLIS, true));
    required binary source (STRING);
    required binary id (STRING);
    required binary body (STRING);
}";

/// Facts per row group: what has to be read for one lead.
const GROUP: usize = 8192;

/// Writes facts, already in order, to a new file and sees to it that they are on disk. Answers the
/// size and the checksum.
pub(super) fn write(path: &Path, facts: &[StoredFact]) -> Result<(i64, String), SegmentError> {
    let part = path.with_extension("part");
    let failed = |error: ParquetError| SegmentError::Disk {
        path: part.display().to_string(),
        reason: error.to_string(),
    };
    let file = File::create(&part).map_err(|error| disk(&part, &error))?;
    let file = write_groups(file, facts).map_err(failed)?;
    file.sync_all().map_err(|error| disk(&part, &error))?;
    drop(file);
    // Read back: what the manifest says is what lies there.
    let (bytes, checksum) = checksum(&part)?;
    fs::rename(&part, path).map_err(|error| disk(path, &error))?;
    if let Some(directory) = path.parent() {
        sync_directory(directory)?;
    }
    Ok((bytes, checksum))
}

fn write_groups(file: File, facts: &[StoredFact]) -> Result<File, ParquetError> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        // Whole ids: what a row group holds must be told from what it does not.
        .set_statistics_truncate_length(None)
        .set_created_by("madura".to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties))?;
    for group in facts.chunks(GROUP) {
        let mut columns = writer.next_row_group()?;
        let texts: [fn(&StoredFact) -> &str; 5] = [
            |fact| &fact.person,
            |fact| &fact.name,
            |fact| &fact.source,
            |fact| &fact.id,
            |fact| &fact.body,
        ];
        let [person, name, source, id, body] = texts;
        let text = |of: fn(&StoredFact) -> &str| -> Vec<ByteArray> {
            group.iter().map(|fact| ByteArray::from(of(fact).as_bytes().to_vec())).collect()
        };
        let int = |of: fn(&StoredFact) -> i64| -> Vec<i64> { group.iter().map(of).collect() };
        let mut index = 0;
        while let Some(mut column) = columns.next_column()? {
            match index {
                0 => column.typed::<ByteArrayType>().write_batch(&text(person), None, None)?,
                1 => {
                    let kinds: Vec<i32> = group.iter().map(|fact| fact.kind as i32).collect();
                    column
                        .typed::<parquet::data_type::Int32Type>()
                        .write_batch(&kinds, None, None)?
                }
                2 => column.typed::<ByteArrayType>().write_batch(&text(name), None, None)?,
                3 => column.typed::<Int64Type>().write_batch(
                    &int(|fact| fact.at.as_millis()),
                    None,
                    None,
                )?,
                4 => column.typed::<Int64Type>().write_batch(
                    &int(|fact| fact.received_at.as_millis()),
                    None,
                    None,
                )?,
                5 => column.typed::<ByteArrayType>().write_batch(&text(source), None, None)?,
                6 => column.typed::<ByteArrayType>().write_batch(&text(id), None, None)?,
                _ => column.typed::<ByteArrayType>().write_batch(&text(body), None, None)?,
            };
            column.close()?;
            index += 1;
        }
        columns.close()?;
    }
    let mut file = writer.into_inner()?;
    file.flush()?;
    Ok(file)
}

/// Calls `visit` with the facts of a file, in its order. With `persons` (in order), row groups that
/// can hold none of them are passed over; others' facts may come all the same.
pub(super) fn read<E: From<SegmentError>>(
    path: &Path,
    name: &str,
    persons: Option<&[&str]>,
    mut visit: impl FnMut(StoredFact) -> Result<(), E>,
) -> Result<(), E> {
    let damaged = |reason: String| SegmentError::Damaged { file: name.to_owned(), reason };
    let file = File::open(path).map_err(|error| damaged(error.to_string()))?;
    let reader = SerializedFileReader::new(file).map_err(|error| damaged(error.to_string()))?;
    for index in 0..reader.num_row_groups() {
        let group = reader.get_row_group(index).map_err(|error| damaged(error.to_string()))?;
        if persons.is_some_and(|persons| !may_hold(group.as_ref(), persons)) {
            continue;
        }
        let facts = read_group(group.as_ref()).map_err(damaged)?;
        for fact in facts {
            visit(fact)?;
        }
    }
    Ok(())
}

fn may_hold(group: &dyn RowGroupReader, persons: &[&str]) -> bool {
    let Some(Statistics::ByteArray(range)) = group.metadata().column(0).statistics() else {
        return true;
    };
    let (Some(first), Some(last)) = (range.min_opt(), range.max_opt()) else { return true };
    let next = persons.partition_point(|person| person.as_bytes() < first.data());
    persons.get(next).is_some_and(|person| person.as_bytes() <= last.data())
}

fn read_group(group: &dyn RowGroupReader) -> Result<Vec<StoredFact>, String> {
    let rows = usize::try_from(group.metadata().num_rows()).map_err(|error| error.to_string())?;
    let mut persons = texts(group, 0, rows)?.into_iter();
    let kinds = kinds(group, rows)?;
    let mut names = texts(group, 2, rows)?.into_iter();
    let at = ints(group, 3, rows)?;
    let received = ints(group, 4, rows)?;
    let mut sources = texts(group, 5, rows)?.into_iter();
    let mut ids = texts(group, 6, rows)?.into_iter();
    let mut bodies = texts(group, 7, rows)?.into_iter();
    let mut facts = Vec::with_capacity(rows);
    for row in 0..rows {
        facts.push(StoredFact {
            id: ids.next().unwrap_or_default(),
            person: persons.next().unwrap_or_default(),
            kind: FactKind::from_code(i64::from(kinds[row])),
            name: names.next().unwrap_or_default(),
            at: Timestamp::saturating_from_millis(at[row]),
            received_at: Timestamp::saturating_from_millis(received[row]),
            source: sources.next().unwrap_or_default(),
            body: bodies.next().unwrap_or_default(),
            machine: None,
            retracted_at: None,
        });
    }
    Ok(facts)
}

fn texts(group: &dyn RowGroupReader, column: usize, rows: usize) -> Result<Vec<String>, String> {
    let reader = group.get_column_reader(column).map_err(|error| error.to_string())?;
    let ColumnReader::ByteArrayColumnReader(mut reader) = reader else {
        return Err(format!("column {column} is no text"));
    };
    let mut values: Vec<ByteArray> = Vec::with_capacity(rows);
    while values.len() < rows {
        let before = values.len();
        reader
            .read_records(rows - before, None, None, &mut values)
            .map_err(|error| error.to_string())?;
        if values.len() == before {
            return Err(format!("column {column} ends early"));
        }
    }
    let text = |value: ByteArray| {
        String::from_utf8(value.data().to_vec()).map_err(|error| error.to_string())
    };
    values.into_iter().map(text).collect()
}

fn ints(group: &dyn RowGroupReader, column: usize, rows: usize) -> Result<Vec<i64>, String> {
    let reader = group.get_column_reader(column).map_err(|error| error.to_string())?;
    let ColumnReader::Int64ColumnReader(mut reader) = reader else {
        return Err(format!("column {column} is no number"));
    };
    let mut values = Vec::with_capacity(rows);
    while values.len() < rows {
        let before = values.len();
        reader
            .read_records(rows - before, None, None, &mut values)
            .map_err(|error| error.to_string())?;
        if values.len() == before {
            return Err(format!("column {column} ends early"));
        }
    }
    Ok(values)
}

fn kinds(group: &dyn RowGroupReader, rows: usize) -> Result<Vec<i32>, String> {
    let reader = group.get_column_reader(1).map_err(|error| error.to_string())?;
    let ColumnReader::Int32ColumnReader(mut reader) = reader else {
        return Err("column 1 is no number".to_owned());
    };
    let mut values = Vec::with_capacity(rows);
    while values.len() < rows {
        let before = values.len();
        reader
            .read_records(rows - before, None, None, &mut values)
            .map_err(|error| error.to_string())?;
        if values.len() == before {
            return Err("column 1 ends early".to_owned());
        }
    }
    Ok(values)
}

/// Compares a file with what the manifest says of it.
pub(super) fn check(path: &Path, expected: &SegmentFile) -> Result<(), SegmentError> {
    let damaged = |reason: String| SegmentError::Damaged { file: expected.file.clone(), reason };
    let (bytes, found) = match checksum(path) {
        Ok(found) => found,
        Err(SegmentError::Disk { reason, .. }) => return Err(damaged(reason)),
        Err(other) => return Err(other),
    };
    if bytes != expected.bytes {
        return Err(damaged(format!("it has {bytes} bytes, not {}", expected.bytes)));
    }
    if found != expected.checksum {
        return Err(damaged("its checksum is not the one that was noted".to_owned()));
    }
    Ok(())
}

/// The size and the checksum of a file: XXH3, 128 bits, in hexadecimal.
pub(crate) fn checksum(path: &Path) -> Result<(i64, String), SegmentError> {
    let mut file = File::open(path).map_err(|error| disk(path, &error))?;
    let mut hasher = Xxh3::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer).map_err(|error| disk(path, &error))?;
        if read == 0 {
            return Ok((bytes, format!("{:032x}", hasher.digest128())));
        }
        hasher.update(&buffer[..read]);
        bytes += read as i64;
    }
}

/// Sees to it that the names in a directory are on disk.
pub(crate) fn sync_directory(directory: &Path) -> Result<(), SegmentError> {
    let opened = File::open(directory).map_err(|error| disk(directory, &error))?;
    opened.sync_all().map_err(|error| disk(directory, &error))
}

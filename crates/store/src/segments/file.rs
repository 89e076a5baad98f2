//! One file: writing it so that it is whole or not there, and checking it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;
use xxhash_rust::xxh3::Xxh3;

use super::{SegmentError, SegmentFile, disk};
use crate::facts::StoredFact;

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

/// Facts per row group: what has to be read from disk for one lead, some 400 KB.
const GROUP: usize = 8192;

/// Facts per page: what has to be decompressed for one lead, of each column.
const PAGE: usize = 256;

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
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_data_page_row_count_limit(PAGE)
        .set_write_batch_size(PAGE)
        .set_offset_index_disabled(true)
        .set_created_by("madura".to_owned());
    // No two ids are alike and few bodies: a dictionary of them would have to be read for each lead, and the first and
    // last of them tell nothing.
    let properties = ["id", "body"].into_iter().fold(properties, |properties, column| {
        let column = ColumnPath::from(column);
        properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_statistics_enabled(column, EnabledStatistics::None)
    });
    let properties = properties.build();
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
                    column.typed::<Int32Type>().write_batch(&kinds, None, None)?
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

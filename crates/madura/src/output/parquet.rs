//! Scores as Parquet: whole numbers as differences in a few bits, names as numbers into a
//! dictionary.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use history::{LeadId, Scored};
use parquet::basic::{
    Compression, ConvertedType, Encoding, LogicalType, Repetition, Type as Physical,
};
use parquet::column::writer::{ColumnCloseResult, get_column_writer, get_typed_column_writer};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{ColumnDescPtr, Type, TypePtr};

use super::{COLUMNS, Names, Ranking};

/// Rows per row group: about what engines read at once on a thread, and 15 MB in the making.
const GROUP_ROWS: usize = 1 << 17;

/// Writes all rows; row groups are made on so many threads. `lead` is INT64 where every id is a plain
/// whole number, else UTF-8 text.
pub(crate) fn write(ranking: &Ranking<'_>, threads: usize, out: &mut dyn Write) -> io::Result<()> {
    write_groups(ranking, threads, out).map_err(|error| match error {
        ParquetError::External(error) => io::Error::other(error),
        other => io::Error::other(other),
    })
}

fn write_groups(ranking: &Ranking<'_>, threads: usize, out: &mut dyn Write) -> Result<()> {
    let numbers = ranking.roster.ids_are_numbers();
    let names = Names::new(ranking.model, |name| ByteArray::from(name));
    let properties = Arc::new(properties(numbers));
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema(numbers)?, Arc::clone(&properties))?;
    let columns = writer.schema_descr().columns().to_vec();
    let maker = Maker { ranking, names, numbers, columns, properties };
    let groups = ranking.len().div_ceil(GROUP_ROWS);
    // So many are made at once, and handed on in their order when they are complete.
    let mut round: Vec<Result<Vec<Chunk>>> = Vec::new();
    for first in (0..groups).step_by(threads.max(1)) {
        let beyond = groups.min(first + threads.max(1));
        std::thread::scope(|scope| {
            let others: Vec<_> = (first + 1..beyond)
                .map(|group| {
                    let maker = &maker;
                    scope.spawn(move || maker.group(group))
                })
                .collect();
            round.push(maker.group(first));
            for other in others {
                match other.join() {
                    Ok(made) => round.push(made),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        for chunks in round.drain(..) {
            let mut group = writer.next_row_group()?;
            for (bytes, close) in chunks? {
                group.append_column(&bytes, close)?;
            }
            group.close()?;
            writer.flush()?;
            out.write_all(writer.inner())?;
            writer.inner_mut().clear();
        }
    }
    out.write_all(&writer.into_inner()?)?;
    Ok(())
}

/// A column of a row group, and what the file must know of it.
type Chunk = (Bytes, ColumnCloseResult);

/// Makes row groups.
struct Maker<'a> {
    ranking: &'a Ranking<'a>,
    names: Names<ByteArray>,
    /// Whether every id is a number.
    numbers: bool,
    columns: Vec<ColumnDescPtr>,
    properties: WriterPropertiesPtr,
}

impl Maker<'_> {
    fn group(&self, number: usize) -> Result<Vec<Chunk>> {
        let places = number * GROUP_ROWS..self.ranking.len().min((number + 1) * GROUP_ROWS);
        let numbers = |number: fn(&Scored) -> i64| -> Vec<i64> {
            self.scored(&places).map(|scored| number(&scored)).collect()
        };
        let mut chunks = vec![
            self.leads(&places)?,
            self.whole(1, &numbers(|scored| scored.score.score))?,
            self.whole(2, &numbers(|scored| scored.score.fit))?,
            self.whole(3, &numbers(|scored| scored.score.engagement))?,
        ];
        for which in 0..4 {
            chunks.push(self.named(which, &places)?);
        }
        Ok(chunks)
    }

    /// What the leads in these places have; once more for each column, which is cheaper than keeping it.
    fn scored(&self, places: &Range<usize>) -> impl Iterator<Item = Scored> {
        let Ranking { scores, .. } = self.ranking;
        places.clone().map(|place| scores.get(self.ranking.position(place)))
    }

    fn leads(&self, places: &Range<usize>) -> Result<Chunk> {
        let ranking = self.ranking;
        let ids = places.clone().map(|place| ranking.roster.id(ranking.position(place)));
        if self.numbers {
            let number = |id: LeadId<'_>| match id {
                LeadId::Number(number) => number as i64,
                LeadId::Text(_) => 0,
            };
            return self.whole(0, &ids.map(number).collect::<Vec<i64>>());
        }
        let text = |id: LeadId<'_>| match id {
            LeadId::Number(number) => ByteArray::from(number.to_string().as_str()),
            LeadId::Text(text) => ByteArray::from(text),
        };
        let ids: Vec<ByteArray> = ids.map(text).collect();
        self.chunk::<ByteArrayType>(0, &ids, None)
    }

    fn whole(&self, column: usize, numbers: &[i64]) -> Result<Chunk> {
        self.chunk::<Int64Type>(column, numbers, None)
    }

    fn named(&self, which: usize, places: &Range<usize>) -> Result<Chunk> {
        let known = self.names.columns()[which];
        let (mut values, mut levels) = (Vec::new(), vec![0; places.len()]);
        let leads = if known.is_empty() { 0..0 } else { places.clone() };
        for (scored, level) in self.scored(&leads).zip(&mut levels) {
            let name = self.names.indices(scored)[which].and_then(|index| known.get(index));
            *level = i16::from(name.is_some());
            values.extend(name.cloned());
        }
        self.chunk::<ByteArrayType>(4 + which, &values, Some(&levels))
    }

    fn chunk<T: DataType>(
        &self,
        column: usize,
        values: &[T::T],
        levels: Option<&[i16]>,
    ) -> Result<Chunk> {
        let mut bytes = TrackedWrite::new(Vec::new());
        let pages = Box::new(SerializedPageWriter::new(&mut bytes));
        let (column, properties) = (self.columns[column].clone(), self.properties.clone());
        let mut writer = get_typed_column_writer::<T>(get_column_writer(column, properties, pages));
        writer.write_batch(values, levels, None)?;
        let close = writer.close()?;
        Ok((Bytes::from(bytes.into_inner()?), close))
    }
}

fn schema(numbers: bool) -> Result<TypePtr> {
    let number = |name: &str| {
        let required = Type::primitive_type_builder(name, Physical::INT64);
        required.with_repetition(Repetition::REQUIRED).build().map(Arc::new)
    };
    let text = |name: &str, repetition: Repetition| {
        Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_repetition(repetition)
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8)
            .build()
            .map(Arc::new)
    };
    let mut fields = Vec::with_capacity(COLUMNS.len());
    fields.push(if numbers {
        number(COLUMNS[0])?
    } else {
        text(COLUMNS[0], Repetition::REQUIRED)?
    });
    for column in &COLUMNS[1..4] {
        fields.push(number(column)?);
    }
    for column in &COLUMNS[4..] {
        fields.push(text(column, Repetition::OPTIONAL)?);
    }
    Type::group_type_builder("scores").with_fields(fields).build().map(Arc::new)
}

/// `numbers`: whether ids are. Differences are for numbers alone.
fn properties(numbers: bool) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("madura ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_data_page_row_count_limit(GROUP_ROWS)
        .set_write_batch_size(1 << 14)
        // Packed as they are, numbers would shrink by a few per cent more and take twice as long.
        .set_compression(Compression::UNCOMPRESSED);
    for column in &COLUMNS[..4] {
        let is_number = numbers || *column != COLUMNS[0];
        let encoding = if is_number { Encoding::DELTA_BINARY_PACKED } else { Encoding::PLAIN };
        properties = properties
            .set_column_dictionary_enabled((*column).into(), false)
            .set_column_encoding((*column).into(), encoding);
    }
    properties.build()
}

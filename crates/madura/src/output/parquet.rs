//! Scores as Parquet: whole numbers as differences in a few bits, names as numbers into a
//! dictionary.

use std::io::{self, Write};
use std::sync::Arc;

use history::{LeadId, Scored};
use parquet::basic::{
    Compression, ConvertedType, Encoding, LogicalType, Repetition, Type as Physical,
};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use super::{COLUMNS, Names, Ranking};

/// Rows per row group: about what engines read at once on a thread, and 15 MB in the making.
const GROUP_ROWS: usize = 1 << 17;

/// Writes all rows. `lead` is INT64 where every id is a plain whole number, else UTF-8 text.
pub(crate) fn write(ranking: &Ranking<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_groups(ranking, out).map_err(|error| match error {
        ParquetError::External(error) => io::Error::other(error),
        other => io::Error::other(other),
    })
}

fn write_groups(ranking: &Ranking<'_>, out: &mut dyn Write) -> Result<()> {
    let numbers = ranking.roster.ids_are_numbers();
    let names = Names::new(ranking.model, |name| ByteArray::from(name));
    // Each row group is made in memory and handed on when it is complete.
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema(numbers)?, Arc::new(properties()))?;
    let mut positions = ranking.positions();
    let mut rows: Vec<(usize, Scored)> = Vec::with_capacity(GROUP_ROWS.min(ranking.len()));
    loop {
        rows.clear();
        rows.extend(positions.by_ref().take(GROUP_ROWS).map(|at| (at, ranking.scores.get(at))));
        if rows.is_empty() {
            break;
        }
        let mut group = writer.next_row_group()?;
        write_leads(ranking, &rows, numbers, &mut group)?;
        write_numbers(&rows, |scored| scored.score.score, &mut group)?;
        write_numbers(&rows, |scored| scored.score.fit, &mut group)?;
        write_numbers(&rows, |scored| scored.score.engagement, &mut group)?;
        for column in 0..4 {
            write_names(&rows, &names, column, &mut group)?;
        }
        group.close()?;
        writer.flush()?;
        out.write_all(writer.inner())?;
        writer.inner_mut().clear();
    }
    out.write_all(&writer.into_inner()?)?;
    Ok(())
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

fn properties() -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("madura ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_data_page_row_count_limit(GROUP_ROWS)
        .set_write_batch_size(1 << 14)
        // Packed as they are, numbers would shrink by a few per cent more and take twice as long.
        .set_compression(Compression::UNCOMPRESSED);
    for column in &COLUMNS[..4] {
        properties = properties
            .set_column_dictionary_enabled((*column).into(), false)
            .set_column_encoding((*column).into(), Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}

type Group<'g> = SerializedRowGroupWriter<'g, Vec<u8>>;

fn write_leads(
    ranking: &Ranking<'_>,
    rows: &[(usize, Scored)],
    numbers: bool,
    group: &mut Group<'_>,
) -> Result<()> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    let ids = rows.iter().map(|(at, _)| ranking.roster.id(*at));
    if numbers {
        let number = |id: LeadId<'_>| match id {
            LeadId::Number(number) => number as i64,
            LeadId::Text(_) => 0,
        };
        let ids: Vec<i64> = ids.map(number).collect();
        column.typed::<Int64Type>().write_batch(&ids, None, None)?;
    } else {
        let text = |id: LeadId<'_>| match id {
            LeadId::Number(number) => ByteArray::from(number.to_string().as_str()),
            LeadId::Text(text) => ByteArray::from(text),
        };
        let ids: Vec<ByteArray> = ids.map(text).collect();
        column.typed::<ByteArrayType>().write_batch(&ids, None, None)?;
    }
    column.close()
}

fn write_numbers(
    rows: &[(usize, Scored)],
    number: impl Fn(&Scored) -> i64,
    group: &mut Group<'_>,
) -> Result<()> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    let numbers: Vec<i64> = rows.iter().map(|(_, scored)| number(scored)).collect();
    column.typed::<Int64Type>().write_batch(&numbers, None, None)?;
    column.close()
}

fn write_names(
    rows: &[(usize, Scored)],
    names: &Names<ByteArray>,
    which: usize,
    group: &mut Group<'_>,
) -> Result<()> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    let known = names.columns()[which];
    let mut values: Vec<ByteArray> = Vec::new();
    let mut levels: Vec<i16> = Vec::with_capacity(rows.len());
    for (_, scored) in rows {
        let name = names.indices(*scored)[which].and_then(|index| known.get(index));
        levels.push(i16::from(name.is_some()));
        values.extend(name.cloned());
    }
    column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
    column.close()
}

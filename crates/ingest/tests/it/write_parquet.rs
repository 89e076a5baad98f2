//! Writes small Parquet files for tests.

use std::sync::Arc;

use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// The cells of a column; for an optional one `None` is a missing value.
#[derive(Clone, Debug)]
pub(crate) enum Column {
    Bool(Vec<Option<bool>>),
    Int32(Vec<Option<i32>>),
    Int64(Vec<Option<i64>>),
    Int96(Vec<Option<[u32; 3]>>),
    Float(Vec<Option<f32>>),
    Double(Vec<Option<f64>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Fixed(Vec<Option<Vec<u8>>>),
    /// Values of bytes with their definition and repetition levels.
    Levels(Vec<Vec<u8>>, Vec<i16>, Vec<i16>),
}

impl Column {
    pub(crate) fn texts(texts: &[&str]) -> Self {
        Self::Bytes(texts.iter().map(|text| Some(text.as_bytes().to_vec())).collect())
    }
}

/// A file with the columns of `schema`, whose optional ones are one level deep, in row groups.
pub(crate) fn write(schema: &str, properties: WriterProperties, groups: &[Vec<Column>]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    for group in groups {
        let mut row_group = writer.next_row_group().unwrap();
        let mut columns = group.iter();
        while let Some(mut column) = row_group.next_column().unwrap() {
            let cells = columns.next().unwrap();
            macro_rules! put {
                ($writer:expr, $cells:expr, $convert:expr) => {{
                    let optional = $writer.get_descriptor().max_def_level() > 0;
                    let levels: Vec<i16> =
                        $cells.iter().map(|cell| i16::from(cell.is_some())).collect();
                    let values: Vec<_> = $cells.iter().flatten().cloned().map($convert).collect();
                    $writer
                        .write_batch(&values, optional.then_some(levels.as_slice()), None)
                        .unwrap();
                }};
            }
            match (column.untyped(), cells) {
                (ColumnWriter::BoolColumnWriter(writer), Column::Bool(cells)) => {
                    put!(writer, cells, |v| v);
                }
                (ColumnWriter::Int32ColumnWriter(writer), Column::Int32(cells)) => {
                    put!(writer, cells, |v| v);
                }
                (ColumnWriter::Int64ColumnWriter(writer), Column::Int64(cells)) => {
                    put!(writer, cells, |v| v);
                }
                (ColumnWriter::Int96ColumnWriter(writer), Column::Int96(cells)) => {
                    put!(writer, cells, |v: [u32; 3]| Int96::from(v.to_vec()));
                }
                (ColumnWriter::FloatColumnWriter(writer), Column::Float(cells)) => {
                    put!(writer, cells, |v| v);
                }
                (ColumnWriter::DoubleColumnWriter(writer), Column::Double(cells)) => {
                    put!(writer, cells, |v| v);
                }
                (ColumnWriter::ByteArrayColumnWriter(writer), Column::Bytes(cells)) => {
                    put!(writer, cells, |v: Vec<u8>| ByteArray::from(v));
                }
                (ColumnWriter::FixedLenByteArrayColumnWriter(writer), Column::Fixed(cells)) => {
                    put!(writer, cells, |v: Vec<u8>| FixedLenByteArray::from(v));
                }
                (
                    ColumnWriter::ByteArrayColumnWriter(writer),
                    Column::Levels(values, defs, reps),
                ) => {
                    let values: Vec<ByteArray> =
                        values.iter().cloned().map(ByteArray::from).collect();
                    writer.write_batch(&values, Some(defs), Some(reps)).unwrap();
                }
                _ => panic!("the column does not fit the schema"),
            }
            column.close().unwrap();
        }
        row_group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

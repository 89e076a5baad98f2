//! No input makes a reader panic.

use ingest::{Columns, EventPlan, Format, LeadPlan, Source};
use parquet::basic::Compression;
use parquet::file::properties::{WriterProperties, WriterVersion};
use proptest::prelude::*;

use crate::support::{Outcome, events, gzip, leads, source, words};
use crate::write_parquet::{Column, write};

/// Reads bytes as a file of a format in every way there is.
fn read(bytes: &[u8], format: Format) -> Option<Outcome> {
    let source = Source::from_bytes("hostile", bytes.to_vec(), Some(format)).ok()?;
    let plan = EventPlan {
        properties: words("a,b.c,tags"),
        threads: 2,
        chunk_bytes: 64,
        ..EventPlan::default()
    };
    let _ = ingest::column_names(&source, &Columns::default(), None);
    let _ = leads(&source, &LeadPlan { traits: words("a,b.c"), ..LeadPlan::default() });
    Some(events(&source, &plan))
}

fn parquet_file(version: WriterVersion, dictionary: bool, codec: Compression) -> Vec<u8> {
    let schema = "message events {
        optional int64 lead;
        required int64 at (TIMESTAMP(MILLIS,false));
        optional binary event (UTF8);
        optional double a;
        optional group tags (LIST) { repeated group list { optional binary element (UTF8); } }
    }";
    let rows = 40;
    let columns = vec![
        Column::Int64((0..rows).map(|n| Some(n % 7)).collect()),
        Column::Int64((0..rows).map(Some).collect()),
        Column::Bytes((0..rows).map(|n| Some(vec![b'a' + (n % 5) as u8])).collect()),
        Column::Double((0..rows).map(|n| (n % 3 > 0).then_some(n as f64)).collect()),
        Column::Levels(
            (0..rows).map(|_| b"x".to_vec()).collect(),
            (0..rows).map(|_| 3).collect(),
            (0..rows).map(|_| 0).collect(),
        ),
    ];
    let properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_dictionary_enabled(dictionary)
        .set_compression(codec)
        .set_data_page_row_count_limit(16)
        .set_write_batch_size(8)
        .build();
    write(schema, properties, &[columns.clone(), columns])
}

#[test]
fn a_file_cut_off_anywhere_gives_a_beginning_or_an_error() {
    let csv = "lead,at,event,a\n1,0,x,\"q\"\"\n\"\n2,1,y,\n3,2,z,w\n".to_owned();
    let json = "{\"lead\":1,\"at\":0,\"event\":\"x\",\"b\":{\"c\":[1,{\"d\":2}]}}\n".repeat(3);
    for (format, text) in [(Format::Csv, csv), (Format::Ndjson, json)] {
        for packed in [
            text.clone().into_bytes(),
            gzip(text.as_bytes()),
            zstd::encode_all(text.as_bytes(), 1).unwrap(),
        ] {
            let whole = read(&packed, format).unwrap();
            for length in 0..packed.len() {
                if let Some(cut) = read(&packed[..length], format) {
                    assert!(cut.rows.len() <= whole.rows.len());
                }
            }
        }
    }
    let file = parquet_file(WriterVersion::PARQUET_1_0, true, Compression::SNAPPY);
    assert_eq!(read(&file, Format::Parquet).unwrap().rows.len(), 80);
    for length in 0..file.len() {
        let cut = read(&file[..length], Format::Parquet).unwrap();
        assert!(cut.result.is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        which in 0_usize..3,
    ) {
        read(&bytes, [Format::Csv, Format::Ndjson, Format::Parquet][which]);
    }

    #[test]
    fn any_text_under_a_header_is_read_or_refused(text in "[ -~\n\r\t\u{0}é\"]{0,200}") {
        read(format!("lead,at,event,a\n{text}").as_bytes(), Format::Csv);
    }

    #[test]
    fn any_lines_that_look_like_json_are_read_or_refused(
        text in "(\\{|\\}|\\[|\\]|,|:|\"|\\\\|lead|at|event|props|a|b|c|1|-|e|null|true| |\n){0,80}",
    ) {
        read(text.as_bytes(), Format::Ndjson);
    }

    #[test]
    fn a_parquet_file_with_damaged_bytes_is_read_or_refused(
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        version in any::<bool>(),
        dictionary in any::<bool>(),
        packed in any::<bool>(),
    ) {
        let version = if version { WriterVersion::PARQUET_1_0 } else { WriterVersion::PARQUET_2_0 };
        let codec = if packed { Compression::SNAPPY } else { Compression::UNCOMPRESSED };
        let mut file = parquet_file(version, dictionary, codec);
        for (place, byte) in damage {
            let place = place.index(file.len());
            file[place] = byte;
        }
        read(&file, Format::Parquet);
    }

    #[test]
    fn a_packed_file_with_damaged_bytes_is_read_or_refused(
        place in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        zstd in any::<bool>(),
    ) {
        let text = "lead,at,event,a\n1,0,x,y\n".repeat(20);
        let mut file = if zstd { zstd::encode_all(text.as_bytes(), 1).unwrap() } else { gzip(text.as_bytes()) };
        let place = place.index(file.len());
        file[place] = byte;
        read(&file, Format::Csv);
        let _ = source("hostile.csv", &file);
    }
}

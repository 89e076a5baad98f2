//! What the types and encodings of Parquet mean.

use ingest::{EventPlan, LeadPlan};
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

use crate::support::{events, leads, source, words};
use crate::write_parquet::{Column, write};

fn plain() -> WriterProperties {
    WriterProperties::builder().build()
}

#[test]
fn every_type_of_parquet_becomes_the_value_that_it_means() {
    let schema = "message leads {
        required int32 lead (UINT_32);
        optional int64 created_at (TIMESTAMP(MICROS,true));
        optional int32 born (DATE);
        optional boolean vip;
        optional float ratio;
        optional double revenue;
        optional int32 price (DECIMAL(9,2));
        optional fixed_len_byte_array(4) debt (DECIMAL(9,2));
        optional fixed_len_byte_array(16) account (UUID);
        optional int64 big (UINT_64);
        optional int96 seen;
        optional binary country (UTF8);
        required group company { optional int32 employees; }
    }";
    let bytes = write(
        schema,
        plain(),
        &[vec![
            Column::Int32(vec![Some(-1), Some(7)]),
            Column::Int64(vec![Some(1_772_359_200_000_500), None]),
            Column::Int32(vec![Some(-1), None]),
            Column::Bool(vec![Some(true), None]),
            Column::Float(vec![Some(0.1), Some(f32::NAN)]),
            Column::Double(vec![Some(1e6), Some(f64::INFINITY)]),
            Column::Int32(vec![Some(1250), None]),
            Column::Fixed(vec![Some(vec![0xff, 0xff, 0xff, 0x9c]), None]),
            Column::Fixed(vec![Some((0..16).collect()), None]),
            Column::Int64(vec![Some(-1), None]),
            Column::Int96(vec![Some([0, 0, 2_440_589]), None]),
            Column::Bytes(vec![Some(b"ES".to_vec()), None]),
            Column::Int32(vec![Some(50), None]),
        ]],
    );
    let traits =
        "created_at,born,vip,ratio,revenue,price,debt,account,big,seen,country,company.employees";
    let plan = LeadPlan { traits: words(traits), ..LeadPlan::default() };
    let outcome = leads(&source("leads.parquet", bytes), &plan);
    assert_eq!(outcome.rejects(), Vec::<String>::new());
    assert_eq!(
        outcome.rows,
        [
            "4294967295 2026-03-01T10:00:00Z created_at=@2026-03-01T10:00:00Z \
             born=@1969-12-31T00:00:00Z vip=true ratio=0.1 revenue=1000000 price=12.5 debt=-1 \
             account=\"00010203-0405-0607-0809-0a0b0c0d0e0f\" big=18446744073709552000 \
             seen=@1970-01-02T00:00:00Z country=\"ES\" company.employees=50",
            "7 -",
        ]
    );
}

#[test]
fn lists_and_structs_of_parquet_are_those_of_json() {
    let schema = "message events {
        required binary lead (UTF8);
        required int64 at;
        required binary event (UTF8);
        optional group tags (LIST) { repeated group list { optional binary element (UTF8); } }
        optional group items (LIST) {
            repeated group list { optional group element { optional binary sku (UTF8); } }
        }
    }";
    let item = |text: &str| text.as_bytes().to_vec();
    let bytes = write(
        schema,
        plain(),
        &[vec![
            Column::texts(&["a", "b", "c", "d"]),
            Column::Int64(vec![Some(0), Some(1), Some(2), Some(3)]),
            Column::texts(&["x", "x", "x", "x"]),
            // Two tags; none at all; an empty list; a list of a missing one and `z`.
            Column::Levels(
                vec![item("x"), item("y"), item("z")],
                vec![3, 3, 0, 1, 2, 3],
                vec![0, 1, 0, 0, 0, 1],
            ),
            Column::Levels(
                vec![item("s"), item("t")],
                vec![4, 3, 4, 0, 1, 2],
                vec![0, 1, 1, 0, 0, 0],
            ),
        ]],
    );
    let plan = EventPlan { properties: words("tags,items.sku"), ..EventPlan::default() };
    let outcome = events(&source("events.parquet", bytes), &plan);
    assert_eq!(outcome.rejects(), Vec::<String>::new());
    assert_eq!(
        outcome.rows,
        [
            "a x 1970-01-01T00:00:00Z tags=[\"x\" \"y\"] items.sku=[\"s\" \"t\"]",
            "b x 1970-01-01T00:00:01Z",
            "c x 1970-01-01T00:00:02Z tags=[]",
            "d x 1970-01-01T00:00:03Z tags=[\"z\"]",
        ]
    );
}

#[test]
fn every_encoding_version_and_codec_gives_the_same_rows() {
    let schema = "message events {
        optional int64 lead;
        required int64 at (TIMESTAMP(MILLIS,false));
        optional binary event (UTF8);
        optional double price;
        optional boolean vip;
        optional int32 size;
    }";
    let rows = 3000;
    let group = |from: i64| {
        let each = from..from + rows;
        vec![
            Column::Int64(each.clone().map(|n| Some(n * n % 700)).collect()),
            Column::Int64(each.clone().map(|n| Some(1_772_359_200_000 + n * 977)).collect()),
            Column::Bytes(
                each.clone().map(|n| Some(format!("e{}", n % 13).into_bytes())).collect(),
            ),
            Column::Double(each.clone().map(|n| (n % 3 != 0).then_some(n as f64 / 4.0)).collect()),
            Column::Bool(each.clone().map(|n| (n % 5 != 0).then_some(n % 2 == 0)).collect()),
            Column::Int32(each.map(|n| (n % 100 < 50).then_some(n as i32 - 500)).collect()),
        ]
    };
    let groups = [group(0), group(rows)];
    let plan =
        EventPlan { properties: words("price,vip,size"), threads: 2, ..EventPlan::default() };
    let read = |properties: WriterProperties| {
        let bytes = write(schema, properties, &groups);
        let outcome = events(&source("events.parquet", bytes), &plan);
        assert_eq!(outcome.rejects(), Vec::<String>::new());
        outcome.result.unwrap();
        outcome.rows
    };
    let expected = read(plain());
    assert_eq!(expected.len(), 6000);
    assert_eq!(expected[1], "1 e1 2026-03-01T10:00:00.977Z price=0.25 vip=false size=-499");
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
        Compression::LZ4,
        Compression::BROTLI(BrotliLevel::default()),
    ];
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for codec in codecs {
            for dictionary in [true, false] {
                // Small pages, so that batches and pages end at different rows; a small dictionary,
                // so that columns go over to plain values in their midst.
                let properties = WriterProperties::builder()
                    .set_writer_version(version)
                    .set_compression(codec)
                    .set_dictionary_enabled(dictionary)
                    .set_dictionary_page_size_limit(2000)
                    .set_data_page_row_count_limit(171)
                    .set_write_batch_size(64)
                    .build();
                assert_eq!(read(properties), expected, "{version:?} {codec} {dictionary}");
            }
        }
    }
    for (column, encoding) in [
        ("lead", Encoding::DELTA_BINARY_PACKED),
        ("lead", Encoding::BYTE_STREAM_SPLIT),
        ("at", Encoding::DELTA_BINARY_PACKED),
        ("event", Encoding::DELTA_LENGTH_BYTE_ARRAY),
        ("event", Encoding::DELTA_BYTE_ARRAY),
        ("price", Encoding::BYTE_STREAM_SPLIT),
        ("size", Encoding::DELTA_BINARY_PACKED),
        ("size", Encoding::BYTE_STREAM_SPLIT),
        ("vip", Encoding::RLE),
    ] {
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_column_encoding(column.into(), encoding)
            .set_data_page_row_count_limit(171)
            .set_write_batch_size(64)
            .build();
        assert_eq!(read(properties), expected, "{column} {encoding}");
    }
}

#[test]
fn a_row_of_parquet_that_cannot_be_read_is_rejected_with_its_number() {
    let schema = "message events {
        optional binary lead (UTF8);
        optional int64 at;
        optional binary event (UTF8);
        optional binary props (JSON);
    }";
    let some = |text: &[u8]| Some(text.to_vec());
    let bytes = write(
        schema,
        plain(),
        &[vec![
            Column::Bytes(vec![
                some(b"1"),
                None,
                some(b"3"),
                some(b"\xff"),
                some(b"5"),
                some(b"6"),
            ]),
            Column::Int64(vec![Some(0), Some(0), Some(i64::MAX), Some(0), None, Some(0)]),
            Column::Bytes(vec![
                some(b"a"),
                some(b"a"),
                some(b"a"),
                some(b"a"),
                some(b"a"),
                some(b" "),
            ]),
            Column::Bytes(vec![some(b"{\"n\":1}"), None, None, None, None, None]),
        ]],
    );
    let plan = EventPlan { properties: words("n"), ..EventPlan::default() };
    let outcome = events(&source("e.parquet", bytes), &plan);
    assert_eq!(outcome.rows, ["1 a 1970-01-01T00:00:00Z n=1"]);
    assert_eq!(
        outcome.rejects(),
        [
            "e.parquet, row 2, column lead: is empty: every row needs the id of its lead",
            "e.parquet, row 3, column at: 9223372036854775807 lies outside the years 1 to 9999",
            "e.parquet, row 4, column lead: byte 1 of the cell (0xff) is not UTF-8: write text as UTF-8",
            "e.parquet, row 5, column at: is empty: every row needs the instant of its event",
            "e.parquet, row 6, column event: is empty: every row needs the name of its event",
        ]
    );
    assert_eq!(outcome.rejects[1].row, "lead=3, at=9223372036854775807, event=a");
}

/// Threads share a row group where there are fewer of them; a part passes over the rows before it.
#[test]
fn a_row_group_read_in_parts_has_the_rows_of_one_read_at_once() {
    let schema = "message leads {
        required int64 lead;
        optional int64 created_at (TIMESTAMP(MICROS,true));
        optional boolean vip;
        optional binary domain (UTF8);
        optional binary note (UTF8);
    }";
    let rows = 300_007_i64;
    // Of cells without any missing, and of cells some of which are.
    let group = |missing: i64| {
        let there = move |n: &i64| missing == 0 || n % missing > 0;
        vec![
            Column::Int64((0..rows).map(|n| Some(n * 7 % rows)).collect()),
            Column::Int64((0..rows).map(|n| there(&n).then_some(n * 1_000_003)).collect()),
            Column::Bool((0..rows).map(|n| there(&n).then_some(n % 3 == 0)).collect()),
            Column::Bytes(
                (0..rows)
                    .map(|n| there(&n).then(|| format!("{}.example", n * n % 20_011).into_bytes()))
                    .collect(),
            ),
            Column::Bytes((0..rows).map(|n| (n % 97 == 0).then(|| b"\xff".to_vec())).collect()),
        ]
    };
    for (missing, traits) in [(0, "vip,domain"), (11, "vip,domain,note")] {
        // A dictionary that columns outgrow in the midst of the row group.
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_dictionary_page_size_limit(100_000)
            .set_data_page_row_count_limit(20_000)
            .build();
        let bytes = write(schema, properties, &[group(missing)]);
        let read = |threads: usize| {
            let plan = LeadPlan { traits: words(traits), threads, ..LeadPlan::default() };
            let outcome = leads(&source("leads.parquet", bytes.as_slice()), &plan);
            let rejects = outcome.rejects();
            (outcome.result.unwrap().rows, rejects, outcome.rows)
        };
        let whole = read(1);
        // The first row is refused where its note is read.
        let second = usize::from(missing == 0);
        assert_eq!(whole.2[second].split(' ').next(), Some("7"));
        assert_eq!(whole.1.len() > 3000, missing > 0, "the notes that are no text");
        for threads in [2, 3] {
            assert!(read(threads) == whole, "{threads} threads, {missing}");
        }
    }
}

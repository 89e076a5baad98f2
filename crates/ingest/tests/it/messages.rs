//! What a person is told when something is wrong.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use ingest::{Columns, EventPlan, Format, LeadPlan, ReadError, Source, Watch};

use crate::support::{events, gzip, leads, source, words};

fn plan() -> EventPlan {
    EventPlan::default()
}

/// The error of a file as a whole.
fn error(name: &str, bytes: &[u8]) -> String {
    events(&source(name, bytes), &plan()).error()
}

#[test]
fn a_row_that_cannot_be_read_is_rejected_with_place_column_and_remedy() {
    let csv = b"lead,at,event\n\
        1,2026-03-01T10:00:00Z,a\n\
        ,2026-03-01T10:00:00Z,a\n\
        1,2026-03-01T10:00:00,a\n\
        1,yesterday,a\n\
        1,,a\n\
        1,2026-03-01T10:00:00Z\n\
        1,2026-03-01T10:00:00Z,a,b\n\
        1,99999999999999999,a\n\
        1,2026-03-01T10:00:00Z,\n\
        1,2026-03-01T10:00:00Z,caf\xe9\n\
        \"1\n2\",2026-03-01T10:00:00Z,a\n\
        1,NaN,a\n\
        2,2026-03-01T10:00:00Z,last";
    let outcome = events(&source("e.csv", csv), &plan());
    assert_eq!(outcome.rows[0], "1 a 2026-03-01T10:00:00Z");
    assert_eq!(outcome.rows.len(), 3);
    assert_eq!(
        outcome.rejects(),
        [
            "e.csv, line 3, column lead: is empty: every row needs the id of its lead",
            "e.csv, line 4, column at: \"2026-03-01T10:00:00\" has no time zone: write it as in 2026-03-01T10:00:00Z or 2026-03-01T10:00:00+01:00",
            "e.csv, line 5, column at: \"yesterday\" is not an instant: write RFC 3339 (2026-03-01T10:00:00Z) or seconds or milliseconds since 1970",
            "e.csv, line 6, column at: is empty: every row needs the instant of its event",
            "e.csv, line 7: has 2 cells where the first line names 3 columns: is the row cut off?",
            "e.csv, line 8: has 4 cells where the first line names 3 columns: put cells that contain the separator in quotation marks",
            "e.csv, line 9, column at: \"99999999999999999\" lies outside the years 1 to 9999",
            "e.csv, line 10, column event: is empty: every row needs the name of its event",
            "e.csv, line 11, column event: byte 4 of the cell (0xe9) is not UTF-8: save the file as UTF-8",
            "e.csv, line 14, column at: \"NaN\" is not an instant: write RFC 3339 (2026-03-01T10:00:00Z) or seconds or milliseconds since 1970",
        ]
    );
    assert_eq!(outcome.rejects[0].row, ",2026-03-01T10:00:00Z,a");
}

#[test]
fn a_line_of_ndjson_that_cannot_be_read_is_rejected_with_its_reason() {
    let json = b"{\"lead\":1,\"at\":0,\"event\":\"a\"}\n\
        \n\
        {\"lead\":1,\"at\":0,\n\
        {\"lead\":[1],\"at\":0,\"event\":\"a\"}\n\
        {\"lead\":1,\"at\":1e300,\"event\":\"a\"}\n\
        {\"lead\":1,\"at\":true,\"event\":\"a\"}\n\
        {\"lead\":1,\"at\":0,\"event\":\"a\",\"x\":1e999}\n\
        {\"lead\":1,\"at\":0,\"event\":\"a\",\"x\":NaN}\n\
        [1]\n\
        {\"lead\":1,\"at\":0,\"event\":\"caf\xe9\"}\n\
        {\"lead\":1,\"at\":0,\"event\":\"a\",\"props\":5}\n\
        {\"at\":0,\"event\":\"a\"}\n";
    let plan = EventPlan { properties: words("x"), ..plan() };
    let outcome = events(&source("e.ndjson", json), &plan);
    assert_eq!(outcome.rows, ["1 a 1970-01-01T00:00:00Z"]);
    assert_eq!(
        outcome.rejects(),
        [
            "e.ndjson, line 3: is no valid JSON: EOF while parsing a value (at byte 17)",
            "e.ndjson, line 4, column lead: is a list or an object: write a text or a number",
            "e.ndjson, line 5, column at: 1e300 lies outside the years 1 to 9999",
            "e.ndjson, line 6, column at: \"true\" is not an instant: write RFC 3339 (2026-03-01T10:00:00Z) or seconds or milliseconds since 1970",
            "e.ndjson, line 7: is no valid JSON: number out of range (at byte 38)",
            "e.ndjson, line 8: is no valid JSON: expected value (at byte 34)",
            "e.ndjson, line 9: is no JSON object, such as {\"a\": 1}",
            "e.ndjson, line 10: byte 30 of the line (0xe9) is not UTF-8: save the file as UTF-8",
            "e.ndjson, line 11, column props: is no JSON object, such as {\"a\": 1}",
            "e.ndjson, line 12, column lead: is empty: every row needs the id of its lead",
        ]
    );
}

#[test]
fn an_instant_without_zone_is_read_in_the_zone_that_was_given() {
    let zone = jiff::tz::TimeZone::get("Europe/Madrid").unwrap();
    let plan = EventPlan { zone: Some(zone.clone()), ..plan() };
    let csv = "lead,at,event\n1,2026-03-01 10:00:00,a\n1,2026-03-01,b\n";
    assert_eq!(
        events(&source("e.csv", csv), &plan).rows,
        ["1 a 2026-03-01T09:00:00Z", "1 b 2026-02-28T23:00:00Z"]
    );
    let plan = LeadPlan { zone: Some(zone), ..LeadPlan::default() };
    let json = "{\"lead\":\"x\",\"created_at\":\"2026-03-01\"}\n";
    assert_eq!(leads(&source("l.ndjson", json), &plan).rows, ["x 2026-02-28T23:00:00Z"]);
}

#[test]
fn a_file_that_is_not_what_it_should_be_is_refused_with_the_remedy() {
    for (name, bytes, expected) in [
        ("e.csv", &b""[..], "e.csv: is empty: its first line must name the columns"),
        (
            "e.csv",
            b"customer,ts,event_name\n",
            "e.csv: there is no column \"lead\"; name the right one with --map lead=COLUMN. The columns are: customer, ts, event_name",
        ),
        (
            "e.csv",
            b"lead_id,at,event\n",
            "e.csv: there is no column \"lead\" (perhaps \"lead_id\"?); name the right one with --map lead=COLUMN. The columns are: lead_id, at, event",
        ),
        (
            "e.csv",
            b"lead,at,event,at\n",
            "e.csv: there are two columns \"at\"; rename or remove one of them",
        ),
        ("e.csv", b"\xff\xfel\0e\0a\0d\0", "e.csv: is UTF-16: save it as UTF-8"),
        (
            "e.csv",
            b"lead,at,event\r1,0,a\r",
            "e.csv: its lines end in carriage returns alone: save it with Unix or Windows line ends",
        ),
        (
            "e.json",
            b"[{\"lead\":1}]",
            "e.json: is one JSON list: write each object on a line of its own (jq -c '.[]')",
        ),
        (
            "e.ndjson",
            b"{\"customer\":1,\"at\":0,\"event\":\"a\"}\n",
            "e.ndjson: there is no column \"lead\"; name the right one with --map lead=COLUMN. The columns are: customer, at, event",
        ),
        (
            "e.parquet",
            b"lead,at,event\n",
            "e.parquet: is not a Parquet file: it does not begin with PAR1",
        ),
        (
            "e.parquet",
            b"PAR1 and then nothing",
            "e.parquet: is not a whole Parquet file: its end is missing. Fetch it again from where it was made",
        ),
    ] {
        assert_eq!(error(name, bytes), expected);
    }
}

#[test]
fn a_packed_file_that_ends_early_gives_what_came_before_and_then_an_error() {
    let mut csv = "lead,at,event\n".to_owned();
    for lead in 0..20_000 {
        writeln!(csv, "{lead},{},viewed", 1_772_359_200 + lead * 7919 % 100_000).unwrap();
    }
    let zstd = zstd::encode_all(csv.as_bytes(), 3).unwrap();
    for (name, packed) in [("e.csv.gz", gzip(csv.as_bytes())), ("e.csv.zst", zstd)] {
        let whole = events(&source(name, &packed), &plan());
        assert_eq!(whole.rows.len(), 20_000);
        let cut = events(&source(name, &packed[..packed.len() * 9 / 10]), &plan());
        assert_eq!(
            cut.error(),
            format!(
                "{name}: the compressed data ends in the middle; what came before was read. \
                 Fetch the file again from where it was made"
            )
        );
        assert!(cut.rows.len() > 1000, "{}", cut.rows.len());
        assert_eq!(cut.rows, whole.rows[..cut.rows.len()]);
        // The row at which the data breaks off is not taken for a whole one.
        assert_eq!(cut.rejects(), Vec::<String>::new());
    }
}

#[test]
fn gzip_of_several_members_is_one_file() {
    let mut packed = gzip(b"lead,at,event\n1,0,a\n");
    packed.extend(gzip(b"2,0,b\n"));
    let outcome = events(&source("e.csv.gz", packed), &plan());
    assert_eq!(outcome.rows, ["1 a 1970-01-01T00:00:00Z", "2 b 1970-01-01T00:00:00Z"]);
}

#[test]
fn the_format_is_known_by_content_where_the_name_does_not_say() {
    let format = |bytes: &[u8]| Source::from_bytes("-", bytes.to_vec(), None).unwrap().format();
    assert_eq!(format(b"\n {\"lead\":1}"), Format::Ndjson);
    assert_eq!(format(b"lead,at\n"), Format::Csv);
    assert_eq!(format(b"PAR1"), Format::Parquet);
    assert_eq!(format(&gzip(b"{}")), Format::Ndjson);
}

#[test]
fn marks_line_ends_and_separators_of_every_kind_are_understood() {
    for csv in [
        "\u{feff}lead,at,event\n1,0,a\n",
        "lead,at,event\r\n1,0,a\r\n",
        "\r\n\nlead,at,event\n\n1,0,a\n\r\n",
        "lead;at;event\n1;0;a\n",
        "lead\tat\tevent\n1\t0\ta\n",
        "lead|at|event\n1|0|a\n",
        "\"lead\";\"at\";\"event\"\r\n\"1\";\"0\";\"a\"",
        " lead , at , event\n 1 , 0 , a \n",
    ] {
        let outcome = events(&source("e.csv", csv), &plan());
        assert_eq!(outcome.rows, ["1 a 1970-01-01T00:00:00Z"], "{csv:?}");
    }
}

#[test]
fn a_forgotten_quotation_mark_costs_its_line_and_no_other() {
    let csv = "lead,at,event,note\n1,0,a,\"x\n2,0,b,y\n3,0,c,z\n";
    let outcome = events(&source("e.csv", csv), &plan());
    assert_eq!(outcome.rows, ["2 b 1970-01-01T00:00:00Z", "3 c 1970-01-01T00:00:00Z"]);
    assert_eq!(
        outcome.rejects(),
        [
            "e.csv, line 2: the row does not end within 16 MiB, or before the file does: close the quotation mark that is opened here"
        ]
    );
}

#[test]
fn whoever_watches_can_stop_at_the_first_reject() {
    let csv = "lead,at,event\n1,0,a\n,0,b\n,0,c\n";
    let stop = |_| ControlFlow::Break(());
    let watch = Watch { rejects: &stop, ..Watch::default() };
    let plan = EventPlan { chunk_bytes: 5, ..plan() };
    let result = ingest::read_events(&source("e.csv", csv), &plan, watch, &|_, _| {});
    assert!(matches!(&result, Err(ReadError::Stopped { .. })));
    assert_eq!(
        result.unwrap_err().to_string(),
        "e.csv, line 3, column lead: is empty: every row needs the id of its lead"
    );
}

#[test]
fn the_names_that_a_model_can_use_are_told() {
    let names = |name: &str, bytes: &str| {
        ingest::column_names(&source(name, bytes), &Columns::default(), None).unwrap()
    };
    let csv =
        "lead,at,event,url,props\n1,0,a,/,\"{\"\"price\"\":1,\"\"item\"\":{\"\"kind\"\":2}}\"\n";
    assert_eq!(names("e.csv", csv), words("lead,at,event,url,props,price,item.kind"));
    let json = "{\"lead\":1,\"at\":0,\"event\":\"a\",\"props\":{\"price\":1},\"tags\":[\"x\"]}\n";
    assert_eq!(names("e.ndjson", json), words("lead,at,event,price,tags"));
}

#[test]
fn the_summary_says_what_was_read() {
    let csv = "lead,at,event\n1,0,b\n2,0,a\n,0,c\n1,0,b\n";
    let summary = events(&source("e.csv", csv), &plan()).result.unwrap();
    assert_eq!((summary.rows, summary.rejected, summary.bytes), (3, 1, csv.len() as u64));
    assert_eq!(summary.columns, words("lead,at,event"));
    assert_eq!(summary.event_names[..2], words("a,b"));
}

#[test]
fn what_nobody_asked_for_costs_no_row() {
    let json = "{\"lead\":1,\"at\":0,\"event\":\"a\",\"x\":1e999,\"y\":\"\\ud83d\"}\n\
                {\"lead\":1,\"at\":1,\"event\":\"a\",\"id\":5,\"y\":\"\\ud83d\",\"z\":1}\n";
    let outcome = events(&source("e.ndjson", json), &plan());
    assert_eq!(outcome.rows.len(), 2, "{:?}", outcome.rejects());
    let plan = EventPlan { properties: words("y"), ..plan() };
    assert_eq!(events(&source("e.ndjson", json), &plan).rows.len(), 0);
}

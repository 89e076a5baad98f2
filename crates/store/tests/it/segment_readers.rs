//! Other programs read sealed facts as they are: DuckDB, which needs nothing but the path.

use std::process::Command;

use leads::Report;
use serde_json::{Value as Json, json};
use store::DbError;
use store::segments::{SealOptions, compact, seal};

use crate::support::others::{directory, pip};
use crate::support::reports::{by_machine, deal, group, minute, saying, seen, traits};
use crate::support::{Bench, on_both};

/// Minutes of the first day.
const DAY: i64 = 24 * 60;

/// What is likely to be lost on the way: text of all kinds, instants far away and between two seconds,
/// more facts of one person than a row group holds (8,192), and kinds that are not sealed.
fn reports() -> Vec<Report> {
    let mut reports: Vec<Report> =
        (0..8_200).map(|n| seen(&format!("many-{n}"), n % DAY, "u:keen")).collect();
    reports.extend((0..40).map(|n| seen(&format!("few-{n}"), n, &format!("a:visitor-{n}"))));
    let texts = [
        "",
        "Iași, España, 東京, 🙂, e\u{301}",
        "a \"quoted\" \\ text\r\nof two lines\t\u{1}",
        "a\0b",
        "\u{202e}backwards",
        &"long ".repeat(20_000),
    ];
    for (n, text) in texts.into_iter().enumerate() {
        let said =
            traits(json!({"text": text, "number": 1e300, "nested": {"list": [1, null, true]}}));
        reports.push(saying(seen(&format!("text-{n}-é"), 5, "u:writer e:ana@acme.example"), said));
    }
    let mut early = seen("early", 0, "u:old");
    (early.at, early.received_at) = (minute(-40 * 365 * DAY), minute(-1));
    let mut between = seen("between", 0, "u:old");
    between.at = leads::Timestamp::saturating_from_millis(minute(0).as_millis() + 1);
    reports.extend([early, between, by_machine(seen("machine", 7, "u:keen"))]);
    // These stay where they are.
    reports.push(saying(seen("group", 6, "u:writer"), group("acme", json!({"size": 5}))));
    reports.push(saying(seen("deal", 6, "u:writer"), deal("d1", "won", 125_000)));
    reports.push(seen("today", 2 * DAY, "u:keen"));
    reports
}

/// The facts of the table, each as one line of JSON.
fn in_the_database(bench: &Bench) -> Vec<String> {
    let sql = "SELECT id, person, kind, name, at, received_at, source, body FROM fact";
    let read = bench.store.read(|tx| {
        tx.query(sql, &[], |row| {
            let text = |index| row.get::<String>(index);
            let number = |index| row.get::<i64>(index);
            Ok(json!([
                text(0)?,
                text(1)?,
                number(2)?,
                text(3)?,
                number(4)?,
                number(5)?,
                text(6)?,
                text(7)?
            ]))
        })
    });
    sorted(&read.unwrap_or_else(|error: DbError| panic!("{error}")))
}

/// What DuckDB answers to `SELECT what FROM` the files.
fn in_duckdb(bench: &Bench, what: &str) -> Vec<String> {
    let script = "
import duckdb, json, sys
files = duckdb.read_parquet(sys.argv[1] + '/*.parquet')
for row in duckdb.sql(sys.argv[2]).fetchall():
    print(json.dumps(row))";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(bench.segments.directory())
        .arg(what)
        .env("PYTHONPATH", directory().join("python"))
        .output()
        .expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let rows: Vec<Json> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    sorted(&rows)
}

fn sorted(rows: &[Json]) -> Vec<String> {
    let mut lines: Vec<String> = rows.iter().map(Json::to_string).collect();
    lines.sort();
    lines
}

const FACTS: &str =
    "SELECT id, person, kind, name, epoch_ms(\"at\"), epoch_ms(received_at), source, body
    FROM files";

#[test]
fn duckdb_reads_from_the_files_what_was_in_the_database() {
    if !pip("duckdb") {
        return;
    }
    on_both(|bench| {
        bench.take(&reports());
        let before = in_the_database(bench);
        let options = SealOptions { before: minute(DAY), at_least: 1, at_most: 5_000 };
        let mut sealed = 0;
        // In several goes, so that there are several files to a bucket.
        loop {
            let done = seal(&bench.store, &bench.segments, &options, minute(3 * DAY));
            match done.unwrap_or_else(|error| panic!("{error}")).facts {
                0 => break,
                facts => sealed += facts,
            }
        }
        let after = in_the_database(bench);
        let found = in_duckdb(bench, FACTS);
        assert_eq!((found.len(), after.len()), (sealed, before.len() - sealed));
        assert!(sealed > 8_200 && after.len() >= 3, "{sealed} sealed, {} stay", after.len());
        let mut both = [found, after].concat();
        both.sort();
        // Not `assert_eq`: a failure would print thousands of facts.
        let odd: Vec<_> =
            both.iter().zip(&before).filter(|(found, kept)| found != kept).take(3).collect();
        assert!(both == before, "{odd:?}");
    });
}

#[test]
fn instants_are_instants_and_bodies_are_json_to_duckdb() {
    if !pip("duckdb") {
        return;
    }
    let bench = Bench::sqlite();
    bench.take(&reports());
    let options = SealOptions { before: minute(DAY), at_least: 1, at_most: 100_000 };
    seal(&bench.store, &bench.segments, &options, minute(3 * DAY)).expect("sealed");
    let ask = |what: &str| in_duckdb(&bench, what);
    assert_eq!(
        ask(
            "SELECT DISTINCT typeof(\"at\"), typeof(received_at), typeof(kind), typeof(body) FROM files"
        ),
        [json!(["TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE", "INTEGER", "VARCHAR"])
            .to_string()]
    );
    assert_eq!(
        ask("SELECT count(*), count(DISTINCT person) FROM files
            WHERE name = 'page_viewed' AND \"at\" >= '2026-03-02T09:00:00Z' AND \"at\" < '2026-03-02T09:10:00Z'
                AND id LIKE 'few-%'"),
        [json!([10, 10]).to_string()]
    );
    assert_eq!(
        ask("SELECT json_extract_string(body, '$.path') FROM files WHERE id = 'few-7'"),
        [json!(["/few-7"]).to_string()]
    );
    assert_eq!(
        ask("SELECT json_extract_string(body, '$.text') FROM files WHERE id = 'text-1-é'"),
        [json!(["Iași, España, 東京, 🙂, e\u{301}"]).to_string()]
    );
}

#[test]
fn files_that_were_joined_are_the_same_facts_to_duckdb() {
    if !pip("duckdb") {
        return;
    }
    let bench = Bench::sqlite();
    bench.take(&reports());
    let options = SealOptions { before: minute(DAY), at_least: 1, at_most: 900 };
    while seal(&bench.store, &bench.segments, &options, minute(3 * DAY)).expect("sealed").facts > 0
    {
    }
    let before = in_duckdb(&bench, FACTS);
    assert!(compact(&bench.store, &bench.segments, minute(3 * DAY)).expect("joined") > 0);
    assert!(in_duckdb(&bench, FACTS) == before);
}

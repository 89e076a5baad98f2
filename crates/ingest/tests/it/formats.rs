//! What each format means.

use ingest::{EventPlan, LeadPlan};

use crate::support::{events, leads, source, words};

fn plan(properties: &str) -> EventPlan {
    EventPlan { properties: words(properties), threads: 2, ..EventPlan::default() }
}

#[test]
fn cells_of_csv_are_text_and_blank_ones_are_missing() {
    let csv = "lead,at,event,price,note\n\
               5,2026-03-01T10:00:00Z,purchased,12.50, \n\
               ana, 2026-03-01T11:00:00+01:00 , viewed ,,\"a, \"\"b\"\"\n c\"\n\
               \n\
               07,1772359200,viewed,,x\n";
    let outcome = events(&source("events.csv", csv), &plan("price,note"));
    assert_eq!(outcome.rejects(), Vec::<String>::new());
    assert_eq!(
        outcome.rows,
        [
            "5 purchased 2026-03-01T10:00:00Z price=\"12.50\"",
            "ana viewed 2026-03-01T10:00:00Z note=\"a, \\\"b\\\"\\n c\"",
            "07 viewed 2026-03-01T10:00:00Z note=\"x\"",
        ]
    );
}

#[test]
fn objects_of_ndjson_are_dotted_paths_and_lists_are_lists() {
    let json = r#"{"lead":5,"at":1772359200,"event":"bought","props":{"price":12.5,"item":{"kind":"tea"}},"vip":true}
{"lead":"5","at":"2026-03-01T10:00:00Z","event":"bought","items":[{"sku":"a","n":1},{"sku":"b"}],"tags":["x",["y",2]],"none":null,"empty":[]}
"#;
    let outcome = events(
        &source("events.ndjson", json),
        &plan("price,item.kind,vip,items.sku,items.n,items,tags,none,empty"),
    );
    assert_eq!(outcome.rejects(), Vec::<String>::new());
    assert_eq!(
        outcome.rows,
        [
            "5 bought 2026-03-01T10:00:00Z price=12.5 item.kind=\"tea\" vip=true",
            "5 bought 2026-03-01T10:00:00Z items.sku=[\"a\" \"b\"] items.n=[1] tags=[\"x\" \"y\" 2] empty=[]",
        ]
    );
}

#[test]
fn json_in_a_column_of_csv_gives_properties() {
    let csv = "lead,at,event,kind,props\n\
               1,0,a,direct,\"{\"\"kind\"\":\"\"hidden\"\",\"\"price\"\":5}\"\n\
               2,0,a,,\n\
               3,0,a,,{price}\n";
    let outcome = events(&source("events.csv", csv), &plan("kind,price"));
    assert_eq!(
        outcome.rows,
        ["1 a 1970-01-01T00:00:00Z kind=\"direct\" price=5", "2 a 1970-01-01T00:00:00Z"]
    );
    assert_eq!(
        outcome.rejects(),
        ["events.csv, line 4, column props: is no valid JSON: key must be a string (at byte 2)"]
    );
}

#[test]
fn every_column_of_a_leads_file_is_a_trait() {
    let csv = "lead;created_at;country;company.employees\n1;2026-01-01T00:00:00Z;ES;50\n2;;RO;\n";
    let plan =
        LeadPlan { traits: words("country,company.employees,created_at"), ..LeadPlan::default() };
    let outcome = leads(&source("leads.csv", csv), &plan);
    assert_eq!(
        outcome.rows,
        [
            "1 2026-01-01T00:00:00Z country=\"ES\" company.employees=\"50\" created_at=\"2026-01-01T00:00:00Z\"",
            "2 - country=\"RO\"",
        ]
    );
}

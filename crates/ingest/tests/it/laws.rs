//! What holds for every file.

use ingest::EventPlan;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;

use crate::support::{PlainFact, events, plain_facts, source, words};
use crate::write_parquet::{Column, write};

#[derive(Clone, Debug)]
struct Row {
    lead: String,
    at: i64,
    event: String,
    id: Option<String>,
    price: Option<f64>,
    kind: Option<String>,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let text = "[a-zé,\"\n;{}0-9]{0,6}[a-zé\"]";
    let row = (
        prop_oneof![4 => "[1-9][0-9]{0,8}", 1 => text],
        0_i64..2_000_000_000_000,
        prop_oneof![4 => "[a-c]", 1 => text],
        proptest::option::weighted(0.8, "[0-9]{1,3}"),
        proptest::option::of(prop_oneof![-1e6..1e6, (-50_i32..50).prop_map(f64::from)]),
        proptest::option::of(text),
    )
        .prop_map(|(lead, at, event, id, price, kind)| Row {
            lead,
            at,
            event,
            id,
            price,
            kind,
        });
    proptest::collection::vec(row, 1..60)
}

fn as_csv(rows: &[Row]) -> String {
    let quote = |text: &str| {
        if text.contains([',', '"', '\n']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    };
    let mut csv = "lead,at,event,id,price,kind\n".to_owned();
    for row in rows {
        let cells = [
            quote(&row.lead),
            leads::Timestamp::from_millis(row.at).unwrap().to_string(),
            quote(&row.event),
            row.id.clone().unwrap_or_default(),
            row.price.map(|price| price.to_string()).unwrap_or_default(),
            row.kind.as_deref().map(quote).unwrap_or_default(),
        ];
        csv += &cells.join(",");
        csv.push('\n');
    }
    csv
}

fn as_ndjson(rows: &[Row]) -> String {
    let line = |row: &Row| {
        let mut json = serde_json::json!({
            "kind": row.kind,
            "event": row.event,
            "at": leads::Timestamp::from_millis(row.at).unwrap().to_string(),
            "lead": row.lead,
            "price": row.price,
        });
        if let Some(id) = &row.id {
            json["id"] = serde_json::json!(id);
        }
        json.to_string() + "\n"
    };
    rows.iter().map(line).collect()
}

fn as_parquet(rows: &[Row], dictionary: bool) -> Vec<u8> {
    let schema = "message events {
        required int64 at (TIMESTAMP(MILLIS,true));
        optional double price;
        required binary lead (UTF8);
        optional binary id (UTF8);
        optional binary kind (UTF8);
        required binary event (UTF8);
    }";
    let bytes = |text: &String| text.as_bytes().to_vec();
    let columns = vec![
        Column::Int64(rows.iter().map(|row| Some(row.at)).collect()),
        Column::Double(rows.iter().map(|row| row.price).collect()),
        Column::Bytes(rows.iter().map(|row| Some(bytes(&row.lead))).collect()),
        Column::Bytes(rows.iter().map(|row| row.id.as_ref().map(bytes)).collect()),
        Column::Bytes(rows.iter().map(|row| row.kind.as_ref().map(bytes)).collect()),
        Column::Bytes(rows.iter().map(|row| Some(bytes(&row.event))).collect()),
    ];
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(dictionary)
        .set_data_page_row_count_limit(7)
        .set_write_batch_size(3)
        .build();
    write(schema, properties, &[columns])
}

fn plan(chunk_bytes: usize) -> EventPlan {
    EventPlan { properties: words("price,kind"), threads: 2, chunk_bytes, ..EventPlan::default() }
}

proptest! {
    #[test]
    fn the_same_rows_give_the_same_facts_in_every_format(rows in rows(), dictionary in any::<bool>()) {
        let any_id = rows.iter().any(|row| row.id.is_some());
        let csv = plain_facts(&source("e.csv", as_csv(&rows)), &plan(1 << 20));
        prop_assert_eq!(csv.len(), rows.len());
        prop_assert_eq!(csv[0].4.is_some(), any_id);
        let ndjson = plain_facts(&source("e.ndjson", as_ndjson(&rows)), &plan(1 << 20));
        prop_assert_eq!(&csv, &ndjson);
        let parquet = plain_facts(&source("e.parquet", as_parquet(&rows, dictionary)), &plan(1));
        prop_assert_eq!(&csv, &parquet);
    }

    #[test]
    fn any_cut_into_chunks_gives_the_same_facts(rows in rows(), chunk_bytes in 1_usize..200) {
        // Where ids are is told batch by batch.
        let with_ids = |facts: Vec<PlainFact>| -> Vec<PlainFact> {
            facts.into_iter().map(|fact| (fact.0, fact.1, fact.2, fact.3, fact.4.filter(|id| id.id != 0))).collect()
        };
        for (name, text) in [("e.csv", as_csv(&rows)), ("e.ndjson", as_ndjson(&rows))] {
            let whole = with_ids(plain_facts(&source(name, &text), &plan(1 << 20)));
            let cut = with_ids(plain_facts(&source(name, &text), &plan(chunk_bytes)));
            prop_assert_eq!(whole, cut);
        }
    }

    #[test]
    fn any_text_gives_the_same_rows_and_rejects_however_it_is_cut(
        text in "(1,0,a\n|2,0,b,\"x\"\n|[a0,\"\n\r \u{e9}]){0,40}",
        chunk_bytes in 1_usize..40,
    ) {
        let csv = format!("lead,at,event\n{text}");
        let whole = events(&source("e.csv", &csv), &plan(1 << 20));
        let cut = events(&source("e.csv", &csv), &plan(chunk_bytes));
        prop_assert_eq!(whole.rows, cut.rows);
        prop_assert_eq!(whole.rejects, cut.rejects);
    }
}

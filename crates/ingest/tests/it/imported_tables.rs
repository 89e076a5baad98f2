//! Tables that somebody uploads become reports.

use std::ops::ControlFlow;

use ingest::imports::{
    self, ColumnUse, DateOrder, ImportBatch, ImportError, ImportFile, ImportMapping, ImportRun,
    ImportSummary, preview,
};
use leads::{Report, Timestamp, What};
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::workbooks::{ods, xlsx};
use crate::write_parquet::{Column, write};

fn mapping(json: Json) -> ImportMapping {
    serde_json::from_value(json).unwrap()
}

fn run(from_row: u64, batch_rows: usize) -> ImportRun<'static> {
    ImportRun {
        scope: "i1",
        source: "import:i1",
        imported_at: Timestamp::parse("2026-03-01T12:00:00Z").unwrap(),
        from_row,
        batch_rows,
    }
}

fn file(name: &str, bytes: impl AsRef<[u8]>) -> ImportFile {
    ImportFile::from_bytes(name, bytes.as_ref().to_vec()).unwrap()
}

fn read(
    file: &ImportFile,
    mapping: &ImportMapping,
    run: &ImportRun<'_>,
) -> (ImportBatch, ImportSummary) {
    let mut all = ImportBatch::default();
    let summary = imports::read(file, mapping, run, &mut |batch| {
        all.reports.extend(batch.reports);
        all.readable.extend(batch.readable);
        all.rejects.extend(batch.rejects);
        all.rows += batch.rows;
        all.next_row = batch.next_row;
        ControlFlow::Continue(())
    });
    (all, summary.unwrap())
}

fn all(file: &ImportFile, mapping: &ImportMapping) -> ImportBatch {
    read(file, mapping, &run(0, 100)).0
}

/// `id at name body` for each report.
fn show(reports: &[Report]) -> Vec<String> {
    let show = |report: &Report| {
        let what = match &report.what {
            What::Traits(traits) => format!("traits {}", Json::Object(traits.clone())),
            What::Event { name, properties } => {
                format!("{name} {}", Json::Object(properties.clone()))
            }
            What::Deal(deal) => format!(
                "deal {} {} {:?} {:?} {}",
                deal.id,
                deal.stage,
                deal.amount_minor,
                deal.currency,
                Json::Object(deal.properties.clone())
            ),
            other => panic!("{other:?}"),
        };
        format!("{} {} {what}", report.id, report.at)
    };
    reports.iter().map(show).collect()
}

fn people() -> ImportMapping {
    mapping(json!({
        "columns": {
            "Correo": {"as": "email"}, "Alta": {"as": "created_at"},
            "Empresa": {"as": "trait", "path": "company.name"},
        },
        "zone": "Europe/Madrid", "date_order": "day_first",
    }))
}

/// The same for a table that has these of the columns only.
fn people_by(columns: &str) -> ImportMapping {
    let mut mapping = people();
    mapping.columns.retain(|column, _| columns.split(',').any(|there| there == column));
    mapping
}

#[test]
fn a_row_of_people_is_their_traits_now_and_since_they_are_known() {
    let file = file(
        "p.csv",
        "Correo;Alta;Empresa;Empleados;Notas\nana@cafes.es;01/02/2026 10:00;\"Cafés; Ana\";25;x\nion@firma.ro;;;;\n",
    );
    let mut mapping = people();
    let employees = ColumnUse::Trait { path: "company.employees".to_owned() };
    mapping.columns.insert("Empleados".to_owned(), employees);
    let batch = all(&file, &mapping);
    assert_eq!(batch.rejects, []);
    let ana = "traits {\"company.name\":\"Cafés; Ana\",\"company.employees\":\"25\",\
        \"created_at\":\"2026-02-01T09:00:00Z\",\"email\":\"ana@cafes.es\",\"email.domain\":\"cafes.es\",\"email.kind\":\"business\"}";
    assert_eq!(
        show(&batch.reports),
        [
            // It is so now, and was since she is known, as far as nothing else is said of that time.
            &format!("import:i1:0:traits 2026-03-01T12:00:00Z {ana}"),
            &format!("import:i1:0:since 2026-02-01T09:00:00Z {ana}"),
            "import:i1:1:traits 2026-03-01T12:00:00Z traits {\"email\":\"ion@firma.ro\",\"email.domain\":\"firma.ro\",\"email.kind\":\"business\"}",
        ]
    );
}

#[test]
fn every_format_says_the_same() {
    let expected = show(
        &all(
            &file("p.csv", "Correo,Alta,Empresa\nana@cafes.es,2026-02-01T10:00:00,Cafés\n"),
            &people(),
        )
        .reports,
    );
    let ndjson = file(
        "p.ndjson",
        "\n{\"Correo\":\"ana@cafes.es\",\"Alta\":\"2026-02-01T10:00:00\",\"Empresa\":\"Cafés\",\"x\":null}\n",
    );
    assert_eq!(show(&all(&ndjson, &people()).reports), expected);
    let schema = "message people { optional binary Correo (UTF8);
        optional int64 Alta (TIMESTAMP(MILLIS,true)); optional binary Empresa (UTF8); }";
    let columns = vec![
        Column::texts(&["ana@cafes.es"]),
        Column::Int64(vec![Some(1_769_936_400_000)]),
        Column::texts(&["Cafés"]),
    ];
    let parquet = file("p.parquet", write(schema, WriterProperties::default(), &[columns]));
    assert_eq!(parquet.format(), "parquet");
    assert_eq!(show(&all(&parquet, &people()).reports), expected);
    // The date is one of Excel's: days since 1900.
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Correo</t></is></c><c r=\"B1\" t=\"inlineStr\"><is><t>Alta</t></is></c><c r=\"C1\" t=\"inlineStr\"><is><t>Empresa</t></is></c></row>\
                <row r=\"5\"><c r=\"A5\" t=\"inlineStr\"><is><t>ana@cafes.es</t></is></c><c r=\"B5\" s=\"1\"><v>46054.416666666664</v></c><c r=\"C5\" t=\"str\"><f>CONCAT(\"Caf\",\"és\")</f><v>Cafés</v></c></row>";
    let workbook = file("p.xlsx", xlsx(rows));
    assert_eq!(workbook.format(), "xlsx");
    assert_eq!(show(&all(&workbook, &people()).reports), expected);
    let rows = "<table:table-row><table:table-cell><text:p>Correo</text:p></table:table-cell><table:table-cell><text:p>Alta</text:p></table:table-cell><table:table-cell><text:p>Empresa</text:p></table:table-cell><table:table-cell table:number-columns-repeated=\"16381\"/></table:table-row>\
                <table:table-row table:number-rows-repeated=\"3\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>\
                <table:table-row><table:table-cell><text:p>ana@cafes.es</text:p></table:table-cell><table:table-cell office:value-type=\"date\" office:date-value=\"2026-02-01T10:00:00\"><text:p>01/02/26</text:p></table:table-cell><table:table-cell table:formula=\"of:=X\"><text:p>Caf&#233;s</text:p></table:table-cell></table:table-row>\
                <table:table-row table:number-rows-repeated=\"1048571\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>";
    let workbook = file("p.ods", ods(rows));
    assert_eq!((workbook.format(), workbook.sheets()), ("ods", &["Hoja1".to_owned()][..]));
    assert_eq!(show(&all(&workbook, &people()).reports), expected);
}

#[test]
fn a_row_of_events_is_what_happened() {
    let mapping = mapping(json!({
        "columns": {"who": {"as": "user"}, "what": {"as": "event"}, "when": {"as": "at"}, "n": {"as": "id"},
                    "path": {"as": "property", "path": "path"}},
        "others": "keep",
    }));
    let file = file(
        "e.csv",
        "who,what,when,n,path,seconds\n7,page_viewed,2026-02-01T10:00:00Z,a1,/p,90\n7,page_viewed,1769940000,,/q,\n",
    );
    assert_eq!(
        show(&all(&file, &mapping).reports),
        [
            "import:page_viewed:#a1:event 2026-02-01T10:00:00Z page_viewed {\"path\":\"/p\",\"seconds\":\"90\"}",
            "import:i1:1:event 2026-02-01T10:00:00Z page_viewed {\"path\":\"/q\"}",
        ]
    );
}

#[test]
fn a_row_of_deals_is_where_they_stand() {
    let mapping = mapping(json!({
        "columns": {"mail": {"as": "email"}, "oferta": {"as": "deal", "field": "id"}, "fase": {"as": "deal", "field": "stage"},
                    "importe": {"as": "deal", "field": "amount"}, "moneda": {"as": "deal", "field": "currency"},
                    "nota": {"as": "property", "path": "note"}},
        "decimal_comma": true,
    }));
    let file = file(
        "d.csv",
        "mail;oferta;fase;importe;moneda;nota\nana@x.es;o1;Ganada;1.234,50 €;eur;n\nana@x.es;o2;;1;EUR;\nana@x.es;o3;x;1;euro;\nana@x.es;o4;x;1,2,3;EUR;\n",
    );
    let batch = all(&file, &mapping);
    let deals: Vec<String> =
        show(&batch.reports).into_iter().filter(|line| line.contains(" deal ")).collect();
    assert_eq!(
        deals,
        [
            "import:i1:0:deal 2026-03-01T12:00:00Z deal o1 ganada Some(123450) Some(\"EUR\") {\"note\":\"n\"}"
        ]
    );
    let reasons: Vec<String> = batch.rejects.iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        [
            "d.csv, line 3: has a deal without a stage: every deal stands somewhere",
            "d.csv, line 4, column moneda: \"EURO\" is no currency: write EUR, RON, USD ...",
            "d.csv, line 5, column importe: \"1,2,3\" is no amount: write it as 1.234,56",
        ]
    );
}

#[test]
fn rows_that_cannot_be_read_are_named_with_place_and_remedy() {
    let file = file(
        "p.csv",
        "Correo,Alta,Empresa\nnobody,,\nana@x.es,soon,\nana@x.es,2027-01-01,\n,,Acme\nana@x.es,\nok@x.es,31/01/2026,\n",
    );
    let batch = all(&file, &people());
    let reasons: Vec<String> = batch.rejects.iter().map(ToString::to_string).collect();
    assert_eq!(reasons.len(), 5, "{reasons:?}");
    assert!(
        reasons[0].starts_with("p.csv, line 2, column Correo: \"nobody\" is no address"),
        "{}",
        reasons[0]
    );
    assert!(
        reasons[1].starts_with("p.csv, line 3, column Alta: \"soon\" is not an instant"),
        "{}",
        reasons[1]
    );
    assert!(
        reasons[2].contains("line 4, column Alta: 2026-12-31T23:00:00Z lies in the future"),
        "{}",
        reasons[2]
    );
    assert!(reasons[3].contains("line 5: names nobody"), "{}", reasons[3]);
    assert!(reasons[4].contains("line 6: has 2 cells"), "{}", reasons[4]);
    assert_eq!((batch.readable.len(), batch.reports.len()), (1, 2));
    assert_eq!((batch.rows, batch.next_row), (6, 6));
}

#[test]
fn instants_without_a_zone_or_an_order_are_rejected_until_the_mapping_says() {
    let file = file(
        "p.csv",
        "Correo,Alta\na@x.es,2026-02-01\nb@x.es,01/02/2026\nc@x.es,13/02/2026\nd@x.es,1.2.2026\n",
    );
    let mut mapping = people_by("Correo,Alta");
    (mapping.zone, mapping.date_order) = (None, None);
    assert_eq!(all(&file, &mapping).rejects.len(), 4);
    mapping.zone = Some("Europe/Bucharest".to_owned());
    let batch = all(&file, &mapping);
    assert_eq!(batch.rejects.len(), 1);
    assert!(batch.rejects[0].reason.contains("set the date order"), "{}", batch.rejects[0].reason);
    mapping.date_order = Some(DateOrder::MonthFirst);
    let reports = all(&file, &mapping).reports;
    let since = reports.iter().filter(|report| report.id.ends_with(":since"));
    let at: Vec<String> = since.map(|report| report.at.to_string()).collect();
    assert_eq!(at, ["2026-01-31T22:00:00Z", "2026-01-01T22:00:00Z", "2026-01-01T22:00:00Z"]);
}

#[test]
fn an_import_goes_on_where_it_stopped_and_repeats_nothing() {
    let rows: Vec<String> =
        (0..25).map(|n| format!("p{n}@x.es,{}\n", if n == 7 { "soon" } else { "" })).collect();
    let rows = rows.concat();
    let file = file("p.csv", format!("Correo,Alta\n{rows}"));
    let (whole, summary) = read(&file, &people_by("Correo,Alta"), &run(0, 10));
    assert_eq!(summary, ImportSummary { rows: 25, rejected: 1, next_row: 25, finished: true });
    let mut first = Vec::new();
    let stopped = imports::read(&file, &people_by("Correo,Alta"), &run(0, 10), &mut |batch| {
        first.extend(batch.reports);
        ControlFlow::Break(())
    })
    .unwrap();
    assert_eq!(stopped, ImportSummary { rows: 10, rejected: 1, next_row: 10, finished: false });
    let (rest, summary) = read(&file, &people_by("Correo,Alta"), &run(stopped.next_row, 10));
    assert_eq!((summary.rows, summary.finished), (15, true));
    first.extend(rest.reports);
    assert_eq!(first, whole.reports);
    let (nothing, summary) = read(&file, &people_by("Correo,Alta"), &run(25, 10));
    assert_eq!((nothing.rows, summary.next_row), (0, 25));
}

#[test]
fn a_mapping_that_cannot_be_meant_is_refused() {
    let file = file("p.csv", "a,b\n1,2\n");
    let refused = |json: Json| {
        let error =
            imports::read(&file, &mapping(json), &run(0, 1), &mut |_| ControlFlow::Continue(()));
        match error.unwrap_err() {
            ImportError::Mapping { reason } => reason,
            ImportError::Read(error) => panic!("{error}"),
        }
    };
    assert!(refused(json!({"columns": {}})).contains("names nobody"));
    assert!(
        refused(json!({"columns": {"a": {"as": "user"}}, "event": "x"}))
            .contains("without instants")
    );
    assert!(
        refused(json!({"columns": {"a": {"as": "user"}, "b": {"as": "user"}}}))
            .contains("for the same")
    );
    assert!(refused(json!({"columns": {"a": {"as": "user"}}, "zone": "Mars"})).contains("Mars"));
    assert!(
        refused(json!({"columns": {"a": {"as": "user"}, "zz": {"as": "email"}}}))
            .contains("\"zz\"")
    );
}

#[test]
fn a_mapping_is_proposed_with_reasons() {
    let file = file(
        "p.csv",
        "ID;Nombre;Apellidos;Correo electrónico;Empresa;Nº empleados;Fecha de alta;Color\n1;Ana;Pop;ana@x.es;C;12;13/02/2026;rojo\n2;Ion;P;ion@y.ro;D;5;01/02/2026;azul\n",
    );
    let found = preview(&file, &ImportMapping::default()).unwrap();
    let usage = |name: &str| found.mapping.columns[name].clone();
    let trait_ = |path: &str| ColumnUse::Trait { path: path.to_owned() };
    assert_eq!(usage("ID"), ColumnUse::User);
    assert_eq!(usage("Nombre"), trait_("first_name"));
    assert_eq!(usage("Apellidos"), trait_("last_name"));
    assert_eq!(usage("Correo electrónico"), ColumnUse::Email);
    assert_eq!(usage("Empresa"), trait_("company.name"));
    assert_eq!(usage("Nº empleados"), trait_("company.employees"));
    assert_eq!(usage("Fecha de alta"), ColumnUse::CreatedAt);
    assert_eq!(usage("Color"), trait_("color"));
    assert_eq!(found.mapping.date_order, Some(DateOrder::DayFirst));
    assert!(found.needs_zone && !found.needs_date_order);
    assert_eq!(found.rows[0][3].as_deref(), Some("ana@x.es"));
    assert!(found.columns.iter().all(|column| !column.reason.is_empty()));
    // What is proposed can be read once the zone is said.
    let mapping = ImportMapping { zone: Some("Europe/Madrid".to_owned()), ..found.mapping };
    let batch = all(&file, &mapping);
    assert_eq!((batch.rejects.len(), batch.readable.len()), (0, 2));
}

#[test]
fn a_table_of_events_is_recognized() {
    let file = file(
        "e.ndjson",
        "{\"user_id\":5,\"event\":\"x\",\"timestamp\":\"2026-02-01T00:00:00Z\",\"amount\":3,\"p\":{\"q\":1}}\n",
    );
    let found = preview(&file, &ImportMapping::default()).unwrap();
    let usage = |name: &str| found.mapping.columns[name].clone();
    assert_eq!(usage("event"), ColumnUse::Event);
    assert_eq!(usage("timestamp"), ColumnUse::At);
    assert_eq!(usage("amount"), ColumnUse::Property { path: "amount".to_owned() });
    assert_eq!(usage("p.q"), ColumnUse::Property { path: "p.q".to_owned() });
    assert!(!found.needs_zone);
    assert_eq!(
        show(&all(&file, &found.mapping).reports),
        ["import:i1:0:event 2026-02-01T00:00:00Z x {\"amount\":3,\"p.q\":1}"]
    );
}

#[test]
fn what_was_neutralized_for_a_spreadsheet_comes_back() {
    let file = file("p.csv", "Correo,Empresa\nana@x.es,'=1+1\nb@x.es,'quoted'\n");
    let companies: Vec<Json> = all(&file, &people_by("Correo,Empresa"))
        .reports
        .iter()
        .map(|report| match &report.what {
            What::Traits(traits) => traits["company.name"].clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(companies, [json!("=1+1"), json!("'quoted'")]);
}

#[test]
fn bounds_are_kept_and_said() {
    let columns: Vec<String> = (0..1_001).map(|n| format!("c{n}")).collect();
    let wide = file("w.csv", format!("{}\n", columns.join(",")));
    let error = preview(&wide, &ImportMapping::default()).unwrap_err();
    assert!(error.to_string().contains("1001 columns"), "{error}");
    let long =
        file("l.csv", format!("Correo,Empresa\nana@x.es,{}\nb@x.es,y\n", "x".repeat(70_000)));
    let batch = all(&long, &people_by("Correo,Empresa"));
    assert_eq!((batch.rejects.len(), batch.reports.len()), (1, 1));
    assert!(batch.rejects[0].reason.contains("64 KiB"), "{}", batch.rejects[0].reason);
    let objects: Vec<String> =
        (0..1_200).map(|n| format!("{{\"Correo\":\"a@x.es\",\"k{n}\":1}}\n")).collect();
    let object = objects.concat();
    let error = imports::read(&file("n.ndjson", object), &people(), &run(0, 100), &mut |_| {
        ControlFlow::Continue(())
    });
    assert!(error.unwrap_err().to_string().contains("columns"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_a_table_or_is_refused(text in "[ -~\n\r\t\u{0}é\"]{0,200}", json in any::<bool>()) {
        let (name, head) = if json { ("x.ndjson", "{\"Correo\":\"a@x.es\"}\n") } else { ("x.csv", "Correo,Alta,Empresa\n") };
        for text in [format!("{head}{text}"), text] {
            let Ok(file) = ImportFile::from_bytes(name, text.into_bytes()) else { continue };
            let _ = preview(&file, &ImportMapping::default());
            let _ = imports::read(&file, &people(), &run(0, 2), &mut |_| ControlFlow::Continue(()));
        }
    }

    #[test]
    fn a_row_is_the_same_fact_wherever_an_import_is_taken_up(
        ids in proptest::collection::vec("[a-z]{1,3}", 1..20),
        from in 0_u64..20,
        size in 1_usize..7,
    ) {
        let rows = ids.iter().map(|id| format!("{id}@x.es,\n")).collect::<Vec<_>>().concat();
        let file = file("p.csv", format!("Correo,Alta\n{rows}"));
        let whole = all(&file, &people_by("Correo,Alta")).reports;
        let (rest, summary) = read(&file, &people_by("Correo,Alta"), &run(from, size));
        let skipped = (from as usize).min(whole.len());
        prop_assert_eq!(&rest.reports, &whole[skipped..]);
        prop_assert!(summary.finished);
    }
}

//! Workbooks, and archives that claim to be some.

use std::io::{Cursor, Write};

use ingest::imports::{ImportFile, ImportMapping, preview};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Packs parts.
pub(crate) fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A workbook of Excel whose sheet has these rows; style 1 is a date.
pub(crate) fn xlsx(rows: &str) -> Vec<u8> {
    xlsx_with(rows, &[])
}

fn xlsx_with(rows: &str, further: &[(&str, &[u8])]) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let workbook = format!(
        "<workbook xmlns=\"{main}\" xmlns:r=\"{relations}\"><sheets><sheet name=\"Hoja1\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    );
    let links = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"{relations}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let styles = format!(
        "<styleSheet xmlns=\"{main}\"><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"
    );
    let sheet = format!(
        "<worksheet xmlns=\"{main}\"><dimension ref=\"A1:XFD1048576\"/><sheetData>{rows}</sheetData></worksheet>"
    );
    let root = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"{relations}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", links.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    parts.extend_from_slice(further);
    archive(&parts)
}

/// A workbook of `OpenDocument` whose sheet has these rows.
pub(crate) fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body><office:spreadsheet><table:table table:name=\"Hoja1\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    archive(&[("content.xml", content.as_bytes())])
}

fn refusal(bytes: Vec<u8>) -> String {
    let file = match ImportFile::from_bytes("f", bytes) {
        Ok(file) => file,
        Err(error) => return error.to_string(),
    };
    preview(&file, &ImportMapping::default()).unwrap_err().to_string()
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    // 70 MB of zeros in 70 KB.
    let zeros = vec![b' '; 70 << 20];
    for bomb in [
        xlsx_with("", &[("xl/sharedStrings.xml", &zeros)]),
        xlsx_with("", &[("xl/worksheets/sheet2.xml", &zeros)]),
        archive(&[("content.xml", &zeros)]),
    ] {
        assert!(bomb.len() < 200_000);
        let refusal = refusal(bomb);
        assert!(refusal.contains("unpacks to more"), "{refusal}");
    }
}

#[test]
fn two_cells_at_the_ends_of_a_sheet_cost_nothing() {
    let rows = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"A1048576\"><v>2</v></c></row>";
    let file = ImportFile::from_bytes("f.xlsx", xlsx(rows)).unwrap();
    let found = preview(&file, &ImportMapping::default()).unwrap();
    assert_eq!(found.rows, [[Some("2".to_owned())]]);
    let refusal =
        refusal(xlsx("<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"XFD1\"><v>2</v></c></row>"));
    assert!(refusal.contains("1,000 columns"), "{refusal}");
}

#[test]
fn repeated_cells_and_rows_are_counted_and_not_made() {
    let cell = "<table:table-cell table:number-columns-repeated=\"4000000000\" office:value-type=\"float\" office:value=\"1\"/>";
    let refusal_of = |rows: &str| refusal(ods(rows));
    let wide = refusal_of(&format!("<table:table-row>{cell}</table:table-row>"));
    assert!(wide.contains("1,000 columns"), "{wide}");
    let row = "<table:table-row table:number-rows-repeated=\"4000000000\"><table:table-cell><text:p>a</text:p></table:table-cell></table:table-row>";
    let long = refusal_of(row);
    assert!(long.contains("4000000000 times"), "{long}");
}

#[test]
fn what_is_no_workbook_is_refused_with_the_remedy() {
    for (bytes, remedy) in [
        (archive(&[("a.txt", b"x")]), "is an archive and no workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest".to_vec(), "save it as .xlsx"),
        (b"PK\x03\x04rest".to_vec(), "is damaged"),
        (xlsx(""), "first row must name the columns"),
        (ods(""), "first row must name the columns"),
    ] {
        let refusal = refusal(bytes);
        assert!(refusal.contains(remedy), "{refusal}");
    }
    let file = ImportFile::from_bytes("f.xlsx", xlsx("")).unwrap();
    let settings = ImportMapping { sheet: Some("Nope".to_owned()), ..ImportMapping::default() };
    let error = preview(&file, &settings).unwrap_err().to_string();
    assert!(error.contains("its sheets are: Hoja1"), "{error}");
}

#[test]
fn entities_of_a_workbook_are_not_expanded() {
    let content = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><office:document-content><table:table table:name=\"Hoja1\"><table:table-row><table:table-cell><text:p>n&b;&amp;m</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>v</text:p></table:table-cell></table:table-row></table:table></office:document-content>";
    let file =
        ImportFile::from_bytes("f.ods", archive(&[("content.xml", content.as_bytes())])).unwrap();
    let found = preview(&file, &ImportMapping::default()).unwrap();
    assert_eq!(found.columns[0].name, "n&m");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_workbook_with_damaged_parts_is_read_or_refused(
        places in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..5),
        open in any::<bool>(),
        packed in any::<bool>(),
    ) {
        let rows = if open {
            "<table:table-row><table:table-cell><text:p>a</text:p></table:table-cell></table:table-row>".repeat(3)
        } else {
            "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>a</t></is></c></row><row r=\"2\"><c r=\"A2\" s=\"1\"><v>5</v></c></row>".to_owned()
        };
        let damage = |bytes: &mut Vec<u8>| {
            for (place, byte) in &places {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
        };
        let mut rows = rows.into_bytes();
        if !packed {
            damage(&mut rows);
        }
        let rows = String::from_utf8_lossy(&rows).into_owned();
        let mut bytes = if open { ods(&rows) } else { xlsx(&rows) };
        if packed {
            damage(&mut bytes);
        }
        if let Ok(file) = ImportFile::from_bytes("f", bytes) {
            let _ = preview(&file, &ImportMapping::default());
        }
    }
}

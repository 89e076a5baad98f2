//! The reference for authors of models says what is true, and all of it.

use std::collections::BTreeSet;

use scoring::document::{Syntax, load, schema};

const REFERENCE: &str = include_str!("../../../../../docs/user/reference/model.md");

#[test]
fn every_key_of_the_grammar_is_in_the_reference() {
    let schema = schema();
    let records = schema["$defs"].as_object().expect("records").values();
    let keys: BTreeSet<&str> = records
        .flat_map(|record| record["properties"].as_object().expect("fields").keys())
        .map(String::as_str)
        .collect();
    let missing: Vec<&str> = keys
        .into_iter()
        .filter(|key| {
            !REFERENCE.contains(&format!("`{key}")) && !REFERENCE.contains(&format!("{{{key}:"))
        })
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn every_number_of_a_finding_is_in_the_reference() {
    let source = include_str!("../../../src/document/diagnostic.rs");
    let quoted = source.split('"').filter(|text| text.len() == 4 && text.starts_with(['E', 'W']));
    for code in quoted.filter(|text| text[1..].parse::<u16>().is_ok()) {
        assert!(REFERENCE.contains(&format!("| {code} |")), "{code}");
    }
}

#[test]
fn every_example_of_the_reference_loads_without_a_word() {
    let blocks = REFERENCE.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut tried = 0;
    for block in blocks {
        let document = if block.starts_with("model:") {
            block.to_owned()
        } else {
            let indented = block.replace('\n', "\n      ");
            format!("model: example\ngroups:\n  - group: Example\n    criteria:\n      {indented}")
        };
        let loaded = load(&document, Syntax::Yaml);
        assert_eq!(super::report(&loaded), "", "{block}");
        tried += 1;
    }
    assert_eq!(tried, 7);
}

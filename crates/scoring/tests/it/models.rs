//! The models that are shipped: each loads without a word, stands in its canonical form, and keeps
//! the promises that its own tests make.

use std::fs;
use std::path::{Path, PathBuf};

use leads::Timestamp;
use scoring::document::{Syntax, format, load};
use scoring::{Program, model_tests};

/// A model's promises hold whenever they are tried: on a Sunday as on the last of the month, on
/// 29 February, and just after the clocks of Madrid and Bucharest were changed.
const INSTANTS: [&str; 6] = [
    "2026-01-31T23:30:00Z",
    "2026-03-29T01:30:00Z",
    "2026-07-15T10:00:00Z",
    "2026-10-25T02:00:00Z",
    "2028-02-29T12:00:00Z",
    "2026-11-01T00:00:00Z",
];

/// Every model below `models/`, with its path from there.
fn models() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let mut found = Vec::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("the models are there") {
            let path: PathBuf = entry.expect("the directory can be read").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                let name = path.strip_prefix(&root).expect("it lies below").display().to_string();
                found.push((name, fs::read_to_string(&path).expect("it is text")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_shipped_model_loads_without_a_word() {
    let said: Vec<String> = models()
        .iter()
        .flat_map(|(name, text)| {
            let diagnostics = load(text, Syntax::Yaml).diagnostics;
            diagnostics.into_iter().map(move |said| format!("{name}: {said}"))
        })
        .collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
}

#[test]
fn every_shipped_model_stands_in_its_canonical_form() {
    for (name, text) in models() {
        let canonical = format(&text, Syntax::Yaml).expect("it is YAML");
        let lines = text.lines().zip(canonical.lines()).enumerate();
        let first = lines.into_iter().find(|(_, (is, should))| is != should);
        assert!(text == canonical, "`madura fmt models/{name}` changes it: {first:?}");
    }
}

#[test]
fn every_shipped_model_keeps_its_promises_whenever_they_are_tried() {
    let mut failures = Vec::new();
    for (name, text) in models() {
        let Some(model) = load(&text, Syntax::Yaml).model else { continue };
        assert!(!model.tests.is_empty(), "{name} promises nothing");
        let program = Program::new(model);
        for instant in INSTANTS {
            let at = Timestamp::parse(instant).expect("it is an instant");
            for result in model_tests::run(&program, at) {
                for check in result.checks.iter().filter(|check| !check.passed) {
                    failures.push(format!(
                        "models/{name}:{}: {} (at {instant}): {} should be {}, is {}",
                        result.line, result.test, check.of, check.expected, check.came
                    ));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_six_worked_examples_and_the_three_complete_models_are_there() {
    let models = models();
    let count = |sign: &str| models.iter().filter(|(name, _)| name.starts_with(sign)).count();
    assert_eq!(count("worked-"), 6);
    for (name, least) in
        [("b2b-software.yaml", 12), ("online-shop.yaml", 12), ("training-school.yaml", 12)]
    {
        let (_, text) = models.iter().find(|(other, _)| other == name).expect("it is there");
        let model = load(text, Syntax::Yaml).model.expect("it is whole");
        assert!(model.tests.len() >= least, "{name} has {} tests", model.tests.len());
    }
}

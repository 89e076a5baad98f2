//! The model document, as its authors meet it.

use scoring::document::{Loaded, Syntax, load};

/// Every key of the grammar.
const EVERYTHING: &str = include_str!("document/everything.yaml");

fn report(loaded: &Loaded) -> String {
    let lines: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn a_model_that_uses_every_key_loads_without_a_word() {
    let loaded = load(EVERYTHING, Syntax::Yaml);
    assert_eq!(report(&loaded), "");
    insta::assert_debug_snapshot!(loaded.model.expect("the model is whole"));
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place_and_its_remedy() {
    let loaded = load(include_str!("document/broken.yaml"), Syntax::Yaml);
    assert!(loaded.model.is_none());
    insta::assert_snapshot!(report(&loaded));
}

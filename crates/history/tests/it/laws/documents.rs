//! Laws of the model document, and of the generator of documents.

use std::cell::{Cell, RefCell};

use proptest::prelude::*;
use scoring::document::{Syntax, to_json, to_yaml};
use serde_json::Value as Json;

use super::holds;
use crate::fast;
use crate::generate::{Span, Wanted, case, document, written_as_yaml};

fn documents() -> impl Strategy<Value = Json> {
    prop_oneof![document(Wanted::CARD), document(Wanted::STAGES)]
}

/// The other laws compare models without errors only; this one keeps them from being vacuous.
#[test]
fn at_least_four_of_five_generated_models_load() {
    let (loaded, all) = (Cell::new(0), Cell::new(0));
    let errors = RefCell::new(Vec::new());
    holds(&documents(), |document| {
        all.set(all.get() + 1);
        match fast::model(&document) {
            Some(_) => loaded.set(loaded.get() + 1),
            None => errors.borrow_mut().extend(fast::errors(&document)),
        }
        Ok(())
    });
    let enough = loaded.get() * 5 >= all.get() * 4;
    assert!(enough, "{} of {} load: {:?}", loaded.get(), all.get(), errors.borrow());
}

#[test]
fn the_json_and_the_yaml_form_of_a_model_score_alike() {
    holds(&(documents(), any::<u64>(), case(Span::LONG)), |(document, style, case)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let json = document.to_string();
        let by_hand = written_as_yaml(&document, style);
        let converted = to_yaml(&json, Syntax::Json).expect("a document without errors");
        let there_and_back = to_json(&converted, Syntax::Yaml).expect("a document without errors");
        for (text, syntax) in
            [(by_hand, Syntax::Yaml), (converted, Syntax::Yaml), (there_and_back, Syntax::Json)]
        {
            let loaded = scoring::document::load(&text, syntax);
            let Some(same) = loaded.model else {
                return Err(TestCaseError::fail(format!("{:?}\n{text}", loaded.diagnostics)));
            };
            prop_assert_eq!(format!("{:?}", same), format!("{:?}", model), "{}", text);
            let card = |model| format!("{:?}", fast::card(model, &case.facts, case.t));
            prop_assert_eq!(card(&same), card(&model));
        }
        Ok(())
    });
}

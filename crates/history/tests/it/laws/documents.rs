//! Laws of the model document, and of the generator of documents.

use std::cell::Cell;

use super::{CASES, holds};
use crate::fast;
use crate::generate::{Wanted, document};

#[test]
fn at_least_four_of_five_generated_models_load() {
    for wanted in [Wanted::CARD, Wanted::STAGES] {
        let loaded = Cell::new(0);
        let all = Cell::new(0);
        holds(&document(wanted), |document| {
            all.set(all.get() + 1);
            match fast::model(&document) {
                Some(_) => loaded.set(loaded.get() + 1),
                None => println!("{:?}", fast::errors(&document)),
            }
            Ok(())
        });
        println!("{} of {}", loaded.get(), all.get());
        assert!(loaded.get() * 5 >= all.get() * 4, "{} of {CASES} load", loaded.get());
    }
}

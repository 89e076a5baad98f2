//! Which traits and properties models compare with numbers.

use std::collections::BTreeSet;

use leads::Value;

use crate::model::{Model, Property, Test};
use crate::subjects::Subject;
use crate::test::number_of;

/// Paths of what is held to be more or less than some number: a value that is none says nothing there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Numeric {
    /// Of traits.
    pub traits: BTreeSet<String>,
    /// Of properties of events.
    pub properties: BTreeSet<String>,
}

impl Numeric {
    /// What these models compare with numbers, taken together.
    pub fn of<'m>(models: impl IntoIterator<Item = &'m Model>) -> Self {
        let mut numeric = Self::default();
        for subject in models.into_iter().flat_map(Model::subjects) {
            match subject {
                Subject::Trait(property) => numeric.traits.extend(compared(property)),
                Subject::Bands(path) => _ = numeric.traits.insert(path.to_owned()),
                Subject::Events(pattern) => {
                    numeric.properties.extend(pattern.properties.iter().filter_map(compared));
                }
            }
        }
        numeric
    }
}

fn compared(property: &Property) -> Option<String> {
    let compares = |test: &Test| {
        matches!(
            test,
            Test::AtLeast(_)
                | Test::AtMost(_)
                | Test::Above(_)
                | Test::Below(_)
                | Test::Between(..)
        )
    };
    property.tests.iter().any(compares).then(|| property.path.clone())
}

/// Whether a model that compares the value with numbers can do so.
pub fn is_number(value: &Value) -> bool {
    number_of(value).is_some()
}

//! Which traits and properties models compare with numbers.

use std::collections::BTreeSet;

use leads::Value;

use crate::model::{Condition, EventPattern, Model, Property, Rule, Test};
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
        for model in models {
            for (_, criterion) in model.criteria() {
                match &criterion.rule {
                    Rule::Condition { when, .. } => numeric.condition(when),
                    Rule::Bands { path, .. } => {
                        numeric.traits.insert(path.clone());
                    }
                    Rule::Events { counting, .. } | Rule::Tiers { counting, .. } => {
                        numeric.pattern(&counting.pattern);
                    }
                    Rule::Curve { since, .. } => numeric.pattern(since),
                }
            }
            model.gates.iter().for_each(|gate| numeric.condition(&gate.when));
        }
        numeric
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Trait(property) => self.traits.extend(compared(property)),
            Condition::Event(event) => self.pattern(&event.pattern),
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.condition(part));
            }
            Condition::Not(inner) => self.condition(inner),
        }
    }

    fn pattern(&mut self, pattern: &EventPattern) {
        self.properties.extend(pattern.properties.iter().filter_map(compared));
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

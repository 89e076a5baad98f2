//! What the criteria and gates of a model look at.

use crate::model::{Condition, EventPattern, Model, Property, Rule};

/// A place where a model looks at facts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'m> {
    /// Tests of a trait.
    Trait(&'m Property),
    /// A trait, by its path, whose number falls into a band.
    Bands(&'m str),
    /// Events.
    Events(&'m EventPattern),
}

impl Model {
    /// All places where criteria and gates look at facts, in the order of the document.
    pub(crate) fn subjects(&self) -> Vec<Subject<'_>> {
        let mut subjects = Vec::new();
        for (_, criterion) in self.criteria() {
            match &criterion.rule {
                Rule::Condition { when, .. } => collect(when, &mut subjects),
                Rule::Bands { path, .. } => subjects.push(Subject::Bands(path)),
                Rule::Events { counting, .. } | Rule::Tiers { counting, .. } => {
                    subjects.push(Subject::Events(&counting.pattern));
                }
                Rule::Curve { since, .. } => subjects.push(Subject::Events(since)),
            }
        }
        self.gates.iter().for_each(|gate| collect(&gate.when, &mut subjects));
        subjects
    }
}

fn collect<'m>(condition: &'m Condition, subjects: &mut Vec<Subject<'m>>) {
    match condition {
        Condition::Trait(property) => subjects.push(Subject::Trait(property)),
        Condition::Event(event) => subjects.push(Subject::Events(&event.pattern)),
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| collect(part, subjects));
        }
        Condition::Not(inner) => collect(inner, subjects),
    }
}

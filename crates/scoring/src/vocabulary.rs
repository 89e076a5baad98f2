//! The words of a history: every distinct trait value and every distinct *shape* of an event, so
//! that conditions are answered once per word and not once per fact.

use std::collections::{BTreeMap, BTreeSet};

use leads::Value;

use crate::model::{EventPattern, Model};
use crate::subjects::Subject;

/// What a set of models looks at. Everything else in a file can be left unread.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    /// Dotted paths of traits, sorted.
    pub traits: Vec<String>,
    /// Dotted paths of event properties, sorted.
    pub properties: Vec<String>,
    /// Events by name, sorted, each with the indices of the properties that matter for it.
    pub events: Vec<(String, Vec<usize>)>,
}

/// The distinct values and shapes of some facts. The facts themselves are indices into it.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Per trait of [`Needs::traits`], its distinct values; the first is always "not there".
    pub traits: Vec<Vec<Option<Value>>>,
    /// The distinct shapes of events.
    pub shapes: Vec<Shape>,
}

/// An event as the models see it: its name and the properties that matter.
#[derive(Clone, PartialEq, Debug)]
pub struct Shape {
    /// Index into [`Needs::events`].
    pub event: usize,
    /// The values of that event's properties, in their order.
    pub properties: Vec<Option<Value>>,
}

impl Needs {
    /// What these models look at, taken together.
    pub fn of<'m>(models: impl IntoIterator<Item = &'m Model>) -> Self {
        let mut gathered = Gathered::default();
        for model in models {
            gathered.model(model);
        }
        gathered.into_needs()
    }

    /// The same and events of this name, whatever their properties: an outcome, for instance, that
    /// no model looks at.
    #[must_use]
    pub fn with_event(mut self, name: &str) -> Self {
        if let Err(place) = self.events.binary_search_by(|(known, _)| known.as_str().cmp(name)) {
            self.events.insert(place, (name.to_owned(), Vec::new()));
        }
        self
    }

    /// The index of the events of this name in [`Self::events`].
    pub fn event(&self, name: &str) -> Option<usize> {
        self.events.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()
    }
}

#[derive(Default)]
struct Gathered {
    traits: BTreeSet<String>,
    events: BTreeMap<String, BTreeSet<String>>,
}

impl Gathered {
    fn model(&mut self, model: &Model) {
        for subject in model.subjects() {
            match subject {
                Subject::Trait(property) => self.path(&property.path),
                Subject::Bands(path) => self.path(path),
                Subject::Events(pattern) => self.pattern(pattern),
            }
        }
        for stage in &model.stages {
            self.events.entry(stage.rejected_by.clone()).or_default();
        }
    }

    fn path(&mut self, path: &str) {
        self.traits.insert(path.to_owned());
    }

    fn pattern(&mut self, pattern: &EventPattern) {
        for name in &pattern.names {
            let properties = self.events.entry(name.clone()).or_default();
            properties.extend(pattern.properties.iter().map(|test| test.path.clone()));
        }
    }

    fn into_needs(self) -> Needs {
        let all: BTreeSet<&String> = self.events.values().flatten().collect();
        let properties: Vec<String> = all.into_iter().cloned().collect();
        let index = |path: &String| properties.binary_search(path).unwrap_or_default();
        let events = self
            .events
            .iter()
            .map(|(name, paths)| (name.clone(), paths.iter().map(index).collect()))
            .collect();
        Needs { traits: self.traits.into_iter().collect(), events, properties }
    }
}

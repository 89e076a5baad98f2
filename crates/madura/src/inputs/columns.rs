//! What was seen of a column on the way.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use leads::Value;
use leads::batch::Coded;

/// A column that the models look at; threads note what they see.
pub(super) struct Column {
    path: String,
    /// Whether there is a value at all.
    is_there: AtomicBool,
    /// Values that are no numbers, where the models compare them with numbers.
    odd: Option<Mutex<Vec<String>>>,
}

/// So many values are told.
const TOLD_MAX: usize = 3;

impl Column {
    /// Columns of these paths, some of which are compared with numbers.
    pub(super) fn all(paths: &[String], numeric: &BTreeSet<String>) -> Vec<Self> {
        let column = |path: &String| Self {
            path: path.clone(),
            is_there: AtomicBool::new(false),
            odd: numeric.contains(path).then(Mutex::default),
        };
        paths.iter().map(column).collect()
    }

    /// Notes the values of a batch.
    pub(super) fn note(&self, values: &Coded) {
        if !self.is_there() || self.odd.is_some() {
            values.values.iter().flatten().for_each(|value| self.note_value(value));
        }
    }

    pub(super) fn note_value(&self, value: &Value) {
        self.is_there.store(true, Ordering::Relaxed);
        let Some(odd) = self.odd.as_ref().filter(|_| !scoring::is_number(value)) else { return };
        let mut odd = odd.lock().unwrap_or_else(PoisonError::into_inner);
        if odd.len() < TOLD_MAX {
            let text = value.to_string();
            if !odd.contains(&text) {
                odd.push(text);
            }
        }
    }

    pub(super) fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Relaxed)
    }

    /// The path, and some values that are no numbers where they should be.
    pub(super) fn odd(self) -> Option<(String, Vec<String>)> {
        let mut odd = self.odd?.into_inner().unwrap_or_else(PoisonError::into_inner);
        odd.sort_unstable();
        (!odd.is_empty()).then_some((self.path, odd))
    }
}

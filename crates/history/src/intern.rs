//! Distinct values and shapes get numbers.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use leads::Value;
use leads::batch::Coded;
use scoring::{Needs, Shape};

/// Hashing need not resist anybody here: ids of values are internal, and every map is built anew.
pub(crate) type Map<K, V> = HashMap<K, V, FixedState>;

/// Gives the values of one trait their numbers; 0 is "not there".
#[derive(Debug, Default)]
pub(crate) struct ValueInterner {
    numbers: Map<Vec<u8>, u32>,
    pub(crate) values: Vec<Option<Value>>,
    key: Vec<u8>,
    /// The numbers of the values that were translated last.
    last: Vec<u32>,
}

/// Gives the shapes of events their numbers.
#[derive(Debug, Default)]
pub(crate) struct ShapeInterner {
    numbers: Map<Vec<u8>, u32>,
    pub(crate) shapes: Vec<Shape>,
    key: Vec<u8>,
}

impl ValueInterner {
    pub(crate) fn new() -> Self {
        Self { values: vec![None], ..Self::default() }
    }

    /// The numbers of a column's values.
    pub(crate) fn translate(&mut self, values: &[Option<Value>]) -> &[u32] {
        // Readers mostly hand over the values of the batch before, or more: looking whether one is
        // still what it was takes a fraction of looking it up.
        let mut last = std::mem::take(&mut self.last);
        last.resize(values.len(), 0);
        for (number, value) in last.iter_mut().zip(values) {
            if !is_surely(value.as_ref(), self.values[*number as usize].as_ref()) {
                *number = self.number(value.as_ref());
            }
        }
        self.last = last;
        &self.last
    }

    pub(crate) fn number(&mut self, value: Option<&Value>) -> u32 {
        let Some(value) = value else { return 0 };
        self.key.clear();
        encode(Some(value), &mut self.key);
        if let Some(number) = self.numbers.get(&self.key) {
            return *number;
        }
        let number = self.values.len() as u32;
        self.values.push(Some(value.clone()));
        self.numbers.insert(self.key.clone(), number);
        number
    }
}

impl ShapeInterner {
    pub(crate) fn number(&mut self, event: usize, properties: &[Option<&Value>]) -> u32 {
        self.key.clear();
        self.key.extend((event as u32).to_le_bytes());
        for value in properties {
            encode(*value, &mut self.key);
        }
        if let Some(number) = self.numbers.get(&self.key) {
            return *number;
        }
        let number = self.shapes.len() as u32;
        let properties = properties.iter().map(|value| value.cloned()).collect();
        self.shapes.push(Shape { event, properties });
        self.numbers.insert(self.key.clone(), number);
        number
    }
}

/// Whether two values are one, as far as a glance tells.
fn is_surely(value: Option<&Value>, other: Option<&Value>) -> bool {
    match (value, other) {
        (None, None) => true,
        (Some(Value::Text(one)), Some(Value::Text(other))) => one == other,
        (Some(Value::Bool(one)), Some(Value::Bool(other))) => one == other,
        (Some(Value::Instant(one)), Some(Value::Instant(other))) => one == other,
        (Some(Value::Number(one)), Some(Value::Number(other))) => one.to_bits() == other.to_bits(),
        _ => false,
    }
}

/// Bytes that are equal exactly where the values are.
fn encode(value: Option<&Value>, key: &mut Vec<u8>) {
    match value {
        None => key.push(0),
        Some(Value::Text(text)) => {
            key.push(1);
            key.extend((text.len() as u64).to_le_bytes());
            key.extend(text.as_bytes());
        }
        Some(Value::Number(number)) => {
            key.push(2);
            key.extend(number.to_bits().to_le_bytes());
        }
        Some(Value::Bool(truth)) => key.extend([3, u8::from(*truth)]),
        Some(Value::Instant(instant)) => {
            key.push(4);
            key.extend(instant.as_millis().to_le_bytes());
        }
        Some(Value::List(items)) => {
            key.push(5);
            key.extend((items.len() as u64).to_le_bytes());
            items.iter().for_each(|item| encode(Some(item), key));
        }
    }
}

/// The number of each event name of a batch in [`Needs::events`], or `None` where no model looks.
pub(crate) fn events_by_code(needs: &Needs, names: &Coded) -> Vec<Option<usize>> {
    let number = |value: &Option<Value>| {
        let Some(Value::Text(name)) = value else { return None };
        needs.events.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()
    };
    names.values.iter().map(number).collect()
}

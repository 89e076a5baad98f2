//! A batch in the making: the columns that readers of every format fill.

use leads::batch::{Coded, EventBatch, FactId, LeadBatch, LeadIds, Texts, id_as_number};
use leads::{Timestamp, TimestampError, read_local};

use crate::dictionary::Dictionary;
use crate::ledger::{Fault, Ledger};
use crate::plan::Task;

/// The columns of a batch. All have as many rows, save those that the kind of fact does not have.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) leads: LeadIds,
    /// The events' names.
    pub(crate) names: Dictionary,
    /// When events happened.
    pub(crate) at: Vec<Timestamp>,
    /// Since when leads are known.
    pub(crate) created_at: Vec<Option<Timestamp>>,
    /// Empty until a row has an id.
    pub(crate) ids: Vec<FactId>,
    /// The ids as they stand, where a [`Task`] wants everything.
    pub(crate) id_texts: Dictionary,
    pub(crate) properties: Vec<Dictionary>,
}

/// Takes batches with their place in the order of the file. The paths are those of the properties.
pub(crate) type Sink<'a> = &'a (dyn Fn(u64, &mut Rows, &[String]) + Sync);

impl Rows {
    pub(crate) fn new(task: &Task) -> Self {
        Self {
            leads: LeadIds::Numbers(Vec::new()),
            names: Dictionary::new(false),
            at: Vec::new(),
            created_at: Vec::new(),
            ids: Vec::new(),
            id_texts: Dictionary::new(true),
            properties: task.wanted.iter().map(|_| Dictionary::new(true)).collect(),
        }
    }

    /// Begins a new batch.
    pub(crate) fn start(&mut self) {
        match &mut self.leads {
            LeadIds::Numbers(numbers) => numbers.clear(),
            LeadIds::Texts(_) => self.leads = LeadIds::Numbers(Vec::new()),
        }
        self.names.start();
        self.at.clear();
        self.created_at.clear();
        self.ids.clear();
        self.id_texts.start();
        for property in &mut self.properties {
            property.start();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.leads.len()
    }

    pub(crate) fn push_lead(&mut self, id: &str) {
        match (&mut self.leads, id_as_number(id.as_bytes())) {
            (LeadIds::Numbers(numbers), Some(number)) => numbers.push(number),
            (LeadIds::Numbers(numbers), None) => {
                let mut texts = Texts::default();
                for number in numbers {
                    texts.push(&number.to_string());
                }
                texts.push(id);
                self.leads = LeadIds::Texts(texts);
            }
            (LeadIds::Texts(texts), _) => texts.push(id),
        }
    }

    /// Adds the identity of the row that is being added, whose lead is already there.
    pub(crate) fn push_id(&mut self, id: Option<FactId>) {
        let rows = self.len();
        match id {
            Some(id) => {
                self.ids.resize(rows - 1, NO_ID);
                self.ids.push(id);
            }
            None if self.ids.is_empty() => {}
            None => self.ids.push(NO_ID),
        }
    }

    /// Adds a property that was met for the first time; all rows so far miss it.
    pub(crate) fn add_property(&mut self) {
        let mut dictionary = Dictionary::new(true);
        dictionary.column.codes.resize(self.len(), Dictionary::MISSING);
        self.properties.push(dictionary);
    }

    /// Takes rows out.
    pub(crate) fn remove(&mut self, left_out: &[bool]) {
        match &mut self.leads {
            LeadIds::Numbers(numbers) => retain(numbers, left_out),
            LeadIds::Texts(texts) => {
                let mut kept = Texts::default();
                for (text, _) in texts.iter().zip(left_out).filter(|(_, left_out)| !**left_out) {
                    kept.push(text);
                }
                *texts = kept;
            }
        }
        retain(&mut self.names.column.codes, left_out);
        retain(&mut self.at, left_out);
        retain(&mut self.created_at, left_out);
        retain(&mut self.ids, left_out);
        retain(&mut self.id_texts.column.codes, left_out);
        for property in &mut self.properties {
            property.column.codes.resize(left_out.len(), Dictionary::MISSING);
            retain(&mut property.column.codes, left_out);
        }
    }

    /// Hands the batch on, as that of a file of events.
    pub(crate) fn lend_events(&mut self, take: impl FnOnce(&EventBatch)) {
        let rows = self.len();
        let has_ids = !self.ids.is_empty();
        let mut batch = EventBatch {
            leads: std::mem::replace(&mut self.leads, LeadIds::Numbers(Vec::new())),
            names: std::mem::take(&mut self.names.column),
            at: std::mem::take(&mut self.at),
            ids: has_ids.then(|| std::mem::take(&mut self.ids)),
            properties: take_columns(&mut self.properties, rows),
        };
        take(&batch);
        self.leads = batch.leads;
        self.names.column = batch.names;
        self.at = batch.at;
        self.ids = batch.ids.unwrap_or_default();
        give_columns_back(&mut self.properties, &mut batch.properties);
    }

    /// Hands the batch on, as that of a file of leads.
    pub(crate) fn lend_leads(&mut self, take: impl FnOnce(&LeadBatch)) {
        let rows = self.len();
        let mut batch = LeadBatch {
            leads: std::mem::replace(&mut self.leads, LeadIds::Numbers(Vec::new())),
            created_at: std::mem::take(&mut self.created_at),
            traits: take_columns(&mut self.properties, rows),
        };
        take(&batch);
        self.leads = batch.leads;
        self.created_at = batch.created_at;
        give_columns_back(&mut self.properties, &mut batch.traits);
    }

    /// Tells the ledger which events occurred.
    pub(crate) fn note_names(&self, ledger: &Ledger<'_>) {
        ledger.note_names(self.names.column.values.iter().filter_map(|name| match name {
            Some(leads::Value::Text(name)) => Some(name.as_str()),
            _ => None,
        }));
    }
}

/// Keeps the rows that are not left out; columns without rows stay so.
fn retain<T>(column: &mut Vec<T>, left_out: &[bool]) {
    let mut row = 0;
    column.retain(|_| {
        row += 1;
        !left_out[row - 1]
    });
}

const NO_ID: FactId = FactId { id: FactId::NONE, content: 0 };

fn take_columns(dictionaries: &mut [Dictionary], rows: usize) -> Vec<Coded> {
    dictionaries
        .iter_mut()
        .map(|dictionary| {
            // Rows added before a property was met miss it.
            dictionary.column.codes.resize(rows, Dictionary::MISSING);
            std::mem::take(&mut dictionary.column)
        })
        .collect()
}

fn give_columns_back(dictionaries: &mut [Dictionary], columns: &mut Vec<Coded>) {
    for (dictionary, column) in dictionaries.iter_mut().zip(columns.drain(..)) {
        dictionary.column = column;
    }
}

/// Reads an instant from text; `column` and the text stand in the fault.
pub(crate) fn read_instant(text: &str, task: &Task, column: &str) -> Result<Timestamp, Fault> {
    match Timestamp::parse(text) {
        Ok(instant) => Ok(instant),
        Err(error) => {
            let local = match (&error, &task.zone) {
                (TimestampError::NoZone, Some(zone)) => read_local(text, zone),
                _ => None,
            };
            local.ok_or_else(|| Fault::new(column, format!("{:?} {error}", shorten(text))))
        }
    }
}

/// Trims a lead's id or an event's name; an empty one is a fault.
pub(crate) fn read_name<'t>(text: &'t str, column: &str, what: &str) -> Result<&'t str, Fault> {
    let trimmed = trim(text);
    if trimmed.is_empty() {
        return Err(Fault::new(column, format!("is empty: every row needs {what}")));
    }
    Ok(trimmed)
}

/// `str::trim`, with a way out for the usual text that has nothing to trim.
pub(crate) fn trim(text: &str) -> &str {
    let plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if plain(text.as_bytes().first()) && plain(text.as_bytes().last()) { text } else { text.trim() }
}

/// The beginning of a cell, for a message.
pub(crate) fn shorten(text: &str) -> &str {
    match text.char_indices().nth(60) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

pub(crate) const NEEDS_LEAD: &str = "the id of its lead";
pub(crate) const NEEDS_NAME: &str = "the name of its event";
pub(crate) const NEEDS_INSTANT: &str = "is empty: every row needs the instant of its event";

//! A roster out of the rows of files.

use leads::batch::{LeadBatch, LeadIds, TraitChange, id_as_number};
use leads::{Timestamp, Value};
use scoring::{ALWAYS, CREATED_AT, Needs};

use super::codes::Codes;
use super::ids::{Ids, Index, LeadId, enrol, lead_text, position};
use super::{Change, Roster};
use crate::intern::ValueInterner;

/// Makes a roster out of batches, in the order of the file.
#[derive(Debug)]
pub struct RosterBuilder {
    ids: Ids,
    index: Index,
    created_at: Vec<i64>,
    columns: Vec<Codes>,
    interners: Vec<ValueInterner>,
    changes: Vec<(u32, Change)>,
    /// The column of the trait `created_at`, which follows the lead and not the row.
    beginnings: Option<usize>,
    notes: RosterNotes,
}

/// What was noticed while the roster was made.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RosterNotes {
    /// How many rows named a lead that an earlier row had named, saying the same again.
    pub repeated: u64,
    /// How many such rows said something else.
    pub conflicting: u64,
    /// A few of the leads with several rows.
    pub examples: Vec<String>,
}

const EXAMPLES_MAX: usize = 5;

impl RosterBuilder {
    /// A roster that keeps the traits that are needed.
    pub fn new(needs: &Needs) -> Self {
        let columns = needs.traits.len();
        Self {
            ids: Ids::Consecutive { first: 0, count: 0 },
            index: Index::Difference,
            created_at: Vec::new(),
            columns: (0..columns).map(|_| Codes::Bytes(Vec::new())).collect(),
            interners: (0..columns).map(|_| ValueInterner::new()).collect(),
            changes: Vec::new(),
            beginnings: needs.traits.iter().position(|path| path == CREATED_AT),
            notes: RosterNotes::default(),
        }
    }

    /// Takes the next rows of the file; `batch.traits` are [`Needs::traits`].
    pub fn take(&mut self, batch: &LeadBatch) {
        let columns = batch.traits.iter().zip(&mut self.interners);
        let numbers: Vec<Vec<u32>> =
            columns.map(|(column, interner)| interner.translate(&column.values).to_vec()).collect();
        if self.take_next_in_line(batch, &numbers) {
            return;
        }
        let row = |row: usize| {
            let codes = batch.traits.iter().zip(&numbers);
            codes.map(move |(column, numbers)| numbers[column.codes[row] as usize])
        };
        for at in 0..batch.leads.len() {
            let created_at = batch.created_at[at].map_or(ALWAYS, Timestamp::as_millis);
            let (lead, known) = match &batch.leads {
                LeadIds::Numbers(numbers) => self.enrol(LeadId::Number(numbers[at])),
                LeadIds::Texts(texts) => {
                    let text = texts.get(at);
                    let id = id_as_number(text.as_bytes());
                    self.enrol(id.map_or(LeadId::Text(text), LeadId::Number))
                }
            };
            if known {
                self.again(lead, created_at, row(at).collect());
            } else {
                self.created_at.push(created_at);
                for (column, value) in self.columns.iter_mut().zip(row(at)) {
                    column.push(value);
                }
            }
        }
    }

    /// Takes rows whose ids are the numbers that come next: nothing has to be looked up, and columns
    /// are copied as such. Answers whether these rows are like that.
    fn take_next_in_line(&mut self, batch: &LeadBatch, numbers: &[Vec<u32>]) -> bool {
        let (Ids::Consecutive { first, count }, LeadIds::Numbers(ids)) =
            (&mut self.ids, &batch.leads)
        else {
            return false;
        };
        if *count == 0 {
            *first = ids.first().copied().unwrap_or_default();
        }
        let next = *first + *count as u64;
        if !ids.iter().zip(next..).all(|(id, next)| *id == next) {
            return false;
        }
        *count += ids.len();
        self.created_at
            .extend(batch.created_at.iter().map(|at| at.map_or(ALWAYS, Timestamp::as_millis)));
        for ((column, codes), numbers) in self.columns.iter_mut().zip(&batch.traits).zip(numbers) {
            column.extend(codes.codes.iter().map(|code| numbers[*code as usize]), numbers);
        }
        true
    }

    /// Takes a change of a trait; answers whether its lead is known. Traits that no model looks at
    /// are passed over.
    pub fn change(&mut self, needs: &Needs, change: &TraitChange) -> bool {
        let id = id_as_number(change.lead.as_bytes());
        let Some(lead) = self.position(id.map_or(LeadId::Text(&change.lead), LeadId::Number))
        else {
            return false;
        };
        if let Ok(column) = needs.traits.binary_search(&change.path) {
            // What the row said is a change among the others, from the lead's beginning on.
            let base = self.columns[column].get(lead as usize);
            self.columns[column].set(lead as usize, 0);
            if base != 0 {
                let from = self.created_at[lead as usize];
                self.changes.push((lead, Change { column: column as u32, from, value: base }));
            }
            let value = self.interners[column].number(change.value.as_ref());
            let change = Change { column: column as u32, from: change.at.as_millis(), value };
            self.changes.push((lead, change));
        }
        true
    }

    /// The roster, and what was noticed.
    pub fn finish(mut self) -> (Roster, RosterNotes) {
        let values: Vec<Vec<Option<Value>>> =
            self.interners.into_iter().map(|interner| interner.values).collect();
        // Within a lead and column by instant; of two values from one instant the greater text last.
        let text = |change: &Change| {
            values[change.column as usize][change.value as usize].as_ref().map(Value::to_string)
        };
        self.changes.sort_by(|(a_lead, a), (b_lead, b)| {
            (a_lead, a.column, a.from)
                .cmp(&(b_lead, b.column, b.from))
                .then_with(|| text(a).cmp(&text(b)))
        });
        // Columns grew by doubling; whoever holds a million leads does without the rest.
        self.created_at.shrink_to_fit();
        self.columns.iter_mut().for_each(Codes::shrink);
        let roster = Roster {
            ids: self.ids,
            index: self.index,
            created_at: self.created_at,
            columns: self.columns,
            values,
            changes: self.changes,
        };
        (roster, self.notes)
    }

    /// A further row for a lead: its traits are changes from the row's beginning on, and so become
    /// those of the first row.
    fn again(&mut self, lead: u32, created_at: i64, row: Vec<u32>) {
        let at = lead as usize;
        let first = self.created_at[at];
        let same = first == created_at
            && row.iter().zip(&self.columns).all(|(value, column)| column.get(at) == *value);
        if same {
            self.notes.repeated += 1;
        } else {
            self.notes.conflicting += 1;
            if self.notes.examples.len() < EXAMPLES_MAX {
                self.notes.examples.push(lead_text(&self.ids, at));
            }
        }
        if same {
            return;
        }
        for (column, value) in
            row.into_iter().enumerate().filter(|(column, _)| Some(*column) != self.beginnings)
        {
            let base = self.columns[column].get(at);
            let number = column as u32;
            if base != 0 {
                self.changes.push((lead, Change { column: number, from: first, value: base }));
            }
            if value != 0 {
                self.changes.push((lead, Change { column: number, from: created_at, value }));
            }
            self.columns[column].set(at, 0);
        }
        let earliest = first.min(created_at);
        self.created_at[at] = earliest;
        if let Some(column) = self.beginnings {
            let known = (earliest != ALWAYS)
                .then(|| Value::Instant(Timestamp::saturating_from_millis(earliest)));
            let number = self.interners[column].number(known.as_ref());
            self.columns[column].set(at, number);
        }
    }

    /// The position of an id, new or known.
    fn enrol(&mut self, id: LeadId<'_>) -> (u32, bool) {
        enrol(&mut self.ids, &mut self.index, id)
    }

    fn position(&self, id: LeadId<'_>) -> Option<u32> {
        position(&self.ids, &self.index, id)
    }
}

//! Who the leads are: ids, beginnings and profiles, in columns.

mod build;
mod codes;
mod entry;
mod ids;
mod stretch;

use leads::batch::{LeadIds, id_as_number};
use leads::{Timestamp, Value};
use scoring::{ALWAYS, Profile};

pub use self::build::{RosterBuilder, RosterNotes};
use self::codes::Codes;
pub(crate) use self::entry::{Entry, GONE};
pub use self::ids::LeadId;
use self::ids::{Ids, Index, enrol, position};
pub(crate) use self::stretch::Stretch;
use crate::partition::NOBODY;

/// Everyone, in the order in which the leads' file first names them.
#[derive(Clone, Debug)]
pub struct Roster {
    ids: Ids,
    index: Index,
    /// Since when each lead is known, in ms; [`ALWAYS`] where it always was.
    pub(crate) created_at: Vec<i64>,
    columns: Vec<Codes>,
    /// Values of each column by number; 0 is "not there".
    values: Vec<Vec<Option<Value>>>,
    /// Profiles that changed, by lead; most leads have none.
    changes: Vec<(u32, Change)>,
}

/// From an instant on, a column has another value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Change {
    column: u32,
    from: i64,
    value: u32,
}

impl Roster {
    /// Puts leads in, new ones and others anew; answers their positions.
    pub(crate) fn put(&mut self, leads: &[String], entries: Vec<Entry>) -> Vec<usize> {
        let mut positions = Vec::with_capacity(leads.len());
        let mut added = Vec::new();
        for (lead, entry) in leads.iter().zip(entries) {
            let (position, known) = enrol(&mut self.ids, &mut self.index, LeadId::of(lead));
            let at = position as usize;
            positions.push(at);
            if known {
                self.created_at[at] = entry.created_at;
            } else {
                self.created_at.push(entry.created_at);
            }
            for (column, value) in self.columns.iter_mut().zip(entry.base) {
                if known { column.set(at, value) } else { column.push(value) }
            }
            let change =
                |(column, from, value)| (position, Change { column: column as u32, from, value });
            added.extend(entry.changes.into_iter().map(change));
        }
        let mut changed: Vec<u32> = positions.iter().map(|position| *position as u32).collect();
        changed.sort_unstable();
        self.changes.retain(|(lead, _)| changed.binary_search(lead).is_err());
        // Two sorted runs; the sort finds them.
        self.changes.extend(added);
        self.changes.sort_by_key(|(lead, change)| (*lead, change.column, change.from));
        positions
    }

    /// Whether the lead at a position is no more.
    #[inline]
    pub fn is_gone(&self, at: usize) -> bool {
        self.created_at[at] == GONE
    }

    /// How many leads there are.
    pub fn len(&self) -> usize {
        self.created_at.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.created_at.is_empty()
    }

    /// The position of an id.
    #[inline]
    pub fn position(&self, id: LeadId<'_>) -> Option<u32> {
        position(&self.ids, &self.index, id)
    }

    /// The positions of many ids; [`NOBODY`] for those that are not known.
    pub(crate) fn positions(&self, ids: &LeadIds, positions: &mut Vec<u32>) {
        positions.clear();
        match (ids, &self.ids) {
            (LeadIds::Numbers(numbers), Ids::Consecutive { first, count }) => {
                let mut all = 0;
                positions.extend(numbers.iter().map(|number| {
                    let position = number.wrapping_sub(*first);
                    all |= position;
                    position as u32
                }));
                // In wide registers, which know small numbers only.
                match (i32::try_from(all), i32::try_from(*count)) {
                    (Ok(_), Ok(count)) => positions.iter_mut().for_each(|position| {
                        *position = if (*position as i32) < count { *position } else { NOBODY };
                    }),
                    _ => positions.iter_mut().zip(numbers).for_each(|(position, number)| {
                        let is_known = number.wrapping_sub(*first) < *count as u64;
                        *position = if is_known { *position } else { NOBODY };
                    }),
                }
            }
            (LeadIds::Numbers(numbers), _) => positions.extend(
                numbers
                    .iter()
                    .map(|number| self.position(LeadId::Number(*number)).unwrap_or(NOBODY)),
            ),
            (LeadIds::Texts(texts), _) => positions.extend((0..texts.len()).map(|row| {
                let number = id_as_number(texts.bytes(row));
                let id = number.map_or_else(|| LeadId::Text(texts.get(row)), LeadId::Number);
                self.position(id).unwrap_or(NOBODY)
            })),
        }
    }

    /// The id at a position.
    pub fn id(&self, at: usize) -> LeadId<'_> {
        match &self.ids {
            Ids::Consecutive { first, .. } => LeadId::Number(first + at as u64),
            Ids::Numbers(numbers) => LeadId::Number(numbers[at]),
            Ids::Texts(texts) => LeadId::Text(texts.get(at)),
        }
    }

    /// Whether every id is a plain whole number.
    pub fn ids_are_numbers(&self) -> bool {
        !matches!(self.ids, Ids::Texts(_))
    }

    /// Since when the lead is known; `None`: always.
    pub fn created_at(&self, at: usize) -> Option<Timestamp> {
        let created_at = self.created_at[at];
        (created_at != ALWAYS).then(|| Timestamp::saturating_from_millis(created_at))
    }

    /// Takes the values of the columns out, for a vocabulary of their own.
    pub(crate) fn split_values(mut self) -> (Self, Vec<Vec<Option<Value>>>) {
        let values = std::mem::take(&mut self.values);
        (self, values)
    }

    /// The traits of a lead.
    #[inline]
    pub fn profile(&self, at: usize) -> RowProfile<'_> {
        let changes = if self.changes.is_empty() {
            &[]
        } else {
            let from = self.changes.partition_point(|(lead, _)| (*lead as usize) < at);
            let until = self.changes.partition_point(|(lead, _)| (*lead as usize) <= at);
            &self.changes[from..until]
        };
        RowProfile { roster: self, at, changes }
    }
}

/// The traits of one lead of a roster.
#[derive(Clone, Copy, Debug)]
pub struct RowProfile<'r> {
    roster: &'r Roster,
    at: usize,
    changes: &'r [(u32, Change)],
}

impl RowProfile<'_> {
    /// Whether a column changes after the lead's beginning.
    pub(crate) fn changes(&self) -> bool {
        !self.changes.is_empty()
    }

    #[inline]
    fn base(&self, column: usize) -> u32 {
        self.roster.columns[column].get(self.at)
    }

    /// From when on the value that a column has at an instant has held, in ms: from the lead's
    /// beginning where no change has a date of its own.
    pub(crate) fn since(&self, column: usize, at: i64) -> i64 {
        let begun = self.changes_of(column).take_while(|change| change.from <= at);
        begun.last().map_or(self.roster.created_at[self.at], |change| change.from)
    }

    fn changes_of(&self, column: usize) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .map(|(_, change)| change)
            .filter(move |change| change.column as usize == column)
    }
}

impl Profile for RowProfile<'_> {
    #[inline]
    fn value(&self, column: usize, at: i64) -> u32 {
        let base = if at < self.roster.created_at[self.at] { 0 } else { self.base(column) };
        if self.changes.is_empty() {
            return base;
        }
        // In rising order: the last one that has begun holds.
        let begun = self.changes_of(column).take_while(|change| change.from <= at);
        begun.last().map_or(base, |change| change.value)
    }

    #[inline]
    fn is_blank(&self, at: i64) -> bool {
        at < self.roster.created_at[self.at] && self.changes.is_empty()
    }

    fn values(&self, column: usize, first: i64, last: i64, visit: &mut dyn FnMut(u32)) {
        visit(self.value(column, first));
        let inside = |from: i64| first < from && from <= last;
        let created_at = self.roster.created_at[self.at];
        if inside(created_at) {
            visit(self.value(column, created_at));
        }
        self.changes_of(column)
            .filter(|change| inside(change.from))
            .for_each(|change| visit(change.value));
    }

    fn turns(&self, first: i64, last: i64, visit: &mut dyn FnMut(i64)) {
        let created_at = self.roster.created_at[self.at];
        let changed = self.changes.iter().map(|(_, change)| change.from);
        let turns = std::iter::once(created_at).chain(changed);
        turns.filter(|from| first < *from && *from <= last).for_each(visit);
    }
}

//! Who the leads are: ids, beginnings and profiles, in columns.

mod stretch;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use leads::batch::{LeadBatch, LeadIds, Texts, TraitChange, id_as_number};
use leads::{Timestamp, Value};
use scoring::{ALWAYS, CREATED_AT, Needs, Profile};
use std::hash::BuildHasher as _;

use crate::intern::ValueInterner;
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

/// The id of a lead: a number where it can travel as one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeadId<'a> {
    /// A plain whole number.
    Number(u64),
    /// Any text.
    Text(&'a str),
}

/// From an instant on, a column has another value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Change {
    column: u32,
    from: i64,
    value: u32,
}

#[derive(Clone, Debug)]
enum Ids {
    /// `first`, `first + 1`, ...
    Consecutive {
        first: u64,
        count: usize,
    },
    Numbers(Vec<u64>),
    Texts(Texts),
}

/// From id to position.
#[derive(Clone, Debug)]
enum Index {
    /// The ids are consecutive numbers: the position is the difference.
    Difference,
    /// Positions by a hash of the id.
    Table(HashTable<u32>),
}

/// A column of value numbers, as narrow as they allow: most traits have few values.
#[derive(Clone, Debug)]
enum Codes {
    Bytes(Vec<u8>),
    Shorts(Vec<u16>),
    Words(Vec<u32>),
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

/// What a lead is, in value numbers.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// In ms; [`ALWAYS`], or [`GONE`] for a lead that is no more.
    pub(crate) created_at: i64,
    /// Per column, the value from the beginning on.
    pub(crate) base: Vec<u32>,
    /// Column, instant (ms) from which on, and value.
    pub(crate) changes: Vec<(usize, i64, u32)>,
}

/// The beginning of a lead that is no more: it was merged into another, or erased.
pub(crate) const GONE: i64 = i64::MAX;

impl Entry {
    /// Puts the changes in order and moves those that hold from the lead's beginning on into `base`,
    /// where they cost least. `text` is what a value of a column says: of two values from one instant
    /// the greater counts.
    pub(crate) fn settle(&mut self, text: impl Fn(usize, u32) -> Option<String>) {
        self.changes.sort_by(|a, b| {
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| text(a.0, a.2).cmp(&text(b.0, b.2)))
        });
        self.changes.dedup_by(|later, earlier| {
            let same = (later.0, later.1) == (earlier.0, earlier.1);
            if same {
                earlier.2 = later.2;
            }
            same
        });
        let single = |at: usize, changes: &[(usize, i64, u32)]| {
            let column = changes[at].0;
            (at == 0 || changes[at - 1].0 != column)
                && changes.get(at + 1).is_none_or(|next| next.0 != column)
        };
        let all = std::mem::take(&mut self.changes);
        for (at, change) in all.iter().enumerate() {
            if change.1 == self.created_at && single(at, &all) {
                self.base[change.0] = change.2;
            } else {
                self.changes.push(*change);
            }
        }
    }
}

impl Roster {
    /// Puts leads in, new ones and others anew; answers their positions.
    pub(crate) fn put(&mut self, leads: &[String], entries: Vec<Entry>) -> Vec<usize> {
        let mut positions = Vec::with_capacity(leads.len());
        let mut added = Vec::new();
        for (lead, entry) in leads.iter().zip(entries) {
            let number = id_as_number(lead.as_bytes());
            let id = number.map_or(LeadId::Text(lead), LeadId::Number);
            let (position, known) = enrol(&mut self.ids, &mut self.index, id);
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
                let (first, count) = (*first, *count as u64);
                positions.extend(numbers.iter().map(|number| {
                    let position = number.wrapping_sub(first);
                    if position < count { position as u32 } else { NOBODY }
                }));
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

impl Ids {
    fn len(&self) -> usize {
        match self {
            Self::Consecutive { count, .. } => *count,
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.len(),
        }
    }
}

impl Codes {
    #[inline]
    fn get(&self, at: usize) -> u32 {
        match self {
            Self::Bytes(codes) => u32::from(codes[at]),
            Self::Shorts(codes) => u32::from(codes[at]),
            Self::Words(codes) => codes[at],
        }
    }

    fn set(&mut self, at: usize, code: u32) {
        self.widen_for(code);
        match self {
            Self::Bytes(codes) => codes[at] = code as u8,
            Self::Shorts(codes) => codes[at] = code as u16,
            Self::Words(codes) => codes[at] = code,
        }
    }

    fn push(&mut self, code: u32) {
        self.extend(std::iter::once(code), &[code]);
    }

    /// Adds codes, all of which occur in `among`.
    fn extend(&mut self, added: impl Iterator<Item = u32>, among: &[u32]) {
        self.widen_for(among.iter().copied().max().unwrap_or_default());
        match self {
            Self::Bytes(codes) => codes.extend(added.map(|code| code as u8)),
            Self::Shorts(codes) => codes.extend(added.map(|code| code as u16)),
            Self::Words(codes) => codes.extend(added),
        }
    }

    /// Makes the column wide enough for a code.
    fn widen_for(&mut self, code: u32) {
        match self {
            Self::Bytes(codes) if code > u32::from(u16::MAX) => {
                *self = Self::Words(codes.iter().map(|code| u32::from(*code)).collect());
            }
            Self::Bytes(codes) if code > u32::from(u8::MAX) => {
                *self = Self::Shorts(codes.iter().map(|code| u16::from(*code)).collect());
            }
            Self::Shorts(codes) if code > u32::from(u16::MAX) => {
                *self = Self::Words(codes.iter().map(|code| u32::from(*code)).collect());
            }
            Self::Bytes(_) | Self::Shorts(_) | Self::Words(_) => {}
        }
    }
}

/// The position of an id, and whether it was known.
fn enrol(ids: &mut Ids, index: &mut Index, id: LeadId<'_>) -> (u32, bool) {
    if let Some(known) = position(ids, index, id) {
        return (known, true);
    }
    let position = ids.len() as u32;
    if let (Ids::Consecutive { first, count }, LeadId::Number(number)) = (&mut *ids, id) {
        if *count == 0 {
            *first = number;
        }
        if *first + *count as u64 == number {
            *count += 1;
            return (position, false);
        }
    }
    widen_for(ids, index, id);
    match (&mut *ids, id) {
        (Ids::Numbers(numbers), LeadId::Number(number)) => numbers.push(number),
        (Ids::Texts(texts), LeadId::Text(text)) => texts.push(text),
        (Ids::Texts(texts), LeadId::Number(number)) => texts.push(&number.to_string()),
        (Ids::Consecutive { .. }, _) | (Ids::Numbers(_), LeadId::Text(_)) => {}
    }
    if let Index::Table(table) = index {
        table.insert_unique(hash(id), position, |at| hash_at(ids, *at as usize));
    }
    (position, false)
}

/// Makes the ids able to hold this one: from consecutive to any numbers, from numbers to texts.
fn widen_for(ids: &mut Ids, index: &mut Index, id: LeadId<'_>) {
    match (&*ids, id) {
        (Ids::Consecutive { first, count }, LeadId::Number(_)) => {
            *ids = Ids::Numbers((*first..*first + *count as u64).collect());
        }
        (Ids::Consecutive { .. } | Ids::Numbers(_), LeadId::Text(_)) => {
            let mut texts = Texts::default();
            (0..ids.len()).for_each(|at| texts.push(&lead_text(ids, at)));
            *ids = Ids::Texts(texts);
        }
        (Ids::Numbers(_), LeadId::Number(_)) | (Ids::Texts(_), _) => {}
    }
    if matches!(index, Index::Difference) {
        let mut table = HashTable::with_capacity(ids.len() + 1);
        for at in 0..ids.len() {
            table.insert_unique(hash_at(ids, at), at as u32, |at| hash_at(ids, *at as usize));
        }
        *index = Index::Table(table);
    }
}

#[inline]
fn position(ids: &Ids, index: &Index, id: LeadId<'_>) -> Option<u32> {
    match (ids, index) {
        (Ids::Consecutive { first, count }, Index::Difference) => {
            let LeadId::Number(number) = id else { return None };
            let position = number.wrapping_sub(*first);
            (position < *count as u64).then_some(position as u32)
        }
        (_, Index::Table(table)) => {
            table.find(hash(id), |at| is_at(ids, *at as usize, id)).copied()
        }
        (_, Index::Difference) => None,
    }
}

/// A number and the text it is written as are one id.
fn is_at(ids: &Ids, at: usize, id: LeadId<'_>) -> bool {
    match (ids, id) {
        (Ids::Numbers(numbers), LeadId::Number(number)) => numbers[at] == number,
        (Ids::Texts(texts), LeadId::Text(text)) => texts.bytes(at) == text.as_bytes(),
        (Ids::Texts(texts), LeadId::Number(number)) => {
            id_as_number(texts.bytes(at)) == Some(number)
        }
        (Ids::Consecutive { .. }, _) | (Ids::Numbers(_), LeadId::Text(_)) => false,
    }
}

fn hash(id: LeadId<'_>) -> u64 {
    let state = FixedState::default();
    match id {
        LeadId::Number(number) => state.hash_one(number),
        LeadId::Text(text) => state.hash_one(text),
    }
}

fn hash_at(ids: &Ids, at: usize) -> u64 {
    match ids {
        Ids::Consecutive { first, .. } => hash(LeadId::Number(first + at as u64)),
        Ids::Numbers(numbers) => hash(LeadId::Number(numbers[at])),
        Ids::Texts(texts) => {
            let number = id_as_number(texts.bytes(at));
            hash(number.map_or_else(|| LeadId::Text(texts.get(at)), LeadId::Number))
        }
    }
}

fn lead_text(ids: &Ids, at: usize) -> String {
    match ids {
        Ids::Consecutive { first, .. } => (first + at as u64).to_string(),
        Ids::Numbers(numbers) => numbers[at].to_string(),
        Ids::Texts(texts) => texts.get(at).to_owned(),
    }
}

impl std::fmt::Display for LeadId<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

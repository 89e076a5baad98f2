//! The ids of leads, and where each is.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use leads::batch::{Texts, id_as_number};

/// The id of a lead: a number where it can travel as one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeadId<'a> {
    /// A plain whole number.
    Number(u64),
    /// Any text.
    Text(&'a str),
}

impl<'a> LeadId<'a> {
    /// Of a lead that is known by its text.
    pub fn of(text: &'a str) -> Self {
        id_as_number(text.as_bytes()).map_or(Self::Text(text), Self::Number)
    }
}

#[derive(Clone, Debug)]
pub(super) enum Ids {
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
pub(super) enum Index {
    /// The ids are consecutive numbers: the position is the difference.
    Difference,
    /// Positions by a hash of the id.
    Table(HashTable<u32>),
}

impl Ids {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Consecutive { count, .. } => *count,
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.len(),
        }
    }
}

/// The position of an id, and whether it was known.
pub(super) fn enrol(ids: &mut Ids, index: &mut Index, id: LeadId<'_>) -> (u32, bool) {
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
pub(super) fn position(ids: &Ids, index: &Index, id: LeadId<'_>) -> Option<u32> {
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

pub(super) fn lead_text(ids: &Ids, at: usize) -> String {
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

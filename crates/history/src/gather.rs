//! Events from readers, sorted into blocks of leads as they come.

use std::sync::{Mutex, MutexGuard, PoisonError};

use leads::Timestamp;
use leads::batch::{Coded, EventBatch, FactId};
use scoring::{Grain, Needs, Program};

use crate::blocks::LEADS_PER_BLOCK;
use crate::intern::{Map, ShapeInterner, events_by_code};
use crate::partition::{IRRELEVANT, NOBODY, Ordered, Partition, Row};
use crate::roster::Roster;
use crate::settle::{Claim, losers};

/// Takes batches of events from any number of threads.
#[derive(Debug)]
pub struct Gathering {
    needs: Needs,
    roster: Roster,
    grain: Option<Grain>,
    shapes: Mutex<ShapeInterner>,
    taken: Mutex<Taken>,
    scratch: Mutex<Vec<Scratch>>,
}

/// Memory that serves batch after batch.
#[derive(Debug, Default)]
struct Scratch {
    positions: Vec<u32>,
    keys: Vec<u64>,
}

/// All events of all leads, partitioned by blocks of leads, in the order of the files.
#[derive(Debug)]
pub struct Gathered {
    pub(crate) needs: Needs,
    pub(crate) roster: Roster,
    pub(crate) shapes: ShapeInterner,
    pub(crate) partitions: Vec<Partition>,
    pub(crate) grain: Option<Grain>,
    /// Events of leads that the roster does not know.
    pub strangers: Strangers,
    /// How many events were not counted because a fact with their id counts already.
    pub repeated: u64,
    /// How many events some model looks at.
    pub kept: u64,
    /// Per event name of [`Needs::events`], whether one was seen.
    pub seen: Vec<bool>,
    /// Instants (ms) of the first and the last event of any known lead, whether or not a model
    /// looks at it; `None` without events.
    pub(crate) span: Option<(i64, i64)>,
}

/// Events of leads that nobody knows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Strangers {
    /// How many events.
    pub events: u64,
    /// A few of their leads, in no particular order.
    pub examples: Vec<String>,
}

#[derive(Debug, Default)]
struct Taken {
    partitions: Vec<(u64, Partition)>,
    /// Batches whose facts have ids wait until all ids are known.
    waiting: Vec<(u64, Vec<Row>)>,
    claims: Vec<Claim>,
    strangers: Strangers,
    seen: Vec<bool>,
    /// Of the batches that do not wait.
    span: Option<(i64, i64)>,
}

const EXAMPLES_MAX: usize = 5;

impl Gathering {
    /// Takes events of these leads, as far as `needs` looks at them.
    pub fn new(needs: Needs, roster: Roster) -> Self {
        let taken = Taken { seen: vec![false; needs.events.len()], ..Taken::default() };
        Self {
            needs,
            roster,
            grain: None,
            shapes: Mutex::default(),
            taken: Mutex::new(taken),
            scratch: Mutex::default(),
        }
    }

    /// Takes events for one score only, [`Gathered::score`] of this program at this instant: of their
    /// times is kept what that score can tell apart, which takes half of the memory.
    #[must_use]
    pub fn for_score(self, program: &Program, at: Timestamp) -> Self {
        Self { grain: program.grain(at), ..self }
    }

    /// The leads.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// What is looked at.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Takes a batch; `sequence` is its place in the order of the files, and unique.
    /// `batch.properties` are [`Needs::properties`].
    pub fn take(&self, sequence: u64, batch: &EventBatch) {
        let Scratch { mut positions, keys } = lock(&self.scratch).pop().unwrap_or_default();
        let shapes = self.shape_codes(batch);
        self.roster.positions(&batch.leads, &mut positions);
        let strangers = Strangers::among(&positions, batch);
        if let Some(ids) = &batch.ids {
            let numbered = positions.iter().zip(&batch.at).enumerate();
            let row = |(row, (lead, at)): (usize, (&u32, &Timestamp))| Row {
                at: at.as_millis(),
                lead: *lead,
                shape: shapes.of(row, batch),
            };
            let rows = numbered.map(row).collect();
            let claims = claims(ids, batch, sequence);
            let mut taken = lock(&self.taken);
            taken.claims.extend(claims);
            taken.waiting.push((sequence, rows));
            taken.note(&strangers, &self.needs, &batch.names);
            return;
        }
        let shape_max = shapes.max();
        let (partition, keys) = match &shapes {
            Shapes::ByName(by_name) => {
                let by_row = batch.names.codes.iter().map(|name| by_name[*name as usize]);
                self.sorted((&batch.at, &positions, by_row), shape_max, keys)
            }
            Shapes::ByRow(by_row) => {
                let by_row = by_row.iter().copied();
                self.sorted((&batch.at, &positions, by_row), shape_max, keys)
            }
        };
        let span = span(&positions, &batch.at, strangers.events == 0);
        lock(&self.scratch).push(Scratch { positions, keys });
        let mut taken = lock(&self.taken);
        taken.partitions.push((sequence, partition));
        taken.span = both(taken.span, span);
        taken.note(&strangers, &self.needs, &batch.names);
    }

    /// All events, once each.
    pub fn finish(self, threads: usize) -> Gathered {
        let (blocks, grain) = (self.blocks(), self.grain);
        let taken = self.taken.into_inner().unwrap_or_else(PoisonError::into_inner);
        let lost = losers(taken.claims, threads);
        let (mut partitions, mut span) = (taken.partitions, taken.span);
        for (sequence, mut rows) in taken.waiting {
            let from = lost.partition_point(|(batch, _)| *batch < sequence);
            for (_, row) in lost[from..].iter().take_while(|(batch, _)| *batch == sequence) {
                rows[*row as usize].lead = NOBODY;
            }
            span = both(span, span_of(rows.iter().map(|row| (row.lead, row.at))));
            partitions.push((sequence, partition_of(&mut rows, grain.as_ref(), blocks)));
        }
        partitions.sort_by_key(|(sequence, _)| *sequence);
        let partitions: Vec<Partition> =
            partitions.into_iter().map(|(_, partition)| partition).collect();
        Gathered {
            needs: self.needs,
            roster: self.roster,
            shapes: self.shapes.into_inner().unwrap_or_else(PoisonError::into_inner),
            kept: partitions.iter().map(|partition| partition.len() as u64).sum(),
            partitions,
            grain,
            strangers: taken.strangers,
            repeated: lost.len() as u64,
            seen: taken.seen,
            span,
        }
    }

    /// The wanted rows of a batch by block, and the memory of `keys`.
    fn sorted<S: Iterator<Item = u32> + Clone>(
        &self,
        (at, positions, shapes): (&[Timestamp], &[u32], S),
        shape_max: u32,
        keys: Vec<u64>,
    ) -> (Partition, Vec<u64>) {
        let mut ordered = Ordered::new(positions.len(), self.blocks(), shape_max, keys);
        let (mut all, is_coarse) = (true, self.grain.is_some());
        if let Some(grain) = &self.grain {
            let mut numbers = grain.numbers();
            visit_wanted(at, positions, shapes.clone(), |row| {
                let number = numbers.of(row.at);
                all &= number.is_some();
                ordered.push(Row { at: i64::from(number.unwrap_or_default()), ..row });
            });
        } else {
            visit_wanted(at, positions, shapes.clone(), |row| ordered.push(row));
        }
        let (partition, keys) = ordered.finish(is_coarse);
        if let Some(partition) = partition.filter(|_| all) {
            return (partition, keys);
        }
        let mut rows = Vec::with_capacity(positions.len());
        visit_wanted(at, positions, shapes, |row| rows.push(row));
        (partition_of(&mut rows, self.grain.as_ref(), self.blocks()), keys)
    }

    fn blocks(&self) -> usize {
        self.roster.len().div_ceil(LEADS_PER_BLOCK)
    }

    /// The shape of each row: a table by name where no property matters, else row by row.
    fn shape_codes(&self, batch: &EventBatch) -> Shapes {
        let events = events_by_code(&self.needs, &batch.names);
        let looks = |event: &Option<usize>| {
            event.is_some_and(|event| !self.needs.events[event].1.is_empty())
        };
        if !events.iter().any(looks) {
            let mut shapes = lock(&self.shapes);
            let number =
                |event: &Option<usize>| event.map_or(IRRELEVANT, |event| shapes.number(event, &[]));
            return Shapes::ByName(events.iter().map(number).collect());
        }
        self.shapes_by_row(batch, &events)
    }

    fn shapes_by_row(&self, batch: &EventBatch, events: &[Option<usize>]) -> Shapes {
        // Rows with equal codes share a shape: pair the codes up, property by property, and ask for
        // a number once per combination that occurs.
        let mut combined = batch.names.codes.clone();
        let mut firsts: Vec<usize> = Vec::new();
        let looked_at: Vec<Vec<bool>> = events
            .iter()
            .map(|event| {
                let wanted = event.map_or(&[][..], |event| self.needs.events[event].1.as_slice());
                (0..batch.properties.len()).map(|property| wanted.contains(&property)).collect()
            })
            .collect();
        // Once more than there are properties: names alone make combinations too.
        let columns = batch.properties.iter().map(Some).chain([None]);
        for (property, column) in columns.enumerate() {
            let mut numbers: Map<(u32, u32), u32> = Map::default();
            firsts.clear();
            for (row, code) in combined.iter_mut().enumerate() {
                let name = batch.names.codes[row] as usize;
                let other = match column {
                    Some(column) if looked_at[name][property] => column.codes[row] + 1,
                    _ => 0,
                };
                let next = numbers.len() as u32;
                *code = *numbers.entry((*code, other)).or_insert_with(|| {
                    firsts.push(row);
                    next
                });
            }
        }
        let mut shapes = lock(&self.shapes);
        let number = |row: &usize| {
            let Some(event) = events[batch.names.codes[*row] as usize] else { return IRRELEVANT };
            let properties = self.needs.events[event].1.iter();
            let values: Vec<_> =
                properties.map(|property| batch.properties[*property].get(*row)).collect();
            shapes.number(event, &values)
        };
        let numbers: Vec<u32> = firsts.iter().map(number).collect();
        combined.iter_mut().for_each(|code| *code = numbers[*code as usize]);
        Shapes::ByRow(combined)
    }
}

/// Visits the rows that somebody and some model wants.
#[inline]
fn visit_wanted(
    at: &[Timestamp],
    positions: &[u32],
    shapes: impl Iterator<Item = u32>,
    mut visit: impl FnMut(Row),
) {
    for ((lead, at), shape) in positions.iter().zip(at).zip(shapes) {
        let row = Row { at: at.as_millis(), lead: *lead, shape };
        if row.is_wanted() {
            visit(row);
        }
    }
}

/// Sorts rows into blocks, their times as coarse as may be.
fn partition_of(rows: &mut [Row], grain: Option<&Grain>, blocks: usize) -> Partition {
    let coarse = grain.is_some_and(|grain| coarsen(rows, grain));
    Partition::new(rows, coarse, blocks)
}

/// Puts the numbers of stretches for instants; leaves all as they are where one has none.
fn coarsen(rows: &mut [Row], grain: &Grain) -> bool {
    if rows.iter().any(|row| row.is_wanted() && grain.number(row.at).is_none()) {
        return false;
    }
    for row in rows.iter_mut().filter(|row| row.is_wanted()) {
        row.at = grain.number(row.at).map_or(row.at, i64::from);
    }
    true
}

enum Shapes {
    /// By the code of the event's name.
    ByName(Vec<u32>),
    ByRow(Vec<u32>),
}

impl Shapes {
    /// The largest number of a shape; 0 where there is none.
    fn max(&self) -> u32 {
        let (Self::ByName(shapes) | Self::ByRow(shapes)) = self;
        let wanted = shapes.iter().copied().filter(|shape| *shape != IRRELEVANT);
        wanted.max().unwrap_or_default()
    }

    #[inline]
    fn of(&self, row: usize, batch: &EventBatch) -> u32 {
        match self {
            Self::ByName(by_name) => by_name[batch.names.codes[row] as usize],
            Self::ByRow(by_row) => by_row[row],
        }
    }
}

impl Strangers {
    /// The events of a batch whose leads have no position.
    fn among(positions: &[u32], batch: &EventBatch) -> Self {
        if !positions.contains(&NOBODY) {
            return Self::default();
        }
        let unknown = || positions.iter().enumerate().filter(|(_, lead)| **lead == NOBODY);
        let examples = unknown().map(|(row, _)| batch.leads.text(row)).take(EXAMPLES_MAX);
        Self { events: unknown().count() as u64, examples: examples.collect() }
    }
}

fn claims(ids: &[FactId], batch: &EventBatch, sequence: u64) -> impl Iterator<Item = Claim> {
    ids.iter().zip(&batch.at).enumerate().map(move |(row, (fact, at))| Claim {
        id: fact.id,
        at: at.as_millis(),
        content: fact.content,
        sequence,
        row: row as u32,
    })
}

impl Taken {
    fn note(&mut self, strangers: &Strangers, needs: &Needs, names: &Coded) {
        self.strangers.events += strangers.events;
        for example in &strangers.examples {
            if self.strangers.examples.len() < EXAMPLES_MAX
                && !self.strangers.examples.contains(example)
            {
                self.strangers.examples.push(example.clone());
            }
        }
        for event in events_by_code(needs, names).into_iter().flatten() {
            self.seen[event] = true;
        }
    }
}

/// The first and the last instant of events that somebody counts for.
fn span(positions: &[u32], at: &[Timestamp], are_all_known: bool) -> Option<(i64, i64)> {
    if are_all_known && at.is_sorted() {
        return at
            .first()
            .zip(at.last())
            .map(|(first, last)| (first.as_millis(), last.as_millis()));
    }
    span_of(positions.iter().zip(at).map(|(lead, at)| (*lead, at.as_millis())))
}

/// The first and the last instant of events that somebody counts for, of (lead, instant).
fn span_of(events: impl Iterator<Item = (u32, i64)>) -> Option<(i64, i64)> {
    // Without branches: a file of events passes through here whole.
    let (first, last) = events.fold((i64::MAX, i64::MIN), |(first, last), (lead, at)| {
        let known = lead != NOBODY;
        (first.min(if known { at } else { i64::MAX }), last.max(if known { at } else { i64::MIN }))
    });
    (first <= last).then_some((first, last))
}

/// The span of both.
fn both(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (one, other) => one.or(other),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in another thread ends the whole run; what it held is not looked at again.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Events from readers, sorted into blocks of leads as they come.

use std::sync::{Mutex, MutexGuard, PoisonError};

use leads::batch::{Coded, EventBatch, FactId, LeadIds, id_as_number};
use scoring::Needs;

use crate::blocks::LEADS_PER_BLOCK;
use crate::intern::{Map, ShapeInterner, events_by_code};
use crate::partition::{IRRELEVANT, NOBODY, Partition, Row};
use crate::roster::{LeadId, Roster};
use crate::settle::{Claim, losers};

/// Takes batches of events from any number of threads.
#[derive(Debug)]
pub struct Gathering {
    needs: Needs,
    roster: Roster,
    shapes: Mutex<ShapeInterner>,
    taken: Mutex<Taken>,
    scratch: Mutex<Vec<Vec<Row>>>,
}

/// All events of all leads, partitioned by blocks of leads, in the order of the files.
#[derive(Debug)]
pub struct Gathered {
    pub(crate) needs: Needs,
    pub(crate) roster: Roster,
    pub(crate) shapes: ShapeInterner,
    pub(crate) partitions: Vec<Partition>,
    /// Events of leads that the roster does not know.
    pub strangers: Strangers,
    /// How many events were not counted because a fact with their id counts already.
    pub repeated: u64,
    /// How many events some model looks at.
    pub kept: u64,
    /// Per event name of [`Needs::events`], whether one was seen.
    pub seen: Vec<bool>,
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
}

const EXAMPLES_MAX: usize = 5;

impl Gathering {
    /// Takes events of these leads, as far as `needs` looks at them.
    pub fn new(needs: Needs, roster: Roster) -> Self {
        let taken = Taken { seen: vec![false; needs.events.len()], ..Taken::default() };
        Self {
            needs,
            roster,
            shapes: Mutex::default(),
            taken: Mutex::new(taken),
            scratch: Mutex::default(),
        }
    }

    /// The leads.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Takes a batch; `sequence` is its place in the order of the files, and unique.
    /// `batch.properties` are [`Needs::properties`].
    pub fn take(&self, sequence: u64, batch: &EventBatch) {
        let mut rows = lock(&self.scratch).pop().unwrap_or_default();
        rows.clear();
        let shapes = self.shape_codes(batch);
        let mut strangers = Strangers::default();
        match &batch.leads {
            LeadIds::Numbers(numbers) => {
                let leads = numbers.iter().map(|number| self.roster.position(LeadId::Number(*number)));
                collect(&mut rows, leads, &shapes, batch, &mut strangers);
            }
            LeadIds::Texts(texts) => {
                let leads = (0..texts.len()).map(|row| {
                    let number = id_as_number(texts.bytes(row));
                    let id = number.map_or_else(|| LeadId::Text(texts.get(row)), LeadId::Number);
                    self.roster.position(id)
                });
                collect(&mut rows, leads, &shapes, batch, &mut strangers);
            }
        }
        if let Some(ids) = &batch.ids {
            let claims = claims(ids, batch, sequence);
            let mut taken = lock(&self.taken);
            taken.claims.extend(claims);
            taken.waiting.push((sequence, rows));
            taken.note(&strangers, &self.needs, &batch.names);
            return;
        }
        let partition = Partition::new(&mut rows, self.blocks());
        lock(&self.scratch).push(rows);
        let mut taken = lock(&self.taken);
        taken.partitions.push((sequence, partition));
        taken.note(&strangers, &self.needs, &batch.names);
    }

    /// All events, once each.
    pub fn finish(self, threads: usize) -> Gathered {
        let blocks = self.blocks();
        let taken = self.taken.into_inner().unwrap_or_else(PoisonError::into_inner);
        let lost = losers(taken.claims, threads);
        let mut partitions = taken.partitions;
        for (sequence, mut rows) in taken.waiting {
            let from = lost.partition_point(|(batch, _)| *batch < sequence);
            for (_, row) in lost[from..].iter().take_while(|(batch, _)| *batch == sequence) {
                rows[*row as usize].lead = NOBODY;
            }
            partitions.push((sequence, Partition::new(&mut rows, blocks)));
        }
        partitions.sort_by_key(|(sequence, _)| *sequence);
        let partitions: Vec<Partition> = partitions.into_iter().map(|(_, partition)| partition).collect();
        Gathered {
            needs: self.needs,
            roster: self.roster,
            shapes: self.shapes.into_inner().unwrap_or_else(PoisonError::into_inner),
            kept: partitions.iter().map(|partition| partition.len() as u64).sum(),
            partitions,
            strangers: taken.strangers,
            repeated: lost.len() as u64,
            seen: taken.seen,
        }
    }

    fn blocks(&self) -> usize {
        self.roster.len().div_ceil(LEADS_PER_BLOCK)
    }

    /// The shape of each row: a table by name where no property matters, else row by row.
    fn shape_codes(&self, batch: &EventBatch) -> Shapes {
        let events = events_by_code(&self.needs, &batch.names);
        let looks = |event: &Option<usize>| event.is_some_and(|event| !self.needs.events[event].1.is_empty());
        if !events.iter().any(looks) {
            let mut shapes = lock(&self.shapes);
            let number = |event: &Option<usize>| event.map_or(IRRELEVANT, |event| shapes.number(event, &[]));
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
        for property in 0..=batch.properties.len() {
            let mut numbers: Map<(u32, u32), u32> = Map::default();
            firsts.clear();
            for (row, code) in combined.iter_mut().enumerate() {
                let name = batch.names.codes[row] as usize;
                let other = match batch.properties.get(property) {
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
            let values: Vec<_> = properties.map(|property| batch.properties[*property].get(*row)).collect();
            shapes.number(event, &values)
        };
        let numbers: Vec<u32> = firsts.iter().map(number).collect();
        combined.iter_mut().for_each(|code| *code = numbers[*code as usize]);
        Shapes::ByRow(combined)
    }
}

enum Shapes {
    ByName(Vec<u32>),
    ByRow(Vec<u32>),
}

fn collect(
    rows: &mut Vec<Row>,
    leads: impl Iterator<Item = Option<u32>>,
    shapes: &Shapes,
    batch: &EventBatch,
    strangers: &mut Strangers,
) {
    let mut stranger = |row: usize| {
        strangers.events += 1;
        if strangers.examples.len() < EXAMPLES_MAX {
            strangers.examples.push(batch.leads.text(row));
        }
        NOBODY
    };
    let leads = leads.enumerate().map(|(row, lead)| lead.unwrap_or_else(|| stranger(row)));
    let instants = batch.at.iter().map(|at| at.as_millis());
    match shapes {
        Shapes::ByName(by_name) => {
            let shapes = batch.names.codes.iter().map(|code| by_name[*code as usize]);
            rows.extend(leads.zip(instants).zip(shapes).map(|((lead, at), shape)| Row { at, lead, shape }));
        }
        Shapes::ByRow(shapes) => {
            let rows_of = leads.zip(instants).zip(shapes);
            rows.extend(rows_of.map(|((lead, at), shape)| Row { at, lead, shape: *shape }));
        }
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
            if self.strangers.examples.len() < EXAMPLES_MAX && !self.strangers.examples.contains(example) {
                self.strangers.examples.push(example.clone());
            }
        }
        for event in events_by_code(needs, names).into_iter().flatten() {
            self.seen[event] = true;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in another thread ends the whole run; what it held is not looked at again.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

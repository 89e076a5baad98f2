//! What a command works on: models, and the facts of everyone, with a word about whatever is not
//! as it should be.

mod columns;
mod facts;
mod mapping;
mod model;
mod nearest;
mod rejects;
mod remarks;
mod sources;

pub(crate) use facts::{read_facts, read_lead};
pub(crate) use model::{
    Document, open_model, parse_as_of, parse_instant, read_document, say_diagnostics,
};
pub(crate) use rejects::Rejects;
pub(crate) use remarks::{counted, grouped};
pub(crate) use sources::Sources;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use history::{Gathered, Gathering, RosterBuilder, RosterNotes};
use ingest::{Source, Watch, read_events, read_leads, read_trait_changes};
use leads::Timestamp;
use leads::batch::{EventBatch, LeadBatch};
use scoring::{Model, Needs, Numeric, Program};

use self::columns::Column;

use crate::args::InputArgs;
use crate::exit::Result;
use crate::progress::Progress;
use crate::ui::Ui;

/// The facts of everyone, as far as some models look at them.
#[derive(Debug)]
pub(crate) struct Facts {
    /// Ready to be scored once ([`Gathered::score`]) or kept ([`Gathered::into_history`]).
    pub(crate) gathered: Gathered,
    /// What the models look at, taken together; what [`scoring::Program::with_needs`] wants.
    pub(crate) needs: Needs,
    /// How many threads to work with.
    pub(crate) threads: usize,
}

/// Reads the facts of everyone for these models, and says on standard error what is not as it
/// should be.
pub(crate) fn gather(models: &[&Model], args: &InputArgs, ui: &Ui) -> Result<Facts> {
    gather_more(models, &[], args, ui)
}

/// As [`gather`], for one score of everyone under this program at this instant and nothing else:
/// less of the events is kept.
pub(crate) fn gather_for_score(
    program: &Program,
    at: Timestamp,
    args: &InputArgs,
    ui: &Ui,
) -> Result<Facts> {
    gather_all(&[program.model()], &[], Some((program, at)), args, ui)
}

/// As [`gather`], for a command that also looks at events which no model names.
pub(crate) fn gather_more(
    models: &[&Model],
    events: &[&str],
    args: &InputArgs,
    ui: &Ui,
) -> Result<Facts> {
    gather_all(models, events, None, args, ui)
}

fn gather_all(
    models: &[&Model],
    events: &[&str],
    score: Option<(&Program, Timestamp)>,
    args: &InputArgs,
    ui: &Ui,
) -> Result<Facts> {
    let needs = Needs::of(models.iter().copied());
    let needs = events.iter().fold(needs, |needs, event| needs.with_event(event));
    let sources = Sources::open(args)?;
    let rejects = Rejects::open(args)?;
    let numeric = Numeric::of(models.iter().copied());
    let reader = Reader {
        sources: &sources,
        needs: &needs,
        numeric: &numeric,
        rejects: &rejects,
        score,
        ui,
    };
    let outcome = reader.read();
    rejects.finish(ui)?;
    let (gathered, seen) = outcome?;
    remarks::say(&gathered, &seen, models, events, &sources, ui);
    Ok(Facts { gathered, needs, threads: sources.threads })
}

/// What was seen on the way, for remarks.
#[derive(Debug, Default)]
struct Seen {
    notes: RosterNotes,
    /// Per trait of the needs, whether some lead has it.
    traits: Vec<bool>,
    /// Per property of the needs, whether some event has it.
    properties: Vec<bool>,
    /// Paths that the models compare with numbers, and some of their values that are none.
    odd: Vec<(String, Vec<String>)>,
    /// The columns of the leads' files.
    lead_columns: Vec<String>,
    /// The columns of the events' files.
    event_columns: Vec<String>,
    /// The columns of the files of changes.
    change_columns: Vec<String>,
    /// The names of events that occurred.
    event_names: Vec<String>,
    /// Changes of traits of leads that nobody knows.
    strange_changes: u64,
    events: u64,
}

struct Reader<'a> {
    sources: &'a Sources,
    needs: &'a Needs,
    numeric: &'a Numeric,
    rejects: &'a Rejects,
    /// The one score that the facts are for, if they are for one only.
    score: Option<(&'a Program, Timestamp)>,
    ui: &'a Ui,
}

/// Takes batches in the order of the file from threads that hand them over in any order.
struct Turnstile {
    next: u64,
    /// Batches that came too early.
    waiting: BTreeMap<u64, LeadBatch>,
    builder: RosterBuilder,
}

/// The numbers of a file's batches begin at a multiple of this: more than any file has.
const BATCHES_PER_FILE: u64 = 1 << 40;

impl Reader<'_> {
    fn read(&self) -> Result<(Gathered, Seen)> {
        let mut seen = Seen::default();
        let mut builder = RosterBuilder::new(self.needs);
        let traits = Column::all(&self.needs.traits, &self.numeric.traits);
        for source in &self.sources.leads {
            builder = self.leads(source, builder, &traits, &mut seen)?;
        }
        for source in &self.sources.changes {
            self.changes(source, &mut builder, &traits, &mut seen)?;
        }
        let (roster, notes) = builder.finish();
        let gathering = Gathering::new(self.needs.clone(), roster);
        let gathering = match self.score {
            Some((program, at)) => gathering.for_score(program, at),
            None => gathering,
        };
        let properties = Column::all(&self.needs.properties, &self.numeric.properties);
        for (number, source) in self.sources.events.iter().enumerate() {
            self.events(source, number as u64, &gathering, &properties, &mut seen)?;
        }
        seen.notes = notes;
        seen.traits = traits.iter().map(Column::is_there).collect();
        seen.properties = properties.iter().map(Column::is_there).collect();
        seen.odd = traits.into_iter().chain(properties).filter_map(Column::odd).collect();
        Ok((gathering.finish(self.sources.threads), seen))
    }

    fn leads(
        &self,
        source: &Source,
        builder: RosterBuilder,
        traits: &[Column],
        seen: &mut Seen,
    ) -> Result<RosterBuilder> {
        let plan = self.sources.lead_plan(&self.needs.traits);
        let turnstile = Mutex::new(Turnstile { next: 0, waiting: BTreeMap::new(), builder });
        let progress = Progress::bytes(self.ui, source.name(), source.len());
        let watch = Watch {
            rejects: &|reject| self.rejects.take(&reject),
            progress: &|bytes| progress.reach(bytes),
        };
        let summary = read_leads(source, &plan, watch, &|sequence, batch| {
            traits.iter().zip(&batch.traits).for_each(|(column, values)| column.note(values));
            turnstile.lock().unwrap_or_else(PoisonError::into_inner).take(sequence, batch);
        })?;
        add_new(&mut seen.lead_columns, summary.columns);
        Ok(turnstile.into_inner().unwrap_or_else(PoisonError::into_inner).finish())
    }

    fn changes(
        &self,
        source: &Source,
        builder: &mut RosterBuilder,
        traits: &[Column],
        seen: &mut Seen,
    ) -> Result<()> {
        let progress = Progress::bytes(self.ui, source.name(), source.len());
        let watch = Watch {
            rejects: &|reject| self.rejects.take(&reject),
            progress: &|bytes| progress.reach(bytes),
        };
        let (changes, summary) = read_trait_changes(source, &self.sources.change_plan(), watch)?;
        add_new(&mut seen.change_columns, summary.columns);
        for change in &changes {
            if let Ok(index) = self.needs.traits.binary_search(&change.path) {
                change.value.iter().for_each(|value| traits[index].note_value(value));
            }
            if !builder.change(self.needs, change) {
                seen.strange_changes += 1;
            }
        }
        Ok(())
    }

    fn events(
        &self,
        source: &Source,
        number: u64,
        gathering: &Gathering,
        properties: &[Column],
        seen: &mut Seen,
    ) -> Result<()> {
        let plan = self.sources.event_plan(&self.needs.properties);
        let progress = Progress::bytes(self.ui, source.name(), source.len());
        let watch = Watch {
            rejects: &|reject| self.rejects.take(&reject),
            progress: &|bytes| progress.reach(bytes),
        };
        let sink = |sequence: u64, batch: &EventBatch| {
            properties
                .iter()
                .zip(&batch.properties)
                .for_each(|(column, values)| column.note(values));
            gathering.take(number * BATCHES_PER_FILE + sequence, batch);
        };
        let summary = read_events(source, &plan, watch, &sink)?;
        add_new(&mut seen.event_columns, summary.columns);
        add_new(&mut seen.event_names, summary.event_names);
        seen.events += summary.rows;
        Ok(())
    }
}

impl Turnstile {
    fn take(&mut self, sequence: u64, batch: &LeadBatch) {
        if sequence != self.next {
            self.waiting.insert(sequence, batch.clone());
            return;
        }
        self.builder.take(batch);
        self.next += 1;
        while let Some(batch) = self.waiting.remove(&self.next) {
            self.builder.take(&batch);
            self.next += 1;
        }
    }

    /// Numbers may have been left out; what waits behind them comes now.
    fn finish(mut self) -> RosterBuilder {
        for batch in self.waiting.values() {
            self.builder.take(batch);
        }
        self.builder
    }
}

fn add_new(known: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !known.contains(&name) {
            known.push(name);
        }
    }
}

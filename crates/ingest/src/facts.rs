//! The facts of a few leads, whole: for explaining scores and following their course.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use leads::batch::{Coded, FactId, LeadIds, TraitChange, id_as_number};
use leads::{Event, LeadFacts, Timestamp, TraitFact, Value};

use crate::plan::Task;
use crate::read::read;
use crate::rows::Rows;
use crate::{
    Columns, EventPlan, LeadPlan, ReadError, ReadSummary, Role, Source, Watch, read_events,
};

/// The files that say something about leads, each kind with how to read it.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeadSources<'a> {
    /// Who the leads are.
    pub leads: Option<(&'a [Source], &'a LeadPlan)>,
    /// What they did.
    pub events: Option<(&'a [Source], &'a EventPlan)>,
    /// How they changed.
    pub changes: Option<(&'a [Source], &'a EventPlan)>,
}

/// Everything the files say about one lead; see [`read_facts_of`].
pub fn read_facts(
    lead: &str,
    sources: LeadSources<'_>,
    watch: Watch<'_>,
) -> Result<Option<LeadFacts>, ReadError> {
    Ok(read_facts_of(&[lead], sources, watch)?.pop().flatten())
}

/// Everything the files say about some leads, in their order: all traits, all events with all
/// properties and ids, read by the same code as batches are; the properties that the plans ask for
/// decide which rows can be read, as they do when everyone is scored. Facts with one id are settled
/// over all files: an event counts here only if no earlier fact of any lead has its id. `None` where
/// no file of leads names the lead (or no file at all, where none of leads is given).
///
/// `watch` is told of each row that cannot be read once; where a single lead is wanted, of its own
/// and of those that do not say whose they are. Its progress begins anew with each file.
pub fn read_facts_of(
    leads: &[&str],
    sources: LeadSources<'_>,
    watch: Watch<'_>,
) -> Result<Vec<Option<LeadFacts>>, ReadError> {
    let wanted = Wanted::new(leads);
    let fresh = |lead: &&str| LeadFacts { lead: lead.trim().to_owned(), ..LeadFacts::default() };
    let mut facts: Vec<LeadFacts> = leads.iter().map(fresh).collect();
    let mut named = vec![false; leads.len()];
    if let Some((files, plan)) = sources.leads {
        for (lead, profile) in read_profiles(files, plan, &wanted, watch)? {
            add_profile(&mut facts[lead], profile, named[lead]);
            named[lead] = true;
        }
    }
    if let Some((files, plan)) = sources.changes {
        let plan = EventPlan { only_lead: wanted.only(), ..plan.clone() };
        for file in files {
            for change in read_trait_changes(file, &plan, watch)?.0 {
                let Some(lead) = wanted.position(&change.lead) else { continue };
                named[lead] |= sources.leads.is_none();
                facts[lead].traits.push(TraitFact {
                    path: change.path,
                    value: change.value,
                    at: Some(change.at),
                });
            }
        }
    }
    if let Some((files, plan)) = sources.events {
        for (lead, event) in read_settled_events(files, plan, &wanted, watch)? {
            named[lead] |= sources.leads.is_none();
            facts[lead].events.push(event);
        }
    }
    // One lead may be asked for twice; both are the same.
    let known = facts.into_iter().zip(named).map(|(facts, named)| named.then_some(facts));
    let mut known: Vec<Option<LeadFacts>> = known.collect();
    for (at, lead) in leads.iter().enumerate() {
        match wanted.position(lead.trim()) {
            Some(first) if first != at => {
                let same = known[first].clone();
                known[at] = same;
            }
            _ => {}
        }
    }
    Ok(known)
}

/// The leads that are asked for, by id.
struct Wanted {
    only: Option<String>,
    numbers: HashMap<u64, usize>,
    texts: HashMap<String, usize>,
}

impl Wanted {
    fn new(leads: &[&str]) -> Self {
        let mut wanted = Self { only: None, numbers: HashMap::new(), texts: HashMap::new() };
        if let [only] = leads {
            wanted.only = Some(only.trim().to_owned());
        }
        for (at, lead) in leads.iter().map(|lead| lead.trim()).enumerate() {
            match id_as_number(lead.as_bytes()) {
                Some(number) => wanted.numbers.entry(number).or_insert(at),
                None => wanted.texts.entry(lead.to_owned()).or_insert(at),
            };
        }
        wanted
    }

    /// Where a single lead is wanted, the readers can pass over all others.
    fn only(&self) -> Option<String> {
        self.only.clone()
    }

    fn position(&self, lead: &str) -> Option<usize> {
        match id_as_number(lead.as_bytes()) {
            Some(number) => self.numbers.get(&number).copied(),
            None => self.texts.get(lead).copied(),
        }
    }

    /// The rows of a batch that are about one of them, each with that lead's position.
    fn rows(&self, leads: &LeadIds) -> Vec<(usize, usize)> {
        let wanted = |row: usize| match leads {
            LeadIds::Numbers(numbers) => self.numbers.get(&numbers[row]).copied(),
            LeadIds::Texts(texts) => self.position(texts.get(row)),
        };
        (0..leads.len()).filter_map(|row| Some((row, wanted(row)?))).collect()
    }
}

/// A row of a file of leads.
struct Profile {
    created_at: Option<Timestamp>,
    traits: Vec<(String, Value)>,
}

/// Adds a row of a lead; `again` says whether there was one before.
fn add_profile(facts: &mut LeadFacts, profile: Profile, again: bool) {
    let Profile { created_at: at, traits } = profile;
    // The lead itself was created at the earliest of its rows; always, where one has no date.
    facts.created_at = if again { facts.created_at.min(at) } else { at };
    let traits = traits.into_iter().map(|(path, value)| TraitFact { path, value: Some(value), at });
    facts.traits.extend(traits);
}

/// Reads a file of changes: columns `lead`, `trait`, `value` (empty takes the trait away) and `at`,
/// with the columns, zone and so on of `plan`. In the order of the file.
pub fn read_trait_changes(
    source: &Source,
    plan: &EventPlan,
    watch: Watch<'_>,
) -> Result<(Vec<TraitChange>, ReadSummary), ReadError> {
    let value = plan.columns.name(Role::Value).to_owned();
    let columns = Columns::default()
        .with(Role::Lead, plan.columns.name(Role::Lead))
        .with(Role::At, plan.columns.name(Role::At))
        .with(Role::Event, plan.columns.name(Role::Trait));
    let plan = EventPlan { columns, properties: vec![value], ..plan.clone() };
    let found = Mutex::new(Vec::new());
    let summary = read_events(source, &plan, watch, &|sequence, batch| {
        let changes: Vec<TraitChange> = (0..batch.at.len())
            .filter_map(|row| {
                let Some(Value::Text(path)) = batch.names.get(row) else { return None };
                Some(TraitChange {
                    lead: batch.leads.text(row),
                    path: path.clone(),
                    value: batch.properties[0].get(row).cloned(),
                    at: batch.at[row],
                })
            })
            .collect();
        found.lock().unwrap_or_else(PoisonError::into_inner).push((sequence, changes));
    })?;
    Ok((in_order(found), summary))
}

/// Reads the rows of files of leads, in their order, each with the position of its lead.
fn read_profiles(
    files: &[Source],
    plan: &LeadPlan,
    leads: &Wanted,
    watch: Watch<'_>,
) -> Result<Vec<(usize, Profile)>, ReadError> {
    let mut task = Task { all: true, only_lead: leads.only(), ..Task::leads(plan) };
    for name in [Role::CreatedAt.name(), plan.columns.name(Role::CreatedAt)] {
        if !task.wanted.iter().any(|wanted| wanted == name) {
            task.wanted.push(name.to_owned());
        }
    }
    let mut profiles = Vec::new();
    for file in files {
        let found = Mutex::new(Vec::new());
        read(file, &task, watch, &|sequence, rows, paths| {
            let of_rows = leads.rows(&rows.leads).into_iter().map(|(row, lead)| {
                let traits = properties_of(rows, paths, row);
                (lead, Profile { created_at: rows.created_at[row], traits })
            });
            let of_rows: Vec<_> = of_rows.collect();
            found.lock().unwrap_or_else(PoisonError::into_inner).push((sequence, of_rows));
        })?;
        profiles.extend(in_order(found));
    }
    Ok(profiles)
}

/// The first fact of each id, by instant and content: the one that counts.
type First = HashMap<u128, Option<(Timestamp, u64)>>;

fn read_settled_events(
    files: &[Source],
    plan: &EventPlan,
    leads: &Wanted,
    watch: Watch<'_>,
) -> Result<Vec<(usize, Event)>, ReadError> {
    let task = Task { all: true, only_lead: leads.only(), ..Task::events(plan) };
    let mut events: Vec<(Option<FactId>, usize, Event)> = Vec::new();
    for file in files {
        let found = Mutex::new(Vec::new());
        read(file, &task, watch, &|sequence, rows, paths| {
            let of_rows = leads.rows(&rows.leads).into_iter().filter_map(|(row, lead)| {
                let Some(Value::Text(name)) = rows.names.column.get(row) else { return None };
                let event = Event {
                    id: text_of(&rows.id_texts.column, row),
                    name: name.clone(),
                    at: rows.at[row],
                    properties: properties_of(rows, paths, row),
                };
                let fact = rows.ids.get(row).copied().filter(|fact| fact.id != FactId::NONE);
                Some((fact, lead, event))
            });
            let of_rows: Vec<_> = of_rows.collect();
            found.lock().unwrap_or_else(PoisonError::into_inner).push((sequence, of_rows));
        })?;
        events.extend(in_order(found));
    }
    let ids: First =
        events.iter().filter_map(|(fact, ..)| Some((fact.as_ref()?.id, None))).collect();
    let mut first = find_first(files, plan, ids)?;
    let mut counts = |fact: &Option<FactId>, event: &Event| match fact {
        None => true,
        // Taking it out of the table leaves nothing for a copy of the same fact.
        Some(fact) => match first.get(&fact.id) {
            Some(Some(earliest)) if *earliest == (event.at, fact.content) => {
                first.remove(&fact.id);
                true
            }
            _ => false,
        },
    };
    let settled = events.into_iter().filter(|(fact, _, event)| counts(fact, event));
    Ok(settled.map(|(_, lead, event)| (lead, event)).collect())
}

/// Looks through all files for the first fact of each of these ids, whoever it is about.
fn find_first(files: &[Source], plan: &EventPlan, ids: First) -> Result<First, ReadError> {
    if ids.is_empty() {
        return Ok(ids);
    }
    let first = Mutex::new(ids);
    // These rows were read before: whoever watches has heard of what is wrong with them.
    let plan = EventPlan { only_lead: None, ..plan.clone() };
    for file in files {
        read_events(file, &plan, Watch::default(), &|_, batch| {
            let Some(ids) = &batch.ids else { return };
            let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
            for (fact, at) in ids.iter().zip(&batch.at) {
                if let Some(earliest) = first.get_mut(&fact.id) {
                    let this = (*at, fact.content);
                    *earliest = Some(earliest.map_or(this, |earliest| earliest.min(this)));
                }
            }
        })?;
    }
    Ok(first.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn properties_of(rows: &Rows, paths: &[String], row: usize) -> Vec<(String, Value)> {
    let named = paths.iter().zip(&rows.properties);
    let there = named.filter_map(|(path, column)| {
        let code = *column.column.codes.get(row)?;
        let value = column.column.values[code as usize].clone()?;
        Some((path.clone(), value))
    });
    let mut properties: Vec<(String, Value)> = there.collect();
    properties.sort_by(|a, b| a.0.cmp(&b.0));
    properties
}

fn text_of(column: &Coded, row: usize) -> Option<String> {
    let code = *column.codes.get(row)?;
    match column.values.get(code as usize)?.as_ref()? {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// What threads found, in the order of the file.
fn in_order<T>(found: Mutex<Vec<(u64, Vec<T>)>>) -> Vec<T> {
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(sequence, _)| *sequence);
    found.into_iter().flat_map(|(_, items)| items).collect()
}

//! The facts of one lead, whole: for explaining a score and following its course.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use leads::batch::{Coded, FactId, TraitChange};
use leads::{Event, LeadFacts, TraitFact, Value};

use crate::plan::Task;
use crate::read::read;
use crate::rows::Rows;
use crate::{
    Columns, EventPlan, LeadPlan, ReadError, ReadSummary, Role, Source, Watch, read_events,
};

/// The files that say something about a lead.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeadSources<'a> {
    /// Who the leads are.
    pub leads: Option<(&'a Source, &'a LeadPlan)>,
    /// What they did.
    pub events: Option<(&'a Source, &'a EventPlan)>,
    /// How they changed.
    pub changes: Option<(&'a Source, &'a EventPlan)>,
}

/// Everything the files say about one lead: all traits, all events with all properties and ids,
/// read by the same code as batches are; the properties that the plans ask for decide which rows
/// can be read, as they do when everyone is scored. Facts with one id are settled over the whole file: an
/// event counts here only if no earlier fact of any lead has its id. `None` where no row names the lead.
pub fn read_facts(lead: &str, sources: LeadSources<'_>) -> Result<Option<LeadFacts>, ReadError> {
    let lead = lead.trim();
    let mut facts = LeadFacts { lead: lead.to_owned(), ..LeadFacts::default() };
    let mut rows = 0;
    if let Some((source, plan)) = sources.leads {
        rows += read_profile(source, plan, lead, &mut facts)?;
    }
    if let Some((source, plan)) = sources.changes {
        let plan = EventPlan { only_lead: Some(lead.to_owned()), ..plan.clone() };
        let (changes, _) = read_trait_changes(source, &plan, Watch::default())?;
        rows += changes.len();
        facts.traits.extend(changes.into_iter().map(|change| TraitFact {
            path: change.path,
            value: change.value,
            at: Some(change.at),
        }));
    }
    if let Some((source, plan)) = sources.events {
        let found = read_settled_events(source, plan, lead)?;
        rows += found.len();
        facts.events = found;
    }
    Ok((rows > 0).then_some(facts))
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

/// Reads the rows of the leads' file about one lead, and gives their number.
fn read_profile(
    source: &Source,
    plan: &LeadPlan,
    lead: &str,
    facts: &mut LeadFacts,
) -> Result<usize, ReadError> {
    let mut task = Task { all: true, only_lead: Some(lead.to_owned()), ..Task::leads(plan) };
    for name in [Role::CreatedAt.name(), plan.columns.name(Role::CreatedAt)] {
        if !task.wanted.iter().any(|wanted| wanted == name) {
            task.wanted.push(name.to_owned());
        }
    }
    let found = Mutex::new(Vec::new());
    read(source, &task, Watch::default(), &|sequence, rows, paths| {
        let profiles: Vec<_> = (0..rows.len())
            .map(|row| (rows.created_at[row], properties_of(rows, paths, row)))
            .collect();
        found.lock().unwrap_or_else(PoisonError::into_inner).push((sequence, profiles));
    })?;
    let profiles = in_order(found);
    // The lead itself was created at the earliest of its rows; always, where one has no date.
    facts.created_at = profiles.iter().map(|(at, _)| *at).min().flatten();
    let rows = profiles.len();
    for (at, traits) in profiles {
        let traits =
            traits.into_iter().map(|(path, value)| TraitFact { path, value: Some(value), at });
        facts.traits.extend(traits);
    }
    Ok(rows)
}

fn read_settled_events(
    source: &Source,
    plan: &EventPlan,
    lead: &str,
) -> Result<Vec<Event>, ReadError> {
    let task = Task { all: true, only_lead: Some(lead.to_owned()), ..Task::events(plan) };
    let found = Mutex::new(Vec::new());
    read(source, &task, Watch::default(), &|sequence, rows, paths| {
        let events: Vec<(Option<FactId>, Event)> = (0..rows.len())
            .filter_map(|row| {
                let Some(Value::Text(name)) = rows.names.column.get(row) else { return None };
                let id = text_of(&rows.id_texts.column, row);
                let event = Event {
                    id,
                    name: name.clone(),
                    at: rows.at[row],
                    properties: properties_of(rows, paths, row),
                };
                let fact = rows.ids.get(row).copied().filter(|fact| fact.id != FactId::NONE);
                Some((fact, event))
            })
            .collect();
        found.lock().unwrap_or_else(PoisonError::into_inner).push((sequence, events));
    })?;
    let events = in_order(found);
    // The first fact of each id that one of the lead's events has, whoever it is about.
    let first: HashMap<u128, Option<(leads::Timestamp, u64)>> =
        events.iter().filter_map(|(fact, _)| Some((fact.as_ref()?.id, None))).collect();
    if first.is_empty() {
        return Ok(events.into_iter().map(|(_, event)| event).collect());
    }
    let first = Mutex::new(first);
    let plan = EventPlan { only_lead: None, ..plan.clone() };
    let watch = Watch { rejects: &|_| ControlFlow::Continue(()), ..Watch::default() };
    read_events(source, &plan, watch, &|_, batch| {
        let Some(ids) = &batch.ids else { return };
        let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
        for (fact, at) in ids.iter().zip(&batch.at) {
            if let Some(earliest) = first.get_mut(&fact.id) {
                let this = (*at, fact.content);
                *earliest = Some(earliest.map_or(this, |earliest| earliest.min(this)));
            }
        }
    })?;
    let mut first = first.into_inner().unwrap_or_else(PoisonError::into_inner);
    let counts = |(fact, event): &(Option<FactId>, Event)| match fact {
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
    let mut counts = counts;
    Ok(events.into_iter().filter(|event| counts(event)).map(|(_, event)| event).collect())
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

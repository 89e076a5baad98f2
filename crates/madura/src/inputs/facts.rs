//! Everything that the files say about a few leads, row by row: for explaining.

use std::collections::HashMap;

use ingest::LeadSources;
use leads::LeadFacts;

use super::Sources;
use crate::exit::Result;

/// The facts of these leads, in their order; `None` where no file of leads names the lead.
pub(crate) fn read_facts(leads: &[String], sources: &Sources) -> Result<Vec<Option<LeadFacts>>> {
    leads.iter().map(|lead| read_one(lead, sources)).collect()
}

fn read_one(lead: &str, sources: &Sources) -> Result<Option<LeadFacts>> {
    let lead_plan = sources.lead_plan(&[]);
    let mut found: Option<LeadFacts> = None;
    for source in &sources.leads {
        let only = LeadSources { leads: Some((source, &lead_plan)), ..LeadSources::default() };
        let Some(rows) = ingest::read_facts(lead, only)? else { continue };
        found = Some(match found {
            None => rows,
            Some(mut known) => {
                // The lead was created at the earliest; always, where one row has no date.
                known.created_at = known.created_at.min(rows.created_at);
                known.traits.extend(rows.traits);
                known
            }
        });
    }
    let Some(mut facts) = found else { return Ok(None) };
    let change_plan = sources.change_plan();
    for source in &sources.changes {
        let only = LeadSources { changes: Some((source, &change_plan)), ..LeadSources::default() };
        facts.traits.extend(ingest::read_facts(lead, only)?.unwrap_or_default().traits);
    }
    let event_plan = sources.event_plan(&[]);
    for source in &sources.events {
        let only = LeadSources { events: Some((source, &event_plan)), ..LeadSources::default() };
        facts.events.extend(ingest::read_facts(lead, only)?.unwrap_or_default().events);
    }
    if sources.events.len() > 1 {
        settle(&mut facts);
    }
    Ok(Some(facts))
}

/// Of events with one id the first counts, across files as well.
fn settle(facts: &mut LeadFacts) {
    facts.events.sort_by_key(|event| event.at);
    let mut seen: HashMap<String, ()> = HashMap::new();
    facts.events.retain(|event| match &event.id {
        None => true,
        Some(id) => seen.insert(id.clone(), ()).is_none(),
    });
}

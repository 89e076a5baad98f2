//! Everything that the files say about a few leads, row by row: for explaining.

use ingest::{LeadSources, Watch, read_facts_of};
use leads::LeadFacts;
use scoring::Needs;

use super::{Rejects, Sources};
use crate::args::InputArgs;
use crate::exit::{Failure, Result};
use crate::ui::Ui;

/// The facts of these leads, in their order; `None` where no file of leads names the lead. `needs`
/// is what the model looks at: it decides which rows count as readable, here as in a batch.
pub(crate) fn read_facts(
    leads: &[String],
    needs: &Needs,
    sources: &Sources,
    watch: Watch<'_>,
) -> Result<Vec<Option<LeadFacts>>> {
    let leads: Vec<&str> = leads.iter().map(String::as_str).collect();
    let lead_plan = sources.lead_plan(&needs.traits);
    let event_plan = sources.event_plan(&needs.properties);
    let change_plan = sources.change_plan();
    let files = LeadSources {
        leads: Some((&sources.leads, &lead_plan)),
        events: Some((&sources.events, &event_plan)),
        changes: Some((&sources.changes, &change_plan)),
    };
    Ok(read_facts_of(&leads, files, watch)?)
}

/// The facts of one lead, with a word on standard error about rows that cannot be read; that nobody
/// knows the lead ends the run.
pub(crate) fn read_lead(lead: &str, needs: &Needs, args: &InputArgs, ui: &Ui) -> Result<LeadFacts> {
    let lead = lead.trim().to_owned();
    let sources = Sources::open(args)?;
    let rejects = Rejects::open(args)?;
    let watch = Watch { rejects: &|reject| rejects.take(&reject), ..Watch::default() };
    let found = read_facts(std::slice::from_ref(&lead), needs, &sources, watch);
    rejects.finish(ui)?;
    found?.pop().flatten().ok_or_else(|| {
        let files: Vec<&str> = sources.leads.iter().map(ingest::Source::name).collect();
        Failure::usage(format_args!("there is no lead `{lead}` in {}", files.join(", "))).hint(
            "ids are compared letter by letter; `--map lead=COLUMN` says which column has them",
        )
    })
}

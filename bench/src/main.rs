//! Measures ours, in memory: `bench rescore|instants LEADS EVENTS MODEL [repeats]`.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]
#![expect(clippy::disallowed_methods, reason = "measuring reads the clock")]

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use history::{Gathering, History, RosterBuilder};
use ingest::{Columns, EventPlan, LeadPlan, Role, Source, Watch};
use leads::Timestamp;
use scoring::{Needs, Program};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [what, leads, events, model, rest @ ..] = args.as_slice() else {
        bail!("usage: bench rescore|instants LEADS EVENTS MODEL [REPEATS] [THREADS]")
    };
    let number = |at: usize, default: usize| rest.get(at).map_or(Ok(default), |text| text.parse());
    let (repeats, threads) = (number(0, 5)?, number(1, 2)?);
    let text = std::fs::read_to_string(model).with_context(|| format!("cannot read {model}"))?;
    let loaded = scoring::document::load(&text, scoring::document::Syntax::Yaml);
    let model = loaded.model.with_context(|| format!("the model has errors: {:?}", loaded.diagnostics))?;
    let program = Program::new(model);
    let started = Instant::now();
    let history = read(program.needs(), leads, events, threads)?;
    println!("read {} events of {} leads in {:.3} s", history.events(), history.roster().len(), started.elapsed().as_secs_f64());
    let at = Timestamp::parse("2025-11-21T00:00:00Z")?;
    let weeks: Vec<Timestamp> = (0..52)
        .map(|week| Timestamp::saturating_from_millis(at.as_millis() - (51 - week) * 7 * 86_400_000))
        .collect();
    for _ in 0..repeats {
        let started = Instant::now();
        let total: i64 = match what.as_str() {
            "rescore" => history.rescore(&program, at, threads).iter().map(|scored| scored.score.score).sum(),
            "instants" => instants(&history, &program, &weeks, threads),
            other => bail!("`{other}` is neither `rescore` nor `instants`"),
        };
        println!("{what} {:.4} s, sum of scores {total}", started.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Every score at every instant into one grid, as the peer writes a table.
fn instants(history: &History, program: &Program, at: &[Timestamp], threads: usize) -> i64 {
    let grid = history.at_instants(program, at, threads, Vec::<i32>::new, |grid, _, moments| {
        grid.extend(moments.scores().map(|score| score as i32));
    });
    grid.iter().flatten().map(|score| i64::from(*score)).sum()
}

fn read(needs: &Needs, leads: &str, events: &str, threads: usize) -> Result<History> {
    let columns = Columns::default().with(Role::Lead, "lead_id").with(Role::At, "ts");
    let plan = LeadPlan { columns: columns.clone(), traits: needs.traits.clone(), threads, ..LeadPlan::default() };
    let batches = std::sync::Mutex::new(Vec::new());
    ingest::read_leads(&Source::open(leads, None)?, &plan, Watch::default(), &|sequence, batch| {
        batches.lock().map(|mut batches| batches.push((sequence, batch.clone()))).unwrap_or_default();
    })?;
    let mut batches = batches.into_inner().unwrap_or_default();
    batches.sort_by_key(|(sequence, _)| *sequence);
    let mut builder = RosterBuilder::new(needs);
    batches.iter().for_each(|(_, batch)| builder.take(batch));
    let (roster, _) = builder.finish();
    let gathering = Gathering::new(needs.clone(), roster);
    let plan = EventPlan { columns, properties: needs.properties.clone(), threads, ..EventPlan::default() };
    ingest::read_events(&Source::open(events, None)?, &plan, Watch::default(), &|sequence, batch| gathering.take(sequence, batch))?;
    Ok(gathering.finish(threads).into_history(threads))
}

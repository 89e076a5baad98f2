//! The facts to score: read from files, or made up.

use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use history::{Gathered, Gathering, History, RosterBuilder};
use ingest::{Columns, EventPlan, LeadPlan, Role, Source, Watch};
use leads::batch::{Coded, EventBatch, LeadBatch, LeadIds};
use leads::{Timestamp, Value};
use scoring::{Needs, Program};

/// Files of leads and events into columns in memory.
pub(crate) fn read(needs: &Needs, leads: &str, events: &str, threads: usize) -> Result<History> {
    Ok(gather(needs, leads, events, threads, |gathering| gathering)?.into_history(threads))
}

/// The same as far as one score needs them.
pub(crate) fn read_for_score(
    program: &Program,
    at: Timestamp,
    leads: &str,
    events: &str,
    threads: usize,
) -> Result<Gathered> {
    gather(program.needs(), leads, events, threads, |gathering| gathering.for_score(program, at))
}

fn gather(
    needs: &Needs,
    leads: &str,
    events: &str,
    threads: usize,
    prepare: impl FnOnce(Gathering) -> Gathering,
) -> Result<Gathered> {
    let columns = Columns::default().with(Role::Lead, "lead_id").with(Role::At, "ts");
    let plan = LeadPlan {
        columns: columns.clone(),
        traits: needs.traits.clone(),
        threads,
        ..LeadPlan::default()
    };
    let batches = Mutex::new(Vec::new());
    ingest::read_leads(
        &Source::open(leads, None)?,
        &plan,
        Watch::default(),
        &|sequence, batch| {
            let mut batches = batches.lock().unwrap_or_else(PoisonError::into_inner);
            batches.push((sequence, batch.clone()));
        },
    )?;
    let mut batches = batches.into_inner().unwrap_or_else(PoisonError::into_inner);
    batches.sort_by_key(|(sequence, _)| *sequence);
    let mut builder = RosterBuilder::new(needs);
    for (_, batch) in &batches {
        builder.take(batch);
    }
    let gathering = prepare(Gathering::new(needs.clone(), builder.finish().0));
    let plan = EventPlan {
        columns,
        properties: needs.properties.clone(),
        threads,
        ..EventPlan::default()
    };
    let source = Source::open(events, None)?;
    ingest::read_events(&source, &plan, Watch::default(), &|sequence, batch| {
        gathering.take(sequence, batch);
    })?;
    Ok(gathering.finish(threads))
}

/// One block of leads.
const LEADS: u64 = 8192;
const EVENTS_PER_LEAD: u64 = 20;

/// The year that the generated files hold: 2024-11-21 until 2025-11-21.
const FIRST: i64 = 1_732_147_200_000;
const YEAR_MS: u64 = 365 * 86_400_000;

/// Events in the proportions of the generated files, per thousand.
const EVENTS: [(&str, u64); 12] = [
    ("page_view", 560),
    ("email_open", 180),
    ("email_click", 60),
    ("pricing_view", 60),
    ("social_engage", 50),
    ("download", 30),
    ("form_submit", 20),
    ("purchase", 12),
    ("webinar", 10),
    ("demo_request", 6),
    ("unsubscribe", 6),
    ("bounce", 6),
];

/// One block of leads with twenty events each on average, always the same ones. Events come in
/// sessions of four within one day, so that counts per day are reached.
pub(crate) fn make(needs: &Needs) -> History {
    let mut dice = Dice(0x6d61_6475_7261);
    let value = |text: &str| Some(Value::Text(text.to_owned()));
    let cells = |dice: &mut Dice, name: &String| {
        let values: &[&str] = match name.as_str() {
            "job_title" => &["CEO", "VP Marketing", "Engineer", "Analyst", "Student", "Other"],
            "company_size" => &["1", "2-10", "11-50", "51-200", "201-1000"],
            "industry" => &["software", "retail", "health", "travel", "other"],
            "country" => &["ES", "RO", "US", "DE", "FR", "GB"],
            "email_domain" => &["gmail.com", "company1.com", "company2.com", "mailinator.com"],
            _ => &["true", "false"],
        };
        let codes = (0..LEADS).map(|_| dice.below(values.len() as u64) as u32).collect();
        Coded { values: values.iter().map(|text| value(text)).collect(), codes }
    };
    let known = |_| Some(Timestamp::saturating_from_millis(FIRST));
    let mut builder = RosterBuilder::new(needs);
    builder.take(&LeadBatch {
        leads: LeadIds::Numbers((0..LEADS).collect()),
        created_at: (0..LEADS).map(known).collect(),
        traits: needs.traits.iter().map(|name| cells(&mut dice, name)).collect(),
    });
    let gathering = Gathering::new(needs.clone(), builder.finish().0);
    let mut batch = EventBatch {
        leads: LeadIds::Numbers(Vec::new()),
        names: Coded { values: EVENTS.map(|(name, _)| value(name)).into(), codes: Vec::new() },
        at: Vec::new(),
        ids: None,
        properties: Vec::new(),
    };
    let mut leads = Vec::new();
    for _ in 0..LEADS * EVENTS_PER_LEAD / 4 {
        let lead = dice.below(LEADS);
        let start = FIRST + dice.below(YEAR_MS - 1_000_000) as i64;
        for place in 0..4 {
            leads.push(lead);
            batch.at.push(Timestamp::saturating_from_millis(start + place * 60_000));
            batch.names.codes.push(dice.event());
        }
    }
    batch.leads = LeadIds::Numbers(leads);
    gathering.take(0, &batch);
    gathering.finish(1).into_history(1)
}

/// Pseudo-random numbers (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is far below 2^64.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn event(&mut self) -> u32 {
        let mut left = self.below(1000);
        let fits = |(_, share): &(&str, u64)| {
            let found = left < *share;
            left = left.saturating_sub(*share);
            found
        };
        EVENTS.iter().position(fits).unwrap_or_default() as u32
    }
}

//! What a caller wants of a file.

use std::ops::ControlFlow;

use jiff::tz::TimeZone;

use crate::{Columns, Reject};

/// Which facts to take from a file of events.
#[derive(Clone, Debug)]
pub struct EventPlan {
    /// The names of the columns.
    pub columns: Columns,
    /// The properties wanted, as dotted paths; batches carry them in this order.
    pub properties: Vec<String>,
    /// The zone of instants that name none. Without it such rows are rejected.
    pub zone: Option<TimeZone>,
    /// What separates the cells of CSV; `None` finds out from the header.
    pub delimiter: Option<u8>,
    /// How many threads read; at least one.
    pub threads: usize,
    /// Only the rows of this lead.
    pub only_lead: Option<String>,
    /// How many bytes of text a thread takes at a time.
    pub chunk_bytes: usize,
}

/// Which facts to take from a file of leads.
#[derive(Clone, Debug)]
pub struct LeadPlan {
    /// The names of the columns.
    pub columns: Columns,
    /// The traits wanted, as dotted paths; batches carry them in this order.
    pub traits: Vec<String>,
    /// The zone of instants that name none. Without it such rows are rejected.
    pub zone: Option<TimeZone>,
    /// What separates the cells of CSV; `None` finds out from the header.
    pub delimiter: Option<u8>,
    /// How many threads read; at least one.
    pub threads: usize,
    /// Only the rows of this lead.
    pub only_lead: Option<String>,
    /// How many bytes of text a thread takes at a time.
    pub chunk_bytes: usize,
}

/// Who is told what happens while a file is read.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Takes rows that cannot be read, in the order of the file; `Break` stops reading.
    pub rejects: &'a (dyn Fn(Reject) -> ControlFlow<()> + Sync),
    /// Takes how many bytes of the file (of [`crate::Source::len`]) have been read.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// 4 MiB: some 90,000 rows of events, parsed in 5 ms, so that threads seldom wait for each other.
const CHUNK_BYTES: usize = 4 << 20;

impl Default for EventPlan {
    fn default() -> Self {
        Self {
            columns: Columns::default(),
            properties: Vec::new(),
            zone: None,
            delimiter: None,
            threads: threads(),
            only_lead: None,
            chunk_bytes: CHUNK_BYTES,
        }
    }
}

impl Default for LeadPlan {
    fn default() -> Self {
        Self {
            columns: Columns::default(),
            traits: Vec::new(),
            zone: None,
            delimiter: None,
            threads: threads(),
            only_lead: None,
            chunk_bytes: CHUNK_BYTES,
        }
    }
}

impl Default for Watch<'_> {
    /// Nobody: rejected rows are only counted.
    fn default() -> Self {
        Self { rejects: &|_| ControlFlow::Continue(()), progress: &|_| {} }
    }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// What the readers of all formats work from: an [`EventPlan`] or a [`LeadPlan`].
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) kind: Kind,
    pub(crate) columns: Columns,
    /// The properties or traits wanted.
    pub(crate) wanted: Vec<String>,
    /// How many of them the caller's plan asked for: they come first, and decide which rows can
    /// be read.
    pub(crate) planned: usize,
    /// All properties or traits there are, besides those of `wanted`, and the ids as text: for
    /// the facts of one lead.
    pub(crate) all: bool,
    pub(crate) zone: Option<TimeZone>,
    pub(crate) delimiter: Option<u8>,
    pub(crate) threads: usize,
    pub(crate) only_lead: Option<String>,
    pub(crate) chunk_bytes: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Events,
    Leads,
}

impl Task {
    pub(crate) fn events(plan: &EventPlan) -> Self {
        Self {
            kind: Kind::Events,
            columns: plan.columns.clone(),
            wanted: plan.properties.clone(),
            planned: plan.properties.len(),
            all: false,
            zone: plan.zone.clone(),
            delimiter: plan.delimiter,
            threads: plan.threads.max(1),
            only_lead: plan.only_lead.as_deref().map(|lead| lead.trim().to_owned()),
            chunk_bytes: plan.chunk_bytes.max(1),
        }
    }

    pub(crate) fn leads(plan: &LeadPlan) -> Self {
        Self {
            kind: Kind::Leads,
            columns: plan.columns.clone(),
            wanted: plan.traits.clone(),
            planned: plan.traits.len(),
            all: false,
            zone: plan.zone.clone(),
            delimiter: plan.delimiter,
            threads: plan.threads.max(1),
            only_lead: plan.only_lead.as_deref().map(|lead| lead.trim().to_owned()),
            chunk_bytes: plan.chunk_bytes.max(1),
        }
    }
}

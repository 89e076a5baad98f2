//! Stores to test with: an SQLite file, and a database on a PostgreSQL server that this process
//! starts for itself.

pub(crate) mod others;
pub(crate) mod reports;
pub(crate) mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use leads::{MachineSign, Report, Timestamp};
use store::facts::{Appended, append, label, labelled};
use store::identity::{IdentifierKind, find_lead};
use store::reading::{LeadRecord, lead_facts, scan};
use store::webhooks::{self, Listeners, Message, NewEndpoint, SigningSecret};
use store::{Address, DbError, SegmentError, Segments, Store, Tx};
use tempfile::TempDir;

/// The instant at which every test begins.
pub(crate) fn start() -> Timestamp {
    Timestamp::parse("2026-03-02T09:00:00Z").expect("an instant")
}

/// Writes messages for whoever wants to hear of them; answers how many deliveries.
pub(crate) fn enqueue(
    tx: &mut Tx<'_>,
    messages: &[Message<'_>],
    now: Timestamp,
) -> Result<u64, DbError> {
    let listeners = Listeners::read(tx)?;
    webhooks::enqueue(tx, &listeners, messages, now)
}

/// Gives one fact a label or takes it off; answers its lead, or `None` where there is no such fact.
pub(crate) fn relabel(
    tx: &mut Tx<'_>,
    id: &str,
    sign: Option<&MachineSign>,
) -> Result<Option<String>, DbError> {
    let Some(fact) = labelled(tx, id)? else { return Ok(None) };
    let change = format!("change of {id}");
    Ok(label(tx, &change, &[fact], sign, start(), &mut fresh_id)?.leads.pop_first())
}

/// An open store, with a directory of its own and one for segments in it.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) segments: Segments,
    pub(crate) directory: TempDir,
}

impl Bench {
    /// A store in an SQLite file.
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self::open(&Address::File(directory.path().join("madura.db")), directory)
    }

    /// A store on a server; `None`, with a notice, where no server can be started.
    pub(crate) fn postgres() -> Option<Self> {
        let address = server::database()?;
        Some(Self::open(&address, tempfile::tempdir().expect("a directory")))
    }

    fn open(address: &Address, directory: TempDir) -> Self {
        let store = Store::open(address, start()).expect("a store");
        let segments = Segments::open(&directory.path().join("events")).expect("a directory");
        Self { store, segments, directory }
    }

    /// Forgets everything that was taken: a new store for one that need not be opened anew.
    pub(crate) fn clear(&self) {
        for table in [
            "fact",
            "label_before",
            "label_change",
            "identifier",
            "withdrawn_identifier",
            "named_by",
            "named_together",
            "also_imported",
            "not_linked",
            "said_by_import",
            "person",
            "merge",
            "company",
            "sealed_fact",
            "sealed_hole",
            "segment_file",
            "suppression",
            "erasure",
        ] {
            let delete = format!("DELETE FROM {table}");
            let _: u64 = self.store.write(move |tx| tx.execute(&delete, &[])).expect("deleted");
        }
    }

    /// Takes reports in one transaction.
    pub(crate) fn take(&self, reports: &[Report]) -> Appended {
        let reports = reports.to_vec();
        self.store
            .write(move |tx| append(tx, &reports, &mut fresh_id))
            .unwrap_or_else(|error: DbError| panic!("{error}"))
    }

    /// The lead of `u:17`, `e:..`, `a:..` or `l:..`.
    pub(crate) fn lead(&self, name: &str) -> Option<String> {
        let (kind, value) = name.split_once(':').expect("kind:value");
        let kind = match kind {
            "u" => IdentifierKind::User,
            "e" => IdentifierKind::Email,
            "a" => IdentifierKind::Anonymous,
            _ => IdentifierKind::Lead,
        };
        self.store.read(|tx| find_lead(tx, kind, value)).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn record(&self, lead: &str) -> LeadRecord {
        let read = self.store.read(|tx| lead_facts(tx, &self.segments, lead));
        read.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The ids of a lead's facts, in order.
    pub(crate) fn ids(&self, name: &str) -> Vec<String> {
        let Some(lead) = self.lead(name) else { return Vec::new() };
        self.record(&lead).facts.into_iter().map(|fact| fact.id).collect()
    }

    /// The facts of every lead, leads without a name: what is left when nobody looks at ids that we
    /// made up.
    pub(crate) fn partition(&self) -> BTreeSet<Vec<String>> {
        let mut leads: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let read = self.store.read(|tx| {
            scan(tx, &self.segments, |lead, fact| {
                let text = format!("{} {} {} {}", fact.at, fact.id, fact.name, fact.body);
                leads.entry(lead.to_owned()).or_default().push(text);
                Ok::<(), SegmentError>(())
            })
        });
        read.unwrap_or_else(|error| panic!("{error}"));
        leads
            .into_values()
            .map(|mut facts| {
                facts.sort();
                facts
            })
            .collect()
    }
}

/// An id that no other call gives.
pub(crate) fn fresh_id() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("id{:06}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Runs `body` on a new store of either kind, one after the other.
pub(crate) fn on_both(body: impl Fn(&Bench)) {
    body(&Bench::sqlite());
    if let Some(bench) = Bench::postgres() {
        body(&bench);
    }
}

/// An endpoint `crm` that hears of everything.
pub(crate) fn listen(tx: &mut Tx<'_>) -> Result<(), DbError> {
    let secret = SigningSecret::new("whsec_1".to_owned());
    let endpoint = NewEndpoint {
        id: "crm",
        url: "https://crm.example.com/",
        description: "",
        event_types: &[],
        secret: &secret,
        created_by: "eva",
    };
    webhooks::create(tx, &endpoint, start()).map(|_| ())
}

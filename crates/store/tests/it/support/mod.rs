//! Stores to test with: an SQLite file, and a database on a PostgreSQL server that this process
//! starts for itself.

mod server;

use leads::Timestamp;
use store::{Address, Store};
use tempfile::TempDir;

/// The instant at which every test begins.
pub(crate) fn start() -> Timestamp {
    Timestamp::parse("2026-03-02T09:00:00Z").expect("an instant")
}

/// An open store, with a directory of its own.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) directory: TempDir,
}

impl Bench {
    /// A store in an SQLite file.
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let address = Address::File(directory.path().join("madura.db"));
        Self { store: Store::open(&address, start()).expect("a store"), directory }
    }

    /// A store on a server; `None`, with a notice, where no server can be started.
    pub(crate) fn postgres() -> Option<Self> {
        let address = server::database()?;
        let directory = tempfile::tempdir().expect("a directory");
        Some(Self { store: Store::open(&address, start()).expect("a store"), directory })
    }
}

/// Runs `body` on a new store of either kind, one after the other.
pub(crate) fn on_both(body: impl Fn(&Bench)) {
    body(&Bench::sqlite());
    if let Some(bench) = Bench::postgres() {
        body(&bench);
    }
}

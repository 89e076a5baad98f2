//! What is remembered: facts, identities, ranks, models, accounts. SQLite by default, PostgreSQL to
//! scale; one set of statements serves both.
//!
//! ```text
//! Store::write(job) -> one writer, many jobs per commit -> answered when the commit is on disk
//! Store::inbox()    -> a table to put reports in fast, settled by a job soon after
//! Store::read(job)  -> a snapshot of its own, never waiting for the writer
//! ```

pub mod accounts;
pub mod audit;
pub mod backup;
mod cells;
mod chunks;
mod company;
pub mod consent;
mod db;
pub mod erase;
pub mod facts;
pub mod idempotency;
pub mod identity;
pub mod imports;
pub mod inbox;
pub mod jobs;
pub mod keys;
pub mod marks;
mod migrate;
mod readers;
pub mod reading;
pub mod retention;
pub mod scores;
mod secret;
pub mod segments;
pub mod settings;
mod suppression;
pub mod webhooks;
mod words;
pub mod write_keys;
mod writer;

pub use company::{Company, companies_by_id, company, company_of_domain};
pub use db::{Address, AddressError, Column, Connection, DbError, Param, Row, Tx};
pub use secret::{Digest, Token};
pub use segments::{SegmentError, Segments};
pub use writer::Pending;

use std::path::Path;
use std::sync::Arc;

use leads::Timestamp;

use inbox::Inbox;
use readers::Readers;
use writer::{Ways, Writer};

/// The open store. Clones share it; it closes when the last one is dropped.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    address: Address,
    writer: Writer,
    inbox: Inbox,
    readers: Readers,
}

const WAYS: Ways =
    Ways { name: "store-writer", open: Connection::open, begin: Connection::begin_write };

impl Store {
    /// Opens the database at `address`, makes it where there is none, and brings its tables up to
    /// date. `now` dates what it does.
    pub fn open(address: &Address, now: Timestamp) -> Result<Self, DbError> {
        let mut connection = Connection::open(address)?;
        migrate::run(&mut connection, now)?;
        let inner = Inner {
            address: address.clone(),
            writer: Writer::start(Some(connection), address.clone(), WAYS)?,
            inbox: Inbox::open(address)?,
            readers: Readers::new(address.clone()),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.inner.address
    }

    /// Where reports wait that were taken and are not settled yet.
    pub fn inbox(&self) -> &Inbox {
        &self.inner.inbox
    }

    /// Hands `job` to the one writer, which runs many jobs in one commit. The answer comes when the
    /// commit is on disk; a job that fails leaves nothing behind and disturbs no other job.
    pub fn submit<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.inner.writer.submit(job)
    }

    /// The same, waiting for the answer. Never call it from asynchronous code.
    pub fn write<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.submit(job).wait()
    }

    /// The same for a job that changes many rows: it costs less, and waits for a commit of its own.
    pub fn submit_much<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.inner.writer.submit_large(job)
    }

    /// Reads what was written a moment ago, or is about to be written. SQLite's other connections forget
    /// all pages whenever the writer commits; the writer itself has them at hand, so it reads. A server
    /// has them at hand for everybody.
    pub fn read_again<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match self.inner.address {
            Address::File(_) => self.write(job),
            Address::Postgres(_) => self.read(job),
        }
    }

    /// Runs `job` on a snapshot, beside the writer and other readers. It blocks: call it from
    /// asynchronous code through a thread for blocking work.
    pub fn read<T, E>(&self, job: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        self.inner.readers.read(job)
    }

    /// Why the store no longer takes anything: a write to disk failed, and what the disk holds since
    /// then is not known. The process should end; on the next start the store recovers.
    pub fn failure(&self) -> Option<String> {
        self.inner.writer.failure().or_else(|| self.inner.inbox.failure())
    }

    /// The file of an embedded store.
    pub fn file(&self) -> Option<&Path> {
        self.inner.address.file()
    }
}

//! What is remembered: facts, identities, ranks, models, accounts. SQLite by default, PostgreSQL to
//! scale; one set of statements serves both.
//!
//! ```text
//! Store::write(job) -> one writer, many jobs per commit -> answered when the commit is on disk
//! Store::inbox()    -> a table to put reports in fast, settled by a job soon after
//! Store::submit_repeatable(job) -> answered when it is committed: for what follows from that table
//! Store::read(job)  -> a snapshot of its own, never waiting for the writer, nor for the disk
//! ```

pub mod accounts;
mod alone;
pub mod audit;
pub mod backup;
mod cells;
mod chunks;
mod company;
pub mod consent;
mod db;
pub mod erase;
pub mod erase_again;
pub mod facts;
mod failure;
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
mod syncs;
pub mod webhooks;
mod words;
pub mod write_keys;
mod writer;

pub use alone::Alone;
pub use company::{Company, companies_by_id, company, company_of_domain};
pub use db::{Address, AddressError, Column, Connection, DbError, Param, Row, Tx, perils};
pub use secret::{Digest, Token};
pub use segments::{SegmentError, Segments};
pub use syncs::Syncing;
pub use writer::Pending;

use std::path::Path;
use std::sync::Arc;

use leads::Timestamp;
use tokio::sync::oneshot;

use inbox::Inbox;
use readers::Readers;
use writer::{Place, Until, Ways, Writer};

/// The open store. Clones share it; it closes when the last one is dropped.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    address: Address,
    writer: Writer,
    inbox: Arc<Inbox>,
    readers: Readers,
    /// Of whoever scores: they do not wait for others to have read.
    readers_beside: Readers,
}

impl Store {
    /// Opens the database at `address`, makes it where there is none, and brings its tables up to
    /// date. `now` dates what it does.
    pub fn open(address: &Address, now: Timestamp) -> Result<Self, DbError> {
        Self::open_syncing(address, &syncs::to_disk(), now)
    }

    /// The same with another way to make the logs of files durable: to see what happens where that fails,
    /// or the power does.
    pub fn open_syncing(
        address: &Address,
        syncing: &Syncing,
        now: Timestamp,
    ) -> Result<Self, DbError> {
        let ways = Ways {
            name: "store-writer",
            open: Connection::open,
            begin: Connection::begin_write,
            syncing: Arc::clone(syncing),
            goes_on: true,
        };
        let mut connection = Connection::open(address)?;
        migrate::run(&mut connection, now)?;
        let inner = Inner {
            address: address.clone(),
            writer: Writer::start(Some(connection), address.clone(), ways)?,
            inbox: Arc::new(Inbox::open(address, syncing)?),
            readers: Readers::new(address.clone()),
            readers_beside: Readers::new(address.clone()),
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
        self.inner.writer.submit(Until::Safe, job)
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

    /// The same for a job that looks for something to do and takes it, and mostly finds nothing: then it does
    /// not wait for the disk.
    pub fn submit_claim<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.inner.writer.submit(Until::SafeIfItWrote, job)
    }

    /// The same for a job that changes many rows and would be done again were it lost, as it follows from parcels
    /// that are in the inbox, or from marks. It costs less, and waits for a commit of its own; the answer comes when
    /// others see what it wrote. A power cut may undo that
    /// until some other job is answered, or [`Store::put_away`]. Nobody may be told of it as of something
    /// that lasts. On a server it is on disk like any other job.
    pub fn submit_repeatable<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.inner.writer.submit_at(Place::First, job)
    }

    /// The same for a job that is small and that somebody looks at: it comes before all that wait, in a commit of its
    /// own.
    pub fn submit_urgent<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.inner.writer.submit_at(Place::Alone, job)
    }

    /// Waits until everything is on disk that can be read by now. Others see a commit before it is there: what
    /// was read is to be made safe before it is told where it lasts longer. Never call it from asynchronous
    /// code.
    pub fn make_safe(&self) -> Result<(), DbError> {
        self.inner.writer.submit(Until::Safe, |_| Ok(())).wait()
    }

    /// Notes parcels of which everything that follows is committed. They stay in the inbox until
    /// [`Store::put_away`]; on a server, where every commit is on disk, they are taken away at once. Answers how
    /// many are noted.
    pub fn done_with(&self, parcels: Vec<String>) -> usize {
        match self.inner.address {
            Address::File(_) => self.inner.inbox.note_done(parcels),
            Address::Postgres(_) => {
                self.inner.inbox.clear(parcels);
                0
            }
        }
    }

    /// Takes the parcels from the inbox that are noted as done, once everything that was committed before is
    /// on disk. Nobody waits for it: a parcel that stays is settled again at the next start.
    pub fn put_away(&self) {
        self.put_away_then(|_| {});
    }

    /// The same, waiting until they are gone for good, those too that an earlier call is at. Never call it from
    /// asynchronous code.
    pub fn put_away_and_wait(&self) -> Result<(), DbError> {
        let (sender, put_away) = oneshot::channel();
        self.put_away_then(move |safe| drop(sender.send(safe)));
        put_away.blocking_recv().unwrap_or_else(|_| Err(writer::closed()))?;
        self.inner.inbox.wait()
    }

    fn put_away_then(&self, then: impl FnOnce(Result<(), DbError>) + Send + 'static) {
        // Not the store itself: it must not be closed on a thread that it waits for then.
        let inbox = Arc::clone(&self.inner.inbox);
        let parcels = inbox.take_done();
        if self.file().is_none() {
            // Every commit is on disk.
            inbox.clear(parcels);
            return then(Ok(()));
        }
        self.inner.writer.submit_then(
            Until::Safe,
            |_| Ok(()),
            move |safe: Result<(), DbError>| {
                match &safe {
                    Ok(()) => inbox.clear(parcels),
                    Err(error) => {
                        tracing::warn!(%error, "settled reports stay in the inbox for now");
                        inbox.note_done(parcels);
                    }
                }
                then(safe);
            },
        );
    }

    /// Begins to read what was written a moment ago, or is about to be written. SQLite's other connections
    /// forget all pages whenever the writer commits; the writer itself has them at hand, so it reads, before
    /// everything that is handed in after this, but for what is urgent. A server has them at hand for everybody:
    /// there it is read when this returns.
    pub fn submit_reading<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match self.inner.address {
            Address::File(_) => self.inner.writer.submit_at(Place::First, job),
            Address::Postgres(_) => Pending::answered(self.read(job)),
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

    /// The same, whatever others read and for however long.
    pub fn read_beside<T, E>(&self, job: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        self.inner.readers_beside.read(job)
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

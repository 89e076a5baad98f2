//! The inbox: reports that were answered with success and wait to be settled, by the parcel.
//!
//! Settling a report (whose it is, whether it is new) reads and writes pages all over the database.
//! To be sure that it is not lost takes no more than a row at the end of a table. So the answer does not
//! wait for the first: a parcel is on disk when it is answered, and is taken away when its facts are, and
//! the scores that follow. Whatever happens in between, it is settled again; facts with one id count once.
//!
//! The order that keeps it true, whenever the power goes: the row of a parcel is synced, then answered;
//! facts and scores are committed, many at a time and without a sync; the store's log is synced; only then
//! the row is taken away (whether that is lost does not matter). The store's log has one order: what a
//! power cut leaves of it is a beginning, and whatever is beyond has its parcels in the inbox, or a mark of
//! a job that was synced. What leaves the house waits for the disk by itself: who sends a message has
//! claimed it in a synced job, which made the message safe with all before it.
//!
//! An embedded store keeps the inbox in a file of its own, with a writer of its own; on a server it is
//! a table.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leads::{Report, Timestamp};

use crate::db::{Address, Connection, DbError, Row, Tx};
use crate::syncs::Syncing;
use crate::writer::{Until, Ways, Writer};

/// The statement that makes the table, where it is a file of its own.
const TABLE: &str = include_str!("../migrations/006_inbox.sql");

/// Memory for pages of its file. Rows are added and taken away, and never looked for: the pages of the store
/// are worth more.
const CACHE_KIB: u32 = 4_096;

/// Reports that came together.
#[derive(Clone, PartialEq, Debug)]
pub struct Parcel {
    /// A fresh id; later ones sort behind earlier ones.
    pub id: String,
    /// When it came.
    pub at: Timestamp,
    /// What is in it.
    pub reports: Vec<Report>,
}

/// How it is with an inbox.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Condition {
    /// Parcels that wait to be settled.
    pub waiting: i64,
    /// Parcels that the store did not take, by id, each with the reason.
    pub set_aside: Vec<(String, String)>,
    /// What is damaged.
    pub damages: Vec<String>,
}

/// The inbox of a store.
pub struct Inbox {
    writer: Writer,
    address: Address,
    /// Parcels of which everything that follows is committed, but maybe not on disk.
    done: Mutex<Vec<String>>,
    /// Parcels that could not be taken away, on a full disk for instance.
    left: Arc<Mutex<Vec<String>>>,
}

impl Inbox {
    /// That of the database at `address`; it is made when it is first used.
    pub(crate) fn open(address: &Address, syncing: &Syncing) -> Result<Self, DbError> {
        let address = match address {
            Address::File(path) => Address::File(file_beside(path)),
            server @ Address::Postgres(_) => server.clone(),
        };
        let ways = Ways {
            name: "inbox-writer",
            open,
            begin: Connection::begin_append,
            syncing: Arc::clone(syncing),
            goes_on: false,
        };
        let writer = Writer::start(None, address.clone(), ways)?;
        Ok(Self { writer, address, done: Mutex::default(), left: Arc::default() })
    }

    /// Puts a parcel in. `then` is told once it is on disk, on a thread of the inbox, in the order in
    /// which parcels came.
    pub fn put(&self, parcel: Parcel, then: impl FnOnce(Result<Parcel, DbError>) + Send + 'static) {
        let text = text(&parcel.reports);
        let (id, at) = (parcel.id.clone(), parcel.at);
        self.writer.submit_then(
            Until::Safe,
            move |tx| insert(tx, &id, at, &text),
            move |stored: Result<(), DbError>| then(stored.map(|()| parcel)),
        );
    }

    /// Notes parcels of which everything that follows is committed; answers how many are noted.
    pub(crate) fn note_done(&self, mut parcels: Vec<String>) -> usize {
        let mut done = lock(&self.done);
        done.append(&mut parcels);
        done.len()
    }

    /// What is noted so far.
    pub(crate) fn take_done(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.done))
    }

    /// Waits until everything that it was told before is on disk.
    pub(crate) fn wait(&self) -> Result<(), DbError> {
        if self.file().is_some_and(|file| !file.exists()) {
            return Ok(());
        }
        self.writer.submit(Until::Safe, |_| Ok(())).wait()
    }

    /// Takes parcels away whose facts are on disk, and those that an earlier call could not take away.
    /// Nobody waits for it: what is not taken away is settled again at the next start.
    pub fn clear(&self, mut ids: Vec<String>) {
        ids.append(&mut lock(&self.left));
        if ids.is_empty() {
            return;
        }
        let (left, ids) = (Arc::clone(&self.left), Arc::new(ids));
        let clearing = Arc::clone(&ids);
        self.writer.submit_then(
            Until::Committed,
            move |tx| {
                for id in clearing.iter() {
                    tx.execute("DELETE FROM inbox WHERE id = $1", &[id.into()])?;
                }
                Ok::<(), DbError>(())
            },
            move |cleared| {
                if let Err(error) = cleared {
                    tracing::warn!(%error, "settled reports stay in the inbox for now");
                    lock(&left).extend(ids.iter().cloned());
                }
            },
        );
    }

    /// Sets a parcel aside that the store does not take, with the reason. It stays where it is.
    pub fn set_aside(&self, id: String, why: String) {
        self.writer.submit_then(
            Until::Safe,
            move |tx| {
                let sql = "UPDATE inbox SET failure = $2 WHERE id = $1";
                tx.execute(sql, &[(&id).into(), (&why).into()]).map(|_| ())
            },
            |done: Result<(), DbError>| {
                if let Err(error) = done {
                    tracing::warn!(%error, "why a parcel was set aside is not written down");
                }
            },
        );
    }

    /// Every parcel, in the order in which they came: those too that were set aside, and those that
    /// somebody may be settling just now.
    pub fn all(&self) -> Result<Vec<Parcel>, DbError> {
        match &self.address {
            Address::File(path) if !path.exists() => Ok(Vec::new()),
            address => read(&mut open(address)?.transaction()),
        }
    }

    /// Parcels that came before an instant and were not set aside: what a node leaves behind that ended
    /// while others go on.
    pub fn left_behind(&self, before: Timestamp) -> Result<Vec<Parcel>, DbError> {
        match &self.address {
            Address::File(_) => Ok(Vec::new()),
            server @ Address::Postgres(_) => {
                let sql = "SELECT id, at, reports FROM inbox WHERE at < $1 AND failure IS NULL
                    ORDER BY id LIMIT 1000";
                open(server)?.transaction().query(sql, &[before.into()], parcel)
            }
        }
    }

    /// How it is with the inbox: what waits, what was set aside and why, and what cannot be read.
    pub fn condition(&self) -> Result<Condition, DbError> {
        match &self.address {
            Address::File(path) if !path.exists() => Ok(Condition::default()),
            address => condition(&mut open(address)?.transaction()),
        }
    }

    /// Moves the log into the file and empties it: it may still hold what was taken away.
    pub(crate) fn empty_log(&self) -> Result<(), DbError> {
        match self.address.file() {
            Some(path) if path.exists() => crate::db::empty_log(&self.address),
            _ => Ok(()),
        }
    }

    pub(crate) fn failure(&self) -> Option<String> {
        self.writer.failure()
    }

    /// The file of an embedded store's inbox.
    pub fn file(&self) -> Option<&Path> {
        self.address.file()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the inbox of a database file is.
pub(crate) fn file_beside(path: &Path) -> PathBuf {
    path.with_extension("inbox.db")
}

fn open(address: &Address) -> Result<Connection, DbError> {
    let mut connection = Connection::open(address)?;
    if address.file().is_some() {
        let make = TABLE.replace("CREATE TABLE inbox", "CREATE TABLE IF NOT EXISTS inbox");
        connection.run(&format!("{make} PRAGMA cache_size = -{CACHE_KIB};"))?;
    }
    Ok(connection)
}

/// Reports as the table has them.
fn text(reports: &[Report]) -> String {
    // A report has some 500 bytes: a text that grows by doubling is copied ten times.
    let mut text = Vec::with_capacity(64 + reports.len() * 600);
    // Reports always have a JSON form, and it is UTF-8.
    let _ = serde_json::to_writer(&mut text, reports);
    String::from_utf8(text).unwrap_or_default()
}

fn insert(tx: &mut Tx<'_>, id: &str, at: Timestamp, reports: &str) -> Result<(), DbError> {
    let sql = "INSERT INTO inbox (id, at, reports) VALUES ($1, $2, $3)";
    tx.execute(sql, &[id.into(), at.into(), reports.into()]).map(|_| ())
}

/// The parcels in the table of a database, which of an embedded store holds what a backup brought.
pub fn read(tx: &mut Tx<'_>) -> Result<Vec<Parcel>, DbError> {
    tx.query("SELECT id, at, reports FROM inbox ORDER BY id", &[], parcel)
}

fn parcel(row: &Row<'_>) -> Result<Parcel, DbError> {
    let (id, reports): (String, String) = (row.get(0)?, row.get(2)?);
    let reports = serde_json::from_str(&reports)
        .map_err(|error| DbError::Damaged(format!("the parcel {id} of the inbox: {error}")))?;
    Ok(Parcel { id, at: Timestamp::saturating_from_millis(row.get(1)?), reports })
}

/// Takes a parcel from the table of a database, in the transaction that settles it.
pub fn remove(tx: &mut Tx<'_>, id: &str) -> Result<(), DbError> {
    tx.execute("DELETE FROM inbox WHERE id = $1", &[id.into()]).map(|_| ())
}

/// Puts parcels into the table of a database: into a backup's.
pub(crate) fn add(tx: &mut Tx<'_>, parcels: &[Parcel]) -> Result<(), DbError> {
    for parcel in parcels {
        insert(tx, &parcel.id, parcel.at, &text(&parcel.reports))?;
    }
    Ok(())
}

fn condition(tx: &mut Tx<'_>) -> Result<Condition, DbError> {
    let mut found = Condition { damages: tx.damages()?, ..Condition::default() };
    let sql = "SELECT id, at, reports, failure FROM inbox ORDER BY id";
    tx.each(sql, &[], |row| {
        let failure: Option<String> = row.get(3)?;
        found.waiting += i64::from(failure.is_none());
        if let Some(why) = failure {
            found.set_aside.push((row.get(0)?, why));
        }
        if let Err(error) = parcel(row) {
            found.damages.push(error.to_string());
        }
        Ok(())
    })?;
    Ok(found)
}

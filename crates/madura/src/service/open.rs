//! The system, opened: store, sealed facts, live scoring.

use std::fmt::Display;
use std::fs::{self, File, TryLockError};
use std::sync::Arc;
use std::thread::{self, available_parallelism};
use std::time::Duration;

use ingest::MailboxKind;
use live::{Live, Surroundings};
use store::{Address, Alone, Segments, Store};

use super::Settings;
use crate::clock::now;
use crate::exit::{Failure, Result};

/// What a command works on that needs the store and nothing more.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) segments: Segments,
    /// Held as long as the house is open.
    _lock: Option<Lock>,
}

/// What keeps another process out.
enum Lock {
    Directory { _file: File },
    Server { _place: Alone },
}

/// How often it is looked at whether the place on a server is still ours.
const PULSE: Duration = Duration::from_secs(2);

/// The end of another process is waited for, for 5 s.
const TRIES: usize = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// A house with live scoring in it.
pub(crate) struct Opened {
    pub(crate) live: Live,
    /// Kept, for its lock.
    _house: House,
}

impl House {
    /// Opens the store; makes it where there is none. Only a single process may be in at a time: two
    /// writers with a memory of their own would not know of each other.
    pub(crate) fn open(settings: &Settings) -> Result<Self> {
        fs::create_dir_all(&settings.data).map_err(|error| {
            Failure::file(format!("cannot make {}", settings.data.display()), error)
        })?;
        let lock = match &settings.db {
            Address::File(_) => Lock::Directory { _file: lock(settings)? },
            Address::Postgres(_) => Lock::Server { _place: place(settings)? },
        };
        let store = Store::open(&settings.db, now())
            .map_err(|error| Failure::system(format!("{}: {error}", settings.db)))?;
        let segments = Segments::open(&settings.data.join("events")).map_err(Failure::system)?;
        Ok(Self { store, segments, _lock: Some(lock) })
    }

    /// Opens the store beside a system that may be running on it, for whoever only reads.
    pub(crate) fn beside(settings: &Settings) -> Result<Self> {
        if let Some(path) = settings.db.file()
            && !path.exists()
        {
            return Err(Failure::usage(format!("{} is not there", path.display()))
                .hint("say where it is with --data or --db"));
        }
        let store = Store::open(&settings.db, now())
            .map_err(|error| Failure::system(format!("{}: {error}", settings.db)))?;
        let segments = Segments::open(&settings.data.join("events")).map_err(Failure::system)?;
        Ok(Self { store, segments, _lock: None })
    }

    /// Whether a process works on it just now; no, where the database does not answer.
    pub(crate) fn is_in_use(settings: &Settings) -> bool {
        if settings.db.file().is_none() {
            return Alone::is_taken(&settings.db).unwrap_or(false);
        }
        let lock = File::open(settings.data.join("lock"));
        lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Puts live scoring in.
    pub(crate) fn live(self) -> Result<Opened> {
        let threads = available_parallelism().map_or(1, std::num::NonZero::get);
        let around = Surroundings { email_kind, fresh_id, threads };
        let live = Live::open(self.store.clone(), self.segments.clone(), around, now())
            .map_err(Failure::system)?;
        Ok(Opened { live, _house: self })
    }
}

fn lock(settings: &Settings) -> Result<File> {
    let path = settings.data.join("lock");
    let place = || format!("cannot open {}", path.display());
    let file = File::create(&path).map_err(|error| Failure::file(place(), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(in_use(settings.data.display())),
        Err(TryLockError::Error(error)) => Err(Failure::file(place(), error)),
    }
}

fn in_use(what: impl Display) -> Failure {
    Failure::system(format!("{what} is in use by another madura"))
        .hint("stop that one first, or talk to it: `madura login` and `madura models` do that")
}

/// The place of the one process on a server's database. Of one that was killed the server hears a moment later.
fn place(settings: &Settings) -> Result<Alone> {
    #[expect(clippy::exit, reason = "an end like any other, and nothing more may be written")]
    let lost = || {
        // What was acknowledged is in the database, as after any other end.
        tracing::error!("the database was away, and another madura works on it now: this one ends");
        std::process::exit(4);
    };
    for _ in 0..TRIES {
        let place = Alone::enter(&settings.db, PULSE, lost)
            .map_err(|error| Failure::system(format!("{}: {error}", settings.db)))?;
        if let Some(place) = place {
            return Ok(place);
        }
        thread::sleep(BETWEEN_TRIES);
    }
    Err(in_use(&settings.db))
}

#[expect(clippy::unnecessary_wraps, reason = "of a kind that others may not know")]
fn email_kind(domain: &str) -> Option<&'static str> {
    Some(MailboxKind::of(domain).name())
}

/// An id that was never given before; later ones sort behind earlier ones.
pub(crate) fn fresh_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The clock, for whoever takes one.
pub(crate) fn clock() -> server::Clock {
    Arc::new(now)
}

/// The system's generator of random numbers, for whoever takes one.
pub(crate) fn random() -> server::Random {
    Arc::new(|bytes: &mut [u8]| {
        // Without randomness there are no secrets, and without secrets nothing may go on.
        getrandom::fill(bytes).expect("the system has random numbers");
    })
}

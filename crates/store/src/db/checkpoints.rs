//! Moving what is written from SQLite's log into its file, beside the writer.
//!
//! SQLite would do so within the commit that makes the log too long, and let everybody wait for some
//! hundred milliseconds of writing all over the file, and of the disk taking it. Here another connection does
//! it while the writer goes on, and the disk has taken what it moved before the next round begins. A round
//! never comes to the end while more is written, but each has less to do than the one before. Once little
//! is left the writer does that itself, within a commit: then the log begins anew.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::ffi::ErrorCode;
use rusqlite::hooks::Wal;

use super::{Address, Connection, DbError, held};
use crate::failure::Failure;

/// Pages (4 KiB) in the log from which on they are moved: 128 MiB. A page that is changed again before that is
/// moved once, and ids come in no order: of so many pages under load a third are different ones.
const FROM: i32 = 32_768;

/// A log takes no more than this share of what is free on its disk: where the disk is full, nothing of it can be moved
/// that makes the file longer.
const SHARE: u64 = 4;

/// Pages that are too few to be moved, however full the disk is.
const FEW: i32 = 256;

/// So many pages more before the next round, or the next try to end it.
const MORE: i32 = 1_024;

const PAGE_BYTES: u64 = 4_096;

/// What is little: the writer moves it within 6 to 30 ms, or 120 ms where others keep the disk busy.
const LITTLE: i32 = 2_048;

/// Pages in the log at which the writer does the rest, however much it is: 256 MiB; half of it is read by a start in 0.4 s.
/// A disk that is slower than the writer comes to that.
const MOST: i32 = 65_536;

/// A thread that moves pages whenever the writer asks for it.
pub(crate) struct Checkpoints {
    asked: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    moved: Arc<Moved>,
    file: PathBuf,
    failure: Failure,
}

/// How many pages of which log the last round has moved, and the disk has taken. The log that begins anew is
/// another one: 32 bits count logs, 32 pages, so that both are read at once.
#[derive(Default)]
struct Moved(AtomicU64);

impl Moved {
    /// The number of the log that is being written.
    fn log(&self) -> u32 {
        (self.0.load(Ordering::Acquire) >> 32) as u32
    }

    /// Its pages that are moved.
    fn pages(&self) -> i32 {
        i32::try_from(self.0.load(Ordering::Acquire) & u64::from(u32::MAX)).unwrap_or_default()
    }

    /// Another log begins.
    fn begin(&self) {
        self.0.store(u64::from(self.log().wrapping_add(1)) << 32, Ordering::Release);
    }

    /// A round that began while this log was written has moved so many pages; nothing where it is gone.
    fn note(&self, log: u32, pages: i32) {
        let pages = u64::from(pages.max(0).unsigned_abs());
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |known| {
            (known >> 32 == u64::from(log)).then_some(known & !u64::from(u32::MAX) | pages)
        });
    }
}

/// What is to be done about the log after a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Nothing,
    /// Another round, beside the writer.
    Beside,
    /// The rest, now.
    Within,
}

/// What was done about a log so far.
#[derive(Default)]
struct Course {
    /// Pages that were in it at the last commit, at the last call for a round, and at the last try to end it.
    pages: i32,
    asked: i32,
    tried: i32,
}

impl Course {
    /// A commit has left so many pages in the log, of which `moved` are in the file and on the disk. They are moved from
    /// `from` on.
    fn step(&mut self, pages: i32, from: i32, moved: &Moved) -> Step {
        if pages < self.pages {
            *self = Self::default();
            moved.begin();
        }
        self.pages = pages;
        let left = pages - moved.pages();
        let is_time = |last: i32, from: i32| pages >= from && pages - last >= MORE.min(from);
        if is_time(self.tried, MOST) || (left <= LITTLE && is_time(self.tried, from)) {
            self.tried = pages;
            return Step::Within;
        }
        if is_time(self.asked, from) {
            self.asked = pages;
            return Step::Beside;
        }
        Step::Nothing
    }
}

/// From how many pages on they are moved, on the disk with this file.
fn from(file: &Path) -> i32 {
    let Ok(disk) = rustix::fs::statvfs(file) else { return FROM };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize) / PAGE_BYTES;
    i32::try_from(free / SHARE).unwrap_or(FROM).clamp(FEW, FROM)
}

impl Checkpoints {
    /// For a database in a file; a server does this by itself.
    pub(crate) fn start(address: &Address, failure: Failure) -> Result<Option<Self>, DbError> {
        let Some(file) = address.file().map(Path::to_owned) else { return Ok(None) };
        let (asked, asks) = sync_channel(1);
        let moved = Arc::new(Moved::default());
        let mut rounds = Rounds {
            address: address.clone(),
            connection: None,
            moved: Arc::clone(&moved),
            failure: failure.clone(),
        };
        let thread = thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn(move || rounds.work(&asks))
            .map_err(|error| DbError::Unavailable(error.to_string()))?;
        Ok(Some(Self { asked: Some(asked), thread: Some(thread), moved, file, failure }))
    }

    /// Looks after the log of the writer's connection from now on.
    pub(crate) fn look_after(&self, connection: &mut Connection) -> Result<(), DbError> {
        let (Connection::Sqlite(connection), Some(asked)) = (connection, self.asked.clone()) else {
            return Ok(());
        };
        let (moved, failure) = (Arc::clone(&self.moved), self.failure.clone());
        let file = self.file.clone();
        let mut course = Course::default();
        connection.wal_hook(Some(move |log: &mut Wal, pages: i32| {
            match course.step(pages, from(&file), &moved) {
                Step::Nothing => {}
                // It is asked already, or its end has come.
                Step::Beside => drop(asked.try_send(())),
                // Where somebody is at it just now, or reads what is old, a later commit tries again.
                Step::Within => {
                    if let Err(error) = log.checkpoint() {
                        note(&error.into(), &failure);
                    }
                }
            }
            Ok(())
        }))?;
        Ok(())
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.asked = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread has.
struct Rounds {
    address: Address,
    /// `None`: to be opened anew.
    connection: Option<(Connection, Arc<File>)>,
    moved: Arc<Moved>,
    failure: Failure,
}

impl Rounds {
    fn work(&mut self, asks: &Receiver<()>) {
        while asks.recv().is_ok() {
            if self.connection.is_none() {
                self.connection = open(&self.address);
            }
            let Some((Connection::Sqlite(open), file)) = &self.connection else { continue };
            let log = self.moved.log();
            let done = round(open, file);
            match done {
                Ok(pages) => self.moved.note(log, pages),
                Err(error) => {
                    // The writer finds out by itself, and says so to whoever waits for it.
                    tracing::warn!(%error, "the log of the database could not be shortened");
                    note(&error, &self.failure);
                    self.connection = None;
                }
            }
        }
    }
}

fn open(address: &Address) -> Option<(Connection, Arc<File>)> {
    let file = held::file(address.file()?).ok()?;
    Some((Connection::open(address).ok()?, file))
}

/// Moves what is in the log by now, and waits until the disk has it: SQLite only does that at the very end, where
/// the writer would wait for all of it. Answers how many pages of the log are moved.
fn round(connection: &rusqlite::Connection, file: &File) -> Result<i32, DbError> {
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(2));
    let moved = match moved {
        // The writer is at it.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => 0,
        moved => moved?,
    };
    match file.sync_data() {
        Ok(()) => Ok(moved),
        Err(error) => Err(DbError::Failed(format!("the database cannot be synced: {error}"))),
    }
}

/// A write to the file that failed may be taken for one that succeeded by whoever tries again, and the log
/// be written over then, which had it.
fn note(error: &DbError, failure: &Failure) {
    if let DbError::Failed(reason) = error {
        failure.note(reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_is_left_with_what_came_during_the_last_round() {
        let (mut course, moved) = (Course::default(), Moved::default());
        assert_eq!(course.step(FROM - 1, FROM, &moved), Step::Nothing);
        assert_eq!(course.step(FROM + 500, FROM, &moved), Step::Beside);
        // The round goes on.
        assert_eq!(course.step(FROM + 600, FROM, &moved), Step::Nothing);
        assert_eq!(course.step(FROM + 9_000, FROM, &moved), Step::Beside);
        moved.note(moved.log(), FROM + 600);
        assert_eq!(course.step(FROM + 9_100, FROM, &moved), Step::Nothing);
        moved.note(moved.log(), FROM + 9_100);
        assert_eq!(course.step(FROM + 9_100 + LITTLE, FROM, &moved), Step::Within);
    }

    #[test]
    fn what_a_round_tells_of_a_log_that_is_gone_counts_for_nothing() {
        let (mut course, moved) = (Course::default(), Moved::default());
        assert_eq!(course.step(FROM, FROM, &moved), Step::Beside);
        let log = moved.log();
        moved.note(log, FROM);
        assert_eq!(course.step(FROM + MORE, FROM, &moved), Step::Within);
        assert_eq!(course.step(10, FROM, &moved), Step::Nothing);
        moved.note(log, FROM + MORE);
        assert_eq!(moved.pages(), 0);
        assert_eq!(course.step(FROM, FROM, &moved), Step::Beside);
    }

    #[test]
    fn where_little_is_free_the_log_is_moved_early() {
        let (mut course, moved) = (Course::default(), Moved::default());
        assert_eq!(course.step(FEW - 1, FEW, &moved), Step::Nothing);
        assert_eq!(course.step(FEW, FEW, &moved), Step::Within);
        assert_eq!(course.step(2 * FEW - 1, FEW, &moved), Step::Beside);
        assert_eq!(course.step(2 * FEW, FEW, &moved), Step::Within);
        let directory = tempfile::tempdir().expect("a directory");
        assert!((FEW..=FROM).contains(&from(directory.path())));
        assert_eq!(from(Path::new("/nowhere/at/all")), FROM);
    }

    #[test]
    fn somebody_who_reads_for_long_makes_the_writer_try_seldom_and_a_slow_disk_makes_it_wait() {
        let (mut course, moved) = (Course::default(), Moved::default());
        moved.note(moved.log(), FROM);
        assert_eq!(course.step(FROM, FROM, &moved), Step::Within);
        assert_eq!(course.step(FROM + 1, FROM, &moved), Step::Beside);
        let tries = (FROM + 2..MOST + 2 * MORE).filter(|pages| {
            let step = course.step(*pages, FROM, &moved);
            assert!(step != Step::Within || *pages <= FROM + LITTLE || *pages >= MOST);
            step == Step::Within
        });
        assert_eq!(tries.count(), 4);
    }
}

//! Making commits safe, beside the writer.
//!
//! SQLite would sync its log within each commit. Here it does so only before it begins the log anew and
//! before it moves pages into the file (`synchronous = NORMAL`), by which the file is whole whenever the
//! power goes, and a commit is either there with all before it or not there. That a commit is there for
//! good is known when the log was synced after it: this thread does so, through a handle of its own (a
//! sync is of a file, whoever wrote it), for all who asked meanwhile, and then answers them. The writer goes
//! on with the next group. The directory's entry of the log is synced by SQLite with the log's first page.
//!
//! So others can read a commit before it is on disk, and whoever made it is told. Who reads something in
//! order to keep it elsewhere waits for the disk in between (`Store::make_safe`).

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use crate::db::DbError;
use crate::failure::Failure;

/// What makes the bytes of a file durable, which has this path.
pub type Syncing = Arc<dyn Fn(&Path, &File) -> io::Result<()> + Send + Sync>;

/// Tells whoever waits for a job, once it is known what became of its group.
pub(crate) type Answer = Box<dyn FnOnce(Result<(), DbError>) + Send>;

/// Groups whose answers may wait; the writer waits with the next.
const WAITING: usize = 256;

/// The log of an open connection, to be synced.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
}

/// Answers that wait for a sync of a log.
struct Ask {
    log: Arc<Log>,
    answers: Vec<Answer>,
}

/// The thread that syncs.
pub(crate) struct Syncs {
    asked: Option<SyncSender<Ask>>,
    thread: Option<JoinHandle<()>>,
}

/// As the system does it.
pub(crate) fn to_disk() -> Syncing {
    Arc::new(|_, file| file.sync_data())
}

impl Log {
    /// Opens that at `path`, which is there.
    pub(crate) fn open(path: PathBuf) -> Result<Self, DbError> {
        match File::options().read(true).write(true).open(&path) {
            Ok(file) => Ok(Self { path, file }),
            Err(error) => Err(DbError::Unavailable(format!("{}: {error}", path.display()))),
        }
    }

    /// Makes what was written until now durable. Nothing is, once something has failed.
    pub(crate) fn sync(&self, syncing: &Syncing, failure: &Failure) -> Result<(), DbError> {
        if failure.reason().is_none()
            && let Err(error) = syncing(&self.path, &self.file)
        {
            failure.note(&format!("{} cannot be synced: {error}", self.path.display()));
        }
        match failure.reason() {
            Some(reason) => Err(DbError::Failed(reason)),
            None => Ok(()),
        }
    }
}

impl Syncs {
    pub(crate) fn start(syncing: Syncing, failure: Failure) -> Result<Self, DbError> {
        let (asked, asks) = sync_channel(WAITING);
        let thread = thread::Builder::new()
            .name("syncs".to_owned())
            .spawn(move || sync_when_asked(&asks, &syncing, &failure))
            .map_err(|error| DbError::Unavailable(error.to_string()))?;
        Ok(Self { asked: Some(asked), thread: Some(thread) })
    }

    /// Syncs what was written to a log until now, then answers.
    pub(crate) fn ask(&self, log: &Arc<Log>, answers: Vec<Answer>) {
        if let Some(asked) = &self.asked {
            // Were the thread gone, the answers would be dropped, which those who wait find out.
            let _ = asked.send(Ask { log: Arc::clone(log), answers });
        }
    }
}

impl Drop for Syncs {
    /// Waits until everybody is answered.
    fn drop(&mut self) {
        self.asked = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn sync_when_asked(asks: &Receiver<Ask>, syncing: &Syncing, failure: &Failure) {
    let mut next = None;
    while let Some(Ask { log, mut answers }) = next.take().or_else(|| asks.recv().ok()) {
        // Whoever asked before it begins is served by it.
        while let Ok(more) = asks.try_recv() {
            if !Arc::ptr_eq(&more.log, &log) {
                next = Some(more);
                break;
            }
            answers.extend(more.answers);
        }
        answer_all(answers, &log.sync(syncing, failure));
    }
}

pub(crate) fn answer_all(answers: Vec<Answer>, outcome: &Result<(), DbError>) {
    for answer in answers {
        answer(outcome.clone());
    }
}

//! Moving what is written from SQLite's log into its file, beside the writer.
//!
//! SQLite would do so within the commit that makes the log too long, and let everybody wait for some
//! hundred milliseconds of writing all over the file. Here another connection does most of it while the
//! writer goes on. It never comes to the end while more is written; so the writer does the rest itself,
//! now and then, which is little: then the log begins anew.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::ffi::ErrorCode;
use rusqlite::hooks::Wal;

use super::{Address, Connection, DbError};
use crate::failure::Failure;

/// Pages (4 KiB) that come to the log before some are moved beside the writer.
const BESIDE: i32 = 4_096;

/// Pages in the log at which the writer does the rest: 128 MiB, which a start reads in 0.4 s.
const WITHIN: i32 = 32_768;

/// A thread that moves pages whenever the writer asks for it.
pub(crate) struct Checkpoints {
    asked: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    failure: Failure,
}

impl Checkpoints {
    /// For a database in a file; a server does this by itself.
    pub(crate) fn start(address: &Address, failure: Failure) -> Result<Option<Self>, DbError> {
        if address.file().is_none() {
            return Ok(None);
        }
        let (asked, asks) = sync_channel(1);
        let address = address.clone();
        let noting = failure.clone();
        let thread = thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn(move || move_when_asked(&address, &asks, &noting))
            .map_err(|error| DbError::Unavailable(error.to_string()))?;
        Ok(Some(Self { asked: Some(asked), thread: Some(thread), failure }))
    }

    /// Looks after the log of the writer's connection from now on.
    pub(crate) fn look_after(&self, connection: &mut Connection) -> Result<(), DbError> {
        let (Connection::Sqlite(connection), Some(asked)) = (connection, self.asked.clone()) else {
            return Ok(());
        };
        let failure = self.failure.clone();
        let mut last_asked = 0;
        connection.wal_hook(Some(move |log: &mut Wal, pages: i32| {
            if pages < last_asked {
                last_asked = 0;
            }
            if pages >= WITHIN {
                // Where somebody is at it just now, the next commit tries again.
                if let Err(error) = log.checkpoint() {
                    note(error, &failure);
                }
            } else if pages - last_asked >= BESIDE {
                last_asked = pages;
                // It is asked already, or its end has come.
                let _ = asked.try_send(());
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

fn move_when_asked(address: &Address, asks: &Receiver<()>, failure: &Failure) {
    let mut connection = None;
    while asks.recv().is_ok() {
        if connection.is_none() {
            connection = Connection::open(address).ok();
        }
        let Some(Connection::Sqlite(open)) = &connection else { continue };
        let moved = open.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = moved
            && error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy)
        {
            // The writer finds out by itself, and says so to whoever waits for it.
            tracing::warn!(%error, "the log of the database could not be shortened");
            note(error, failure);
            connection = None;
        }
    }
}

/// A write to the file that failed may be taken for one that succeeded by whoever tries again, and the log
/// be written over then, which had it.
fn note(error: rusqlite::Error, failure: &Failure) {
    if let DbError::Failed(reason) = DbError::from(error) {
        failure.note(&reason);
    }
}

//! One process at a time on a server's database. What it has in memory, and the files of facts on its disk, another
//! would not know of: two would write over each other's scores.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::db::{Address, Connection, DbError};

/// Any number does, as long as nobody else uses it: the one after that of [`Connection::begin_write`].
const LOCK: i64 = 623_873;

/// Held by the process that works on a database; dropped, another may.
pub struct Alone {
    stop: Option<Sender<()>>,
    watch: Option<JoinHandle<()>>,
}

impl Alone {
    /// Takes the place of the one process; `None`: another has it. Whether it still has it is looked at every
    /// `pulse`, as a lock ends with its connection: where another came in between, `lost` is called, once.
    pub fn enter(
        address: &Address,
        pulse: Duration,
        lost: impl FnOnce() + Send + 'static,
    ) -> Result<Option<Self>, DbError> {
        let Some(mut connection) = lock(address)? else { return Ok(None) };
        let (stop, stopped) = channel();
        let address = address.clone();
        let watch = move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(pulse) {
                if connection.transaction().probe().is_ok() {
                    continue;
                }
                match lock(&address) {
                    Ok(Some(again)) => connection = again,
                    Ok(None) => return lost(),
                    // The server is away; nobody else can be there.
                    Err(_) => {}
                }
            }
        };
        let watch = thread::Builder::new()
            .name("alone".to_owned())
            .spawn(watch)
            .map_err(|error| DbError::Unavailable(error.to_string()))?;
        Ok(Some(Self { stop: Some(stop), watch: Some(watch) }))
    }

    /// Whether a process works on a server's database.
    pub fn is_taken(address: &Address) -> Result<bool, DbError> {
        lock(address).map(|connection| connection.is_none())
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(watch) = self.watch.take() {
            // It panics nowhere; and if it did, its connection is gone with it.
            let _ = watch.join();
        }
    }
}

/// A connection that has the lock; `None`: another one has it.
fn lock(address: &Address) -> Result<Option<Connection>, DbError> {
    let mut connection = Connection::open(address)?;
    let sql = "SELECT CAST(CASE WHEN pg_try_advisory_lock($1) THEN 1 ELSE 0 END AS BIGINT)";
    let is_ours = connection.transaction().value::<i64>(sql, &[LOCK.into()])? == 1;
    Ok(is_ours.then_some(connection))
}

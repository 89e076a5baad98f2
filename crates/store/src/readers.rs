//! Connections for reading: as many as readers at a time, kept for the next.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::db::{Address, Connection, DbError, Tx};

/// Readers at a time. Each holds a cache of 16 MiB; more of them than cores gain nothing on a file.
const READERS: usize = 4;

pub(crate) struct Readers {
    address: Address,
    pool: Mutex<Pool>,
    freed: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Connection>,
    /// Idle or lent.
    open: usize,
}

impl Readers {
    pub(crate) fn new(address: Address) -> Self {
        Self { address, pool: Mutex::default(), freed: Condvar::new() }
    }

    pub(crate) fn read<T, E: From<DbError>>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut lent = self.lend()?;
        let begun = lent.connection.as_mut().ok_or(DbError::NoRow)?.begin_read();
        if begun.is_err() {
            // It lay idle while its server was away: it is closed, and a new one takes its place.
            lent.connection = None;
            let mut fresh = Connection::open_reader(&self.address)?;
            fresh.begin_read()?;
            lent.connection = Some(fresh);
        }
        let connection = lent.connection.as_mut().ok_or(DbError::NoRow)?;
        let result = job(&mut connection.transaction());
        // What is thrown away here is a snapshot. A connection that cannot even do that is closed.
        if connection.run("ROLLBACK").is_err() {
            lent.connection = None;
        }
        result
    }

    fn lend(&self) -> Result<Lent<'_>, DbError> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        while pool.idle.is_empty() && pool.open >= READERS {
            pool = self.freed.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(connection) = pool.idle.pop() {
            return Ok(Lent { readers: self, connection: Some(connection) });
        }
        pool.open += 1;
        drop(pool);
        // From here on dropping it gives the place back, whether or not opening succeeds.
        let mut lent = Lent { readers: self, connection: None };
        lent.connection = Some(Connection::open_reader(&self.address)?);
        Ok(lent)
    }
}

/// A connection that goes back to the pool by itself.
struct Lent<'r> {
    readers: &'r Readers,
    /// `None`: closed, the place is free.
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut pool = self.readers.pool.lock().unwrap_or_else(PoisonError::into_inner);
        match self.connection.take() {
            Some(connection) => pool.idle.push(connection),
            None => pool.open -= 1,
        }
        self.readers.freed.notify_one();
    }
}

//! One database connection, whichever of the two it is.
//!
//! Statements are written once, in what SQLite and PostgreSQL share: placeholders `$1`, `$2`, ...;
//! ids and JSON as `TEXT`, instants and money as `BIGINT`, bytes as `BYTEA` (SQLite takes any name);
//! no boolean literals; a sum is `CAST(sum(..) AS BIGINT)`.

mod address;
mod checkpoints;
mod encryption;
mod error;
mod held;
mod link;
mod postgres;
mod sqlite;
mod value;

use std::path::PathBuf;

pub use address::{Address, AddressError};
pub(crate) use checkpoints::Checkpoints;
pub use error::DbError;
pub use value::{Column, Param, Row};

/// An open connection.
pub enum Connection {
    /// To a file.
    Sqlite(rusqlite::Connection),
    /// To a server.
    Postgres(Box<postgres::Server>),
}

/// A transaction that is under way: what a job sees of the database.
pub struct Tx<'c> {
    connection: &'c mut Connection,
}

impl Connection {
    /// Opens a connection that may write.
    pub fn open(address: &Address) -> Result<Self, DbError> {
        match address {
            Address::File(path) => sqlite::open(path).map(Self::Sqlite),
            Address::Postgres(url) => {
                postgres::Server::connect(url).map(|server| Self::Postgres(Box::new(server)))
            }
        }
    }

    /// Opens a connection that only reads.
    pub fn open_reader(address: &Address) -> Result<Self, DbError> {
        match address {
            Address::File(path) => sqlite::open_reader(path).map(Self::Sqlite),
            Address::Postgres(_) => Self::open(address),
        }
    }

    /// Runs statements without parameters.
    pub fn run(&mut self, sql: &str) -> Result<(), DbError> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, sql),
            Self::Postgres(server) => server.run(sql),
        }
    }

    /// Begins a transaction that writes. Of several nodes on one server only one writes at a time,
    /// so that what a job reads is what it changes.
    pub fn begin_write(&mut self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, "BEGIN IMMEDIATE"),
            // Any number does, as long as nobody else uses it: "madura" by telephone keys.
            Self::Postgres(server) => server.run("BEGIN; SELECT pg_advisory_xact_lock(623872)"),
        }
    }

    /// Begins a transaction that only adds rows and takes such rows away: on a server, beside others
    /// that write.
    pub fn begin_append(&mut self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, "BEGIN IMMEDIATE"),
            Self::Postgres(server) => server.run("BEGIN"),
        }
    }

    /// Leaves it to others to sync the log of a file, whose path it answers. `None`: every commit is synced
    /// by itself, where a disk does not take a log, and on a server. A server may end and come back
    /// without its last commits while we, who have told others of them, go on: a file cannot.
    pub(crate) fn leave_syncing(&mut self) -> Result<Option<PathBuf>, DbError> {
        match self {
            Self::Sqlite(connection) => sqlite::leave_syncing(connection),
            Self::Postgres(_) => Ok(None),
        }
    }

    /// Rows that were changed through it until now, even where that was taken back; `None`: not counted.
    pub(crate) fn changes(&self) -> Option<u64> {
        match self {
            Self::Sqlite(connection) => Some(connection.total_changes()),
            Self::Postgres(_) => None,
        }
    }

    /// Begins a transaction that sees one instant and changes nothing.
    pub fn begin_read(&mut self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, "BEGIN DEFERRED"),
            Self::Postgres(server) => server.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        }
    }

    /// The view that jobs have of it. Whoever calls this has begun a transaction.
    pub fn transaction(&mut self) -> Tx<'_> {
        Tx { connection: self }
    }
}

/// Moves the log of a file into it and empties it. The log may still hold what was deleted.
pub(crate) fn empty_log(address: &Address) -> Result<(), DbError> {
    if address.file().is_some() {
        let mut connection = Connection::open(address)?;
        connection.transaction().each("PRAGMA wal_checkpoint(TRUNCATE)", &[], |_| Ok(()))?;
    }
    Ok(())
}

impl Tx<'_> {
    /// Runs a statement and answers how many rows it touched.
    pub fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, DbError> {
        match &mut *self.connection {
            Connection::Sqlite(connection) => sqlite::execute(connection, sql, params),
            Connection::Postgres(server) => server.execute(sql, params),
        }
    }

    /// Calls `visit` with each row in turn, without holding them all.
    pub fn each(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        mut visit: impl FnMut(&Row<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        match &mut *self.connection {
            Connection::Sqlite(connection) => sqlite::each(connection, sql, params, &mut visit),
            Connection::Postgres(server) => server.each(sql, params, &mut visit),
        }
    }

    /// All rows, each as `read` makes it.
    pub fn query<T>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        let mut rows = Vec::new();
        self.each(sql, params, |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first row, where there is one.
    pub fn find<T>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        Ok(self.query(sql, params, read)?.into_iter().next())
    }

    /// The one column of the one row of a statement that always has one, such as a count.
    pub fn value<T: Column>(&mut self, sql: &str, params: &[Param<'_>]) -> Result<T, DbError> {
        self.find(sql, params, |row| row.get(0))?.ok_or(DbError::NoRow)
    }

    /// Runs a part of a job so that, should it fail, nothing of it is left and the job may go on.
    pub fn apart<T, E: From<DbError>>(
        &mut self,
        part: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.execute("SAVEPOINT part", &[])?;
        let result = part(self);
        if result.is_err() {
            self.execute("ROLLBACK TO part", &[])?;
        }
        self.execute("RELEASE part", &[])?;
        result
    }

    /// Asks for nothing: fails where the database does not answer.
    pub fn probe(&mut self) -> Result<(), DbError> {
        self.value::<i64>("SELECT CAST(1 AS BIGINT)", &[]).map(drop)
    }

    /// What is damaged in the file, page by page; a server looks after itself.
    pub(crate) fn damages(&mut self) -> Result<Vec<String>, DbError> {
        if self.is_server() {
            return Ok(Vec::new());
        }
        let sql = "PRAGMA integrity_check(20)";
        let mut lines: Vec<String> = self.query(sql, &[], |row| row.get(0))?;
        lines.retain(|line| line != "ok");
        Ok(lines)
    }

    /// Whether the database is a server (for the few statements that differ).
    pub fn is_server(&self) -> bool {
        matches!(self.connection, Connection::Postgres(_))
    }
}

/// What a server has off, so that its commits may be lost with the power; empty: nothing.
pub fn perils(tx: &mut Tx<'_>) -> Result<Vec<String>, DbError> {
    if !tx.is_server() {
        return Ok(Vec::new());
    }
    let sql = "SELECT name FROM pg_settings
        WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
        ORDER BY name";
    tx.query(sql, &[], |row| row.get(0))
}

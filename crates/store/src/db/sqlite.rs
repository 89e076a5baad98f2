//! SQLite: one file, written by one connection, read by several.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement, ToSql};

use super::{DbError, Param, Row};

/// Statements kept ready per connection; we have fewer.
const STATEMENTS: usize = 256;

/// Pages (4 KiB) of a file from which on the writer has 64 MiB of them at hand, and before which 16 MiB. Where SQLite
/// puts siblings of a tree in order it calls one of them by this number for a moment, one that no page ever has. In a
/// smaller file it takes that for a page beyond the end, and at the next commit looks for such pages in all that it has
/// at hand: with 64 MiB that was a fifth of the writer's time, at 100 facts a commit. What is not at hand is in the system's
/// memory.
const NUMBER_OF_NONE: i64 = (1 << 30) / 4096 + 1;

pub(super) fn open(path: &Path) -> Result<Connection, DbError> {
    let connection = Connection::open(path)?;
    // FULL: a commit is on disk when it has ended; the writers have their own way: see `leave_syncing`. WAL:
    // readers do not wait for the writer.
    // wal_autocheckpoint: ids come in no order, so that a commit touches pages all over the file; a page
    // that is touched again within 32 MiB of the log is written back once. The writer has its own way: see
    // `Checkpoints`.
    // secure_delete: nothing of a row is left in free pages, so that who is erased is gone, the rows
    // too that were sealed or replaced before.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 8192;
         PRAGMA temp_store = MEMORY;",
    )?;
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    let kibibytes = if pages < NUMBER_OF_NONE { 16_384 } else { 65_536 };
    // cache_spill: pages that a commit has changed stay in memory until then, up to 64 MiB.
    let cache = format!("PRAGMA cache_size = -{kibibytes}; PRAGMA cache_spill = 16384;");
    connection.execute_batch(&cache)?;
    ready(&connection)?;
    Ok(connection)
}

/// From now on a commit does not wait for the disk. What SQLite needs to find the file whole is synced all
/// the same: the log before pages of it are moved into the file, the file before the log begins anew, and
/// the beginning of the log. Answers the path of the log, which is there and stays as long as the
/// connection is open; `None`: the disk does not take one, and every commit waits as before.
pub(super) fn leave_syncing(connection: &Connection) -> Result<Option<PathBuf>, DbError> {
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    let Some(file) = connection.path().filter(|path| !path.is_empty() && mode == "wal") else {
        return Ok(None);
    };
    let log = PathBuf::from(format!("{file}-wal"));
    // The log is made by whoever first reads the file.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.execute_batch("PRAGMA synchronous = NORMAL")?;
    Ok(Some(log))
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(
        "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;",
    )?;
    ready(&connection)?;
    Ok(connection)
}

fn ready(connection: &Connection) -> Result<(), DbError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Without it a statement is planned anew each time that it is bound, as its values might make another
    // plan better: that took a third of all the time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Another process may hold the file for a moment: a backup, somebody looking into it.
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(())
}

/// Runs statements without parameters. A single one, such as `COMMIT`, is kept ready.
pub(super) fn run(connection: &Connection, sql: &str) -> Result<(), DbError> {
    if sql.contains(';') {
        return Ok(connection.execute_batch(sql)?);
    }
    connection.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}

pub(super) fn execute(
    connection: &Connection,
    sql: &str,
    params: &[Param<'_>],
) -> Result<u64, DbError> {
    let mut statement = connection.prepare_cached(&numbered(sql))?;
    bind(&mut statement, params)?;
    Ok(statement.raw_execute()? as u64)
}

pub(super) fn each(
    connection: &Connection,
    sql: &str,
    params: &[Param<'_>],
    visit: &mut dyn FnMut(&Row<'_>) -> Result<(), DbError>,
) -> Result<(), DbError> {
    let mut statement = connection.prepare_cached(&numbered(sql))?;
    bind(&mut statement, params)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        visit(&Row::Sqlite(row))?;
    }
    Ok(())
}

/// `$1` is a named parameter to SQLite, numbered as it first appears and looked up by its name, one
/// name after the other; `?1` is number 1. No statement of ours has a `$` in a text.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

fn bind(statement: &mut Statement<'_>, params: &[Param<'_>]) -> Result<(), DbError> {
    let known = statement.parameter_count();
    if known != params.len() {
        let (given, text) = (params.len(), "parameters for a statement that has");
        return Err(DbError::Statement(format!("{given} {text} {known}")));
    }
    for (at, param) in params.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, param)?;
    }
    Ok(())
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(number),
            Self::Real(number) => ValueRef::Real(number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

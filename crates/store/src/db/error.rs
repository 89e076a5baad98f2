//! What can go wrong with a database, by what to do about it.

use rusqlite::ffi;
use thiserror::Error;

/// Why a statement, a commit or a connection failed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DbError {
    /// It cannot be reached just now; the same call may succeed later.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// There is no room left on its disk; the same call may succeed when there is.
    #[error("the disk of the database is full")]
    Full,
    /// A row with this key exists already.
    #[error("a row with the same key exists: {0}")]
    Exists(String),
    /// A commit may not have reached the disk. Nothing can be taken until the process starts anew.
    #[error(
        "the database may not have stored the last commit, and takes nothing until a restart: {0}"
    )]
    Failed(String),
    /// What the disk holds is not what was written.
    #[error("the database is damaged: {0}; restore a backup, or see `madura verify`")]
    Damaged(String),
    /// Its tables are of a later version of the program.
    #[error("the database was made by a later version (tables of version {found}, known: {known})")]
    TooNew {
        /// The version of its tables.
        found: i64,
        /// The latest version that this program knows.
        known: i64,
    },
    /// A statement that always has a row had none.
    #[error("a statement that always has a row had none")]
    NoRow,
    /// A statement that the database does not take: a mistake of ours.
    #[error("a statement failed: {0}")]
    Statement(String),
}

impl DbError {
    /// Whether the same call may succeed later without anybody's doing.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Full)
    }
}

/// Extended codes of SQLite: the index of the log cannot be opened, made larger or mapped.
const OF_INDEX: [i32; 3] =
    [ffi::SQLITE_IOERR_SHMOPEN, ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_IOERR_SHMMAP];

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let text = error.to_string();
        let extended = error.sqlite_error().map(|error| error.extended_code);
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            // The index of the log has no room to grow: nothing was written yet.
            Some(ErrorCode::SystemIoFailure)
                if extended.is_some_and(|code| OF_INDEX.contains(&code)) =>
            {
                Self::Full
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::CannotOpen) => {
                Self::Unavailable(text)
            }
            Some(ErrorCode::ConstraintViolation) => Self::Exists(text),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(text),
            Some(ErrorCode::SystemIoFailure) => {
                Self::Failed(format!("{text} ({})", extended.unwrap_or_default()))
            }
            _ => Self::Statement(text),
        }
    }
}

impl From<postgres::Error> for DbError {
    fn from(error: postgres::Error) -> Self {
        use postgres::error::SqlState;
        use std::error::Error as _;
        let Some(server) = error.as_db_error() else {
            return if error.is_closed() || error.source().is_some() {
                Self::Unavailable(told(&error))
            } else {
                Self::Statement(told(&error))
            };
        };
        // The message of a violated key names the key's value; its constraint is enough.
        let text = server.message().to_owned();
        match server.code() {
            code if *code == SqlState::UNIQUE_VIOLATION => {
                Self::Exists(server.constraint().unwrap_or_default().to_owned())
            }
            code if *code == SqlState::DISK_FULL => Self::Full,
            code if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => {
                Self::Damaged(text)
            }
            // 08: connections; 57P: shut down, starting up; 40: serialisation, deadlock; 53: resources.
            code if ["08", "57P", "40", "53"]
                .iter()
                .any(|class| code.code().starts_with(class)) =>
            {
                Self::Unavailable(text)
            }
            code => Self::Statement(format!("{text} ({})", code.code())),
        }
    }
}

/// What a client of PostgreSQL says, with what lies behind it: the first alone says little.
pub(super) fn told(error: &postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

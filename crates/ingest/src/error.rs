//! What concerns a file as a whole. (What concerns a row is a [`crate::Reject`].)

use std::io;

use thiserror::Error;

use crate::Reject;

/// Why a file could not be read, or not to its end. What came before was delivered.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file cannot be opened.
    #[error("{file}: cannot be opened")]
    Open {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Reading failed on the way.
    #[error("{file}: cannot be read")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The compressed data ends in the middle or is damaged.
    #[error(
        "{file}: {reason}; what came before was read. Fetch the file again from where it was made"
    )]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The file is not what it claims to be.
    #[error("{file}: {reason}")]
    Format {
        /// The file.
        file: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A column that every row needs is not there.
    #[error("{file}: there is no column {column:?}{}; name the right one with --map {role}=COLUMN. The columns are: {}",
        nearest.as_ref().map(|name| format!(" (perhaps {name:?}?)")).unwrap_or_default(),
        columns.join(", "))]
    MissingColumn {
        /// The file.
        file: String,
        /// What the column is for, as `--map` names it.
        role: &'static str,
        /// The name that was looked for.
        column: String,
        /// The most similar name among those that are there.
        nearest: Option<String>,
        /// The names that are there.
        columns: Vec<String>,
    },
    /// Two columns of one name.
    #[error("{file}: there are two columns {column:?}; rename or remove one of them")]
    DuplicateColumn {
        /// The file.
        file: String,
        /// The name.
        column: String,
    },
    /// A row was rejected, and whoever watches rejects asked to stop there.
    #[error("{}", reject)]
    Stopped {
        /// The row.
        reject: Box<Reject>,
    },
}

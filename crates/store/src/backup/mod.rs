//! Backups: a directory with the database as one SQLite file (whatever the database is), the
//! segments, and a manifest with the checksum of each file. The manifest is written last: a directory
//! without one is no backup.
//!
//! ```text
//! manifest.json   madura.db   events/facts-*.parquet
//! ```
//!
//! Since every backup is an SQLite file, one that was taken of either database is restored to either,
//! which is also how to move from one to the other.

mod manifest;
mod restore;
mod tables;
mod take;

use std::path::Path;

use thiserror::Error;

use crate::db::DbError;
use crate::segments::SegmentError;

pub use manifest::{Manifest, ManifestFile};
pub use restore::{Restored, check, restore};
pub use tables::copy_tables;
pub use take::backup;

/// Why a backup cannot be taken or restored.
#[derive(Debug, Error)]
pub enum BackupError {
    /// It would be mixed with what is there.
    #[error("{0} is not empty: name a place where nothing is yet")]
    NotEmpty(String),
    /// No backup, or one that was not finished.
    #[error("{path} is no complete backup: {reason}")]
    NoBackup {
        /// The directory.
        path: String,
        /// What is missing.
        reason: String,
    },
    /// A file of the backup is not what was written.
    #[error("{file} of the backup is damaged: {reason}; use another backup")]
    Damaged {
        /// Its name in the backup.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The disk failed, or is full.
    #[error("{path}: {reason}")]
    Disk {
        /// Where.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// The segments failed.
    #[error(transparent)]
    Segments(#[from] SegmentError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The database in a backup.
const DATABASE: &str = "madura.db";
/// The directory of segments in a backup.
const EVENTS: &str = "events";

fn disk(path: &Path, error: &std::io::Error) -> BackupError {
    BackupError::Disk { path: path.display().to_string(), reason: error.to_string() }
}

/// Refuses a directory with anything in it; makes it where there is none.
fn empty_directory(path: &Path) -> Result<(), BackupError> {
    std::fs::create_dir_all(path).map_err(|error| disk(path, &error))?;
    let mut entries = std::fs::read_dir(path).map_err(|error| disk(path, &error))?;
    if entries.next().is_some() {
        return Err(BackupError::NotEmpty(path.display().to_string()));
    }
    Ok(())
}

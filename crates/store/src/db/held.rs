//! Handles of database files beside SQLite's own.
//!
//! POSIX gives up all locks that a process has on a file as soon as the process closes any handle of it, those of
//! SQLite among them, which would let another process take the file for one that nobody uses. So these stay open
//! until the process ends: one for each file.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// By device and number on it. While a handle is open no other file gets the number.
static HELD: Mutex<BTreeMap<(u64, u64), Arc<File>>> = Mutex::new(BTreeMap::new());

/// A handle of the file at `path`, for reading and for syncing. The error is the system's.
pub(super) fn file(path: &Path) -> io::Result<Arc<File>> {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    let about = fs::metadata(path)?;
    if let Some(file) = held.get(&(about.dev(), about.ino())) {
        return Ok(Arc::clone(file));
    }
    let file = Arc::new(File::open(path)?);
    let about = file.metadata()?;
    Ok(Arc::clone(held.entry((about.dev(), about.ino())).or_insert(file)))
}

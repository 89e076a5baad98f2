//! Making a store of a backup.

use std::fs::{self, File};
use std::path::Path;

use leads::Timestamp;

use super::{BackupError, DATABASE, EVENTS, Manifest, copy_tables, disk, empty_directory};
use crate::db::{Address, Connection};
use crate::segments::{Segments, Verified, sync_directory, verify};
use crate::{Store, inbox, migrate, webhooks};

/// Why webhooks are off after a restore, as their page says it.
const RESTORED: &str = "a backup was restored: what waits here may have been sent already";

/// What was restored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restored {
    /// When the backup was taken.
    pub made_at: Timestamp,
    /// What a check of the restored store found.
    pub verified: Verified,
    /// How many webhook endpoints were switched off.
    pub webhooks_off: u64,
}

/// Checks every file of a backup against its manifest.
pub fn check(from: &Path) -> Result<Manifest, BackupError> {
    let manifest = Manifest::read(from)?;
    if !manifest.files.iter().any(|file| file.path == DATABASE) {
        let (path, reason) = (from.display().to_string(), format!("{DATABASE} is missing"));
        return Err(BackupError::NoBackup { path, reason });
    }
    for file in &manifest.files {
        file.check(from)?;
    }
    Ok(manifest)
}

/// Restores a backup to a database where nothing is yet and a directory of segments that is empty
/// or not there, and checks what came of it. A backup that is damaged is refused before anything is
/// written. Webhooks are switched off: what waits in the backup may have been sent since it was taken, and is
/// not sent a second time until somebody switches them on. `meta` says `restored_at`.
pub fn restore(
    from: &Path,
    address: &Address,
    events: &Path,
    now: Timestamp,
) -> Result<Restored, BackupError> {
    let manifest = check(from)?;
    if let Address::File(path) = address {
        for path in [path, &inbox::file_beside(path)] {
            if path.exists() {
                return Err(BackupError::NotEmpty(path.display().to_string()));
            }
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| disk(parent, &error))?;
        }
    }
    empty_directory(events)?;
    for file in &manifest.files {
        if let Some(name) = file.path.strip_prefix(&format!("{EVENTS}/")) {
            copy(&from.join(&file.path), &events.join(name))?;
        }
    }
    sync_directory(events)?;
    match address {
        Address::File(path) => {
            copy(&from.join(DATABASE), path)?;
            if let Some(parent) = path.parent() {
                sync_directory(parent)?;
            }
        }
        Address::Postgres(_) => copy_to_server(&from.join(DATABASE), address, events, now)?,
    }
    let store = Store::open(address, now)?;
    let segments = Segments::open(events)?;
    let webhooks_off = store.write(move |tx| {
        let insert = "INSERT INTO meta (name, value) VALUES ('restored_at', $1)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        tx.execute(insert, &[now.to_string().as_str().into()])?;
        webhooks::disable_all(tx, RESTORED, now)
    })?;
    let verified = store.read(|tx| verify(tx, &segments, &mut |_| {}))?;
    Ok(Restored { made_at: manifest.made_at, verified, webhooks_off })
}

/// The backup itself is left as it is: a copy is brought up to date, and its rows are copied.
fn copy_to_server(
    database: &Path,
    address: &Address,
    work: &Path,
    now: Timestamp,
) -> Result<(), BackupError> {
    let mut target = Connection::open(address)?;
    migrate::run(&mut target, now)?;
    let path = work.join("restoring.db");
    copy(database, &path)?;
    let mut source = Connection::open(&Address::File(path.clone()))?;
    migrate::run(&mut source, now)?;
    copy_tables(&mut source.transaction(), &mut target)?;
    // Closing it removes its log.
    drop(source);
    fs::remove_file(&path).map_err(|error| disk(&path, &error))
}

fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    fs::copy(from, to).map_err(|error| disk(to, &error))?;
    let copied = File::open(to).and_then(|file| file.sync_all());
    copied.map_err(|error| disk(to, &error))
}

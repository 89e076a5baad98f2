//! Taking a backup of a store that is in use.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

use leads::Timestamp;
use rusqlite::backup::{Backup, StepResult};

use super::{
    BackupError, DATABASE, EVENTS, Manifest, ManifestFile, copy_tables, disk, empty_directory,
};
use crate::db::{Address, Connection, DbError};
use crate::segments::{SegmentFile, Segments, segment_files, sync_directory};
use crate::{Store, inbox, migrate};

/// Takes a backup of the store as it is at one instant, into a directory that is empty or not there.
/// Nobody waits for it: readers and the writer go on. Segments are linked where the directory is on
/// the same disk, and copied otherwise; a backup on the same disk guards against mistakes only.
pub fn backup(
    store: &Store,
    segments: &Segments,
    to: &Path,
    now: Timestamp,
) -> Result<Manifest, BackupError> {
    empty_directory(to)?;
    let events = to.join(EVENTS);
    fs::create_dir(&events).map_err(|error| disk(&events, &error))?;
    // Files that are replaced while the database is copied are still wanted then.
    let before = store.read(segment_files)?;
    let mut there: BTreeSet<String> = BTreeSet::new();
    for file in &before {
        if link(segments, file, &events).is_ok() {
            there.insert(file.file.clone());
        }
    }
    // What waits now is settled before the database is copied, or is still in the inbox: either way it
    // is in the backup, once.
    let waiting = store.inbox().all()?;
    let database = to.join(DATABASE);
    match store.address() {
        Address::File(_) => copy_file(store.address(), &database)?,
        Address::Postgres(_) => {
            let mut target = Connection::open(&Address::File(database.clone()))?;
            migrate::run(&mut target, now)?;
            store.read(|tx| copy_tables(tx, &mut target))?;
        }
    }
    let mut copy = Connection::open(&Address::File(database.clone()))?;
    if store.inbox().file().is_some() {
        copy.begin_write()?;
        inbox::add(&mut copy.transaction(), &waiting)?;
        copy.run("COMMIT")?;
    }
    // One file without a log beside it.
    copy.transaction().each("PRAGMA journal_mode = DELETE", &[], |_| Ok(()))?;
    let wanted = segment_files(&mut copy.transaction())?;
    drop(copy);
    File::open(&database)
        .and_then(|file| file.sync_all())
        .map_err(|error| disk(&database, &error))?;

    let mut files = vec![ManifestFile::of(to, DATABASE)?];
    for file in &wanted {
        if !there.remove(&file.file) {
            link(segments, file, &events)?;
        }
        let path = format!("{EVENTS}/{}", file.file);
        files.push(ManifestFile { path, bytes: file.bytes, checksum: file.checksum.clone() });
    }
    for file in there {
        let path = events.join(file);
        fs::remove_file(&path).map_err(|error| disk(&path, &error))?;
    }
    for file in &files {
        file.check(to)?;
    }
    sync_directory(&events)?;
    let manifest = Manifest { made_at: now, files };
    manifest.write(to)?;
    Ok(manifest)
}

/// SQLite copies its own file, as of one instant: in one step, for which the writer does not wait.
fn copy_file(address: &Address, to: &Path) -> Result<(), DbError> {
    let Connection::Sqlite(source) = Connection::open_reader(address)? else {
        return Ok(());
    };
    let mut target = rusqlite::Connection::open(to)?;
    let copying = Backup::new(&source, &mut target)?;
    loop {
        match copying.step(-1)? {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => return Err(DbError::Unavailable("the database is being changed".to_owned())),
        }
    }
}

fn link(segments: &Segments, file: &SegmentFile, to: &Path) -> Result<(), BackupError> {
    let (from, to) = (segments.path(&file.file), to.join(&file.file));
    // Segments are never written again: a second name for the same bytes is as good as a copy.
    if fs::hard_link(&from, &to).is_ok() {
        return Ok(());
    }
    fs::copy(&from, &to).map_err(|error| disk(&from, &error))?;
    let copied = File::open(&to).and_then(|file| file.sync_all());
    copied.map_err(|error| disk(&to, &error))
}

//! Facts that have grown cold, in Parquet files that are written once.
//!
//! A file holds facts of one bucket of persons, sorted by (person, at, id). It is complete and on
//! disk before the transaction that names it in the manifest (`segment_file`) and removes the rows:
//! whatever is interrupted leaves at worst a file that no manifest names, which is swept away later. A file is checked against the manifest's checksum before this process first uses it.
//!
//! What was decided of a fact after it was written (a machine's doing, taken back) is in
//! `sealed_fact`; `sealed_hole` names facts of a file that no longer count at all.

mod file;
mod read;
mod rows;
mod seal;
mod verify;

use std::collections::{HashMap, HashSet};
use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use leads::Timestamp;
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use crate::db::{DbError, Tx};

pub use seal::{SealOptions, Sealed, compact, seal};
pub use verify::{Damage, Verified, verify};

pub(crate) use file::{checksum, sync_directory};
pub(crate) use seal::rewrite;

use rows::Footer;

/// Buckets of persons. A person's facts are in one bucket, so that buckets can be read side by side
/// and one lead needs a sixteenth of the files.
pub(crate) const BUCKETS: u64 = 16;

/// The directory of the files. Clones share what they know of it.
#[derive(Clone, Debug)]
pub struct Segments {
    directory: PathBuf,
    /// Files that this process found to be what the manifest says.
    checked: Arc<Mutex<HashSet<String>>>,
    /// Footers that were read, and not too many.
    footers: Arc<Mutex<HashMap<String, Arc<Footer>>>>,
}

/// What the names of files end in that others have replaced.
const ASIDE: &str = ".replaced";

/// Row groups whose metadata is kept, some 4 KB each.
const GROUPS_KEPT: usize = 8192;

/// Why facts cannot be read or sealed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SegmentError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A file is missing, or is not what was written.
    #[error(
        "the segment {file} is damaged: {reason}; restore it from a backup, or see `madura verify`"
    )]
    Damaged {
        /// Its name in the directory of segments.
        file: String,
        /// What is wrong with it.
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
}

/// A file of the manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SegmentFile {
    /// Its number.
    pub id: i64,
    /// Its name in the directory.
    pub file: String,
    /// The bucket of persons, from 0.
    pub bucket: i64,
    /// How many facts it holds, holes included.
    pub facts: i64,
    /// Its size.
    pub bytes: i64,
    /// XXH3, 128 bits, in hexadecimal.
    pub checksum: String,
    /// The earliest fact.
    pub first_at: Timestamp,
    /// The latest fact.
    pub last_at: Timestamp,
}

impl Segments {
    /// Takes a directory for the files, and makes it where there is none.
    pub fn open(directory: &Path) -> Result<Self, SegmentError> {
        fs::create_dir_all(directory).map_err(|error| disk(directory, &error))?;
        Ok(Self {
            directory: directory.to_owned(),
            checked: Arc::default(),
            footers: Arc::default(),
        })
    }

    /// Where the files are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Removes files that were replaced at `retired_before` or earlier, and files that the manifest does
    /// not name and nobody has written to for `untouched_for`: what an interrupted sealing left. Others may be
    /// sealing meanwhile if that is longer than a sealing takes. Answers how many it removed.
    pub fn sweep(
        &self,
        tx: &mut Tx<'_>,
        retired_before: Timestamp,
        untouched_for: Duration,
    ) -> Result<usize, SegmentError> {
        let retired = "SELECT file FROM segment_file WHERE retired_at <= $1";
        let retired: Vec<String> = tx.query(retired, &[retired_before.into()], |row| row.get(0))?;
        let delete = "DELETE FROM segment_file WHERE retired_at <= $1";
        tx.execute(delete, &[retired_before.into()])?;
        let mut removed = self.remove(&retired)?;
        let named: HashSet<String> =
            tx.query("SELECT file FROM segment_file", &[], |row| row.get(0))?.into_iter().collect();
        let entries =
            fs::read_dir(&self.directory).map_err(|error| disk(&self.directory, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| disk(&self.directory, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let file = name.strip_suffix(ASIDE).unwrap_or(&name);
            if is_segment_name(file) && !named.contains(file) && is_older(&entry, untouched_for) {
                fs::remove_file(entry.path()).map_err(|error| disk(&entry.path(), &error))?;
                removed += 1;
            }
        }
        if removed > 0 {
            sync_directory(&self.directory)?;
        }
        Ok(removed)
    }

    /// Removes files by their names in the manifest, and forgets what is known of them. One that is not there
    /// any more is none the worse.
    pub(crate) fn remove(&self, files: &[String]) -> Result<usize, SegmentError> {
        let mut removed = 0;
        for file in files {
            for path in [self.directory.join(file), self.aside(file)] {
                match fs::remove_file(&path) {
                    Ok(()) => removed += 1,
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(disk(&path, &error)),
                }
            }
            self.checked.lock().unwrap_or_else(PoisonError::into_inner).remove(file);
            self.footers.lock().unwrap_or_else(PoisonError::into_inner).remove(file);
        }
        Ok(removed)
    }

    /// Takes a file that others have replaced out of the sight of programs that read all `*.parquet` of the
    /// directory, to which its facts would be there twice. Who is reading it still finds it.
    fn put_aside(&self, file: &str) -> Result<(), SegmentError> {
        let path = self.directory.join(file);
        match fs::rename(&path, self.aside(file)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(disk(&path, &error)),
            _ => Ok(()),
        }
    }

    fn aside(&self, file: &str) -> PathBuf {
        self.directory.join(format!("{file}{ASIDE}"))
    }

    /// Where a file is.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        let path = self.directory.join(file);
        if path.exists() {
            return path;
        }
        let aside = self.aside(file);
        if aside.exists() { aside } else { path }
    }

    /// Files that cannot be read, and why.
    pub(crate) fn unreadable(
        &self,
        tx: &mut Tx<'_>,
    ) -> Result<Vec<(SegmentFile, String)>, SegmentError> {
        let mut found = Vec::new();
        for file in segment_files(tx)? {
            match self.footer(&file) {
                Err(SegmentError::Damaged { reason, .. }) => found.push((file, reason)),
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        Ok(found)
    }

    /// Checks a file the first time that it is used.
    fn check(&self, file: &SegmentFile) -> Result<(), SegmentError> {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if !checked.contains(&file.file) {
            file::check(&self.path(&file.file), file)?;
            checked.insert(file.file.clone());
        }
        Ok(())
    }

    /// What is said at the end of a file, which is checked the first time.
    fn footer(&self, file: &SegmentFile) -> Result<Arc<Footer>, SegmentError> {
        self.check(file)?;
        let footers = || self.footers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(footer) = footers().get(&file.file) {
            return Ok(Arc::clone(footer));
        }
        let footer = Arc::new(Footer::of(&self.path(&file.file), &file.file)?);
        let mut kept = footers();
        let groups = kept.values().map(|footer| footer.groups()).sum::<usize>();
        if groups + footer.groups() > GROUPS_KEPT {
            kept.clear();
        }
        kept.insert(file.file.clone(), Arc::clone(&footer));
        Ok(footer)
    }
}

/// The files that count.
pub fn segment_files(tx: &mut Tx<'_>) -> Result<Vec<SegmentFile>, DbError> {
    files_where(tx, "retired_at IS NULL")
}

/// Files that others replaced and that are still there.
pub(crate) fn replaced_files(tx: &mut Tx<'_>) -> Result<Vec<SegmentFile>, DbError> {
    files_where(tx, "retired_at IS NOT NULL")
}

fn files_where(tx: &mut Tx<'_>, condition: &str) -> Result<Vec<SegmentFile>, DbError> {
    let sql = format!(
        "SELECT id, file, bucket, facts, bytes, checksum, first_at, last_at
         FROM segment_file WHERE {condition} ORDER BY id"
    );
    tx.query(&sql, &[], |row| {
        Ok(SegmentFile {
            id: row.get(0)?,
            file: row.get(1)?,
            bucket: row.get(2)?,
            facts: row.get(3)?,
            bytes: row.get(4)?,
            checksum: row.get(5)?,
            first_at: Timestamp::saturating_from_millis(row.get(6)?),
            last_at: Timestamp::saturating_from_millis(row.get(7)?),
        })
    })
}

pub(crate) fn bucket_of(person: &str) -> i64 {
    (xxh3_64(person.as_bytes()) % BUCKETS) as i64
}

/// Names that we give: what else lies in the directory is not ours to remove.
fn is_segment_name(name: &str) -> bool {
    let kind = Path::new(name).extension().and_then(|kind| kind.to_str());
    name.starts_with("facts-") && matches!(kind, Some("parquet" | "part"))
}

/// Whether nobody has written to it for so long. Of what cannot be told, nothing is removed.
fn is_older(entry: &DirEntry, untouched_for: Duration) -> bool {
    let written = entry.metadata().and_then(|found| found.modified()).ok();
    written.and_then(|at| at.elapsed().ok()).is_some_and(|since| since >= untouched_for)
}

pub(crate) fn disk(path: &Path, error: &std::io::Error) -> SegmentError {
    SegmentError::Disk { path: path.display().to_string(), reason: error.to_string() }
}

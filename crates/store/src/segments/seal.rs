//! Moving cold facts into files, and files into larger ones.

use std::collections::{BTreeMap, HashMap, HashSet};

use leads::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use super::{SegmentError, SegmentFile, Segments, bucket_of, file, segment_files};
use crate::Store;
use crate::chunks;
use crate::db::{DbError, Param, Tx};
use crate::facts::{COLUMNS, FactKind, OF_FACTS, StoredFact, lift, read};

/// What is to be sealed.
#[derive(Clone, Copy, Debug)]
pub struct SealOptions {
    /// Facts older than this.
    pub before: Timestamp,
    /// Only where there are as many.
    pub at_least: usize,
    /// So many at a time. They are held in memory (about 0.5 kB each), and the transaction that
    /// removes them takes about 1 s per 200,000.
    pub at_most: usize,
}

/// What was sealed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sealed {
    /// Facts that lie in files now.
    pub facts: usize,
    /// New files.
    pub files: usize,
}

/// Files of a bucket that are smaller than this are joined, as soon as there are [`SMALL_FILES`].
const SMALL: i64 = 200_000;
const SMALL_FILES: usize = 8;

/// Moves cold events and traits into files; groups, deals and aliases are few, and stay. Nothing
/// else is blocked while the files are written. Should a fact change meanwhile, nothing is moved, and
/// the next call tries anew.
pub fn seal(
    store: &Store,
    segments: &Segments,
    options: &SealOptions,
    now: Timestamp,
) -> Result<Sealed, SegmentError> {
    let facts = store.read(|tx| cold(tx, options))?;
    if facts.is_empty() || facts.len() < options.at_least {
        return Ok(Sealed::default());
    }
    let mut buckets: BTreeMap<i64, Vec<StoredFact>> = BTreeMap::new();
    for fact in facts {
        buckets.entry(bucket_of(&fact.person)).or_default().push(fact);
    }
    let mut written = Vec::new();
    for (bucket, mut facts) in buckets {
        sort(&mut facts);
        written.push(Written::new(segments, bucket, &facts)?);
    }
    let files: Vec<String> = written.iter().map(|written| written.name.clone()).collect();
    let sealed = Sealed {
        facts: written.iter().map(|written| written.facts.len()).sum(),
        files: files.len(),
    };
    let moved = store.write(move |tx| {
        let mut unchanged = true;
        for written in &written {
            unchanged = unchanged && move_rows(tx, written, now)?;
        }
        // An error takes back what was done.
        if unchanged { Ok(()) } else { Err(DbError::NoRow) }
    });
    match moved {
        Ok(()) => Ok(sealed),
        Err(error) => {
            for file in &files {
                // What stays is swept away later.
                let _ = std::fs::remove_file(segments.path(file));
            }
            if error == DbError::NoRow { Ok(Sealed::default()) } else { Err(error.into()) }
        }
    }
}

/// Joins the small files of each bucket. Answers how many files were joined. Readers that are under
/// way still find the old ones until a [`Segments::sweep`].
pub fn compact(store: &Store, segments: &Segments, now: Timestamp) -> Result<usize, SegmentError> {
    let files = store.read(segment_files)?;
    let mut buckets: BTreeMap<i64, Vec<SegmentFile>> = BTreeMap::new();
    for file in files.into_iter().filter(|file| file.facts < SMALL) {
        buckets.entry(file.bucket).or_default().push(file);
    }
    let mut joined = 0;
    for files in buckets.into_values().filter(|files| files.len() >= SMALL_FILES) {
        joined += files.len();
        let replaced: Vec<String> = files.iter().map(|file| file.file.clone()).collect();
        let directory = segments.clone();
        store.write(move |tx| rewrite(tx, &directory, &files, &|_| true, now).map(|_| ()))?;
        for file in &replaced {
            segments.put_aside(file)?;
        }
    }
    Ok(joined)
}

/// Writes the facts of some files of one bucket that are to be kept into one new file, and retires
/// the files. Facts that are not kept, and holes, are gone. Answers how many were not kept.
pub(crate) fn rewrite(
    tx: &mut Tx<'_>,
    segments: &Segments,
    files: &[SegmentFile],
    keep: &dyn Fn(&StoredFact) -> bool,
    now: Timestamp,
) -> Result<usize, SegmentError> {
    let Some(bucket) = files.first().map(|file| file.bucket) else { return Ok(0) };
    let mut kept = Vec::new();
    let mut dropped = Vec::new();
    for file in files {
        lift(tx, segments, file, keep)?;
        segments.each_of(tx, file, &mut |fact| {
            if keep(&fact) {
                kept.push(fact);
            } else {
                dropped.push(fact.id);
            }
            Ok::<(), SegmentError>(())
        })?;
    }
    sort(&mut kept);
    let dropped_ids: Vec<&str> = dropped.iter().map(String::as_str).collect();
    chunks::keys(&dropped_ids, 1, |list, keys| {
        for table in OF_FACTS {
            tx.execute(&format!("DELETE FROM {table} WHERE fact IN ({list})"), keys)?;
        }
        tx.execute(&format!("DELETE FROM sealed_fact WHERE id IN ({list})"), keys).map(|_| ())
    })?;
    if !kept.is_empty() {
        let written = Written::new(segments, bucket, &kept)?;
        let segment = written.enter(tx, now)?;
        let ids: Vec<&str> = kept.iter().map(|fact| fact.id.as_str()).collect();
        chunks::keys(&ids, 2, |list, keys| {
            let update = format!("UPDATE sealed_fact SET segment = $1 WHERE id IN ({list})");
            let mut params: Vec<Param<'_>> = vec![segment.into()];
            params.extend_from_slice(keys);
            tx.execute(&update, &params).map(|_| ())
        })?;
    }
    for file in files {
        tx.execute("DELETE FROM sealed_hole WHERE segment = $1", &[file.id.into()])?;
        let update = "UPDATE segment_file SET retired_at = $1 WHERE id = $2";
        tx.execute(update, &[now.into(), file.id.into()])?;
    }
    Ok(dropped.len())
}

/// A file that is complete and on disk, but not in the manifest.
struct Written {
    name: String,
    bucket: i64,
    bytes: i64,
    checksum: String,
    /// What was sealed: id -> print of the row, to see whether it is still the same.
    facts: HashMap<String, u64>,
    span: (i64, i64),
}

impl Written {
    fn new(segments: &Segments, bucket: i64, facts: &[StoredFact]) -> Result<Self, SegmentError> {
        let name = format!("facts-{bucket:02}-{}.parquet", uuid::Uuid::new_v4().simple());
        let (bytes, checksum) = file::write(&segments.path(&name), facts)?;
        let instants = facts.iter().map(|fact| fact.at.as_millis());
        let span = (instants.clone().min().unwrap_or(0), instants.max().unwrap_or(0));
        let facts = facts.iter().map(|fact| (fact.id.clone(), print(fact))).collect();
        Ok(Self { name, bucket, bytes, checksum, facts, span })
    }

    /// Enters it in the manifest.
    fn enter(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<i64, DbError> {
        let next: i64 = tx.value("SELECT coalesce(max(id), 0) + 1 FROM segment_file", &[])?;
        let insert = "INSERT INTO segment_file (id, file, bucket, facts, bytes, checksum, first_at,
            last_at, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let params: [Param<'_>; 9] = [
            next.into(),
            (&self.name).into(),
            self.bucket.into(),
            (self.facts.len() as i64).into(),
            self.bytes.into(),
            (&self.checksum).into(),
            self.span.0.into(),
            self.span.1.into(),
            now.into(),
        ];
        tx.execute(insert, &params)?;
        Ok(next)
    }
}

/// Removes the rows that a file holds, and notes their ids for ever. `false`: a row is not what it
/// was when it was read, and nothing may be kept of what was done.
fn move_rows(tx: &mut Tx<'_>, written: &Written, now: Timestamp) -> Result<bool, DbError> {
    let segment = written.enter(tx, now)?;
    let ids: Vec<&str> = written.facts.keys().map(String::as_str).collect();
    let mut same: HashSet<String> = HashSet::new();
    chunks::keys(&ids, 1, |list, keys| {
        let sql = format!("SELECT {COLUMNS} FROM fact f WHERE f.id IN ({list})");
        tx.each(&sql, keys, |row| {
            let fact = read(row)?;
            if written.facts.get(&fact.id) == Some(&print(&fact)) {
                same.insert(fact.id);
            }
            Ok(())
        })
    })?;
    if same.len() != written.facts.len() {
        return Ok(false);
    }
    chunks::keys(&ids, 2, |list, keys| {
        let insert = format!(
            "INSERT INTO sealed_fact (id, person, at, content, segment, marked, machine_reason,
                machine_confidence, retracted_at)
             SELECT id, person, at, content, $1,
                CASE WHEN machine_reason IS NULL AND retracted_at IS NULL THEN 0 ELSE 1 END,
                machine_reason, machine_confidence, retracted_at
             FROM fact WHERE id IN ({list})"
        );
        let mut params: Vec<Param<'_>> = vec![segment.into()];
        params.extend_from_slice(keys);
        tx.execute(&insert, &params).map(|_| ())
    })?;
    chunks::keys(&ids, 1, |list, keys| {
        tx.execute(&format!("DELETE FROM fact WHERE id IN ({list})"), keys).map(|_| ())
    })?;
    Ok(true)
}

fn cold(tx: &mut Tx<'_>, options: &SealOptions) -> Result<Vec<StoredFact>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM fact f WHERE f.at < $1 AND f.kind IN ($2, $3)
         ORDER BY f.at, f.id LIMIT $4"
    );
    let (events, traits) = (FactKind::Event.code(), FactKind::Traits.code());
    let limit = i64::try_from(options.at_most).unwrap_or(i64::MAX);
    tx.query(&sql, &[options.before.into(), events.into(), traits.into(), limit.into()], read)
}

/// A hash of what a file holds of a fact.
fn print(fact: &StoredFact) -> u64 {
    let numbers = [fact.kind.code(), fact.at.as_millis(), fact.received_at.as_millis()];
    // No control character is in any text but the body's, which comes last.
    let text =
        format!("{}\n{}\n{}\n{numbers:?}\n{}", fact.person, fact.name, fact.source, fact.body);
    xxh3_64(text.as_bytes())
}

fn sort(facts: &mut [StoredFact]) {
    facts.sort_by(|one, other| {
        (&one.person, one.at, &one.id).cmp(&(&other.person, other.at, &other.id))
    });
}

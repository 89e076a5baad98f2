//! Looking for damage: what is on disk against what was noted of it.

use std::collections::{BTreeSet, HashSet};

use super::{SegmentError, SegmentFile, Segments, file, segment_files};
use crate::chunks;
use crate::db::{DbError, Param, Tx};
use crate::facts::is_sound;

/// What a check found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// Files that were read to the end.
    pub files: usize,
    /// Facts in the table.
    pub hot: i64,
    /// Facts in files.
    pub sealed: i64,
    /// Everything that is wrong; empty: nothing is.
    pub damages: Vec<Damage>,
}

/// Something that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// Where: a file, or a table.
    pub place: String,
    /// What is wrong there.
    pub finding: String,
}

/// Findings named per place; of one kind a few tell the story.
const FINDINGS_MAX: usize = 20;

/// Checks the database itself, every file, and that the two say the same. Reads everything: minutes
/// where there is much. `progress` hears of each file.
pub fn verify(
    tx: &mut Tx<'_>,
    segments: &Segments,
    progress: &mut dyn FnMut(&str),
) -> Result<Verified, DbError> {
    let mut found = Verified::default();
    for damage in tx.damages()? {
        found.add("the database", damage);
    }
    found.hot = tx.value("SELECT count(*) FROM fact", &[])?;
    found.sealed = tx.value("SELECT count(*) FROM sealed_fact", &[])?;
    rows(tx, &mut found)?;
    contents(tx, &mut found)?;
    for segment in segment_files(tx)? {
        progress(&segment.file);
        match check_file(tx, segments, &segment, &mut found) {
            Ok(()) => found.files += 1,
            Err(SegmentError::Db(error)) => return Err(error),
            Err(SegmentError::Damaged { file, reason }) => found.add(&file, reason),
            Err(SegmentError::Disk { path, reason }) => found.add(&path, reason),
        }
    }
    Ok(found)
}

/// Rows that refer to what is not there.
fn rows(tx: &mut Tx<'_>, found: &mut Verified) -> Result<(), DbError> {
    let checks = [
        (
            "fact",
            "of a person who is not there",
            "SELECT f.id FROM fact f LEFT JOIN person p ON p.id = f.person
             WHERE p.id IS NULL ORDER BY f.id LIMIT 20",
        ),
        (
            "identifier",
            "of a person who is not there",
            "SELECT i.value FROM identifier i LEFT JOIN person p ON p.id = i.person
             WHERE p.id IS NULL ORDER BY i.value LIMIT 20",
        ),
        (
            "person",
            "of a lead that is not there",
            "SELECT p.id FROM person p LEFT JOIN person l ON l.id = p.lead
             WHERE l.id IS NULL OR l.lead <> l.id ORDER BY p.id LIMIT 20",
        ),
        (
            "sealed_fact",
            "in a file that is not in the manifest",
            "SELECT s.id FROM sealed_fact s LEFT JOIN segment_file f
                ON f.id = s.segment AND f.retired_at IS NULL
             WHERE f.id IS NULL ORDER BY s.id LIMIT 20",
        ),
        (
            "sealed_fact",
            "in a file and in the table at once",
            "SELECT s.id FROM sealed_fact s JOIN fact f ON f.id = s.id ORDER BY s.id LIMIT 20",
        ),
    ];
    for (table, what, sql) in checks {
        let ids: Vec<String> = tx.query(sql, &[], |row| row.get(0))?;
        // An identifier may be an address: how many there are is enough.
        if table == "identifier" {
            if !ids.is_empty() {
                found.add(table, format!("at least {} {what}", ids.len()));
            }
            continue;
        }
        for id in ids {
            found.add(table, format!("`{id}` is {what}"));
        }
    }
    Ok(())
}

/// Facts of the table that say something else than when they were written: neither database has checksums of its pages
/// as a rule, so that a bit that turned in a text is read as if it were true. Those in files have the files' checksums.
fn contents(tx: &mut Tx<'_>, found: &mut Verified) -> Result<(), DbError> {
    let mut damaged = Vec::new();
    let sql = "SELECT id, kind, name, body, content, machine_reason FROM fact";
    tx.each(sql, &[], |row| {
        let machine: Option<String> = row.get(5)?;
        let (kind, hash) = (row.get(1)?, row.get(4)?);
        if !is_sound(hash, kind, row.text(2)?, row.text(3)?, machine.as_deref())
            && damaged.len() < FINDINGS_MAX
        {
            damaged.push(row.get::<String>(0)?);
        }
        Ok(())
    })?;
    for id in damaged {
        found.add("fact", format!("`{id}` does not say what was written"));
    }
    Ok(())
}

fn check_file(
    tx: &mut Tx<'_>,
    segments: &Segments,
    segment: &SegmentFile,
    found: &mut Verified,
) -> Result<(), SegmentError> {
    let path = segments.path(&segment.file);
    file::check(&path, segment)?;
    let mut ids: HashSet<String> = HashSet::new();
    let mut last: Option<(String, i64, String)> = None;
    let mut finding: Option<String> = None;
    segments.read(segment, None, |fact| {
        let key = (fact.person, fact.at.as_millis(), fact.id.clone());
        if last.as_ref().is_some_and(|last| *last >= key) {
            finding = Some(format!("`{}` is not in its place", key.2));
        }
        if super::bucket_of(&key.0) != segment.bucket {
            finding = Some(format!("`{}` belongs to another bucket", key.2));
        }
        last = Some(key);
        ids.insert(fact.id);
        Ok::<(), SegmentError>(())
    })?;
    found.damages.extend(finding.map(|finding| Damage { place: segment.file.clone(), finding }));
    if ids.len() as i64 != segment.facts {
        found.add(&segment.file, format!("it has {} facts, not {}", ids.len(), segment.facts));
    }
    let list: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut noted: BTreeSet<String> = BTreeSet::new();
    for table in ["sealed_fact", "sealed_hole"] {
        chunks::keys(&list, 2, |list, keys| {
            let sql = format!("SELECT id FROM {table} WHERE segment = $1 AND id IN ({list})");
            let mut params: Vec<Param<'_>> = vec![segment.id.into()];
            params.extend_from_slice(keys);
            tx.each(&sql, &params, |row| {
                noted.insert(row.get(0)?);
                Ok(())
            })
        })?;
    }
    let missing: Vec<&&str> = list.iter().filter(|id| !noted.contains(**id)).collect();
    for id in missing.into_iter().take(FINDINGS_MAX) {
        found.add(&segment.file, format!("`{id}` lies in the file, but is not noted"));
    }
    let count = "SELECT count(*) FROM sealed_fact WHERE segment = $1";
    let expected: i64 = tx.value(count, &[segment.id.into()])?;
    let present = noted.len() as i64;
    let holes: i64 =
        tx.value("SELECT count(*) FROM sealed_hole WHERE segment = $1", &[segment.id.into()])?;
    if expected + holes != present {
        let finding = format!("{} facts are noted, {present} lie in the file", expected + holes);
        found.add(&segment.file, finding);
    }
    Ok(())
}

impl Verified {
    fn add(&mut self, place: &str, finding: String) {
        self.damages.push(Damage { place: place.to_owned(), finding });
    }
}

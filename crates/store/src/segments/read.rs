//! Reading sealed facts as they stand today.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use leads::{MachineSign, Timestamp};

use super::{SegmentError, SegmentFile, Segments, bucket_of, file, segment_files};
use crate::db::{DbError, Tx};
use crate::facts::{StoredFact, machine};

/// What was decided of the facts of a file since it was written.
#[derive(Default)]
pub(super) struct Marks {
    holes: HashSet<String>,
    marks: HashMap<String, (Option<MachineSign>, Option<Timestamp>)>,
}

impl Marks {
    pub(super) fn of(tx: &mut Tx<'_>, segment: i64) -> Result<Self, DbError> {
        let mut marks = Self::default();
        let sql = "SELECT id FROM sealed_hole WHERE segment = $1";
        tx.each(sql, &[segment.into()], |row| {
            marks.holes.insert(row.get(0)?);
            Ok(())
        })?;
        let sql = "SELECT id, machine_reason, machine_confidence, retracted_at FROM sealed_fact
            WHERE segment = $1 AND marked = 1";
        tx.each(sql, &[segment.into()], |row| {
            let retracted_at = row.get::<Option<i64>>(3)?.map(Timestamp::saturating_from_millis);
            marks.marks.insert(row.get(0)?, (machine(row.get(1)?, row.get(2)?), retracted_at));
            Ok(())
        })?;
        Ok(marks)
    }

    /// The fact as it stands; `None` for a hole.
    pub(super) fn apply(&self, mut fact: StoredFact) -> Option<StoredFact> {
        if self.holes.contains(&fact.id) {
            return None;
        }
        if let Some((machine, retracted_at)) = self.marks.get(&fact.id) {
            fact.machine.clone_from(machine);
            fact.retracted_at = *retracted_at;
        }
        Some(fact)
    }
}

impl Segments {
    /// All sealed facts of some persons, in no order.
    pub(crate) fn facts_of(
        &self,
        tx: &mut Tx<'_>,
        persons: &[String],
    ) -> Result<Vec<StoredFact>, SegmentError> {
        let mut found = Vec::new();
        let mut buckets: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
        for person in persons {
            buckets.entry(bucket_of(person)).or_default().push(person);
        }
        buckets.values_mut().for_each(|persons| persons.sort_unstable());
        for segment in segment_files(tx)? {
            let Some(wanted) = buckets.get(&segment.bucket) else { continue };
            let mut of_file = Vec::new();
            self.check(&segment)?;
            let path = self.path(&segment.file);
            file::read(&path, &segment.file, Some(wanted), |fact| {
                if wanted.binary_search(&fact.person.as_str()).is_ok() {
                    of_file.push(fact);
                }
                Ok::<(), SegmentError>(())
            })?;
            if !of_file.is_empty() {
                let marks = Marks::of(tx, segment.id)?;
                found.extend(of_file.into_iter().filter_map(|fact| marks.apply(fact)));
            }
        }
        Ok(found)
    }

    /// Whether any of these persons has a fact in the file, be it a hole.
    pub(crate) fn holds_any(
        &self,
        segment: &SegmentFile,
        persons: &BTreeSet<String>,
    ) -> Result<bool, SegmentError> {
        self.check(segment)?;
        let sorted: Vec<&str> = persons.iter().map(String::as_str).collect();
        let mut found = false;
        file::read(&self.path(&segment.file), &segment.file, Some(&sorted), |fact| {
            found = found || persons.contains(&fact.person);
            Ok::<(), SegmentError>(())
        })?;
        Ok(found)
    }

    /// Calls `visit` with every sealed fact as it stands, file by file.
    pub(crate) fn each<E: From<SegmentError>>(
        &self,
        tx: &mut Tx<'_>,
        mut visit: impl FnMut(StoredFact) -> Result<(), E>,
    ) -> Result<(), E> {
        for segment in segment_files(tx).map_err(SegmentError::Db)? {
            self.each_of(tx, &segment, &mut visit)?;
        }
        Ok(())
    }

    pub(super) fn each_of<E: From<SegmentError>>(
        &self,
        tx: &mut Tx<'_>,
        segment: &SegmentFile,
        visit: &mut impl FnMut(StoredFact) -> Result<(), E>,
    ) -> Result<(), E> {
        self.check(segment)?;
        let marks = Marks::of(tx, segment.id).map_err(SegmentError::Db)?;
        file::read(&self.path(&segment.file), &segment.file, None, |fact| {
            marks.apply(fact).map_or(Ok(()), &mut *visit)
        })
    }

    /// The ids of sealed facts that fit.
    pub(crate) fn ids_where(
        &self,
        tx: &mut Tx<'_>,
        fits: &dyn Fn(&StoredFact) -> bool,
    ) -> Result<Vec<String>, SegmentError> {
        let mut ids = Vec::new();
        self.each(tx, |fact| {
            if fits(&fact) {
                ids.push(fact.id);
            }
            Ok::<(), SegmentError>(())
        })?;
        Ok(ids)
    }
}

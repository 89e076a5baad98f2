//! Reading sealed facts as they stand today.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use leads::{MachineSign, Timestamp};

use super::{SegmentError, SegmentFile, Segments, bucket_of, rows, segment_files};
use crate::chunks;
use crate::db::{DbError, Param, Row, Tx};
use crate::facts::{StoredFact, machine};

/// What was decided of the facts of a file since it was written.
#[derive(Default)]
pub(super) struct Marks {
    holes: HashSet<String>,
    marks: HashMap<String, (Option<MachineSign>, Option<Timestamp>)>,
}

/// Decisions of a file that are read all: they are no more than what one lead has in it.
const FEW: i64 = 256;

const MARK: &str = "id, machine_reason, machine_confidence, retracted_at";

impl Marks {
    /// Of a whole file.
    pub(super) fn of(tx: &mut Tx<'_>, segment: i64) -> Result<Self, DbError> {
        let mut marks = Self::default();
        let holes = "SELECT id FROM sealed_hole WHERE segment = $1";
        tx.each(holes, &[segment.into()], |row| marks.hole(row))?;
        let marked = format!("SELECT {MARK} FROM sealed_fact WHERE segment = $1 AND marked = 1");
        tx.each(&marked, &[segment.into()], |row| marks.mark(row))?;
        Ok(marks)
    }

    /// Of some facts of a file: of a large one with many machines in it all of them would be much more.
    fn of_facts(tx: &mut Tx<'_>, segment: i64, facts: &[StoredFact]) -> Result<Self, DbError> {
        let sql = "SELECT (SELECT count(*) FROM (SELECT 1 FROM sealed_hole WHERE segment = $1 LIMIT $2) a)
            + (SELECT count(*) FROM (SELECT 1 FROM sealed_fact WHERE segment = $1 AND marked = 1 LIMIT $2) b)";
        let decided: i64 = tx.value(sql, &[segment.into(), FEW.into()])?;
        if decided < FEW {
            return Self::of(tx, segment);
        }
        let mut marks = Self::default();
        let ids: Vec<&str> = facts.iter().map(|fact| fact.id.as_str()).collect();
        chunks::keys(&ids, 2, |list, keys| {
            let mut params: Vec<Param<'_>> = vec![segment.into()];
            params.extend_from_slice(keys);
            let holes = format!("SELECT id FROM sealed_hole WHERE segment = $1 AND id IN ({list})");
            tx.each(&holes, &params, |row| marks.hole(row))?;
            let marked = format!(
                "SELECT {MARK} FROM sealed_fact WHERE segment = $1 AND id IN ({list}) AND marked = 1"
            );
            tx.each(&marked, &params, |row| marks.mark(row))
        })?;
        Ok(marks)
    }

    fn hole(&mut self, row: &Row<'_>) -> Result<(), DbError> {
        self.holes.insert(row.get(0)?);
        Ok(())
    }

    fn mark(&mut self, row: &Row<'_>) -> Result<(), DbError> {
        let retracted_at = row.get::<Option<i64>>(3)?.map(Timestamp::saturating_from_millis);
        self.marks.insert(row.get(0)?, (machine(row.get(1)?, row.get(2)?), retracted_at));
        Ok(())
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
            self.read(&segment, Some(wanted), |fact| {
                of_file.push(fact);
                Ok::<(), SegmentError>(())
            })?;
            if !of_file.is_empty() {
                let marks = Marks::of_facts(tx, segment.id, &of_file)?;
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
        let sorted: Vec<&str> = persons.iter().map(String::as_str).collect();
        let mut found = false;
        self.read(segment, Some(&sorted), |_| {
            found = true;
            Ok::<(), SegmentError>(())
        })?;
        Ok(found)
    }

    /// Calls `visit` with every sealed fact as it stands, file by file.
    pub(crate) fn each<E: From<SegmentError>>(
        &self,
        tx: &mut Tx<'_>,
        visit: impl FnMut(StoredFact) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_but(tx, &BTreeSet::new(), visit)
    }

    /// The same but for the files with these ids.
    pub(crate) fn each_but<E: From<SegmentError>>(
        &self,
        tx: &mut Tx<'_>,
        passed_over: &BTreeSet<i64>,
        mut visit: impl FnMut(StoredFact) -> Result<(), E>,
    ) -> Result<(), E> {
        let files = segment_files(tx).map_err(SegmentError::Db)?;
        for segment in files.iter().filter(|file| !passed_over.contains(&file.id)) {
            self.each_of(tx, segment, &mut visit)?;
        }
        Ok(())
    }

    pub(super) fn each_of<E: From<SegmentError>>(
        &self,
        tx: &mut Tx<'_>,
        segment: &SegmentFile,
        visit: &mut impl FnMut(StoredFact) -> Result<(), E>,
    ) -> Result<(), E> {
        let marks = Marks::of(tx, segment.id).map_err(SegmentError::Db)?;
        self.read(segment, None, |fact| marks.apply(fact).map_or(Ok(()), &mut *visit))
    }

    /// Calls `visit` with the facts of a file as they were written; with `persons` (in order), with theirs.
    pub(crate) fn read<E: From<SegmentError>>(
        &self,
        segment: &SegmentFile,
        persons: Option<&[&str]>,
        visit: impl FnMut(StoredFact) -> Result<(), E>,
    ) -> Result<(), E> {
        let footer = self.footer(segment)?;
        rows::read(&self.path(&segment.file), &segment.file, &footer, persons, visit)
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

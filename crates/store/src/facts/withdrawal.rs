//! Facts that several imports bring: one of them may be undone, and the others still say them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use leads::Report;

use super::append::import_of;
use super::content::Content;
use super::stored::StoredFact;
use crate::chunks;
use crate::db::{DbError, Param, Tx};
use crate::segments::{SegmentError, SegmentFile, Segments, segment_files};

/// That another import than `$1`, which was not undone, says a fact, too.
fn is_said_by_another(fact: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM also_imported a JOIN import_job j ON j.id = a.import_id
            WHERE a.fact = {fact} AND a.is_origin = 0 AND a.import_id <> $1 AND j.state <> 'undone')"
    )
}

/// Notes that an import says a fact again that another one brought, and what it says where that is not the same.
pub(super) fn also_imported(
    tx: &mut Tx<'_>,
    report: &Report,
    content: &Content,
    person: &str,
    is_same: bool,
) -> Result<(), DbError> {
    let Some(import) = import_of(report) else { return Ok(()) };
    let key: [Param<'_>; 2] = [(&report.id).into(), import.into()];
    let insert = "INSERT INTO also_imported (fact, import_id, is_origin) VALUES ($1, $2, 0)
        ON CONFLICT (fact, import_id) DO NOTHING";
    let is_first = tx.execute(insert, &key)? > 0;
    if is_same {
        let delete = "DELETE FROM said_by_import WHERE fact = $1 AND import_id = $2";
        return if is_first { Ok(()) } else { tx.execute(delete, &key).map(|_| ()) };
    }
    let says_what_stands = "SELECT 1 FROM said_by_import WHERE fact = $1 AND import_id = $2";
    if !is_first && tx.find(says_what_stands, &key, |_| Ok(()))?.is_none() {
        return Ok(());
    }
    let machine = report.machine.as_ref();
    keep(
        tx,
        &StoredFact {
            id: report.id.clone(),
            person: person.to_owned(),
            kind: content.kind,
            name: content.name.clone(),
            at: report.at,
            received_at: report.received_at,
            source: report.source.clone(),
            body: content.body.clone(),
            machine: machine.cloned(),
            retracted_at: None,
        },
        import,
        content.hash,
    )
}

/// Keeps what an import says of a fact; of several things that one which counts first.
fn keep(tx: &mut Tx<'_>, fact: &StoredFact, import: &str, content: i64) -> Result<(), DbError> {
    let insert = "INSERT INTO said_by_import (fact, import_id, person, kind, name, at, received_at,
            source, body, content, machine_reason, machine_confidence)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (fact, import_id) DO UPDATE SET person = excluded.person,
            kind = excluded.kind, name = excluded.name, at = excluded.at,
            received_at = excluded.received_at, source = excluded.source, body = excluded.body,
            content = excluded.content, machine_reason = excluded.machine_reason,
            machine_confidence = excluded.machine_confidence
         WHERE (excluded.at, excluded.content) < (said_by_import.at, said_by_import.content)";
    let machine = fact.machine.as_ref();
    let params: [Param<'_>; 12] = [
        (&fact.id).into(),
        import.into(),
        (&fact.person).into(),
        fact.kind.code().into(),
        (&fact.name).into(),
        fact.at.into(),
        fact.received_at.into(),
        (&fact.source).into(),
        (&fact.body).into(),
        content.into(),
        machine.map(|sign| sign.reason.as_str()).into(),
        machine.map(|sign| i64::from(sign.confidence)).into(),
    ];
    tx.execute(insert, &params).map(|_| ())
}

/// A fact in a file, as far as that is known without it.
pub(super) struct InFile<'s> {
    pub(super) person: &'s str,
    pub(super) at: i64,
    pub(super) content: i64,
}

/// Before a report takes the place of a fact: what the fact is now is kept for the imports that say it.
pub(super) fn is_replaced(
    tx: &mut Tx<'_>,
    report: &Report,
    in_file: Option<&InFile<'_>>,
) -> Result<(), DbError> {
    let Some(by) = import_of(report) else { return Ok(()) };
    keep_what_stands(tx, &report.id, in_file)?;
    says_what_stands(tx, &report.id, by)
}

/// Keeps what a fact is for the imports that say it. Of one in a file only where it lies for now, and for whoever
/// brought it, too, which the file knows: see [`lift`].
fn keep_what_stands(
    tx: &mut Tx<'_>,
    fact: &str,
    in_file: Option<&InFile<'_>>,
) -> Result<(), DbError> {
    let id: Param<'_> = fact.into();
    tx.execute("DELETE FROM also_imported WHERE fact = $1 AND is_origin = 1", &[id])?;
    if let Some(sealed) = in_file {
        let insert = "INSERT INTO said_by_import (fact, import_id, person, kind, name, at,
                received_at, source, body, content)
            SELECT $1, a.import_id, $2, $3, '', $4, $4, '', '', $5 FROM
                (SELECT import_id FROM also_imported WHERE fact = $1 UNION SELECT $6) a
            WHERE true ON CONFLICT (fact, import_id) DO NOTHING";
        let (person, content) = (sealed.person.into(), sealed.content.into());
        let params = [id, person, IN_FILE.into(), sealed.at.into(), content, UNKNOWN.into()];
        return tx.execute(insert, &params).map(|_| ());
    }
    let note = "INSERT INTO also_imported (fact, import_id, is_origin)
        SELECT id, import_id, 0 FROM fact WHERE id = $1 AND import_id IS NOT NULL
        ON CONFLICT (fact, import_id) DO NOTHING";
    tx.execute(note, &[id])?;
    let keep = "INSERT INTO said_by_import (fact, import_id, person, kind, name, at, received_at,
            source, body, content, machine_reason, machine_confidence)
        SELECT f.id, a.import_id, f.person, f.kind, f.name, f.at, f.received_at,
            'import:' || a.import_id, f.body, f.content, f.machine_reason, f.machine_confidence
        FROM fact f JOIN also_imported a ON a.fact = f.id WHERE f.id = $1
        ON CONFLICT (fact, import_id) DO NOTHING";
    tx.execute(keep, &[id]).map(|_| ())
}

/// The fact is what this import says, which needs no note.
fn says_what_stands(tx: &mut Tx<'_>, fact: &str, import: &str) -> Result<(), DbError> {
    for table in ["also_imported", "said_by_import"] {
        let delete = format!("DELETE FROM {table} WHERE fact = $1 AND import_id = $2");
        tx.execute(&delete, &[fact.into(), import.into()])?;
    }
    Ok(())
}

/// Whether the fact is what an import says.
fn does_say_what_stands(tx: &mut Tx<'_>, fact: &str, import: &str) -> Result<bool, DbError> {
    let sql = "SELECT CAST(1 AS BIGINT) FROM fact WHERE id = $1 AND import_id = $2
        UNION ALL SELECT 1 FROM also_imported a
        WHERE a.fact = $1 AND a.import_id = $2 AND a.is_origin = 0 AND NOT EXISTS (
            SELECT 1 FROM said_by_import s WHERE s.fact = $1 AND s.import_id = $2)";
    Ok(tx.find(sql, &[fact.into(), import.into()], |row| row.get::<i64>(0))?.is_some())
}

/// Stands for the kind of what lies in a file still, and for the import that brought it, which only the file knows.
const IN_FILE: i64 = -1;
const UNKNOWN: &str = "";

/// Reads what imports said by facts of a file whose place others have taken, as long as the file is there. `fits` says
/// which facts.
pub(crate) fn lift(
    tx: &mut Tx<'_>,
    segments: &Segments,
    file: &SegmentFile,
    fits: &dyn Fn(&StoredFact) -> bool,
) -> Result<(), SegmentError> {
    let sql = "SELECT h.id, s.import_id, s.at, s.content FROM sealed_hole h
        JOIN said_by_import s ON s.fact = h.id WHERE h.segment = $1 AND s.kind = $2";
    let mut wanted: HashMap<String, Vec<(String, i64, i64)>> = HashMap::new();
    tx.each(sql, &[file.id.into(), IN_FILE.into()], |row| {
        let said = (row.get(1)?, row.get(2)?, row.get(3)?);
        wanted.entry(row.get(0)?).or_default().push(said);
        Ok(())
    })?;
    if wanted.is_empty() {
        return Ok(());
    }
    let mut found = Vec::new();
    segments.read(file, None, |fact| {
        if wanted.contains_key(&fact.id) && fits(&fact) {
            found.push(fact);
        }
        Ok::<(), SegmentError>(())
    })?;
    for fact in found {
        for (import, at, content) in wanted.remove(&fact.id).unwrap_or_default() {
            if at != fact.at.as_millis() {
                continue;
            }
            let key: [Param<'_>; 2] = [(&fact.id).into(), (&import).into()];
            let delete = "DELETE FROM said_by_import WHERE fact = $1 AND import_id = $2";
            tx.execute(delete, &key)?;
            let import = match (import.as_str(), fact.source.strip_prefix("import:")) {
                (UNKNOWN, None) => continue,
                // It said the same later as what stands, which counts before this.
                (UNKNOWN, Some(brought)) if does_say_what_stands(tx, &fact.id, brought)? => {
                    continue;
                }
                (UNKNOWN, Some(brought)) => brought,
                (import, _) => import,
            };
            let note = "INSERT INTO also_imported (fact, import_id, is_origin) VALUES ($1, $2, 0)
                ON CONFLICT (fact, import_id) DO NOTHING";
            tx.execute(note, &[(&fact.id).into(), import.into()])?;
            let fact = StoredFact { source: format!("import:{import}"), ..fact.clone() };
            keep(tx, &fact, import, content)?;
        }
    }
    Ok(())
}

/// The same for all files.
pub(super) fn lift_all(tx: &mut Tx<'_>, segments: &Segments) -> Result<(), SegmentError> {
    let sql = "SELECT DISTINCT h.segment FROM sealed_hole h JOIN said_by_import s ON s.fact = h.id
        WHERE s.kind = $1";
    let files: Vec<i64> = tx.query(sql, &[IN_FILE.into()], |row| row.get(0))?;
    for file in segment_files(tx)?.into_iter().filter(|file| files.contains(&file.id)) {
        lift(tx, segments, &file, &|_| true)?;
    }
    Ok(())
}

/// Facts that stand as an import says them that is being undone; whatever brought them was undone before.
pub(super) fn stand_by(tx: &mut Tx<'_>, import: &str) -> Result<Vec<String>, DbError> {
    let sql = "SELECT s.fact FROM also_imported s WHERE s.import_id = $1 AND s.is_origin = 0
        AND EXISTS (SELECT 1 FROM also_imported o WHERE o.fact = s.fact AND o.is_origin = 1)
        AND NOT EXISTS (SELECT 1 FROM said_by_import v
            WHERE v.fact = s.fact AND v.import_id = s.import_id)";
    tx.query(sql, &[import.into()], |row| row.get(0))
}

/// Of facts that stand as an import says them that is being undone, those that no other import says in the same way:
/// each with the import whose word counts then.
pub(super) fn said_otherwise(
    tx: &mut Tx<'_>,
    import: &str,
    ids: &[String],
) -> Result<Vec<(String, String)>, DbError> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut same: HashSet<String> = HashSet::new();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    chunks::keys(&ids, 2, |list, keys| {
        let sql = format!(
            "SELECT a.fact, a.import_id, s.kind FROM also_imported a
             JOIN import_job j ON j.id = a.import_id
             LEFT JOIN said_by_import s ON s.fact = a.fact AND s.import_id = a.import_id
             WHERE a.fact IN ({list}) AND a.is_origin = 0 AND a.import_id <> $1
                AND j.state <> 'undone' ORDER BY a.fact, s.at, s.content, a.import_id"
        );
        let mut params: Vec<Param<'_>> = vec![import.into()];
        params.extend_from_slice(keys);
        tx.each(&sql, &params, |row| {
            let (fact, says): (String, String) = (row.get(0)?, row.get(1)?);
            match row.get::<Option<i64>>(2)? {
                None => {
                    same.insert(fact);
                }
                Some(IN_FILE) => {}
                Some(_) => {
                    found.entry(fact).or_insert(says);
                }
            }
            Ok(())
        })
    })?;
    Ok(found.into_iter().filter(|(fact, _)| !same.contains(fact)).collect())
}

/// What an import says of facts that count after its word, or that count no more.
pub(super) fn said_before_others(
    tx: &mut Tx<'_>,
    import: &str,
) -> Result<Vec<(String, String)>, DbError> {
    let mut found = Vec::new();
    for table in ["fact", "sealed_fact"] {
        let sql = format!(
            "SELECT f.id FROM said_by_import s JOIN {table} f ON f.id = s.fact
             WHERE s.import_id = $1 AND s.kind <> $2
                AND (f.retracted_at IS NOT NULL OR (s.at, s.content) < (f.at, f.content))"
        );
        let ids: Vec<String> =
            tx.query(&sql, &[import.into(), IN_FILE.into()], |row| row.get(0))?;
        found.extend(ids.into_iter().map(|id| (id, import.to_owned())));
    }
    Ok(found)
}

/// Puts what an import says of a fact in its place; that it was taken back goes on, unless it is given back. Answers the
/// persons and companies that it told of and tells of.
pub(super) fn put_in_place(
    tx: &mut Tx<'_>,
    fact: &str,
    import: &str,
    is_given_back: bool,
) -> Result<(BTreeSet<String>, BTreeSet<String>), DbError> {
    let (mut persons, mut companies) = (BTreeSet::new(), BTreeSet::new());
    let key: [Param<'_>; 2] = [fact.into(), import.into()];
    let sql = "SELECT person, at, content, segment, retracted_at FROM sealed_fact WHERE id = $1";
    let sealed: Option<(String, [i64; 3], Option<i64>)> = tx.find(sql, &key[..1], |row| {
        Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?], row.get(4)?))
    })?;
    let mut retracted_at: Option<i64> = None;
    if let Some((person, [at, content, segment], retracted)) = sealed {
        keep_what_stands(tx, fact, Some(&InFile { person: &person, at, content }))?;
        let hole = "INSERT INTO sealed_hole (segment, id) VALUES ($1, $2)";
        tx.execute(hole, &[segment.into(), fact.into()])?;
        tx.execute("DELETE FROM sealed_fact WHERE id = $1", &key[..1])?;
        persons.insert(person);
        retracted_at = retracted;
    } else {
        keep_what_stands(tx, fact, None)?;
        let delete = "DELETE FROM fact WHERE id = $1
            RETURNING person, CASE WHEN kind = 2 THEN name END, retracted_at";
        tx.each(delete, &key[..1], |row| {
            persons.insert(row.get(0)?);
            companies.extend(row.get::<Option<String>>(1)?);
            retracted_at = row.get(2)?;
            Ok(())
        })?;
    }
    let retracted_at = retracted_at.filter(|_| !is_given_back);
    let insert = "INSERT INTO fact (id, person, kind, name, at, received_at, source, import_id,
            body, content, machine_reason, machine_confidence, retracted_at)
        SELECT fact, person, kind, name, at, received_at, source, import_id, body, content,
            machine_reason, machine_confidence, $3
        FROM said_by_import WHERE fact = $1 AND import_id = $2
        RETURNING person, CASE WHEN kind = 2 THEN name END";
    tx.each(insert, &[key[0], key[1], retracted_at.into()], |row| {
        persons.insert(row.get(0)?);
        companies.extend(row.get::<Option<String>>(1)?);
        Ok(())
    })?;
    says_what_stands(tx, fact, import)?;
    Ok((persons, companies))
}

/// Of these facts, which an import brought that is being undone, those that no other import says. Of the others it is
/// noted that they have lost whoever brought them.
pub(super) fn said_by_no_other(
    tx: &mut Tx<'_>,
    import: &str,
    ids: &[String],
) -> Result<Vec<String>, DbError> {
    let mut kept: HashSet<String> = HashSet::new();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    chunks::keys(&ids, 2, |list, keys| {
        let sql = format!(
            "SELECT DISTINCT s.fact FROM also_imported s WHERE s.fact IN ({list}) AND {}",
            is_said_by_another("s.fact")
        );
        let mut params: Vec<Param<'_>> = vec![import.into()];
        params.extend_from_slice(keys);
        tx.each(&sql, &params, |row| {
            kept.insert(row.get(0)?);
            Ok(())
        })
    })?;
    for id in &kept {
        let insert = "INSERT INTO also_imported (fact, import_id, is_origin) VALUES ($1, $2, 1)
            ON CONFLICT (fact, import_id) DO UPDATE SET is_origin = 1";
        tx.execute(insert, &[id.into(), import.into()])?;
    }
    Ok(ids.into_iter().filter(|id| !kept.contains(*id)).map(str::to_owned).collect())
}

/// Facts that stood only because this import, which is being undone, says them: whatever brought them was undone before.
pub(super) fn kept_for(tx: &mut Tx<'_>, import: &str) -> Result<Vec<String>, DbError> {
    let sql = format!(
        "SELECT s.fact FROM also_imported s WHERE s.import_id = $1 AND s.is_origin = 0
            AND EXISTS (SELECT 1 FROM also_imported o WHERE o.fact = s.fact AND o.is_origin = 1)
            AND NOT {}",
        is_said_by_another("s.fact")
    );
    tx.query(&sql, &[import.into()], |row| row.get(0))
}

/// The import that brought facts brings them again.
pub(super) fn brought_again(tx: &mut Tx<'_>, import: &str) -> Result<(), DbError> {
    let delete = "DELETE FROM also_imported WHERE import_id = $1 AND is_origin = 1";
    tx.execute(delete, &[import.into()]).map(|_| ())
}

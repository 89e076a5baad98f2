//! Forgetting somebody on request, and telling somebody everything that is kept of them.

use std::collections::BTreeSet;

use leads::Timestamp;
use serde_json::{Map, Value as Json, json};
use thiserror::Error;

use crate::Store;
use crate::db::{DbError, Param, Tx, empty_log};
use crate::facts::OF_FACTS;
use crate::idempotency;
use crate::identity::{IdentifierKind, Name, identifiers, merges};
use crate::reading::lead_facts;
use crate::scores;
use crate::segments::{
    SegmentError, SegmentFile, Segments, bucket_of, replaced_files, rewrite, segment_files,
};
use crate::suppression;
use crate::webhooks;

/// What is left of somebody who was erased: that it was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Erasure {
    /// Its id.
    pub id: String,
    /// When it was done.
    pub at: Timestamp,
    /// The keyed hash of the lead's id.
    pub lead_hash: String,
    /// How many persons the lead was made of.
    pub persons: i64,
    /// How many identifiers were removed.
    pub identifiers: i64,
    /// How many facts were removed.
    pub facts: i64,
    /// Why, as it was given.
    pub reason: String,
    /// Who asked for it or did it.
    pub requested_by: String,
}

/// A wish to erase a lead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ErasureRequest {
    /// The lead, or one that became part of it.
    pub lead: String,
    /// Why. It is kept for ever: it should name nobody.
    pub reason: String,
    /// Who asked for it or does it.
    pub requested_by: String,
    /// The id that its proof gets.
    pub id: String,
}

/// Why somebody cannot be erased.
#[derive(Debug, Error)]
pub enum EraseError {
    /// No such lead.
    #[error("there is no lead `{0}`")]
    NoLead(String),
    /// Facts in files cannot be read or written.
    #[error(transparent)]
    Segments(#[from] SegmentError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Somebody was erased in a transaction; [`finish`] takes the files away once that is committed.
#[derive(Debug)]
#[must_use = "files with the facts are there until `finish`"]
pub struct Erased {
    /// The proof.
    pub erasure: Erasure,
    replaced: Vec<SegmentFile>,
}

/// Erases a lead: its facts, hot and sealed, its identifiers, merges, scores and transitions, webhooks
/// and answers that tell of it. What is left is a proof that says nothing of them, and keyed hashes of the identifiers, by which reports
/// about them are refused from then on. A visitor's id that others use too is not among those.
///
/// When it answers, the bytes are gone: from SQLite's file and log (if nobody was reading just then;
/// else with the next call), and from the directory of segments. A server keeps its own log and free
/// space: `VACUUM` and its backups are its operator's. Do not call it while facts are being sealed;
/// a reader that is under way may miss a file, and succeeds when it tries again.
pub fn erase(
    store: &Store,
    segments: &Segments,
    request: &ErasureRequest,
    now: Timestamp,
) -> Result<Erasure, EraseError> {
    // Not after it: a parcel that is done would be settled again, were the power to go in between.
    store.put_away_and_wait()?;
    let (directory, request) = (segments.clone(), request.clone());
    let erased = store.write(move |tx| erase_within(tx, &directory, &request, now))?;
    finish(store, segments, erased)
}

/// Takes away the files that hold facts of somebody who was erased, and what logs still hold.
pub fn finish(store: &Store, segments: &Segments, erased: Erased) -> Result<Erasure, EraseError> {
    let Erased { erasure, replaced } = erased;
    clear(store, segments, replaced)?;
    Ok(erasure)
}

/// Takes away files that were replaced, and what logs still hold.
pub(crate) fn clear(
    store: &Store,
    segments: &Segments,
    replaced: Vec<SegmentFile>,
) -> Result<(), EraseError> {
    let names: Vec<String> = replaced.iter().map(|file| file.file.clone()).collect();
    segments.remove(&names)?;
    store.write(move |tx| {
        for file in &replaced {
            tx.execute("DELETE FROM segment_file WHERE id = $1", &[file.id.into()])?;
        }
        Ok::<(), DbError>(())
    })?;
    store.put_away_and_wait()?;
    empty_log(store.address())?;
    store.inbox().empty_log()?;
    Ok(())
}

/// The first half of [`erase`], within a transaction that may do more, such as to note who did it.
pub fn erase_within(
    tx: &mut Tx<'_>,
    segments: &Segments,
    request: &ErasureRequest,
    now: Timestamp,
) -> Result<Erased, EraseError> {
    let sql = "SELECT lead FROM person WHERE id = $1";
    let lead: Option<String> = tx.find(sql, &[(&request.lead).into()], |row| row.get(0))?;
    let Some(lead) = lead else { return Err(EraseError::NoLead(request.lead.clone())) };
    let sql = "SELECT id FROM person WHERE lead = $1";
    let persons: BTreeSet<String> =
        tx.query(sql, &[(&lead).into()], |row| row.get(0))?.into_iter().collect();

    let key = suppression::key(tx)?;
    let removed = suppress(tx, &key, &lead, &persons, request, now)?;
    let (facts, replaced) = remove(tx, segments, &persons, now)?;
    let erasure = Erasure {
        id: request.id.clone(),
        at: now,
        lead_hash: suppression::hash(&key, &Name { kind: IdentifierKind::Lead, value: lead }),
        persons: persons.len() as i64,
        identifiers: removed,
        facts,
        reason: request.reason.clone(),
        requested_by: request.requested_by.clone(),
    };
    let insert = "INSERT INTO erasure (id, at, lead_hash, persons, identifiers, facts, reason,
        requested_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let params: [Param<'_>; 8] = [
        (&erasure.id).into(),
        now.into(),
        (&erasure.lead_hash).into(),
        erasure.persons.into(),
        erasure.identifiers.into(),
        erasure.facts.into(),
        (&erasure.reason).into(),
        (&erasure.requested_by).into(),
    ];
    tx.execute(insert, &params)?;
    Ok(Erased { erasure, replaced })
}

/// Removes all that is kept of persons but what was put on lists. Answers how many facts are gone, and the
/// files that were replaced.
pub(crate) fn remove(
    tx: &mut Tx<'_>,
    segments: &Segments,
    persons: &BTreeSet<String>,
    now: Timestamp,
) -> Result<(i64, Vec<SegmentFile>), SegmentError> {
    let (sealed, replaced) = erase_sealed(tx, segments, persons, now)?;
    let mut facts = sealed;
    for id in persons {
        let person: Param<'_> = id.into();
        for table in OF_FACTS {
            let delete = format!(
                "DELETE FROM {table} WHERE fact IN (SELECT id FROM fact WHERE person = $1)"
            );
            tx.execute(&delete, &[person])?;
        }
        facts += tx.execute("DELETE FROM fact WHERE person = $1", &[person])? as i64;
        for delete in [
            // Facts of others name them, too.
            "DELETE FROM not_linked WHERE (kind, value) IN
                (SELECT kind, value FROM identifier WHERE person = $1)",
            "DELETE FROM identifier WHERE person = $1",
            "DELETE FROM withdrawn_identifier WHERE person = $1",
            "DELETE FROM said_by_import WHERE person = $1",
            "DELETE FROM named_by WHERE person = $1",
            "DELETE FROM named_together WHERE one = $1",
            "DELETE FROM named_together WHERE other = $1",
            "DELETE FROM merge WHERE winner = $1",
            "DELETE FROM merge WHERE loser = $1",
            "DELETE FROM lead WHERE lead = $1",
            "DELETE FROM score WHERE lead = $1",
            "DELETE FROM transition WHERE lead = $1",
            "DELETE FROM marked_lead WHERE lead = $1",
            "DELETE FROM person WHERE id = $1",
        ] {
            tx.execute(delete, &[person])?;
        }
        webhooks::forget(tx, id)?;
        idempotency::forget(tx, id)?;
    }
    Ok((facts, replaced))
}

/// Puts a lead's identifiers on the list of those who are not taken in again; answers how many it
/// had. Its own ids are on it too.
fn suppress(
    tx: &mut Tx<'_>,
    key: &str,
    lead: &str,
    persons: &BTreeSet<String>,
    request: &ErasureRequest,
    now: Timestamp,
) -> Result<i64, DbError> {
    let found = identifiers(tx, lead)?;
    let mut names: Vec<Name> = Vec::new();
    for identifier in &found {
        if identifier.kind == IdentifierKind::Anonymous {
            let sql = "SELECT person FROM identifier WHERE kind = $1 AND value = $2";
            let params = [identifier.kind.code().into(), (&identifier.value).into()];
            let owners: Vec<String> = tx.query(sql, &params, |row| row.get(0))?;
            if owners.iter().any(|owner| !persons.contains(owner)) {
                continue;
            }
        }
        names.push(Name { kind: identifier.kind, value: identifier.value.clone() });
    }
    // What was taken back with an import is theirs all the same, and may be imported again.
    for person in persons {
        let sql = "SELECT kind, value FROM withdrawn_identifier WHERE person = $1 AND kind <> $2";
        let anonymous = IdentifierKind::Anonymous.code();
        names.extend(tx.query(sql, &[person.into(), anonymous.into()], |row| {
            Ok(Name { kind: IdentifierKind::from_code(row.get(0)?), value: row.get(1)? })
        })?);
    }
    let own = persons.iter().map(|id| Name { kind: IdentifierKind::Lead, value: id.clone() });
    names.extend(own);
    for name in &names {
        suppression::put(tx, &suppression::hash(key, name), now, &request.id)?;
    }
    Ok(found.len() as i64)
}

/// Writes the files in which these persons have facts anew, without them. Answers how many facts are
/// gone, and the files that were replaced.
fn erase_sealed(
    tx: &mut Tx<'_>,
    segments: &Segments,
    persons: &BTreeSet<String>,
    now: Timestamp,
) -> Result<(i64, Vec<SegmentFile>), SegmentError> {
    let buckets: BTreeSet<i64> = persons.iter().map(|person| bucket_of(person)).collect();
    let mut gone = 0;
    let mut replaced = Vec::new();
    for file in segment_files(tx)?.into_iter().filter(|file| buckets.contains(&file.bucket)) {
        // Holes are facts that are in the file all the same.
        if segments.holds_any(&file, persons)? {
            let files = std::slice::from_ref(&file);
            let keep = |fact: &crate::facts::StoredFact| !persons.contains(&fact.person);
            gone += rewrite(tx, segments, files, &keep, now)? as i64;
            replaced.push(file);
        }
    }
    // Files that were joined, or written anew, hold them as well for a while.
    for file in replaced_files(tx)? {
        if buckets.contains(&file.bucket) && replaced.iter().all(|one| one.id != file.id) {
            replaced.push(file);
        }
    }
    Ok((gone, replaced))
}

/// All proofs of erasure, the latest first.
pub fn erasures(tx: &mut Tx<'_>) -> Result<Vec<Erasure>, DbError> {
    let sql = "SELECT id, at, lead_hash, persons, identifiers, facts, reason, requested_by
        FROM erasure ORDER BY at DESC, id DESC";
    tx.query(sql, &[], |row| {
        Ok(Erasure {
            id: row.get(0)?,
            at: Timestamp::saturating_from_millis(row.get(1)?),
            lead_hash: row.get(2)?,
            persons: row.get(3)?,
            identifiers: row.get(4)?,
            facts: row.get(5)?,
            reason: row.get(6)?,
            requested_by: row.get(7)?,
        })
    })
}

/// Everything that is kept of a lead, as one JSON document; `None` where there is no such lead.
pub fn export(
    tx: &mut Tx<'_>,
    segments: &Segments,
    lead: &str,
) -> Result<Option<Json>, SegmentError> {
    let record = lead_facts(tx, segments, lead)?;
    if record.persons.is_empty() {
        return Ok(None);
    }
    let identifiers: Vec<Json> = record
        .identifiers
        .iter()
        .map(|name| json!({"kind": name.kind.name(), "value": name.value}))
        .collect();
    let merges: Vec<Json> = merges(tx, lead)?
        .into_iter()
        .map(|merge| {
            json!({"winner": merge.winner, "loser": merge.loser, "at": merge.at,
                "reason": merge.reason, "source": merge.source, "undone_at": merge.undone_at})
        })
        .collect();
    let facts: Vec<Json> = record
        .facts
        .iter()
        .map(|fact| {
            let body: Json = serde_json::from_str(&fact.body).unwrap_or(Json::Null);
            json!({"id": fact.id, "kind": fact.kind.word(), "name": fact.name, "at": fact.at,
                "received_at": fact.received_at, "source": fact.source, "body": body,
                "machine": fact.machine.as_ref().map(|sign| &sign.reason),
                "retracted_at": fact.retracted_at})
        })
        .collect();
    let scores: Vec<Json> = scores::scores_of(tx, lead)?
        .into_iter()
        .map(|row| {
            json!({"model": row.model, "score": row.score, "fit": row.fit,
                "engagement": row.engagement, "grade": row.grade, "bracket": row.bracket,
                "stage": row.stage, "disqualified": row.disqualified,
                "scored_at": row.scored_at})
        })
        .collect();
    let query = scores::TransitionQuery {
        lead: Some(lead.to_owned()),
        limit: usize::MAX,
        ..scores::TransitionQuery::default()
    };
    let transitions: Vec<Json> = scores::transitions(tx, &query)?
        .into_iter()
        .map(|row| {
            json!({"model": row.model, "at": row.at, "kind": row.kind.name(), "from": row.from,
                "to": row.to, "reason": row.reason, "score": row.score})
        })
        .collect();
    let profile = scores::lead_row(tx, lead)?.map(|row| {
        let traits: Map<String, Json> = serde_json::from_str(&row.traits).unwrap_or_default();
        json!({"email": row.email, "name": row.name, "company": row.company,
            "country": row.country, "owner": row.owner, "traits": traits})
    });
    Ok(Some(json!({"lead": lead, "identifiers": identifiers, "merges": merges,
        "profile": profile, "facts": facts, "scores": scores, "transitions": transitions})))
}

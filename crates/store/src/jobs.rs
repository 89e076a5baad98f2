//! Work that must happen although the process may end at any moment: sealing, ticks, retention,
//! imports. A job stays until somebody reports how it went; a claim that lapses is claimed anew, and
//! the report of whoever held it before is refused.

use leads::Timestamp;
use serde_json::Value as Json;

use crate::cells::{flag, instant, instant_if_any, json, json_text, one_line};
use crate::db::{DbError, Row, Tx};
use crate::words::words;

words! {
    /// Where a job stands.
    pub enum JobState {
        /// To be run, or running.
        Waiting = "waiting",
        /// Ran, and is not to run again.
        Done = "done",
        /// Failed, and is not tried again by itself.
        Failed = "failed",
    }
}

/// A job to be done.
#[derive(Clone, Copy, Debug)]
pub struct NewJob<'a> {
    /// An id. A periodic job has one that is always the same, such as its kind.
    pub id: &'a str,
    /// What is to be done.
    pub kind: &'a str,
    /// With what.
    pub details: &'a Json,
    /// Not before.
    pub at: Timestamp,
}

/// A job that its holder carries out, before the claim lapses.
#[derive(Clone, PartialEq, Debug)]
pub struct JobClaim {
    /// The job.
    pub id: String,
    /// Which claim on the job it is.
    pub number: i64,
    /// What is to be done.
    pub kind: String,
    /// With what.
    pub details: Json,
    /// Which attempt it is since the last success, from 1. Attempts that ended with the process count:
    /// a job that always ends the process can be given up.
    pub attempt: i64,
}

/// What follows from a run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum After<'a> {
    /// It went well, with this result, and is done.
    Done(&'a Json),
    /// It went well, with this result, and is to run again then.
    Again(&'a Json, Timestamp),
    /// It failed, for this reason, and is to be tried again then.
    RetryAt(&'a str, Timestamp),
    /// It failed, for this reason, for good.
    Failed(&'a str),
}

/// A job, to be looked at.
#[derive(Clone, PartialEq, Debug)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// What is to be done.
    pub kind: String,
    /// With what.
    pub details: Json,
    /// Where it stands.
    pub state: JobState,
    /// Whether somebody is at it.
    pub is_running: bool,
    /// When it is due, or the run under way is given up on; when it ended.
    pub next_at: Timestamp,
    /// Runs that were begun since the last success.
    pub attempts: i64,
    /// Why the last run failed, where it did.
    pub failure: Option<String>,
    /// What the last success gave.
    pub result: Option<Json>,
    /// When it was first wanted.
    pub created_at: Timestamp,
    /// When the last run was begun.
    pub started_at: Option<Timestamp>,
    /// When the last run ended.
    pub finished_at: Option<Timestamp>,
}

/// Characters of a failure that are kept.
const FAILURE_MAX: usize = 2000;

/// Wants a job done. Where there is one with this id already, that one stays as it is; answers whether
/// there was none.
pub fn schedule(tx: &mut Tx<'_>, job: &NewJob<'_>, now: Timestamp) -> Result<bool, DbError> {
    let sql =
        "INSERT INTO job (id, kind, details, state, next_at, claim, claimed, attempts, created_at)
        VALUES ($1, $2, $3, $4, $5, 0, 0, 0, $6) ON CONFLICT (id) DO NOTHING";
    let details = json_text(job.details)?;
    let params = [
        job.id.into(),
        job.kind.into(),
        (&details).into(),
        JobState::Waiting.as_str().into(),
        job.at.into(),
        now.into(),
    ];
    Ok(tx.execute(sql, &params)? > 0)
}

/// Claims up to `limit` jobs that are due, the longest due first, until `lease_until`.
pub fn claim(
    tx: &mut Tx<'_>,
    now: Timestamp,
    limit: i64,
    lease_until: Timestamp,
) -> Result<Vec<JobClaim>, DbError> {
    claim_where(tx, None, now, limit, lease_until)
}

/// The same, of one kind only.
pub fn claim_kind(
    tx: &mut Tx<'_>,
    kind: &str,
    now: Timestamp,
    limit: i64,
    lease_until: Timestamp,
) -> Result<Vec<JobClaim>, DbError> {
    claim_where(tx, Some(kind), now, limit, lease_until)
}

fn claim_where(
    tx: &mut Tx<'_>,
    kind: Option<&str>,
    now: Timestamp,
    limit: i64,
    lease_until: Timestamp,
) -> Result<Vec<JobClaim>, DbError> {
    let sql = "SELECT id, kind, details, claim, attempts FROM job
        WHERE state = $1 AND next_at <= $2 AND (CAST($4 AS TEXT) IS NULL OR kind = $4)
        ORDER BY next_at, id LIMIT $3";
    let params = [JobState::Waiting.as_str().into(), now.into(), limit.into(), kind.into()];
    let claims = tx.query(sql, &params, |row| {
        Ok(JobClaim {
            id: row.get(0)?,
            kind: row.get(1)?,
            details: json(row, 2)?,
            number: row.get::<i64>(3)? + 1,
            attempt: row.get::<i64>(4)? + 1,
        })
    })?;
    for claim in &claims {
        let sql = "UPDATE job SET claim = $2, claimed = 1, attempts = $3, next_at = $4,
            started_at = $5 WHERE id = $1";
        let params = [
            (&claim.id).into(),
            claim.number.into(),
            claim.attempt.into(),
            lease_until.into(),
            now.into(),
        ];
        tx.execute(sql, &params)?;
    }
    Ok(claims)
}

/// Keeps a claim for longer. Answers whether it is still held: whoever hears no must stop.
pub fn extend(tx: &mut Tx<'_>, claim: &JobClaim, lease_until: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE job SET next_at = $3 WHERE id = $1 AND claim = $2 AND claimed = 1";
    let params = [(&claim.id).into(), claim.number.into(), lease_until.into()];
    Ok(tx.execute(sql, &params)? > 0)
}

/// Reports how a run went. Answers whether the report was taken: not when the claim had lapsed and
/// somebody else has the job, or it was cancelled. Reporting in the transaction of the job's last
/// effect makes that effect happen once.
pub fn finish(
    tx: &mut Tx<'_>,
    claim: &JobClaim,
    after: After<'_>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let (state, next_at, outcome) = match after {
        After::Done(result) => (JobState::Done, now, Ok(result)),
        After::Again(result, at) => (JobState::Waiting, at, Ok(result)),
        After::RetryAt(failure, at) => (JobState::Waiting, at, Err(failure)),
        After::Failed(failure) => (JobState::Failed, now, Err(failure)),
    };
    let (id, number) = ((&claim.id).into(), claim.number.into());
    let (state, next_at, at) = (state.as_str().into(), next_at.into(), now.into());
    let rows = match outcome {
        Ok(result) => {
            let sql = "UPDATE job SET state = $3, next_at = $4, finished_at = $5, claimed = 0,
                attempts = 0, failure = NULL, result = $6
                WHERE id = $1 AND claim = $2 AND claimed = 1";
            let result = json_text(result)?;
            tx.execute(sql, &[id, number, state, next_at, at, (&result).into()])?
        }
        Err(failure) => {
            let sql = "UPDATE job SET state = $3, next_at = $4, finished_at = $5, claimed = 0,
                failure = $6 WHERE id = $1 AND claim = $2 AND claimed = 1";
            let failure = one_line(failure, FAILURE_MAX);
            tx.execute(sql, &[id, number, state, next_at, at, (&failure).into()])?
        }
    };
    Ok(rows > 0)
}

/// Gives a claim back that was not begun, as on shutting down: it is due at `at` and counts as no
/// attempt.
pub fn release(tx: &mut Tx<'_>, claim: &JobClaim, at: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE job SET claimed = 0, next_at = $3, attempts = attempts - 1
        WHERE id = $1 AND claim = $2 AND claimed = 1";
    Ok(tx.execute(sql, &[(&claim.id).into(), claim.number.into(), at.into()])? > 0)
}

/// Runs a job now, whether it waits, has failed or is done, unless it is running. Answers whether.
pub fn run_now(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool, DbError> {
    // A claim that has lapsed is as good as none, and a report on it must not count.
    let sql = "UPDATE job SET state = $2, next_at = $3, attempts = 0, claim = claim + claimed,
        claimed = 0 WHERE id = $1 AND (claimed = 0 OR next_at <= $3)";
    Ok(tx.execute(sql, &[id.into(), JobState::Waiting.as_str().into(), now.into()])? > 0)
}

/// Makes jobs due that are planned for later than `latest`, later than anybody plans anything: a clock was
/// ahead when they were. Answers how many.
pub fn put_right(tx: &mut Tx<'_>, latest: Timestamp, now: Timestamp) -> Result<u64, DbError> {
    // A claim until then is one that no process holds: it was made by that clock.
    let sql = "UPDATE job SET next_at = $3, claim = claim + claimed, claimed = 0
        WHERE state = $1 AND next_at > $2";
    tx.execute(sql, &[JobState::Waiting.as_str().into(), latest.into(), now.into()])
}

/// Whether a job is planned for later than `latest`.
pub fn is_any_after(tx: &mut Tx<'_>, latest: Timestamp) -> Result<bool, DbError> {
    let sql = "SELECT count(*) FROM job WHERE state = $1 AND next_at > $2";
    let params = [JobState::Waiting.as_str().into(), latest.into()];
    Ok(tx.value::<i64>(sql, &params)? > 0)
}

/// Removes a job. Whoever is at it will find its report refused. Answers whether it existed.
pub fn cancel(tx: &mut Tx<'_>, id: &str) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM job WHERE id = $1", &[id.into()])? > 0)
}

/// One job.
pub fn find(tx: &mut Tx<'_>, id: &str) -> Result<Option<Job>, DbError> {
    tx.find(&format!("SELECT {COLUMNS} FROM job WHERE id = $1"), &[id.into()], read)
}

/// Up to `limit` jobs in a state, those due or ended last first.
pub fn list(tx: &mut Tx<'_>, state: JobState, limit: i64) -> Result<Vec<Job>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM job WHERE state = $1 ORDER BY next_at DESC, id DESC LIMIT $2"
    );
    tx.query(&sql, &[state.as_str().into(), limit.into()], read)
}

/// When the next job is due, so that nobody needs to ask before.
pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, DbError> {
    let sql = "SELECT min(next_at) FROM job WHERE state = $1";
    let next = tx.find(sql, &[JobState::Waiting.as_str().into()], |row| instant_if_any(row, 0))?;
    Ok(next.flatten())
}

/// Removes jobs that were done before an instant. Those that failed stay for somebody to look at.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, DbError> {
    let sql = "DELETE FROM job WHERE state = $1 AND next_at < $2";
    tx.execute(sql, &[JobState::Done.as_str().into(), before.into()])
}

const COLUMNS: &str = "id, kind, details, state, claimed, next_at, attempts, failure, result, \
    created_at, started_at, finished_at";

fn read(row: &Row<'_>) -> Result<Job, DbError> {
    let result: Option<String> = row.get(8)?;
    Ok(Job {
        id: row.get(0)?,
        kind: row.get(1)?,
        details: json(row, 2)?,
        state: row.get(3)?,
        is_running: flag(row, 4)?,
        next_at: instant(row, 5)?,
        attempts: row.get(6)?,
        failure: row.get(7)?,
        result: if result.is_some() { Some(json(row, 8)?) } else { None },
        created_at: instant(row, 9)?,
        started_at: instant_if_any(row, 10)?,
        finished_at: instant_if_any(row, 11)?,
    })
}

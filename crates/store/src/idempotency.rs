//! Requests that may be repeated: the first has the effect, the others get its answer.
//!
//! The answer is stored in the transaction of the effect, so that there is never one without the
//! other. As one transaction writes at a time, a request that repeats one under way waits for it.

use leads::{Duration, Timestamp};
use thiserror::Error;

use crate::cells::minutes;
use crate::db::{DbError, Param, Tx};
use crate::secret::Digest;

/// How long an answer is kept. A request that comes later has its effect anew.
pub const KEPT: Duration = minutes(7 * 24 * 60);

/// What a client calls a request: 1 to 255 visible ASCII characters and blanks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdempotencyKey(String);

/// Why a text is no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("an idempotency key has 1 to 255 visible ASCII characters, such as a UUID")]
pub struct KeyError;

/// What a request was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The lead whose data the body holds, so that erasing the lead empties it.
    pub about: Option<String>,
    /// The version of what the body shows, as the client is to name it in a later change.
    pub version: Option<i64>,
}

/// What became of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It had its effect just now.
    Fresh(Answer),
    /// It had its effect before: this is the answer of then.
    Replayed(Answer),
    /// The key stands for another request. There was no effect.
    Conflict,
}

impl IdempotencyKey {
    /// Reads a key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let visible = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if text.trim().is_empty() || text.len() > 255 || !visible {
            return Err(KeyError);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Runs `effect` unless `actor` sent a request with this key before. `request` is the hash of all
/// that makes the request (method, path, body). An effect that fails leaves nothing behind, and the
/// same request may be tried again.
pub fn idempotent<E: From<DbError>>(
    tx: &mut Tx<'_>,
    actor: &str,
    key: &IdempotencyKey,
    request: &Digest,
    now: Timestamp,
    effect: impl FnOnce(&mut Tx<'_>) -> Result<Answer, E>,
) -> Result<Outcome, E> {
    let sql = "DELETE FROM idempotent_answer WHERE actor = $1 AND key = $2 AND created_at <= $3";
    let too_old = now.saturating_sub(KEPT);
    tx.execute(sql, &[actor.into(), (&key.0).into(), too_old.into()])?;
    let sql = "SELECT request, status, body, about, version FROM idempotent_answer
        WHERE actor = $1 AND key = $2";
    let stored = tx.find(sql, &[actor.into(), (&key.0).into()], |row| {
        let status = row.get::<i64>(1)?;
        let answer = Answer {
            status: u16::try_from(status).map_err(|_| damaged(status))?,
            body: row.get(2)?,
            about: row.get(3)?,
            version: row.get(4)?,
        };
        Ok((row.get::<Vec<u8>>(0)?, answer))
    })?;
    if let Some((stored, answer)) = stored {
        let same = Digest::from_stored(&stored).as_ref() == Some(request);
        return Ok(if same { Outcome::Replayed(answer) } else { Outcome::Conflict });
    }
    let answer = effect(tx)?;
    let sql = "INSERT INTO idempotent_answer (actor, key, request, status, body, about, version, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let params = [
        actor.into(),
        (&key.0).into(),
        request.as_bytes().into(),
        i64::from(answer.status).into(),
        answer.body.as_slice().into(),
        answer.about.as_deref().into(),
        answer.version.map_or(Param::Null, Param::Int),
        now.into(),
    ];
    tx.execute(sql, &params)?;
    Ok(Outcome::Fresh(answer))
}

/// Empties the answers about a lead that is erased. Requests that repeat theirs have no effect and
/// hear 410, gone.
pub fn forget(tx: &mut Tx<'_>, lead: &str) -> Result<u64, DbError> {
    let sql = "UPDATE idempotent_answer SET status = 410, body = $2, about = NULL, version = NULL
        WHERE about = $1";
    tx.execute(sql, &[lead.into(), Param::Bytes(&[])])
}

/// Removes answers that are no longer kept.
pub fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, DbError> {
    let too_old = now.saturating_sub(KEPT);
    tx.execute("DELETE FROM idempotent_answer WHERE created_at <= $1", &[too_old.into()])
}

fn damaged(status: i64) -> DbError {
    DbError::Damaged(format!("a stored answer has the status {status}"))
}

//! The outbox: a message is written with what it tells of, and its deliveries are claimed, carried
//! out and recorded later.
//!
//! ```text
//! waiting --claim--> claimed --record--> delivered | waiting (again, later) | given up
//!    ^                  |
//!    +--- the claim lapses, or is released
//! ```
//!
//! A delivery's claims are numbered. Once a claim has lapsed and another was made, whatever the
//! holder of the first reports is refused, so that one delivery has one course.

use leads::Timestamp;

use super::overview::DeliveryState;
use super::{Endpoint, Listeners, SigningSecret};
use crate::cells::{instant, instant_if_any, one_line};
use crate::db::{DbError, Tx};

/// What there is to tell.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// An id that no other message has. A message that is there already is not written again.
    pub id: &'a str,
    /// What kind of thing happened, such as `lead.stage_entered`.
    pub event_type: &'a str,
    /// The lead that it tells of, so that erasing the lead takes it back.
    pub about: Option<&'a str>,
    /// JSON, as it is sent.
    pub payload: &'a str,
}

/// A delivery that its holder carries out, before the claim lapses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// The message.
    pub message: String,
    /// The endpoint.
    pub endpoint: String,
    /// Which claim on the delivery it is.
    pub number: i64,
    /// Which attempt it is, from 1; counted anew when the message is replayed.
    pub attempt: i64,
    /// Where to.
    pub url: String,
    /// What to sign with: with each of them.
    pub secrets: Vec<SigningSecret>,
    /// What kind of thing happened.
    pub event_type: String,
    /// JSON, as it is sent.
    pub payload: String,
    /// When the message was written.
    pub created_at: Timestamp,
    /// Since when every attempt at the endpoint has failed.
    pub failing_since: Option<Timestamp>,
}

/// How an attempt went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attempt<'a> {
    /// When it ended.
    pub at: Timestamp,
    /// The status of HTTP; none: no answer.
    pub status: Option<u16>,
    /// Why it failed, where it did.
    pub failure: Option<&'a str>,
    /// How long it took.
    pub took_ms: i64,
    /// The beginning of what was answered.
    pub response: &'a str,
}

/// What follows from an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next<'a> {
    /// It was delivered.
    Delivered,
    /// It failed; the next attempt is then.
    RetryAt(Timestamp),
    /// It failed for the last time.
    GiveUp,
    /// It failed, and nothing more is sent to the endpoint; the delivery waits until somebody enables
    /// the endpoint again.
    Disable {
        /// Why.
        reason: &'a str,
    },
}

/// Whether a report was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recorded {
    /// It was.
    Stored,
    /// The claim had lapsed and somebody else has the delivery, or it is gone: nothing was changed.
    Refused,
}

/// Deliveries of one endpoint that are under way at a time. An endpoint that is slow occupies no more
/// of the workers than that.
const UNDER_WAY: i64 = 8;

/// Attempts that are remembered per delivery: the schedule has ten, a replay as many.
const REMEMBERED: i64 = 20;

/// Characters of an answer that are remembered.
const RESPONSE_MAX: usize = 1024;

/// Writes messages with one delivery for each of `listeners` that wants to hear of them, in the
/// transaction of what they tell of. Answers how many deliveries.
pub fn enqueue(
    tx: &mut Tx<'_>,
    listeners: &Listeners,
    messages: &[Message<'_>],
    now: Timestamp,
) -> Result<u64, DbError> {
    let mut deliveries = 0;
    for message in messages {
        let hearing: Vec<&Endpoint> = listeners.hearing(message.event_type).collect();
        if hearing.is_empty() {
            continue;
        }
        let sql = "INSERT INTO webhook_message (id, event_type, about, payload, created_at)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING";
        let params = [
            message.id.into(),
            message.event_type.into(),
            message.about.into(),
            message.payload.into(),
            now.into(),
        ];
        if tx.execute(sql, &params)? == 0 {
            continue;
        }
        for endpoint in hearing {
            let sql = "INSERT INTO webhook_delivery
                (message, endpoint, state, attempts, claim, claimed, next_at)
                VALUES ($1, $2, $3, 0, 0, 0, $4)";
            let state = DeliveryState::Waiting.as_str();
            let params = [message.id.into(), (&endpoint.id).into(), state.into(), now.into()];
            deliveries += tx.execute(sql, &params)?;
        }
    }
    Ok(deliveries)
}

/// Claims up to `limit` deliveries that are due, until `lease_until`: every endpoint's first before
/// any endpoint's second.
pub fn claim(
    tx: &mut Tx<'_>,
    now: Timestamp,
    limit: usize,
    lease_until: Timestamp,
) -> Result<Vec<Claim>, DbError> {
    let mut due = Vec::new();
    for endpoint in super::list(tx)?.iter().filter(|endpoint| endpoint.is_enabled()) {
        due.extend(due_of(tx, endpoint, now)?);
    }
    due.sort();
    due.truncate(limit);
    let mut claims = Vec::with_capacity(due.len());
    for Due { message, endpoint, .. } in due {
        let sql = "UPDATE webhook_delivery
            SET claim = claim + 1, claimed = 1, attempts = attempts + 1, next_at = $3
            WHERE message = $1 AND endpoint = $2";
        tx.execute(sql, &[(&message).into(), (&endpoint).into(), lease_until.into()])?;
        let sql = "SELECT d.claim, d.attempts, e.url, m.event_type, m.payload, m.created_at,
            e.failing_since
            FROM webhook_delivery d JOIN webhook_message m ON m.id = d.message
            JOIN webhook_endpoint e ON e.id = d.endpoint
            WHERE d.message = $1 AND d.endpoint = $2";
        let secrets = super::secrets(tx, &endpoint, now)?;
        let params = [(&message).into(), (&endpoint).into()];
        let claim = tx.find(sql, &params, |row| {
            Ok(Claim {
                message: message.clone(),
                endpoint: endpoint.clone(),
                number: row.get(0)?,
                attempt: row.get(1)?,
                url: row.get(2)?,
                secrets: secrets.clone(),
                event_type: row.get(3)?,
                payload: row.get(4)?,
                created_at: instant(row, 5)?,
                failing_since: instant_if_any(row, 6)?,
            })
        })?;
        claims.extend(claim);
    }
    Ok(claims)
}

/// Whether a claim is still to be carried out: nobody else has it, its lead was not erased, its
/// endpoint not disabled. Ask right before sending.
pub fn is_current(tx: &mut Tx<'_>, claim: &Claim) -> Result<bool, DbError> {
    let sql = "SELECT count(*) FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint
        WHERE d.message = $1 AND d.endpoint = $2 AND d.claim = $3 AND d.claimed = 1
        AND e.disabled_at IS NULL";
    let params = [(&claim.message).into(), (&claim.endpoint).into(), claim.number.into()];
    Ok(tx.value::<i64>(sql, &params)? > 0)
}

/// Records how the attempt of a claim went and what follows. A claim is recorded once; a later claim
/// on the same delivery makes it void.
pub fn record(
    tx: &mut Tx<'_>,
    claim: &Claim,
    attempt: &Attempt<'_>,
    next: Next<'_>,
) -> Result<Recorded, DbError> {
    let (state, next_at, finished_at) = match next {
        Next::Delivered => (DeliveryState::Delivered, attempt.at, Some(attempt.at)),
        Next::GiveUp => (DeliveryState::GivenUp, attempt.at, Some(attempt.at)),
        Next::RetryAt(at) => (DeliveryState::Waiting, at, None),
        Next::Disable { .. } => (DeliveryState::Waiting, attempt.at, None),
    };
    if !leave(tx, claim, state, next_at, finished_at, 0)? {
        return Ok(Recorded::Refused);
    }
    let sql = "INSERT INTO webhook_attempt
        (message, endpoint, claim, at, status, failure, took_ms, response)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let failure = attempt.failure.map(|text| one_line(text, RESPONSE_MAX));
    let response = one_line(attempt.response, RESPONSE_MAX);
    let params = [
        (&claim.message).into(),
        (&claim.endpoint).into(),
        claim.number.into(),
        attempt.at.into(),
        attempt.status.map(i64::from).into(),
        failure.as_deref().into(),
        attempt.took_ms.into(),
        (&response).into(),
    ];
    tx.execute(sql, &params)?;
    let sql = "DELETE FROM webhook_attempt WHERE message = $1 AND endpoint = $2 AND claim <= $3";
    let forgotten = claim.number - REMEMBERED;
    tx.execute(sql, &[(&claim.message).into(), (&claim.endpoint).into(), forgotten.into()])?;
    let endpoint = (&claim.endpoint).into();
    if next == Next::Delivered {
        let sql = "UPDATE webhook_endpoint SET failing_since = NULL
            WHERE id = $1 AND failing_since IS NOT NULL";
        tx.execute(sql, &[endpoint])?;
    } else {
        let sql = "UPDATE webhook_endpoint SET failing_since = $2
            WHERE id = $1 AND failing_since IS NULL";
        tx.execute(sql, &[endpoint, attempt.at.into()])?;
    }
    if let Next::Disable { reason } = next {
        super::disable(tx, &claim.endpoint, reason, attempt.at)?;
    }
    Ok(Recorded::Stored)
}

/// Gives a claim back that was not begun, as on shutting down: it is due at `at` and counts as no
/// attempt.
pub fn release(tx: &mut Tx<'_>, claim: &Claim, at: Timestamp) -> Result<Recorded, DbError> {
    let left = leave(tx, claim, DeliveryState::Waiting, at, None, 1)?;
    Ok(if left { Recorded::Stored } else { Recorded::Refused })
}

/// Sends a message again, to one endpoint or to all that it was for, with a fresh schedule. What
/// waits is due at once; what is under way stays as it is. Answers how many deliveries.
pub fn replay(
    tx: &mut Tx<'_>,
    message: &str,
    endpoint: Option<&str>,
    now: Timestamp,
) -> Result<u64, DbError> {
    // A claim that has lapsed is as good as none. The claims go on counting.
    let sql = "UPDATE webhook_delivery
        SET state = $3, attempts = 0, claimed = 0, claim = claim + claimed, next_at = $4,
        finished_at = NULL
        WHERE message = $1 AND (CAST($2 AS TEXT) IS NULL OR endpoint = $2)
        AND (claimed = 0 OR next_at <= $4)";
    let state = DeliveryState::Waiting.as_str();
    tx.execute(sql, &[message.into(), endpoint.into(), state.into(), now.into()])
}

/// Sends everything again that an endpoint was given up on since an instant. Answers how many
/// deliveries.
pub fn replay_failed(
    tx: &mut Tx<'_>,
    endpoint: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<u64, DbError> {
    let sql = "UPDATE webhook_delivery
        SET state = $4, attempts = 0, next_at = $5, finished_at = NULL
        WHERE endpoint = $1 AND state = $2 AND finished_at >= $3";
    let (given_up, waiting) = (DeliveryState::GivenUp.as_str(), DeliveryState::Waiting.as_str());
    let params = [endpoint.into(), given_up.into(), since.into(), waiting.into(), now.into()];
    tx.execute(sql, &params)
}

/// Takes back all messages about a lead that is erased. Answers how many.
pub fn forget(tx: &mut Tx<'_>, lead: &str) -> Result<u64, DbError> {
    tx.execute("DELETE FROM webhook_message WHERE about = $1", &[lead.into()])
}

/// Removes up to `limit` messages from before an instant that nobody waits for, except endpoints that
/// are disabled. Answers how many.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp, limit: i64) -> Result<u64, DbError> {
    let sql = "DELETE FROM webhook_message WHERE id IN (
        SELECT m.id FROM webhook_message m WHERE m.created_at < $1 AND NOT EXISTS (
            SELECT 1 FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint
            WHERE d.message = m.id AND d.state = $2 AND e.disabled_at IS NULL)
        ORDER BY m.created_at, m.id LIMIT $3)";
    let waiting = DeliveryState::Waiting.as_str();
    tx.execute(sql, &[before.into(), waiting.into(), limit.into()])
}

/// A delivery that is due. The order is that of claiming.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    rank: usize,
    since: Timestamp,
    message: String,
    endpoint: String,
}

fn due_of(tx: &mut Tx<'_>, endpoint: &Endpoint, now: Timestamp) -> Result<Vec<Due>, DbError> {
    let id = (&endpoint.id).into();
    let sql = "SELECT count(*) FROM webhook_delivery
        WHERE endpoint = $1 AND claimed = 1 AND next_at > $2";
    let under_way: i64 = tx.value(sql, &[id, now.into()])?;
    let sql = "SELECT message, next_at FROM webhook_delivery
        WHERE endpoint = $1 AND state = $2 AND next_at <= $3 ORDER BY next_at, message LIMIT $4";
    let waiting = DeliveryState::Waiting.as_str().into();
    let room = (UNDER_WAY - under_way).max(0).into();
    let mut rank = 0;
    tx.query(sql, &[id, waiting, now.into(), room], |row| {
        rank += 1;
        let (message, since) = (row.get(0)?, instant(row, 1)?);
        Ok(Due { rank, since, message, endpoint: endpoint.id.clone() })
    })
}

/// Ends a claim, unless it is no longer the latest or was ended already.
fn leave(
    tx: &mut Tx<'_>,
    claim: &Claim,
    state: DeliveryState,
    next_at: Timestamp,
    finished_at: Option<Timestamp>,
    not_begun: i64,
) -> Result<bool, DbError> {
    let sql = "UPDATE webhook_delivery SET state = $4, claimed = 0, next_at = $5, finished_at = $6,
        attempts = attempts - $7
        WHERE message = $1 AND endpoint = $2 AND claim = $3 AND claimed = 1";
    let params = [
        (&claim.message).into(),
        (&claim.endpoint).into(),
        claim.number.into(),
        state.as_str().into(),
        next_at.into(),
        finished_at.into(),
        not_begun.into(),
    ];
    Ok(tx.execute(sql, &params)? > 0)
}

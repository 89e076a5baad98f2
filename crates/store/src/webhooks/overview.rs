//! What the outbox has done and has to do, for people to look at.

use leads::Timestamp;

use crate::cells::{flag, instant, instant_if_any};
use crate::db::{DbError, Tx};
use crate::words::words;

words! {
    /// Where a delivery stands.
    pub enum DeliveryState {
        /// An attempt is to come, or under way.
        Waiting = "waiting",
        /// The endpoint has it.
        Delivered = "delivered",
        /// All attempts failed.
        GivenUp = "given_up",
    }
}

/// A message on its way to an endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// The message.
    pub message: String,
    /// The endpoint.
    pub endpoint: String,
    /// What kind of thing happened.
    pub event_type: String,
    /// When the message was written.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: DeliveryState,
    /// Whether an attempt is under way.
    pub is_under_way: bool,
    /// Attempts that were begun since it was written, or replayed.
    pub attempts: i64,
    /// When the next attempt is due, or the one under way is given up on.
    pub next_at: Option<Timestamp>,
    /// When it was delivered or given up.
    pub finished_at: Option<Timestamp>,
    /// What the last attempt was answered; none: no answer, or no attempt.
    pub last_status: Option<i64>,
    /// Why the last attempt failed, where it did.
    pub last_failure: Option<String>,
}

/// How many deliveries of an endpoint stand where.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EndpointCounts {
    /// The endpoint.
    pub endpoint: String,
    /// Those that wait.
    pub waiting: i64,
    /// Those delivered, of the messages that are kept.
    pub delivered: i64,
    /// Those given up, of the messages that are kept.
    pub given_up: i64,
    /// Since when the one that waits longest has been due.
    pub oldest_due: Option<Timestamp>,
}

/// An attempt that is remembered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoggedAttempt {
    /// When it ended.
    pub at: Timestamp,
    /// The status of HTTP; none: no answer.
    pub status: Option<i64>,
    /// Why it failed, where it did.
    pub failure: Option<String>,
    /// How long it took.
    pub took_ms: i64,
    /// The beginning of what was answered.
    pub response: String,
}

/// How many deliveries of each endpoint stand where. Endpoints without any are left out.
pub fn counts(tx: &mut Tx<'_>) -> Result<Vec<EndpointCounts>, DbError> {
    let sql = "SELECT endpoint, state, count(*), min(next_at) FROM webhook_delivery
        GROUP BY endpoint, state ORDER BY endpoint";
    let mut counts: Vec<EndpointCounts> = Vec::new();
    tx.each(sql, &[], |row| {
        let endpoint: String = row.get(0)?;
        if counts.last().is_none_or(|last| last.endpoint != endpoint) {
            counts.push(EndpointCounts { endpoint, ..EndpointCounts::default() });
        }
        let Some(of) = counts.last_mut() else { return Ok(()) };
        match row.get(1)? {
            DeliveryState::Waiting => {
                of.waiting = row.get(2)?;
                of.oldest_due = instant_if_any(row, 3)?;
            }
            DeliveryState::Delivered => of.delivered = row.get(2)?,
            DeliveryState::GivenUp => of.given_up = row.get(2)?,
        }
        Ok(())
    })?;
    Ok(counts)
}

/// The newest deliveries of an endpoint, or the newest after the delivery of a message (its
/// `created_at` and id), where `state` is given only those.
pub fn page(
    tx: &mut Tx<'_>,
    endpoint: &str,
    state: Option<DeliveryState>,
    after: Option<(Timestamp, &str)>,
    limit: i64,
) -> Result<Vec<Delivery>, DbError> {
    let sql = "SELECT d.message, d.endpoint, m.event_type, m.created_at, d.state, d.claimed,
        d.attempts, d.next_at, d.finished_at, a.status, a.failure
        FROM webhook_message m JOIN webhook_delivery d ON d.message = m.id
        LEFT JOIN webhook_attempt a ON a.message = d.message AND a.endpoint = d.endpoint
            AND a.claim = (SELECT max(l.claim) FROM webhook_attempt l
                WHERE l.message = d.message AND l.endpoint = d.endpoint)
        WHERE d.endpoint = $1 AND (CAST($2 AS TEXT) IS NULL OR d.state = $2)
        AND (m.created_at < $3 OR (m.created_at = $3 AND m.id < $4))
        ORDER BY m.created_at DESC, m.id DESC LIMIT $5";
    let (before, id) = after.unwrap_or((Timestamp::MAX, ""));
    let state = state.map(DeliveryState::as_str);
    let params = [endpoint.into(), state.into(), before.into(), id.into(), limit.into()];
    tx.query(sql, &params, |row| {
        let state = row.get(4)?;
        let next_at = instant(row, 7)?;
        Ok(Delivery {
            message: row.get(0)?,
            endpoint: row.get(1)?,
            event_type: row.get(2)?,
            created_at: instant(row, 3)?,
            state,
            is_under_way: flag(row, 5)?,
            attempts: row.get(6)?,
            next_at: (state == DeliveryState::Waiting).then_some(next_at),
            finished_at: instant_if_any(row, 8)?,
            last_status: row.get(9)?,
            last_failure: row.get(10)?,
        })
    })
}

/// The attempts at a delivery that are remembered, the first first.
pub fn attempts(
    tx: &mut Tx<'_>,
    message: &str,
    endpoint: &str,
) -> Result<Vec<LoggedAttempt>, DbError> {
    let sql = "SELECT at, status, failure, took_ms, response FROM webhook_attempt
        WHERE message = $1 AND endpoint = $2 ORDER BY claim";
    tx.query(sql, &[message.into(), endpoint.into()], |row| {
        Ok(LoggedAttempt {
            at: instant(row, 0)?,
            status: row.get(1)?,
            failure: row.get(2)?,
            took_ms: row.get(3)?,
            response: row.get(4)?,
        })
    })
}

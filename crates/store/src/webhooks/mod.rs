//! Webhooks: where others want to hear of what happens, and the outbox from which they do.

mod outbox;
mod overview;

use std::fmt;

use leads::Timestamp;

pub use outbox::{
    Attempt, Claim, Message, Next, Recorded, claim, enqueue, forget, is_current, purge, record,
    release, replay, replay_failed,
};
pub use overview::{
    Delivery, DeliveryState, EndpointCounts, LoggedAttempt, attempts, counts, page,
};

use crate::cells::{instant, instant_if_any, json, json_text};
use crate::db::{DbError, Row, Tx};

/// Somebody who wants to hear of what happens. Its secrets are not in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// Its id.
    pub id: String,
    /// Where messages go.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// What it hears of: `lead.stage_entered`, or `lead.*` for everything of a kind. None: all.
    pub event_types: Vec<String>,
    /// Since when nothing is sent.
    pub disabled_at: Option<Timestamp>,
    /// Why nothing is sent.
    pub disabled_reason: Option<String>,
    /// Since when every attempt has failed.
    pub failing_since: Option<Timestamp>,
    /// Who made it.
    pub created_by: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// An endpoint to be made.
#[derive(Clone, Debug)]
pub struct NewEndpoint<'a> {
    /// An id that no other has.
    pub id: &'a str,
    /// Where messages go.
    pub url: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// What it hears of; none: all.
    pub event_types: &'a [String],
    /// What its messages are signed with.
    pub secret: &'a SigningSecret,
    /// Who makes it.
    pub created_by: &'a str,
}

/// What messages are signed with, as text. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(String);

impl SigningSecret {
    /// Takes a secret in the form that signing expects.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

impl Endpoint {
    /// Whether anything is sent.
    pub fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }

    /// Whether it wants to hear of this.
    pub fn hears(&self, event_type: &str) -> bool {
        let matches = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => event_type.starts_with(beginning),
            None => pattern == event_type,
        };
        self.event_types.is_empty() || self.event_types.iter().any(matches)
    }
}

/// The endpoints that are enabled, as a transaction finds them.
pub struct Listeners(Vec<Endpoint>);

impl Listeners {
    /// Reads them.
    pub fn read(tx: &mut Tx<'_>) -> Result<Self, DbError> {
        let mut endpoints = list(tx)?;
        endpoints.retain(Endpoint::is_enabled);
        Ok(Self(endpoints))
    }

    /// Whether any wants to hear of this.
    pub fn hear(&self, event_type: &str) -> bool {
        self.hearing(event_type).next().is_some()
    }

    fn hearing(&self, event_type: &str) -> impl Iterator<Item = &Endpoint> {
        self.0.iter().filter(move |endpoint| endpoint.hears(event_type))
    }
}

/// Makes an endpoint.
pub fn create(tx: &mut Tx<'_>, new: &NewEndpoint<'_>, now: Timestamp) -> Result<Endpoint, DbError> {
    let sql = "INSERT INTO webhook_endpoint
        (id, url, description, event_types, secret, created_by, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let event_types = json_text(new.event_types)?;
    let params = [
        new.id.into(),
        new.url.into(),
        new.description.into(),
        (&event_types).into(),
        new.secret.as_str().into(),
        new.created_by.into(),
        now.into(),
    ];
    tx.execute(sql, &params)?;
    find(tx, new.id)?.ok_or(DbError::NoRow)
}

/// Changes where an endpoint is and what it hears of. Answers whether it exists.
pub fn update(
    tx: &mut Tx<'_>,
    id: &str,
    url: &str,
    description: &str,
    event_types: &[String],
) -> Result<bool, DbError> {
    let sql = "UPDATE webhook_endpoint SET url = $2, description = $3, event_types = $4
        WHERE id = $1";
    let types = json_text(event_types)?;
    Ok(tx.execute(sql, &[id.into(), url.into(), description.into(), (&types).into()])? > 0)
}

/// One endpoint.
pub fn find(tx: &mut Tx<'_>, id: &str) -> Result<Option<Endpoint>, DbError> {
    tx.find(&format!("SELECT {COLUMNS} FROM webhook_endpoint WHERE id = $1"), &[id.into()], read)
}

/// All endpoints, the oldest first.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Endpoint>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook_endpoint ORDER BY created_at, id");
    tx.query(&sql, &[], read)
}

/// What to sign with now: the present secret, and the one before while it is still taken.
pub fn secrets(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<Vec<SigningSecret>, DbError> {
    let sql = "SELECT secret, previous_secret, previous_until FROM webhook_endpoint WHERE id = $1";
    let found = tx.find(sql, &[id.into()], |row| {
        let previous: Option<String> = row.get(1)?;
        let lasts = instant_if_any(row, 2)?.is_some_and(|until| now < until);
        let mut secrets = vec![SigningSecret(row.get(0)?)];
        secrets.extend(previous.filter(|_| lasts).map(SigningSecret));
        Ok(secrets)
    })?;
    Ok(found.unwrap_or_default())
}

/// Changes the secret for another; messages are signed with the present one, too, until
/// `keep_until`. Answers whether the endpoint exists.
pub fn rotate_secret(
    tx: &mut Tx<'_>,
    id: &str,
    new: &SigningSecret,
    keep_until: Timestamp,
) -> Result<bool, DbError> {
    let sql = "UPDATE webhook_endpoint
        SET previous_secret = secret, previous_until = $3, secret = $2 WHERE id = $1";
    Ok(tx.execute(sql, &[id.into(), new.as_str().into(), keep_until.into()])? > 0)
}

/// Sends nothing to an endpoint until it is enabled again; what waits for it goes on to wait.
/// Answers whether it was enabled until now.
pub fn disable(tx: &mut Tx<'_>, id: &str, reason: &str, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE webhook_endpoint SET disabled_at = $2, disabled_reason = $3
        WHERE id = $1 AND disabled_at IS NULL";
    Ok(tx.execute(sql, &[id.into(), now.into(), reason.into()])? > 0)
}

/// Sends nothing to anybody until each is enabled again: after a backup was restored, what waits in
/// it may have been sent long ago.
pub fn disable_all(tx: &mut Tx<'_>, reason: &str, now: Timestamp) -> Result<u64, DbError> {
    let sql = "UPDATE webhook_endpoint SET disabled_at = $1, disabled_reason = $2
        WHERE disabled_at IS NULL";
    tx.execute(sql, &[now.into(), reason.into()])
}

/// Sends to an endpoint again, what waits for it first. Answers whether it exists.
pub fn enable(tx: &mut Tx<'_>, id: &str) -> Result<bool, DbError> {
    let sql = "UPDATE webhook_endpoint
        SET disabled_at = NULL, disabled_reason = NULL, failing_since = NULL WHERE id = $1";
    Ok(tx.execute(sql, &[id.into()])? > 0)
}

/// Removes an endpoint and everything that was to be sent to it. Answers whether it existed.
pub fn remove(tx: &mut Tx<'_>, id: &str) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM webhook_endpoint WHERE id = $1", &[id.into()])? > 0)
}

const COLUMNS: &str = "id, url, description, event_types, disabled_at, disabled_reason, \
    failing_since, created_by, created_at";

fn read(row: &Row<'_>) -> Result<Endpoint, DbError> {
    Ok(Endpoint {
        id: row.get(0)?,
        url: row.get(1)?,
        description: row.get(2)?,
        event_types: json(row, 3)?,
        disabled_at: instant_if_any(row, 4)?,
        disabled_reason: row.get(5)?,
        failing_since: instant_if_any(row, 6)?,
        created_by: row.get(7)?,
        created_at: instant(row, 8)?,
    })
}

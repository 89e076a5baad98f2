//! Sessions: somebody has logged in. The browser holds a token, we its hash.

use leads::{Duration, Timestamp};
use thiserror::Error;

use super::{COLUMN_COUNT, COLUMNS, User, read_user};
use crate::cells::{instant, minutes, one_line};
use crate::db::{DbError, Row, Tx};
use crate::secret::{Digest, Token};

/// How long sessions last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lifetime {
    /// Without being used.
    pub idle: Duration,
    /// At most, from the login.
    pub longest: Duration,
}

/// A session that is under way, and whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// What lists name it by. It lets nobody in.
    pub id: String,
    /// Whose it is.
    pub user: User,
    /// When the user logged in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
    /// The browser, as it calls itself.
    pub user_agent: String,
}

/// Why no session could be begun.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum StartError {
    /// There is no such user, or the user may not log in.
    #[error("there is no such user, or the user may not log in")]
    NotAllowed,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Lifetime {
    /// A working week unused, thirty days in all (OWASP's upper end for applications of low risk).
    pub const DEFAULT: Self = Self { idle: minutes(7 * 24 * 60), longest: minutes(30 * 24 * 60) };
}

/// Sessions that one user may have at a time; the oldest ends when there would be more.
const PER_USER: i64 = 30;

/// Uses within this time count as one, so that reading costs no write.
const STAMP_EVERY: Duration = minutes(1);

impl Session {
    /// Whether [`touch`] is due.
    pub fn is_touch_due(&self, now: Timestamp) -> bool {
        now >= self.last_seen_at.saturating_add(STAMP_EVERY)
    }
}

/// Begins a session after a login. The token must be new: a browser's earlier one means nothing.
pub fn start(
    tx: &mut Tx<'_>,
    token: &Token,
    account: &str,
    user_agent: &str,
    lifetime: Lifetime,
    now: Timestamp,
) -> Result<Session, StartError> {
    let sql = "UPDATE account SET last_login_at = $2 WHERE id = $1 AND disabled_at IS NULL";
    if tx.execute(sql, &[account.into(), now.into()])? == 0 {
        return Err(StartError::NotAllowed);
    }
    let sql = "DELETE FROM session WHERE token IN (SELECT token FROM session WHERE account = $1
        ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET $2)";
    tx.execute(sql, &[account.into(), (PER_USER - 1).into()])?;
    let digest = token.digest();
    let (id, user_agent) = (public_id(&digest), one_line(user_agent, 256));
    let sql = "INSERT INTO session
        (token, id, account, created_at, last_seen_at, expires_at, user_agent)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params = [
        digest.as_bytes().into(),
        (&id).into(),
        account.into(),
        now.into(),
        now.into(),
        expiry(now, now, lifetime).into(),
        (&user_agent).into(),
    ];
    tx.execute(sql, &params)?;
    by_digest(tx, &digest, now)?.ok_or(StartError::NotAllowed)
}

/// The session of a token that a browser shows, while it lasts and its user may log in.
pub fn find(tx: &mut Tx<'_>, token: &str, now: Timestamp) -> Result<Option<Session>, DbError> {
    match Digest::of_shown(token) {
        Some(digest) => by_digest(tx, &digest, now),
        None => Ok(None),
    }
}

/// Notes that a session is used, at most once a minute, and lets it last longer. Answers whether it
/// still lasts.
pub fn touch(
    tx: &mut Tx<'_>,
    id: &str,
    lifetime: Lifetime,
    now: Timestamp,
) -> Result<bool, DbError> {
    let sql = "SELECT created_at, last_seen_at FROM session WHERE id = $1 AND expires_at > $2";
    let found =
        tx.find(sql, &[id.into(), now.into()], |row| Ok((instant(row, 0)?, instant(row, 1)?)))?;
    let Some((created_at, last_seen_at)) = found else { return Ok(false) };
    if now >= last_seen_at.saturating_add(STAMP_EVERY) {
        let sql = "UPDATE session SET last_seen_at = $2, expires_at = $3 WHERE id = $1";
        tx.execute(sql, &[id.into(), now.into(), expiry(created_at, now, lifetime).into()])?;
    }
    Ok(true)
}

/// Gives a session a new token and a new id, and makes the old token worthless. It ends when it
/// would have ended.
pub fn renew(
    tx: &mut Tx<'_>,
    token: &str,
    new_token: &Token,
    now: Timestamp,
) -> Result<Option<Session>, DbError> {
    let Some(old) = Digest::of_shown(token) else { return Ok(None) };
    if by_digest(tx, &old, now)?.is_none() {
        return Ok(None);
    }
    let new = new_token.digest();
    let id = public_id(&new);
    let sql = "UPDATE session SET token = $2, id = $3 WHERE token = $1";
    let params = [old.as_bytes().into(), new.as_bytes().into(), (&id).into()];
    tx.execute(sql, &params)?;
    by_digest(tx, &new, now)
}

/// Ends the session of this token: a logout. Answers whether there was one.
pub fn end(tx: &mut Tx<'_>, token: &str) -> Result<bool, DbError> {
    let Some(digest) = Digest::of_shown(token) else { return Ok(false) };
    Ok(tx.execute("DELETE FROM session WHERE token = $1", &[digest.as_bytes().into()])? > 0)
}

/// Ends one session of a user, named by its id. Answers whether the user had it.
pub fn end_one(tx: &mut Tx<'_>, account: &str, id: &str) -> Result<bool, DbError> {
    let sql = "DELETE FROM session WHERE account = $1 AND id = $2";
    Ok(tx.execute(sql, &[account.into(), id.into()])? > 0)
}

/// Ends all sessions of a user, or all but one, and answers how many.
pub fn end_all(tx: &mut Tx<'_>, account: &str, but: Option<&str>) -> Result<u64, DbError> {
    let sql = "DELETE FROM session WHERE account = $1 AND id <> $2";
    // No session has an empty id.
    tx.execute(sql, &[account.into(), but.unwrap_or_default().into()])
}

/// The sessions of a user that last, the one used last first.
pub fn list(tx: &mut Tx<'_>, account: &str, now: Timestamp) -> Result<Vec<Session>, DbError> {
    let which = "session.account = $1 AND session.expires_at > $2
        ORDER BY session.last_seen_at DESC, session.id";
    tx.query(&select(which), &[account.into(), now.into()], read)
}

fn select(which: &str) -> String {
    format!(
        "SELECT {COLUMNS}, session.id, session.created_at, session.last_seen_at,
        session.expires_at, session.user_agent
        FROM session JOIN account ON account.id = session.account WHERE {which}"
    )
}

fn by_digest(tx: &mut Tx<'_>, digest: &Digest, now: Timestamp) -> Result<Option<Session>, DbError> {
    let which = "session.token = $1 AND session.expires_at > $2 AND account.disabled_at IS NULL";
    tx.find(&select(which), &[digest.as_bytes().into(), now.into()], read)
}

fn read(row: &Row<'_>) -> Result<Session, DbError> {
    Ok(Session {
        user: read_user(row)?,
        id: row.get(COLUMN_COUNT)?,
        created_at: instant(row, COLUMN_COUNT + 1)?,
        last_seen_at: instant(row, COLUMN_COUNT + 2)?,
        expires_at: instant(row, COLUMN_COUNT + 3)?,
        user_agent: row.get(COLUMN_COUNT + 4)?,
    })
}

/// 64 bits of the hash of the hash: they tell sessions apart and say nothing about the token.
fn public_id(digest: &Digest) -> String {
    let again = Digest::of(digest.as_bytes());
    crate::secret::digits(&again.as_bytes()[..8])
}

fn expiry(created_at: Timestamp, now: Timestamp, lifetime: Lifetime) -> Timestamp {
    now.saturating_add(lifetime.idle).min(created_at.saturating_add(lifetime.longest))
}

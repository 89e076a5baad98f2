//! A forgotten password: a token that sets a new one, once.

use leads::{Duration, EmailAddress, Timestamp};
use thiserror::Error;

use super::{AccountError, User, offers};
use crate::cells::minutes;
use crate::db::{DbError, Row, Tx};
use crate::secret::{Digest, Token};

/// How long a token can be used.
pub const LASTS: Duration = minutes(60);

/// Why no password was set.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ResetError {
    /// The token is not the latest of its user, was used, or has expired, or its maker may not make it any
    /// more.
    #[error("the link was used, replaced by a later one, or has expired: ask for a new one")]
    Token,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Offers the user with this address a new password; an earlier offer is void. Nothing where there
/// is no such user or the user may not log in: whoever asked must not notice the difference. `maker` is who
/// offers, as the audit trail names them; none: somebody at the command line.
pub fn offer(
    tx: &mut Tx<'_>,
    email: &EmailAddress,
    maker: Option<&str>,
    token: &Token,
    now: Timestamp,
) -> Result<Option<User>, DbError> {
    let found = super::find_for_login(tx, email)?;
    let Some((user, _)) = found.filter(|(user, _)| user.is_enabled()) else { return Ok(None) };
    let sql = "INSERT INTO password_reset (account, token, created_at, expires_at, made_by)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (account) DO UPDATE SET token = excluded.token, made_by = excluded.made_by,
        created_at = excluded.created_at, expires_at = excluded.expires_at";
    let digest = token.digest();
    let params = [
        (&user.id).into(),
        digest.as_bytes().into(),
        now.into(),
        now.saturating_add(LASTS).into(),
        maker.into(),
    ];
    tx.execute(sql, &params)?;
    Ok(Some(user))
}

/// The user whose password a token can set, while it can: in time, and as long as whoever made it could
/// make it now.
pub fn find(tx: &mut Tx<'_>, token: &str, now: Timestamp) -> Result<Option<User>, DbError> {
    let Some(digest) = Digest::of_shown(token) else { return Ok(None) };
    let sql = "SELECT account, made_by FROM password_reset WHERE token = $1 AND expires_at > $2";
    let params = [digest.as_bytes().into(), now.into()];
    let read = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<Option<String>>(1)?));
    let Some((account, maker)) = tx.find(sql, &params, read)? else { return Ok(None) };
    let Some(user) = super::find(tx, &account)?.filter(User::is_enabled) else { return Ok(None) };
    let stands = match maker {
        Some(maker) => offers::still_stands(tx, &maker, user.role, now)?,
        None => true,
    };
    Ok(stands.then_some(user))
}

/// Sets the password of the user whose token it is, ends all sessions of the user, and uses the
/// token up.
pub fn accept(
    tx: &mut Tx<'_>,
    token: &str,
    password_hash: &str,
    now: Timestamp,
) -> Result<User, ResetError> {
    let user = find(tx, token, now)?.ok_or(ResetError::Token)?;
    super::set_password(tx, &user.id, password_hash).map_err(|error| match error {
        AccountError::Db(error) => error.into(),
        AccountError::EmailTaken | AccountError::Unknown | AccountError::LastOwner => {
            ResetError::Token
        }
    })?;
    Ok(user)
}

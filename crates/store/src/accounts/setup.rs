//! The first start: whoever holds the one-time token that was printed becomes the first owner.

use leads::{Duration, Timestamp};
use thiserror::Error;

use super::{AccountError, NewUser, Role, User};
use crate::cells::{instant, minutes};
use crate::db::{DbError, Tx};
use crate::secret::{Digest, Token};

/// How long the token can be used.
pub const LASTS: Duration = minutes(30);

/// Why the set-up was refused.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SetupError {
    /// There is a user already.
    #[error("the set-up is done already: log in, or ask an owner for an invitation")]
    Done,
    /// The token is not the one that was printed last, or has expired.
    #[error("the set-up link is not the latest one or has expired: restart to print a new one")]
    Token,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Offers the set-up to whoever will hold the token; an earlier offer is void. Answers until when,
/// or nothing where there is a user already.
pub fn offer(tx: &mut Tx<'_>, token: &Token, now: Timestamp) -> Result<Option<Timestamp>, DbError> {
    if super::count(tx)? > 0 {
        tx.execute("DELETE FROM setup_offer", &[])?;
        return Ok(None);
    }
    let until = now.saturating_add(LASTS);
    let sql = "INSERT INTO setup_offer (only_one, token, expires_at) VALUES (1, $1, $2)
        ON CONFLICT (only_one) DO UPDATE SET token = excluded.token, expires_at = excluded.expires_at";
    tx.execute(sql, &[token.digest().as_bytes().into(), until.into()])?;
    Ok(Some(until))
}

/// Makes the first user, an owner whatever `user.role` says, for the holder of the token. Of several
/// at once one succeeds.
pub fn accept(
    tx: &mut Tx<'_>,
    token: &str,
    user: &NewUser<'_>,
    now: Timestamp,
) -> Result<User, SetupError> {
    check(tx, token, now)?;
    tx.execute("DELETE FROM setup_offer", &[])?;
    let user = NewUser { role: Role::Owner, ..user.clone() };
    super::create(tx, &user, now).map_err(|error| match error {
        AccountError::Db(error) => error.into(),
        AccountError::EmailTaken | AccountError::Unknown | AccountError::LastOwner => {
            SetupError::Done
        }
    })
}

/// Whether the holder of the token may set up now.
pub fn check(tx: &mut Tx<'_>, token: &str, now: Timestamp) -> Result<(), SetupError> {
    if super::count(tx)? > 0 {
        return Err(SetupError::Done);
    }
    let sql = "SELECT token, expires_at FROM setup_offer";
    let offer = tx.find(sql, &[], |row| Ok((row.get::<Vec<u8>>(0)?, instant(row, 1)?)))?;
    let (Some((stored, until)), Some(shown)) = (offer, Digest::of_shown(token)) else {
        return Err(SetupError::Token);
    };
    if Digest::from_stored(&stored) != Some(shown) || now >= until {
        return Err(SetupError::Token);
    }
    Ok(())
}

//! Invitations: an owner lets somebody in, with a role; whoever holds the token makes the account.

use leads::{Duration, EmailAddress, Timestamp};
use thiserror::Error;

use super::{AccountError, Language, NewUser, Role, User, offers};
use crate::cells::{instant, minutes};
use crate::db::{DbError, Row, Tx};
use crate::secret::{Digest, Token};

/// How long an invitation can be used.
pub const LASTS: Duration = minutes(7 * 24 * 60);

/// An invitation that nobody has used yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invitation {
    /// What lists name it by. It lets nobody in.
    pub id: String,
    /// The address of the account that it makes.
    pub email: String,
    /// What the new user may do.
    pub role: Role,
    /// The language of the new user's pages.
    pub language: Language,
    /// Who invites, as the audit trail names them.
    pub invited_by: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Why nobody was invited or let in.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum InvitationError {
    /// The token is none of an invitation, or of one that was used, withdrawn, or has expired, or whose
    /// maker may not invite like that any more.
    #[error("the invitation was used or withdrawn, or has expired: ask for a new one")]
    Token,
    /// A user has the address.
    #[error("a user with this address exists already")]
    EmailTaken,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// An invitation to be made.
#[derive(Clone, Debug)]
pub struct NewInvitation<'a> {
    /// An id that no other has.
    pub id: &'a str,
    /// The address of the account that it makes.
    pub email: &'a EmailAddress,
    /// What the new user may do.
    pub role: Role,
    /// The language of the new user's pages.
    pub language: Language,
    /// Who invites, as the audit trail names them: `user:` or `key:` and an id.
    pub invited_by: &'a str,
}

/// Invites somebody; an earlier invitation to the same address is void.
pub fn create(
    tx: &mut Tx<'_>,
    invitation: &NewInvitation<'_>,
    token: &Token,
    now: Timestamp,
) -> Result<Invitation, InvitationError> {
    let email = invitation.email.as_str();
    if tx.value::<i64>("SELECT count(*) FROM account WHERE email = $1", &[email.into()])? > 0 {
        return Err(InvitationError::EmailTaken);
    }
    tx.execute("DELETE FROM invitation WHERE email = $1", &[email.into()])?;
    let sql = "INSERT INTO invitation
        (id, token, email, role, language, invited_by, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let digest = token.digest();
    let params = [
        invitation.id.into(),
        digest.as_bytes().into(),
        email.into(),
        invitation.role.as_str().into(),
        invitation.language.as_str().into(),
        invitation.invited_by.into(),
        now.into(),
        now.saturating_add(LASTS).into(),
    ];
    tx.execute(sql, &params)?;
    by_digest(tx, &digest, now)?.ok_or(InvitationError::Token)
}

/// The invitation of a token that somebody shows, while it can be used: in time, and as long as whoever
/// made it could make it now.
pub fn find(tx: &mut Tx<'_>, token: &str, now: Timestamp) -> Result<Option<Invitation>, DbError> {
    let Some(digest) = Digest::of_shown(token) else { return Ok(None) };
    match by_digest(tx, &digest, now)? {
        Some(found) if stands(tx, &found, now)? => Ok(Some(found)),
        _ => Ok(None),
    }
}

/// Makes the account that an invitation promises: its address and role, with the name, the password
/// and the language that the new user chose. The invitation is used up.
pub fn accept(
    tx: &mut Tx<'_>,
    token: &str,
    id: &str,
    name: &str,
    password_hash: &str,
    language: Language,
    now: Timestamp,
) -> Result<User, InvitationError> {
    let invitation = find(tx, token, now)?.ok_or(InvitationError::Token)?;
    tx.execute("DELETE FROM invitation WHERE id = $1", &[(&invitation.id).into()])?;
    let email = EmailAddress::parse(&invitation.email)
        .map_err(|error| DbError::Damaged(format!("the address of an invitation {error}")))?;
    let user = NewUser {
        id,
        email: &email,
        name,
        password_hash: Some(password_hash),
        role: invitation.role,
        language,
    };
    super::create(tx, &user, now).map_err(|error| match error {
        AccountError::Db(error) => error.into(),
        AccountError::EmailTaken | AccountError::Unknown | AccountError::LastOwner => {
            InvitationError::EmailTaken
        }
    })
}

/// The invitations that can be used, the newest first.
pub fn list(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Invitation>, DbError> {
    let sql = format!("{SELECT} WHERE expires_at > $1 ORDER BY created_at DESC, id DESC");
    let mut usable = Vec::new();
    for invitation in tx.query(&sql, &[now.into()], read)? {
        if stands(tx, &invitation, now)? {
            usable.push(invitation);
        }
    }
    Ok(usable)
}

/// Withdraws an invitation. Answers whether there was one.
pub fn withdraw(tx: &mut Tx<'_>, id: &str) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM invitation WHERE id = $1", &[id.into()])? > 0)
}

const SELECT: &str = "SELECT id, email, role, language, invited_by, created_at, expires_at \
    FROM invitation";

fn stands(tx: &mut Tx<'_>, invitation: &Invitation, now: Timestamp) -> Result<bool, DbError> {
    offers::still_stands(tx, &invitation.invited_by, invitation.role, now)
}

fn by_digest(
    tx: &mut Tx<'_>,
    digest: &Digest,
    now: Timestamp,
) -> Result<Option<Invitation>, DbError> {
    let sql = format!("{SELECT} WHERE token = $1 AND expires_at > $2");
    tx.find(&sql, &[digest.as_bytes().into(), now.into()], read)
}

fn read(row: &Row<'_>) -> Result<Invitation, DbError> {
    Ok(Invitation {
        id: row.get(0)?,
        email: row.get(1)?,
        role: row.get(2)?,
        language: row.get(3)?,
        invited_by: row.get(4)?,
        created_at: instant(row, 5)?,
        expires_at: instant(row, 6)?,
    })
}

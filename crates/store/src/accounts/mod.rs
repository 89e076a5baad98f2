//! Who may use the program: users, their roles, and the ways in.
//!
//! Passwords come in as salted hashes in PHC form, which whoever calls makes and checks. Tokens are
//! handed out once and kept as hashes. Whatever takes rights away ends the sessions of the user, and the
//! invitations and resets that the user made for others.

pub mod attempts;
pub mod invitations;
pub(crate) mod offers;
pub mod resets;
pub mod sessions;
pub mod setup;

use leads::{EmailAddress, Timestamp};
use thiserror::Error;

use crate::cells::{instant, instant_if_any};
use crate::db::{DbError, Row, Tx};
use crate::keys::Scope;
use crate::words::words;

words! {
    /// What a user may do.
    pub enum Role {
        /// Everything, including users, keys and settings.
        Owner = "owner",
        /// Models, segments, imports, webhooks and leads.
        Marketer = "marketer",
        /// Works with leads.
        Sales = "sales",
        /// Reads everything about leads and models, and takes it out.
        Analyst = "analyst",
        /// Looks.
        ReadOnly = "read_only",
    }
}

words! {
    /// The language of the pages.
    pub enum Language {
        /// English.
        English = "en",
        /// Spanish.
        Spanish = "es",
        /// Romanian.
        Romanian = "ro",
    }
}

/// A user, without the hash of the password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// The user's id.
    pub id: String,
    /// The address, in lower case; no two users have the same.
    pub email: String,
    /// What the user is called.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// The language of the user's pages.
    pub language: Language,
    /// Since when the user may not log in.
    pub disabled_at: Option<Timestamp>,
    /// Since when there is this user.
    pub created_at: Timestamp,
    /// When the user last logged in.
    pub last_login_at: Option<Timestamp>,
}

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// An id that nobody has.
    pub id: &'a str,
    /// The address to log in with.
    pub email: &'a EmailAddress,
    /// What the user is called.
    pub name: &'a str,
    /// The password's hash in PHC form; none: no login by password.
    pub password_hash: Option<&'a str>,
    /// What the user may do.
    pub role: Role,
    /// The language of the user's pages.
    pub language: Language,
}

/// Why an account could not be made or changed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum AccountError {
    /// Another user has the address.
    #[error("a user with this address exists already")]
    EmailTaken,
    /// There is no such user.
    #[error("there is no user with this id")]
    Unknown,
    /// The last owner who may log in would be gone, and nobody could manage users any more.
    #[error("this is the last owner: make somebody else an owner first")]
    LastOwner,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Role {
    /// Whether users of this role may do what keys of this scope may do.
    pub fn allows(self, scope: Scope) -> bool {
        match scope {
            Scope::ReadLeads | Scope::ReadModels => true,
            Scope::WriteFacts | Scope::WriteLeads => {
                matches!(self, Self::Owner | Self::Marketer | Self::Sales)
            }
            Scope::Export => matches!(self, Self::Owner | Self::Marketer | Self::Analyst),
            Scope::EraseLeads | Scope::WriteModels | Scope::Import | Scope::Webhooks => {
                matches!(self, Self::Owner | Self::Marketer)
            }
            Scope::ReadStatus => matches!(self, Self::Owner | Self::Marketer | Self::Analyst),
            Scope::ReadAudit | Scope::Accounts | Scope::Keys | Scope::Settings => {
                self == Self::Owner
            }
        }
    }
}

impl User {
    /// Whether the user may log in.
    pub fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }
}

/// Makes a user.
pub fn create(tx: &mut Tx<'_>, user: &NewUser<'_>, now: Timestamp) -> Result<User, AccountError> {
    let sql = "INSERT INTO account (id, email, name, password, role, language, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (email) DO NOTHING";
    let params = [
        user.id.into(),
        user.email.as_str().into(),
        user.name.into(),
        user.password_hash.into(),
        user.role.as_str().into(),
        user.language.as_str().into(),
        now.into(),
    ];
    if tx.execute(sql, &params)? == 0 {
        return Err(AccountError::EmailTaken);
    }
    find(tx, user.id)?.ok_or(AccountError::Unknown)
}

/// The user with this id.
pub fn find(tx: &mut Tx<'_>, id: &str) -> Result<Option<User>, DbError> {
    tx.find(&format!("SELECT {COLUMNS} FROM account WHERE id = $1"), &[id.into()], read_user)
}

/// The user with this address, and the hash of the password where there is one. Whoever checks a
/// login must take as long where there is none.
pub fn find_for_login(
    tx: &mut Tx<'_>,
    email: &EmailAddress,
) -> Result<Option<(User, Option<String>)>, DbError> {
    let sql = format!("SELECT {COLUMNS}, password FROM account WHERE email = $1");
    tx.find(&sql, &[email.as_str().into()], |row| Ok((read_user(row)?, row.get(COLUMN_COUNT)?)))
}

/// All users, the oldest first.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<User>, DbError> {
    tx.query(&format!("SELECT {COLUMNS} FROM account ORDER BY created_at, id"), &[], read_user)
}

/// How many users there are; with none, the set-up is still to be done.
pub fn count(tx: &mut Tx<'_>) -> Result<i64, DbError> {
    tx.value("SELECT count(*) FROM account", &[])
}

/// Changes what a user is called and the language of the user's pages.
pub fn set_profile(
    tx: &mut Tx<'_>,
    id: &str,
    name: &str,
    language: Language,
) -> Result<(), AccountError> {
    let sql = "UPDATE account SET name = $2, language = $3 WHERE id = $1";
    known(tx.execute(sql, &[id.into(), name.into(), language.as_str().into()])?)
}

/// Changes what a user may do. Where that is something else than before, all sessions of the user
/// end, and what the user offered others; the user who changes the own role begins a new one.
pub fn set_role(tx: &mut Tx<'_>, id: &str, role: Role) -> Result<(), AccountError> {
    let user = find(tx, id)?.ok_or(AccountError::Unknown)?;
    if user.role == role {
        return Ok(());
    }
    keep_an_owner(tx, &user)?;
    tx.execute("UPDATE account SET role = $2 WHERE id = $1", &[id.into(), role.as_str().into()])?;
    sessions::end_all(tx, id, None)?;
    offers::void_of_user(tx, id)?;
    Ok(())
}

/// Forbids a user to log in, and ends all sessions, pending resets and what the user offered others.
pub fn disable(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<(), AccountError> {
    let user = find(tx, id)?.ok_or(AccountError::Unknown)?;
    if user.is_enabled() {
        keep_an_owner(tx, &user)?;
    }
    let sql = "UPDATE account SET disabled_at = coalesce(disabled_at, $2) WHERE id = $1";
    tx.execute(sql, &[id.into(), now.into()])?;
    offers::void_of_user(tx, id)?;
    shut_out(tx, id)
}

/// Lets a user log in again.
pub fn enable(tx: &mut Tx<'_>, id: &str) -> Result<(), AccountError> {
    known(tx.execute("UPDATE account SET disabled_at = NULL WHERE id = $1", &[id.into()])?)
}

/// Changes the password, and ends all sessions and pending resets of the user. The user who changes
/// the own password begins a new session.
pub fn set_password(tx: &mut Tx<'_>, id: &str, password_hash: &str) -> Result<(), AccountError> {
    let sql = "UPDATE account SET password = $2 WHERE id = $1";
    known(tx.execute(sql, &[id.into(), password_hash.into()])?)?;
    shut_out(tx, id)
}

/// Stores the same password under a better hash (other parameters, say) than `old_hash`; sessions go
/// on. Nothing happens where the password was changed in between.
pub fn rehash_password(
    tx: &mut Tx<'_>,
    id: &str,
    old_hash: &str,
    new_hash: &str,
) -> Result<(), DbError> {
    let sql = "UPDATE account SET password = $3 WHERE id = $1 AND password = $2";
    tx.execute(sql, &[id.into(), old_hash.into(), new_hash.into()]).map(|_| ())
}

/// Removes a user, everything that lets the user in, and what the user offered others. The audit trail goes
/// on to name the id.
pub fn remove(tx: &mut Tx<'_>, id: &str) -> Result<(), AccountError> {
    let user = find(tx, id)?.ok_or(AccountError::Unknown)?;
    keep_an_owner(tx, &user)?;
    offers::void_of_user(tx, id)?;
    tx.execute("DELETE FROM account WHERE id = $1", &[id.into()])?;
    Ok(())
}

/// Removes what has expired: sessions, invitations, resets, counters of failed logins.
pub fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, DbError> {
    let mut removed = attempts::purge(tx, now)?;
    for table in ["session", "invitation", "password_reset", "setup_offer"] {
        let sql = format!("DELETE FROM {table} WHERE expires_at <= $1");
        removed += tx.execute(&sql, &[now.into()])?;
    }
    Ok(removed)
}

/// Eight columns, as `read_user` reads them.
const COLUMNS: &str = "account.id, account.email, account.name, account.role, account.language, \
    account.disabled_at, account.created_at, account.last_login_at";
const COLUMN_COUNT: usize = 8;

fn read_user(row: &Row<'_>) -> Result<User, DbError> {
    Ok(User {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        role: row.get(3)?,
        language: row.get(4)?,
        disabled_at: instant_if_any(row, 5)?,
        created_at: instant(row, 6)?,
        last_login_at: instant_if_any(row, 7)?,
    })
}

/// Refuses to go on when `user`, who is about to lose the role or the way in, is the last owner.
fn keep_an_owner(tx: &mut Tx<'_>, user: &User) -> Result<(), AccountError> {
    if user.role != Role::Owner || !user.is_enabled() {
        return Ok(());
    }
    let sql = "SELECT count(*) FROM account WHERE role = $1 AND disabled_at IS NULL AND id <> $2";
    let others: i64 = tx.value(sql, &[Role::Owner.as_str().into(), (&user.id).into()])?;
    if others == 0 { Err(AccountError::LastOwner) } else { Ok(()) }
}

fn shut_out(tx: &mut Tx<'_>, id: &str) -> Result<(), AccountError> {
    sessions::end_all(tx, id, None)?;
    tx.execute("DELETE FROM password_reset WHERE account = $1", &[id.into()])?;
    Ok(())
}

fn known(rows: u64) -> Result<(), AccountError> {
    if rows == 0 { Err(AccountError::Unknown) } else { Ok(()) }
}

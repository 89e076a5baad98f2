//! API keys: `mk_<prefix>_<secret>`, for programs. Shown once, kept as a hash.

use std::fmt;

use leads::{Duration, Timestamp};

use crate::accounts::{self, User};
use crate::cells::{instant, instant_if_any, json, json_text, minutes};
use crate::db::{DbError, Row, Tx};
use crate::secret::{Digest, digits};
use crate::words::words;

words! {
    /// What a key may do. A new key should only get [`Scope::WriteFacts`].
    pub enum Scope {
        /// Report facts, believed as those of the customer's own server.
        WriteFacts = "facts:write",
        /// Read leads, companies, facts, scores.
        ReadLeads = "leads:read",
        /// Change, merge and split leads.
        WriteLeads = "leads:write",
        /// Erase leads for good.
        EraseLeads = "leads:erase",
        /// Read models and segments, try models out.
        ReadModels = "models:read",
        /// Change and activate models and segments.
        WriteModels = "models:write",
        /// Import files, undo imports.
        Import = "imports:write",
        /// Take out everything at once.
        Export = "exports:read",
        /// Manage webhooks.
        Webhooks = "webhooks:write",
        /// Manage keys.
        Keys = "keys:write",
        /// Manage users.
        Accounts = "accounts:write",
        /// Change settings.
        Settings = "settings:write",
        /// Read the audit trail.
        ReadAudit = "audit:read",
        /// Read metrics and the state of the system.
        ReadStatus = "status:read",
    }
}

/// The whole key, to be shown once. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText {
    text: String,
    prefix: String,
}

/// A key, without its secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiKey {
    /// The key's id.
    pub id: String,
    /// What it begins with, `mk_` included, so that its holder recognises it.
    pub prefix: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Who made it.
    pub created_by: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when; none: until it is revoked.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// Since when it no longer works.
    pub revoked_at: Option<Timestamp>,
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey<'a> {
    /// An id that no other has.
    pub id: &'a str,
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub scopes: &'a [Scope],
    /// Who makes it.
    pub created_by: &'a str,
    /// Until when; none: until it is revoked.
    pub expires_at: Option<Timestamp>,
}

/// Digits of a prefix: five bytes.
const PREFIX_DIGITS: usize = 8;

/// Digits of a secret: 32 bytes.
const SECRET_DIGITS: usize = 52;

/// Uses within this time count as one, so that reading costs no write.
pub(crate) const STAMP_EVERY: Duration = minutes(1);

impl KeyText {
    /// From bytes of a cryptographic random number generator: five for the prefix, 32 for the secret.
    pub fn from_random(bytes: &[u8; 37]) -> Self {
        let (prefix, secret) = (digits(&bytes[..5]), digits(&bytes[5..]));
        Self { text: format!("mk_{prefix}_{secret}"), prefix }
    }

    /// What to hand out.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyText(mk_{}_..)", self.prefix)
    }
}

impl ApiKey {
    /// Whether the key may do this.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether [`touch`] is due.
    pub fn is_touch_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|last| now >= last.saturating_add(STAMP_EVERY))
    }
}

/// Makes a key. [`DbError::Exists`]: its prefix (40 random bits) or id is taken, try another.
pub fn create(
    tx: &mut Tx<'_>,
    key: &NewKey<'_>,
    text: &KeyText,
    now: Timestamp,
) -> Result<ApiKey, DbError> {
    let sql =
        "INSERT INTO api_key (id, prefix, secret, name, scopes, created_by, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let mut scopes = key.scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let (scopes, secret) = (json_text(&scopes)?, Digest::of(text.text.as_bytes()));
    let params = [
        key.id.into(),
        (&text.prefix).into(),
        secret.as_bytes().into(),
        key.name.into(),
        (&scopes).into(),
        key.created_by.into(),
        now.into(),
        key.expires_at.into(),
    ];
    tx.execute(sql, &params)?;
    get(tx, key.id)?.ok_or(DbError::NoRow)
}

/// The key that somebody shows, while it works. It works as long as the user who made it is there and may
/// log in, and may do what that user may do now, at most. Of a key that was made with another key it is
/// the user who made the first.
pub fn find(tx: &mut Tx<'_>, text: &str, now: Timestamp) -> Result<Option<ApiKey>, DbError> {
    let Some(prefix) = prefix_of(text) else { return Ok(None) };
    let sql = format!("SELECT {COLUMNS}, secret FROM api_key WHERE prefix = $1");
    let found = tx.find(&sql, &[prefix.into()], |row| Ok((read(row)?, row.get::<Vec<u8>>(9)?)))?;
    let Some((key, secret)) = found else { return Ok(None) };
    let right = Digest::from_stored(&secret) == Some(Digest::of(text.as_bytes()));
    if right { working(tx, key, now) } else { Ok(None) }
}

/// The same for a key whose id is known.
pub(crate) fn find_by_id(
    tx: &mut Tx<'_>,
    id: &str,
    now: Timestamp,
) -> Result<Option<ApiKey>, DbError> {
    match get(tx, id)? {
        Some(key) => working(tx, key, now),
        None => Ok(None),
    }
}

/// A key with what it may do now, while it works.
fn working(tx: &mut Tx<'_>, mut key: ApiKey, now: Timestamp) -> Result<Option<ApiKey>, DbError> {
    if key.revoked_at.is_some() || key.expires_at.is_some_and(|until| until <= now) {
        return Ok(None);
    }
    Ok(match maker(tx, &key)? {
        Maker::None => Some(key),
        Maker::Gone => None,
        Maker::User(user) => {
            key.scopes.retain(|scope| user.role.allows(*scope));
            Some(key)
        }
    })
}

/// Whose rights a key has.
enum Maker {
    /// It was made by no user.
    None,
    /// The user is no more, or may not log in.
    Gone,
    User(User),
}

/// Keys that were made with keys, one after the other, are followed so far. Nobody has a reason for more.
const MADE_BY_MAX: usize = 16;

fn maker(tx: &mut Tx<'_>, key: &ApiKey) -> Result<Maker, DbError> {
    let mut by = key.created_by.clone();
    for _ in 0..MADE_BY_MAX {
        if let Some(id) = by.strip_prefix("user:") {
            let user = accounts::find(tx, id)?.filter(User::is_enabled);
            return Ok(user.map_or(Maker::Gone, Maker::User));
        }
        let Some(id) = by.strip_prefix("key:") else { return Ok(Maker::None) };
        // One that was revoked may have been changed for this one: what counts is who began.
        let sql = "SELECT created_by FROM api_key WHERE id = $1";
        let Some(made_by) = tx.find(sql, &[id.into()], |row| row.get(0))? else {
            return Ok(Maker::Gone);
        };
        by = made_by;
    }
    Ok(Maker::Gone)
}

/// The key with this id, whether or not it works.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<ApiKey>, DbError> {
    tx.find(&format!("SELECT {COLUMNS} FROM api_key WHERE id = $1"), &[id.into()], read)
}

/// All keys, the newest first.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<ApiKey>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM api_key ORDER BY created_at DESC, id DESC");
    tx.query(&sql, &[], read)
}

/// Notes that a key is used, at most once a minute.
pub fn touch(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE api_key SET last_used_at = $2
        WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)";
    let before = now.saturating_sub(STAMP_EVERY);
    tx.execute(sql, &[id.into(), now.into(), before.into()]).map(|_| ())
}

/// Ends a key for good, and what was offered with it. Answers whether it was working or expired until now.
pub fn revoke(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    let is_new = tx.execute(sql, &[id.into(), now.into()])? > 0;
    if is_new {
        accounts::offers::void_of(tx, &format!("key:{id}"))?;
    }
    Ok(is_new)
}

/// Ends all keys for good that somebody made (`user:` and an id), and those that were made with them.
pub fn revoke_of(tx: &mut Tx<'_>, actor: &str, now: Timestamp) -> Result<u64, DbError> {
    let mut ended = 0;
    for id in made_by(tx, actor)? {
        ended += u64::from(revoke(tx, &id, now)?);
    }
    Ok(ended)
}

/// The ids of all keys that somebody made, and of those that were made with them, working or not.
pub(crate) fn made_by(tx: &mut Tx<'_>, actor: &str) -> Result<Vec<String>, DbError> {
    let mut makers = vec![actor.to_owned()];
    let mut all = Vec::new();
    for _ in 0..MADE_BY_MAX {
        let mut made = Vec::new();
        for by in makers {
            let sql = "SELECT id FROM api_key WHERE created_by = $1";
            made.extend(tx.query(sql, &[(&by).into()], |row| row.get::<String>(0))?);
        }
        makers = made.iter().map(|id| format!("key:{id}")).collect();
        all.append(&mut made);
    }
    Ok(all)
}

const COLUMNS: &str = "id, prefix, name, scopes, created_by, created_at, expires_at, last_used_at, \
    revoked_at";

fn read(row: &Row<'_>) -> Result<ApiKey, DbError> {
    Ok(ApiKey {
        id: row.get(0)?,
        prefix: format!("mk_{}", row.get::<String>(1)?),
        name: row.get(2)?,
        scopes: json(row, 3)?,
        created_by: row.get(4)?,
        created_at: instant(row, 5)?,
        expires_at: instant_if_any(row, 6)?,
        last_used_at: instant_if_any(row, 7)?,
        revoked_at: instant_if_any(row, 8)?,
    })
}

/// The prefix of a text that has the form of a key. Others do not reach the database.
fn prefix_of(text: &str) -> Option<&str> {
    let (prefix, secret) = text.strip_prefix("mk_")?.split_once('_')?;
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let sized = prefix.len() == PREFIX_DIGITS && secret.len() == SECRET_DIGITS;
    (sized && plain(prefix) && plain(secret)).then_some(prefix)
}

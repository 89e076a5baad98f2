//! Settings, each with a version so that nobody overwrites what somebody else just changed; and the
//! secrets of this instance, which no listing shows.

use std::fmt;

use leads::Timestamp;
use serde_json::Value as Json;
use thiserror::Error;

use crate::cells::{instant, json, json_text};
use crate::db::{DbError, Row, Tx};

/// A setting.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What it is set to.
    pub value: Json,
    /// 1 when it was first set, one more with each change.
    pub version: i64,
    /// Who set it.
    pub updated_by: String,
    /// When.
    pub updated_at: Timestamp,
}

/// What a change expects to find.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// Nothing: the setting was never set.
    Nothing,
    /// This version.
    Version(i64),
    /// Whatever there is.
    Anything,
}

/// Why a setting was not changed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SettingError {
    /// Somebody else changed it in between.
    #[error("the setting was changed in between (it has version {found}): read it again")]
    Changed {
        /// The version that it has; 0: it is not set.
        found: i64,
    },
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Random bytes that belong to this instance. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct InstanceSecret(Vec<u8>);

impl InstanceSecret {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for InstanceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstanceSecret(..)")
    }
}

/// One setting.
pub fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<Setting>, DbError> {
    let sql = "SELECT name, value, version, updated_by, updated_at FROM setting WHERE name = $1";
    tx.find(sql, &[name.into()], read)
}

/// All settings, by name.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Setting>, DbError> {
    let sql = "SELECT name, value, version, updated_by, updated_at FROM setting";
    let mut settings = tx.query(sql, &[], read)?;
    settings.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(settings)
}

/// Sets a setting, and answers its new version.
pub fn put(
    tx: &mut Tx<'_>,
    name: &str,
    value: &Json,
    expected: Expected,
    actor: &str,
    now: Timestamp,
) -> Result<i64, SettingError> {
    let found = version(tx, name)?;
    let as_expected = match expected {
        Expected::Nothing => found == 0,
        Expected::Version(version) => found == version && version > 0,
        Expected::Anything => true,
    };
    if !as_expected {
        return Err(SettingError::Changed { found });
    }
    let sql = "INSERT INTO setting (name, value, version, updated_by, updated_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET value = excluded.value,
        version = excluded.version, updated_by = excluded.updated_by,
        updated_at = excluded.updated_at";
    let text = json_text(value)?;
    tx.execute(sql, &[name.into(), (&text).into(), (found + 1).into(), actor.into(), now.into()])?;
    Ok(found + 1)
}

/// Takes a setting back. Answers whether it was set.
pub fn remove(tx: &mut Tx<'_>, name: &str, expected: Expected) -> Result<bool, SettingError> {
    let found = version(tx, name)?;
    if let Expected::Version(version) = expected
        && found != version
    {
        return Err(SettingError::Changed { found });
    }
    Ok(tx.execute("DELETE FROM setting WHERE name = $1", &[name.into()])? > 0)
}

/// The secret of this name. Where there is none yet, `candidate` (from a cryptographic random number
/// generator) becomes it; of several instances that start at once all get the same.
pub fn secret_or(
    tx: &mut Tx<'_>,
    name: &str,
    candidate: &[u8; 32],
    now: Timestamp,
) -> Result<InstanceSecret, DbError> {
    let sql = "INSERT INTO instance_secret (name, value, created_at) VALUES ($1, $2, $3)
        ON CONFLICT (name) DO NOTHING";
    tx.execute(sql, &[name.into(), candidate.as_slice().into(), now.into()])?;
    secret(tx, name)?.ok_or(DbError::NoRow)
}

/// The secret of this name, where there is one.
pub fn secret(tx: &mut Tx<'_>, name: &str) -> Result<Option<InstanceSecret>, DbError> {
    let sql = "SELECT value FROM instance_secret WHERE name = $1";
    tx.find(sql, &[name.into()], |row| row.get(0).map(InstanceSecret))
}

fn version(tx: &mut Tx<'_>, name: &str) -> Result<i64, DbError> {
    let sql = "SELECT version FROM setting WHERE name = $1";
    Ok(tx.find(sql, &[name.into()], |row| row.get(0))?.unwrap_or(0))
}

fn read(row: &Row<'_>) -> Result<Setting, DbError> {
    Ok(Setting {
        name: row.get(0)?,
        value: json(row, 1)?,
        version: row.get(2)?,
        updated_by: row.get(3)?,
        updated_at: instant(row, 4)?,
    })
}

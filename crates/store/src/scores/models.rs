//! Models, their versions, and which of them counted when.

use leads::Timestamp;
use thiserror::Error;

use crate::db::{DbError, Param, Row, Tx};

/// A model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// `acquisition` or `loyalty`.
    pub kind: String,
    /// Whether lists show its scores unless another is asked for. One is, at most.
    pub is_primary: bool,
    /// Since when it is here.
    pub created_at: Timestamp,
}

/// Where a version stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VersionState {
    /// Written, not in use.
    Draft,
    /// Scores everybody, beside the active one; nothing follows from it.
    Shadow,
    /// The one that counts.
    Active,
    /// No longer in use.
    Retired,
}

/// A version of a model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelVersion {
    /// The model's name.
    pub model: String,
    /// From 1, without gaps.
    pub version: i64,
    /// Where it stands.
    pub state: VersionState,
    /// The document, as it was written.
    pub document: String,
    /// What its author says of it.
    pub note: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it last became active.
    pub activated_at: Option<Timestamp>,
    /// When it was last taken out of use.
    pub retired_at: Option<Timestamp>,
}

/// A time during which a version was the active one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Activation {
    /// The version.
    pub version: i64,
    /// From when on.
    pub from: Timestamp,
    /// Until before when; `None`: it still is.
    pub to: Option<Timestamp>,
    /// Who did it.
    pub by: String,
    /// Whether it came back by a roll-back.
    pub is_rollback: bool,
}

/// Why a model cannot be changed so.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ModelError {
    /// No such model.
    #[error("there is no model `{0}`")]
    NoModel(String),
    /// No such version.
    #[error("model `{model}` has no version {version}")]
    NoVersion {
        /// The model.
        model: String,
        /// The version.
        version: i64,
    },
    /// A version that was in use cannot become a draft again.
    #[error("version {version} of `{model}` was in use and cannot be a draft again: add a version")]
    WasInUse {
        /// The model.
        model: String,
        /// The version.
        version: i64,
    },
    /// The present is before what is recorded already.
    #[error("a version of `{model}` became active later than this: is the clock right?")]
    ClockWentBack {
        /// The model.
        model: String,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl VersionState {
    /// As in the database and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Shadow => "shadow",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    /// From JSON.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Draft, Self::Shadow, Self::Active, Self::Retired]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// Makes a model, or changes its kind. The first of all is the primary one.
pub fn put_model(tx: &mut Tx<'_>, name: &str, kind: &str, now: Timestamp) -> Result<(), DbError> {
    let others: i64 = tx.value("SELECT count(*) FROM model WHERE is_primary = 1", &[])?;
    let insert = "INSERT INTO model (name, kind, is_primary, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (name) DO UPDATE SET kind = excluded.kind";
    let is_primary = i64::from(others == 0);
    tx.execute(insert, &[name.into(), kind.into(), is_primary.into(), now.into()]).map(|_| ())
}

/// Makes a model the primary one.
pub fn make_primary(tx: &mut Tx<'_>, name: &str) -> Result<(), ModelError> {
    let update = "UPDATE model SET is_primary = CASE WHEN name = $1 THEN 1 ELSE 0 END";
    let exists: i64 = tx.value("SELECT count(*) FROM model WHERE name = $1", &[name.into()])?;
    if exists == 0 {
        return Err(ModelError::NoModel(name.to_owned()));
    }
    tx.execute(update, &[name.into()])?;
    Ok(())
}

/// All models, by name.
pub fn models(tx: &mut Tx<'_>) -> Result<Vec<Model>, DbError> {
    let sql = "SELECT name, kind, is_primary, created_at FROM model";
    let mut models = tx.query(sql, &[], |row| {
        Ok(Model {
            name: row.get(0)?,
            kind: row.get(1)?,
            is_primary: row.get::<i64>(2)? == 1,
            created_at: Timestamp::saturating_from_millis(row.get(3)?),
        })
    })?;
    models.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(models)
}

/// Adds a version, as a draft. Answers its number.
pub fn add_draft(
    tx: &mut Tx<'_>,
    model: &str,
    document: &str,
    note: &str,
    by: &str,
    now: Timestamp,
) -> Result<i64, ModelError> {
    let exists: i64 = tx.value("SELECT count(*) FROM model WHERE name = $1", &[model.into()])?;
    if exists == 0 {
        return Err(ModelError::NoModel(model.to_owned()));
    }
    let next = "SELECT coalesce(max(version), 0) + 1 FROM model_version WHERE model = $1";
    let version: i64 = tx.value(next, &[model.into()])?;
    let insert = "INSERT INTO model_version (model, version, state, document, note, created_at,
        created_by) VALUES ($1, $2, 'draft', $3, $4, $5, $6)";
    let params: [Param<'_>; 6] =
        [model.into(), version.into(), document.into(), note.into(), now.into(), by.into()];
    tx.execute(insert, &params)?;
    Ok(version)
}

/// Changes where a version stands. Making one active takes the one that was out of use; going back
/// to an earlier version is making that active. Nothing of what was active when is lost.
pub fn set_state(
    tx: &mut Tx<'_>,
    model: &str,
    number: i64,
    state: VersionState,
    by: &str,
    now: Timestamp,
) -> Result<(), ModelError> {
    let no_version = || ModelError::NoVersion { model: model.to_owned(), version: number };
    let found = version(tx, model, number)?.ok_or_else(no_version)?;
    if found.state == state {
        return Ok(());
    }
    if state == VersionState::Draft && found.state != VersionState::Shadow {
        return Err(ModelError::WasInUse { model: model.to_owned(), version: number });
    }
    let latest: Option<i64> =
        tx.value("SELECT max(from_at) FROM activation WHERE model = $1", &[model.into()])?;
    let touches_active = state == VersionState::Active || found.state == VersionState::Active;
    if touches_active && latest.is_some_and(|latest| latest > now.as_millis()) {
        return Err(ModelError::ClockWentBack { model: model.to_owned() });
    }
    if touches_active {
        let close = "UPDATE activation SET to_at = $1 WHERE model = $2 AND to_at IS NULL";
        tx.execute(close, &[now.into(), model.into()])?;
        let retire = "UPDATE model_version SET state = 'retired', retired_at = $1
            WHERE model = $2 AND state = 'active'";
        tx.execute(retire, &[now.into(), model.into()])?;
    }
    let (column, instant) = match state {
        VersionState::Active => (", activated_at = $4", true),
        VersionState::Retired => (", retired_at = $4", true),
        VersionState::Draft | VersionState::Shadow => ("", false),
    };
    let update =
        format!("UPDATE model_version SET state = $1{column} WHERE model = $2 AND version = $3");
    let mut params: Vec<Param<'_>> = vec![state.name().into(), model.into(), number.into()];
    if instant {
        params.push(now.into());
    }
    tx.execute(&update, &params)?;
    if state == VersionState::Active {
        // One that becomes active twice within a millisecond goes on where it was.
        let insert = "INSERT INTO activation (model, version, from_at, activated_by)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (model, from_at, version) DO UPDATE SET to_at = NULL, rolled_back = NULL";
        tx.execute(insert, &[model.into(), number.into(), now.into(), by.into()])?;
    }
    Ok(())
}

/// Which versions score everybody, with whether in shadow and whether the model is the primary one: what
/// another node may have changed.
pub fn in_force(tx: &mut Tx<'_>) -> Result<Vec<(String, i64, bool, bool)>, DbError> {
    let sql = "SELECT v.model, v.version, v.state, m.is_primary
        FROM model_version v JOIN model m ON m.name = v.model WHERE v.state IN ('active', 'shadow')";
    let mut found = tx.query(sql, &[], |row| {
        let is_shadow = row.get::<String>(2)? == VersionState::Shadow.name();
        Ok((row.get(0)?, row.get(1)?, is_shadow, !is_shadow && row.get::<i64>(3)? == 1))
    })?;
    found.sort();
    Ok(found)
}

/// A version of a model.
pub fn version(
    tx: &mut Tx<'_>,
    model: &str,
    version: i64,
) -> Result<Option<ModelVersion>, DbError> {
    let sql = format!("{SELECT} WHERE model = $1 AND version = $2");
    tx.find(&sql, &[model.into(), version.into()], read)
}

/// All versions of a model, the latest first.
pub fn versions(tx: &mut Tx<'_>, model: &str) -> Result<Vec<ModelVersion>, DbError> {
    let sql = format!("{SELECT} WHERE model = $1 ORDER BY version DESC");
    tx.query(&sql, &[model.into()], read)
}

/// The version that was active at an instant: what scores of that day were made with.
pub fn active_at(
    tx: &mut Tx<'_>,
    model: &str,
    at: Timestamp,
) -> Result<Option<ModelVersion>, DbError> {
    let sql = "SELECT version FROM activation
        WHERE model = $1 AND from_at <= $2 AND (to_at IS NULL OR to_at > $2)";
    let number: Option<i64> = tx.find(sql, &[model.into(), at.into()], |row| row.get(0))?;
    match number {
        Some(number) => version(tx, model, number),
        None => Ok(None),
    }
}

/// When which version of a model was active, the first first.
pub fn activations(tx: &mut Tx<'_>, model: &str) -> Result<Vec<Activation>, DbError> {
    let sql = "SELECT version, from_at, to_at, activated_by, rolled_back FROM activation
        WHERE model = $1 ORDER BY from_at, version";
    tx.query(sql, &[model.into()], |row| {
        Ok(Activation {
            version: row.get(0)?,
            from: Timestamp::saturating_from_millis(row.get(1)?),
            to: row.get::<Option<i64>>(2)?.map(Timestamp::saturating_from_millis),
            by: row.get(3)?,
            is_rollback: row.get::<Option<i64>>(4)? == Some(1),
        })
    })
}

/// Notes that the version that counts came back by a roll-back, within the transaction that made it count.
pub fn note_roll_back(tx: &mut Tx<'_>, model: &str) -> Result<(), DbError> {
    let update = "UPDATE activation SET rolled_back = 1 WHERE model = $1 AND to_at IS NULL";
    tx.execute(update, &[model.into()]).map(|_| ())
}

/// The version that a roll-back makes count: the one that counted before the one that counts was chosen.
/// What was rolled back is left out, so that a second roll-back goes a step further. `None`: there is none.
pub fn rolled_back_to(activations: &[Activation]) -> Option<i64> {
    let mut chosen: Vec<i64> = Vec::new();
    for Activation { version, is_rollback, .. } in activations {
        match chosen.iter().rposition(|known| known == version) {
            Some(place) if *is_rollback => chosen.truncate(place + 1),
            // The same again, after it was out of use.
            Some(place) if place + 1 == chosen.len() => {}
            _ => chosen.push(*version),
        }
    }
    let current = activations.iter().rfind(|interval| interval.to.is_none());
    let current = current.map(|interval| interval.version);
    chosen.into_iter().rfind(|version| Some(*version) != current)
}

const SELECT: &str = "SELECT model, version, state, document, note, created_at, created_by,
    activated_at, retired_at FROM model_version";

fn read(row: &Row<'_>) -> Result<ModelVersion, DbError> {
    let instant = |index| {
        Ok::<_, DbError>(row.get::<Option<i64>>(index)?.map(Timestamp::saturating_from_millis))
    };
    Ok(ModelVersion {
        model: row.get(0)?,
        version: row.get(1)?,
        state: VersionState::parse(&row.get::<String>(2)?).unwrap_or(VersionState::Retired),
        document: row.get(3)?,
        note: row.get(4)?,
        created_at: Timestamp::saturating_from_millis(row.get(5)?),
        created_by: row.get(6)?,
        activated_at: instant(7)?,
        retired_at: instant(8)?,
    })
}

//! Imports of files: what was made of each, how far it is, and what was refused.
//!
//! ```text
//! previewed -> running <-> paused        running -> done | failed
//!                             paused | done | failed -> undone
//! ```
//!
//! Progress is stored in the transaction that stores the rows' facts, and only by whoever goes on
//! where the last progress ended: a worker that died or was overtaken cannot count a row twice.

use leads::Timestamp;
use serde_json::Value as Json;
use thiserror::Error;

use crate::cells::{instant, instant_if_any, json, json_text, one_line};
use crate::db::{DbError, Param, Row, Tx};
use crate::secret::Digest;
use crate::words::words;

words! {
    /// Where an import stands.
    pub enum ImportState {
        /// The file is stored and was looked into.
        Previewed = "previewed",
        /// Its rows are being taken.
        Running = "running",
        /// Somebody halted it.
        Paused = "paused",
        /// All rows are settled.
        Done = "done",
        /// It cannot go on.
        Failed = "failed",
        /// What it brought was taken back.
        Undone = "undone",
    }
}

/// An import.
#[derive(Clone, PartialEq, Debug)]
pub struct Import {
    /// Its id.
    pub id: String,
    /// What it is called, such as the name of the file as it came.
    pub name: String,
    /// Where the file is stored.
    pub file: String,
    /// What kind of file it is.
    pub format: String,
    /// Which column means what.
    pub mapping: Json,
    /// The fingerprint of its columns.
    pub columns: Digest,
    /// Where it stands.
    pub state: ImportState,
    /// Rows in the file, where they were counted.
    pub total: Option<i64>,
    /// The row to go on with, from 0: all before it are settled.
    pub next_row: i64,
    /// Rows whose facts were taken.
    pub taken: i64,
    /// Rows that were refused.
    pub rejected: i64,
    /// Rows whose facts were there already.
    pub repeated: i64,
    /// Why it cannot go on.
    pub failure: Option<String>,
    /// Who imports.
    pub created_by: String,
    /// When the file came.
    pub created_at: Timestamp,
    /// When its rows were first taken.
    pub started_at: Option<Timestamp>,
    /// When it was done or failed.
    pub finished_at: Option<Timestamp>,
    /// When it was taken back.
    pub undone_at: Option<Timestamp>,
}

/// An import to be made, in state previewed.
#[derive(Clone, Debug)]
pub struct NewImport<'a> {
    /// An id that no other has.
    pub id: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// Where the file is stored.
    pub file: &'a str,
    /// What kind of file it is.
    pub format: &'a str,
    /// Which column means what, as far as is known.
    pub mapping: &'a Json,
    /// The fingerprint of its columns: see [`fingerprint`].
    pub columns: Digest,
    /// Rows in the file, where they were counted.
    pub total: Option<i64>,
    /// Who imports.
    pub created_by: &'a str,
}

/// Rows that were settled together.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// The first of them, from 0.
    pub from_row: i64,
    /// The first after them.
    pub to_row: i64,
    /// How many were taken.
    pub taken: i64,
    /// How many were there already.
    pub repeated: i64,
    /// Those that were refused. The rest must add up.
    pub rejects: &'a [Reject],
}

/// A row that was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reject {
    /// The row, from 0.
    pub row: i64,
    /// Why, for programs.
    pub code: String,
    /// Why, for people. Not what stood in it.
    pub message: String,
}

/// Why an import was not changed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ImportError {
    /// There is no such import.
    #[error("there is no import with this id")]
    Unknown,
    /// It stands where this cannot be done.
    #[error("the import is {state}: this cannot be done now")]
    State {
        /// Where it stands.
        state: ImportState,
    },
    /// Somebody else has settled rows from there on.
    #[error("the import has gone on to row {next_row} in between")]
    Overtaken {
        /// The row to go on with.
        next_row: i64,
    },
    /// The rows do not add up: a mistake of ours.
    #[error("{rows} rows were settled, but {accounted} accounted for")]
    Sum {
        /// Rows from the first to the last.
        rows: i64,
        /// Rows taken, repeated and refused.
        accounted: i64,
    },
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Rejects that are kept per import, some 10 MB; somebody who has more has another problem, and the file.
pub const REJECTS_KEPT: i64 = 100_000;

/// Characters of a message that are kept.
const MESSAGE_MAX: usize = 500;

/// Makes an import.
pub fn create(tx: &mut Tx<'_>, new: &NewImport<'_>, now: Timestamp) -> Result<Import, DbError> {
    let sql = "INSERT INTO import_job (id, name, file, format, mapping, columns, state, total,
        next_row, taken, rejected, repeated, created_by, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, $9, $10)";
    let (name, mapping) = (one_line(new.name, MESSAGE_MAX), json_text(new.mapping)?);
    let params = [
        new.id.into(),
        (&name).into(),
        new.file.into(),
        new.format.into(),
        (&mapping).into(),
        new.columns.as_bytes().into(),
        ImportState::Previewed.as_str().into(),
        new.total.into(),
        new.created_by.into(),
        now.into(),
    ];
    tx.execute(sql, &params)?;
    find(tx, new.id)?.ok_or(DbError::NoRow)
}

/// Changes which column means what, before the import starts.
pub fn set_mapping(tx: &mut Tx<'_>, id: &str, mapping: &Json) -> Result<Import, ImportError> {
    let text = json_text(mapping)?;
    let set = "mapping = $3";
    change(tx, id, &[ImportState::Previewed], ImportState::Previewed, set, &[(&text).into()])
}

/// How many rows there are became known, or is not known any more.
pub fn set_total(tx: &mut Tx<'_>, id: &str, total: Option<i64>) -> Result<Import, ImportError> {
    let from = [ImportState::Previewed];
    change(tx, id, &from, ImportState::Previewed, "total = $3", &[total.into()])
}

/// Forgets an import that never began, or was undone, and what was refused of it. Its file is the
/// caller's. Answers what it was.
pub fn remove(tx: &mut Tx<'_>, id: &str) -> Result<Import, ImportError> {
    let import = find(tx, id)?.ok_or(ImportError::Unknown)?;
    let never_began = import.started_at.is_none();
    if !never_began && import.state != ImportState::Undone {
        return Err(ImportError::State { state: import.state });
    }
    for delete in [
        "DELETE FROM import_reject WHERE import = $1",
        "DELETE FROM also_imported WHERE import_id = $1 AND is_origin = 0",
        "DELETE FROM said_by_import WHERE import_id = $1",
        "DELETE FROM import_job WHERE id = $1",
    ] {
        tx.execute(delete, &[id.into()])?;
    }
    Ok(import)
}

/// The import that has this file.
pub fn of_file(tx: &mut Tx<'_>, file: &str) -> Result<Option<Import>, DbError> {
    tx.find(&format!("SELECT {COLUMNS} FROM import_job WHERE file = $1"), &[file.into()], read)
}

/// The file of an import that is not under way is taken away before all of it was taken in: it cannot go on
/// without it.
pub fn lose_file(
    tx: &mut Tx<'_>,
    id: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Import, ImportError> {
    let from = [ImportState::Previewed, ImportState::Paused, ImportState::Failed];
    let reason = one_line(reason, MESSAGE_MAX);
    let params = [now.into(), (&reason).into()];
    change(tx, id, &from, ImportState::Failed, "finished_at = $3, failure = $4", &params)
}

/// Begins to take the rows.
pub fn start(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<Import, ImportError> {
    let set = "started_at = $3";
    change(tx, id, &[ImportState::Previewed], ImportState::Running, set, &[now.into()])
}

/// Halts it after the rows that are being settled.
pub fn pause(tx: &mut Tx<'_>, id: &str) -> Result<Import, ImportError> {
    change(tx, id, &[ImportState::Running], ImportState::Paused, "failure = NULL", &[])
}

/// Goes on where it was halted, or failed.
pub fn resume(tx: &mut Tx<'_>, id: &str) -> Result<Import, ImportError> {
    let from = [ImportState::Paused, ImportState::Failed];
    change(tx, id, &from, ImportState::Running, "failure = NULL, finished_at = NULL", &[])
}

/// All rows are settled.
pub fn finish(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<Import, ImportError> {
    let set = "finished_at = $3, total = next_row";
    change(tx, id, &[ImportState::Running], ImportState::Done, set, &[now.into()])
}

/// It cannot go on.
pub fn fail(
    tx: &mut Tx<'_>,
    id: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Import, ImportError> {
    let from = [ImportState::Running, ImportState::Previewed];
    let reason = one_line(reason, MESSAGE_MAX);
    let params = [now.into(), (&reason).into()];
    change(tx, id, &from, ImportState::Failed, "finished_at = $3, failure = $4", &params)
}

/// What it brought is taken back: call it in the transaction that does so. One that is running must
/// be paused before.
pub fn undo(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<Import, ImportError> {
    let from = [ImportState::Paused, ImportState::Done, ImportState::Failed];
    change(tx, id, &from, ImportState::Undone, "undone_at = $3", &[now.into()])
}

/// Counts rows that are settled, in the transaction that stores their facts. It is refused, and with
/// it the facts, unless the import is running and has come exactly to `from_row`.
pub fn advance(tx: &mut Tx<'_>, id: &str, progress: &Progress<'_>) -> Result<Import, ImportError> {
    let rows = progress.to_row - progress.from_row;
    let rejected = progress.rejects.len() as i64;
    let accounted = progress.taken + progress.repeated + rejected;
    if rows != accounted || rows < 0 {
        return Err(ImportError::Sum { rows, accounted });
    }
    let before = find(tx, id)?.ok_or(ImportError::Unknown)?;
    if before.state != ImportState::Running {
        return Err(ImportError::State { state: before.state });
    }
    if before.next_row != progress.from_row {
        return Err(ImportError::Overtaken { next_row: before.next_row });
    }
    let sql = "UPDATE import_job SET next_row = $2, taken = taken + $3, repeated = repeated + $4,
        rejected = rejected + $5 WHERE id = $1";
    let params = [
        id.into(),
        progress.to_row.into(),
        progress.taken.into(),
        progress.repeated.into(),
        rejected.into(),
    ];
    tx.execute(sql, &params)?;
    let room = (REJECTS_KEPT - before.rejected).max(0) as usize;
    for reject in progress.rejects.iter().take(room) {
        let sql = "INSERT INTO import_reject (import, row_number, code, message)
            VALUES ($1, $2, $3, $4) ON CONFLICT (import, row_number) DO NOTHING";
        let message = one_line(&reject.message, MESSAGE_MAX);
        let params = [id.into(), reject.row.into(), (&reject.code).into(), (&message).into()];
        tx.execute(sql, &params)?;
    }
    find(tx, id)?.ok_or(ImportError::Unknown)
}

/// One import.
pub fn find(tx: &mut Tx<'_>, id: &str) -> Result<Option<Import>, DbError> {
    tx.find(&format!("SELECT {COLUMNS} FROM import_job WHERE id = $1"), &[id.into()], read)
}

/// The newest imports, or the newest after one (its `created_at` and id).
pub fn page(
    tx: &mut Tx<'_>,
    after: Option<(Timestamp, &str)>,
    limit: i64,
) -> Result<Vec<Import>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM import_job WHERE created_at < $1 OR (created_at = $1 AND id < $2)
        ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    let (before, id) = after.unwrap_or((Timestamp::MAX, ""));
    tx.query(&sql, &[before.into(), id.into(), limit.into()], read)
}

/// Rows that were refused, the first [`REJECTS_KEPT`] at most: `limit` of them after row `after`
/// (-1: from the first).
pub fn rejects(tx: &mut Tx<'_>, id: &str, after: i64, limit: i64) -> Result<Vec<Reject>, DbError> {
    let sql = "SELECT row_number, code, message FROM import_reject
        WHERE import = $1 AND row_number > $2 ORDER BY row_number LIMIT $3";
    tx.query(sql, &[id.into(), after.into(), limit.into()], |row| {
        Ok(Reject { row: row.get(0)?, code: row.get(1)?, message: row.get(2)? })
    })
}

/// What stands for a set of columns, whatever their order, case and the blanks around their names.
pub fn fingerprint<T: AsRef<str>>(names: &[T]) -> Digest {
    let mut names: Vec<String> =
        names.iter().map(|name| name.as_ref().trim().to_lowercase()).collect();
    names.sort_unstable();
    let parts: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    Digest::of_parts(&parts)
}

/// Remembers what the columns of a file meant, for the next file that has the same.
pub fn remember_mapping(
    tx: &mut Tx<'_>,
    columns: &Digest,
    mapping: &Json,
    now: Timestamp,
) -> Result<(), DbError> {
    let sql = "INSERT INTO import_mapping (columns, mapping, used_at) VALUES ($1, $2, $3)
        ON CONFLICT (columns) DO UPDATE SET mapping = excluded.mapping, used_at = excluded.used_at";
    let text = json_text(mapping)?;
    tx.execute(sql, &[columns.as_bytes().into(), (&text).into(), now.into()]).map(|_| ())
}

/// What columns meant last time.
pub fn remembered_mapping(tx: &mut Tx<'_>, columns: &Digest) -> Result<Option<Json>, DbError> {
    let sql = "SELECT mapping FROM import_mapping WHERE columns = $1";
    tx.find(sql, &[columns.as_bytes().into()], |row| json(row, 0))
}

const COLUMNS: &str = "id, name, file, format, mapping, columns, state, total, next_row, taken, \
    rejected, repeated, failure, created_by, created_at, started_at, finished_at, undone_at";

fn read(row: &Row<'_>) -> Result<Import, DbError> {
    let columns: Vec<u8> = row.get(5)?;
    Ok(Import {
        id: row.get(0)?,
        name: row.get(1)?,
        file: row.get(2)?,
        format: row.get(3)?,
        mapping: json(row, 4)?,
        columns: Digest::from_stored(&columns)
            .ok_or_else(|| DbError::Damaged("the fingerprint of an import".to_owned()))?,
        state: row.get(6)?,
        total: row.get(7)?,
        next_row: row.get(8)?,
        taken: row.get(9)?,
        rejected: row.get(10)?,
        repeated: row.get(11)?,
        failure: row.get(12)?,
        created_by: row.get(13)?,
        created_at: instant(row, 14)?,
        started_at: instant_if_any(row, 15)?,
        finished_at: instant_if_any(row, 16)?,
        undone_at: instant_if_any(row, 17)?,
    })
}

/// Brings an import from one of some states to another. `set` names its `params` from `$3` on.
fn change(
    tx: &mut Tx<'_>,
    id: &str,
    from: &[ImportState],
    to: ImportState,
    set: &str,
    params: &[Param<'_>],
) -> Result<Import, ImportError> {
    let import = find(tx, id)?.ok_or(ImportError::Unknown)?;
    if !from.contains(&import.state) {
        return Err(ImportError::State { state: import.state });
    }
    let sql = format!("UPDATE import_job SET state = $2, {set} WHERE id = $1");
    let mut all = vec![id.into(), to.as_str().into()];
    all.extend_from_slice(params);
    tx.execute(&sql, &all)?;
    find(tx, id)?.ok_or(ImportError::Unknown)
}

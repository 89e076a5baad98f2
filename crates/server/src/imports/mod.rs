//! Files that are imported: uploaded, looked at, mapped, read, and taken back as a whole.

pub(crate) mod files;
mod manage;
pub(crate) mod preview;
mod upload;

use std::path::{Path, PathBuf};

use ingest::imports::{ImportFile, ImportMapping, count_rows};
use serde::Serialize;
use serde_json::Value as Any;
use store::imports::{Import, ImportState};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::config::Config;
use crate::instant::Instant;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(upload::router()).merge(preview::router()).merge(manage::router())
}

/// Where the file of an import is.
pub(crate) fn path_of(config: &Config, import: &Import) -> PathBuf {
    config.data.join("imports").join(&import.file)
}

/// Files of at most so many bytes are read to their end to know how many rows they have: a second at most.
const COUNTED_BYTES_MAX: u64 = 64 << 20;

/// How many rows an import's file has, where that is soon known.
fn rows_of(path: &Path, file: &ImportFile, mapping: &ImportMapping) -> Option<i64> {
    let bytes = std::fs::metadata(path).map_or(u64::MAX, |found| found.len());
    let rows = (bytes <= COUNTED_BYTES_MAX).then(|| count_rows(file, mapping).ok()).flatten();
    rows.and_then(|rows| i64::try_from(rows).ok())
}

/// Takes the file of an import away that is no more, or needs it no more. One that cannot be taken away now is when files that
/// belong to no import are.
pub(crate) fn discard(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "the file of an import that needs it no more cannot be removed yet");
    }
}

/// The job that reads an import.
pub(crate) fn job_of(import: &str) -> String {
    format!("import:{import}")
}

/// An import.
#[derive(Debug, Serialize, ToSchema)]
struct ImportView {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// `csv`, `ndjson`, `parquet`, `xlsx` or `ods`.
    format: String,
    /// `previewed`, `running`, `paused`, `done`, `failed` or `undone`.
    #[schema(value_type = String)]
    state: ImportState,
    /// Which column means what.
    #[schema(value_type = Object)]
    mapping: Any,
    /// Rows in the file, where that is known: of files of up to 64 MiB from the beginning, of others at
    /// the end.
    total: Option<i64>,
    /// Rows that are settled.
    settled: i64,
    /// Rows whose facts were taken.
    taken: i64,
    /// Rows that were refused.
    rejected: i64,
    /// Rows whose facts were there already.
    repeated: i64,
    /// Why it cannot go on.
    failure: Option<String>,
    /// Who imports.
    created_by: String,
    /// When the file came.
    created_at: Instant,
    /// When its rows were first taken.
    started_at: Option<Instant>,
    /// When it was done or failed.
    finished_at: Option<Instant>,
    /// When it was taken back.
    undone_at: Option<Instant>,
}

impl From<Import> for ImportView {
    fn from(import: Import) -> Self {
        Self {
            id: import.id,
            name: import.name,
            format: import.format,
            state: import.state,
            mapping: import.mapping,
            total: import.total,
            settled: import.next_row,
            taken: import.taken,
            rejected: import.rejected,
            repeated: import.repeated,
            failure: import.failure,
            created_by: import.created_by,
            created_at: import.created_at.into(),
            started_at: import.started_at.map(Instant),
            finished_at: import.finished_at.map(Instant),
            undone_at: import.undone_at.map(Instant),
        }
    }
}

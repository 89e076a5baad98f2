//! A file that comes in.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use bytes::Bytes;
use ingest::imports::{ImportFile, ImportMapping, Preview, preview};
use serde::Deserialize;
use serde_json::json;
use store::Digest;
use store::imports::{self, NewImport, fingerprint};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_stream::StreamExt as _;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ImportView, discard, rows_of};
use crate::access::Caller;
use crate::app::{App, Done, Noted, is_replay};
use crate::problem::Problem;
use crate::request::{Asked, Repeat};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upload))
}

/// Parts of the body that wait to be written.
const WAITING: usize = 8;

/// What a file is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UploadAsked {
    /// The file's name, whose ending may tell the format.
    name: String,
}

/// Parts of a file that are hashed at a time.
const HASHED: usize = 1 << 20;

/// Takes a file: CSV, NDJSON, Parquet (plain, gzip or zstd), `.xlsx` or `.ods`. Nothing of it is
/// imported yet. With an `Idempotency-Key` the same file sent again makes no second import.
#[utoipa::path(post, path = "/api/v1/imports", tag = "imports", params(UploadAsked),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = ImportView)))]
async fn upload(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<UploadAsked>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let name = crate::accounts::name(&asked.name)?;
    let (id, file) = (app.fresh_id(), app.fresh_id());
    // No part of the name is part of the path.
    let path = app.config.data.join("imports").join(&file);
    if let Err(problem) = write(body, &path, app.config.limits.import_bytes).await {
        discard(&path);
        return Err(problem);
    }
    let (at, called) = (path.clone(), name.clone());
    let looked_at = app
        .block(move || {
            let file = ImportFile::open(&at.display().to_string(), &called).map_err(unreadable)?;
            let preview = preview(&file, &ImportMapping::default()).map_err(unreadable)?;
            let total = rows_of(&at, &file, &preview.mapping);
            // The file is read once more for it.
            let hash = Repeat::has_key(&headers).then(|| hash(&at)).transpose();
            let hash = hash.map_err(|error| disk(&error))?;
            let stands_for_it = hash.as_ref().map_or(&[][..], |hash| hash.as_bytes());
            let repeat = Repeat::of("POST", &uri, &headers, stands_for_it)?;
            Ok::<_, Problem>((preview, total, repeat))
        })
        .await;
    let (preview, total, repeat): (Preview, _, _) = match looked_at {
        Ok(found) => found,
        Err(problem) => {
            discard(&path);
            return Err(problem);
        }
    };
    let names: Vec<&str> = preview.columns.iter().map(|column| column.name.as_str()).collect();
    let columns = fingerprint(&names);
    let proposed = serde_json::to_value(&preview.mapping).map_err(|_| Problem::internal())?;
    let (now, by) = (app.now(), caller.actor());
    let stored = app
        .change(&caller, repeat, move |tx| {
            // Columns that were there before mean what they meant then.
            let mapping = imports::remembered_mapping(tx, &columns)?.unwrap_or(proposed);
            let new = NewImport {
                id: &id,
                name: &name,
                file: &file,
                format: preview.format,
                mapping: &mapping,
                columns,
                total,
                created_by: &by,
            };
            let import = imports::create(tx, &new, now)?;
            let noted = Noted::new("import.uploaded", format!("import:{id}"));
            Done::created(&ImportView::from(import), noted.after(json!({"format": preview.format})))
        })
        .await;
    let is_kept = stored.as_ref().is_ok_and(|answer| !is_replay(answer));
    if !is_kept {
        discard(&path);
    }
    stored
}

#[expect(clippy::needless_pass_by_value, reason = "the form of a conversion of errors")]
fn unreadable(error: ingest::ReadError) -> Problem {
    Problem::invalid("unreadable", error.to_string())
}

/// What stands for the bytes of a file.
fn hash(path: &Path) -> std::io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut part = Vec::with_capacity(HASHED);
    let mut hash = Digest::of_parts(&[]);
    while (&mut file).take(HASHED as u64).read_to_end(&mut part)? > 0 {
        hash = Digest::of_parts(&[hash.as_bytes(), &part]);
        part.clear();
    }
    Ok(hash)
}

/// Writes a body to a new file, part by part.
async fn write(body: Body, path: &Path, limit: u64) -> Result<(), Problem> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let file = options.open(path).map_err(|error| disk(&error))?;
    let (parts, waiting) = mpsc::channel::<Bytes>(WAITING);
    let writing = spawn_blocking(move || drain(file, waiting));
    let mut stream = body.into_data_stream();
    let mut size = 0_u64;
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_| Problem::bad("broken_body", "the upload broke off"))?;
        size += part.len() as u64;
        if size > limit {
            return Err(Problem::too_large(usize::try_from(limit).unwrap_or(usize::MAX)));
        }
        if parts.send(part).await.is_err() {
            break;
        }
    }
    drop(parts);
    match writing.await {
        Ok(Ok(())) if size == 0 => Err(Problem::bad("empty", "the file is empty")),
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(disk(&error)),
        Err(_) => Err(Problem::internal()),
    }
}

fn drain(mut file: File, mut waiting: mpsc::Receiver<Bytes>) -> std::io::Result<()> {
    while let Some(part) = waiting.blocking_recv() {
        file.write_all(&part)?;
    }
    file.sync_all()
}

fn disk(error: &std::io::Error) -> Problem {
    tracing::error!(%error, "a file that was uploaded cannot be written");
    Problem::unavailable("disk", "the file cannot be stored: is the disk full?", 30)
}

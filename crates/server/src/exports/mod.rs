//! Taking things out: leads with their scores, companies, deals, events, transitions.
//!
//! The rows are written to a file without a name first, from one snapshot, and sent from there: a
//! client that reads slowly holds a file, and no view of the database. It keeps nobody else from an export:
//! the places are for those that are written, each caller has few files at a time, and what nobody
//! reads is given up.

mod kinds;
mod leads;
mod sheet;

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value as Any, json};
use store::Tx;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use self::sheet::Sheet;
use crate::access::Caller;
use crate::app::{App, Noted};
use crate::problem::Problem;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(leads::router()).merge(kinds::router())
}

/// Bytes that are sent at a time.
const PART: usize = 64 << 10;

/// The form of an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// For spreadsheets. Cells that a spreadsheet would run get an apostrophe before them.
    #[default]
    Csv,
    /// A JSON object a line.
    Ndjson,
}

/// What is taken out, for the trail and the file's name.
struct Taken {
    /// `leads`, `companies` and so on.
    what: &'static str,
    /// Of what, in the audit trail.
    object: String,
    /// What else there is to note.
    details: Any,
}

/// Writes an export from one snapshot, notes it, and sends it.
async fn export(
    app: &App,
    caller: &Caller,
    format: Format,
    columns: Vec<String>,
    taken: Taken,
    write: impl FnOnce(&mut Tx<'_>, &mut Sheet) -> Result<(), Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let Ok(permit) = std::sync::Arc::clone(&app.exports).try_acquire_owned() else {
        return Err(Problem::too_many("exports_busy", "two exports are under way: try again", 10));
    };
    let Some(share) = app.downloads_of.take(&caller.actor(), 1) else {
        let detail = "you have too many downloads open: read them to their ends, or close some";
        return Err(Problem::too_many("too_many_downloads", detail, 10));
    };
    let on = app.clone();
    let (file, rows) = app
        .block(move || {
            let file = tempfile::tempfile_in(on.config.data.join("exports")).map_err(disk)?;
            let mut sheet = Sheet::begin(BufWriter::new(file), format, columns).map_err(disk)?;
            on.live.store().read(|tx| write(tx, &mut sheet))?;
            let (writer, rows) = sheet.end();
            let mut file = writer.into_inner().map_err(|error| disk(error.into_error()))?;
            file.rewind().map_err(disk)?;
            Ok::<_, Problem>((file, rows))
        })
        .await?;
    drop(permit);
    // Whoever takes everything out is remembered before it goes.
    let (now, actor, what) = (app.now(), caller.actor(), taken.what);
    let action = match what {
        "companies" => "companies.exported",
        "deals" => "deals.exported",
        "events" => "events.exported",
        "transitions" => "transitions.exported",
        _ => "leads.exported",
    };
    let mut after = json!({"rows": rows});
    if let (Some(after), Any::Object(details)) = (after.as_object_mut(), taken.details) {
        after.extend(details);
    }
    let noted = Noted::new(action, taken.object).after(after);
    app.write(move |tx| noted.write(tx, &actor, now)).await?;
    let (parts, sending) = mpsc::channel(4);
    let pause = app.config.limits.download_pause;
    tokio::spawn(async move {
        send(file, &parts, pause).await;
        drop(share);
    });
    let (kind, ending) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        Format::Ndjson => ("application/x-ndjson", "ndjson"),
    };
    let name = format!("attachment; filename=\"{what}.{ending}\"");
    let body = Body::from_stream(whole(sending));
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name.as_str())], body).into_response())
}

#[expect(clippy::needless_pass_by_value, reason = "the form of a conversion of errors")]
fn disk(error: io::Error) -> Problem {
    tracing::error!(%error, "an export cannot be written");
    Problem::unavailable("disk", "the export cannot be written: is the disk full?", 30)
}

/// What is sent: a part, or nothing where the file has come to its end.
type Part = io::Result<Option<Bytes>>;

/// Sends a file part by part, unless nothing is taken for as long as `pause`.
async fn send(mut file: File, parts: &mpsc::Sender<Part>, pause: Duration) {
    loop {
        let read = spawn_blocking(move || {
            let mut part = vec![0; PART];
            let size = file.read(&mut part)?;
            part.truncate(size);
            Ok::<_, io::Error>((file, part))
        });
        let (part, next) = match read.await {
            Ok(Ok((_, part))) if part.is_empty() => (Ok(None), None),
            Ok(Ok((file, part))) => (Ok(Some(part.into())), Some(file)),
            Ok(Err(error)) => (Err(error), None),
            Err(error) => (Err(io::Error::other(error)), None),
        };
        let is_taken = timeout(pause, parts.send(part)).await;
        match (is_taken, next) {
            (Ok(Ok(())), Some(next)) => file = next,
            _ => return,
        }
    }
}

/// The parts of a file. One that breaks off before its end is an error, so that nobody takes it for the whole.
fn whole(parts: mpsc::Receiver<Part>) -> impl Stream<Item = io::Result<Bytes>> {
    let given_up = io::Error::new(io::ErrorKind::TimedOut, "the download was given up");
    ReceiverStream::new(parts).chain(tokio_stream::once(Err(given_up))).map_while(Result::transpose)
}

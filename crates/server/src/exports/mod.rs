//! Taking things out: leads with their scores, companies, deals, events, transitions.
//!
//! The rows are written to a file without a name first, from one snapshot, and sent from there: a
//! client that reads slowly holds a file, and no view of the database.

mod kinds;
mod leads;
mod sheet;

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek};

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value as Any, json};
use store::Tx;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_stream::wrappers::ReceiverStream;
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
    spawn_blocking(move || {
        send(file, &parts);
        drop(permit);
    });
    let (kind, ending) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        Format::Ndjson => ("application/x-ndjson", "ndjson"),
    };
    let name = format!("attachment; filename=\"{what}.{ending}\"");
    let body = Body::from_stream(ReceiverStream::new(sending));
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name.as_str())], body).into_response())
}

#[expect(clippy::needless_pass_by_value, reason = "the form of a conversion of errors")]
fn disk(error: io::Error) -> Problem {
    tracing::error!(%error, "an export cannot be written");
    Problem::unavailable("disk", "the export cannot be written: is the disk full?", 30)
}

fn send(mut file: File, parts: &mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let mut part = vec![0; PART];
        let sent = match file.read(&mut part) {
            Ok(0) => return,
            Ok(size) => {
                part.truncate(size);
                parts.blocking_send(Ok(part.into()))
            }
            Err(error) => parts.blocking_send(Err(error)),
        };
        if sent.is_err() {
            return;
        }
    }
}

//! Taking leads out, with their scores.
//!
//! The rows are written to a file without a name first, from one snapshot, and sent from there: a
//! client that reads slowly holds a file, and no view of the database.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use ingest::cells::neutralized;
use serde::Deserialize;
use serde_json::json;
use store::scores::{LeadQuery, Order, ranked};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::app::{App, Noted};
use crate::leads_api::{LeadFilter, LeadItem, filters, line_key, split};
use crate::problem::Problem;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_leads))
}

/// Leads that are read at a time.
const PAGE: usize = 1_000;

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

/// What to export.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportAsked {
    /// The model; the primary one where it is not said.
    model: Option<String>,
    /// The form.
    #[param(inline)]
    format: Option<Format>,
}

/// Leads with their scores, the best first, as a file.
#[utoipa::path(get, path = "/api/v1/exports/leads", tag = "exports", params(ExportAsked, LeadFilter),
    responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson")))))]
async fn export_leads(
    State(app): State<App>,
    caller: Caller,
    uri: axum::http::Uri,
) -> Result<Response, Problem> {
    let (asked, filter) = split::<ExportAsked>(&uri, &["model", "format"])?;
    let format = asked.format.unwrap_or_default();
    let Ok(permit) = std::sync::Arc::clone(&app.exports).try_acquire_owned() else {
        return Err(Problem::too_many("exports_busy", "two exports are under way: try again", 10));
    };
    let model = line_key(&app, asked.model.as_deref())?
        .ok_or_else(|| Problem::conflict("no_model", "no model is in force yet: activate one"))?;
    let (filters, members) = filters(&app, &filter).await?;
    let query =
        LeadQuery { model: model.clone(), order: Order::Score, filters, after: None, limit: PAGE };
    let on = app.clone();
    let (file, rows) = app
        .block(move || {
            let file = tempfile::tempfile_in(on.config.data.join("exports")).map_err(disk)?;
            let mut writer = BufWriter::new(file);
            let rows = on.live.store().read(|tx| {
                let mut query = query.clone();
                let mut rows = 0_u64;
                begin(&mut writer, format).map_err(disk)?;
                loop {
                    let page = ranked(tx, &query)?;
                    let is_last = page.len() < PAGE;
                    query.after = page.last().map(|last| last.key(query.order));
                    for one in page {
                        if members.as_ref().is_none_or(|members| members.contains(&one.score.lead))
                        {
                            row(&mut writer, format, &LeadItem::from(one)).map_err(disk)?;
                            rows += 1;
                        }
                    }
                    if is_last {
                        return Ok::<_, Problem>(rows);
                    }
                }
            })?;
            let mut file = writer.into_inner().map_err(|error| disk(error.into_error()))?;
            file.rewind().map_err(disk)?;
            Ok::<_, Problem>((file, rows))
        })
        .await?;
    // Whoever takes everything out is remembered before it goes.
    let (now, actor) = (app.now(), caller.actor());
    let noted = Noted::new("leads.exported", format!("model:{model}")).after(json!({"rows": rows}));
    app.write(move |tx| noted.write(tx, &actor, now)).await?;
    let (parts, sending) = mpsc::channel(4);
    spawn_blocking(move || {
        send(file, &parts);
        drop(permit);
    });
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"leads.csv\""),
        Format::Ndjson => ("application/x-ndjson", "attachment; filename=\"leads.ndjson\""),
    };
    let body = Body::from_stream(ReceiverStream::new(sending));
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], body).into_response())
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

const COLUMNS: &str = "id,email,name,company,company_name,country,owner,created_at,last_seen_at,score,fit,\
    engagement,grade,bracket,stage,disqualified,priority,scored_at";

fn begin(writer: &mut impl Write, format: Format) -> io::Result<()> {
    match format {
        // Excel takes a file for UTF-8 where it begins so.
        Format::Csv => write!(writer, "\u{feff}{COLUMNS}\r\n"),
        Format::Ndjson => Ok(()),
    }
}

fn row(writer: &mut impl Write, format: Format, lead: &LeadItem) -> io::Result<()> {
    if format == Format::Ndjson {
        serde_json::to_writer(&mut *writer, lead)?;
        return writer.write_all(b"\n");
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let instant =
        |at: Option<crate::instant::Instant>| at.map(|at| at.0.to_string()).unwrap_or_default();
    let cells = [
        lead.id.clone(),
        text(&lead.email),
        text(&lead.name),
        text(&lead.company),
        text(&lead.company_name),
        text(&lead.country),
        text(&lead.owner),
        instant(lead.created_at),
        instant(lead.last_seen_at),
        lead.score.to_string(),
        lead.fit.to_string(),
        lead.engagement.to_string(),
        text(&lead.grade),
        text(&lead.bracket),
        text(&lead.stage),
        text(&lead.disqualified),
        lead.priority.to_string(),
        lead.scored_at.0.to_string(),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    write!(writer, "{}\r\n", cells.join(","))
}

fn quoted(cell: &str) -> String {
    let cell = neutralized(cell);
    if cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_out_of_its_place() {
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("@SUM(1)"), "'@SUM(1)");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("-12"), "-12");
    }
}

//! Segment's calls.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{MatchedPath, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ingest::segment::{self, BATCH_BYTES_MAX, Call, CallError};
use leads::{Report, Timestamp};
use store::facts::{Appended, Outcome, Taken, refused};
use store::write_keys::{Quota, spend};
use tokio::time::timeout;

use super::cors::readable;
use super::key::{Writer, shown, too_often};
use super::verdicts::{Parsed, Remark, Verdicts, verdicts};
use crate::app::App;
use crate::problem::{Fault, Problem};
use crate::request::{Sender, read_body};

pub(super) async fn take(
    State(app): State<App>,
    path: MatchedPath,
    sender: Sender,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match answer(&app, path.as_str(), sender, &headers, body).await {
        Ok(verdicts) => readable(&headers, Json(verdicts)),
        Err(problem) => readable(&headers, problem),
    }
}

async fn answer(
    app: &App,
    path: &str,
    sender: Sender,
    headers: &HeaderMap,
    body: Body,
) -> Result<Verdicts, Problem> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let call = Call::from_name(name).ok_or_else(|| Problem::not_found("call"))?;
    check_sender(app, sender)?;
    let bytes = read_body(body, BATCH_BYTES_MAX).await?;
    let read = segment::Body::read(&bytes).map_err(of_call)?;
    let writer = Writer::admit(app, shown(headers, read.write_key()), headers).await?;
    let envelope = writer.envelope(app, sender, headers);
    let calls = read.calls(call, &envelope, &mut || app.fresh_id()).map_err(of_call)?;
    let parsed: Vec<Parsed> = calls
        .items
        .iter()
        .map(|item| match &item.verdict {
            Ok(reports) => Ok(reports.len()),
            Err(why) => Err((why.pointer.clone(), why.code.to_owned(), why.message.clone())),
        })
        .collect();
    // One call that is wrong is a wrong request; of a batch the rest is taken.
    if let (false, [Err((pointer, code, message))]) = (call == Call::Batch, parsed.as_slice()) {
        let fault = Fault::new(pointer.clone(), message.clone());
        return Err(Problem::bad(code, message.clone()).with_errors(vec![fault]));
    }
    let remarks: Vec<Vec<Remark>> =
        calls.items.iter().map(|item| item.notes.iter().map(Remark::from).collect()).collect();
    let (reports, appended) = apart(calls.into_reports());
    accept(app, &writer, reports).await?;
    let mut verdicts = verdicts(parsed, &appended, false);
    for (item, remarks) in verdicts.items.iter_mut().zip(remarks) {
        item.remarks = remarks;
    }
    Ok(verdicts)
}

/// Those that can be taken, and what is to be said of all: whether a report repeats another is not known
/// before it is settled, and about whom it is is not told.
fn apart(reports: Vec<Report>) -> (Vec<Report>, Appended) {
    let mut appended = Appended::default();
    let mut kept = Vec::with_capacity(reports.len());
    for report in reports {
        let refusal = refused(&report);
        let outcome = refusal.map_or(Outcome::New, Outcome::Refused);
        appended.taken.push(Taken { outcome, lead: None, notes: Vec::new() });
        if refusal.is_none() {
            kept.push(report);
        }
    }
    (kept, appended)
}

/// How long a call waits for those before it to be settled, before it is refused.
const PATIENCE: Duration = Duration::from_secs(2);

/// Takes reports to be settled later, within the quota of their key.
async fn accept(app: &App, writer: &Writer, reports: Vec<Report>) -> Result<(), Problem> {
    if reports.is_empty() {
        return Ok(());
    }
    let Ok(room) = timeout(PATIENCE, app.live.room(reports.len())).await else {
        metrics::counter!("madura_refused_total", "why" => "inbox_full").increment(1);
        return Err(Problem::unavailable(
            "inbox_full",
            "more facts come than can be settled: send these again in a moment",
            1,
        ));
    };
    let room = room?;
    // Only now: a call that is refused for want of room takes nothing of the day's quota.
    let (facts, now) = (reports.len(), app.now());
    within_quota(app, writer, facts, now).await?;
    let accepted = app.live.accept(reports, room, now).await;
    if accepted.is_err() {
        give_back(app, writer, facts, now);
    }
    Ok(accepted?)
}

/// Refuses those who come too often, whatever key they show.
pub(super) fn check_sender(app: &App, sender: Sender) -> Result<(), Problem> {
    let now = app.now();
    app.per_address.take(&sender.network(), now).map_err(|seconds| {
        metrics::counter!("madura_refused_total", "why" => "address_rate").increment(1);
        too_often("too many calls from this address: wait, and send batches", seconds, now)
    })
}

/// Stores reports, within the quota of their key.
pub(super) async fn keep(
    app: &App,
    writer: &Writer,
    reports: Vec<Report>,
) -> Result<Appended, Problem> {
    if reports.is_empty() {
        return Ok(Appended::default());
    }
    let (facts, now) = (reports.len(), app.now());
    within_quota(app, writer, facts, now).await?;
    let taken = app.live.take(reports).await;
    if taken.is_err() {
        give_back(app, writer, facts, now);
    }
    Ok(taken?)
}

/// Takes facts out of the count again that could not be stored: by the next writing down of counts.
fn give_back(app: &App, writer: &Writer, facts: usize, counted_at: Timestamp) {
    if let Some(key) = writer.write_key() {
        app.write_keys.count(&key.id, -(facts as i64), counted_at);
    }
}

/// Counts facts of a write key, and refuses what is beyond its quota.
async fn within_quota(
    app: &App,
    writer: &Writer,
    facts: usize,
    now: Timestamp,
) -> Result<(), Problem> {
    let Some(key) = writer.write_key() else { return Ok(()) };
    if key.daily_quota.is_none() {
        app.write_keys.count(&key.id, facts as i64, now);
        return Ok(());
    }
    let (key, facts) = (key.clone(), facts as i64);
    match app.live.store().submit(move |tx| spend(tx, &key, facts, now)).await? {
        Quota::Taken(_) => Ok(()),
        Quota::Exceeded(until) => {
            metrics::counter!("madura_refused_total", "why" => "quota").increment(1);
            let seconds = (until.as_millis() - now.as_millis()).div_euclid(1000).max(1) as u64;
            let detail =
                "the day's quota of this write key is used up: raise it, or wait until tomorrow";
            Err(Problem::too_many("quota_exceeded", detail, seconds)
                .resets_at(until.as_millis().div_euclid(1000)))
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form of a conversion of errors")]
fn of_call(error: CallError) -> Problem {
    match &error {
        CallError::TooLarge { limit, .. } => Problem::too_large(*limit),
        _ => Problem::bad(error.code(), error.to_string()),
    }
}

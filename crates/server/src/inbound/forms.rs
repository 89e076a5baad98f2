//! Forms of web pages, by their stored mappings.

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ingest::forms::{self, FORM_BYTES_MAX, FormError};
use serde::Deserialize;
use store::facts::{Outcome, Refusal, Taken};

use super::calls::{check_sender, keep};
use super::cors::readable;
use super::key::{Writer, shown};
use super::verdicts::{Verdicts, verdicts};
use crate::app::App;
use crate::forms::{mapping_of, setting_name};
use crate::problem::Problem;
use crate::request::{Named, Sender, read_body};

/// Where forms that cannot send a header say which key is theirs.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(alias = "writeKey")]
    key: Option<String>,
}

pub(super) async fn take(
    State(app): State<App>,
    Named(name): Named<String>,
    Query(asked): Query<Asked>,
    sender: Sender,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match answer(&app, &name, asked.key, sender, &headers, body).await {
        Ok(verdicts) => readable(&headers, Json(verdicts)),
        Err(problem) => readable(&headers, problem),
    }
}

async fn answer(
    app: &App,
    name: &str,
    key: Option<String>,
    sender: Sender,
    headers: &HeaderMap,
    body: Body,
) -> Result<Verdicts, Problem> {
    check_sender(app, sender)?;
    let writer = Writer::admit(app, shown(headers, key), headers).await?;
    let setting = setting_name(name)?;
    let mapping = app.read(move |tx| mapping_of(tx, &setting)).await?;
    let mapping = mapping.ok_or_else(|| Problem::not_found("form"))?;
    let bytes = read_body(body, FORM_BYTES_MAX).await?;
    let mut envelope = writer.envelope(app, sender, headers);
    envelope.source = format!("form:{name}");
    let submission = forms::read(&bytes, &mapping, &envelope, &mut || app.fresh_id());
    let submission = submission.map_err(|error| match &error {
        FormError::TooLarge { .. } => Problem::too_large(FORM_BYTES_MAX),
        _ => Problem::bad(error.code(), error.to_string()),
    })?;
    let parsed = vec![Ok(submission.reports.len())];
    let appended = keep(app, &writer, submission.reports).await?;
    let verdicts = verdicts(parsed, &appended, false);
    // A write key is public: whoever has it must not find out by it who was erased, and hears of everybody
    // what is said of them whom nobody knew.
    let is_plain = |taken: &Taken| {
        matches!(
            taken.outcome,
            Outcome::New
                | Outcome::Replaced
                | Outcome::Repeated
                | Outcome::Refused(Refusal::Suppressed)
        )
    };
    if writer.write_key().is_some() && appended.taken.iter().all(is_plain) {
        return Ok(Verdicts::of_one_taken());
    }
    match verdicts.items.first() {
        Some(item) if item.verdict == "rejected" => {
            let message = item.message.clone().unwrap_or_default();
            Err(Problem::bad("refused", message))
        }
        _ => Ok(verdicts),
    }
}

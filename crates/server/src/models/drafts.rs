//! Documents that become versions.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use scoring::document::{Severity, Syntax, load};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::scores::versions;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::app::{App, Done, Noted};
use crate::failures::faults;
use crate::problem::{Fault, Problem};
use crate::request::{Sent, if_match};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(add_draft)).routes(routes!(check_document))
}

/// A document that is to become a version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Draft {
    /// The model, in YAML or JSON. It names itself.
    document: String,
    /// What its author says of it.
    #[serde(default)]
    note: String,
}

/// A version that was made.
#[derive(Debug, Serialize, ToSchema)]
struct DraftMade {
    /// The model.
    model: String,
    /// The version.
    version: i64,
    /// What is suspicious about the document.
    warnings: Vec<Fault>,
}

/// Keeps a document as a draft of the model that it names. `If-Match` with the number of the latest
/// version makes sure that nobody wrote another in between.
#[utoipa::path(post, path = "/api/v1/models", tag = "models", request_body = Draft,
    responses((status = 201, body = DraftMade)))]
async fn add_draft(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<Draft>,
) -> Result<Response, Problem> {
    if body.note.chars().count() > 1_000 {
        return Err(Problem::invalid("bad_note", "a note has 1,000 characters at most"));
    }
    let expected = if_match(&headers)?;
    let Draft { document, note } = body;
    let draft = app.block(move || live::Draft::read(&document)).await?;
    let (now, by) = (app.now(), caller.actor());
    app.change(&caller, repeat, move |tx| {
        let latest = versions(tx, &draft.model)?.first().map_or(0, |version| version.version);
        if !expected.admits(latest) {
            let detail = format!("version {latest} was written in between: look at it first");
            return Err(Problem::changed(detail));
        }
        let version = draft.keep(tx, &note, &by, now)?;
        let noted = Noted::new("model.drafted", format!("model:{}", draft.model));
        let made = DraftMade { model: draft.model, version, warnings: faults(&draft.warnings) };
        Ok(Done::created(&made, noted.after(json!({"version": version})))?.tagged(version))
    })
    .await
}

/// A document to be looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Document {
    /// The model, in YAML or JSON.
    document: String,
}

/// What was found out about a document.
#[derive(Debug, Serialize, ToSchema)]
struct Checked {
    /// Whether it is a model.
    is_valid: bool,
    /// The name of the model.
    model: Option<String>,
    /// What refuses it.
    errors: Vec<Fault>,
    /// What is suspicious about it.
    warnings: Vec<Fault>,
}

/// Checks a document, and keeps nothing.
#[utoipa::path(post, path = "/api/v1/models/check", tag = "models", request_body = Document,
    responses((status = 200, body = Checked)))]
async fn check_document(
    State(app): State<App>,
    Sent { body, .. }: Sent<Document>,
) -> Result<Json<Checked>, Problem> {
    let loaded = app
        .block(move || {
            let loaded = load(&body.document, syntax_of(&body.document));
            Ok::<_, Problem>((loaded.model.map(|model| model.name), loaded.diagnostics))
        })
        .await?;
    let (model, diagnostics) = loaded;
    let (errors, warnings): (Vec<_>, Vec<_>) =
        diagnostics.into_iter().partition(|finding| finding.severity == Severity::Error);
    Ok(Json(Checked {
        is_valid: model.is_some(),
        model,
        errors: faults(&errors),
        warnings: faults(&warnings),
    }))
}

/// JSON where it begins like an object, else YAML.
pub(super) fn syntax_of(document: &str) -> Syntax {
    if document.trim_start().starts_with('{') { Syntax::Json } else { Syntax::Yaml }
}

//! The course of an import.

use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ingest::imports::{ImportFile, ImportMapping};
use live::{Live, News};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Any, json};
use store::facts::{self, Which};
use store::imports::{self, Import, ImportState};
use store::jobs::{self, NewJob};
use store::{DbError, Tx};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ImportView, discard, job_of, path_of, rows_of};
use crate::access::Caller;
use crate::app::{App, Done, Noted};
use crate::cursor;
use crate::problem::Problem;
use crate::request::{
    Asked, Named, Repeat, Repeatable, Sent, content_tag, if_match, tagged, unless_changed,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_imports))
        .routes(routes!(show_import, remove_import))
        .routes(routes!(map_import))
        .routes(routes!(start_import))
        .routes(routes!(pause_import))
        .routes(routes!(resume_import))
        .routes(routes!(undo_import))
        .routes(routes!(import_rejects))
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageAsked {
    /// Where the page before ended.
    cursor: Option<String>,
    /// How many, 1 to 200; 50 where it is not said.
    limit: Option<usize>,
}

/// A page of imports, the newest first.
#[derive(Debug, Serialize, ToSchema)]
struct ImportPage {
    /// The imports.
    imports: Vec<ImportView>,
    /// Hand it back as `cursor` for the next page; null: this is the last.
    next: Option<String>,
}

/// All imports, the newest first.
#[utoipa::path(get, path = "/api/v1/imports", tag = "imports", params(PageAsked),
    responses((status = 200, body = ImportPage)))]
async fn list_imports(
    State(app): State<App>,
    Asked(asked): Asked<PageAsked>,
) -> Result<Json<ImportPage>, Problem> {
    let limit = cursor::limit(asked.limit)?;
    let after = cursor::read_at("imports", asked.cursor.as_deref())?;
    let mut found = app
        .read(move |tx| {
            let after = after.as_ref().map(|(at, id)| (*at, id.as_str()));
            Ok(imports::page(tx, after, limit as i64 + 1)?)
        })
        .await?;
    let next = cursor::next(&mut found, limit, |last| {
        cursor::write("imports", last.created_at.as_millis(), &last.id)
    });
    Ok(Json(ImportPage { imports: found.into_iter().map(ImportView::from).collect(), next }))
}

/// An import, and how far it is.
#[utoipa::path(get, path = "/api/v1/imports/{id}", tag = "imports", params(("id" = String, Path)),
    responses((status = 200, body = ImportView)))]
async fn show_import(
    State(app): State<App>,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    let found = app.read(move |tx| Ok(imports::find(tx, &id)?)).await?;
    let found = found.ok_or_else(|| Problem::not_found("import"))?;
    Ok(tagged(tag(&found), Json(ImportView::from(found))))
}

/// Of what can be changed about an import: how far it is changes by itself.
fn tag(import: &Import) -> i64 {
    content_tag(&(&import.id, &import.mapping))
}

/// Says which column means what, before the import starts. `If-Match` makes sure that nobody else said it in
/// between.
#[utoipa::path(put, path = "/api/v1/imports/{id}/mapping", tag = "imports",
    params(("id" = String, Path)), request_body = Object, responses((status = 200, body = ImportView)))]
async fn map_import(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<Any>,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    let mapping: ImportMapping = serde_json::from_value(body)
        .map_err(|error| Problem::invalid("bad_mapping", error.to_string()))?;
    let value = serde_json::to_value(&mapping).map_err(|_| Problem::internal())?;
    let total = rows_under(&app, &id, mapping).await?;
    app.change(&caller, repeat, move |tx| {
        let before = imports::find(tx, &id)?.ok_or_else(|| Problem::not_found("import"))?;
        unless_changed(&expected, tag(&before), "mapping")?;
        imports::set_mapping(tx, &id, &value)?;
        let import = imports::set_total(tx, &id, total)?;
        let noted = Noted::new("import.mapped", format!("import:{id}")).after(value);
        let version = tag(&import);
        Ok(Done::ok(&ImportView::from(import), noted)?.tagged(version))
    })
    .await
}

/// How many rows an import's file has under a mapping: another sheet has other rows.
async fn rows_under(app: &App, id: &str, mapping: ImportMapping) -> Result<Option<i64>, Problem> {
    let (on, id) = (app.clone(), id.to_owned());
    app.block(move || {
        let import = on.live.store().read(|tx| Ok::<_, Problem>(imports::find(tx, &id)?))?;
        let import = import.ok_or_else(|| Problem::not_found("import"))?;
        let before: ImportMapping =
            serde_json::from_value(import.mapping.clone()).unwrap_or_default();
        if (&before.delimiter, &before.sheet) == (&mapping.delimiter, &mapping.sheet) {
            return Ok(import.total);
        }
        let path = path_of(&on.config, &import);
        let file = ImportFile::open(&path.display().to_string(), &import.name);
        Ok::<_, Problem>(file.ok().and_then(|file| rows_of(&path, &file, &mapping)))
    })
    .await
}

/// Forgets an import that never began, or was taken back: its file goes, too. What it brought stays taken back.
/// `If-Match` makes sure that nobody said in between what its columns mean.
#[utoipa::path(delete, path = "/api/v1/imports/{id}", tag = "imports", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove_import(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let (import, expected) = (id.clone(), if_match(&headers)?);
    let file = Arc::new(OnceLock::new());
    let (removed, on) = (Arc::clone(&file), app.clone());
    let response = app
        .change(&caller, repeat, move |tx| {
            let before = imports::find(tx, &id)?.ok_or_else(|| Problem::not_found("import"))?;
            unless_changed(&expected, tag(&before), "import")?;
            let import = imports::remove(tx, &id)?;
            jobs::cancel(tx, &job_of(&id))?;
            let _ = removed.set(path_of(&on.config, &import));
            let noted = Noted::new("import.removed", format!("import:{id}"));
            Ok(Done::nothing(noted.before(json!({"name": import.name, "state": import.state}))))
        })
        .await?;
    if let Some(file) = file.get().cloned() {
        app.block(move || {
            discard(&file);
            Ok::<_, Problem>(())
        })
        .await?;
    }
    app.live.tell(News::Import { import, state: "removed".to_owned() });
    Ok(response)
}

/// Begins to take an import's rows.
#[utoipa::path(post, path = "/api/v1/imports/{id}/start", tag = "imports",
    params(("id" = String, Path)), responses((status = 200, body = ImportView)))]
async fn start_import(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let now = app.now();
    settle(&app, &caller, repeat, id, "import.started", move |tx, id| {
        let import = imports::start(tx, id, now)?;
        // The same columns mean the same in the next file.
        imports::remember_mapping(tx, &import.columns, &import.mapping, now)?;
        Ok(import)
    })
    .await
}

/// Halts an import.
#[utoipa::path(post, path = "/api/v1/imports/{id}/pause", tag = "imports",
    params(("id" = String, Path)), responses((status = 200, body = ImportView)))]
async fn pause_import(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    settle(&app, &caller, repeat, id, "import.paused", |tx, id| Ok(imports::pause(tx, id)?)).await
}

/// Goes on with an import where it was halted, or failed.
#[utoipa::path(post, path = "/api/v1/imports/{id}/resume", tag = "imports",
    params(("id" = String, Path)), responses((status = 200, body = ImportView)))]
async fn resume_import(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    settle(&app, &caller, repeat, id, "import.resumed", |tx, id| Ok(imports::resume(tx, id)?)).await
}

/// Takes back everything that an import brought: scores are what they were without it.
#[utoipa::path(post, path = "/api/v1/imports/{id}/undo", tag = "imports",
    params(("id" = String, Path)), responses((status = 200, body = ImportView)))]
async fn undo_import(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let (live, now, mark) = (app.live.clone(), app.now(), app.fresh_id());
    let file = Arc::new(OnceLock::new());
    let (undone, on) = (Arc::clone(&file), app.clone());
    let response = settle(&app, &caller, repeat, id, "import.undone", move |tx, id| {
        let import = imports::undo(tx, id, now)?;
        let leads = facts::retract(tx, live.segments(), &Which::Import(id), now)?;
        Live::touch(tx, leads.iter().map(String::as_str), &mark)?;
        let _ = undone.set(path_of(&on.config, &import));
        Ok(import)
    })
    .await;
    let file = file.get().filter(|_| response.is_ok()).cloned();
    if let Some(file) = file {
        app.block(move || {
            discard(&file);
            Ok::<_, Problem>(())
        })
        .await?;
    }
    app.live.wake();
    response
}

async fn settle(
    app: &App,
    caller: &Caller,
    repeat: Repeat,
    id: String,
    action: &'static str,
    step: impl FnOnce(&mut Tx<'_>, &str) -> Result<Import, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let (now, import) = (app.now(), id.clone());
    let response = app
        .change(caller, repeat, move |tx| {
            let import = step(tx, &id)?;
            if import.state == ImportState::Running {
                want(tx, &id, now)?;
            }
            let noted = Noted::new(action, format!("import:{id}"));
            let noted = noted.after(json!({"state": import.state, "taken": import.taken}));
            Done::ok(&ImportView::from(import), noted)
        })
        .await?;
    app.tell_to_do();
    let state = action.trim_start_matches("import.").to_owned();
    app.live.tell(News::Import { import, state });
    Ok(response)
}

/// Wants the import's rows read by whoever reads imports.
fn want(tx: &mut Tx<'_>, import: &str, now: leads::Timestamp) -> Result<(), DbError> {
    let (id, details) = (job_of(import), json!({"import": import}));
    let job = NewJob { id: &id, kind: "import", details: &details, at: now };
    if !jobs::schedule(tx, &job, now)? {
        jobs::run_now(tx, &id, now)?;
    }
    Ok(())
}

/// Which rejects.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RejectsAsked {
    /// Behind this line or row; from the first where it is not said.
    after: Option<i64>,
    /// How many, 1 to 200; 50 where it is not said.
    limit: Option<usize>,
}

/// A row that was refused.
#[derive(Debug, Serialize, ToSchema)]
struct RejectView {
    /// The line of a text file, or the row of others, from 1.
    row: i64,
    /// Why, for programs.
    code: String,
    /// Why, for people. Not what stood in it.
    message: String,
}

/// The rows of an import that were refused: the first hundred thousand.
#[utoipa::path(get, path = "/api/v1/imports/{id}/rejects", tag = "imports",
    params(("id" = String, Path), RejectsAsked), responses((status = 200, body = Vec<RejectView>)))]
async fn import_rejects(
    State(app): State<App>,
    Named(id): Named<String>,
    Asked(asked): Asked<RejectsAsked>,
) -> Result<Json<Vec<RejectView>>, Problem> {
    let limit = cursor::limit(asked.limit)? as i64;
    let found = app
        .read(move |tx| {
            if imports::find(tx, &id)?.is_none() {
                return Err(Problem::not_found("import"));
            }
            Ok(imports::rejects(tx, &id, asked.after.unwrap_or(-1), limit)?)
        })
        .await?;
    let view = |reject: imports::Reject| RejectView {
        row: reject.row,
        code: reject.code,
        message: reject.message,
    };
    Ok(Json(found.into_iter().map(view).collect()))
}

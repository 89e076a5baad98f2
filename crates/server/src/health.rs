//! Whether the process lives, whether it can serve, and its numbers.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use store::keys::Scope;

use crate::access;
use crate::app::{App, Worker};
use crate::problem::Problem;
use crate::request::Sender;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(numbers))
}

/// The process lives.
async fn health() -> Response {
    Json(json!({"status": "ok"})).into_response()
}

/// It can take facts and answer, and somebody scores.
async fn ready(State(app): State<App>) -> Result<Response, Problem> {
    if *app.stop.borrow() {
        return Err(Problem::unavailable("stopping", "the server is stopping", 5));
    }
    if app.live.store().failure().is_some() {
        let detail = "the database takes nothing until a restart";
        return Err(Problem::unavailable("store_failed", detail, 10));
    }
    if *app.worker.borrow() != Worker::Running {
        return Err(Problem::unavailable("no_worker", "the worker that scores does not run", 5));
    }
    app.read(|tx| Ok(tx.probe()?)).await?;
    Ok(Json(json!({"status": "ready"})).into_response())
}

/// The numbers, for those who may read the system's state, and for programs on this machine where nobody
/// else is told to come.
async fn numbers(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let is_local = sender.is_this_machine && app.config.is_for_this_machine();
    if !is_local {
        match access::caller(&app, &headers).await? {
            None => return Err(Problem::unknown_caller()),
            Some(caller) if !caller.allows(Scope::ReadStatus) => {
                return Err(Problem::forbidden(format!(
                    "this needs the right {}",
                    Scope::ReadStatus
                )));
            }
            Some(_) => {}
        }
    }
    let text = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(CONTENT_TYPE, text)], app.metrics.render()).into_response())
}

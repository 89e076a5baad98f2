//! Trying a model out: what it would change, and what it would have said of the past.

use axum::Json;
use axum::extract::State;
use history::Options;
use leads::Duration;
use serde::{Deserialize, Serialize};
use serde_json::Value as Any;
use store::Digest;
use store::keys::Scope;
use store::scores::{ModelVersion, VersionState, version, versions};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::diff::{Line, lines};
use super::movers::{Trialled, written};
use crate::access::Caller;
use crate::app::App;
use crate::failures::faults;
use crate::instant::Instant;
use crate::problem::{Fault, Problem};
use crate::request::{Named, Sent};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(what_if))
        .routes(routes!(run_backtest))
        .routes(routes!(version_diff))
}

/// Those who move most that are listed.
const MOVERS: usize = 50;

/// A document to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Trial {
    /// The model, in YAML or JSON.
    document: String,
}

/// What if this document counted instead of the model's active version: who moves, how far, because of
/// what.
#[utoipa::path(post, path = "/api/v1/models/{name}/what-if", tag = "models",
    params(("name" = String, Path)), request_body = Trial, responses((status = 200, body = Trialled)))]
async fn what_if(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    Sent { body, .. }: Sent<Trial>,
) -> Result<Json<Trialled>, Problem> {
    let (live, now) = (app.live.clone(), app.now());
    let with_names = caller.allows(Scope::ReadLeads);
    app.block(move || {
        let comparison = live.what_if(&body.document, &name, now, MOVERS)?;
        let comparison = live.store().read(|tx| written(tx, &comparison, with_names))?;
        let warnings = faults(&live.warnings(&body.document)?);
        Ok::<_, Problem>(Json(Trialled { comparison, warnings }))
    })
    .await
}

/// A document, and what to test it against.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BacktestWish {
    /// The model, in YAML or JSON.
    document: String,
    /// The event that counts as success, such as `deal_won`.
    outcome: String,
    /// How long after a cut-off an outcome counts, such as `90d`; 90 days where it is not said.
    horizon: Option<String>,
    /// The time from one cut-off to the next, such as `30d`; 30 days where it is not said.
    every: Option<String>,
    /// The first cut-off.
    from: Option<Instant>,
    /// No cut-off after this one.
    to: Option<Instant>,
    /// Whether a lead counts although it had the outcome before.
    #[serde(default)]
    again: bool,
}

/// What a document would have said of the past, against what happened.
#[utoipa::path(post, path = "/api/v1/models/backtest", tag = "models", request_body = BacktestWish,
    responses((status = 200, body = Object)))]
async fn run_backtest(
    State(app): State<App>,
    Sent { body, .. }: Sent<BacktestWish>,
) -> Result<Json<Any>, Problem> {
    let options = Options {
        outcome: body.outcome,
        horizon: duration(body.horizon.as_deref(), 90)?,
        every: duration(body.every.as_deref(), 30)?,
        from: body.from.map(|at| at.0),
        to: body.to.map(|at| at.0),
        again: body.again,
    };
    let live = app.live.clone();
    let result = app.block(move || live.backtest(&body.document, &options)).await?;
    serde_json::to_value(&result).map(Json).map_err(|_| Problem::internal())
}

fn duration(text: Option<&str>, days: i64) -> Result<Duration, Problem> {
    match text {
        Some(text) => text
            .parse()
            .map_err(|error| Problem::invalid("bad_duration", format!("{text:?} {error}"))),
        None => {
            Ok(Duration::from_millis(days * Duration::DAY.as_millis()).unwrap_or(Duration::DAY))
        }
    }
}

/// What activating a version would change.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionDiff {
    /// The model.
    model: String,
    /// The version that counts now; null: none.
    from: Option<i64>,
    /// The version that would.
    to: i64,
    /// Both documents, line by line.
    lines: Vec<Line>,
    /// Who would move, how far, because of what; null where no version counts yet.
    #[schema(value_type = Option<Object>)]
    comparison: Option<Any>,
    /// What is suspicious about the document, and what it looks at although nobody has it.
    warnings: Vec<Fault>,
    /// To be handed to the activation: it goes ahead only as long as this is the change.
    confirm: String,
}

/// What stands for a change of the active version.
pub(super) fn confirmation(active: Option<&ModelVersion>, next: &ModelVersion) -> String {
    let number = active.map_or(0, |version| version.version);
    let parts = [
        next.model.as_bytes(),
        &number.to_le_bytes(),
        active.map_or("", |version| version.document.as_str()).as_bytes(),
        &next.version.to_le_bytes(),
        next.document.as_bytes(),
    ];
    let digest = format!("{:?}", Digest::of_parts(&parts));
    digest[..32].to_owned()
}

/// The active version, and the one with a number.
pub(super) fn both(
    tx: &mut store::Tx<'_>,
    model: &str,
    number: i64,
) -> Result<(Option<ModelVersion>, ModelVersion), Problem> {
    let next = version(tx, model, number)?;
    let next = next.ok_or_else(|| Problem::not_found("version of the model"))?;
    let active =
        versions(tx, model)?.into_iter().find(|version| version.state == VersionState::Active);
    Ok((active, next))
}

/// What activating a version would change: its document, and everybody's scores.
#[utoipa::path(get, path = "/api/v1/models/{name}/versions/{version}/diff", tag = "models",
    params(("name" = String, Path), ("version" = i64, Path)),
    responses((status = 200, body = VersionDiff)))]
async fn version_diff(
    State(app): State<App>,
    caller: Caller,
    Named((name, number)): Named<(String, i64)>,
) -> Result<Json<VersionDiff>, Problem> {
    let (model, now, live) = (name.clone(), app.now(), app.live.clone());
    let with_names = caller.allows(Scope::ReadLeads);
    app.block(move || {
        let (active, next) = live.store().read(|tx| both(tx, &model, number))?;
        let comparison = match &active {
            Some(_) if live.lineup().line(&model).is_some() => {
                let comparison = live.what_if(&next.document, &model, now, MOVERS)?;
                Some(live.store().read(|tx| written(tx, &comparison, with_names))?)
            }
            _ => None,
        };
        let before = active.as_ref().map_or("", |version| version.document.as_str());
        Ok::<_, Problem>(Json(VersionDiff {
            lines: lines(before, &next.document),
            warnings: faults(&live.warnings(&next.document)?),
            comparison,
            confirm: confirmation(active.as_ref(), &next),
            from: active.map(|version| version.version),
            to: next.version,
            model,
        }))
    })
    .await
}

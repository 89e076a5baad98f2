//! Which models there are.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use store::scores::{activations, models, rolled_back_to, version, versions};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::VersionView;
use crate::app::App;
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::{Named, tagged};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_models))
        .routes(routes!(list_versions))
        .routes(routes!(show_version))
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
struct ModelView {
    /// Its name.
    name: String,
    /// `acquisition` or `loyalty`.
    kind: String,
    /// Whether lists show its scores unless another is asked for.
    is_primary: bool,
    /// The version that counts.
    active: Option<i64>,
    /// Versions that score everybody beside it, without effect.
    shadows: Vec<i64>,
    /// The latest version.
    latest: Option<i64>,
    /// What can be asked for as `model`: its name, and `name~version` for versions in shadow.
    keys: Vec<String>,
    /// Between which numbers its scores lie; null: none of its versions counts.
    scale: Option<ScaleView>,
    /// Its brackets, the lowest first.
    brackets: Vec<String>,
    /// Its stages, in their order.
    stages: Vec<String>,
    /// Since when it is here.
    created_at: Instant,
}

/// Between which numbers scores lie, both included.
#[derive(Debug, Serialize, ToSchema)]
struct ScaleView {
    /// The lowest.
    min: i64,
    /// The highest.
    max: i64,
}

/// All models.
#[utoipa::path(get, path = "/api/v1/models", tag = "models",
    responses((status = 200, body = Vec<ModelView>)))]
async fn list_models(State(app): State<App>) -> Result<Json<Vec<ModelView>>, Problem> {
    let lineup = app.live.lineup();
    app.read(move |tx| {
        let mut views = Vec::new();
        for model in models(tx)? {
            let lines = || lineup.lines().iter().filter(|line| line.model == model.name);
            let active = lines().find(|line| !line.is_shadow);
            let rules = active.map(|line| line.program.model());
            let names = |names: Option<Vec<String>>| names.unwrap_or_default();
            views.push(ModelView {
                active: active.map(|line| line.version),
                shadows: lines().filter(|line| line.is_shadow).map(|line| line.version).collect(),
                latest: versions(tx, &model.name)?.first().map(|version| version.version),
                keys: lines().map(|line| line.key.clone()).collect(),
                scale: rules
                    .map(|model| ScaleView { min: model.scale.bottom, max: model.scale.top }),
                brackets: names(rules.map(|model| {
                    model.brackets.iter().map(|bracket| bracket.name.clone()).collect()
                })),
                stages: names(
                    rules
                        .map(|model| model.stages.iter().map(|stage| stage.name.clone()).collect()),
                ),
                name: model.name,
                kind: model.kind,
                is_primary: model.is_primary,
                created_at: model.created_at.into(),
            });
        }
        Ok(Json(views))
    })
    .await
}

/// A model's versions.
#[derive(Debug, Serialize, ToSchema)]
struct VersionList {
    /// The versions, the latest first, without their documents.
    versions: Vec<VersionView>,
    /// When which version was the active one, the first first.
    activations: Vec<ActivationView>,
    /// The version that a roll-back would make count; null: there is none.
    before: Option<i64>,
}

/// A time during which a version was the active one.
#[derive(Debug, Serialize, ToSchema)]
struct ActivationView {
    /// The version.
    version: i64,
    /// From when on.
    from: Instant,
    /// Until before when; null: it still is.
    to: Option<Instant>,
    /// Who did it.
    by: String,
    /// Whether it came back by a roll-back.
    is_rollback: bool,
}

/// The versions of a model, and which of them counted when.
#[utoipa::path(get, path = "/api/v1/models/{name}/versions", tag = "models",
    params(("name" = String, Path)), responses((status = 200, body = VersionList)))]
async fn list_versions(
    State(app): State<App>,
    Named(name): Named<String>,
) -> Result<Json<VersionList>, Problem> {
    app.read(move |tx| {
        let found = versions(tx, &name)?;
        if found.is_empty() {
            return Err(Problem::not_found("model"));
        }
        let intervals = activations(tx, &name)?;
        let before = rolled_back_to(&intervals);
        let intervals = intervals.into_iter().map(|interval| ActivationView {
            version: interval.version,
            from: interval.from.into(),
            to: interval.to.map(Instant),
            by: interval.by,
            is_rollback: interval.is_rollback,
        });
        Ok(Json(VersionList {
            activations: intervals.collect(),
            before,
            versions: found.into_iter().map(|version| VersionView::of(version, false)).collect(),
        }))
    })
    .await
}

/// A version of a model, with its document.
#[utoipa::path(get, path = "/api/v1/models/{name}/versions/{version}", tag = "models",
    params(("name" = String, Path), ("version" = i64, Path)),
    responses((status = 200, body = VersionView)))]
async fn show_version(
    State(app): State<App>,
    Named((name, number)): Named<(String, i64)>,
) -> Result<Response, Problem> {
    let found = app.read(move |tx| Ok(version(tx, &name, number)?)).await?;
    let found = found.ok_or_else(|| Problem::not_found("version of the model"))?;
    Ok(tagged(found.version, Json(VersionView::of(found, true))))
}

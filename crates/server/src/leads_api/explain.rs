//! Why a lead stands where it does, and how it came there.

use axum::Json;
use axum::extract::State;
use leads::{Duration, Timestamp};
use serde::Deserialize;
use serde_json::Value as Any;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{line_key, resolve};
use crate::app::App;
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::{Asked, Named};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(explain_lead)).routes(routes!(lead_history))
}

/// By which version of the model.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum As {
    /// By the version that was active at that instant.
    Recorded,
    /// As if today's version had always been.
    #[default]
    If,
}

/// What to explain.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExplainAsked {
    /// The model; the primary one where it is not said.
    model: Option<String>,
    /// The instant; now where it is not said.
    #[param(value_type = Option<String>)]
    at: Option<Instant>,
    /// By which version of the model.
    #[param(inline)]
    r#as: Option<As>,
}

/// A lead's score at an instant, and everything that led to it: the parts add up to the score.
#[utoipa::path(get, path = "/api/v1/leads/{id}/explain", tag = "leads",
    params(("id" = String, Path), ExplainAsked), responses((status = 200, body = Object)))]
async fn explain_lead(
    State(app): State<App>,
    Named(id): Named<String>,
    Asked(asked): Asked<ExplainAsked>,
) -> Result<Json<Any>, Problem> {
    let as_recorded = asked.r#as.unwrap_or_default() == As::Recorded;
    let at = asked.at.map_or_else(|| app.now(), |at| at.0);
    let model = model(&app, asked.model, as_recorded)?;
    let live = app.live.clone();
    let explained = app
        .block(move || {
            let lead = live.store().read(|tx| resolve(tx, &id))?;
            Ok::<_, Problem>(live.explain(&lead, &model, at, as_recorded)?)
        })
        .await?;
    serde_json::to_value(&explained).map(Json).map_err(|_| Problem::internal())
}

/// Which stretch of time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HistoryAsked {
    /// The model; the primary one where it is not said.
    model: Option<String>,
    /// The beginning; 90 days before the end where it is not said.
    #[param(value_type = Option<String>)]
    from: Option<Instant>,
    /// The end; now where it is not said.
    #[param(value_type = Option<String>)]
    to: Option<Instant>,
    /// By which version of the model.
    #[param(inline)]
    r#as: Option<As>,
}

/// The course of a lead's score: its numbers over time, and what changed them. As recorded, `versions` says
/// which version counted when; there is nothing of times at which none did.
#[utoipa::path(get, path = "/api/v1/leads/{id}/history", tag = "leads",
    params(("id" = String, Path), HistoryAsked), responses((status = 200, body = Object)))]
async fn lead_history(
    State(app): State<App>,
    Named(id): Named<String>,
    Asked(asked): Asked<HistoryAsked>,
) -> Result<Json<Any>, Problem> {
    let to = asked.to.map_or_else(|| app.now(), |at| at.0);
    let quarter = 90 * Duration::DAY.as_millis();
    let before = Timestamp::saturating_from_millis(to.as_millis().saturating_sub(quarter));
    let from = asked.from.map_or(before, |at| at.0);
    if from > to {
        return Err(Problem::bad("bad_query", "the beginning lies behind the end"));
    }
    let as_recorded = asked.r#as.unwrap_or_default() == As::Recorded;
    let model = model(&app, asked.model, as_recorded)?;
    let live = app.live.clone();
    let course = app
        .block(move || {
            let lead = live.store().read(|tx| resolve(tx, &id))?;
            let course = if as_recorded {
                serde_json::to_value(live.course_as_recorded(&lead, &model, from, to)?)
            } else {
                serde_json::to_value(live.course(&lead, &model, from, to)?)
            };
            course.map_err(|_| Problem::internal())
        })
        .await?;
    Ok(Json(course))
}

/// A model that was in force once need not be now.
fn model(app: &App, named: Option<String>, as_recorded: bool) -> Result<String, Problem> {
    match named {
        Some(model) if as_recorded => Ok(model),
        named => line_key(app, named.as_deref())?.ok_or_else(|| {
            Problem::new(
                axum::http::StatusCode::NOT_FOUND,
                "no_model",
                "no model is in force yet: activate one",
            )
        }),
    }
}

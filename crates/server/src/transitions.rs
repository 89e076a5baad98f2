//! What changed, when and why.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value as Any;
use store::scores::{Transition, TransitionKind, TransitionQuery, transition, transitions};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::cursor;
use crate::instant::Instant;
use crate::leads_api::resolve;
use crate::problem::Problem;
use crate::request::{Asked, Named};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_transitions))
        .routes(routes!(show_transition))
        .routes(routes!(lead_transitions))
}

/// A change of one lead under one model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransitionView {
    /// Its id.
    id: String,
    /// The model.
    model: String,
    /// The model's version.
    version: i64,
    /// The lead, under the id that it had then.
    lead: String,
    /// When it came about.
    at: Instant,
    /// When it was written down.
    recorded_at: Instant,
    /// `stage_entered`, `stage_left`, `bracket`, `disqualified` or `requalified`.
    kind: &'static str,
    /// What was before.
    from: Option<String>,
    /// What is since.
    to: Option<String>,
    /// Why.
    reason: String,
    /// The score at that instant.
    score: i64,
    /// The score card of that instant, where one was kept: none is of what a lead went through before the
    /// import that brought it. `GET /leads/{id}/explain?at=` explains every instant.
    #[schema(value_type = Option<Object>)]
    card: Option<Any>,
}

impl From<Transition> for TransitionView {
    fn from(transition: Transition) -> Self {
        Self {
            id: transition.id,
            model: transition.model,
            version: transition.version,
            lead: transition.lead,
            at: transition.at.into(),
            recorded_at: transition.recorded_at.into(),
            kind: transition.kind.name(),
            from: transition.from,
            to: transition.to,
            reason: transition.reason,
            score: transition.score,
            card: transition.card.and_then(|card| serde_json::from_str(&card).ok()),
        }
    }
}

/// A change as a stream tells of it: with its score card where `with_card`, and where that is found.
pub(crate) fn told(transition: Transition, with_card: bool) -> Any {
    let place = format!("/api/v1/transitions/{}", transition.id);
    let mut told = serde_json::to_value(TransitionView::from(transition)).unwrap_or_default();
    if !with_card && let Some(members) = told.as_object_mut() {
        members.remove("card");
    }
    told["card_url"] = place.into();
    told
}

/// What kind of change.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ChangeKind {
    StageEntered,
    StageLeft,
    Bracket,
    Disqualified,
    Requalified,
}

impl ChangeKind {
    fn kind(self) -> TransitionKind {
        match self {
            Self::StageEntered => TransitionKind::StageEntered,
            Self::StageLeft => TransitionKind::StageLeft,
            Self::Bracket => TransitionKind::Bracket,
            Self::Disqualified => TransitionKind::Disqualified,
            Self::Requalified => TransitionKind::Requalified,
        }
    }
}

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TransitionsAsked {
    /// Of one model.
    model: Option<String>,
    /// Of one kind.
    #[param(inline)]
    kind: Option<ChangeKind>,
    /// At this instant or later.
    #[param(value_type = Option<String>)]
    from: Option<Instant>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// How many, 1 to 200; 50 where it is not said.
    limit: Option<usize>,
}

/// A page of changes, the latest first.
#[derive(Debug, Serialize, ToSchema)]
struct TransitionPage {
    /// The changes.
    transitions: Vec<TransitionView>,
    /// Hand it back as `cursor` for the next page; null: this is the last.
    next: Option<String>,
}

/// What changed, for everybody.
#[utoipa::path(get, path = "/api/v1/transitions", tag = "leads", params(TransitionsAsked),
    responses((status = 200, body = TransitionPage)))]
async fn list_transitions(
    State(app): State<App>,
    Asked(asked): Asked<TransitionsAsked>,
) -> Result<Json<TransitionPage>, Problem> {
    page(&app, None, asked).await
}

/// A change, with the score card of its instant.
#[utoipa::path(get, path = "/api/v1/transitions/{id}", tag = "leads", params(("id" = String, Path)),
    responses((status = 200, body = TransitionView)))]
async fn show_transition(
    State(app): State<App>,
    Named(id): Named<String>,
) -> Result<Json<TransitionView>, Problem> {
    let found = app.read(move |tx| Ok(transition(tx, &id)?)).await?;
    let found = found.ok_or_else(|| Problem::not_found("transition"))?;
    Ok(Json(found.into()))
}

/// What changed about a lead, and about those that became part of it.
#[utoipa::path(get, path = "/api/v1/leads/{id}/transitions", tag = "leads",
    params(("id" = String, Path), TransitionsAsked), responses((status = 200, body = TransitionPage)))]
async fn lead_transitions(
    State(app): State<App>,
    Named(id): Named<String>,
    Asked(asked): Asked<TransitionsAsked>,
) -> Result<Json<TransitionPage>, Problem> {
    page(&app, Some(id), asked).await
}

async fn page(
    app: &App,
    lead: Option<String>,
    asked: TransitionsAsked,
) -> Result<Json<TransitionPage>, Problem> {
    let limit = cursor::limit(asked.limit)?;
    let before = cursor::read_at("transitions", asked.cursor.as_deref())?;
    let mut found = app
        .read(move |tx| {
            let query = TransitionQuery {
                lead: lead.map(|lead| resolve(tx, &lead)).transpose()?,
                model: asked.model,
                kind: asked.kind.map(ChangeKind::kind),
                from: asked.from.map(|at| at.0),
                before,
                limit: limit + 1,
            };
            Ok(transitions(tx, &query)?)
        })
        .await?;
    let next = cursor::next(&mut found, limit, |last| {
        cursor::write("transitions", last.at.as_millis(), &last.id)
    });
    let transitions = found.into_iter().map(TransitionView::from).collect();
    Ok(Json(TransitionPage { transitions, next }))
}

//! What is known of a lead, fact by fact.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value as Any;
use store::facts::{FactKind, StoredFact};
use store::reading::{EventQuery, events};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::resolve;
use crate::app::App;
use crate::cursor;
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::{Asked, Named};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(lead_events)).routes(routes!(lead_deals))
}

/// A fact as it is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FactView {
    /// Its id.
    id: String,
    /// `event`, `traits`, `group`, `deal` or `alias`.
    kind: &'static str,
    /// The event's name, the company's id, or `deal_` and the stage.
    name: String,
    /// When it happened.
    at: Instant,
    /// When it reached us.
    received_at: Instant,
    /// Where it comes from.
    source: String,
    /// What it says.
    #[schema(value_type = Object)]
    body: Any,
    /// Why a program is thought to have done it; it does not score then.
    machine: Option<MachineView>,
    /// Since when it does not count, because somebody took it back.
    retracted_at: Option<Instant>,
}

/// Why a program is thought to have done something.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct MachineView {
    /// What gave it away.
    reason: String,
    /// How sure that is, in hundredths.
    confidence: u8,
}

impl From<StoredFact> for FactView {
    fn from(fact: StoredFact) -> Self {
        Self {
            id: fact.id,
            kind: fact.kind.word(),
            name: fact.name,
            at: fact.at.into(),
            received_at: fact.received_at.into(),
            source: fact.source,
            body: serde_json::from_str(&fact.body).unwrap_or(Any::Null),
            machine: fact
                .machine
                .map(|sign| MachineView { reason: sign.reason, confidence: sign.confidence }),
            retracted_at: fact.retracted_at.map(Instant),
        }
    }
}

/// A page of facts, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FactPage {
    /// The facts.
    events: Vec<FactView>,
    /// Hand it back as `cursor` for the next page; null: this is the last.
    next: Option<String>,
}

/// What a fact says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Event,
    Traits,
    Group,
    Deal,
    Alias,
}

impl Kind {
    fn kind(self) -> FactKind {
        match self {
            Self::Event => FactKind::Event,
            Self::Traits => FactKind::Traits,
            Self::Group => FactKind::Group,
            Self::Deal => FactKind::Deal,
            Self::Alias => FactKind::Alias,
        }
    }
}

/// Which facts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FactsAsked {
    /// Of this kind only.
    #[param(inline)]
    kind: Option<Kind>,
    /// With this name only.
    name: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// How many, 1 to 200; 50 where it is not said.
    limit: Option<usize>,
}

/// A page of facts: of one lead, or the recent ones of everybody.
pub(crate) async fn fact_page(
    app: &App,
    lead: Option<String>,
    asked: FactsAsked,
    only: Option<FactKind>,
) -> Result<FactPage, Problem> {
    let limit = cursor::limit(asked.limit)?;
    let before = cursor::read_at("events", asked.cursor.as_deref())?;
    let live = app.live.clone();
    let mut found = app
        .read(move |tx| {
            let lead = lead.map(|lead| resolve(tx, &lead)).transpose()?;
            let kind = only.or(asked.kind.map(Kind::kind));
            let query = EventQuery { lead, kind, name: asked.name, before, limit: limit + 1 };
            Ok(events(tx, live.segments(), &query)?)
        })
        .await?;
    let next = cursor::next(&mut found, limit, |last| {
        cursor::write("events", last.at.as_millis(), &last.id)
    });
    Ok(FactPage { events: found.into_iter().map(FactView::from).collect(), next })
}

/// A lead's facts, the newest first, those too that do not count.
#[utoipa::path(get, path = "/api/v1/leads/{id}/events", tag = "leads",
    params(("id" = String, Path), FactsAsked), responses((status = 200, body = FactPage)))]
async fn lead_events(
    State(app): State<App>,
    Named(id): Named<String>,
    Asked(asked): Asked<FactsAsked>,
) -> Result<Json<FactPage>, Problem> {
    fact_page(&app, Some(id), asked, None).await.map(Json)
}

/// A lead's deals, stage by stage, the newest first.
#[utoipa::path(get, path = "/api/v1/leads/{id}/deals", tag = "leads",
    params(("id" = String, Path), FactsAsked), responses((status = 200, body = FactPage)))]
async fn lead_deals(
    State(app): State<App>,
    Named(id): Named<String>,
    Asked(asked): Asked<FactsAsked>,
) -> Result<Json<FactPage>, Problem> {
    fact_page(&app, Some(id), asked, Some(FactKind::Deal)).await.map(Json)
}

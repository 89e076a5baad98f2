//! One lead.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value as Any};
use store::company;
use store::facts::FactKind;
use store::identity::identifiers;
use store::reading::{LeadRecord, lead_facts};
use store::scores::{ScoreRow, lead_row, scores_of};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::consents::{ConsentView, consents};
use super::resolve;
use crate::app::App;
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::{Named, content_tag, tagged};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_lead))
}

/// Everything about a lead that fits on a page.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LeadDetail {
    /// Its id.
    id: String,
    /// The id that was asked for, where it is that of a lead which became part of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_for: Option<String>,
    /// Its address.
    email: Option<String>,
    /// Its name.
    name: Option<String>,
    /// The id of its company.
    company: Option<String>,
    /// What its company is called; null where nobody has said.
    company_name: Option<String>,
    /// Its country.
    country: Option<String>,
    /// Who works on it.
    owner: Option<String>,
    /// Since when it is known.
    created_at: Option<Instant>,
    /// Its latest fact.
    last_seen_at: Option<Instant>,
    /// All that is known of it today.
    #[schema(value_type = Object)]
    traits: Map<String, Any>,
    /// The names that it goes by.
    identifiers: Vec<IdentifierView>,
    /// Its scores under all models in force.
    scores: Vec<ScoreView>,
    /// What it has agreed to.
    consents: Vec<ConsentView>,
}

/// A name that a lead goes by.
#[derive(Debug, Serialize, ToSchema)]
struct IdentifierView {
    /// `user`, `email`, `lead` or `anonymous`.
    kind: &'static str,
    /// The name itself.
    value: String,
    /// From when on it is this lead's; null: always.
    since: Option<Instant>,
}

/// A score under one model.
#[derive(Debug, Serialize, ToSchema)]
struct ScoreView {
    /// The model; `model~version` for a version in shadow.
    model: String,
    /// The model's version.
    version: i64,
    /// The score.
    score: i64,
    /// Of which who it is.
    fit: i64,
    /// Of which what it does.
    engagement: i64,
    /// Where it stands in the grid.
    grade: Option<String>,
    /// Its bracket.
    bracket: Option<String>,
    /// Its stage.
    stage: Option<String>,
    /// Why it is disqualified; null: it is not.
    disqualified: Option<String>,
    /// What decides who is called first: the share of the scale that the score has reached, of the money at
    /// stake, in hundredths of a unit. Without a deal or an expected value the money is one unit.
    priority: i64,
    /// As of when.
    scored_at: Instant,
}

impl From<ScoreRow> for ScoreView {
    fn from(row: ScoreRow) -> Self {
        Self {
            model: row.model,
            version: row.version,
            score: row.score,
            fit: row.fit,
            engagement: row.engagement,
            grade: row.grade,
            bracket: row.bracket,
            stage: row.stage,
            disqualified: row.disqualified,
            priority: row.priority,
            scored_at: row.scored_at.into(),
        }
    }
}

/// One lead: what is known, its scores, what it has agreed to.
#[utoipa::path(get, path = "/api/v1/leads/{id}", tag = "leads", params(("id" = String, Path)),
    responses((status = 200, body = LeadDetail)))]
async fn show_lead(State(app): State<App>, Named(id): Named<String>) -> Result<Response, Problem> {
    let live = app.live.clone();
    let (version, detail) = app
        .read(move |tx| {
            let lead = resolve(tx, &id)?;
            let row = lead_row(tx, &lead)?.unwrap_or_default();
            let record = lead_facts(tx, live.segments(), &lead)?;
            let names = identifiers(tx, &lead)?.into_iter().map(|name| IdentifierView {
                kind: name.kind.name(),
                value: name.value,
                since: Some(name.since).filter(|at| *at > leads::Timestamp::MIN).map(Instant),
            });
            let company = row.company.as_deref().map(|id| company(tx, id)).transpose()?.flatten();
            let version = tag(&record);
            Ok((
                version,
                LeadDetail {
                    asked_for: (id != lead).then_some(id),
                    email: row.email,
                    name: row.name,
                    company_name: company.and_then(|company| company.name),
                    company: row.company,
                    country: row.country,
                    owner: row.owner,
                    created_at: row.created_at.map(Instant),
                    last_seen_at: row.last_seen_at.map(Instant),
                    traits: serde_json::from_str(&row.traits).unwrap_or_default(),
                    identifiers: names.collect(),
                    scores: scores_of(tx, &lead)?.into_iter().map(ScoreView::from).collect(),
                    consents: consents(tx, &record)?,
                    id: lead,
                },
            ))
        })
        .await?;
    Ok(tagged(version, Json(detail)))
}

/// Of what can be changed about a lead: what was said of it. What it does changes by itself.
pub(super) fn tag(record: &LeadRecord) -> i64 {
    let said = record.facts.iter().filter(|fact| fact.kind == FactKind::Traits);
    let said: Vec<_> = said
        .map(|fact| (&fact.id, fact.at.as_millis(), &fact.body, fact.retracted_at.is_some()))
        .collect();
    content_tag(&said)
}

//! Deals: pieces of business that are open, won or lost.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use leads::{Deal, Report, Trust, What};
use serde::Deserialize;
use serde_json::{Map, Value as Any};
use store::facts::FactKind;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::app::App;
use crate::events::{About, take_once};
use crate::inbound::Verdicts;
use crate::instant::Instant;
use crate::leads_api::change::fact_id;
use crate::leads_api::{FactPage, FactsAsked, fact_page};
use crate::problem::Problem;
use crate::request::{Asked, Sent};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_deals, report_deal))
}

/// The recent stages of everybody's deals, the newest first.
#[utoipa::path(get, path = "/api/v1/deals", tag = "deals", params(FactsAsked),
    responses((status = 200, body = FactPage)))]
async fn list_deals(
    State(app): State<App>,
    Asked(asked): Asked<FactsAsked>,
) -> Result<Json<FactPage>, Problem> {
    fact_page(&app, None, asked, Some(FactKind::Deal)).await.map(Json)
}

/// A deal that has come to a stage.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DealWish {
    /// The customer's id for it.
    id: String,
    /// Whose it is.
    who: About,
    /// Where it stands; `won` and `lost` end it.
    stage: String,
    /// What it is called.
    name: Option<String>,
    /// What it is worth, in hundredths of the currency's unit.
    amount_minor: Option<i64>,
    /// ISO 4217, such as `EUR`.
    currency: Option<String>,
    /// Who works on it.
    owner: Option<String>,
    /// Whatever else is known of it.
    #[serde(default)]
    #[schema(value_type = Object)]
    properties: Map<String, Any>,
    /// When; now where it is not said.
    at: Option<Instant>,
}

/// Reports that a deal has come to a stage.
#[utoipa::path(post, path = "/api/v1/deals", tag = "deals", request_body = DealWish,
    responses((status = 200, body = Verdicts)))]
async fn report_deal(
    State(app): State<App>,
    caller: Caller,
    Sent { body, repeat }: Sent<DealWish>,
) -> Result<Response, Problem> {
    let who = body.who.who().map_err(|reason| Problem::invalid("no_identity", reason))?;
    let no_currency = || Problem::invalid("bad_currency", "a currency has three letters, as EUR");
    let currency = body.currency.map(|text| Deal::currency_named(&text).ok_or_else(no_currency));
    let currency = currency.transpose()?;
    if body.id.trim().is_empty() || body.stage.trim().is_empty() {
        return Err(Problem::invalid("bad_deal", "a deal needs an id and a stage"));
    }
    let now = app.now();
    let report = Report {
        id: fact_id(&app, &caller, &repeat, 0),
        at: body.at.map_or(now, |at| at.0.min(now)),
        received_at: now,
        source: caller.actor(),
        trust: Trust::Trusted,
        who,
        what: What::Deal(Deal {
            id: body.id.trim().to_owned(),
            stage: Deal::stage_named(&body.stage),
            name: body.name,
            amount_minor: body.amount_minor,
            currency,
            owner: body.owner,
            properties: body.properties,
        }),
        machine: None,
    };
    take_once(&app, &caller, repeat, vec![report], vec![Ok(1)]).await
}

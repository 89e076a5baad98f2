//! Companies, deals, events and transitions.

use axum::extract::State;
use axum::response::Response;
use leads::Timestamp;
use serde::Deserialize;
use serde_json::{Value as Any, json};
use store::Tx;
use store::facts::{FactKind, StoredFact};
use store::reading::{AllFacts, each_fact};
use store::scores::{
    NamedCompany, Rollup, RollupOrder, TransitionQuery, companies, companies_after, transitions,
};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::sheet::Sheet;
use super::{Format, Taken, disk, export};
use crate::access::Caller;
use crate::app::App;
use crate::companies::{CompanyItem, TOP, usual_threshold};
use crate::instant::Instant;
use crate::leads_api::line_key;
use crate::problem::Problem;
use crate::request::Asked;
use crate::transitions::TransitionView;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(export_companies))
        .routes(routes!(export_deals))
        .routes(routes!(export_events))
        .routes(routes!(export_transitions))
}

/// Rows that are read at a time.
const PAGE: usize = 1_000;

/// Companies that are read at a time: each page sums up everybody.
const COMPANIES: usize = 20_000;

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What to export of companies.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CompaniesAsked {
    /// The model; the primary one where it is not said. Where no model is in force yet, companies come in the
    /// order of their ids, without numbers.
    model: Option<String>,
    /// The form.
    #[param(inline)]
    format: Option<Format>,
}

/// Companies with what their leads come to, the best first, as a file.
#[utoipa::path(get, path = "/api/v1/exports/companies", tag = "exports", params(CompaniesAsked),
    responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson")))))]
async fn export_companies(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<CompaniesAsked>,
) -> Result<Response, Problem> {
    let model = line_key(&app, asked.model.as_deref())?;
    let threshold = model.as_deref().map_or(0, |model| usual_threshold(&app, model));
    let columns = columns(&[
        "id",
        "name",
        "domain",
        "leads",
        "sum",
        "best",
        "top",
        "breadth",
        "last_seen_at",
    ]);
    let object = model.as_ref().map_or("companies".to_owned(), |model| format!("model:{model}"));
    let taken = Taken { what: "companies", object, details: json!({}) };
    let format = asked.format.unwrap_or_default();
    export(&app, &caller, format, columns, taken, move |tx, sheet| match model {
        Some(model) => summed(tx, sheet, model, threshold),
        None => unsummed(tx, sheet),
    })
    .await
}

fn summed(
    tx: &mut Tx<'_>,
    sheet: &mut Sheet,
    model: String,
    threshold: i64,
) -> Result<(), Problem> {
    let order = RollupOrder::Top;
    let mut rollup = Rollup {
        model,
        order,
        top: TOP,
        threshold,
        company: None,
        text: None,
        after: None,
        limit: COMPANIES,
    };
    loop {
        let page = companies(tx, &rollup)?;
        rollup.after = page.last().map(|last| last.key(order));
        let is_last = page.len() < COMPANIES;
        for row in page {
            let row = serde_json::to_value(CompanyItem::from(row));
            sheet.row(&row.map_err(|_| Problem::internal())?).map_err(disk)?;
        }
        if is_last {
            return Ok(());
        }
    }
}

fn unsummed(tx: &mut Tx<'_>, sheet: &mut Sheet) -> Result<(), Problem> {
    let mut after = String::new();
    loop {
        let page = companies_after(tx, &after, PAGE)?;
        let is_last = page.len() < PAGE;
        for NamedCompany { id, name, domain } in page {
            let row = json!({"id": id, "name": name, "domain": domain});
            sheet.row(&row).map_err(disk)?;
            after = id;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// What to export of facts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FactsAsked {
    /// With this name only.
    name: Option<String>,
    /// At this instant or later.
    #[param(value_type = Option<String>)]
    from: Option<Instant>,
    /// Before this instant.
    #[param(value_type = Option<String>)]
    to: Option<Instant>,
    /// The form.
    #[param(inline)]
    format: Option<Format>,
}

impl FactsAsked {
    fn of(self, kind: FactKind) -> AllFacts {
        let from = self.from.map_or(Timestamp::MIN, |at| at.0);
        let to = self.to.map_or(Timestamp::MAX, |at| at.0);
        AllFacts { kind, name: self.name, from, to }
    }
}

/// Deals as they came, stage by stage, the oldest first, as a file.
#[utoipa::path(get, path = "/api/v1/exports/deals", tag = "exports", params(FactsAsked),
    responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson")))))]
async fn export_deals(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<FactsAsked>,
) -> Result<Response, Problem> {
    let columns = columns(&[
        "fact",
        "lead",
        "at",
        "deal",
        "stage",
        "amount_minor",
        "currency",
        "name",
        "owner",
        "source",
        "retracted_at",
        "properties",
    ]);
    facts(&app, &caller, asked, "deals", FactKind::Deal, columns, |fact, lead, body| {
        json!({"fact": fact.id, "lead": lead, "at": fact.at, "deal": body["deal"],
            "stage": body["stage"], "amount_minor": body["amount_minor"],
            "currency": body["currency"], "name": body["name"], "owner": body["owner"],
            "source": fact.source, "retracted_at": fact.retracted_at,
            "properties": body["properties"]})
    })
    .await
}

/// Events of everybody, those too that do not count, as a file: first those in files, then the recent ones,
/// the oldest first.
#[utoipa::path(get, path = "/api/v1/exports/events", tag = "exports", params(FactsAsked),
    responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson")))))]
async fn export_events(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<FactsAsked>,
) -> Result<Response, Problem> {
    let columns = columns(&[
        "id",
        "lead",
        "event",
        "at",
        "received_at",
        "source",
        "machine",
        "confidence",
        "retracted_at",
        "properties",
    ]);
    facts(&app, &caller, asked, "events", FactKind::Event, columns, |fact, lead, body| {
        let sign = fact.machine.as_ref();
        json!({"id": fact.id, "lead": lead, "event": fact.name, "at": fact.at,
            "received_at": fact.received_at, "source": fact.source,
            "machine": sign.map(|sign| &sign.reason),
            "confidence": sign.map(|sign| sign.confidence),
            "retracted_at": fact.retracted_at, "properties": body})
    })
    .await
}

async fn facts(
    app: &App,
    caller: &Caller,
    asked: FactsAsked,
    what: &'static str,
    kind: FactKind,
    columns: Vec<String>,
    row: impl Fn(&StoredFact, &str, Any) -> Any + Send + 'static,
) -> Result<Response, Problem> {
    let format = asked.format.unwrap_or_default();
    let details = json!({"name": asked.name, "from": asked.from, "to": asked.to});
    let taken = Taken { what, object: what.to_owned(), details };
    let (which, live) = (asked.of(kind), app.live.clone());
    export(app, caller, format, columns, taken, move |tx, sheet| {
        each_fact(tx, live.segments(), &which, |fact, lead| {
            let body = serde_json::from_str(&fact.body).unwrap_or_default();
            sheet.row(&row(&fact, lead, body)).map_err(disk)
        })
    })
    .await
}

/// What to export of transitions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TransitionsAsked {
    /// Of one model.
    model: Option<String>,
    /// At this instant or later.
    #[param(value_type = Option<String>)]
    from: Option<Instant>,
    /// The form. Score cards are in NDJSON only.
    #[param(inline)]
    format: Option<Format>,
}

/// What changed, when and why, the latest first, as a file.
#[utoipa::path(get, path = "/api/v1/exports/transitions", tag = "exports", params(TransitionsAsked),
    responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson")))))]
async fn export_transitions(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<TransitionsAsked>,
) -> Result<Response, Problem> {
    let columns = columns(&[
        "id",
        "model",
        "version",
        "lead",
        "at",
        "recorded_at",
        "kind",
        "from",
        "to",
        "reason",
        "score",
    ]);
    let format = asked.format.unwrap_or_default();
    let details = json!({"model": asked.model, "from": asked.from});
    let taken = Taken { what: "transitions", object: "transitions".to_owned(), details };
    let mut query = TransitionQuery {
        model: asked.model,
        from: asked.from.map(|at| at.0),
        limit: PAGE,
        ..TransitionQuery::default()
    };
    export(&app, &caller, format, columns, taken, move |tx, sheet| {
        loop {
            let page = transitions(tx, &query)?;
            let is_last = page.len() < PAGE;
            query.before = page.last().map(|last| (last.at, last.id.clone()));
            for one in page {
                let row = serde_json::to_value(TransitionView::from(one));
                sheet.row(&row.map_err(|_| Problem::internal())?).map_err(disk)?;
            }
            if is_last {
                return Ok(());
            }
        }
    })
    .await
}

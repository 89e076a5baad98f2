//! Companies by what their leads come to.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use store::company;
use store::scores::{CompanyRow, Filter, LeadQuery, Rollup, RollupOrder, companies, ranked};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::cursor;
use crate::instant::Instant;
use crate::leads_api::{LeadItem, line_key};
use crate::problem::Problem;
use crate::request::{Asked, Named};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_companies)).routes(routes!(show_company))
}

/// How many leads make the top of a company where nothing is said: a buying centre has five to ten.
pub(crate) const TOP: i64 = 5;

/// From which score on a lead adds to the breadth where nothing is said: that of the model's first stage,
/// with which marketing hands over; of a model without one, the middle of its scale.
pub(crate) fn usual_threshold(app: &App, key: &str) -> i64 {
    let lineup = app.live.lineup();
    let Some(line) = lineup.line(key) else { return 0 };
    let model = line.program.model();
    let entered = model.stages.iter().find_map(|stage| stage.enter.score);
    // Scores are whole: the first that is not below it.
    let entered = entered.map(|points| -(-points.hundredths()).div_euclid(100));
    entered.unwrap_or(i64::midpoint(model.scale.bottom, model.scale.top))
}

/// A company, summed up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompanyItem {
    /// Its id: the customer's, or its domain.
    id: String,
    /// What it is called.
    name: Option<String>,
    /// Its domain.
    domain: Option<String>,
    /// Leads that are not disqualified.
    leads: i64,
    /// The sum of their scores.
    sum: i64,
    /// The best of them.
    best: i64,
    /// The sum of the best few.
    top: i64,
    /// How many are at or above the threshold.
    breadth: i64,
    /// When one of them was last seen.
    last_seen_at: Option<Instant>,
}

impl From<CompanyRow> for CompanyItem {
    fn from(row: CompanyRow) -> Self {
        Self {
            id: row.company,
            name: row.name,
            domain: row.domain,
            leads: row.leads,
            sum: row.sum,
            best: row.best,
            top: row.top,
            breadth: row.breadth,
            last_seen_at: row.last_seen_at.map(Instant),
        }
    }
}

/// What decides which company comes first.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CompanyOrder {
    Sum,
    Best,
    #[default]
    Top,
    Breadth,
}

impl CompanyOrder {
    fn order(self) -> (RollupOrder, &'static str) {
        match self {
            Self::Sum => (RollupOrder::Sum, "companies:sum"),
            Self::Best => (RollupOrder::Best, "companies:best"),
            Self::Top => (RollupOrder::Top, "companies:top"),
            Self::Breadth => (RollupOrder::Breadth, "companies:breadth"),
        }
    }
}

/// Which companies, and how they are summed up.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CompaniesAsked {
    /// The model; the primary one where it is not said.
    model: Option<String>,
    /// What decides which comes first.
    #[param(inline)]
    order: Option<CompanyOrder>,
    /// How many leads make the top, 1 to 100.
    top: Option<i64>,
    /// From which score on a lead adds to the breadth; that of the model's first stage where it is not
    /// said, or the middle of its scale where it has none.
    threshold: Option<i64>,
    /// Whose name, domain or id has this in it, whatever the case.
    q: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// How many, 1 to 200; 50 where it is not said.
    limit: Option<usize>,
}

/// A page of companies.
#[derive(Debug, Serialize, ToSchema)]
struct CompanyPage {
    /// The model whose scores these are.
    model: Option<String>,
    /// From which score on a lead adds to the breadth.
    threshold: Option<i64>,
    /// The companies, the largest first.
    companies: Vec<CompanyItem>,
    /// Hand it back as `cursor` for the next page; null: this is the last.
    next: Option<String>,
}

/// Companies by what their leads come to. Disqualified leads take no part.
#[utoipa::path(get, path = "/api/v1/companies", tag = "companies", params(CompaniesAsked),
    responses((status = 200, body = CompanyPage)))]
async fn list_companies(
    State(app): State<App>,
    Asked(asked): Asked<CompaniesAsked>,
) -> Result<Json<CompanyPage>, Problem> {
    let limit = cursor::limit(asked.limit)?;
    let (order, name) = asked.order.unwrap_or_default().order();
    let after = cursor::read(name, asked.cursor.as_deref())?;
    let text = asked.q.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.len() > 200) {
        return Err(Problem::bad("bad_query", "a text to look for has 200 bytes at most"));
    }
    let Some(model) = line_key(&app, asked.model.as_deref())? else {
        return Ok(Json(CompanyPage {
            model: None,
            threshold: None,
            companies: Vec::new(),
            next: None,
        }));
    };
    let rollup = Rollup {
        model: model.clone(),
        order,
        top: asked.top.unwrap_or(TOP).clamp(1, 100),
        threshold: asked.threshold.unwrap_or_else(|| usual_threshold(&app, &model)),
        company: None,
        text,
        after,
        limit: limit + 1,
    };
    let threshold = Some(rollup.threshold);
    let mut found = app.read(move |tx| Ok(companies(tx, &rollup)?)).await?;
    let next = cursor::next(&mut found, limit, |last| {
        let (value, company) = last.key(order);
        cursor::write(name, value, &company)
    });
    let companies = found.into_iter().map(CompanyItem::from).collect();
    Ok(Json(CompanyPage { model: Some(model), threshold, companies, next }))
}

/// A company with its best leads.
#[derive(Debug, Serialize, ToSchema)]
struct CompanyDetail {
    /// The company, summed up; null where no model is in force, or all its leads are disqualified.
    summary: Option<CompanyItem>,
    /// Its id.
    id: String,
    /// What it is called.
    name: Option<String>,
    /// Its domain.
    domain: Option<String>,
    /// Its leads, the best first, 200 at most.
    leads: Vec<LeadItem>,
}

/// Under which model.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CompanyAsked {
    /// The model; the primary one where it is not said.
    model: Option<String>,
    /// How many leads make the top, 1 to 100.
    top: Option<i64>,
    /// From which score on a lead adds to the breadth, as in the list of companies.
    threshold: Option<i64>,
}

/// One company.
#[utoipa::path(get, path = "/api/v1/companies/{id}", tag = "companies",
    params(("id" = String, Path), CompanyAsked), responses((status = 200, body = CompanyDetail)))]
async fn show_company(
    State(app): State<App>,
    Named(id): Named<String>,
    Asked(asked): Asked<CompanyAsked>,
) -> Result<Json<CompanyDetail>, Problem> {
    let model = line_key(&app, asked.model.as_deref())?;
    let usual = model.as_deref().map_or(0, |model| usual_threshold(&app, model));
    app.read(move |tx| {
        let known = company(tx, &id)?;
        let (mut summary, mut leads) = (None, Vec::new());
        if let Some(model) = model {
            let rollup = Rollup {
                model: model.clone(),
                order: RollupOrder::Top,
                top: asked.top.unwrap_or(TOP).clamp(1, 100),
                threshold: asked.threshold.unwrap_or(usual),
                company: Some(id.clone()),
                text: None,
                after: None,
                limit: 1,
            };
            summary = companies(tx, &rollup)?.pop().map(CompanyItem::from);
            let filters = vec![Filter::Company(id.clone())];
            let query = LeadQuery { model, filters, limit: 200, ..LeadQuery::default() };
            leads = ranked(tx, &query)?.into_iter().map(LeadItem::from).collect();
        }
        if known.is_none() && leads.is_empty() {
            return Err(Problem::not_found("company"));
        }
        let (name, domain) = known.map_or((None, None), |company| (company.name, company.domain));
        Ok(Json(CompanyDetail { summary, id, name, domain, leads }))
    })
    .await
}

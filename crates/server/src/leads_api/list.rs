//! Leads in the order of their scores.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use store::Tx;
use store::scores::{Cell, Filter, LeadQuery, Order, Ranked, count_by, count_leads, ranked};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::query::{AT_A_TIME, LeadFilter, filters, line_key};
use crate::app::App;
use crate::cursor;
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::Asked;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_leads)).routes(routes!(count_all_leads))
}

/// A lead with its score under one model.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeadItem {
    /// The lead's id.
    pub(crate) id: String,
    /// Its address.
    pub(crate) email: Option<String>,
    /// Its name.
    pub(crate) name: Option<String>,
    /// The id of its company.
    pub(crate) company: Option<String>,
    /// What its company is called; null where nobody has said.
    pub(crate) company_name: Option<String>,
    /// Its country.
    pub(crate) country: Option<String>,
    /// Who works on it.
    pub(crate) owner: Option<String>,
    /// Since when it is known.
    pub(crate) created_at: Option<Instant>,
    /// Its latest fact.
    pub(crate) last_seen_at: Option<Instant>,
    /// The score.
    pub(crate) score: i64,
    /// Of which who it is.
    pub(crate) fit: i64,
    /// Of which what it does.
    pub(crate) engagement: i64,
    /// Where it stands in the grid, such as `A1`.
    pub(crate) grade: Option<String>,
    /// Its bracket.
    pub(crate) bracket: Option<String>,
    /// Its stage.
    pub(crate) stage: Option<String>,
    /// Why it is disqualified; null: it is not.
    pub(crate) disqualified: Option<String>,
    /// What decides who is called first: the share of the scale that the score has reached, of the money at
    /// stake, in hundredths of a unit. Without a deal or an expected value the money is one unit.
    pub(crate) priority: i64,
    /// As of when.
    pub(crate) scored_at: Instant,
}

impl From<Ranked> for LeadItem {
    fn from(Ranked { lead, score, company_name }: Ranked) -> Self {
        Self {
            id: lead.lead,
            email: lead.email,
            name: lead.name,
            company: lead.company,
            company_name,
            country: lead.country,
            owner: lead.owner,
            created_at: lead.created_at.map(Instant),
            last_seen_at: lead.last_seen_at.map(Instant),
            score: score.score,
            fit: score.fit,
            engagement: score.engagement,
            grade: score.grade,
            bracket: score.bracket,
            stage: score.stage,
            disqualified: score.disqualified,
            priority: score.priority,
            scored_at: score.scored_at.into(),
        }
    }
}

/// A page of leads.
#[derive(Debug, Serialize, ToSchema)]
struct LeadPage {
    /// The model whose scores these are; null where no model is in force yet.
    model: Option<String>,
    /// The leads, in the order that was asked for.
    leads: Vec<LeadItem>,
    /// Hand it back as `cursor` for the next page; null: this is the last.
    next: Option<String>,
}

/// What decides who comes first.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OrderBy {
    /// The score.
    #[default]
    Score,
    /// Who should be called first.
    Priority,
}

impl OrderBy {
    /// What it is in the store, and what its cursors are called.
    fn order(self, direction: Direction) -> (Order, &'static str) {
        match (self, direction) {
            (Self::Score, Direction::Descending) => (Order::Score, "leads:score"),
            (Self::Priority, Direction::Descending) => (Order::Priority, "leads:priority"),
            (Self::Score, Direction::Ascending) => (Order::Score, "leads:score:up"),
            (Self::Priority, Direction::Ascending) => (Order::Priority, "leads:priority:up"),
        }
    }
}

/// Which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Direction {
    /// The largest first.
    #[default]
    Descending,
    /// The smallest first.
    Ascending,
}

/// Which page, in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PageAsked {
    /// The model, as in `/api/v1/models`; the primary one where it is not said.
    model: Option<String>,
    /// What decides who comes first.
    #[param(inline)]
    order: Option<OrderBy>,
    /// Which way; the largest first where it is not said.
    #[param(inline)]
    direction: Option<Direction>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// How many, 1 to 200; 50 where it is not said.
    limit: Option<usize>,
}

/// Leads in the order of their scores.
#[utoipa::path(get, path = "/api/v1/leads", tag = "leads", params(PageAsked, LeadFilter),
    responses((status = 200, body = LeadPage)))]
async fn list_leads(
    State(app): State<App>,
    uri: axum::http::Uri,
) -> Result<Json<LeadPage>, Problem> {
    let (page, asked) =
        split::<PageAsked>(&uri, &["model", "order", "direction", "cursor", "limit"])?;
    let limit = cursor::limit(page.limit)?;
    let direction = page.direction.unwrap_or_default();
    let (order, name) = page.order.unwrap_or_default().order(direction);
    let after = cursor::read(name, page.cursor.as_deref())?;
    let Some(model) = line_key(&app, page.model.as_deref())? else {
        return Ok(Json(LeadPage { model: None, leads: Vec::new(), next: None }));
    };
    let (filters, members) = filters(&app, &asked).await?;
    let query = LeadQuery {
        model: model.clone(),
        order,
        is_ascending: direction == Direction::Ascending,
        filters,
        after,
        limit: limit + 1,
    };
    let mut found = app.read(move |tx| page_of(tx, query, members.as_ref())).await?;
    let next = cursor::next(&mut found, limit, |last| {
        let (value, lead) = last.key(order);
        cursor::write(name, value, &lead)
    });
    let leads = found.into_iter().map(LeadItem::from).collect();
    Ok(Json(LeadPage { model: Some(model), leads, next }))
}

/// A page of those who are members, too. A small segment is asked for by its ids; of a large one the
/// list is read on until the page is full, which is soon.
pub(super) fn page_of(
    tx: &mut Tx<'_>,
    mut query: LeadQuery,
    members: Option<&BTreeSet<String>>,
) -> Result<Vec<Ranked>, Problem> {
    let Some(members) = members else { return Ok(ranked(tx, &query)?) };
    if members.len() <= AT_A_TIME {
        query.filters.push(Filter::Leads(members.iter().cloned().collect()));
        return Ok(ranked(tx, &query)?);
    }
    let wanted = std::mem::replace(&mut query.limit, 1_000);
    let mut found = Vec::new();
    loop {
        let page = ranked(tx, &query)?;
        let is_last = page.len() < query.limit;
        query.after = page.last().map(|last| last.key(query.order));
        found.extend(page.into_iter().filter(|one| members.contains(&one.score.lead)));
        if is_last || found.len() >= wanted {
            found.truncate(wanted);
            return Ok(found);
        }
    }
}

/// What leads are counted by.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CountBy {
    Bracket,
    Stage,
    Grade,
    Owner,
    Country,
}

impl CountBy {
    fn cell(self) -> Cell {
        match self {
            Self::Bracket => Cell::Bracket,
            Self::Stage => Cell::Stage,
            Self::Grade => Cell::Grade,
            Self::Owner => Cell::Owner,
            Self::Country => Cell::Country,
        }
    }
}

/// What to count.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CountAsked {
    /// The model, as in `/api/v1/models`; the primary one where it is not said.
    model: Option<String>,
    /// What to count by; only all together where it is not said.
    #[param(inline)]
    by: Option<CountBy>,
}

/// How many leads there are.
#[expect(clippy::struct_field_names, reason = "the words of the API")]
#[derive(Debug, Serialize, ToSchema)]
struct Counts {
    /// The model whose scores are meant; null where no model is in force yet.
    model: Option<String>,
    /// All together.
    total: i64,
    /// By what was asked for, the most first.
    counts: Vec<CountOf>,
}

/// How many leads have a value.
#[derive(Debug, Serialize, ToSchema)]
struct CountOf {
    /// The value; null: none.
    value: Option<String>,
    /// How many.
    leads: i64,
}

/// How many leads there are, by bracket, stage and so on.
#[utoipa::path(get, path = "/api/v1/leads/counts", tag = "leads", params(CountAsked, LeadFilter),
    responses((status = 200, body = Counts)))]
async fn count_all_leads(
    State(app): State<App>,
    uri: axum::http::Uri,
) -> Result<Json<Counts>, Problem> {
    let (count, asked) = split::<CountAsked>(&uri, &["model", "by"])?;
    let Some(model) = line_key(&app, count.model.as_deref())? else {
        return Ok(Json(Counts { model: None, total: 0, counts: Vec::new() }));
    };
    let (filters, members) = filters(&app, &asked).await?;
    let key = model.clone();
    let (total, counts) = app
        .read(move |tx| {
            let mut total = 0;
            let mut counts: BTreeMap<Option<String>, i64> = BTreeMap::new();
            for filters in in_parts(filters, members.as_ref()) {
                total += count_leads(tx, &key, &filters)?;
                if let Some(by) = count.by {
                    for (value, leads) in count_by(tx, &key, &filters, by.cell())? {
                        *counts.entry(value).or_default() += leads;
                    }
                }
            }
            Ok((total, counts))
        })
        .await?;
    let mut counts: Vec<CountOf> =
        counts.into_iter().map(|(value, leads)| CountOf { value, leads }).collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.leads));
    Ok(Json(Counts { model: Some(model), total, counts }))
}

/// The conditions once for each part of the members that fits into a statement.
fn in_parts(filters: Vec<Filter>, members: Option<&BTreeSet<String>>) -> Vec<Vec<Filter>> {
    let Some(members) = members else { return vec![filters] };
    let members: Vec<String> = members.iter().cloned().collect();
    let with = |part: &[String]| {
        let mut filters = filters.clone();
        filters.push(Filter::Leads(part.to_vec()));
        filters
    };
    members.chunks(AT_A_TIME).map(with).collect()
}

/// Splits a query into what a page is and what its leads must be like; each refuses what it does not
/// know.
pub(crate) fn split<T: serde::de::DeserializeOwned>(
    uri: &axum::http::Uri,
    names: &[&str],
) -> Result<(T, LeadFilter), Problem> {
    let query = uri.query().unwrap_or_default();
    let (mut page, mut filter) = (Vec::new(), Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if names.contains(&name) { page.push(pair) } else { filter.push(pair) }
    }
    Ok((read(&page)?, read(&filter)?))
}

fn read<T: serde::de::DeserializeOwned>(pairs: &[&str]) -> Result<T, Problem> {
    let uri = format!("/?{}", pairs.join("&"));
    let uri: axum::http::Uri =
        uri.parse().map_err(|_| Problem::bad("bad_query", "the query cannot be read"))?;
    Asked::<T>::of(&uri).map(|Asked(value)| value)
}

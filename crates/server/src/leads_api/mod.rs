//! Leads: in the order of their scores, one by one, and what can be done to them.

pub(crate) mod address;
pub(crate) mod change;
mod consents;
mod erase;
mod explain;
mod facts;
mod list;
mod merges;
mod one;
mod query;

use store::Tx;
use store::identity::{IdentifierKind, find_lead};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::problem::Problem;

pub(crate) use facts::{FactPage, FactsAsked, fact_page};
pub(crate) use list::{LeadItem, split};
pub(crate) use query::{LeadFilter, filters, line_key};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(list::router())
        .merge(one::router())
        .merge(explain::router())
        .merge(facts::router())
        .merge(change::router())
        .merge(merges::router())
        .merge(erase::router())
}

/// The lead that goes by an id now: its own, or that of one which became part of it.
pub(crate) fn resolve(tx: &mut Tx<'_>, id: &str) -> Result<String, Problem> {
    let found = find_lead(tx, IdentifierKind::Lead, id)?;
    found.ok_or_else(|| Problem::not_found("lead"))
}

//! Bringing leads together, and taking them apart again.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use live::{Live, News};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::identity::{Merge, merge, merges, undo_merge};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::resolve;
use crate::access::Caller;
use crate::app::{App, Done, Noted};
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::{Named, Repeatable, Sent};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(lead_merges))
        .routes(routes!(merge_leads))
        .routes(routes!(undo))
}

/// Two leads that are one.
#[derive(Debug, Serialize, ToSchema)]
struct MergeView {
    /// Its id.
    id: String,
    /// The lead that went on.
    winner: String,
    /// The lead that became part of it.
    loser: String,
    /// When it was decided.
    at: Instant,
    /// Why.
    reason: String,
    /// Whose doing it was.
    source: String,
    /// Since when it does not count any more.
    undone_at: Option<Instant>,
    /// Who undid it.
    undone_by: Option<String>,
}

impl From<Merge> for MergeView {
    fn from(merge: Merge) -> Self {
        Self {
            id: merge.id,
            winner: merge.winner,
            loser: merge.loser,
            at: merge.at.into(),
            reason: merge.reason,
            source: merge.source,
            undone_at: merge.undone_at.map(Instant),
            undone_by: merge.undone_by,
        }
    }
}

/// What a lead is made of, undone merges too.
#[utoipa::path(get, path = "/api/v1/leads/{id}/merges", tag = "leads", params(("id" = String, Path)),
    responses((status = 200, body = Vec<MergeView>)))]
async fn lead_merges(
    State(app): State<App>,
    Named(id): Named<String>,
) -> Result<Json<Vec<MergeView>>, Problem> {
    let found = app
        .read(move |tx| {
            let lead = resolve(tx, &id)?;
            Ok(merges(tx, &lead)?)
        })
        .await?;
    Ok(Json(found.into_iter().map(MergeView::from).collect()))
}

/// What is to become part of a lead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MergeWish {
    /// The lead that becomes part of the one in the address.
    lead: String,
    /// Why; the user's word where it is not said.
    reason: Option<String>,
}

/// Makes one lead of two. It can be undone, exactly, whatever comes in between.
#[utoipa::path(post, path = "/api/v1/leads/{id}/merge", tag = "leads", params(("id" = String, Path)),
    request_body = MergeWish, responses((status = 201, body = MergeView)))]
async fn merge_leads(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Sent { body, repeat }: Sent<MergeWish>,
) -> Result<Response, Problem> {
    let reason = body.reason.unwrap_or_else(|| "by hand".to_owned());
    if reason.chars().count() > 200 || reason.chars().any(char::is_control) {
        return Err(Problem::invalid(
            "bad_reason",
            "a reason has 200 characters at most, in one line",
        ));
    }
    let (now, actor, mark) = (app.now(), caller.actor(), app.fresh_id());
    let edge = app.fresh_id();
    let response = app
        .change(&caller, repeat, move |tx| {
            let mut id_of_edge = || edge.clone();
            let merge = merge(tx, &id, &body.lead, now, &reason, &actor, &mut id_of_edge)?;
            Live::touch(tx, [merge.winner.as_str(), merge.loser.as_str()], &mark)?;
            Live::tell_of_merge(tx, &merge, now)?;
            let noted = Noted::new("lead.merged", format!("lead:{}", merge.winner));
            let noted = noted.after(json!({"merge": merge.id, "loser": merge.loser}));
            let lead = merge.winner.clone();
            Ok(Done::created(&MergeView::from(merge), noted)?.about(&lead))
        })
        .await;
    app.live.wake();
    response
}

/// The leads that a merge was taken apart into.
#[derive(Debug, Serialize, ToSchema)]
struct Apart {
    /// The lead that went on.
    winner: String,
    /// The lead that is one of its own again.
    loser: String,
}

/// Takes apart what a merge brought together. Reports do not bring the two together again.
#[utoipa::path(post, path = "/api/v1/merges/{id}/undo", tag = "leads", params(("id" = String, Path)),
    responses((status = 200, body = Apart)))]
async fn undo(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let (now, actor, mark) = (app.now(), caller.actor(), app.fresh_id());
    let response = app
        .change(&caller, repeat, move |tx| {
            let (winner, loser) = undo_merge(tx, &id, now, &actor)?;
            Live::touch(tx, [winner.as_str(), loser.as_str()], &mark)?;
            let noted = Noted::new("lead.merge_undone", format!("merge:{id}"));
            let noted = noted.after(json!({"winner": winner, "loser": loser}));
            let lead = winner.clone();
            Ok(Done::ok(&Apart { winner, loser }, noted)?.about(&lead))
        })
        .await;
    app.live.wake();
    response
}

/// Says that a lead is no more.
pub(super) fn tell_gone(app: &App, lead: &str) {
    app.live.tell(News::Gone { lead: lead.to_owned() });
}

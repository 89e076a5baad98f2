//! Segments: the leads for whom a condition is true, saved under a name.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value as Any;
use store::scores::{SavedSegment, delete_segment, put_segment, saved_segment, saved_segments};
use store::{DbError, Tx};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::accounts::name;
use crate::app::{App, Done, Noted};
use crate::cursor;
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::{
    Asked, Named, Repeatable, Sent, content_tag, if_match, tagged, unless_changed,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_segments, make_segment))
        .routes(routes!(count_segment))
        .routes(routes!(show_segment, change_segment, remove_segment))
        .routes(routes!(segment_members))
}

/// The condition that a saved document holds.
pub(crate) fn condition_of(document: &str) -> Result<Any, Problem> {
    serde_json::from_str(document)
        .map_err(|error| DbError::Damaged(format!("the condition of a segment: {error}")).into())
}

/// A saved segment.
#[derive(Debug, Serialize, ToSchema)]
struct SegmentView {
    /// Its id.
    id: String,
    /// Its name, which no other has.
    name: String,
    /// Its condition, as the `when` of a gate in a model.
    #[schema(value_type = Object)]
    condition: Any,
    /// When it was made.
    created_at: Instant,
    /// By whom.
    created_by: String,
    /// When it was last changed.
    updated_at: Instant,
}

impl SegmentView {
    fn tag(&self) -> i64 {
        content_tag(&(&self.name, &self.condition))
    }

    fn of(segment: SavedSegment) -> Result<Self, Problem> {
        Ok(Self {
            condition: condition_of(&segment.document)?,
            id: segment.id,
            name: segment.name,
            created_at: segment.created_at.into(),
            created_by: segment.created_by,
            updated_at: segment.updated_at.into(),
        })
    }
}

/// All segments, by name.
#[utoipa::path(get, path = "/api/v1/segments", tag = "segments",
    responses((status = 200, body = Vec<SegmentView>)))]
async fn list_segments(State(app): State<App>) -> Result<Json<Vec<SegmentView>>, Problem> {
    let found = app.read(|tx| Ok(saved_segments(tx)?)).await?;
    found.into_iter().map(SegmentView::of).collect::<Result<_, _>>().map(Json)
}

/// A segment to be saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SegmentWish {
    /// Its name, which no other has.
    name: String,
    /// Its condition, as the `when` of a gate in a model.
    #[schema(value_type = Object)]
    condition: Any,
}

/// Saves a segment.
#[utoipa::path(post, path = "/api/v1/segments", tag = "segments", request_body = SegmentWish,
    responses((status = 201, body = SegmentView)))]
async fn make_segment(
    State(app): State<App>,
    caller: Caller,
    Sent { body, repeat }: Sent<SegmentWish>,
) -> Result<Response, Problem> {
    let (id, now, by) = (app.fresh_id(), app.now(), caller.actor());
    let name = name(&body.name)?;
    app.live.check_condition(&body.condition)?;
    app.change(&caller, repeat, move |tx| {
        put_segment(tx, &id, &name, &body.condition.to_string(), &by, now).map_err(name_taken)?;
        let noted = Noted::new("segment.made", format!("segment:{id}"));
        Done::created(&stored(tx, &id)?, noted.after(body.condition))
    })
    .await
}

/// A segment.
#[utoipa::path(get, path = "/api/v1/segments/{id}", tag = "segments", params(("id" = String, Path)),
    responses((status = 200, body = SegmentView)))]
async fn show_segment(
    State(app): State<App>,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    let view = app.read(move |tx| stored(tx, &id)).await?;
    Ok(tagged(view.tag(), Json(view)))
}

/// Changes a segment. `If-Match` makes sure that nobody else changed it in between.
#[utoipa::path(put, path = "/api/v1/segments/{id}", tag = "segments", params(("id" = String, Path)),
    request_body = SegmentWish, responses((status = 200, body = SegmentView)))]
async fn change_segment(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<SegmentWish>,
) -> Result<Response, Problem> {
    let (now, by) = (app.now(), caller.actor());
    let name = name(&body.name)?;
    let expected = if_match(&headers)?;
    app.live.check_condition(&body.condition)?;
    app.change(&caller, repeat, move |tx| {
        let before = stored(tx, &id)?;
        unless_changed(&expected, before.tag(), "segment")?;
        put_segment(tx, &id, &name, &body.condition.to_string(), &by, now).map_err(name_taken)?;
        let noted = Noted::new("segment.changed", format!("segment:{id}"));
        let noted = noted.before(before.condition).after(body.condition);
        let after = stored(tx, &id)?;
        Ok(Done::ok(&after, noted)?.tagged(after.tag()))
    })
    .await
}

/// Removes a segment.
#[utoipa::path(delete, path = "/api/v1/segments/{id}", tag = "segments",
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove_segment(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    app.change(&caller, repeat, move |tx| {
        unless_changed(&expected, stored(tx, &id)?.tag(), "segment")?;
        if !delete_segment(tx, &id)? {
            return Err(Problem::not_found("segment"));
        }
        Ok(Done::nothing(Noted::new("segment.removed", format!("segment:{id}"))))
    })
    .await
}

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MembersAsked {
    /// Where the page before ended.
    cursor: Option<String>,
    /// How many, 1 to 200; 50 where it is not said.
    limit: Option<usize>,
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
struct Members {
    /// How many there are in all.
    total: usize,
    /// Their ids, in order. `/api/v1/leads?segment=` lists them with their scores.
    leads: Vec<String>,
    /// Hand it back as `cursor` for the next page; null: this is the last.
    next: Option<String>,
}

/// The leads for whom a segment's condition is true now.
#[utoipa::path(get, path = "/api/v1/segments/{id}/members", tag = "segments",
    params(("id" = String, Path), MembersAsked), responses((status = 200, body = Members)))]
async fn segment_members(
    State(app): State<App>,
    Named(id): Named<String>,
    Asked(asked): Asked<MembersAsked>,
) -> Result<Json<Members>, Problem> {
    let limit = cursor::limit(asked.limit)?;
    let after = cursor::read("members", asked.cursor.as_deref())?.map(|(_, lead)| lead);
    let condition = app.read(move |tx| stored(tx, &id)).await?.condition;
    let (live, now) = (app.live.clone(), app.now());
    let members = app.block(move || live.members(&condition, now)).await?;
    let total = members.len();
    let behind = members.into_iter().filter(|lead| after.as_ref().is_none_or(|after| lead > after));
    let mut leads: Vec<String> = behind.take(limit + 1).collect();
    let next = cursor::next(&mut leads, limit, |last| cursor::write("members", 0, last));
    Ok(Json(Members { total, leads, next }))
}

/// A condition to be counted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Condition {
    /// As the `when` of a gate in a model.
    #[schema(value_type = Object)]
    condition: Any,
}

/// How many leads there are.
#[derive(Debug, Serialize, ToSchema)]
struct Counted {
    /// For so many the condition is true.
    leads: usize,
}

/// For how many leads a condition is true now.
#[utoipa::path(post, path = "/api/v1/segments/count", tag = "segments", request_body = Condition,
    responses((status = 200, body = Counted)))]
async fn count_segment(
    State(app): State<App>,
    Sent { body, .. }: Sent<Condition>,
) -> Result<Json<Counted>, Problem> {
    let (live, now) = (app.live.clone(), app.now());
    let members = app.block(move || live.members(&body.condition, now)).await?;
    Ok(Json(Counted { leads: members.len() }))
}

fn stored(tx: &mut Tx<'_>, id: &str) -> Result<SegmentView, Problem> {
    let found = saved_segment(tx, id)?.ok_or_else(|| Problem::not_found("segment"))?;
    SegmentView::of(found)
}

fn name_taken(error: DbError) -> Problem {
    match error {
        DbError::Exists(_) => {
            let detail = "a segment with this name exists: take another name";
            Problem::conflict("exists", detail).with_errors(Vec::new())
        }
        other => other.into(),
    }
}

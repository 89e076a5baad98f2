//! Write keys.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::write_keys::{self, NewWriteKey, WriteKey};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::accounts::name;
use crate::app::{App, Done, Noted};
use crate::inbound::WriteKeys;
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::{
    Named, Repeatable, Sent, content_tag, if_match, kept_until, tagged, unless_changed,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_write_keys, make_write_key))
        .routes(routes!(show_write_key, change_write_key, remove_write_key))
        .routes(routes!(rotate_write_key))
        .routes(routes!(write_key_usage))
}

/// A write key. It is public: it stands in the source of every page that uses it.
#[derive(Serialize, ToSchema)]
struct WriteKeyView {
    /// The id, which stays when the key is changed for another.
    id: String,
    /// The key.
    key: String,
    /// Until when the key before is taken, too.
    previous_until: Option<Instant>,
    /// What it is for.
    name: String,
    /// Where browsers may use it; none: anywhere.
    origins: Vec<String>,
    /// Facts that it takes a day (UTC), counted as they come: what repeats another counts, too. None: any number.
    daily_quota: Option<i64>,
    /// Whether it is taken.
    is_enabled: bool,
    /// Who made it.
    created_by: String,
    /// Since when.
    created_at: Instant,
    /// When it was last used, to the minute.
    last_used_at: Option<Instant>,
    /// What to put into the pages.
    snippet: String,
}

impl WriteKeyView {
    /// Of what can be changed: when it was used changes by itself.
    fn tag(&self) -> i64 {
        content_tag(&(&self.name, &self.origins, self.daily_quota, self.is_enabled, &self.key))
    }

    fn of(key: WriteKey, app: &App) -> Self {
        // Neither the address nor a key has anything that HTML would take for something else.
        let snippet = format!(
            "<script async src=\"{}/m.js\" data-key=\"{}\"></script>",
            app.config.public_url, key.key
        );
        Self {
            id: key.id,
            key: key.key,
            previous_until: key.previous.map(|previous| previous.until.into()),
            name: key.name,
            origins: key.origins,
            daily_quota: key.daily_quota,
            is_enabled: key.is_enabled,
            created_by: key.created_by,
            created_at: key.created_at.into(),
            last_used_at: key.last_used_at.map(Instant),
            snippet,
        }
    }
}

/// All write keys.
#[utoipa::path(get, path = "/api/v1/write-keys", tag = "keys",
    responses((status = 200, body = Vec<WriteKeyView>)))]
async fn list_write_keys(State(app): State<App>) -> Result<Json<Vec<WriteKeyView>>, Problem> {
    let keys = app.read(|tx| Ok(write_keys::list(tx)?)).await?;
    Ok(Json(keys.into_iter().map(|key| WriteKeyView::of(key, &app)).collect()))
}

/// A write key.
#[utoipa::path(get, path = "/api/v1/write-keys/{id}", tag = "keys", params(("id" = String, Path)),
    responses((status = 200, body = WriteKeyView)))]
async fn show_write_key(
    State(app): State<App>,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    let on = app.clone();
    let view = app.read(move |tx| stored(tx, &id, &on)).await?;
    Ok(tagged(view.tag(), Json(view)))
}

fn stored(tx: &mut Tx<'_>, id: &str, app: &App) -> Result<WriteKeyView, Problem> {
    let key = write_keys::get(tx, id)?.ok_or_else(|| Problem::not_found("write key"))?;
    Ok(WriteKeyView::of(key, app))
}

/// What a write key is for and where it is taken.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WriteKeyWish {
    /// What it is for, such as the site.
    name: String,
    /// Where browsers may use it: `https://example.com`, or `https://*.example.com` for everything
    /// below. None: anywhere.
    #[serde(default)]
    origins: Vec<String>,
    /// Facts that it takes a day (UTC), counted as they come: what repeats another counts, too. None: any number.
    daily_quota: Option<i64>,
    /// Whether it is taken.
    #[serde(default = "yes")]
    is_enabled: bool,
}

fn yes() -> bool {
    true
}

impl WriteKeyWish {
    fn checked(mut self) -> Result<Self, Problem> {
        self.name = name(&self.name)?;
        if self.origins.len() > 100 {
            return Err(Problem::invalid("bad_origin", "a write key has 100 origins at most"));
        }
        for origin in &mut self.origins {
            *origin = origin.trim().trim_end_matches('/').to_ascii_lowercase();
            let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let host = rest.map(|rest| rest.strip_prefix("*.").unwrap_or(rest)).unwrap_or_default();
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
            if host.is_empty() || host.len() > 255 || !host.chars().all(fits) {
                let detail = "an origin is a scheme and a host, as https://example.com or \
                    https://*.example.com";
                return Err(Problem::invalid("bad_origin", detail));
            }
        }
        if self.daily_quota.is_some_and(|quota| quota < 1) {
            return Err(Problem::invalid(
                "bad_quota",
                "a quota is at least 1; to stop a key, disable it",
            ));
        }
        Ok(self)
    }

    fn as_noted(&self) -> serde_json::Value {
        json!({"origins": self.origins, "daily_quota": self.daily_quota, "is_enabled": self.is_enabled})
    }
}

/// Makes a write key.
#[utoipa::path(post, path = "/api/v1/write-keys", tag = "keys", request_body = WriteKeyWish,
    responses((status = 201, body = WriteKeyView)))]
async fn make_write_key(
    State(app): State<App>,
    caller: Caller,
    Sent { body, repeat }: Sent<WriteKeyWish>,
) -> Result<Response, Problem> {
    let wish = body.checked()?;
    let (id, now, by) = (app.fresh_id(), app.now(), caller.actor());
    let text = write_keys::text(&app.random());
    let on = app.clone();
    let response = app
        .change(&caller, repeat, move |tx| {
            let new = NewWriteKey {
                id: &id,
                name: &wish.name,
                origins: &wish.origins,
                daily_quota: wish.daily_quota,
                created_by: &by,
            };
            let mut key = write_keys::create(tx, &new, &text, now)?;
            if !wish.is_enabled {
                let (name, origins) = (&wish.name, &wish.origins);
                write_keys::update(tx, &id, name, origins, wish.daily_quota, false)?;
                key.is_enabled = false;
            }
            let noted =
                Noted::new("write_key.made", format!("write_key:{id}")).after(wish.as_noted());
            let made = WriteKeyView::of(key, &on);
            Ok(Done::created(&made, noted)?.tagged(made.tag()))
        })
        .await;
    app.write_keys.forget();
    response
}

/// Changes what a write key is for and where and how much it is taken. `If-Match` makes sure that nobody
/// else changed it in between.
#[utoipa::path(put, path = "/api/v1/write-keys/{id}", tag = "keys", params(("id" = String, Path)),
    request_body = WriteKeyWish, responses((status = 200, body = WriteKeyView)))]
async fn change_write_key(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<WriteKeyWish>,
) -> Result<Response, Problem> {
    let wish = body.checked()?;
    let expected = if_match(&headers)?;
    let on = app.clone();
    let response = app
        .change(&caller, repeat, move |tx| {
            unless_changed(&expected, stored(tx, &id, &on)?.tag(), "write key")?;
            let (quota, is_enabled) = (wish.daily_quota, wish.is_enabled);
            if !write_keys::update(tx, &id, &wish.name, &wish.origins, quota, is_enabled)? {
                return Err(Problem::not_found("write key"));
            }
            let after = stored(tx, &id, &on)?;
            let noted = Noted::new("write_key.changed", format!("write_key:{id}"));
            Ok(Done::ok(&after, noted.after(wish.as_noted()))?.tagged(after.tag()))
        })
        .await;
    app.write_keys.forget();
    response
}

/// Removes a write key.
#[utoipa::path(delete, path = "/api/v1/write-keys/{id}", tag = "keys", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove_write_key(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let (expected, on) = (if_match(&headers)?, app.clone());
    let response = app
        .change(&caller, repeat, move |tx| {
            unless_changed(&expected, stored(tx, &id, &on)?.tag(), "write key")?;
            if !write_keys::remove(tx, &id)? {
                return Err(Problem::not_found("write key"));
            }
            Ok(Done::nothing(Noted::new("write_key.removed", format!("write_key:{id}"))))
        })
        .await;
    app.write_keys.forget();
    response
}

/// Changes a write key for another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// How many hours the present key is taken, too, for pages that are cached. 0: not any more.
    #[serde(default = "a_week")]
    #[schema(maximum = 8760)]
    keep_hours: u32,
}

fn a_week() -> u32 {
    168
}

/// Changes the key for another; the present one is taken for a while longer. `If-Match` makes sure that nobody
/// else changed it in between.
#[utoipa::path(post, path = "/api/v1/write-keys/{id}/rotate", tag = "keys",
    params(("id" = String, Path)), request_body = Rotation,
    responses((status = 200, body = WriteKeyView)))]
async fn rotate_write_key(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<Rotation>,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    let until = kept_until(app.now(), body.keep_hours)?;
    let text = write_keys::text(&app.random());
    let on = app.clone();
    let response = app
        .change(&caller, repeat, move |tx| {
            unless_changed(&expected, stored(tx, &id, &on)?.tag(), "write key")?;
            if !write_keys::rotate(tx, &id, &text, until)? {
                return Err(Problem::not_found("write key"));
            }
            let key = write_keys::get(tx, &id)?.ok_or_else(|| Problem::not_found("write key"))?;
            let noted = Noted::new("write_key.rotated", format!("write_key:{id}"));
            Done::ok(&WriteKeyView::of(key, &on), noted.after(json!({"previous_until": until})))
        })
        .await;
    app.write_keys.forget();
    response
}

/// What a write key took on a day.
#[derive(Serialize, ToSchema)]
struct DayView {
    /// The day's first instant, UTC.
    day: Instant,
    /// Facts taken.
    taken: i64,
    /// Facts refused for want of quota.
    refused: i64,
}

/// What a write key took on the last days that it was used.
#[utoipa::path(get, path = "/api/v1/write-keys/{id}/usage", tag = "keys",
    params(("id" = String, Path)), responses((status = 200, body = Vec<DayView>)))]
async fn write_key_usage(
    State(app): State<App>,
    Named(id): Named<String>,
) -> Result<Json<Vec<DayView>>, Problem> {
    WriteKeys::write_counts(&app).await?;
    let days = app.read(move |tx| {
        write_keys::get(tx, &id)?.ok_or_else(|| Problem::not_found("write key"))?;
        Ok(write_keys::usage(tx, &id, 90)?)
    });
    let days = days.await?;
    let view = |day: write_keys::Day| DayView {
        day: day.begins.into(),
        taken: day.taken,
        refused: day.refused,
    };
    Ok(Json(days.into_iter().map(view).collect()))
}

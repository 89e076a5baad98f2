//! API keys.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::keys::{self, ApiKey, KeyText, NewKey, Scope};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::accounts::name;
use crate::app::{App, Done, Noted};
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::{Named, Repeatable, Sent};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_keys, make_key)).routes(routes!(revoke_key))
}

/// A key, without its secret.
#[derive(Serialize, ToSchema)]
struct KeyView {
    /// The id.
    id: String,
    /// What the key begins with.
    prefix: String,
    /// What it is for.
    name: String,
    /// What it may do.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    /// Who made it.
    created_by: String,
    /// Since when.
    created_at: Instant,
    /// Until when.
    expires_at: Option<Instant>,
    /// When it was last used, to the minute.
    last_used_at: Option<Instant>,
    /// Since when it no longer works.
    revoked_at: Option<Instant>,
    /// The whole key; shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            prefix: key.prefix,
            name: key.name,
            scopes: key.scopes,
            created_by: key.created_by,
            created_at: key.created_at.into(),
            expires_at: key.expires_at.map(Instant),
            last_used_at: key.last_used_at.map(Instant),
            revoked_at: key.revoked_at.map(Instant),
            key: None,
        }
    }
}

/// All keys.
#[utoipa::path(get, path = "/api/v1/keys", tag = "keys", responses((status = 200, body = Vec<KeyView>)))]
async fn list_keys(State(app): State<App>) -> Result<Json<Vec<KeyView>>, Problem> {
    let keys = app.read(|tx| Ok(keys::list(tx)?)).await?;
    Ok(Json(keys.into_iter().map(KeyView::from).collect()))
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyWish {
    /// What it is for.
    name: String,
    /// What it may do; where it is not said, report facts.
    #[serde(default = "reporting")]
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    /// Until when.
    expires_at: Option<Instant>,
}

fn reporting() -> Vec<Scope> {
    vec![Scope::WriteFacts]
}

/// Makes a key. It is in this answer, and nowhere else.
#[utoipa::path(post, path = "/api/v1/keys", tag = "keys", request_body = KeyWish,
    responses((status = 201, body = KeyView)))]
async fn make_key(
    State(app): State<App>,
    caller: Caller,
    Sent { body, repeat }: Sent<KeyWish>,
) -> Result<Response, Problem> {
    caller.may_give(body.scopes.iter().copied())?;
    let name = name(&body.name)?;
    let (id, now, by) = (app.fresh_id(), app.now(), caller.actor());
    let text = KeyText::from_random(&app.random());
    app.change(&caller, repeat, move |tx| {
        let new = NewKey {
            id: &id,
            name: &name,
            scopes: &body.scopes,
            created_by: &by,
            expires_at: body.expires_at.map(|at| at.0),
        };
        let key = keys::create(tx, &new, &text, now)?;
        let noted =
            Noted::new("key.made", format!("key:{id}")).after(json!({"scopes": key.scopes}));
        let view = KeyView { key: Some(text.as_str().to_owned()), ..key.into() };
        Ok(Done::created(&view, noted)?.not_kept())
    })
    .await
}

/// Ends a key for good.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", tag = "keys", params(("id" = String, Path)),
    responses((status = 204)))]
async fn revoke_key(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let now = app.now();
    let response = app
        .change(&caller, repeat, move |tx| {
            if !keys::revoke(tx, &id, now)? {
                return Err(Problem::not_found("key that works"));
            }
            Ok(Done::nothing(Noted::new("key.revoked", format!("key:{id}"))))
        })
        .await;
    app.write_keys.forget();
    app.tell_shut_out();
    response
}

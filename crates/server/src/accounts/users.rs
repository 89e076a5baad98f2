//! Everybody's accounts.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::accounts::{self, Role, User, resets};
use store::keys::{self, Scope};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{RoleName, UserView, address};
use crate::access::Caller;
use crate::app::{App, Done, Noted};
use crate::problem::Problem;
use crate::request::{Named, Repeatable, Sent, content_tag, if_match, tagged, unless_changed};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_users))
        .routes(routes!(show_user, change_user, remove_user))
        .routes(routes!(offer_reset))
}

/// What a role may do, for checking that nobody gives more than they have.
pub(super) fn scopes_of(role: Role) -> impl Iterator<Item = Scope> {
    Scope::ALL.iter().copied().filter(move |scope| role.allows(*scope))
}

/// All users.
#[utoipa::path(get, path = "/api/v1/users", tag = "accounts",
    responses((status = 200, body = Vec<UserView>)))]
async fn list_users(State(app): State<App>) -> Result<Json<Vec<UserView>>, Problem> {
    let users = app.read(|tx| Ok(accounts::list(tx)?)).await?;
    Ok(Json(users.into_iter().map(UserView::from).collect()))
}

/// A user.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "accounts", params(("id" = String, Path)),
    responses((status = 200, body = UserView)))]
async fn show_user(State(app): State<App>, Named(id): Named<String>) -> Result<Response, Problem> {
    let user = app.read(move |tx| Ok(accounts::find(tx, &id)?)).await?;
    let user = user.ok_or_else(|| Problem::not_found("user"))?;
    Ok(tagged(tag(&user), Json(UserView::from(user))))
}

/// Of what can be changed about a user.
fn tag(user: &User) -> i64 {
    content_tag(&(&user.id, user.role, user.is_enabled()))
}

/// What can be changed about a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserChange {
    /// What the user may do. A new role ends the user's sessions.
    #[schema(value_type = Option<RoleName>)]
    role: Option<Role>,
    /// Whether the user may not log in.
    is_disabled: Option<bool>,
}

/// Changes what a user may do. API keys that the user made never allow more than that; those of a user who
/// may not log in do not work meanwhile. Invitations and links for new passwords that the user made are void with a
/// new role, or when the user may not log in. `If-Match` makes sure that nobody else changed it in between.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "accounts", params(("id" = String, Path)),
    request_body = UserChange, responses((status = 200, body = UserView)))]
async fn change_user(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<UserChange>,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    if let Some(role) = body.role {
        caller.may_give(scopes_of(role))?;
    }
    let (now, by) = (app.now(), caller.clone());
    let response = app
        .change(&caller, repeat, move |tx| {
            let before = user_below(tx, &by, &id)?;
            unless_changed(&expected, tag(&before), "user")?;
            if let Some(role) = body.role {
                accounts::set_role(tx, &id, role)?;
            }
            match body.is_disabled {
                Some(true) => accounts::disable(tx, &id, now)?,
                Some(false) => accounts::enable(tx, &id)?,
                None => {}
            }
            let after = accounts::find(tx, &id)?.ok_or_else(|| Problem::not_found("user"))?;
            let state = |user: &User| json!({"role": user.role, "is_disabled": !user.is_enabled()});
            let noted = Noted::new("user.changed", format!("user:{id}"));
            let noted = noted.before(state(&before)).after(state(&after));
            let version = tag(&after);
            Ok(Done::ok(&UserView::from(after), noted)?.tagged(version))
        })
        .await;
    app.write_keys.forget();
    app.tell_shut_out();
    response
}

/// Removes a user. The API keys that the user made stop working, and so do invitations and links for new
/// passwords that the user made.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "accounts", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove_user(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let (now, by, expected) = (app.now(), caller.clone(), if_match(&headers)?);
    let response = app
        .change(&caller, repeat, move |tx| {
            unless_changed(&expected, tag(&user_below(tx, &by, &id)?), "user")?;
            accounts::remove(tx, &id)?;
            keys::revoke_of(tx, &format!("user:{id}"), now)?;
            Ok(Done::nothing(Noted::new("user.removed", format!("user:{id}"))))
        })
        .await;
    app.write_keys.forget();
    app.tell_shut_out();
    response
}

/// A link that sets a new password.
#[derive(Serialize, ToSchema)]
struct ResetOffer {
    /// To be handed to the user by whoever asked; it works once, for an hour.
    link: String,
}

/// Makes a link by which a user can set a new password.
#[utoipa::path(post, path = "/api/v1/users/{id}/reset", tag = "accounts",
    params(("id" = String, Path)), responses((status = 201, body = ResetOffer)))]
async fn offer_reset(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let (token, now, by) = (app.token(), app.now(), caller.clone());
    let link = format!("{}/reset#token={}", app.config.public_url, token.as_str());
    app.change(&caller, repeat, move |tx| {
        let user = user_below(tx, &by, &id)?;
        let email = address(&user.email)?;
        if resets::offer(tx, &email, Some(&by.actor()), &token, now)?.is_none() {
            return Err(Problem::conflict(
                "disabled",
                "the user may not log in: enable the user first",
            ));
        }
        let noted = Noted::new("user.reset_offered", format!("user:{id}"));
        Ok(Done::created(&ResetOffer { link }, noted)?.not_kept())
    })
    .await
}

/// The user, where the caller has all rights that the user has: a key that may manage accounts does
/// not get to be an owner by taking one's account.
fn user_below(tx: &mut store::Tx<'_>, caller: &Caller, id: &str) -> Result<User, Problem> {
    let user = accounts::find(tx, id)?.ok_or_else(|| Problem::not_found("user"))?;
    caller.may_give(scopes_of(user.role))?;
    Ok(user)
}

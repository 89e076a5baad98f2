//! A forgotten password.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use store::accounts::resets::{self, ResetError};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::UserView;
use super::login::begin_session;
use crate::app::{App, Noted};
use crate::passwords::Passwords;
use crate::problem::Problem;
use crate::request::Sent;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(reset))
}

/// A new password by a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reset {
    /// What stands behind `#token=` in the link.
    token: String,
    /// At least 12 characters.
    password: String,
}

/// Sets a new password by the link that an owner made, ends the user's sessions, and logs in.
#[utoipa::path(post, path = "/api/v1/reset", tag = "accounts", request_body = Reset,
    responses((status = 200, body = UserView)))]
async fn reset(
    State(app): State<App>,
    headers: HeaderMap,
    Sent { body, .. }: Sent<Reset>,
) -> Result<Response, Problem> {
    let (token, now) = (body.token, app.now());
    let shown = token.clone();
    let found = app.read(move |tx| Ok(resets::find(tx, &shown, now)?)).await?;
    let user = found.ok_or(ResetError::Token)?;
    Passwords::check(&body.password, &user.email)?;
    let hash = app.passwords.hash(body.password, app.random()).await?;
    let user = app
        .write(move |tx| {
            let user = resets::accept(tx, &token, &hash, now)?;
            let actor = format!("user:{}", user.id);
            Noted::new("user.password_reset", actor.clone()).write(tx, &actor, now)?;
            Ok(user)
        })
        .await?;
    app.tell_shut_out();
    begin_session(&app, user, &headers, StatusCode::OK).await
}

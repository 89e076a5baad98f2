//! One's own account.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use leads::EmailAddress;
use serde::{Deserialize, Serialize};
use store::accounts::sessions::{self, Session};
use store::accounts::{self, Language};
use store::keys::Scope;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::login::{begin_session, check};
use super::{LanguageName, UserView, name};
use crate::access::Caller;
use crate::app::{App, Done, Noted};
use crate::instant::Instant;
use crate::passwords::Passwords;
use crate::problem::Problem;
use crate::request::{Named, Repeatable, Sender, Sent};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me, change_me))
        .routes(routes!(change_password))
        .routes(routes!(my_sessions, end_other_sessions))
        .routes(routes!(end_session))
}

/// Who calls, and what they may do.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The user, where it is one.
    user: Option<UserView>,
    /// What the key is for, where it is one.
    key: Option<String>,
    /// What the caller may do.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
}

/// Who is logged in, or whose key it is.
#[utoipa::path(get, path = "/api/v1/me", tag = "accounts", responses((status = 200, body = Me)))]
async fn me(caller: Caller) -> Json<Me> {
    let scopes = Scope::ALL.iter().copied().filter(|scope| caller.allows(*scope)).collect();
    let (user, key) = match caller {
        Caller::User { session } => (Some(UserView::from(session.user)), None),
        Caller::Key(key) => (None, Some(key.name)),
    };
    Json(Me { user, key, scopes })
}

/// What can be changed about oneself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Profile {
    /// What one is called.
    name: Option<String>,
    /// The language of the pages.
    #[schema(value_type = Option<LanguageName>)]
    language: Option<Language>,
}

/// Changes one's name and language.
#[utoipa::path(patch, path = "/api/v1/me", tag = "accounts", request_body = Profile,
    responses((status = 200, body = UserView)))]
async fn change_me(
    State(app): State<App>,
    caller: Caller,
    Sent { body, repeat }: Sent<Profile>,
) -> Result<Response, Problem> {
    let user = caller.user()?.clone();
    let new_name = match body.name {
        Some(text) => name(&text)?,
        None => user.name,
    };
    let language = body.language.unwrap_or(user.language);
    app.change(&caller, repeat, move |tx| {
        accounts::set_profile(tx, &user.id, &new_name, language)?;
        let user = accounts::find(tx, &user.id)?.ok_or_else(|| Problem::not_found("user"))?;
        let noted = Noted::new("user.profile_changed", format!("user:{}", user.id));
        Done::ok(&UserView::from(user), noted)
    })
    .await
}

/// A change of the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// The present one.
    current: String,
    /// The new one: at least 12 characters.
    new: String,
}

/// Changes one's password. All sessions end, and a new one begins here.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "accounts", request_body = NewPassword,
    responses((status = 200, body = UserView)))]
async fn change_password(
    State(app): State<App>,
    caller: Caller,
    sender: Sender,
    headers: HeaderMap,
    Sent { body, .. }: Sent<NewPassword>,
) -> Result<Response, Problem> {
    let email = caller.user()?.email.clone();
    let email = EmailAddress::parse(&email).map_err(|_| Problem::internal())?;
    Passwords::check(&body.new, email.as_str())?;
    let user = check(&app, &email, body.current, &sender.network()).await?;
    let hash = app.passwords.hash(body.new, app.random()).await?;
    let (id, actor, now) = (user.id.clone(), caller.actor(), app.now());
    app.write(move |tx| {
        accounts::set_password(tx, &id, &hash)?;
        Noted::new("user.password_changed", actor.clone()).write(tx, &actor, now)
    })
    .await?;
    app.tell_shut_out();
    begin_session(&app, user, &headers, StatusCode::OK).await
}

/// A session of one's own.
#[derive(Serialize, ToSchema)]
struct SessionView {
    /// What it is named by.
    id: String,
    /// Whether it is the one that asks.
    is_this: bool,
    /// When it began.
    created_at: Instant,
    /// When it was last used, to the minute.
    last_seen_at: Instant,
    /// When it ends unless it is used.
    expires_at: Instant,
    /// The browser, as it calls itself.
    user_agent: String,
}

/// One's sessions.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "accounts",
    responses((status = 200, body = Vec<SessionView>)))]
async fn my_sessions(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Vec<SessionView>>, Problem> {
    let (mine, id) = (caller.session()?.id.clone(), caller.user()?.id.clone());
    let now = app.now();
    let found = app.read(move |tx| Ok(sessions::list(tx, &id, now)?)).await?;
    let view = |session: Session| SessionView {
        is_this: session.id == mine,
        id: session.id,
        created_at: session.created_at.into(),
        last_seen_at: session.last_seen_at.into(),
        expires_at: session.expires_at.into(),
        user_agent: session.user_agent,
    };
    Ok(Json(found.into_iter().map(view).collect()))
}

/// Ends all of one's sessions but this one.
#[utoipa::path(delete, path = "/api/v1/me/sessions", tag = "accounts", responses((status = 204)))]
async fn end_other_sessions(
    State(app): State<App>,
    caller: Caller,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let (mine, id) = (caller.session()?.id.clone(), caller.user()?.id.clone());
    let response = app
        .change(&caller, repeat, move |tx| {
            sessions::end_all(tx, &id, Some(&mine))?;
            Ok(Done::nothing(Noted::new("user.sessions_ended", format!("user:{id}"))))
        })
        .await;
    app.tell_shut_out();
    response
}

/// Ends one of one's sessions.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "accounts",
    params(("id" = String, Path)), responses((status = 204)))]
async fn end_session(
    State(app): State<App>,
    caller: Caller,
    Named(session): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let id = caller.user()?.id.clone();
    let response = app
        .change(&caller, repeat, move |tx| {
            if !sessions::end_one(tx, &id, &session)? {
                return Err(Problem::not_found("session"));
            }
            Ok(Done::nothing(Noted::new("user.session_ended", format!("session:{session}"))))
        })
        .await;
    app.tell_shut_out();
    response
}

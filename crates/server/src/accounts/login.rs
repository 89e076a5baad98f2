//! Coming in and going out.

use axum::Json;
use axum::extract::State;
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use leads::{EmailAddress, Timestamp};
use serde::Deserialize;
use serde_json::json;
use store::accounts::attempts::{self, Admission, Subject};
use store::accounts::sessions::{self, Lifetime};
use store::accounts::{self, User};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::UserView;
use crate::access::{Caller, ended_cookie, session_cookie, session_token};
use crate::app::{App, Noted};
use crate::problem::Problem;
use crate::request::{Sender, Sent};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(log_in)).routes(routes!(log_out))
}

/// Who wants to come in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    /// The address.
    email: String,
    /// The password.
    password: String,
}

/// Begins a session. What is answered, and how long that takes, does not tell whether there is such a
/// user.
#[utoipa::path(post, path = "/api/v1/login", tag = "accounts", request_body = Login,
    responses((status = 200, body = UserView)))]
async fn log_in(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
    Sent { body, .. }: Sent<Login>,
) -> Result<Response, Problem> {
    // Whoever is no address is nobody's; it goes the same way all the same.
    let email = EmailAddress::parse(&body.email);
    let email = email.or_else(|_| EmailAddress::parse("nobody@nobody.invalid"));
    let email = email.map_err(|_| Problem::internal())?;
    let user = check(&app, &email, body.password, &sender.network()).await?;
    begin_session(&app, user, &headers, StatusCode::OK).await
}

/// Checks a password within the limits of attempts.
pub(super) async fn check(
    app: &App,
    email: &EmailAddress,
    password: String,
    network: &str,
) -> Result<User, Problem> {
    let (account, network) = (Subject::account(email), Subject::network(network));
    let now = app.now();
    let wanted = email.clone();
    let (admission, failed) = app
        .write(move |tx| {
            let admission = attempts::admit(tx, &[account, network], now)?;
            let of_account = attempts::failed(tx, &account)?;
            Ok((admission, Failed { of_account, of_network: attempts::failed(tx, &network)? }))
        })
        .await?;
    if let Admission::Wait(until) = admission {
        if app.tells.take("log-in turned away", now).is_ok() {
            tracing::warn!("log-ins are turned away: too many before them have failed");
        }
        return Err(wait_until(until, now));
    }
    let found = app.read(move |tx| Ok(accounts::find_for_login(tx, &wanted)?)).await?;
    let found = found.filter(|(user, _)| user.is_enabled());
    let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
    let known = user.as_ref().map(|user| user.id.clone());
    let right = app.passwords.verify(password, hash).await?;
    let Some(user) = user.filter(|_| right) else {
        note_failed(app, known, failed, (account, network));
        let detail = "the address or the password is wrong";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong_password", detail));
    };
    app.write(move |tx| Ok(attempts::succeeded(tx, &account, &network)?)).await?;
    Ok(user)
}

/// Attempts that have failed.
#[derive(Clone, Copy)]
struct Failed {
    of_account: i64,
    of_network: i64,
}

/// Notes that a log-in failed, in the log and in the trail, without a word of who tried: an address that nobody
/// here has is somebody's all the same. The trail has the first failure of a user, the one from which on
/// attempts have to wait, and each doubling since; of networks the last two. It is written beside the
/// answer, which must not take longer where there is such a user.
fn note_failed(
    app: &App,
    user: Option<String>,
    failed: Failed,
    (account, network): (Subject, Subject),
) {
    let now = app.now();
    let Failed { of_account, of_network } = failed;
    if app.tells.take("log-in failed", now).is_ok() {
        if let Some(user) = &user {
            tracing::info!(user, failed = of_account, "a log-in failed");
        } else {
            tracing::info!(failed_of_network = of_network, "a log-in failed: no such user");
        }
    }
    let mut entries = Vec::new();
    if let Some(user) = user {
        let is_locked = account.is_notable(of_account);
        if is_locked {
            tracing::warn!(
                user,
                failed = of_account,
                "the log-in of a user has to wait after failures"
            );
        }
        if is_locked || of_account == 1 {
            let action = if is_locked { "user.log_in_closed" } else { "user.log_in_failed" };
            let noted = Noted::new(action, format!("user:{user}"));
            entries.push(noted.after(json!({"failed": of_account})));
        }
    }
    // A flood from everywhere has as many networks as it likes.
    if network.is_notable(of_network) && app.tells_network.take("", now).is_ok() {
        tracing::warn!(failed = of_network, "log-ins of a network have to wait after failures");
        let noted = Noted::new("network.log_in_closed", "network");
        entries.push(noted.after(json!({"failed": of_network})));
    }
    if !entries.is_empty() {
        drop(
            app.live.store().submit(move |tx| {
                entries.iter().try_for_each(|entry| entry.write(tx, "nobody", now))
            }),
        );
    }
}

pub(super) fn wait_until(until: Timestamp, now: Timestamp) -> Problem {
    let seconds = (until.as_millis() - now.as_millis()).max(0).unsigned_abs().div_ceil(1000);
    let detail = format!("too many attempts failed: try again in {seconds} s");
    Problem::too_many("too_many_attempts", detail, seconds)
}

/// Begins a session with a token of its own: one that the browser may have had before means nothing.
pub(super) async fn begin_session(
    app: &App,
    user: User,
    headers: &HeaderMap,
    status: StatusCode,
) -> Result<Response, Problem> {
    let (token, now) = (app.token(), app.now());
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (agent, stored) = (agent.to_owned(), token.clone());
    let session = app
        .write(move |tx| {
            let lifetime = Lifetime::DEFAULT;
            let session = sessions::start(tx, &stored, &user.id, &agent, lifetime, now)?;
            let actor = format!("user:{}", user.id);
            Noted::new("user.logged_in", actor.clone()).write(tx, &actor, now)?;
            Ok(session)
        })
        .await?;
    let mut response = (status, Json(UserView::from(session.user))).into_response();
    response.headers_mut().insert(SET_COOKIE, session_cookie(&app.config, &token));
    Ok(response)
}

/// Ends the session.
#[utoipa::path(post, path = "/api/v1/logout", tag = "accounts", responses((status = 204)))]
async fn log_out(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (actor, now) = (caller.actor(), app.now());
    if let Some(token) = session_token(&headers, &app.config) {
        let token = token.to_owned();
        app.write(move |tx| {
            if sessions::end(tx, &token)? {
                Noted::new("user.logged_out", actor.clone()).write(tx, &actor, now)?;
            }
            Ok(())
        })
        .await?;
    }
    app.tell_shut_out();
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(SET_COOKIE, ended_cookie(&app.config));
    Ok(response)
}

//! The first start.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use leads::Timestamp;
use serde::{Deserialize, Serialize};
use store::Store;
use store::accounts::attempts::{self, Admission, Subject};
use store::accounts::setup::{self, SetupError};
use store::accounts::{self, Language, NewUser, Role};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::login::{begin_session, wait_until};
use super::{LanguageName, UserView, address, name};
use crate::app::{App, Noted};
use crate::config::Config;
use crate::passwords::Passwords;
use crate::problem::Problem;
use crate::request::{Sender, Sent};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(setup_state, set_up))
}

/// The address that makes the first user, an owner, once, within half an hour; nothing where there is
/// a user already. The token stands behind `#`, where no server and no log sees it.
pub(crate) fn setup_link(
    store: &Store,
    config: &Config,
    token: &store::Token,
    now: Timestamp,
) -> Result<Option<String>, store::DbError> {
    let (offered, shown) = (token.clone(), token.as_str());
    let until = store.write(move |tx| setup::offer(tx, &offered, now))?;
    Ok(until.map(|_| format!("{}/setup#token={shown}", config.public_url)))
}

/// Whether the set-up is done.
#[derive(Serialize, ToSchema)]
struct SetupState {
    /// Whether there is a user.
    is_done: bool,
}

/// Whether the set-up is still to be done.
#[utoipa::path(get, path = "/api/v1/setup", tag = "accounts",
    responses((status = 200, body = SetupState)))]
async fn setup_state(State(app): State<App>) -> Result<Json<SetupState>, Problem> {
    let users = app.read(|tx| Ok(accounts::count(tx)?)).await?;
    Ok(Json(SetupState { is_done: users > 0 }))
}

/// The first user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FirstUser {
    /// What stands behind `#token=` in the link that was printed at the start.
    token: String,
    /// The address to log in with.
    email: String,
    /// What the user is called.
    name: String,
    /// At least 12 characters.
    password: String,
    /// The language of the user's pages.
    #[schema(value_type = Option<LanguageName>)]
    language: Option<Language>,
}

/// Makes the first user, an owner, who is logged in then.
#[utoipa::path(post, path = "/api/v1/setup", tag = "accounts", request_body = FirstUser,
    responses((status = 201, body = UserView)))]
async fn set_up(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
    Sent { body, .. }: Sent<FirstUser>,
) -> Result<Response, Problem> {
    let email = address(&body.email)?;
    let name = name(&body.name)?;
    Passwords::check(&body.password, email.as_str())?;
    // Before the password: hashing takes a core and a place that others wait for.
    check(&app, &body.token, sender).await?;
    let hash = app.passwords.hash(body.password, app.random()).await?;
    let (id, now) = (app.fresh_id(), app.now());
    let language = body.language.unwrap_or(Language::English);
    let user = app
        .write(move |tx| {
            let user = NewUser {
                id: &id,
                email: &email,
                name: &name,
                password_hash: Some(&hash),
                role: Role::Owner,
                language,
            };
            let user = setup::accept(tx, &body.token, &user, now)?;
            let actor = format!("user:{}", user.id);
            Noted::new("setup.done", actor.clone()).write(tx, &actor, now)?;
            Ok(user)
        })
        .await?;
    begin_session(&app, user, &headers, StatusCode::CREATED).await
}

/// Whether a token lets its holder set up. Wrong ones are counted as log-ins that failed.
async fn check(app: &App, token: &str, sender: Sender) -> Result<(), Problem> {
    let (token, now) = (token.to_owned(), app.now());
    let shown = token.clone();
    match app.read(move |tx| Ok(setup::check(tx, &shown, now))).await? {
        // There is nothing to guess any more.
        Err(SetupError::Done) => return Err(SetupError::Done.into()),
        Err(SetupError::Db(error)) => return Err(error.into()),
        Ok(()) | Err(SetupError::Token) => {}
    }
    let network = Subject::network(&sender.network());
    let checked = app
        .write(move |tx| {
            if let Admission::Wait(until) = attempts::admit(tx, &[network], now)? {
                return Ok(Err(wait_until(until, now)));
            }
            let checked = setup::check(tx, &token, now);
            if checked.is_ok() {
                attempts::forgive(tx, &network)?;
            }
            Ok(checked.map_err(Problem::from))
        })
        .await?;
    if checked.is_err() && app.tells.take("set-up refused", now).is_ok() {
        tracing::warn!("somebody tried to set up without the link that was printed last");
    }
    checked
}

//! Letting others in.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::accounts::invitations::{self, Invitation, NewInvitation};
use store::accounts::{Language, Role};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::login::begin_session;
use super::users::scopes_of;
use super::{LanguageName, RoleName, UserView, address, name};
use crate::access::Caller;
use crate::app::{App, Done, Noted};
use crate::instant::Instant;
use crate::passwords::Passwords;
use crate::problem::Problem;
use crate::request::{Named, Repeatable, Sent};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_invitations, invite))
        .routes(routes!(withdraw_invitation))
        .routes(routes!(accept_invitation))
}

/// An invitation that nobody has used yet.
#[derive(Serialize, ToSchema)]
struct InvitationView {
    /// The id.
    id: String,
    /// Who is invited.
    email: String,
    /// What the new user may do.
    #[schema(value_type = RoleName)]
    role: Role,
    /// The language of the new user's pages.
    #[schema(value_type = LanguageName)]
    language: Language,
    /// Who invites.
    invited_by: String,
    /// Since when.
    created_at: Instant,
    /// Until when.
    expires_at: Instant,
    /// What to send to the invited; shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            language: invitation.language,
            invited_by: invitation.invited_by,
            created_at: invitation.created_at.into(),
            expires_at: invitation.expires_at.into(),
            link: None,
        }
    }
}

/// The invitations that can be used.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "accounts",
    responses((status = 200, body = Vec<InvitationView>)))]
async fn list_invitations(State(app): State<App>) -> Result<Json<Vec<InvitationView>>, Problem> {
    let now = app.now();
    let found = app.read(move |tx| Ok(invitations::list(tx, now)?)).await?;
    Ok(Json(found.into_iter().map(InvitationView::from).collect()))
}

/// Who is to be let in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Invited {
    /// The address of the new account.
    email: String,
    /// What the new user may do.
    #[schema(value_type = RoleName)]
    role: Role,
    /// The language of the new user's pages.
    #[schema(value_type = Option<LanguageName>)]
    language: Option<Language>,
}

/// Invites somebody. The link in the answer makes the account, once, within a week.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "accounts", request_body = Invited,
    responses((status = 201, body = InvitationView)))]
async fn invite(
    State(app): State<App>,
    caller: Caller,
    Sent { body, repeat }: Sent<Invited>,
) -> Result<Response, Problem> {
    caller.may_give(scopes_of(body.role))?;
    let email = address(&body.email)?;
    let (id, token, now, by) = (app.fresh_id(), app.token(), app.now(), caller.actor());
    let link = format!("{}/invitation#token={}", app.config.public_url, token.as_str());
    app.change(&caller, repeat, move |tx| {
        let new = NewInvitation {
            id: &id,
            email: &email,
            role: body.role,
            language: body.language.unwrap_or(Language::English),
            invited_by: &by,
        };
        let invitation = invitations::create(tx, &new, &token, now)?;
        let noted = Noted::new("user.invited", format!("invitation:{id}"));
        let noted = noted.after(json!({"role": body.role}));
        let view = InvitationView { link: Some(link), ..invitation.into() };
        Ok(Done::created(&view, noted)?.not_kept())
    })
    .await
}

/// Withdraws an invitation.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "accounts",
    params(("id" = String, Path)), responses((status = 204)))]
async fn withdraw_invitation(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    app.change(&caller, repeat, move |tx| {
        if !invitations::withdraw(tx, &id)? {
            return Err(Problem::not_found("invitation"));
        }
        Ok(Done::nothing(Noted::new("user.invitation_withdrawn", format!("invitation:{id}"))))
    })
    .await
}

/// A new account by an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    /// What stands behind `#token=` in the link.
    token: String,
    /// What the user is called.
    name: String,
    /// At least 12 characters.
    password: String,
    /// The language of the user's pages.
    #[schema(value_type = Option<LanguageName>)]
    language: Option<Language>,
}

/// Makes the account that an invitation promises, and logs its user in.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "accounts",
    request_body = Acceptance, responses((status = 201, body = UserView)))]
async fn accept_invitation(
    State(app): State<App>,
    headers: HeaderMap,
    Sent { body, .. }: Sent<Acceptance>,
) -> Result<Response, Problem> {
    let (token, now) = (body.token, app.now());
    let shown = token.clone();
    let found = app.read(move |tx| Ok(invitations::find(tx, &shown, now)?)).await?;
    let invitation = found.ok_or(invitations::InvitationError::Token)?;
    let name = name(&body.name)?;
    Passwords::check(&body.password, &invitation.email)?;
    let hash = app.passwords.hash(body.password, app.random()).await?;
    let id = app.fresh_id();
    let language = body.language.unwrap_or(invitation.language);
    let user = app
        .write(move |tx| {
            let user = invitations::accept(tx, &token, &id, &name, &hash, language, now)?;
            let actor = format!("user:{}", user.id);
            let noted = Noted::new("user.joined", actor.clone());
            noted.after(json!({"role": user.role})).write(tx, &actor, now)?;
            Ok(user)
        })
        .await?;
    begin_session(&app, user, &headers, StatusCode::CREATED).await
}

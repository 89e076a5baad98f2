//! Users: the first start, logging in, one's own account, everybody's accounts.

mod invitations;
mod login;
mod me;
mod resets;
mod setup;
mod users;

use leads::{EmailAddress, Timestamp};
use serde::Serialize;
use store::accounts::{Language, Role, User};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::instant::Instant;
use crate::problem::{Fault, Problem};

pub(crate) use setup::setup_link;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(setup::router())
        .merge(login::router())
        .merge(me::router())
        .merge(users::router())
        .merge(invitations::router())
        .merge(resets::router())
}

/// A user.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    /// The id.
    id: String,
    /// The address to log in with.
    email: String,
    /// What the user is called.
    name: String,
    /// What the user may do.
    #[schema(value_type = RoleName)]
    role: Role,
    /// The language of the user's pages.
    #[schema(value_type = LanguageName)]
    language: Language,
    /// Since when the user may not log in.
    disabled_at: Option<Instant>,
    /// Since when there is this user.
    created_at: Instant,
    /// When the user last logged in.
    last_login_at: Option<Instant>,
}

/// What a user may do.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes the words of store::accounts::Role")]
pub(crate) enum RoleName {
    Owner,
    Marketer,
    Sales,
    Analyst,
    ReadOnly,
}

/// A language of the pages.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes the words of store::accounts::Language")]
pub(crate) enum LanguageName {
    En,
    Es,
    Ro,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let instant = |at: Option<Timestamp>| at.map(Instant);
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role,
            language: user.language,
            disabled_at: instant(user.disabled_at),
            created_at: user.created_at.into(),
            last_login_at: instant(user.last_login_at),
        }
    }
}

fn address(text: &str) -> Result<EmailAddress, Problem> {
    EmailAddress::parse(text).map_err(|error| {
        let detail = format!("the address {error}");
        Problem::invalid("bad_email", detail.clone()).with_errors(vec![Fault::new("/email", detail)])
    })
}

/// A name that lists can show: one line, not empty, of 200 characters at most.
pub(crate) fn name(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        let detail = "a name has 1 to 200 characters in one line";
        return Err(Problem::invalid("bad_name", detail)
            .with_errors(vec![Fault::new("/name", detail)]));
    }
    Ok(text.to_owned())
}

//! Who calls.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use leads::Timestamp;
use store::accounts::User;
use store::accounts::sessions::Session;
use store::keys::{ApiKey, Scope};

use crate::problem::Problem;

/// Who calls the API.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// A user whose browser showed the cookie of a session.
    User { session: Box<Session> },
    /// A program that showed a key.
    Key(Box<ApiKey>),
}

impl Caller {
    /// As the audit trail and facts name it.
    pub(crate) fn actor(&self) -> String {
        match self {
            Self::User { session } => format!("user:{}", session.user.id),
            Self::Key(key) => format!("key:{}", key.id),
        }
    }

    /// When the session or the key ends by itself.
    pub(crate) fn ends_at(&self) -> Option<Timestamp> {
        match self {
            Self::User { session } => Some(session.expires_at),
            Self::Key(key) => key.expires_at,
        }
    }

    /// Whether it may do this.
    pub(crate) fn allows(&self, scope: Scope) -> bool {
        match self {
            Self::User { session } => session.user.role.allows(scope),
            Self::Key(key) => key.allows(scope),
        }
    }

    /// Refuses to give others what the caller itself does not have.
    pub(crate) fn may_give(&self, scopes: impl IntoIterator<Item = Scope>) -> Result<(), Problem> {
        for scope in scopes {
            if !self.allows(scope) {
                return Err(Problem::forbidden(format!(
                    "you cannot give the right {scope}, which you do not have"
                )));
            }
        }
        Ok(())
    }

    /// The user, where it is one.
    pub(crate) fn user(&self) -> Result<&User, Problem> {
        self.session().map(|session| &session.user)
    }

    /// The session, where it is a user's.
    pub(crate) fn session(&self) -> Result<&Session, Problem> {
        match self {
            Self::User { session } => Ok(session),
            Self::Key(_) => Err(Problem::forbidden("this is for users who have logged in")),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::unknown_caller)
    }
}

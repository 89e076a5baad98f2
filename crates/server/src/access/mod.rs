//! Who may do what. The one table of all routes of the API is here; a route that is not in it is
//! refused to everybody.

mod caller;
mod guard;
mod sessions;
mod table;

use store::keys::Scope;

pub(crate) use caller::Caller;
pub(crate) use guard::{caller, guard};
pub(crate) use sessions::{ended_cookie, session_cookie, session_token};
#[cfg(test)]
pub(crate) use table::ROUTES;
pub(crate) use table::route;

/// Whom a route is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    /// Anybody: it is for those who are not in yet.
    Anyone,
    /// Anybody whom we know, user or key.
    Known,
    /// A user who has logged in, about the user's own account. Keys have none.
    User,
    /// Whoever may do this: users by their roles, keys by their scopes.
    Scope(Scope),
}

impl Access {
    /// Whether a caller may.
    pub(crate) fn admits(self, caller: Option<&Caller>) -> bool {
        match (self, caller) {
            (Self::Anyone, _) | (Self::Known, Some(_)) | (Self::User, Some(Caller::User { .. })) => {
                true
            }
            (Self::Scope(scope), Some(caller)) => caller.allows(scope),
            _ => false,
        }
    }
}

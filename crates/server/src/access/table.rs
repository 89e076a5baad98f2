//! The table: method, path, whom it is for.

use store::keys::Scope;

use super::Access;

/// A route of the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
}

const fn of(method: &'static str, path: &'static str, access: Access) -> Route {
    Route { method, path, access }
}

const ANYONE: Access = Access::Anyone;
const KNOWN: Access = Access::Known;
const USER: Access = Access::User;
const FACTS: Access = Access::Scope(Scope::WriteFacts);
const READ: Access = Access::Scope(Scope::ReadLeads);
const WRITE: Access = Access::Scope(Scope::WriteLeads);
const ERASE: Access = Access::Scope(Scope::EraseLeads);
const EXPORT: Access = Access::Scope(Scope::Export);
const IMPORT: Access = Access::Scope(Scope::Import);
const MODELS: Access = Access::Scope(Scope::ReadModels);
const CHANGE_MODELS: Access = Access::Scope(Scope::WriteModels);
const WEBHOOKS: Access = Access::Scope(Scope::Webhooks);
const KEYS: Access = Access::Scope(Scope::Keys);
const ACCOUNTS: Access = Access::Scope(Scope::Accounts);
const SETTINGS: Access = Access::Scope(Scope::Settings);
const AUDIT: Access = Access::Scope(Scope::ReadAudit);
const STATUS: Access = Access::Scope(Scope::ReadStatus);

/// All routes of the API.
pub(crate) const ROUTES: &[Route] = &[
    of("GET", "/api/v1/setup", ANYONE),
    of("POST", "/api/v1/setup", ANYONE),
    of("POST", "/api/v1/login", ANYONE),
    of("POST", "/api/v1/invitations/accept", ANYONE),
    of("POST", "/api/v1/reset", ANYONE),
    of("POST", "/api/v1/logout", USER),
    of("GET", "/api/v1/me", KNOWN),
    of("PATCH", "/api/v1/me", USER),
    of("PUT", "/api/v1/me/password", USER),
    of("GET", "/api/v1/me/sessions", USER),
    of("DELETE", "/api/v1/me/sessions", USER),
    of("DELETE", "/api/v1/me/sessions/{id}", USER),
    of("GET", "/api/v1/users", ACCOUNTS),
    of("GET", "/api/v1/users/{id}", ACCOUNTS),
    of("PATCH", "/api/v1/users/{id}", ACCOUNTS),
    of("DELETE", "/api/v1/users/{id}", ACCOUNTS),
    of("POST", "/api/v1/users/{id}/reset", ACCOUNTS),
    of("GET", "/api/v1/invitations", ACCOUNTS),
    of("POST", "/api/v1/invitations", ACCOUNTS),
    of("DELETE", "/api/v1/invitations/{id}", ACCOUNTS),
    of("GET", "/api/v1/keys", KEYS),
    of("POST", "/api/v1/keys", KEYS),
    of("DELETE", "/api/v1/keys/{id}", KEYS),
    of("GET", "/api/v1/write-keys", KEYS),
    of("POST", "/api/v1/write-keys", KEYS),
    of("GET", "/api/v1/write-keys/{id}", KEYS),
    of("PUT", "/api/v1/write-keys/{id}", KEYS),
    of("DELETE", "/api/v1/write-keys/{id}", KEYS),
    of("POST", "/api/v1/write-keys/{id}/rotate", KEYS),
    of("GET", "/api/v1/write-keys/{id}/usage", KEYS),
    of("GET", "/api/v1/leads", READ),
    of("POST", "/api/v1/leads", WRITE),
    of("GET", "/api/v1/leads/counts", READ),
    of("GET", "/api/v1/leads/{id}", READ),
    of("PATCH", "/api/v1/leads/{id}", WRITE),
    of("GET", "/api/v1/leads/{id}/explain", READ),
    of("GET", "/api/v1/leads/{id}/history", READ),
    of("GET", "/api/v1/leads/{id}/transitions", READ),
    of("GET", "/api/v1/leads/{id}/events", READ),
    of("GET", "/api/v1/leads/{id}/deals", READ),
    of("GET", "/api/v1/leads/{id}/merges", READ),
    of("POST", "/api/v1/leads/{id}/merge", WRITE),
    of("POST", "/api/v1/merges/{id}/undo", WRITE),
    of("POST", "/api/v1/leads/{id}/erase", ERASE),
    of("GET", "/api/v1/leads/{id}/export", EXPORT),
    of("GET", "/api/v1/erasures", AUDIT),
    of("GET", "/api/v1/companies", READ),
    of("GET", "/api/v1/companies/{id}", READ),
    of("GET", "/api/v1/transitions", READ),
    of("GET", "/api/v1/transitions/{id}", READ),
    of("GET", "/api/v1/events", READ),
    of("POST", "/api/v1/events", FACTS),
    of("POST", "/api/v1/events/retract", WRITE),
    of("POST", "/api/v1/events/restore", WRITE),
    of("POST", "/api/v1/events/{id}/label", WRITE),
    of("POST", "/api/v1/events/label", WRITE),
    of("POST", "/api/v1/events/labels/{id}/undo", WRITE),
    of("GET", "/api/v1/deals", READ),
    of("POST", "/api/v1/deals", FACTS),
    of("GET", "/api/v1/models", MODELS),
    of("POST", "/api/v1/models", CHANGE_MODELS),
    of("POST", "/api/v1/models/check", MODELS),
    of("GET", "/api/v1/models/{name}/versions", MODELS),
    of("GET", "/api/v1/models/{name}/versions/{version}", MODELS),
    of("GET", "/api/v1/models/{name}/versions/{version}/diff", MODELS),
    of("POST", "/api/v1/models/{name}/activate", CHANGE_MODELS),
    of("POST", "/api/v1/models/{name}/rollback", CHANGE_MODELS),
    of("POST", "/api/v1/models/{name}/shadow", CHANGE_MODELS),
    of("POST", "/api/v1/models/{name}/retire", CHANGE_MODELS),
    of("POST", "/api/v1/models/{name}/primary", CHANGE_MODELS),
    of("POST", "/api/v1/models/{name}/what-if", MODELS),
    of("POST", "/api/v1/models/backtest", MODELS),
    of("GET", "/api/v1/vocabulary", MODELS),
    of("GET", "/api/v1/segments", READ),
    of("POST", "/api/v1/segments", CHANGE_MODELS),
    of("POST", "/api/v1/segments/count", READ),
    of("GET", "/api/v1/segments/{id}", READ),
    of("PUT", "/api/v1/segments/{id}", CHANGE_MODELS),
    of("DELETE", "/api/v1/segments/{id}", CHANGE_MODELS),
    of("GET", "/api/v1/segments/{id}/members", READ),
    of("GET", "/api/v1/imports", IMPORT),
    of("POST", "/api/v1/imports", IMPORT),
    of("GET", "/api/v1/imports/{id}", IMPORT),
    of("DELETE", "/api/v1/imports/{id}", IMPORT),
    of("GET", "/api/v1/imports/{id}/preview", IMPORT),
    of("PUT", "/api/v1/imports/{id}/mapping", IMPORT),
    of("POST", "/api/v1/imports/{id}/start", IMPORT),
    of("POST", "/api/v1/imports/{id}/pause", IMPORT),
    of("POST", "/api/v1/imports/{id}/resume", IMPORT),
    of("POST", "/api/v1/imports/{id}/undo", IMPORT),
    of("GET", "/api/v1/imports/{id}/rejects", IMPORT),
    of("GET", "/api/v1/exports/leads", EXPORT),
    of("GET", "/api/v1/exports/companies", EXPORT),
    of("GET", "/api/v1/exports/deals", EXPORT),
    of("GET", "/api/v1/exports/events", EXPORT),
    of("GET", "/api/v1/exports/transitions", EXPORT),
    of("GET", "/api/v1/webhooks", WEBHOOKS),
    of("POST", "/api/v1/webhooks", WEBHOOKS),
    of("GET", "/api/v1/webhooks/{id}", WEBHOOKS),
    of("PUT", "/api/v1/webhooks/{id}", WEBHOOKS),
    of("DELETE", "/api/v1/webhooks/{id}", WEBHOOKS),
    of("POST", "/api/v1/webhooks/{id}/enable", WEBHOOKS),
    of("POST", "/api/v1/webhooks/{id}/disable", WEBHOOKS),
    of("POST", "/api/v1/webhooks/{id}/rotate", WEBHOOKS),
    of("POST", "/api/v1/webhooks/{id}/test", WEBHOOKS),
    of("GET", "/api/v1/webhooks/{id}/deliveries", WEBHOOKS),
    of("GET", "/api/v1/webhooks/{id}/deliveries/{message}", WEBHOOKS),
    of("POST", "/api/v1/webhooks/{id}/replay", WEBHOOKS),
    of("GET", "/api/v1/forms", SETTINGS),
    of("POST", "/api/v1/forms/suggest", SETTINGS),
    of("GET", "/api/v1/forms/{name}", SETTINGS),
    of("PUT", "/api/v1/forms/{name}", SETTINGS),
    of("DELETE", "/api/v1/forms/{name}", SETTINGS),
    of("GET", "/api/v1/settings", SETTINGS),
    // `general` is for all; the others ask for more.
    of("GET", "/api/v1/settings/{name}", KNOWN),
    of("PUT", "/api/v1/settings/{name}", SETTINGS),
    of("GET", "/api/v1/settings/retention/preview", SETTINGS),
    of("GET", "/api/v1/audit", AUDIT),
    of("GET", "/api/v1/audit/verify", AUDIT),
    of("GET", "/api/v1/status", STATUS),
    of("GET", "/api/v1/stream", READ),
];

/// The route of a method and a path with its `{names}`.
pub(crate) fn route(method: &str, path: &str) -> Option<&'static Route> {
    // A head is asked for by those who may ask for the whole.
    let method = if method == "HEAD" { "GET" } else { method };
    ROUTES.iter().find(|route| route.path == path && route.method == method)
}

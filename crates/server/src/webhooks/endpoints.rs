//! Endpoints.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use deliver::Secret;
use live::messages::EventType;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Any, json};
use store::webhooks::{self, Endpoint, EndpointCounts, NewEndpoint, SigningSecret};
use store::{DbError, Tx};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::app::{App, Done, Noted};
use crate::instant::Instant;
use crate::problem::{Fault, Problem};
use crate::request::{
    Named, Repeatable, Sent, content_tag, if_match, kept_until, tagged, unless_changed,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_webhooks, make_webhook))
        .routes(routes!(show_webhook, change_webhook, remove_webhook))
        .routes(routes!(enable_webhook))
        .routes(routes!(disable_webhook))
        .routes(routes!(rotate_webhook))
}

/// Endpoints that there can be.
const ENDPOINTS_MAX: usize = 50;

/// Somebody who wants to hear of what happens.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookView {
    /// Its id.
    id: String,
    /// Where messages go.
    url: String,
    /// What it is for.
    description: String,
    /// What it hears of; none: everything.
    event_types: Vec<String>,
    /// Whether messages are sent.
    is_enabled: bool,
    /// Why nothing is sent.
    disabled_reason: Option<String>,
    /// Since when every attempt has failed.
    failing_since: Option<Instant>,
    /// Deliveries that wait.
    waiting: i64,
    /// Deliveries that arrived, of the messages that are kept.
    delivered: i64,
    /// Deliveries that were given up, of the messages that are kept.
    given_up: i64,
    /// Since when the one that waits longest has been due.
    oldest_due: Option<Instant>,
    /// Who made it.
    created_by: String,
    /// Since when.
    created_at: Instant,
    /// What messages are signed with; shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl WebhookView {
    /// Of what can be changed: how deliveries go changes by itself.
    fn tag(&self) -> i64 {
        content_tag(&(&self.url, &self.description, &self.event_types, &self.disabled_reason))
    }

    fn of(endpoint: Endpoint, counts: &[EndpointCounts]) -> Self {
        let counts = counts.iter().find(|counts| counts.endpoint == endpoint.id).cloned();
        let counts = counts.unwrap_or_default();
        Self {
            is_enabled: endpoint.is_enabled(),
            id: endpoint.id,
            url: endpoint.url,
            description: endpoint.description,
            event_types: endpoint.event_types,
            disabled_reason: endpoint.disabled_reason,
            failing_since: endpoint.failing_since.map(Instant),
            waiting: counts.waiting,
            delivered: counts.delivered,
            given_up: counts.given_up,
            oldest_due: counts.oldest_due.map(Instant),
            created_by: endpoint.created_by,
            created_at: endpoint.created_at.into(),
            secret: None,
        }
    }
}

/// All endpoints, the oldest first.
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "webhooks",
    responses((status = 200, body = Vec<WebhookView>)))]
async fn list_webhooks(State(app): State<App>) -> Result<Json<Vec<WebhookView>>, Problem> {
    app.read(|tx| {
        let counts = webhooks::counts(tx)?;
        let views = webhooks::list(tx)?.into_iter().map(|one| WebhookView::of(one, &counts));
        Ok(Json(views.collect()))
    })
    .await
}

/// An endpoint.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, body = WebhookView)))]
async fn show_webhook(
    State(app): State<App>,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    let view = app.read(move |tx| view(tx, &id)).await?;
    Ok(tagged(view.tag(), Json(view)))
}

/// Where messages are to go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookWish {
    /// An http or https address. Addresses in closed networks are refused unless the configuration
    /// allows them.
    url: String,
    /// What it is for.
    #[serde(default)]
    description: String,
    /// What it hears of: names such as `lead.stage_entered`, or `lead.*`. None: everything.
    #[serde(default)]
    event_types: Vec<String>,
}

impl WebhookWish {
    fn check(&self, app: &App) -> Result<(), Problem> {
        let fault = |pointer: &str, detail: String| {
            Problem::invalid("bad_webhook", detail.clone())
                .with_errors(vec![Fault::new(pointer, detail)])
        };
        app.sender
            .guard()
            .target(&self.url)
            .map_err(|refusal| fault("/url", refusal.to_string()))?;
        let is_line = !self.description.chars().any(char::is_control);
        if self.description.chars().count() > 200 || !is_line {
            let detail = "a description has 200 characters at most, in one line".to_owned();
            return Err(fault("/description", detail));
        }
        let is_known = |name: &String| match name.strip_suffix('*') {
            Some(start) => EventType::ALL.iter().any(|kind| kind.name().starts_with(start)),
            None => EventType::by_name(name).is_some(),
        };
        match self.event_types.iter().position(|name| !is_known(name)) {
            Some(index) => {
                let names: Vec<&str> = EventType::ALL.iter().map(|kind| kind.name()).collect();
                let detail = format!("there is no such event: write some of {}", names.join(", "));
                Err(fault(&format!("/event_types/{index}"), detail))
            }
            None => Ok(()),
        }
    }

    fn as_noted(&self) -> Any {
        // The address may hold a secret of its receiver: only its host is noted.
        let host = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let host = host.split(['/', '?', '#']).next().unwrap_or_default();
        json!({"host": host, "event_types": self.event_types})
    }
}

/// Makes an endpoint. The secret that its messages are signed with is in this answer, and nowhere
/// else.
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "webhooks", request_body = WebhookWish,
    responses((status = 201, body = WebhookView)))]
async fn make_webhook(
    State(app): State<App>,
    caller: Caller,
    Sent { body, repeat }: Sent<WebhookWish>,
) -> Result<Response, Problem> {
    body.check(&app)?;
    let secret = new_secret(&app)?;
    let (id, now, by) = (app.fresh_id(), app.now(), caller.actor());
    app.change(&caller, repeat, move |tx| {
        if webhooks::list(tx)?.len() >= ENDPOINTS_MAX {
            let detail = format!("there are {ENDPOINTS_MAX} endpoints already: remove one first");
            return Err(Problem::conflict("too_many_webhooks", detail));
        }
        let new = NewEndpoint {
            id: &id,
            url: &body.url,
            description: &body.description,
            event_types: &body.event_types,
            secret: &secret,
            created_by: &by,
        };
        let endpoint = webhooks::create(tx, &new, now)?;
        let noted = Noted::new("webhook.made", format!("webhook:{id}")).after(body.as_noted());
        let secret = Some(secret.as_str().to_owned());
        let view = WebhookView { secret, ..WebhookView::of(endpoint, &[]) };
        Ok(Done::created(&view, noted)?.not_kept())
    })
    .await
}

/// Changes where an endpoint is and what it hears of. `If-Match` makes sure that nobody else changed it in
/// between.
#[utoipa::path(put, path = "/api/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    request_body = WebhookWish, responses((status = 200, body = WebhookView)))]
async fn change_webhook(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<WebhookWish>,
) -> Result<Response, Problem> {
    body.check(&app)?;
    let expected = if_match(&headers)?;
    app.change(&caller, repeat, move |tx| {
        unless_changed(&expected, view(tx, &id)?.tag(), "webhook")?;
        let (url, description) = (&body.url, &body.description);
        known(webhooks::update(tx, &id, url, description, &body.event_types)?)?;
        let noted = Noted::new("webhook.changed", format!("webhook:{id}")).after(body.as_noted());
        let after = view(tx, &id)?;
        Ok(Done::ok(&after, noted)?.tagged(after.tag()))
    })
    .await
}

/// Removes an endpoint, and everything that was to be sent to it.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove_webhook(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    app.change(&caller, repeat, move |tx| {
        unless_changed(&expected, view(tx, &id)?.tag(), "webhook")?;
        known(webhooks::remove(tx, &id)?)?;
        Ok(Done::nothing(Noted::new("webhook.removed", format!("webhook:{id}"))))
    })
    .await
}

/// Sends to an endpoint again, what waits for it first.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/enable", tag = "webhooks",
    params(("id" = String, Path)), responses((status = 200, body = WebhookView)))]
async fn enable_webhook(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let response = app
        .change(&caller, repeat, move |tx| {
            known(webhooks::enable(tx, &id)?)?;
            Done::ok(&view(tx, &id)?, Noted::new("webhook.enabled", format!("webhook:{id}")))
        })
        .await;
    app.tell_to_do();
    response
}

/// Sends nothing to an endpoint until it is enabled again; what waits goes on to wait.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/disable", tag = "webhooks",
    params(("id" = String, Path)), responses((status = 200, body = WebhookView)))]
async fn disable_webhook(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let now = app.now();
    app.change(&caller, repeat, move |tx| {
        view(tx, &id)?;
        webhooks::disable(tx, &id, "by hand", now)?;
        Done::ok(&view(tx, &id)?, Noted::new("webhook.disabled", format!("webhook:{id}")))
    })
    .await
}

/// How long the present secret signs, too.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SecretRotation {
    /// In hours; 24 where it is not said.
    #[serde(default = "a_day")]
    #[schema(maximum = 8760)]
    keep_hours: u32,
}

fn a_day() -> u32 {
    24
}

/// Changes the secret for another, which is in this answer, and nowhere else. Messages are signed with
/// both for a while. `If-Match` makes sure that nobody else changed the endpoint in between.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/rotate", tag = "webhooks",
    params(("id" = String, Path)), request_body = SecretRotation,
    responses((status = 200, body = WebhookView)))]
async fn rotate_webhook(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<SecretRotation>,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    let secret = new_secret(&app)?;
    let until = kept_until(app.now(), body.keep_hours)?;
    app.change(&caller, repeat, move |tx| {
        unless_changed(&expected, view(tx, &id)?.tag(), "webhook")?;
        known(webhooks::rotate_secret(tx, &id, &secret, until)?)?;
        let noted = Noted::new("webhook.secret_rotated", format!("webhook:{id}"));
        let secret = Some(secret.as_str().to_owned());
        Ok(Done::ok(&WebhookView { secret, ..view(tx, &id)? }, noted)?.not_kept())
    })
    .await
}

fn new_secret(app: &App) -> Result<SigningSecret, Problem> {
    let random: [u8; Secret::NEW_BYTES] = app.random();
    let secret = Secret::from_random(&random).map_err(|_| Problem::internal())?;
    Ok(SigningSecret::new(secret.reveal()))
}

fn view(tx: &mut Tx<'_>, id: &str) -> Result<WebhookView, Problem> {
    let endpoint = webhooks::find(tx, id)?.ok_or_else(|| Problem::not_found("webhook"))?;
    let counts: Result<Vec<EndpointCounts>, DbError> = webhooks::counts(tx);
    Ok(WebhookView::of(endpoint, &counts?))
}

fn known(is_known: bool) -> Result<(), Problem> {
    if is_known { Ok(()) } else { Err(Problem::not_found("webhook")) }
}

//! Deliveries: what was sent, how it went, and sending it again.

use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use deliver::{Message, MessageId, Outcome, Secret, Secrets};
use live::messages::{Event, TestCall};
use serde::{Deserialize, Serialize};
use store::webhooks::{self, Delivery, DeliveryState, LoggedAttempt};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::app::{App, Done, Noted};
use crate::cursor;
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::{Asked, Named, Repeatable, Sent};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(test_webhook))
        .routes(routes!(list_deliveries))
        .routes(routes!(show_delivery))
        .routes(routes!(replay_deliveries))
}

/// How a test went.
#[derive(Debug, Serialize, ToSchema)]
struct TestResult {
    /// Whether the endpoint took it.
    is_delivered: bool,
    /// The status of HTTP; null: no answer.
    status: Option<u16>,
    /// From the beginning to the end, in milliseconds.
    took_ms: u32,
    /// Why it failed.
    failure: Option<String>,
    /// The beginning of what was answered, as text.
    excerpt: String,
}

/// Sends a test message to an endpoint, once and right now. Who repeats the request hears that it was sent
/// (`already_done`), and not how it went.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/test", tag = "webhooks",
    params(("id" = String, Path)), responses((status = 200, body = TestResult)))]
async fn test_webhook(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let (now, of) = (app.now(), id.clone());
    let found = Arc::new(OnceLock::new());
    let finding = Arc::clone(&found);
    // Who sends is noted before anything goes out: nothing is sent that is not in the trail.
    let response = app
        .change(&caller, repeat, move |tx| {
            let endpoint = webhooks::find(tx, &of)?.ok_or_else(|| Problem::not_found("webhook"))?;
            let _ = finding.set((endpoint, webhooks::secrets(tx, &of, now)?));
            Ok(Done::nothing(Noted::new("webhook.tested", format!("webhook:{of}"))).not_kept())
        })
        .await?;
    let Some((endpoint, secrets)) = found.get().cloned() else { return Ok(response) };
    let secrets = signing(secrets.iter().map(store::webhooks::SigningSecret::as_str))?;
    let message_id =
        MessageId::new(format!("msg_{}", app.fresh_id())).map_err(|_| Problem::internal())?;
    let note = Some("A test from Madura: nothing has happened.".to_owned());
    let event = Event::Test(TestCall { endpoint: id, note });
    let message = Message { id: message_id, body: event.written(now) };
    let to = deliver::Endpoint { url: endpoint.url, secrets };
    let attempt = app.sender.send(&to, &message, now).await;
    let result = TestResult {
        is_delivered: attempt.outcome == Outcome::Delivered,
        status: attempt.status,
        took_ms: attempt.took_ms,
        failure: failure_of(&attempt.outcome),
        excerpt: attempt.excerpt,
    };
    Ok(Json(result).into_response())
}

/// Why an attempt failed, in a sentence.
pub(crate) fn failure_of(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Delivered => None,
        Outcome::Gone => Some("It does not want to be called any more (410).".to_owned()),
        Outcome::Busy { .. } => Some("It is busy.".to_owned()),
        Outcome::Rejected => Some("It answered with another status than 2xx.".to_owned()),
        Outcome::Unanswered(trouble) => Some(trouble.to_string()),
        Outcome::Refused(refusal) => Some(refusal.to_string()),
    }
}

/// The secrets that sign, as they are stored.
pub(crate) fn signing<'s>(texts: impl Iterator<Item = &'s str>) -> Result<Secrets, Problem> {
    let secrets = texts.map(Secret::parse).collect::<Result<Vec<_>, _>>();
    secrets.and_then(Secrets::new).map_err(|error| {
        tracing::error!(%error, "the secret of a webhook");
        Problem::internal()
    })
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Waiting,
    Delivered,
    GivenUp,
}

impl Standing {
    fn state(self) -> DeliveryState {
        match self {
            Self::Waiting => DeliveryState::Waiting,
            Self::Delivered => DeliveryState::Delivered,
            Self::GivenUp => DeliveryState::GivenUp,
        }
    }
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveriesAsked {
    /// Where they stand.
    #[param(inline)]
    state: Option<Standing>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// How many, 1 to 200; 50 where it is not said.
    limit: Option<usize>,
}

/// A message on its way to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
struct DeliveryView {
    /// The message's id, which the receiver sees, too.
    message: String,
    /// What kind of thing happened.
    event_type: String,
    /// When the message was written.
    created_at: Instant,
    /// `waiting`, `delivered` or `given_up`.
    #[schema(value_type = String)]
    state: DeliveryState,
    /// Whether an attempt is under way.
    is_under_way: bool,
    /// Attempts that were begun.
    attempts: i64,
    /// When the next attempt is due.
    next_at: Option<Instant>,
    /// When it was delivered or given up.
    finished_at: Option<Instant>,
    /// What the last attempt was answered.
    last_status: Option<i64>,
    /// Why the last attempt failed.
    last_failure: Option<String>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            message: delivery.message,
            event_type: delivery.event_type,
            created_at: delivery.created_at.into(),
            state: delivery.state,
            is_under_way: delivery.is_under_way,
            attempts: delivery.attempts,
            next_at: delivery.next_at.map(Instant),
            finished_at: delivery.finished_at.map(Instant),
            last_status: delivery.last_status,
            last_failure: delivery.last_failure,
        }
    }
}

/// A page of deliveries, the newest first.
#[derive(Debug, Serialize, ToSchema)]
struct DeliveryPage {
    /// The deliveries.
    deliveries: Vec<DeliveryView>,
    /// Hand it back as `cursor` for the next page; null: this is the last.
    next: Option<String>,
}

/// What was sent to an endpoint, and what waits for it.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = String, Path), DeliveriesAsked), responses((status = 200, body = DeliveryPage)))]
async fn list_deliveries(
    State(app): State<App>,
    Named(id): Named<String>,
    Asked(asked): Asked<DeliveriesAsked>,
) -> Result<Json<DeliveryPage>, Problem> {
    let limit = cursor::limit(asked.limit)?;
    let after = cursor::read_at("deliveries", asked.cursor.as_deref())?;
    let mut found = app
        .read(move |tx| {
            let after = after.as_ref().map(|(at, id)| (*at, id.as_str()));
            let state = asked.state.map(Standing::state);
            Ok(webhooks::page(tx, &id, state, after, limit as i64 + 1)?)
        })
        .await?;
    let next = cursor::next(&mut found, limit, |last| {
        cursor::write("deliveries", last.created_at.as_millis(), &last.message)
    });
    let deliveries = found.into_iter().map(DeliveryView::from).collect();
    Ok(Json(DeliveryPage { deliveries, next }))
}

/// An attempt.
#[derive(Debug, Serialize, ToSchema)]
struct AttemptView {
    /// When it ended.
    at: Instant,
    /// The status of HTTP; null: no answer.
    status: Option<i64>,
    /// Why it failed.
    failure: Option<String>,
    /// How long it took, in milliseconds.
    took_ms: i64,
    /// The beginning of what was answered, as text.
    excerpt: String,
}

impl From<LoggedAttempt> for AttemptView {
    fn from(attempt: LoggedAttempt) -> Self {
        Self {
            at: attempt.at.into(),
            status: attempt.status,
            failure: attempt.failure,
            took_ms: attempt.took_ms,
            excerpt: attempt.response,
        }
    }
}

/// The attempts to bring a message to an endpoint, the first first.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries/{message}", tag = "webhooks",
    params(("id" = String, Path), ("message" = String, Path)),
    responses((status = 200, body = Vec<AttemptView>)))]
async fn show_delivery(
    State(app): State<App>,
    Named((id, message)): Named<(String, String)>,
) -> Result<Json<Vec<AttemptView>>, Problem> {
    let found = app.read(move |tx| Ok(webhooks::attempts(tx, &message, &id)?)).await?;
    Ok(Json(found.into_iter().map(AttemptView::from).collect()))
}

/// What to send again: one message, or all that were given up since an instant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Replay {
    /// The message.
    message: Option<String>,
    /// Since when.
    failed_since: Option<Instant>,
}

/// How many deliveries will be made again.
#[derive(Debug, Serialize, ToSchema)]
struct Replayed {
    /// So many.
    deliveries: u64,
}

/// Sends messages again, with a fresh schedule.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/replay", tag = "webhooks",
    params(("id" = String, Path)), request_body = Replay, responses((status = 200, body = Replayed)))]
async fn replay_deliveries(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Sent { body, repeat }: Sent<Replay>,
) -> Result<Response, Problem> {
    let now = app.now();
    let response = app
        .change(&caller, repeat, move |tx| {
            if webhooks::find(tx, &id)?.is_none() {
                return Err(Problem::not_found("webhook"));
            }
            let deliveries = match (body.message, body.failed_since) {
                (Some(message), None) => webhooks::replay(tx, &message, Some(&id), now)?,
                (None, Some(since)) => webhooks::replay_failed(tx, &id, since.0, now)?,
                _ => {
                    let detail = "say either a `message` or `failed_since`";
                    return Err(Problem::invalid("what_to_replay", detail));
                }
            };
            let noted = Noted::new("webhook.replayed", format!("webhook:{id}"));
            let noted = noted.after(serde_json::json!({"deliveries": deliveries}));
            Done::ok(&Replayed { deliveries }, noted)
        })
        .await;
    app.tell_to_do();
    response
}

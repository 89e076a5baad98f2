//! Live updates: what changes, as it changes.
//!
//! A stream says what is new and nothing of before: who connects anew reads lists anew. One that falls
//! behind hears `lagged` and does the same.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use live::News;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Caller, caller};
use crate::app::App;
use crate::leads_api::line_key;
use crate::problem::Problem;
use crate::request::Asked;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// Proxies close what is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// News that wait for a slow client; behind that the broadcast lags, which is told.
const WAITING: usize = 64;

/// Which news.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StreamAsked {
    /// The model whose scores are watched; the primary one, as it is then, where it is not said.
    model: Option<String>,
}

/// Live updates as server-sent events. The event `news` has JSON with a `kind`: `lead` (a lead has new
/// numbers), `gone` (a lead is no more), `everyone` (read lists anew), `models`, `import`. The event
/// `lagged` says that some were missed: read lists anew.
#[utoipa::path(get, path = "/api/v1/stream", tag = "stream", params(StreamAsked),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
async fn stream(
    State(app): State<App>,
    who: Caller,
    headers: HeaderMap,
    Asked(asked): Asked<StreamAsked>,
) -> Result<Response, Problem> {
    if asked.model.is_some() {
        line_key(&app, asked.model.as_deref())?;
    }
    let Ok(permit) = Arc::clone(&app.streams).try_acquire_owned() else {
        let detail = "too many live streams are open: close some, or try again";
        return Err(Problem::unavailable("too_many_streams", detail, 10));
    };
    let (events, sending) = mpsc::channel(WAITING);
    let watcher = Watcher {
        news: app.live.subscribe(),
        shut_out: app.shut_out.subscribe(),
        stop: app.stop.subscribe(),
        model: asked.model,
        actor: who.actor(),
        headers,
        app,
    };
    tokio::spawn(async move {
        metrics::gauge!("madura_streams").increment(1.0);
        watcher.watch(&events).await;
        metrics::gauge!("madura_streams").decrement(1.0);
        drop(permit);
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    let sse = Sse::new(ReceiverStream::new(sending)).keep_alive(keep_alive);
    // Some proxies hold answers back to send them in larger parts.
    Ok(([(CACHE_CONTROL, "no-store"), (BUFFERING, "no")], sse).into_response())
}

const BUFFERING: axum::http::HeaderName = axum::http::HeaderName::from_static("x-accel-buffering");

/// One that watches.
struct Watcher {
    app: App,
    news: broadcast::Receiver<News>,
    shut_out: watch::Receiver<u64>,
    stop: watch::Receiver<bool>,
    model: Option<String>,
    actor: String,
    headers: HeaderMap,
}

enum Happened {
    /// Somebody lost the right to be here.
    ShutOut,
    News(Result<News, RecvError>),
}

type Events = mpsc::Sender<Result<Event, Infallible>>;

impl Watcher {
    /// Sends news until the client leaves, may be here no longer, or the server stops.
    async fn watch(mut self, events: &Events) {
        if events.send(Ok(Event::default().event("hello").data("{}"))).await.is_err() {
            return;
        }
        loop {
            let happened = tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return,
                () = events.closed() => return,
                changed = self.shut_out.changed() => match changed {
                    Ok(()) => Happened::ShutOut,
                    Err(_) => return,
                },
                news = self.news.recv() => Happened::News(news),
            };
            let event = match happened {
                Happened::ShutOut if self.may_stay().await => continue,
                Happened::ShutOut | Happened::News(Err(RecvError::Closed)) => return,
                Happened::News(Err(RecvError::Lagged(_))) => {
                    Event::default().event("lagged").data("{}")
                }
                Happened::News(Ok(news)) if self.is_for_me(&news) => {
                    let Ok(event) = Event::default().event("news").json_data(&news) else { return };
                    event
                }
                Happened::News(Ok(_)) => continue,
            };
            if events.send(Ok(event)).await.is_err() {
                return;
            }
        }
    }

    fn is_for_me(&self, news: &News) -> bool {
        let News::Lead { model, .. } = news else { return true };
        match &self.model {
            Some(mine) => mine == model,
            None => self.app.live.lineup().primary().is_some_and(|line| line.key == *model),
        }
    }

    /// Whether the key or the session still lets the same caller in.
    async fn may_stay(&self) -> bool {
        match caller(&self.app, &self.headers).await {
            Ok(Some(caller)) => {
                caller.actor() == self.actor && caller.allows(store::keys::Scope::ReadLeads)
            }
            Ok(None) | Err(_) => false,
        }
    }
}

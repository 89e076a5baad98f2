//! Live updates: what changes, as it changes.
//!
//! Numbers are told as they change and never again: who connects anew reads lists anew. One that falls
//! behind hears `lagged` and does the same. Transitions are a record: they are read from where it is kept,
//! in its order, so that whoever says with `Last-Event-ID` where it was misses none.

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
use store::scores::{last_transition, transition_number, transitions_after};
use store::{DbError, Tx};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Caller, caller};
use crate::app::App;
use crate::leads_api::line_key;
use crate::problem::Problem;
use crate::request::Asked;
use crate::transitions::told;

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
    /// The model whose scores and transitions are watched. Where it is not said: the scores of the primary
    /// one, as it is then, and everybody's transitions under all models.
    model: Option<String>,
    /// Whether transitions come with their score cards; a `card_url` leads to each in any case.
    card: Option<bool>,
}

/// Live updates as server-sent events. The event `news` has JSON with a `kind`: `lead` (a lead has new
/// numbers), `gone` (a lead is no more), `everyone` (read lists anew), `models`, `import`. The event
/// `lagged` says that some news were missed: read lists anew. The event `transition` has a change as
/// `/api/v1/transitions` has it, and an id: who connects anew with that id as `Last-Event-ID` is told of
/// every transition since, and may be told of one again, which has the same `id`.
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
    let place = last_event(&headers)?;
    let told_to = app.read(move |tx| Ok(place_in_record(tx, place)?)).await?;
    let Some(share) = app.streams_of.take(&who.actor(), 1) else {
        let detail = "you have too many live streams open: close some, or share one";
        return Err(Problem::too_many("too_many_streams", detail, 10));
    };
    let Ok(permit) = Arc::clone(&app.streams).try_acquire_owned() else {
        let detail = "too many live streams are open: close some, or try again";
        return Err(Problem::unavailable("too_many_streams", detail, 10));
    };
    let (events, sending) = mpsc::channel(WAITING);
    let watcher = Watcher {
        news: app.live.subscribe(),
        shut_out: app.shut_out.subscribe(),
        stop: app.stop.subscribe(),
        transitions: app.transitions.subscribe(),
        model: asked.model,
        with_card: asked.card.unwrap_or(false),
        told_to,
        actor: who.actor(),
        look_at: look_at(&app, &who),
        headers,
        app,
    };
    tokio::spawn(async move {
        metrics::gauge!("madura_streams").increment(1.0);
        watcher.watch(&events).await;
        metrics::gauge!("madura_streams").decrement(1.0);
        drop((permit, share));
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    let sse = Sse::new(ReceiverStream::new(sending)).keep_alive(keep_alive);
    // Some proxies hold answers back to send them in larger parts.
    Ok(([(CACHE_CONTROL, "no-store"), (BUFFERING, "no")], sse).into_response())
}

const BUFFERING: axum::http::HeaderName = axum::http::HeaderName::from_static("x-accel-buffering");

/// Transitions that are read at a time.
const PAGE: usize = 100;

/// So far is gone back where the transition that was told last is not there any more: it was erased, or
/// a power cut took it, after which the same comes again under another number.
const STEPS_BACK: i64 = 1_000;

/// Where a client was in the record of transitions: a number, and the transition's id.
type Place = (i64, String);

/// As it stands in the ids of events: `number-id`.
fn last_event(headers: &HeaderMap) -> Result<Option<Place>, Problem> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let text = value.to_str().unwrap_or("?").trim();
    if text.is_empty() {
        return Ok(None);
    }
    let place = text.split_once('-').and_then(|(number, id)| {
        let number: i64 = number.parse().ok().filter(|number| *number >= 0)?;
        (id.len() <= 200).then(|| (number, id.to_owned()))
    });
    place.map(Some).ok_or_else(|| {
        let detail = "Last-Event-ID takes the id of an event of this stream: leave it out to begin";
        Problem::bad("bad_last_event_id", detail)
    })
}

/// The number behind which transitions are told.
fn place_in_record(tx: &mut Tx<'_>, place: Option<Place>) -> Result<i64, DbError> {
    let last = last_transition(tx)?;
    let Some((number, id)) = place else { return Ok(last) };
    if id.is_empty() {
        return Ok(number.min(last));
    }
    let there = transition_number(tx, &id)?;
    Ok(there.unwrap_or_else(|| number.min(last).saturating_sub(STEPS_BACK).max(0)))
}

/// One that watches.
struct Watcher {
    app: App,
    news: broadcast::Receiver<News>,
    transitions: watch::Receiver<i64>,
    with_card: bool,
    /// The number of the transition that was told last.
    told_to: i64,
    shut_out: watch::Receiver<u64>,
    stop: watch::Receiver<bool>,
    model: Option<String>,
    actor: String,
    /// When to look at the latest whether the caller may still be here.
    look_at: Instant,
    headers: HeaderMap,
}

/// When to look whether a caller may still be here: when the session or the key ends by itself, and every now
/// and then, as others than this node shut out, too.
fn look_at(app: &App, caller: &Caller) -> Instant {
    let ends_in = caller.ends_at().map(|at| at.as_millis().saturating_sub(app.now().as_millis()));
    // At least a moment: a clock that stands still must not keep us busy.
    let ends_in = ends_in.map(|millis| Duration::from_millis(millis.max(1).unsigned_abs()));
    let pace = app.config.pace.watchers;
    Instant::now() + ends_in.map_or(pace, |ends_in| ends_in.min(pace))
}

enum Happened {
    /// Somebody lost the right to be here, or may have.
    ShutOut,
    /// There may be transitions that were not told yet.
    Transitions,
    News(Result<News, RecvError>),
}

type Events = mpsc::Sender<Result<Event, Infallible>>;

impl Watcher {
    /// Sends news until the client leaves, may be here no longer, or the server stops.
    async fn watch(mut self, events: &Events) {
        // From here on the client knows where it is, even if it hears of nothing.
        let hello = Event::default().event("hello").id(format!("{}-", self.told_to)).data("{}");
        if !self.send(events, hello).await || !self.tell_transitions(events).await {
            return;
        }
        loop {
            let happened = tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return,
                () = events.closed() => return,
                () = sleep_until(self.look_at) => Happened::ShutOut,
                changed = self.shut_out.changed() => match changed {
                    Ok(()) => Happened::ShutOut,
                    Err(_) => return,
                },
                changed = self.transitions.changed() => match changed {
                    Ok(()) => Happened::Transitions,
                    Err(_) => return,
                },
                news = self.news.recv() => Happened::News(news),
            };
            let event = match happened {
                Happened::ShutOut if self.may_stay().await => continue,
                Happened::Transitions if self.tell_transitions(events).await => continue,
                Happened::Transitions
                | Happened::ShutOut
                | Happened::News(Err(RecvError::Closed)) => return,
                Happened::News(Err(RecvError::Lagged(_))) => {
                    Event::default().event("lagged").data("{}")
                }
                Happened::News(Ok(news)) if self.is_for_me(&news) => {
                    let Ok(event) = Event::default().event("news").json_data(&news) else { return };
                    event
                }
                Happened::News(Ok(_)) => continue,
            };
            if !self.send(events, event).await {
                return;
            }
        }
    }

    /// Sends an event as soon as the client takes it, while it may. Answers whether to go on.
    async fn send(&mut self, events: &Events, event: Event) -> bool {
        loop {
            match timeout_at(self.look_at, events.reserve()).await {
                Ok(Ok(place)) => {
                    place.send(Ok(event));
                    return true;
                }
                Err(_) if self.may_stay().await => {}
                Ok(Err(_)) | Err(_) => return false,
            }
        }
    }

    /// Tells all transitions that were not told yet, page by page, as fast as the client takes them. Answers
    /// whether to go on.
    async fn tell_transitions(&mut self, events: &Events) -> bool {
        loop {
            let (after, model) = (self.told_to, self.model.clone());
            let read = self.app.read(move |tx| {
                // Before the page: what is written in between stays to be told.
                let last = last_transition(tx)?;
                Ok((last, transitions_after(tx, after, model.as_deref(), PAGE)?))
            });
            let Ok((last, page)) = read.await else {
                // The client comes again, and says where it was.
                return false;
            };
            let is_all = page.len() < PAGE;
            for (number, transition) in page {
                let id = format!("{number}-{}", transition.id);
                let event = Event::default().event("transition").id(id);
                let Ok(event) = event.json_data(told(transition, self.with_card)) else {
                    return false;
                };
                if *self.app.stop.borrow() || !self.send(events, event).await {
                    return false;
                }
                self.told_to = number;
            }
            if is_all {
                self.told_to = self.told_to.max(last);
                return true;
            }
            if !self.may_stay().await {
                return false;
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
    async fn may_stay(&mut self) -> bool {
        match caller(&self.app, &self.headers).await {
            Ok(Some(caller)) => {
                self.look_at = look_at(&self.app, &caller);
                caller.actor() == self.actor && caller.allows(store::keys::Scope::ReadLeads)
            }
            Ok(None) | Err(_) => false,
        }
    }
}

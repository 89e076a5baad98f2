//! Bodies of requests, read before a request takes room: whoever sends slowly keeps nobody else out.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use ingest::segment::BATCH_BYTES_MAX;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use tokio_stream::StreamExt as _;

use crate::app::App;
use crate::config::Limits;
use crate::problem::Problem;
use crate::request::Sender;
use crate::shares::{Share, Shares};

/// A body that takes longer counts as unfinished. What comes within it, as nearly all do, costs no lock.
const SOON: Duration = Duration::from_millis(200);

/// Bodies that are on their way.
pub(crate) struct Bodies {
    /// Bytes that may yet be held.
    room: Arc<Semaphore>,
    /// How many are unfinished, by network.
    unfinished: Arc<Shares>,
    /// How many bytes of unfinished ones are held, by network.
    unfinished_bytes: Arc<Shares>,
}

/// Room for the bytes of a body, for as long as somebody works on it.
pub(crate) type Held = Option<OwnedSemaphorePermit>;

impl Bodies {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            room: Arc::new(Semaphore::new(limits.bodies_bytes.min(Semaphore::MAX_PERMITS))),
            unfinished: Shares::new(limits.unfinished),
            unfinished_bytes: Shares::new(limits.unfinished_bytes),
        }
    }
}

/// A body that takes long, counted for its network until it is there.
struct Unfinished {
    _one: Share,
    bytes: Share,
}

impl Unfinished {
    /// `held` bytes of it are there.
    fn of(bodies: &Bodies, network: &str, held: usize) -> Result<Self, Problem> {
        let one = bodies.unfinished.take(network, 1);
        let bytes = bodies.unfinished_bytes.take(network, held);
        let (Some(one), Some(bytes)) = (one, bytes) else { return Err(too_many_unfinished()) };
        Ok(Self { _one: one, bytes })
    }

    fn hold(&mut self, more: usize) -> Result<(), Problem> {
        if self.bytes.take(more) { Ok(()) } else { Err(too_many_unfinished()) }
    }
}

fn too_many_unfinished() -> Problem {
    metrics::counter!("madura_refused_total", "why" => "unfinished").increment(1);
    let detail = "too many requests from this address have begun and do not go on";
    Problem::too_many("too_many_unfinished", detail, 5)
}

/// Waits until the body of a request is there, until `deadline` at most.
pub(crate) async fn arrive(
    app: &App,
    request: Request,
    deadline: Instant,
) -> Result<(Request, Held), Problem> {
    if request.body().is_end_stream() {
        return Ok((request, None));
    }
    let (parts, body) = request.into_parts();
    let network = || Sender::of(&parts.extensions, &parts.headers, &app.config).network();
    let (body, held) = read(app, body, network, deadline).await?;
    Ok((Request::from_parts(parts, body), held))
}

/// Reads a body to its end, as packed as it came. Of one that is longer than any route takes the rest is
/// left where it is: the route refuses it when it has read so much.
async fn read(
    app: &App,
    mut body: Body,
    network: impl Fn() -> String,
    deadline: Instant,
) -> Result<(Body, Held), Problem> {
    let longest = app.config.limits.body_bytes.max(BATCH_BYTES_MAX);
    let soon = Instant::now() + SOON;
    let mut unfinished: Option<Unfinished> = None;
    let mut held: Held = None;
    let mut first: Option<Bytes> = None;
    let mut more = BytesMut::new();
    loop {
        let until = if unfinished.is_some() { deadline } else { soon.min(deadline) };
        let frame = match timeout_at(until, body.frame()).await {
            Ok(Some(frame)) => frame,
            Ok(None) => break,
            Err(_) if until == deadline => {
                let detail = "the body takes too long: send less at a time";
                return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "slow_body", detail));
            }
            Err(_) => {
                let there = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
                unfinished = Some(Unfinished::of(&app.bodies, &network(), there)?);
                continue;
            }
        };
        let broken = |_| Problem::bad("broken_body", "the body broke off");
        // What is no data is a trailer, and says nothing to us.
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if let Some(unfinished) = &mut unfinished {
            unfinished.hold(data.len())?;
        }
        hold(&app.bodies.room, &mut held, data.len())?;
        match &first {
            None => first = Some(data),
            Some(before) => {
                if more.is_empty() {
                    more.extend_from_slice(before);
                }
                more.extend_from_slice(&data);
            }
        }
        if more.len().max(first.as_ref().map_or(0, Bytes::len)) > longest {
            let begun = if more.is_empty() { first.unwrap_or_default() } else { more.freeze() };
            let rest = tokio_stream::once(Ok(begun)).chain(body.into_data_stream());
            return Ok((Body::from_stream(rest), held));
        }
    }
    let whole = if more.is_empty() { first.unwrap_or_default() } else { more.freeze() };
    Ok((Body::from(whole), held))
}

fn hold(room: &Arc<Semaphore>, held: &mut Held, bytes: usize) -> Result<(), Problem> {
    let more = u32::try_from(bytes).ok();
    let more = more.and_then(|bytes| Arc::clone(room).try_acquire_many_owned(bytes).ok());
    let Some(more) = more else {
        metrics::counter!("madura_refused_total", "why" => "bodies").increment(1);
        let detail = "too much is being sent at a time: try again";
        return Err(Problem::unavailable("overloaded", detail, 1));
    };
    match held {
        Some(held) => held.merge(more),
        None => *held = Some(more),
    }
    Ok(())
}

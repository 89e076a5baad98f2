//! Bodies of requests, read before a request takes room: whoever sends slowly keeps nobody else out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use ingest::segment::BATCH_BYTES_MAX;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_stream::StreamExt as _;

use crate::app::App;
use crate::config::Limits;
use crate::problem::Problem;
use crate::request::Sender;

/// A body that takes longer counts as unfinished. What comes within it, as nearly all do, costs no lock.
const SOON: Duration = Duration::from_millis(200);

/// Bodies that are on their way.
pub(crate) struct Bodies {
    /// Bytes that may yet be held.
    room: Arc<Semaphore>,
    /// How many are unfinished, by network.
    unfinished: Mutex<HashMap<String, usize>>,
    unfinished_max: usize,
}

/// Room for the bytes of a body, for as long as somebody works on it.
pub(crate) type Held = Option<OwnedSemaphorePermit>;

impl Bodies {
    pub(crate) fn new(limits: Limits) -> Self {
        let room = Arc::new(Semaphore::new(limits.bodies_bytes.min(Semaphore::MAX_PERMITS)));
        Self { room, unfinished: Mutex::default(), unfinished_max: limits.unfinished }
    }

    /// Counts one of a network until the guard is dropped.
    fn count(&self, network: String) -> Result<Unfinished<'_>, Problem> {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        let count = unfinished.entry(network.clone()).or_insert(0);
        if *count >= self.unfinished_max {
            metrics::counter!("madura_refused_total", "why" => "unfinished").increment(1);
            let detail = "too many requests from this address have begun and do not go on";
            return Err(Problem::too_many("too_many_unfinished", detail, 5));
        }
        *count += 1;
        Ok(Unfinished { bodies: self, network })
    }
}

struct Unfinished<'b> {
    bodies: &'b Bodies,
    network: String,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        let mut unfinished = self.bodies.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = unfinished.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                unfinished.remove(&self.network);
            }
        }
    }
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
    let longest = app.config.limits.body_bytes.max(BATCH_BYTES_MAX);
    let mut reading = std::pin::pin!(read(&app.bodies.room, body, longest));
    let (body, held) = if let Ok(read) = timeout(SOON, reading.as_mut()).await {
        read?
    } else {
        let network = Sender::of(&parts.extensions, &parts.headers, &app.config).network();
        let _counted = app.bodies.count(network)?;
        timeout_at(deadline, reading).await.map_err(|_| {
            let detail = "the body takes too long: send less at a time";
            Problem::new(StatusCode::REQUEST_TIMEOUT, "slow_body", detail)
        })??
    };
    Ok((Request::from_parts(parts, body), held))
}

/// Reads a body to its end, as packed as it came. Of one that is longer than any route takes the rest is
/// left where it is: the route refuses it when it has read so much.
async fn read(
    room: &Arc<Semaphore>,
    mut body: Body,
    longest: usize,
) -> Result<(Body, Held), Problem> {
    let mut held: Held = None;
    let mut first: Option<Bytes> = None;
    let mut more = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let broken = |_| Problem::bad("broken_body", "the body broke off");
        // What is no data is a trailer, and says nothing to us.
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        hold(room, &mut held, data.len())?;
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

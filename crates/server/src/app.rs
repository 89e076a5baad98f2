//! What every route works with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use deliver::Sender;
use leads::Timestamp;
use live::Live;
use serde::Serialize;
use store::audit::{self, Change};
use store::idempotency::{Answer, Outcome, idempotent};
use store::{Token, Tx};
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;

use crate::access::Caller;
use crate::bodies::Bodies;
use crate::config::Config;
use crate::inbound::WriteKeys;
use crate::limits::Buckets;
use crate::metrics::Metrics;
use crate::passwords::Passwords;
use crate::problem::Problem;
use crate::request::{Repeat, tagged};
use crate::shares::Shares;

/// The clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A cryptographic random number generator: fills the bytes.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// What every route works with. Clones share it.
#[derive(Clone)]
pub(crate) struct App {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) live: Live,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) passwords: Passwords,
    pub(crate) metrics: Metrics,
    pub(crate) sender: Sender,
    pub(crate) write_keys: WriteKeys,
    /// Requests that are under way.
    pub(crate) room: Arc<Semaphore>,
    /// Bodies that are on their way.
    pub(crate) bodies: Bodies,
    /// Whether a proxy was seen that is not trusted.
    pub(crate) has_unknown_proxy: AtomicBool,
    /// Live streams that are open.
    pub(crate) streams: Arc<Semaphore>,
    /// The same of each caller.
    pub(crate) streams_of: Arc<Shares>,
    /// Exports that are written.
    pub(crate) exports: Arc<Semaphore>,
    /// Exports of each caller that are written or read.
    pub(crate) downloads_of: Arc<Shares>,
    pub(crate) per_write_key: Buckets,
    pub(crate) per_address: Buckets,
    pub(crate) per_caller: Buckets,
    /// What is told in the log of those who are refused: a line each, and few of a kind.
    pub(crate) tells: Buckets,
    /// Networks whose log-ins were closed, in the audit trail.
    pub(crate) tells_network: Buckets,
    /// Callers who were refused something, in the audit trail.
    pub(crate) tells_refused: Buckets,
    /// Counts up whenever somebody lost the right to be here: open streams look again.
    pub(crate) shut_out: watch::Sender<u64>,
    /// Counts up whenever there may be something to deliver or to import.
    pub(crate) to_do: watch::Sender<u64>,
    /// The number of the transition that was written down last, as far as open streams know.
    pub(crate) transitions: watch::Sender<i64>,
    /// Whether the server is to stop.
    pub(crate) stop: watch::Sender<bool>,
    /// Whether the worker runs.
    pub(crate) worker: watch::Sender<Worker>,
    /// The second in which the log was last told that a request was refused.
    pub(crate) refused_in: AtomicI64,
}

/// How the thread that scores is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Worker {
    /// It has not begun.
    Idle,
    /// It runs.
    Running,
    /// It ended although nobody asked it to.
    Dead,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

/// A change to be noted in the audit trail, with what it gives.
pub(crate) struct Noted {
    pub(crate) action: &'static str,
    /// An id, never a name or an address.
    pub(crate) object: String,
    pub(crate) before: Option<serde_json::Value>,
    pub(crate) after: Option<serde_json::Value>,
}

impl Noted {
    pub(crate) fn new(action: &'static str, object: impl Into<String>) -> Self {
        Self { action, object: object.into(), before: None, after: None }
    }

    pub(crate) fn before(self, before: serde_json::Value) -> Self {
        Self { before: Some(before), ..self }
    }

    pub(crate) fn after(self, after: serde_json::Value) -> Self {
        Self { after: Some(after), ..self }
    }

    /// Writes it down, in the transaction of the change.
    pub(crate) fn write(
        &self,
        tx: &mut Tx<'_>,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let change = Change {
            actor,
            action: self.action,
            object: &self.object,
            before: self.before.as_ref(),
            after: self.after.as_ref(),
        };
        audit::append(tx, &change, now)?;
        Ok(())
    }
}

/// What a change answers.
pub(crate) struct Done {
    status: StatusCode,
    body: Vec<u8>,
    about: Option<String>,
    version: Option<i64>,
    noted: Noted,
    is_kept: bool,
}

impl Done {
    /// 201 with what was made.
    pub(crate) fn created(value: &impl Serialize, noted: Noted) -> Result<Self, Problem> {
        Self::json(StatusCode::CREATED, value, noted)
    }

    /// 200 with what there is now.
    pub(crate) fn ok(value: &impl Serialize, noted: Noted) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, value, noted)
    }

    /// 204.
    pub(crate) fn nothing(noted: Noted) -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: Vec::new(),
            about: None,
            version: None,
            noted,
            is_kept: true,
        }
    }

    /// The answer is not kept, as it holds a secret that is shown once, or is not known yet: who repeats the
    /// request hears that it has been done.
    pub(crate) fn not_kept(self) -> Self {
        Self { is_kept: false, ..self }
    }

    /// The lead whose data the answer holds.
    pub(crate) fn about(self, lead: &str) -> Self {
        Self { about: Some(lead.to_owned()), ..self }
    }

    /// The version of what there is now, for `ETag`. A repeated request is told the same one: where there
    /// is a later one by then, a change that names it is refused, as it would have been without repeating.
    pub(crate) fn tagged(self, version: i64) -> Self {
        Self { version: Some(version), ..self }
    }

    fn json(status: StatusCode, value: &impl Serialize, noted: Noted) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(|_| Problem::internal())?;
        Ok(Self { status, body, about: None, version: None, noted, is_kept: true })
    }
}

impl App {
    pub(crate) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }

    /// A token that lets somebody in.
    pub(crate) fn token(&self) -> Token {
        Token::from_random(&self.random())
    }

    /// An id that was never given: a UUID of version 7.
    pub(crate) fn fresh_id(&self) -> String {
        let millis = self.now().as_millis().max(0).unsigned_abs();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random()).into_uuid().to_string()
    }

    /// Runs blocking work on a thread for it.
    pub(crate) async fn block<T, E>(
        &self,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Send + 'static,
        Problem: From<E>,
    {
        match spawn_blocking(work).await {
            Ok(result) => result.map_err(Problem::from),
            Err(error) => {
                tracing::error!(%error, "blocking work ended early");
                Err(Problem::internal())
            }
        }
    }

    /// Reads from a snapshot.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let live = self.live.clone();
        self.block(move || live.store().read(job)).await
    }

    /// Changes something; answered when it is on disk.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.live.store().submit(job).await
    }

    /// Changes something for a caller: the change, its row in the audit trail and, where the request
    /// has a key, the answer to those who repeat it, all in one transaction.
    pub(crate) async fn change(
        &self,
        caller: &Caller,
        repeat: Repeat,
        effect: impl FnOnce(&mut Tx<'_>) -> Result<Done, Problem> + Send + 'static,
    ) -> Result<Response, Problem> {
        self.change_as(caller.actor(), repeat, effect).await
    }

    /// Does something once for a caller, however often the request comes: who repeats it is given the answer
    /// of then. Nothing is noted in the audit trail, unless `effect` does.
    pub(crate) async fn once(
        &self,
        caller: &Caller,
        repeat: Repeat,
        effect: impl FnOnce(&mut Tx<'_>) -> Result<Answer, Problem> + Send + 'static,
    ) -> Result<Response, Problem> {
        let (actor, now) = (caller.actor(), self.now());
        said(self.write(move |tx| once(tx, &actor, &repeat, now, effect)).await?)
    }

    /// The same for somebody who is not a caller yet.
    pub(crate) async fn change_as(
        &self,
        actor: String,
        repeat: Repeat,
        effect: impl FnOnce(&mut Tx<'_>) -> Result<Done, Problem> + Send + 'static,
    ) -> Result<Response, Problem> {
        let now = self.now();
        let outcome = self
            .write(move |tx| {
                let mut shown = None;
                let outcome = once(tx, &actor, &repeat, now, |tx| {
                    let done = effect(tx)?;
                    done.noted.write(tx, &actor, now)?;
                    let answer = Answer {
                        status: done.status.as_u16(),
                        body: done.body,
                        about: done.about,
                        version: done.version,
                    };
                    if done.is_kept {
                        return Ok(answer);
                    }
                    shown = Some(answer);
                    let status = DONE.as_u16();
                    Ok(Answer { status, body: Vec::new(), about: None, version: None })
                })?;
                Ok::<_, Problem>(shown.map_or(outcome, Outcome::Fresh))
            })
            .await?;
        said(outcome)
    }

    /// Tells open streams to look whether their callers may still be here.
    pub(crate) fn tell_shut_out(&self) {
        self.shut_out.send_modify(|count| *count += 1);
    }

    /// Whether no other request was refused in this second.
    pub(crate) fn is_first_refusal(&self) -> bool {
        let second = self.now().as_millis().div_euclid(1_000);
        self.refused_in.swap(second, Ordering::Relaxed) != second
    }

    /// Wakes those who deliver and import.
    pub(crate) fn tell_to_do(&self) {
        self.to_do.send_modify(|count| *count += 1);
    }
}

/// An answer with a body of JSON, and the lead whose data it holds.
pub(crate) fn answer(
    status: StatusCode,
    value: &impl Serialize,
    about: Option<String>,
) -> Result<Answer, Problem> {
    let body = serde_json::to_vec(value).map_err(|_| Problem::internal())?;
    Ok(Answer { status: status.as_u16(), body, about, version: None })
}

/// Does something once for an actor, within a transaction.
pub(crate) fn once(
    tx: &mut Tx<'_>,
    actor: &str,
    repeat: &Repeat,
    now: Timestamp,
    effect: impl FnOnce(&mut Tx<'_>) -> Result<Answer, Problem>,
) -> Result<Outcome, Problem> {
    match &repeat.key {
        Some(key) => idempotent(tx, actor, key, &repeat.request, now, effect),
        None => Ok(Outcome::Fresh(effect(tx)?)),
    }
}

/// What stands for an answer that is not kept.
const DONE: StatusCode = StatusCode::CONFLICT;

/// What came of a request that may repeat another one.
pub(crate) fn said(outcome: Outcome) -> Result<Response, Problem> {
    match outcome {
        Outcome::Fresh(answer) => Ok(answered(answer, false)),
        Outcome::Replayed(answer) => Ok(answered(answer, true)),
        Outcome::Conflict => Err(Problem::invalid(
            "idempotency_key_reused",
            "this idempotency key stands for another request: take a new one",
        )),
    }
}

/// Whether an answer is that of an earlier request with the same key.
pub(crate) fn is_replay(answer: &Response) -> bool {
    answer.headers().contains_key(REPLAYED)
}

const REPLAYED: &str = "idempotent-replayed";

fn answered(answer: Answer, is_replay: bool) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    if status == StatusCode::GONE {
        let detail = "what this request was about has been erased since";
        return Problem::new(StatusCode::GONE, "erased", detail).into_response();
    }
    if status == DONE {
        let detail = "an earlier request with this idempotency key has done it, and what that was answered is \
            not kept: look at what there is, and to do it anew take another key";
        return Problem::conflict("already_done", detail).into_response();
    }
    let mut response = if answer.body.is_empty() {
        status.into_response()
    } else {
        let json = [(axum::http::header::CONTENT_TYPE, "application/json")];
        (status, json, answer.body).into_response()
    };
    if let Some(version) = answer.version {
        response = tagged(version, response);
    }
    if is_replay {
        let replayed = axum::http::HeaderValue::from_static("true");
        response.headers_mut().insert(REPLAYED, replayed);
    }
    response
}

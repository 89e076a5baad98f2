//! Requests to one server: with the key, with patience where the server asks for it, and with nothing
//! followed to another place.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value as Json;
use ureq::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER,
};
use ureq::http::{Method, Request, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, SendBody};

use super::{Address, Key, Problem};
use crate::exit::{Failure, Result};
use crate::progress::Progress;
use crate::ui::Ui;

/// A connection to one server.
pub(crate) struct Connection<'u> {
    agent: Agent,
    address: Address,
    key: Option<Key>,
    pub(crate) ui: &'u Ui,
}

/// A request.
pub(crate) struct Call<'a> {
    method: Method,
    target: Target<'a>,
    given: Given<'a>,
    /// The same for each try, so that the server does it once.
    idempotency_key: Option<String>,
    /// Whether it is tried again when the connection breaks: it has no second effect.
    is_patient: bool,
    accept: &'static str,
    /// Behind which event of a stream to go on.
    last_event: Option<&'a str>,
}

enum Target<'a> {
    Names(Vec<&'a str>, Vec<(&'a str, String)>),
    Path(&'a str),
}

/// What goes with a request.
#[derive(Clone, Copy)]
pub(crate) enum Given<'a> {
    Nothing,
    Json(&'a [u8]),
    File { path: &'a Path, progress: &'a Progress },
}

/// So often a request is tried.
const TRIES: u32 = 5;

/// A server that asks for more than this has no time today: 60 s.
const WAIT_MAX: Duration = Duration::from_mins(1);

/// A server far away, or one that just starts.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// The server gives itself 60 s for the beginning of an answer, and a stream says something each 20 s.
const READ_PATIENCE: Duration = Duration::from_secs(90);

/// The longest answer that is read as a whole. A page of leads has a few hundred kilobytes.
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// The longest problem.
const PROBLEM_BYTES_MAX: u64 = 1 << 20;

impl<'a> Call<'a> {
    /// Asks for something.
    pub(crate) fn get(names: &[&'a str], query: &[(&'a str, String)]) -> Self {
        Self { is_patient: true, ..Self::new(Method::GET, names, query) }
    }

    /// Does something that takes no more words.
    pub(crate) fn post(names: &[&'a str]) -> Self {
        Self::post_json(names, b"{}")
    }

    /// Does something with a JSON body.
    pub(crate) fn post_json(names: &[&'a str], json: &'a [u8]) -> Self {
        let key = Some(uuid::Uuid::new_v4().to_string());
        let new = Self::new(Method::POST, names, &[]);
        Self { given: Given::Json(json), idempotency_key: key, ..new }
    }

    /// Replaces something.
    pub(crate) fn put_json(names: &[&'a str], json: &'a [u8]) -> Self {
        let new = Self::new(Method::PUT, names, &[]);
        Self { given: Given::Json(json), ..new }
    }

    /// Sends a file as it is.
    pub(crate) fn post_file(
        names: &[&'a str],
        query: &[(&'a str, String)],
        path: &'a Path,
        progress: &'a Progress,
    ) -> Self {
        let new = Self::new(Method::POST, names, query);
        Self { given: Given::File { path, progress }, ..new }
    }

    /// A method and a path as they were typed.
    pub(crate) fn raw(method: Method, path: &'a str, given: Given<'a>) -> Self {
        let changes = !matches!(method, Method::GET | Method::HEAD);
        let key = changes.then(|| uuid::Uuid::new_v4().to_string());
        let new = Self::new(method, &[], &[]);
        Self { target: Target::Path(path), given, idempotency_key: key, accept: "*/*", ..new }
    }

    /// Tries again when the connection breaks.
    #[must_use]
    pub(crate) fn patiently(self) -> Self {
        Self { is_patient: true, ..self }
    }

    /// What kind of answer is wanted.
    #[must_use]
    pub(crate) fn accepting(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    /// Behind which event of a stream to go on.
    #[must_use]
    pub(crate) fn behind(self, last_event: Option<&'a str>) -> Self {
        Self { last_event, ..self }
    }

    fn new(method: Method, names: &[&'a str], query: &[(&'a str, String)]) -> Self {
        Self {
            method,
            target: Target::Names(names.to_vec(), query.to_vec()),
            given: Given::Nothing,
            idempotency_key: None,
            is_patient: false,
            accept: "application/json",
            last_event: None,
        }
    }
}

impl<'u> Connection<'u> {
    /// Made ready; nothing is sent yet.
    pub(crate) fn new(address: Address, key: Option<Key>, ui: &'u Ui) -> Result<Self> {
        if address.is_in_the_clear() && key.is_some() {
            ui.warn(format_args!("the key goes to {address} over plain http, for all to read"));
        }
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            // The key is for this server, and for no other that it may point to.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("madura/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT_PATIENCE))
            .timeout_per_read(Some(READ_PATIENCE))
            .timeout_per_write(Some(READ_PATIENCE));
        if address.is_loopback() {
            // A proxy would be another machine.
            config = config.proxy(None);
        } else if !address.is_in_the_clear() {
            config = config.tls_config(tls()?);
        }
        Ok(Self { agent: Agent::new_with_config(config.build()), address, key, ui })
    }

    /// Where it goes.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Sends a request and gives the answer, where it is a success. Waits and tries again where the
    /// server asks for it.
    pub(crate) fn send(&self, call: &Call<'_>) -> Result<Response<Body>> {
        match self.send_all(call)? {
            Ok(answer) => Ok(answer),
            Err(answer) => Err(self.refused(answer)),
        }
    }

    /// Sends a request and reads its answer as JSON. Inside: what the server said no with.
    pub(crate) fn try_json(&self, call: &Call<'_>) -> Result<std::result::Result<Json, Problem>> {
        let mut answer = match self.send_all(call)? {
            Ok(answer) => answer,
            Err(answer) if answer.status().is_redirection() => return Err(self.refused(answer)),
            Err(mut answer) => return Ok(Err(problem(&mut answer))),
        };
        let read = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let bytes = read.map_err(|error| self.broken(&error))?;
        serde_json::from_slice(&bytes).map(Ok).map_err(|_| self.is_no_madura())
    }

    /// As often as it makes sense. Inside: the answer that is no success.
    fn send_all(
        &self,
        call: &Call<'_>,
    ) -> Result<std::result::Result<Response<Body>, Response<Body>>> {
        let mut pause = Duration::from_secs(1);
        for turn in 1.. {
            let last = turn >= TRIES;
            let wait = match self.try_once(call)? {
                Ok(answer) if answer.status().is_success() => return Ok(Ok(answer)),
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let wait = retry_after(&answer).unwrap_or(pause);
                    if last || !matches!(status, 429 | 503) || wait > WAIT_MAX {
                        return Ok(Err(answer));
                    }
                    let seconds = wait.as_secs();
                    self.ui.note(format_args!("the server asks for {seconds} s of patience"));
                    wait
                }
                Err(error) if last || !call.is_patient || !is_passing(&error) => {
                    return Err(self.unreachable(&error));
                }
                Err(_) => pause,
            };
            thread::sleep(wait);
            pause = (pause * 2).min(WAIT_MAX);
        }
        Err(Failure::system("the server did not answer"))
    }

    /// Sends a request and reads its answer as JSON; nothing where there is no body.
    pub(crate) fn json(&self, call: &Call<'_>) -> Result<Json> {
        let bytes = self.bytes(call)?;
        if bytes.is_empty() {
            return Ok(Json::Null);
        }
        serde_json::from_slice(&bytes).map_err(|_| self.is_no_madura())
    }

    /// Sends a request and reads its answer as a whole.
    pub(crate) fn bytes(&self, call: &Call<'_>) -> Result<Vec<u8>> {
        let mut answer = self.send(call)?;
        let read = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        read.map_err(|error| self.broken(&error))
    }

    /// The status and the body of an answer, whatever they are; nothing where nobody answers.
    pub(crate) fn look(&self, names: &[&str]) -> Option<(u16, Json)> {
        let mut answer = self.try_once(&Call::get(names, &[])).ok()?.ok()?;
        let body = answer.body_mut().with_config().limit(PROBLEM_BYTES_MAX).read_to_vec().ok()?;
        Some((answer.status().as_u16(), serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// The answer broke off.
    pub(crate) fn broken(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::system(format_args!("{}: the answer broke off: {error}", self.address))
    }

    /// Sends it once. Inside: what the network said.
    fn try_once(
        &self,
        call: &Call<'_>,
    ) -> Result<std::result::Result<Response<Body>, ureq::Error>> {
        let target = match &call.target {
            Target::Names(names, query) => self.address.of(names, query),
            Target::Path(path) => self.address.of_path(path)?,
        };
        let mut request =
            Request::builder().method(&call.method).uri(target).header(ACCEPT, call.accept);
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, format!("Bearer {}", key.reveal()));
        }
        if let Some(last) = call.last_event {
            request = request.header("last-event-id", last);
        }
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let unusable = |_| Failure::usage("the request cannot be sent as it is");
        Ok(match call.given {
            Given::Nothing => self.agent.run(request.body(()).map_err(unusable)?),
            Given::Json(bytes) => {
                let request = request.header(CONTENT_TYPE, "application/json");
                self.agent.run(request.body(bytes).map_err(unusable)?)
            }
            Given::File { path, progress } => {
                let unreadable =
                    |error| Failure::file(format_args!("{} cannot be read", path.display()), error);
                let file = File::open(path).map_err(unreadable)?;
                let length = file.metadata().map_err(unreadable)?.len();
                let mut reader = Counted { file, read: 0, progress };
                let request = request
                    .header(CONTENT_TYPE, "application/octet-stream")
                    .header(CONTENT_LENGTH, length);
                let body = SendBody::from_reader(&mut reader);
                self.agent.run(request.body(body).map_err(unusable)?)
            }
        })
    }

    /// What an answer that is no success means.
    fn refused(&self, mut answer: Response<Body>) -> Failure {
        let status = answer.status();
        if status.is_redirection() {
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("?");
            return Failure::usage(format_args!(
                "{} points elsewhere, to {}, and the key is not sent there",
                self.address,
                super::legible(to)
            ))
            .hint("log in with the address at which Madura itself answers");
        }
        let wait = retry_after(&answer);
        let failure = problem(&mut answer).failure(&self.address.to_string());
        match wait {
            Some(wait) => failure.hint(format_args!("try again in {} seconds", wait.as_secs())),
            None => failure,
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        let address = &self.address;
        let failure = Failure::system(format_args!("{address} cannot be reached: {error}"));
        match error {
            ureq::Error::Rustls(_) | ureq::Error::Tls(_) => failure.hint(
                "its certificate is not one that this machine trusts: SSL_CERT_FILE names a file of \
                 further ones",
            ),
            _ if address.is_loopback() => failure.hint("is it running? `madura serve` starts it"),
            _ => failure.hint("is the address right, and the server running?"),
        }
    }

    fn is_no_madura(&self) -> Failure {
        Failure::system(format_args!("{} answered something that is not JSON", self.address))
            .hint("is it a Madura? Its address is the one that people open in a browser")
    }
}

/// A value as the body of a request.
pub(crate) fn body(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value)
        .map_err(|error| Failure::system(format_args!("a request cannot be written: {error}")))
}

/// Whether there was somebody at the other end. Otherwise the address is wrong, or nothing runs there,
/// and whoever waits should hear of it at once.
fn is_passing(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => error.kind() != std::io::ErrorKind::ConnectionRefused,
        ureq::Error::Protocol(_) | ureq::Error::Timeout(_) => true,
        _ => false,
    }
}

fn problem(answer: &mut Response<Body>) -> Problem {
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(PROBLEM_BYTES_MAX).read_to_vec();
    Problem::read(status, &body.unwrap_or_default())
}

fn retry_after(answer: &Response<Body>) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// With the certificates that this machine trusts.
fn tls() -> Result<TlsConfig> {
    let found = rustls_native_certs::load_native_certs();
    let roots: Vec<Certificate<'static>> =
        found.certs.iter().map(|cert| Certificate::from_der(cert).to_owned()).collect();
    if roots.is_empty() {
        return Err(Failure::system("this machine has no certificates to tell servers by")
            .hint("install ca-certificates, or name a file of them in SSL_CERT_FILE"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::new_with_certs(&roots))
        .build())
}

/// A file that is sent, and tells how far it is.
struct Counted<'a> {
    file: File,
    read: u64,
    progress: &'a Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read += read as u64;
        self.progress.reach(self.read);
        Ok(read)
    }
}

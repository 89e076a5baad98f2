//! What surrounds every route: a number for the request, room for it, a limit of time, headers that
//! keep browsers from mischief, and a line in the log that says nothing about anybody.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument as _;

use crate::app::App;
use crate::bodies::arrive;
use crate::inbound::readable_refusal;
use crate::problem::Problem;
use crate::request::Sender;

/// Scripts, styles and everything else come from us, and nothing is written into a page. Styles may
/// stand in attributes: charts set widths and colours there.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
    manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Routes whose answers begin late by nature: an upload is read before it is answered.
const LONG: [&str; 1] = ["/api/v1/imports"];

/// Routes that say how the system is: they are answered however many requests are under way.
const ALWAYS: [&str; 3] = ["/health", "/ready", "/metrics"];

const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Surrounds a request.
pub(crate) async fn surround(State(app): State<App>, request: Request, next: Next) -> Response {
    let number = request_id(request.headers()).unwrap_or_else(|| app.fresh_id());
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = path.unwrap_or_else(|| "(none)".to_owned());
    let span = tracing::info_span!("request", id = number, %method, route = path);
    let started = Instant::now();
    let kind = match path.as_str() {
        path if ALWAYS.contains(&path) => Kind::Always,
        path if LONG.contains(&path) => Kind::Long,
        _ => Kind::Usual,
    };
    look_for_proxy(&app, &request);
    let origin = request.headers().get(ORIGIN).cloned();
    let mut response = run(&app, request, next, kind, started).instrument(span.clone()).await;
    readable_refusal(&path, origin, &mut response);
    let status = response.status();
    let seconds = started.elapsed().as_secs_f64();
    let labels = [
        // Whoever makes methods up must not make numbers up.
        (
            "method",
            if KNOWN.contains(&method.as_str()) { method.to_string() } else { "other".to_owned() },
        ),
        ("route", path),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!("madura_requests_total", &labels).increment(1);
    metrics::histogram!("madura_request_seconds", &labels[..2]).record(seconds);
    span.in_scope(|| {
        let (status, took_ms) = (status.as_u16(), (seconds * 1000.0) as u64);
        // That much comes is told once a second, whatever comes.
        if status >= 500 && (status != 503 || app.is_first_refusal()) {
            tracing::warn!(status, took_ms, "answered");
        } else {
            tracing::debug!(status, took_ms, "answered");
        }
    });
    let headers = response.headers_mut();
    if let Ok(number) = HeaderValue::from_str(&number) {
        headers.insert(REQUEST_ID, number);
    }
    secure(headers, app.config.is_https());
    response
}

/// How long a request waits for room. Whoever is refused and comes back at once, as those do who do not heed
/// `Retry-After`, takes a quarter of the processor from those who are served; a crowd of some thousands is served meanwhile.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a route asks of those that surround it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// See [`ALWAYS`].
    Always,
    /// See [`LONG`].
    Long,
    Usual,
}

async fn run(app: &App, request: Request, next: Next, kind: Kind, started: Instant) -> Response {
    if kind == Kind::Always {
        return as_problem(next.run(request).await);
    }
    let deadline = started + app.config.limits.request_time;
    let (request, _held) = match kind {
        Kind::Usual => match arrive(app, request, deadline).await {
            Ok(arrived) => arrived,
            Err(problem) => return problem.into_response(),
        },
        _ => (request, None),
    };
    let room = timeout(PATIENCE, Arc::clone(&app.room).acquire_owned()).await;
    let Ok(Ok(_permit)) = room else {
        metrics::counter!("madura_refused_total", "why" => "room").increment(1);
        let detail = "too many requests are under way: try again";
        return Problem::unavailable("overloaded", detail, 1).into_response();
    };
    let answer = next.run(request);
    if kind == Kind::Long {
        return as_problem(answer.await);
    }
    let Ok(response) = timeout_at(deadline, answer).await else {
        let detail = "the answer takes too long: ask for less at a time";
        return Problem::unavailable("timeout", detail, 5).into_response();
    };
    as_problem(response)
}

/// Says once that all who come by a proxy look like one, because nobody said that it is to be believed.
fn look_for_proxy(app: &App, request: &Request) {
    if !app.has_unknown_proxy.load(Ordering::Relaxed)
        && Sender::is_by_unknown_proxy(request.extensions(), request.headers(), &app.config)
        && !app.has_unknown_proxy.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(
            "requests come by a proxy that is not trusted: to limits and log-ins all of its visitors are one. \
            Name it in trusted_proxies"
        );
    }
}

/// Gives answers that come from below the routes (no such route, a method that it does not know, a
/// packing that is not taken) the form of all others.
fn as_problem(response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let kind = response.headers().get(axum::http::header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/")) {
        return response;
    }
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => ("not_found", "there is nothing at this address"),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method_not_allowed", "this address takes other methods")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("unsupported_encoding", "bodies may be packed with gzip only")
        }
        _ => ("refused", "the request was refused"),
    };
    let problem = Problem::new(status, code, detail).into_response();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    parts.headers.extend(problem.headers().clone());
    Response::from_parts(parts, problem.into_body())
}

/// A number that a proxy gave the request, where it is a plain one.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    is_plain.then(|| text.to_owned())
}

fn secure(headers: &mut HeaderMap, is_https: bool) {
    let mut put = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    put(CONTENT_SECURITY_POLICY, POLICY);
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(X_FRAME_OPTIONS, "DENY");
    put(REFERRER_POLICY, "same-origin");
    put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    put(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    let nothing = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
    put(HeaderName::from_static("permissions-policy"), nothing);
    put(CACHE_CONTROL, "no-store");
    if is_https {
        put(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

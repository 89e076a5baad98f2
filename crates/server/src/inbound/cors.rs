//! Which pages of other sites may report: those that a write key names.

use axum::extract::State;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::WriteKeys;
use super::calls::check_sender;
use crate::app::App;
use crate::problem::Problem;
use crate::request::Sender;

/// Answers a browser that asks whether it may. It does not say for which key, so that a page may that
/// any key names; the call itself is held to its own key.
pub(super) async fn preflight(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check_sender(&app, sender)?;
    let Some(origin) = headers.get(ORIGIN).cloned() else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let keys = WriteKeys::all(&app).await?;
    let text = origin.to_str().unwrap_or("?");
    let allowed = keys.iter().any(|key| key.is_enabled && key.allows_origin(Some(text)));
    let mut response = StatusCode::NO_CONTENT.into_response();
    let answer = response.headers_mut();
    answer.insert(VARY, HeaderValue::from_static("origin"));
    if allowed {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let methods = HeaderValue::from_static("GET, POST, OPTIONS");
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        // Segment's script counts its attempts, RudderStack's names the visitor in a header.
        let names = "authorization, content-type, content-encoding, x-retry-count, anonymousid";
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(names));
        // Chromium keeps an answer for two hours at most.
        answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    }
    Ok(response)
}

/// Lets the page read the answer to its call: an answer says nothing but what became of the call.
pub(super) fn readable(headers: &HeaderMap, response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    if let Some(origin) = headers.get(ORIGIN) {
        allow(origin.clone(), response.headers_mut());
    }
    response
}

/// The same for a refusal of a tracking call from around the routes, such as for want of room: without it the page
/// does not hear when to come again.
pub(crate) fn readable_refusal(route: &str, origin: Option<HeaderValue>, response: &mut Response) {
    let status = response.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    let Some(origin) = origin.filter(|_| is_refusal && route.starts_with("/v1/")) else { return };
    if !response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        allow(origin, response.headers_mut());
    }
}

fn allow(origin: HeaderValue, answer: &mut HeaderMap) {
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    answer.append(VARY, HeaderValue::from_static("origin"));
    let names = HeaderValue::from_static("retry-after, x-ratelimit-reset");
    answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, names);
}

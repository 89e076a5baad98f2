//! Bodies of requests to the API: JSON that says exactly what the route knows.

use std::any::TypeId;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use store::Digest;
use store::idempotency::IdempotencyKey;

use crate::app::App;
use crate::problem::{Fault, Problem};

/// A body, and what tells a repetition of its request.
#[derive(Clone, Debug)]
pub(crate) struct Sent<T> {
    pub(crate) body: T,
    pub(crate) repeat: Repeat,
}

/// The same where each item of a list stands or falls by itself: the route asks [`zero_in`] of every
/// item, so that one text that no database takes does not refuse all the others.
#[derive(Clone, Debug)]
pub(crate) struct SentApart<T>(pub(crate) Sent<T>);

/// The same where nothing need be said: no body at all is the body without members.
#[derive(Clone, Debug)]
pub(crate) struct SentIfAny<T>(pub(crate) Sent<T>);

/// A request without a body, and what tells a repetition of it.
#[derive(Clone, Debug)]
pub(crate) struct Repeatable(pub(crate) Repeat);

/// What tells that a request repeats another one.
#[derive(Clone, Debug)]
pub(crate) struct Repeat {
    /// The header `Idempotency-Key`.
    pub(crate) key: Option<IdempotencyKey>,
    /// The hash of method, address and body.
    pub(crate) request: Digest,
}

impl Repeat {
    /// `body` is the request's body, or what stands for it.
    pub(crate) fn of(
        method: &str,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, Problem> {
        let target = uri.path_and_query().map_or("", |target| target.as_str());
        let parts = [method.as_bytes(), target.as_bytes(), body];
        Ok(Self { key: key(headers)?, request: Digest::of_parts(&parts) })
    }

    /// Whether a request says that it may come again.
    pub(crate) fn has_key(headers: &HeaderMap) -> bool {
        headers.contains_key(KEY)
    }

    fn of_request(request: &Request, body: &[u8]) -> Result<Self, Problem> {
        Self::of(request.method().as_str(), request.uri(), request.headers(), body)
    }
}

impl<T: DeserializeOwned + 'static> FromRequest<App> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (json, repeat) = received(request, app).await?;
        if let Some(pointer) = zero_in(&json) {
            let faults = vec![Fault::new(pointer, ZERO)];
            return Err(Problem::bad("bad_text", ZERO).with_errors(faults));
        }
        Ok(Self { body: read_object(json)?, repeat })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest<App> for SentApart<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (json, repeat) = received(request, app).await?;
        Ok(Self(Sent { body: read_object(json)?, repeat }))
    }
}

impl<T: DeserializeOwned + Default + 'static> FromRequest<App> for SentIfAny<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if request.headers().contains_key(CONTENT_TYPE) {
            return Sent::from_request(request, app).await.map(Self);
        }
        let Repeatable(repeat) = Repeatable::from_request(request, app).await?;
        Ok(Self(Sent { body: T::default(), repeat }))
    }
}

impl FromRequest<App> for Repeatable {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_body(body, app.config.limits.body_bytes).await?;
        let blank = bytes.iter().all(u8::is_ascii_whitespace);
        if !blank && bytes.as_ref() != b"{}" {
            return Err(Problem::bad("no_body_expected", "this request takes no body"));
        }
        let request = Request::from_parts(parts, Body::empty());
        Repeat::of_request(&request, &[]).map(Self)
    }
}

/// Reads a body to its end, unless it is longer than `limit`. Packed bodies arrive here unpacked, so
/// that a small one that unpacks to much is refused as soon as it is too much.
pub(crate) async fn read_body(body: Body, limit: usize) -> Result<bytes::Bytes, Problem> {
    axum::body::to_bytes(body, limit).await.map_err(|error| {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            if error.is::<http_body_util::LengthLimitError>() {
                return Problem::too_large(limit);
            }
            cause = error.source();
        }
        Problem::bad("broken_body", "the body broke off, or is not packed as its encoding says")
    })
}

async fn received(request: Request, app: &App) -> Result<(Json, Repeat), Problem> {
    let (parts, body) = request.into_parts();
    // A form of another site's page cannot send this type without asking first.
    if !is_json(&parts.headers) {
        let detail = "send the body as JSON, with `Content-Type: application/json`";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail));
    }
    let bytes = read_body(body, app.config.limits.body_bytes).await?;
    let request = Request::from_parts(parts, Body::empty());
    let repeat = Repeat::of_request(&request, &bytes)?;
    let json = serde_json::from_slice(&bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::bad("not_json", format!("the body is not JSON, at {place}"))
    })?;
    Ok((json, repeat))
}

fn read_object<T: DeserializeOwned + 'static>(value: Json) -> Result<T, Problem> {
    // Members by their place in a list are nobody's intention, and serde would take them.
    if value.is_array() && TypeId::of::<T>() != TypeId::of::<Json>() {
        return Err(Problem::invalid("bad_body", "the body has to be an object, `{..}`"));
    }
    read_value(value).map_err(|(pointer, detail)| {
        Problem::invalid("bad_body", format!("{pointer}: {detail}"))
            .with_errors(vec![Fault::new(pointer, detail)])
    })
}

/// Reads JSON into what a route knows, or says where something is wrong (a JSON pointer), and what.
pub(crate) fn read_value<T: DeserializeOwned>(value: Json) -> Result<T, (String, String)> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| (pointer(error.path()), error.into_inner().to_string()))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&escaped(key));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// What is wrong where [`zero_in`] finds something.
pub(crate) const ZERO: &str = "a text has a character with the number 0, which cannot be kept";

/// Where the first text with a U+0000 is, or the object with a name that has one, as a JSON pointer.
/// PostgreSQL takes none in a text and SQLite does: what is taken must not depend on the database.
pub(crate) fn zero_in(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => text.contains('\0').then(String::new),
        Json::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            let rest = zero_in(item)?;
            Some(format!("/{index}{rest}"))
        }),
        Json::Object(members) => members.iter().find_map(|(key, value)| {
            if key.contains('\0') {
                return Some(String::new());
            }
            let rest = zero_in(value)?;
            Some(format!("/{}{rest}", escaped(key)))
        }),
        Json::Null | Json::Bool(_) | Json::Number(_) => None,
    }
}

/// A member's name as a part of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

const KEY: &str = "idempotency-key";

fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    IdempotencyKey::parse(text)
        .map(Some)
        .map_err(|error| Problem::bad("bad_idempotency_key", error.to_string()))
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

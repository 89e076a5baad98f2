//! Headers of requests and answers: what a change expects to find, and what makes a repetition harmless.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Required};

/// POST requests that change what is there already, and may say what they expect to find.
pub(super) const CHANGING_POSTS: [&str; 7] = [
    "/api/v1/models",
    "/api/v1/models/{name}/activate",
    "/api/v1/models/{name}/retire",
    "/api/v1/models/{name}/rollback",
    "/api/v1/models/{name}/shadow",
    "/api/v1/webhooks/{id}/rotate",
    "/api/v1/write-keys/{id}/rotate",
];

/// Describes those of an operation.
pub(super) fn describe(operation: &mut Operation, method: &HttpMethod, path: &str) {
    let mut headers = Vec::new();
    if matches!(method, HttpMethod::Post) {
        headers.push(sent(
            "Idempotency-Key",
            "1 to 255 visible ASCII characters of your choice: a request that is repeated with it within a week \
             has its effect once.",
        ));
    }
    let may_expect = match method {
        HttpMethod::Post => CHANGING_POSTS.contains(&path),
        HttpMethod::Put | HttpMethod::Patch | HttpMethod::Delete => true,
        _ => false,
    };
    if may_expect {
        headers.push(sent(
            "If-Match",
            "The `ETag` of an earlier answer, or `*`: 412 where somebody else changed it in between.",
        ));
    }
    let follows = path.ends_with("/stream");
    if follows && matches!(method, HttpMethod::Get) {
        headers.push(sent(
            "Last-Event-ID",
            "The `id` of the last event that was seen: goes on behind it.",
        ));
    }
    operation.parameters.get_or_insert_default().extend(headers.into_iter().map(RefOr::T));
    let is_one = path.ends_with('}') && !matches!(method, HttpMethod::Delete);
    for status in ["200", "201"] {
        if is_one && let Some(RefOr::T(answer)) = operation.responses.responses.get_mut(status) {
            let tag = said("Where it can be changed: its version, for `If-Match`.", Type::String);
            answer.headers.insert("ETag".to_owned(), RefOr::T(tag));
        }
    }
}

/// When to come back, in an answer of 429 or 503.
pub(super) fn retry_after() -> (&'static str, Header) {
    (
        "Retry-After",
        said("With 429 and 503: seconds until it is worth asking again.", Type::Integer),
    )
}

fn sent(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .build()
}

fn said(description: &str, kind: Type) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(kind).build()))
        .description(Some(description))
        .build()
}

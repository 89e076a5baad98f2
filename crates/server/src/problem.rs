//! What is answered when something is wrong: problem details (RFC 9457), with a code for programs and
//! a sentence with the remedy for people.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::DbError;
use utoipa::ToSchema;

/// An answer that is no success.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: String,
    detail: String,
    errors: Vec<Fault>,
    /// After how many seconds the same request may succeed.
    retry_after: Option<u64>,
    /// When it may, as tracking clients expect it: in seconds since 1970.
    resets_at: Option<i64>,
}

/// A problem as it is written. `code` and `message` are there whatever happened: some clients of the
/// tracking calls look for nothing else.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct WrittenProblem {
    /// Names the kind of problem; not an address to call.
    #[schema(example = "urn:madura:problem:not_found")]
    r#type: String,
    /// What the status means.
    title: String,
    /// The status of HTTP.
    status: u16,
    /// What is wrong here, and what to do.
    detail: String,
    /// For programs.
    #[schema(example = "not_found")]
    code: String,
    /// The same as `detail`.
    message: String,
    /// What is wrong at which places of the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
}

impl From<Problem> for WrittenProblem {
    fn from(problem: Problem) -> Self {
        Self {
            r#type: format!("urn:madura:problem:{}", problem.code),
            title: problem.status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: problem.status.as_u16(),
            message: problem.detail.clone(),
            detail: problem.detail,
            code: problem.code,
            errors: problem.errors,
        }
    }
}

/// Something that is wrong at one place of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// Where, as a JSON pointer.
    #[schema(example = "/traits/email")]
    pub(crate) pointer: String,
    /// What is wrong there.
    pub(crate) detail: String,
    /// The line of a document, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    /// The column of a document, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<usize>,
    /// What to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
}

impl Fault {
    pub(crate) fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
            line: None,
            column: None,
            remedy: None,
        }
    }
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            resets_at: None,
        }
    }

    /// 400: the request cannot be understood.
    pub(crate) fn bad(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401: nobody we know.
    pub(crate) fn unknown_caller() -> Self {
        let detail = "log in, or send a working key as `Authorization: Bearer mk_...`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    }

    /// 403: somebody who may not.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 404.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// 409: it stands otherwise than the request supposes.
    pub(crate) fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 412: somebody else changed it in between.
    pub(crate) fn changed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "changed_in_between", detail)
    }

    /// 413.
    pub(crate) fn too_large(limit: usize) -> Self {
        let detail = format!("the body is larger than the {limit} bytes that are taken");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    /// 422: understood, and not possible.
    pub(crate) fn invalid(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 429.
    pub(crate) fn too_many(code: &str, detail: impl Into<String>, seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail).retry_after(seconds)
    }

    /// 500: our mistake. What it was stands in the log, not in the answer.
    pub(crate) fn internal() -> Self {
        let detail = "something went wrong here; the log has it under the answer's x-request-id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// 503: not now.
    pub(crate) fn unavailable(code: &str, detail: impl Into<String>, seconds: u64) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(seconds)
    }

    #[must_use]
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds.max(1)), ..self }
    }

    #[must_use]
    pub(crate) fn resets_at(self, epoch_seconds: i64) -> Self {
        Self { resets_at: Some(epoch_seconds), ..self }
    }

    #[must_use]
    pub(crate) fn with_errors(self, errors: Vec<Fault>) -> Self {
        Self { errors, ..self }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) => {
                tracing::warn!(%error, "the database cannot be reached");
                let detail = "the database cannot be reached just now: try again";
                Self::unavailable("store_unavailable", detail, 2)
            }
            DbError::Full => {
                tracing::error!("the disk of the database is full");
                let detail =
                    "the disk is full; nothing of this request was stored: try again later";
                Self::unavailable("store_full", detail, 30)
            }
            DbError::Failed(_) => {
                tracing::error!(%error, "the database takes nothing until a restart");
                let detail = "the database takes nothing until a restart: try again";
                Self::unavailable("store_failed", detail, 10)
            }
            DbError::Exists(_) => Self::conflict("exists", "it exists already"),
            DbError::Damaged(_)
            | DbError::TooNew { .. }
            | DbError::NoRow
            | DbError::Statement(_) => {
                tracing::error!(%error, "the database");
                Self::internal()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after, resets_at) = (self.status, self.retry_after, self.resets_at);
        let body = serde_json::to_vec(&WrittenProblem::from(self)).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(seconds) = resets_at {
            headers
                .insert(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(seconds));
        }
        response
    }
}

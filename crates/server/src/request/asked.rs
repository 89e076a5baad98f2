//! Queries and names in paths.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The query, read into `T`. What it does not know is refused.
#[derive(Clone, Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

/// The names in the path.
#[derive(Clone, Debug)]
pub(crate) struct Named<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Asked<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.uri)
    }
}

impl<T: DeserializeOwned> Asked<T> {
    /// From an address.
    pub(crate) fn of(uri: &Uri) -> Result<Self, Problem> {
        // Databases do not take it in a text, and no text has a reason to have it.
        if uri.query().is_some_and(|query| query.contains("%00") || query.contains('\0')) {
            return Err(Problem::bad("bad_query", "the query has a character with the number 0"));
        }
        let read = Query::<T>::try_from_uri(uri);
        read.map(|Query(value)| Self(value)).map_err(|error: QueryRejection| {
            let text = error.body_text();
            let reason =
                text.rsplit_once("query string: ").map_or(text.as_str(), |(_, reason)| reason);
            Problem::bad("bad_query", format!("the query cannot be read: {reason}"))
        })
    }
}

impl<T, S> FromRequestParts<S> for Named<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.uri.path().contains("%00") {
            return Err(Problem::not_found("address"));
        }
        let read = Path::<T>::from_request_parts(parts, state).await;
        read.map(|Path(value)| Self(value))
            .map_err(|_: PathRejection| Problem::not_found("address"))
    }
}

/// Several values in one, separated by commas: `bracket=hot,warm`.
pub(crate) fn list(text: &str) -> Vec<String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

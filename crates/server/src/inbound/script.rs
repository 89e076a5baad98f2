//! The tracking script, and what Segment's own script asks for before it begins.

use std::sync::LazyLock;

use axum::Json;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE,
    ETAG, IF_NONE_MATCH, REFERRER_POLICY, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use store::Digest;

use super::WriteKeys;
use crate::app::App;
use crate::problem::Problem;
use crate::request::Named;

static SCRIPT: &[u8] = include_bytes!("../../../../web/snippet/dist/m.js");

/// The same, packed by who built it: what it weighs is promised, and nobody packs it once more for each page.
static PACKED: &[u8] = include_bytes!("../../../../web/snippet/dist/m.js.gz");

static TAG: LazyLock<String> = LazyLock::new(|| {
    let digest = format!("{:?}", Digest::of(SCRIPT));
    format!("\"{}\"", &digest[..32])
});

pub(super) async fn serve(headers: HeaderMap) -> Response {
    // A weak one: packed or not it is the same script.
    let tag = HeaderValue::from_str(&format!("W/{}", *TAG));
    let tag = tag.unwrap_or(HeaderValue::from_static("W/\"m\""));
    let is_known =
        headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|known| {
            known.split(',').any(|one| one.trim().trim_start_matches("W/") == *TAG)
        });
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let script = HeaderValue::from_static("text/javascript; charset=utf-8");
        if takes_gzip(&headers) {
            let gzip = HeaderValue::from_static("gzip");
            ([(CONTENT_TYPE, script), (CONTENT_ENCODING, gzip)], PACKED).into_response()
        } else {
            ([(CONTENT_TYPE, script)], SCRIPT).into_response()
        }
    };
    let answer = response.headers_mut();
    answer.insert(VARY, HeaderValue::from_static("accept-encoding"));
    answer.insert(ETAG, tag);
    // An hour: a new version is on every page soon, and a visitor of several pages asks once.
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    // It is there to be used by pages of other sites.
    answer.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    answer.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Whether a browser says so without "not at all" (`;q=0`) behind it.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let said = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    said.unwrap_or_default().split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_ok_and(|weight| weight > 0.0)
    })
}

pub(super) async fn settings(
    State(app): State<App>,
    Named(key): Named<String>,
) -> Result<Response, Problem> {
    if WriteKeys::find(&app, &key).await?.is_none() {
        return Err(Problem::not_found("write key"));
    }
    let (protocol, host) = app.config.public_url.split_once("://").unwrap_or(("http", ""));
    let answer = json!({
        "integrations": {
            "Segment.io": {"apiKey": key, "apiHost": format!("{host}/v1"), "protocol": protocol},
        },
        "plan": {},
    });
    let headers = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
    ];
    Ok((headers, Json(answer)).into_response())
}

//! The page that people use: files that were built into the program, and nothing else.

use std::fmt::Write as _;

use axum::extract::Request;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::Embed;

use crate::problem::Problem;

/// The page, as `web/app` was built into `web/dist`. A debug build reads it from there when it is asked.
#[derive(Embed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

const INDEX: &str = "index.html";

/// Files whose names change with what is in them.
const HASHED: &str = "assets/";

/// What stands in place of the page in a program that was built without it.
const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Madura</title>
<p>This program was built without its page; the API works. With Node.js, <code>cargo xtask web</code> builds the
page, and the next build of the program takes it in.
";

/// Answers whatever no route answers.
pub(crate) async fn serve(request: Request) -> Response {
    let path = request.uri().path();
    let is_ours =
        path == "/api" || path.starts_with("/api/") || path == "/v1" || path.starts_with("/v1/");
    if is_ours {
        return Problem::not_found("route").into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let detail = "this address takes other methods";
        return Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
            .into_response();
    }
    let name = path.trim_start_matches('/');
    let name = if name.is_empty() { INDEX } else { name };
    if let Some(found) = file(name, request.headers()) {
        return found;
    }
    // An address of the page itself, such as /leads/0197..: the page knows what to show.
    let wants_page = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if wants_page && is_address_of_page(name) {
        return file(INDEX, request.headers()).unwrap_or_else(|| Html(NOT_BUILT).into_response());
    }
    Problem::not_found("page").into_response()
}

/// Words, without a dot: no file, and no way out of anything.
fn is_address_of_page(name: &str) -> bool {
    name == INDEX
        || name.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b':' | b'@' | b'~')
        })
}

/// A file by its exact name. The names are those of a list in the program, none is a path that is
/// opened.
fn file(name: &str, headers: &HeaderMap) -> Option<Response> {
    let is_listed = Files::iter().any(|listed| listed == name);
    let file = if is_listed { Files::get(name) } else { None }?;
    let hash = file.metadata.sha256_hash();
    let mut tag = String::from("\"");
    for byte in &hash[..16] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| {
        known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
    });
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_owned().into_response()
    };
    let answer = response.headers_mut();
    answer.insert(CONTENT_TYPE, HeaderValue::from_static(kind_of(name)));
    answer.insert(ETAG, HeaderValue::from_str(&tag).ok()?);
    // Where a name stays the same from version to version, browsers ask whether the file does, too.
    let is_hashed = name.starts_with(HASHED);
    let keep = if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    Some(response)
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

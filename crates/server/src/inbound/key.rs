//! Who reports: a page by its write key, which is public, or a server by an API key.

use axum::http::header::{AUTHORIZATION, ORIGIN, USER_AGENT};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ingest::Envelope;
use ingest::machines::{PURPOSE_HEADERS, Signs, classify};
use leads::Trust;
use store::keys::{self, ApiKey, Scope};
use store::write_keys::WriteKey;

use super::WriteKeys;
use crate::app::App;
use crate::problem::Problem;
use crate::request::Sender;

/// Who reports.
#[derive(Clone, Debug)]
pub(crate) enum Writer {
    /// Whoever has the page's source: what it says is believed of itself only.
    Page(Box<WriteKey>),
    /// The customer's own server.
    Server(Box<ApiKey>),
}

/// The key of a request: from `Authorization` (Basic with the key for a user, whose colon may be
/// missing, or Bearer), else from the body.
pub(crate) fn shown(headers: &HeaderMap, in_body: Option<String>) -> Option<String> {
    let from_header =
        headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
            let (scheme, rest) = value.trim().split_once(' ')?;
            let rest = rest.trim();
            if scheme.eq_ignore_ascii_case("bearer") {
                return Some(rest.to_owned());
            }
            if !scheme.eq_ignore_ascii_case("basic") {
                return None;
            }
            let bytes = STANDARD
                .decode(rest)
                .or_else(|_| STANDARD_NO_PAD.decode(rest.trim_end_matches('=')))
                .ok()?;
            let text = String::from_utf8(bytes).ok()?;
            let user = text.split(':').next().unwrap_or_default();
            Some(user.trim().to_owned())
        });
    from_header.filter(|key| !key.is_empty()).or(in_body)
}

impl Writer {
    /// Finds out who reports, and whether from there and not too often.
    pub(crate) async fn admit(
        app: &App,
        key: Option<String>,
        headers: &HeaderMap,
    ) -> Result<Self, Problem> {
        let unknown = || {
            let detail = "send a working write key, as the user of Basic authentication or as \
                \"writeKey\" in the body";
            Problem::new(StatusCode::UNAUTHORIZED, "invalid_write_key", detail)
        };
        let key = key.ok_or_else(unknown)?;
        let now = app.now();
        let writer = if key.starts_with("mk_") {
            let found = WriteKeys::find_api_key(app, &key).await?.ok_or_else(unknown)?;
            if !found.allows(Scope::WriteFacts) {
                return Err(Problem::forbidden(format!(
                    "this needs the right {}",
                    Scope::WriteFacts
                )));
            }
            Self::Server(Box::new(found))
        } else {
            let found = WriteKeys::find(app, &key).await?.ok_or_else(unknown)?;
            let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or("?"));
            if !found.allows_origin(origin) {
                let detail = "this write key is for other sites: add this one to its origins";
                return Err(Problem::new(StatusCode::FORBIDDEN, "origin_not_allowed", detail));
            }
            Self::Page(Box::new(found))
        };
        app.per_write_key.take(writer.id(), now).map_err(|seconds| {
            metrics::counter!("madura_refused_total", "why" => "write_key_rate").increment(1);
            too_often("this key reports too often: wait, and send batches", seconds, now)
        })?;
        writer.note_use(app);
        Ok(writer)
    }

    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Page(key) => &key.id,
            Self::Server(key) => &key.id,
        }
    }

    /// The write key with its quota, where it is a page.
    pub(crate) fn write_key(&self) -> Option<&WriteKey> {
        match self {
            Self::Page(key) => Some(key),
            Self::Server(_) => None,
        }
    }

    /// What is known of its messages.
    pub(crate) fn envelope(&self, app: &App, sender: Sender, headers: &HeaderMap) -> Envelope {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let mut envelope = Envelope {
            received_at: app.now(),
            source: format!("key:{}", self.id()),
            trust: Trust::Trusted,
            ip: None,
            user_agent: None,
            machine: None,
        };
        if let Self::Page(_) = self {
            let agent = text(USER_AGENT.as_str()).unwrap_or_default();
            let purpose = PURPOSE_HEADERS.iter().find_map(|name| text(name));
            envelope.trust = Trust::Public;
            envelope.ip = Some(sender.address);
            envelope.user_agent = Some(agent.to_owned());
            envelope.machine = classify(&Signs { purpose, ..Signs::default() });
        }
        envelope
    }

    fn note_use(&self, app: &App) {
        let now = app.now();
        match self {
            Self::Page(key) if key.is_touch_due(now) => {
                let id = key.id.clone();
                let store = app.live.store();
                drop(store.submit(move |tx| store::write_keys::touch(tx, &id, now)));
            }
            Self::Server(key) if key.is_touch_due(now) => {
                let id = key.id.clone();
                drop(app.live.store().submit(move |tx| keys::touch(tx, &id, now)));
            }
            Self::Page(_) | Self::Server(_) => {}
        }
    }
}

/// 429 as tracking clients understand it.
pub(super) fn too_often(detail: &str, seconds: u64, now: leads::Timestamp) -> Problem {
    let resets_at = now.as_millis().div_euclid(1000) + seconds as i64;
    Problem::too_many("rate_limited", detail, seconds).resets_at(resets_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_however_clients_send_it() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let of = |value: &str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().expect("a header"))]);
            shown(&headers, Some("wk_body".to_owned())).expect("a key")
        };
        assert_eq!(of(&basic("wk_a:")), "wk_a");
        assert_eq!(of(&basic("wk_a")), "wk_a", "without the colon");
        assert_eq!(of("bearer wk_a"), "wk_a");
        assert_eq!(of(basic("wk_ab:").trim_end_matches('=')), "wk_ab");
        assert_eq!(of(&basic(":")), "wk_body", "an empty one is none");
        assert_eq!(of("Basic ???"), "wk_body");
        assert_eq!(shown(&HeaderMap::new(), None), None);
    }
}

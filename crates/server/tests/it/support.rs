//! A house to test in: a store in a directory of its own, a clock that stands still, an owner.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leads::Timestamp;
use live::{Live, Surroundings};
use serde_json::{Value as Json, json};
use server::{Config, Server};
use store::{Address, Segments, Store};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

pub(crate) const ORIGIN: &str = "https://leads.example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A model that gives 10 points per page seen, 5 at most for who it is, and has brackets and a stage.
pub(crate) const MODEL: &str = r"
model: fit
groups:
  - group: Who
    dimension: fit
    criteria:
      - name: Business address
        when: {trait: email.kind, is: business}
        points: 5
  - group: What
    dimension: engagement
    criteria:
      - name: Pages
        event: page_viewed
        points: 10
brackets:
  - {name: cold, from: 0}
  - {name: warm, from: 20}
  - {name: hot, from: 50}
stages:
  - stage: sales_qualified
    enter: {score: 50}
    leave: {score: 40}
";

pub(crate) struct House {
    pub(crate) runtime: Runtime,
    pub(crate) server: Server,
    pub(crate) live: Live,
    pub(crate) router: Router,
    pub(crate) clock: Arc<AtomicI64>,
    pub(crate) directory: TempDir,
    address: Address,
}

/// As whom a request is sent.
#[derive(Clone, Debug)]
pub(crate) enum As {
    Nobody,
    /// By the cookie of a session, from our own page.
    Session(String),
    Key(String),
    /// As tracking clients do.
    WriteKey(String),
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {} {}", self.status, String::from_utf8_lossy(&self.body))
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Json {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.body.is_empty() { Json::Null } else { self.json() }
    }

    /// A problem has this form whatever happened.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Json {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        let kind = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        assert_eq!(kind, Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert!(problem["message"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        problem
    }

    pub(crate) fn cookie(&self) -> String {
        let set = self.headers.get(SET_COOKIE).and_then(|value| value.to_str().ok());
        let pair = set.and_then(|value| value.split(';').next());
        pair.unwrap_or_default().to_owned()
    }
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(configure: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let address = Address::File(directory.path().join("madura.db"));
        Self::at(&address, directory, configure)
    }

    pub(crate) fn at(
        address: &Address,
        directory: TempDir,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let start = Timestamp::parse("2026-06-01T10:00:00Z").expect("an instant");
        let clock = Arc::new(AtomicI64::new(start.as_millis()));
        let store = Store::open(address, start).expect("a store");
        let segments = Segments::open(&directory.path().join("events")).expect("segments");
        let around = Surroundings { email_kind, fresh_id, threads: 1 };
        let live = Live::open(store, segments, around, start).expect("the system");
        let mut config = Config::new(directory.path().to_owned(), ORIGIN);
        let plenty = server::Rate { per_second: 1e6, burst: 1e6 };
        config.limits.per_caller = plenty;
        config.limits.per_address = plenty;
        config.limits.per_write_key = plenty;
        configure(&mut config);
        let ticking = Arc::clone(&clock);
        let server = Server::open(
            config,
            live.clone(),
            Arc::new(move || Timestamp::saturating_from_millis(ticking.load(Ordering::SeqCst))),
            never_twice(),
        )
        .expect("a server");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let router = server.router();
        let address = address.clone();
        Self { runtime, server, live, router, clock, directory, address }
    }

    /// Another node on the same server.
    pub(crate) fn beside(&self) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let other = Self::at(&self.address, directory, |_| {});
        other.clock.store(self.clock.load(Ordering::SeqCst), Ordering::SeqCst);
        other
    }

    /// A server as after a restart: one whose loops have ended begins them no more.
    pub(crate) fn restarted(&self) -> Server {
        let config = Config::new(self.directory.path().to_owned(), ORIGIN);
        let ticking = Arc::clone(&self.clock);
        let clock =
            Arc::new(move || Timestamp::saturating_from_millis(ticking.load(Ordering::SeqCst)));
        Server::open(config, self.live.clone(), clock, never_twice()).expect("a server")
    }

    pub(crate) fn pass(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    /// Whatever a call reports is settled when it returns, as a server that runs does within
    /// milliseconds; nobody is scored yet.
    pub(crate) fn send(&self, request: Request<Body>) -> Reply {
        let reply = self.answer_to(request);
        while self.live.settle().expect("settled") > 0 {}
        reply
    }

    fn answer_to(&self, request: Request<Body>) -> Reply {
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.expect("an answer");
            let (parts, body) = response.into_parts();
            let body = axum::body::to_bytes(body, 64 << 20).await.expect("a body");
            Reply { status: parts.status, headers: parts.headers, body: body.to_vec() }
        })
    }

    pub(crate) fn call(&self, method: &str, path: &str, by: &As, body: Option<Json>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        request = match by {
            As::Nobody => request,
            As::Session(cookie) => {
                request.header(COOKIE, cookie).header("sec-fetch-site", "same-origin")
            }
            As::Key(key) => request.header(AUTHORIZATION, format!("Bearer {key}")),
            As::WriteKey(key) => request
                .header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(format!("{key}:")))),
        };
        let body = match body {
            Some(json) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).expect("a request"))
    }

    pub(crate) fn get(&self, path: &str, by: &As) -> Reply {
        self.call("GET", path, by, None)
    }

    pub(crate) fn post(&self, path: &str, by: &As, body: Json) -> Reply {
        self.call("POST", path, by, Some(body))
    }

    /// The first user.
    pub(crate) fn owner(&self) -> As {
        let link = self.server.setup_link().expect("a link").expect("nobody is there yet");
        let token = link.split_once("#token=").expect("a token").1.to_owned();
        let reply = self.post(
            "/api/v1/setup",
            &As::Nobody,
            json!({"token": token, "email": "owner@example.com", "name": "Olga", "password": PASSWORD}),
        );
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
        As::Session(reply.cookie())
    }

    /// Another user with a role.
    pub(crate) fn user(&self, owner: &As, role: &str) -> As {
        let email = format!("{}@example.com", role.replace('_', "-"));
        let invited = self
            .post("/api/v1/invitations", owner, json!({"email": email, "role": role}))
            .expect(201);
        let link = invited["link"].as_str().expect("a link");
        let token = link.split_once("#token=").expect("a token").1;
        let reply = self.post(
            "/api/v1/invitations/accept",
            &As::Nobody,
            json!({"token": token, "name": role, "password": PASSWORD}),
        );
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
        As::Session(reply.cookie())
    }

    pub(crate) fn key(&self, owner: &As, scopes: &[&str]) -> As {
        let made = self.post("/api/v1/keys", owner, json!({"name": "a key", "scopes": scopes}));
        As::Key(made.expect(201)["key"].as_str().expect("a key").to_owned())
    }

    /// A write key: who uses it, and its id.
    pub(crate) fn write_key(&self, owner: &As, wish: Json) -> (As, String) {
        let made = self.post("/api/v1/write-keys", owner, wish).expect(201);
        let text = |name: &str| made[name].as_str().expect("a text").to_owned();
        (As::WriteKey(text("key")), text("id"))
    }

    /// Makes [`MODEL`] count.
    pub(crate) fn model(&self, by: &As) {
        self.activate(by, MODEL);
    }

    pub(crate) fn activate(&self, by: &As, document: &str) {
        let made = self.post("/api/v1/models", by, json!({"document": document})).expect(201);
        let version = made["version"].as_i64().expect("a version");
        let path = format!("/api/v1/models/{}", made["model"].as_str().expect("a model"));
        let diff = self.get(&format!("{path}/versions/{version}/diff"), by).expect(200);
        let body = json!({"version": version, "confirm": diff["confirm"]});
        self.post(&format!("{path}/activate"), by, body).expect(200);
        self.settle();
    }

    /// Settles what was taken, and scores whoever is to be scored.
    pub(crate) fn settle(&self) {
        while self.live.settle().expect("settled") > 0 {}
        while self.live.work(self.server.now(), 1000).expect("scores") > 0 {}
    }

    /// Somebody with an address who saw some pages.
    pub(crate) fn visitor(&self, by: &As, email: &str, pages: usize) -> String {
        let events: Vec<Json> = (0..pages)
            .map(|number| {
                json!({"id": format!("{email}-{number}"), "who": {"email": email},
                    "event": "page_viewed", "properties": {"path": "/pricing"}})
            })
            .collect();
        let made = self.post("/api/v1/leads", by, json!({"email": email})).expect(201);
        if pages > 0 {
            self.post("/api/v1/events", by, json!({"events": events})).expect(200);
        }
        self.settle();
        made["id"].as_str().expect("an id").to_owned()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.server.stop();
    }
}

/// Bytes that are not random, but never the same twice.
fn never_twice() -> server::Random {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    Arc::new(|bytes: &mut [u8]| {
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        for (index, byte) in bytes.iter_mut().enumerate() {
            let mixed = number.wrapping_add(index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *byte = (mixed >> 56) as u8 ^ (number >> (8 * (index % 8))) as u8;
        }
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the form that the system asks for")]
fn email_kind(domain: &str) -> Option<&'static str> {
    Some(if domain.starts_with("gmail.") { "personal" } else { "business" })
}

fn fresh_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("id-{:012}", COUNT.fetch_add(1, Ordering::SeqCst))
}

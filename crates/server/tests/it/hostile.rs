//! What strangers try.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use axum::body::Body;
use axum::http::header::COOKIE;
use axum::http::{Request, StatusCode};
use serde_json::json;
use server::Rate;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tower::ServiceExt as _;

use crate::support::{As, House, ORIGIN, Reply};

fn raw(house: &House, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.send(request.body(Body::from(body.to_owned())).expect("a request"))
}

#[test]
fn a_page_of_another_site_changes_nothing_with_somebodys_cookie() {
    let house = House::new();
    let owner = house.owner();
    let As::Session(cookie) = &owner else { panic!() };
    let json = ("content-type", "application/json");
    let wish = r#"{"name":"site"}"#;
    let send = |headers: &[(&str, &str)]| {
        let mut all = vec![("cookie", cookie.as_str()), json];
        all.extend_from_slice(headers);
        raw(&house, "POST", "/api/v1/write-keys", &all, wish)
    };
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[],
    ] {
        send(headers).problem(403, "cross_site");
    }
    let keys = house.get("/api/v1/write-keys", &owner).expect(200);
    assert_eq!(keys.as_array().map(Vec::len), Some(0));
    send(&[("origin", ORIGIN)]).expect(201);
    // A form of a page cannot send this type.
    let form = [
        ("cookie", cookie.as_str()),
        ("content-type", "text/plain"),
        ("sec-fetch-site", "same-origin"),
    ];
    raw(&house, "POST", "/api/v1/write-keys", &form, wish).problem(415, "not_json");
    // Nobody is logged in by another site's page either.
    let body = r#"{"email":"owner@example.com","password":"correct horse battery"}"#;
    let login = [json, ("origin", "https://evil.example")];
    raw(&house, "POST", "/api/v1/login", &login, body).problem(403, "cross_site");
}

#[test]
fn a_cookie_that_somebody_planted_is_not_taken_up() {
    let house = House::new();
    house.owner();
    let planted = "__Host-madura=0000000000000000000000000000000000000000000000000000";
    let body = r#"{"email":"owner@example.com","password":"correct horse battery"}"#;
    let headers = [("content-type", "application/json"), ("cookie", planted), ("origin", ORIGIN)];
    let reply = raw(&house, "POST", "/api/v1/login", &headers, body);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_ne!(reply.cookie(), planted);
    house.get("/api/v1/me", &As::Session(planted.to_owned())).problem(401, "unauthenticated");
}

#[test]
fn every_answer_has_the_headers_that_keep_browsers_from_mischief() {
    let house = House::new();
    let owner = house.owner();
    let replies = [
        house.get("/", &As::Nobody),
        house.get("/health", &As::Nobody),
        house.get("/ready", &As::Nobody),
        house.get("/m.js", &As::Nobody),
        house.get("/api/v1/leads", &owner),
        house.get("/api/v1/leads", &As::Nobody),
        house.get("/api/v1/nothing", &owner),
        house.get("/nothing.txt", &As::Nobody),
        house.post("/v1/track", &As::Nobody, json!({})),
        raw(&house, "PUT", "/health", &[], ""),
    ];
    for reply in replies {
        let header = |name: &str| {
            reply
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(
            policy.contains("script-src 'self';") && !policy.contains("script-src 'self' 'unsafe")
        );
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert!(header("strict-transport-security").starts_with("max-age="));
        assert!(!header("referrer-policy").is_empty());
        assert!(!header("x-request-id").is_empty());
    }
    let plain = House::with(|config| config.public_url = "http://localhost:8420".to_owned());
    assert!(!plain.get("/health", &As::Nobody).headers.contains_key("strict-transport-security"));
}

#[test]
fn only_what_was_built_in_is_served() {
    let house = House::new();
    for path in [
        "/../Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e/Cargo.toml",
        "/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/..;/Cargo.toml",
        "/assets/../../Cargo.toml",
        "/assets/..%2f..%2fCargo.toml",
        "/....//Cargo.toml",
        "/.env",
        "/.git/config",
        "//etc/passwd",
        "/etc/passwd%00.html",
        "/index.html%00",
        "/%5c..%5cCargo.toml",
        "/..\\Cargo.toml",
        "/madura.db",
        "/imports/x",
        "/%252e%252e/Cargo.toml",
        "/assets/",
        "/..%c0%af..%c0%afetc/passwd",
        "/.htaccess",
        "/src/lib.rs",
    ] {
        let Ok(request) = Request::builder().uri(path).body(Body::empty()) else { continue };
        let reply = house.send(request);
        assert_eq!(reply.status, 404, "{path}: {}", reply.text());
        assert!(!reply.text().contains("[package]") && !reply.text().contains("root:"), "{path}");
    }
    // An address of the page is the page's, and still no file.
    let page = raw(&house, "GET", "/leads/some-id", &[("accept", "text/html")], "");
    assert_eq!(page.status, 200);
    assert!(page.headers["content-type"].to_str().expect("text").starts_with("text/html"));
    raw(&house, "GET", "/api/v1/leads/../../etc", &[("accept", "text/html")], "")
        .problem(404, "not_found");
}

#[test]
fn names_and_orders_are_words_that_are_known_and_never_sql() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    house.visitor(&owner, "ana@corp.example", 2);
    for query in [
        "order=score%20desc%3B--",
        "order=lead",
        "bracket=hot%27%20OR%201%3D1--",
        "model=fit%27--",
        "q=%25%27%3B%20DROP%20TABLE%20lead%3B--",
        "cursor=%27%20OR%201%3D1",
        "limit=0",
        "limit=201",
        "limit=x",
        "unknown=1",
        "score_min=1e9",
        "owner=%27%22%00",
        "seen_since=yesterday",
        "disqualified=maybe",
        "stage=a%00b",
    ] {
        let reply = house.get(&format!("/api/v1/leads?{query}"), &owner);
        let status = reply.status.as_u16();
        assert!(
            status == 200 || status == 400 || status == 404,
            "{query}: {status} {}",
            reply.text()
        );
        if status == 200 {
            assert_eq!(reply.json()["leads"].as_array().map(Vec::len), Some(0), "{query}");
        }
    }
    assert_eq!(
        house.get("/api/v1/leads", &owner).expect(200)["leads"].as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn no_body_says_more_than_its_route_knows() {
    let house = House::new();
    let owner = house.owner();
    let extra = json!({"email": "x@example.com", "score": 100});
    house.post("/api/v1/leads", &owner, extra).problem(422, "bad_body");
    let extra = json!({"name": "k", "scopes": ["leads:read"], "role": "owner"});
    house.post("/api/v1/keys", &owner, extra).problem(422, "bad_body");
    let extra = json!({"name": "n", "role": "owner"});
    house.call("PATCH", "/api/v1/me", &owner, Some(extra)).problem(422, "bad_body");
    let deep = "[".repeat(100_000);
    let As::Session(cookie) = &owner else { panic!() };
    let headers = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/json"),
    ];
    raw(&house, "POST", "/api/v1/leads", &headers, &deep).problem(400, "not_json");
    let long = format!("{{\"email\":\"{}\"}}", "x".repeat(2 << 20));
    raw(&house, "POST", "/api/v1/leads", &headers, &long).problem(413, "too_large");
}

#[test]
fn too_many_requests_of_one_caller_wait_and_others_do_not() {
    let house = House::with(|config| {
        config.limits.per_caller = Rate { per_second: 1.0, burst: 6.0 };
    });
    let owner = house.owner();
    let key = house.key(&owner, &["leads:read"]);
    for _ in 0..6 {
        house.get("/api/v1/leads", &key).expect(200);
    }
    let reply = house.get("/api/v1/leads", &key);
    assert!(reply.headers.contains_key("retry-after"));
    reply.problem(429, "rate_limited");
    house.get("/api/v1/me", &owner).expect(200);
    house.pass(2_000);
    house.get("/api/v1/leads", &key).expect(200);
}

#[test]
fn more_requests_than_there_is_room_for_are_503_and_nothing_is_lost() {
    let house = House::with(|config| config.limits.requests = 0);
    let reply = house.post("/v1/track", &As::WriteKey("wk_x".into()), json!({}));
    assert!(reply.headers.contains_key("retry-after"));
    reply.problem(503, "overloaded");
    // A page of another site hears when to come again, and reads nothing else.
    let asked_by_page = |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("origin", "https://shop.example");
        house.send(request.body(Body::empty()).expect("a request"))
    };
    for method in ["POST", "OPTIONS"] {
        let reply = asked_by_page(method, "/v1/b");
        assert_eq!(reply.headers["access-control-allow-origin"], "https://shop.example");
        let names = reply.headers["access-control-expose-headers"].to_str().expect("names");
        assert!(names.contains("retry-after"), "{names}");
        assert_eq!(reply.status, 503);
    }
    let reply = asked_by_page("GET", "/api/v1/leads");
    assert!(!reply.headers.contains_key("access-control-allow-origin"));
}

#[test]
fn who_comes_while_there_is_no_room_waits_for_a_moment_and_is_served() {
    let house = House::with(|config| config.limits.requests = 1);
    let owner = house.owner();
    let As::Session(cookie) = &owner else { panic!() };
    // Somebody's file is on its way, and its end does not come.
    let (rest, body) = mpsc::channel::<Result<Vec<u8>, std::io::Error>>(2);
    let request = Request::builder().method("POST").uri("/api/v1/imports?name=leads.csv");
    let request = request.header(COOKIE, cookie).header("sec-fetch-site", "same-origin");
    let slow = request.body(Body::from_stream(ReceiverStream::new(body))).expect("a request");
    let statuses = house.runtime.block_on(async {
        rest.send(Ok(b"email\nana@".to_vec())).await.expect("taken");
        let mut slow = pin!(house.router.clone().oneshot(slow));
        // It has begun, and has the room.
        let is_there = poll_fn(|context| Poll::Ready(slow.as_mut().poll(context).is_ready())).await;
        assert!(!is_there);
        let next = Request::builder().uri("/api/v1/me").header(COOKIE, cookie).body(Body::empty());
        let mut next = pin!(house.router.clone().oneshot(next.expect("a request")));
        let is_there = poll_fn(|context| Poll::Ready(next.as_mut().poll(context).is_ready())).await;
        assert!(!is_there);
        rest.send(Ok(b"example.com\n".to_vec())).await.expect("taken");
        drop(rest);
        let (slow, next) = tokio::join!(slow, next);
        [slow.expect("an answer").status(), next.expect("an answer").status()]
    });
    assert_eq!(statuses, [StatusCode::CREATED, StatusCode::OK]);
}

#[test]
fn numbers_are_for_those_who_may_and_say_nothing_about_anybody() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "canary@secret.example", 2);
    house.get(&format!("/api/v1/leads/{lead}"), &owner).expect(200);
    house.get("/metrics", &As::Nobody).problem(401, "unauthenticated");
    let key = house.key(&owner, &["leads:read"]);
    house.get("/metrics", &key).problem(403, "forbidden");
    let status = house.key(&owner, &["status:read"]);
    let numbers = house.get("/metrics", &status).text();
    assert!(numbers.contains("madura_requests_total"), "{numbers}");
    for secret in ["canary", "secret.example", lead.as_str(), "owner@example.com"] {
        assert!(!numbers.contains(secret), "{secret}");
    }
}

#[test]
fn what_is_answered_when_something_is_wrong_shows_no_secret() {
    let house = House::new();
    let owner = house.owner();
    let hook = json!({"url": "http://169.254.169.254/latest?token=canary"});
    let refused = house.post("/api/v1/webhooks", &owner, hook).problem(422, "bad_webhook");
    assert!(!refused.to_string().contains("canary"));
    let wrong = json!({"email": "owner@example.com", "password": "canary-password"});
    let refused = house.post("/api/v1/login", &As::Nobody, wrong).problem(401, "wrong_password");
    assert!(!refused.to_string().contains("canary"));
}

#[test]
fn whoever_tries_keys_out_has_to_wait() {
    let house =
        House::with(|config| config.limits.per_caller = Rate { per_second: 0.1, burst: 5.0 });
    let owner = house.owner();
    let guess = |number: usize| {
        let key = format!("Bearer mk_{number:043}");
        raw(&house, "GET", "/api/v1/leads", &[("authorization", key.as_str())], "")
    };
    guess(0).problem(401, "unauthenticated");
    let refused = (1..8).map(guess).find(|reply| reply.status == 429).expect("a wait");
    assert!(refused.headers.contains_key("retry-after"));
    // Whoever is known is not held up by a neighbour who guesses.
    house.get("/api/v1/leads", &owner).expect(200);
}

#[test]
fn a_made_up_method_makes_up_no_number() {
    let house = House::new();
    raw(&house, "BREW", "/api/v1/leads", &[], "");
    let owner = house.owner();
    let page = house.get("/metrics", &owner).text();
    assert!(!page.contains("BREW"), "{page}");
}

#[test]
fn members_by_their_place_in_a_list_are_no_body() {
    let house = House::new();
    let owner = house.owner();
    house.post("/api/v1/write-keys", &owner, json!(["site", []])).problem(422, "bad_body");
    let me = house.get("/api/v1/me", &owner).expect(200);
    let path = format!("/api/v1/users/{}", me["user"]["id"].as_str().expect("an id"));
    house.call("PATCH", &path, &owner, Some(json!([null, null]))).problem(422, "bad_body");
}

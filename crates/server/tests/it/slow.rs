//! Clients whose bodies do not go on, more of them than there is room for.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tower::ServiceExt as _;

use crate::support::{As, House};

/// Sends the rest of a body.
type Rest = mpsc::Sender<Result<Vec<u8>, std::io::Error>>;

const BEGUN: &[u8] = br#"{"email": "#;
const REST: &[u8] = br#""ana@example.com"}"#;

/// A request whose body has begun and waits for its rest.
fn begun(cookie: Option<&str>, path: &str) -> (Rest, Request<Body>) {
    let (rest, body) = mpsc::channel(4);
    rest.try_send(Ok(BEGUN.to_vec())).expect("room for a part");
    let mut request = Request::builder().method("POST").uri(path);
    if let Some(cookie) = cookie {
        request = request.header(COOKIE, cookie).header("sec-fetch-site", "same-origin");
    }
    let request = request.header(CONTENT_TYPE, "application/json");
    (rest, request.body(Body::from_stream(ReceiverStream::new(body))).expect("a request"))
}

fn cookie(by: &As) -> &str {
    let As::Session(cookie) = by else { panic!("a session") };
    cookie
}

/// The router at work on a request.
type Answering = Pin<Box<dyn Future<Output = Result<Response, std::convert::Infallible>> + Send>>;

fn answering(house: &House, request: Request<Body>) -> Answering {
    Box::pin(house.router.clone().oneshot(request))
}

#[test]
fn more_slow_clients_than_there_is_room_for_keep_nobody_out_and_are_served_in_the_end() {
    let house = House::with(|config| config.limits.requests = 2);
    let owner = house.owner();
    let slow: Vec<_> = (0..8).map(|_| begun(Some(cookie(&owner)), "/api/v1/leads")).collect();
    let nobodys: Vec<_> = (0..8).map(|_| begun(None, "/v1/batch")).collect();
    let (rests, slow): (Vec<_>, Vec<_>) = slow.into_iter().unzip();
    let mut slow: Vec<_> = slow.into_iter().map(|request| answering(&house, request)).collect();
    let mut strangers: Vec<_> =
        nobodys.into_iter().map(|(rest, request)| (rest, answering(&house, request))).collect();
    house.runtime.block_on(async {
        for one in slow.iter_mut().chain(strangers.iter_mut().map(|(_, one)| one)) {
            let is_there = poll_fn(|context| Poll::Ready(one.as_mut().poll(context).is_ready()));
            assert!(!is_there.await, "it has begun and waits");
        }
    });
    house.get("/health", &As::Nobody).expect(200);
    house.get("/api/v1/me", &owner).expect(200);
    house.post("/api/v1/leads", &owner, json!({"email": "eva@example.com"})).expect(201);
    let statuses = house.runtime.block_on(async {
        for rest in rests {
            rest.send(Ok(REST.to_vec())).await.expect("taken");
        }
        let mut statuses = Vec::new();
        for one in slow {
            statuses.push(one.await.expect("an answer").status());
        }
        statuses
    });
    assert_eq!(statuses, [StatusCode::CREATED; 8]);
}

#[test]
fn the_state_is_told_when_there_is_no_room_at_all() {
    let house = House::with(|config| config.limits.requests = 0);
    house.get("/health", &As::Nobody).expect(200);
    // It is refused for what it says, and not for want of room.
    house.get("/ready", &As::Nobody).problem(503, "no_worker");
    house.get("/metrics", &As::Nobody).problem(401, "unauthenticated");
}

#[test]
fn one_address_has_so_many_unfinished_requests_and_not_more() {
    let house = House::with(|config| config.limits.unfinished = 2);
    let owner = house.owner();
    let (rests, slow): (Vec<_>, Vec<_>) =
        (0..5).map(|_| begun(Some(cookie(&owner)), "/api/v1/leads")).unzip();
    let statuses = house.runtime.block_on(async {
        let mut answers = tokio::task::JoinSet::new();
        for request in slow {
            answers.spawn(answering(&house, request));
        }
        let mut statuses = Vec::new();
        for _ in 0..3 {
            let answer = answers.join_next().await.expect("an answer").expect("no panic");
            statuses.push(answer.expect("an answer").status());
        }
        assert_eq!(statuses, [StatusCode::TOO_MANY_REQUESTS; 3]);
        // Those that were refused hear nothing more.
        for rest in rests {
            let _ = rest.send(Ok(REST.to_vec())).await;
        }
        let mut served = Vec::new();
        while let Some(answer) = answers.join_next().await {
            served.push(answer.expect("no panic").expect("an answer").status());
        }
        served
    });
    assert_eq!(statuses, [StatusCode::CREATED; 2]);
    // Who has finished has room for others.
    let again = begun(Some(cookie(&owner)), "/api/v1/leads");
    again.0.try_send(Ok(REST.to_vec())).expect("taken");
    drop(again.0);
    assert_eq!(house.send(again.1).status, 201);
}

#[test]
fn bodies_that_are_more_than_may_be_held_are_refused_and_others_are_not() {
    let house = House::with(|config| config.limits.bodies_bytes = 2_000);
    let owner = house.owner();
    let long = json!({"email": "eva@example.com", "traits": {"note": "x".repeat(3_000)}});
    let refused = house.post("/api/v1/leads", &owner, long);
    assert!(refused.headers.contains_key("retry-after"));
    refused.problem(503, "overloaded");
    for _ in 0..30 {
        let short = json!({"email": "eva@example.com", "traits": {"note": "x".repeat(1_000)}});
        house.post("/api/v1/leads", &owner, short).expect(201);
    }
}

#[test]
fn one_address_that_sends_slowly_never_takes_the_room_of_all_others() {
    let house = House::with(|config| {
        config.limits.bodies_bytes = 64_000;
        config.limits.unfinished_bytes = 4_000;
    });
    let owner = house.owner();
    let large = || {
        let (rest, request) = begun(None, "/v1/batch");
        rest.try_send(Ok(vec![b' '; 1_500])).expect("room for a part");
        (rest, request)
    };
    let (rests, slow): (Vec<_>, Vec<_>) = (0..40).map(|_| large()).unzip();
    house.runtime.block_on(async {
        let mut answers = tokio::task::JoinSet::new();
        for request in slow {
            answers.spawn(answering(&house, request));
        }
        // Two of them have room.
        for _ in 0..38 {
            let answer = answers.join_next().await.expect("an answer").expect("no panic");
            assert_eq!(answer.expect("an answer").status(), StatusCode::TOO_MANY_REQUESTS);
        }
        let note = "x".repeat(40_000);
        let body = json!({"email": "eva@example.com", "traits": {"note": note}}).to_string();
        let other = Request::builder()
            .method("POST")
            .uri("/api/v1/leads")
            .header(COOKIE, cookie(&owner))
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .expect("a request");
        let answer = answering(&house, other).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::CREATED);
        // What comes to one that is unfinished counts, too.
        for rest in &rests {
            let _ = rest.send(Ok(vec![b' '; 1_500])).await;
        }
        let answer = answers.join_next().await.expect("an answer").expect("no panic");
        assert_eq!(answer.expect("an answer").status(), StatusCode::TOO_MANY_REQUESTS);
    });
}

#[test]
fn a_body_that_never_ends_is_given_up() {
    let house = House::with(|config| config.limits.request_time = Duration::from_millis(400));
    let (_rest, slow) = begun(None, "/v1/batch");
    house.send(slow).problem(408, "slow_body");
}

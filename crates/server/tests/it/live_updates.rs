//! The running server: live updates, webhooks, and how it ends.

use std::time::Duration;

use serde_json::{Value as Json, json};
use store::accounts::sessions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::running::{PATIENCE, becomes_ready, end, port, read_until, request, run};
use crate::support::{As, House};

#[test]
fn whoever_watches_hears_of_a_new_score_and_nobody_after_the_session_ended() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let running = run(&house, port());
    let As::Session(cookie) = &owner else { panic!("a session") };
    let head =
        format!("GET /api/v1/stream HTTP/1.1\nHost: leads.example.com\nCookie: {cookie}\n\n");
    let mut stream = house.runtime.block_on(request(running.address, &head));
    let hello = house.runtime.block_on(read_until(&mut stream, "event: hello"));
    assert!(hello.contains("text/event-stream"), "{hello}");
    let body = json!({"events": [{"who": {"email": "ana@a.example"}, "event": "page_viewed"}]});
    house.post("/api/v1/events", &owner, body).expect(200);
    let news = house.runtime.block_on(read_until(&mut stream, "\"score\":15"));
    assert!(news.contains("event: news") && news.contains("\"kind\":\"lead\""), "{news}");
    house.call("POST", "/api/v1/logout", &owner, None).expect(204);
    let rest = house.runtime.block_on(read_until(&mut stream, "never there"));
    assert!(!rest.contains("\"kind\":\"lead\""), "{rest}");
    end(&house, running);
}

/// Opens a stream and reads until it has begun.
fn watching(house: &House, address: std::net::SocketAddr, header: &str) -> TcpStream {
    let head = format!("GET /api/v1/stream HTTP/1.1\nHost: leads.example.com\n{header}\n\n");
    let mut stream = house.runtime.block_on(request(address, &head));
    let hello = house.runtime.block_on(read_until(&mut stream, "event: hello"));
    assert!(hello.contains("text/event-stream"), "{hello}");
    stream
}

#[test]
fn a_stream_ends_when_the_key_that_opened_it_expires() {
    // Nobody looks every now and then: the instant is known.
    let house = House::with(|config| config.pace.watchers = Duration::from_hours(1));
    let owner = house.owner();
    let wish = json!({"name": "a key", "scopes": ["leads:read"],
        "expires_at": "2026-06-01T10:00:01Z"});
    let made = house.post("/api/v1/keys", &owner, wish).expect(201);
    let running = run(&house, port());
    let header = format!("Authorization: Bearer {}", made["key"].as_str().expect("a key"));
    let mut stream = watching(&house, running.address, &header);
    house.pass(1_000);
    house.runtime.block_on(read_until(&mut stream, "0\r\n\r\n"));
    end(&house, running);
}

#[test]
fn a_stream_ends_when_somebody_beside_this_node_ended_the_session() {
    let house = House::with(|config| config.pace.watchers = Duration::from_millis(50));
    let owner = house.owner();
    let sales = house.user(&owner, "sales");
    let As::Session(cookie) = &sales else { panic!("a session") };
    let running = run(&house, port());
    let mut stream = watching(&house, running.address, &format!("Cookie: {cookie}"));
    let me = house.get("/api/v1/me", &sales).expect(200);
    let id = me["user"]["id"].as_str().expect("an id").to_owned();
    // As another node does, or the command line: nobody here is told.
    let ended = house.live.store().write(move |tx| sessions::end_all(tx, &id, None));
    assert_eq!(ended, Ok(1));
    house.runtime.block_on(read_until(&mut stream, "0\r\n\r\n"));
    end(&house, running);
}

#[test]
fn one_caller_has_so_many_streams_and_others_have_theirs_all_the_same() {
    let house = House::with(|config| config.limits.streams_per_caller = 2);
    let owner = house.owner();
    let As::Key(key) = house.key(&owner, &["leads:read"]) else { panic!("a key") };
    let running = run(&house, port());
    let header = format!("Authorization: Bearer {key}");
    let first = watching(&house, running.address, &header);
    let _second = watching(&house, running.address, &header);
    house.get("/api/v1/stream", &As::Key(key)).problem(429, "too_many_streams");
    let As::Session(cookie) = &owner else { panic!("a session") };
    let _other = watching(&house, running.address, &format!("Cookie: {cookie}"));
    // Whoever leaves makes room.
    drop(first);
    let again = house.runtime.block_on(async {
        loop {
            let head = format!("GET /api/v1/stream HTTP/1.1\nHost: x\n{header}\n\n");
            let mut stream = request(running.address, &head).await;
            let answer = read_until(&mut stream, "\r\n\r\n").await;
            if !answer.starts_with("HTTP/1.1 429") {
                break answer;
            }
        }
    });
    assert!(again.starts_with("HTTP/1.1 200"), "{again}");
    end(&house, running);
}

#[test]
fn a_lead_that_enters_a_stage_is_told_to_whoever_wants_to_hear_signed_and_once() {
    let house = House::with(|config| {
        let here = vec!["127.0.0.0/8".parse().expect("a network")];
        config.webhook_guard = deliver::Guard::new(here, deliver::Ports::Any);
    });
    let owner = house.owner();
    house.model(&owner);
    let listener = house.runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let wish = json!({"url": url, "event_types": ["lead.stage_entered"]});
    let made = house.post("/api/v1/webhooks", &owner, wish).expect(201);
    let id = made["id"].as_str().expect("an id").to_owned();
    let running = run(&house, port());
    let events: Vec<Json> = (0..5)
        .map(|n| json!({"id": n.to_string(), "who": {"email": "ana@a.example"}, "event": "page_viewed"}))
        .collect();
    house.post("/api/v1/events", &owner, json!({"events": events})).expect(200);
    let (mut stream, _) = house
        .runtime
        .block_on(async { timeout(PATIENCE, listener.accept()).await })
        .expect("a call")
        .expect("a connection");
    let call =
        house.runtime.block_on(read_until(&mut stream, "\"reason\":\"reached its thresholds\"}}"));
    let (_, sent) = call.split_once("\r\n\r\n").expect("a body");
    let data = serde_json::from_str::<Json>(sent).expect("JSON")["data"].clone();
    assert_eq!((&data["score"], &data["reason"]), (&json!(55), &json!("reached its thresholds")));
    let pages = json!({"criterion": "Pages", "group": "What", "points": "50"});
    assert_eq!((&data["card"]["fit"], &data["card"]["criteria"][0]), (&json!(5), &pages));
    let path = format!("/api/v1/transitions/{}", data["transition"].as_str().expect("an id"));
    let transition = house.get(&path, &owner).expect(200);
    assert_eq!((&transition["at"], &transition["card"]["score"]), (&data["at"], &json!(55)));
    let lower = call.to_lowercase();
    for part in ["post /hook", "webhook-id: ", "webhook-timestamp: ", "webhook-signature: v1,"] {
        assert!(lower.contains(part), "{part}: {call}");
    }
    house
        .runtime
        .block_on(stream.write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"))
        .expect("answered");
    drop(stream);
    let mut delivered = false;
    for _ in 0..6_000 {
        let page = house
            .get(&format!("/api/v1/webhooks/{id}/deliveries?state=delivered"), &owner)
            .expect(200);
        delivered = page["deliveries"].as_array().is_some_and(|list| list.len() == 1);
        if delivered {
            break;
        }
        house.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(10)).await });
    }
    assert!(delivered);
    let again =
        house.runtime.block_on(async { timeout(Duration::from_secs(2), listener.accept()).await });
    assert!(again.is_err(), "told once");
    end(&house, running);
}

#[test]
fn a_server_is_ready_while_it_scores_and_ends_in_good_order() {
    let house = House::new();
    house.get("/health", &As::Nobody).expect(200);
    house.get("/ready", &As::Nobody).problem(503, "no_worker");
    let running = run(&house, port());
    assert!(becomes_ready(&house));
    end(&house, running);
    house.get("/ready", &As::Nobody).problem(503, "stopping");
}

#[test]
fn a_head_that_never_ends_or_is_too_long_is_not_waited_for() {
    let house = House::with(|config| config.limits.head_time = Duration::from_millis(300));
    let running = run(&house, port());
    let answer = house.runtime.block_on(async {
        let mut stream = request(running.address, "GET /health HTTP/1.1\nHost: x\n").await;
        read_until(&mut stream, "never there").await
    });
    assert!(!answer.contains("200 OK"), "{answer}");
    let answer = house.runtime.block_on(async {
        let head = format!("GET /health HTTP/1.1\nHost: x\nX-Long: {}\n\n", "x".repeat(100_000));
        let mut stream = TcpStream::connect(running.address).await.expect("a connection");
        // The server may hang up before all of it is sent.
        let _ = stream.write_all(head.replace('\n', "\r\n").as_bytes()).await;
        let mut seen = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut seen)).await;
        String::from_utf8_lossy(&seen).into_owned()
    });
    assert!(!answer.contains("200 OK"), "{answer}");
    end(&house, running);
}

//! Requests that come twice, and the trail of everything.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value as Json, json};

use crate::support::{As, House, MODEL, Reply};

fn post(house: &House, path: &str, by: &As, key: &str, body: &Json) -> Reply {
    send(house, "POST", path, by, key, body)
}

fn send(house: &House, method: &str, path: &str, by: &As, key: &str, body: &Json) -> Reply {
    let As::Session(cookie) = by else { panic!("a session") };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("cookie", cookie)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()));
    house.send(request.expect("a request"))
}

#[test]
fn a_request_that_is_repeated_has_its_effect_once_and_the_same_answer() {
    let house = House::new();
    let owner = house.owner();
    let wish = json!({"name": "site"});
    let first = post(&house, "/api/v1/write-keys", &owner, "k1", &wish);
    let again = post(&house, "/api/v1/write-keys", &owner, "k1", &wish);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(
        house.get("/api/v1/write-keys", &owner).expect(200).as_array().map(Vec::len),
        Some(1)
    );
    post(&house, "/api/v1/write-keys", &owner, "k1", &json!({"name": "other"}))
        .problem(422, "idempotency_key_reused");
    post(&house, "/api/v1/write-keys", &owner, "k2", &wish).expect(201);
    post(&house, "/api/v1/write-keys", &owner, "", &wish).problem(400, "bad_idempotency_key");
}

#[test]
fn a_repeated_request_is_told_the_version_that_it_made_also_when_there_is_a_later_one() {
    let house = House::new();
    let owner = house.owner();
    let draft = |key: &str, document: &str| {
        let wish = json!({"document": document});
        let reply = post(&house, "/api/v1/models", &owner, key, &wish);
        assert_eq!(reply.status, 201, "{}", reply.text());
        (reply.headers["etag"].clone(), reply.body)
    };
    let first = draft("m1", MODEL);
    let later = draft("m2", &MODEL.replace("points: 10", "points: 11"));
    assert_ne!(first.0, later.0);
    assert_eq!(draft("m1", MODEL), first);
    // What has no version is not given one.
    let deal = json!({"id": "d1", "who": {"email": "ana@a.example"}, "stage": "won"});
    for _ in 0..2 {
        let reply = post(&house, "/api/v1/deals", &owner, "w1", &deal);
        assert!(!reply.headers.contains_key("etag"));
    }
}

#[test]
fn facts_of_a_repeated_request_count_once() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let body = json!({"events": [{"who": {"email": "a@b.example"}, "event": "page_viewed"}]});
    let first = post(&house, "/api/v1/events", &owner, "facts", &body).expect(200);
    let again = post(&house, "/api/v1/events", &owner, "facts", &body).expect(200);
    assert_eq!(first["taken"], 1);
    assert_eq!(first, again);
    let events = house.get("/api/v1/events?name=page_viewed", &owner).expect(200);
    assert_eq!(events["events"].as_array().map(Vec::len), Some(1));
}

#[test]
fn whatever_is_said_of_leads_is_answered_alike_when_it_is_repeated_and_a_key_stands_for_one_thing()
{
    let house = House::new();
    let owner = house.owner();
    let ana = house.visitor(&owner, "ana@b.example", 0);
    let who = json!({"email": "ana@b.example"});
    let cases = [
        (
            "POST",
            "/api/v1/leads".to_owned(),
            json!({"email": "bea@b.example"}),
            json!({"email": "eva@b.example"}),
        ),
        (
            "PATCH",
            format!("/api/v1/leads/{ana}"),
            json!({"traits": {"country": "ES"}}),
            json!({"traits": {"country": "RO"}}),
        ),
        (
            "POST",
            "/api/v1/deals".to_owned(),
            json!({"id": "d", "who": who, "stage": "open"}),
            json!({"id": "d", "who": who, "stage": "won"}),
        ),
        (
            "POST",
            "/api/v1/events".to_owned(),
            json!({"events": [{"who": who, "event": "a"}, {"who": {}, "event": "a"}]}),
            json!({"events": [{"who": who, "event": "b"}]}),
        ),
    ];
    let facts = || {
        house.get("/api/v1/events?limit=200", &owner).expect(200)["events"].as_array().map(Vec::len)
    };
    for (number, (method, path, body, other)) in cases.iter().enumerate() {
        let key = format!("k{number}");
        let first = send(&house, method, path, &owner, &key, body);
        assert!(first.status.is_success(), "{path}: {}", first.text());
        let there = facts();
        // Time goes on between: an answer that is made anew would say so.
        house.pass(60_000);
        let again = send(&house, method, path, &owner, &key, body);
        assert_eq!((first.status, first.text()), (again.status, again.text()), "{path}");
        assert_eq!(again.headers["idempotent-replayed"], "true");
        send(&house, method, path, &owner, &key, other).problem(422, "idempotency_key_reused");
        assert_eq!(facts(), there, "{path}");
    }
}

#[test]
fn what_answers_with_a_secret_is_done_once_and_the_secret_is_not_kept() {
    let house = House::new();
    let owner = house.owner();
    let sales = house.user(&owner, "sales");
    let me = house.get("/api/v1/me", &sales).expect(200);
    let reset = format!("/api/v1/users/{}/reset", me["user"]["id"].as_str().expect("an id"));
    let hook = json!({"url": "https://hooks.example.com/x"});
    let hook = house.post("/api/v1/webhooks", &owner, hook).expect(201);
    let rotate = format!("/api/v1/webhooks/{}/rotate", hook["id"].as_str().expect("an id"));
    let cases = [
        ("/api/v1/keys", json!({"name": "a", "scopes": ["leads:read"]}), "key.made", "key"),
        (
            "/api/v1/invitations",
            json!({"email": "x@example.com", "role": "sales"}),
            "user.invited",
            "link",
        ),
        (&reset, json!({}), "user.reset_offered", "link"),
        (
            "/api/v1/webhooks",
            json!({"url": "https://hooks.example.com/y"}),
            "webhook.made",
            "secret",
        ),
        (&rotate, json!({}), "webhook.secret_rotated", "secret"),
    ];
    let count = |action: &str| {
        let trail = house.get(&format!("/api/v1/audit?action={action}"), &owner).expect(200);
        trail["entries"].as_array().map(Vec::len)
    };
    let mut secrets = Vec::new();
    for (number, (path, body, action, member)) in cases.iter().enumerate() {
        let key = format!("s{number}");
        let first = post(&house, path, &owner, &key, body);
        assert!(first.status.is_success(), "{path}: {}", first.text());
        let secret = first.json()[member].as_str().expect("a secret").to_owned();
        secrets
            .push(secret.split_once("#token=").map_or(secret.clone(), |(_, token)| token.into()));
        let there = count(action);
        post(&house, path, &owner, &key, body).problem(409, "already_done");
        assert_eq!(count(action), there, "{path}: once");
    }
    let kept = house.live.store().read(|tx| {
        tx.query("SELECT body FROM idempotent_answer", &[], |row| row.get::<Vec<u8>>(0))
    });
    let kept: Vec<Vec<u8>> = kept.unwrap_or_else(|error: store::DbError| panic!("{error}"));
    assert!(kept.len() >= secrets.len());
    for secret in &secrets {
        assert!(secret.len() > 20, "it is one: {secret}");
        assert!(kept.iter().all(|body| !String::from_utf8_lossy(body).contains(secret.as_str())));
    }
}

#[test]
fn a_test_message_is_sent_once_however_often_the_request_comes() {
    let house = House::new();
    let owner = house.owner();
    // Nothing listens there, and nothing need: the guard lets nobody into closed networks.
    let hook = json!({"url": "https://hooks.example.com/x"});
    let hook = house.post("/api/v1/webhooks", &owner, hook).expect(201);
    let path = format!("/api/v1/webhooks/{}/test", hook["id"].as_str().expect("an id"));
    post(&house, &path, &owner, "t1", &json!({})).expect(200);
    post(&house, &path, &owner, "t1", &json!({})).problem(409, "already_done");
    let trail = house.get("/api/v1/audit?action=webhook.tested", &owner).expect(200);
    assert_eq!(trail["entries"].as_array().map(Vec::len), Some(1));
}

#[test]
fn whoever_repeats_an_erasure_is_given_the_same_proof() {
    let house = House::new();
    let owner = house.owner();
    let lead = house.visitor(&owner, "ana@a.example", 2);
    let path = format!("/api/v1/leads/{lead}/erase");
    let wish = json!({"confirm": lead, "reason": "GDPR article 17"});
    let first = post(&house, &path, &owner, "e1", &wish);
    assert_eq!(first.status, 200, "{}", first.text());
    house.pass(60_000);
    let again = post(&house, &path, &owner, "e1", &wish);
    assert_eq!((first.status, first.text()), (again.status, again.text()));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    post(&house, &path, &owner, "e2", &wish).problem(404, "not_found");
    let proofs = house.get("/api/v1/erasures", &owner).expect(200);
    assert_eq!(proofs.as_array().map(Vec::len), Some(1));
}

#[test]
fn a_change_that_fails_leaves_neither_effect_nor_answer() {
    let house = House::new();
    let owner = house.owner();
    let path = "/api/v1/webhooks/none/replay";
    let body = json!({"message": "m"});
    post(&house, path, &owner, "f1", &body).problem(404, "not_found");
    post(&house, path, &owner, "f1", &body).problem(404, "not_found");
    let trail = house.get("/api/v1/audit?action=webhook.replayed", &owner).expect(200);
    assert_eq!(trail["entries"].as_array().map(Vec::len), Some(0));
}

#[test]
fn everything_that_is_changed_is_in_the_trail_and_the_trail_is_whole() {
    let house = House::new();
    let owner = house.owner();
    house.user(&owner, "sales");
    house.key(&owner, &["leads:read"]);
    house.write_key(&owner, json!({"name": "site"}));
    house
        .call("PUT", "/api/v1/settings/general", &owner, Some(json!({"name": "Acme"})))
        .expect(200);
    let hook = json!({"url": "https://hooks.example.com/x"});
    let made = house.post("/api/v1/webhooks", &owner, hook).expect(201);
    let text = house.get("/api/v1/audit?limit=200", &owner).text();
    for action in [
        "setup.done",
        "user.logged_in",
        "user.invited",
        "user.joined",
        "key.made",
        "write_key.made",
        "setting.changed",
        "webhook.made",
    ] {
        assert!(text.contains(action), "{action}: {text}");
    }
    let secret = made["secret"].as_str().expect("a secret");
    assert!(secret.starts_with("whsec_"));
    for path in
        ["/api/v1/audit?limit=200", "/api/v1/webhooks", "/api/v1/settings", "/api/v1/status"]
    {
        assert!(!house.get(path, &owner).text().contains(secret), "{path}");
    }
    let verified = house.get("/api/v1/audit/verify", &owner).expect(200);
    assert_eq!(verified["is_whole"], true);
    // Page by page nothing is lost or told twice.
    let mut seen = Vec::new();
    let mut path = "/api/v1/audit?limit=2".to_owned();
    loop {
        let page = house.get(&path, &owner).expect(200);
        seen.extend(
            page["entries"]
                .as_array()
                .expect("entries")
                .iter()
                .map(|e| e["seq"].as_i64().expect("a number")),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/audit?limit=2&cursor={next}");
    }
    assert_eq!(seen, (1..=verified["seq"].as_i64().expect("a number")).rev().collect::<Vec<_>>());
}

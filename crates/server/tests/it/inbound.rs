//! What pages, servers and forms report.

use std::io::Write as _;

use axum::body::Body;
use axum::http::Request;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};

use server::Rate;

use crate::support::{As, House, Reply};

fn track(id: &str) -> Json {
    json!({"messageId": id, "userId": "u1", "event": "demo_requested", "properties": {"a": 1}})
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}

fn raw(house: &House, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
    let mut request = Request::builder().method("POST").uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.send(request.body(Body::from(body)).expect("a request"))
}

#[test]
fn a_call_is_answered_with_exactly_200_when_it_is_stored_and_counts_once() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let (key, _) = house.write_key(&owner, json!({"name": "site"}));
    for path in ["/v1/track", "/v1/t"] {
        let reply = house.post(path, &key, track("m1"));
        let verdicts = reply.expect(200);
        assert_eq!(verdicts["success"], true);
    }
    // Whether it was known shows only when it is settled.
    let again = house.post("/v1/track", &key, track("m1")).expect(200);
    assert_eq!((&again["repeated"], &again["taken"]), (&json!(0), &json!(1)));
    let events = house.get("/api/v1/events?name=demo_requested", &owner).expect(200);
    assert_eq!(events["events"].as_array().expect("a list").len(), 1);
}

#[test]
fn the_key_may_stand_where_clients_put_it() {
    let house = House::new();
    let owner = house.owner();
    let (As::WriteKey(key), _) = house.write_key(&owner, json!({"name": "site"})) else { panic!() };
    let mut in_body = track("b1");
    in_body["writeKey"] = json!(key);
    raw(&house, "/v1/track", &[("content-type", "text/plain")], in_body.to_string().into())
        .expect(200);
    let batch = json!({"batch": [{"type": "track", "userId": "u", "event": "e"}], "writeKey": key});
    raw(
        &house,
        "/v1/b",
        &[("content-type", "application/x-www-form-urlencoded")],
        batch.to_string().into(),
    )
    .expect(200);
    let bearer = format!("Bearer {key}");
    raw(&house, "/v1/track", &[("authorization", &bearer)], track("b2").to_string().into())
        .expect(200);
    let packed = gzip(track("b3").to_string().as_bytes());
    let headers = [("authorization", bearer.as_str()), ("content-encoding", "gzip")];
    raw(&house, "/v1/track", &headers, packed).expect(200);
}

#[test]
fn a_key_that_does_not_work_is_401_and_a_body_that_is_wrong_400_with_code_and_message() {
    let house = House::new();
    let owner = house.owner();
    let (key, id) = house.write_key(&owner, json!({"name": "site"}));
    house.post("/v1/track", &As::Nobody, track("x")).problem(401, "invalid_write_key");
    house
        .post("/v1/track", &As::WriteKey("wk_made_up".into()), track("x"))
        .problem(401, "invalid_write_key");
    house
        .post("/v1/track", &As::WriteKey("mk_aaaaaaaa_bbb".into()), track("x"))
        .problem(401, "invalid_write_key");
    let As::WriteKey(text) = &key else { panic!() };
    let bearer = format!("Bearer {text}");
    raw(&house, "/v1/track", &[("authorization", &bearer)], b"{nonsense".to_vec())
        .problem(400, "malformed");
    house
        .post("/v1/track", &key, json!({"userId": "u"}))
        .status
        .is_client_error()
        .then_some(())
        .expect("400");
    house.post("/v1/track", &key, json!({"event": "nobody"})).problem(400, "no_identity");
    house.post("/v1/batch", &key, json!({"batch": []})).problem(400, "no_batch");
    let wish = json!({"name": "site", "is_enabled": false});
    house.call("PUT", &format!("/api/v1/write-keys/{id}"), &owner, Some(wish)).expect(200);
    house.post("/v1/track", &key, track("late")).problem(401, "invalid_write_key");
}

#[test]
fn of_a_batch_each_call_stands_or_falls_by_itself() {
    let house = House::new();
    let owner = house.owner();
    let (key, _) = house.write_key(&owner, json!({"name": "site"}));
    let batch = json!({"batch": [
        {"type": "track", "userId": "u1", "event": "one", "messageId": "a"},
        {"type": "track", "event": "of nobody"},
        {"type": "no such call", "userId": "u1"},
        {"type": "page", "anonymousId": "v1", "name": "Home", "messageId": "b"},
    ]});
    let verdicts = house.post("/v1/batch", &key, batch).expect(200);
    let words: Vec<&str> = verdicts["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["verdict"].as_str().expect("a verdict"))
        .collect();
    assert_eq!(words, ["taken", "rejected", "rejected", "taken"]);
    assert_eq!(
        verdicts["items"][1]["pointer"].as_str().map(|p| p.starts_with("/batch/1")),
        Some(true)
    );
    assert!(verdicts["items"][0].get("lead").is_none(), "a public key learns of no lead");
}

#[test]
fn every_call_has_a_path_in_full_and_in_short() {
    let house = House::new();
    let owner = house.owner();
    let (key, _) = house.write_key(&owner, json!({"name": "site"}));
    let calls = [
        ("identify", "traits", json!({"userId": "u1", "traits": {"title": "CFO"}})),
        ("track", "event", json!({"userId": "u1", "event": "signed_up"})),
        ("page", "event", json!({"userId": "u1", "name": "Prices"})),
        ("screen", "event", json!({"userId": "u1", "name": "Home"})),
        ("group", "group", json!({"userId": "u1", "groupId": "acme", "traits": {"name": "Acme"}})),
        ("alias", "alias", json!({"userId": "u1", "previousId": "a browser"})),
    ];
    for (call, kind, body) in &calls {
        for path in [format!("/v1/{call}"), format!("/v1/{}", &call[..1])] {
            let mut body = body.clone();
            let id = format!("{path} of this test");
            body["messageId"] = json!(id);
            assert_eq!(house.post(&path, &key, body).expect(200)["taken"], 1, "{path}");
            let facts = house.get(&format!("/api/v1/events?kind={kind}"), &owner).expect(200);
            let ids: Vec<&Json> =
                facts["events"].as_array().expect("facts").iter().map(|fact| &fact["id"]).collect();
            assert!(ids.contains(&&json!(format!("web:{id}"))), "{path}: {ids:?}");
        }
    }
    for path in ["/v1/batch", "/v1/b", "/v1/import"] {
        let batch: Vec<Json> = calls
            .iter()
            .map(|(call, _, body)| {
                let mut body = body.clone();
                body["type"] = json!(call);
                body
            })
            .collect();
        let verdicts = house.post(path, &key, json!({"batch": batch})).expect(200);
        assert_eq!(verdicts["taken"], 6, "{path}: {verdicts}");
    }
    house.settle();
    let leads = house.get("/api/v1/events", &owner).expect(200);
    assert!(leads["events"].as_array().is_some_and(|facts| facts.len() == 30), "{leads}");
}

#[test]
fn what_is_too_large_or_too_many_is_refused_with_its_measure() {
    let house = House::new();
    let owner = house.owner();
    let (key, _) = house.write_key(&owner, json!({"name": "site"}));
    let call = |text: usize| json!({"type": "track", "userId": "u1", "event": "e", "properties": {"t": "x".repeat(text)}});
    let around = call(0).to_string().len();
    house.post("/v1/track", &key, call((32 << 10) - around)).expect(200);
    let refused = house.post("/v1/track", &key, call((32 << 10) - around + 1));
    let problem = refused.problem(400, "too_large");
    assert!(problem["message"].as_str().is_some_and(|text| text.contains("32768")), "{problem}");
    // Of a batch the others are taken.
    let batch = json!({"batch": [call(40 << 10), call(1)]});
    let verdicts = house.post("/v1/batch", &key, batch).expect(200);
    assert_eq!((&verdicts["taken"], &verdicts["rejected"]), (&json!(1), &json!(1)), "{verdicts}");
    assert_eq!(verdicts["items"][0]["code"], "too_large");
    // A whole body.
    let batch = json!({"batch": vec![call(30 << 10); 17]});
    assert!(batch.to_string().len() > 500 << 10);
    house.post("/v1/batch", &key, batch).problem(413, "too_large");
    let many = |count: usize| json!({"batch": vec![json!({"type": "track", "userId": "u", "event": "e"}); count]});
    let problem = house.post("/v1/batch", &key, many(2_501)).problem(400, "too_many");
    assert!(problem["message"].as_str().is_some_and(|text| text.contains("2501")), "{problem}");
    assert_eq!(house.post("/v1/batch", &key, many(2_500)).expect(200)["taken"], 2_500);
}

#[test]
fn a_small_body_that_unpacks_to_much_is_refused() {
    let house = House::new();
    let owner = house.owner();
    let (As::WriteKey(key), _) = house.write_key(&owner, json!({"name": "site"})) else { panic!() };
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 100 << 10, "{}", bomb.len());
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-encoding", "gzip")];
    raw(&house, "/v1/batch", &headers, bomb.clone()).problem(413, "too_large");
    let headers = [("content-encoding", "gzip"), ("content-type", "application/json")];
    raw(&house, "/api/v1/login", &headers, bomb).problem(413, "too_large");
    let headers = [("authorization", bearer.as_str()), ("content-encoding", "gzip")];
    raw(&house, "/v1/batch", &headers, b"no gzip at all".to_vec()).problem(400, "broken_body");
    let headers = [("authorization", bearer.as_str()), ("content-encoding", "br")];
    raw(&house, "/v1/batch", &headers, b"x".to_vec()).problem(415, "unsupported_encoding");
}

#[test]
fn a_page_of_a_site_that_the_key_does_not_name_may_not_use_it() {
    let house = House::new();
    let owner = house.owner();
    let wish = json!({"name": "shop", "origins": ["https://*.shop.example"]});
    let (As::WriteKey(key), _) = house.write_key(&owner, wish) else { panic!() };
    let bearer = format!("Bearer {key}");
    let send = |origin: Option<&str>| {
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(origin.map(|origin| ("origin", origin)));
        raw(&house, "/v1/track", &headers, track("o").to_string().into())
    };
    let allowed = send(Some("https://www.shop.example"));
    assert_eq!(allowed.headers["access-control-allow-origin"], "https://www.shop.example");
    allowed.expect(200);
    send(Some("https://evil.example")).problem(403, "origin_not_allowed");
    send(Some("null")).problem(403, "origin_not_allowed");
    send(None).problem(403, "origin_not_allowed");
    let preflight = |origin: &str| {
        let request = Request::builder()
            .method("OPTIONS")
            .uri("/v1/track")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .body(Body::empty())
            .expect("a request");
        house.send(request).headers
    };
    // What browsers ask for on behalf of Segment's and RudderStack's scripts.
    let leave = preflight("https://www.shop.example");
    assert_eq!(leave["access-control-allow-origin"], "https://www.shop.example");
    let list = |name: &str| {
        let value = leave[name].to_str().expect("a text").to_ascii_lowercase();
        value.split(',').map(|one| one.trim().to_owned()).collect::<Vec<_>>()
    };
    for name in
        ["authorization", "content-type", "content-encoding", "x-retry-count", "anonymousid"]
    {
        assert!(list("access-control-allow-headers").contains(&name.to_owned()), "{name}");
    }
    assert!(list("access-control-allow-methods").contains(&"post".to_owned()));
    let none = preflight("https://evil.example");
    assert!(!none.contains_key("access-control-allow-origin"));
    assert!(!none.contains_key("access-control-allow-headers"));
}

#[test]
fn a_quota_and_a_rate_that_are_used_up_are_429_with_the_headers_that_clients_know() {
    let house = House::with(|config| {
        config.limits.per_write_key = Rate { per_second: 1.0, burst: 3.0 };
    });
    let owner = house.owner();
    let (key, id) = house.write_key(&owner, json!({"name": "site", "daily_quota": 2}));
    house.post("/v1/track", &key, track("q1")).expect(200);
    house.post("/v1/track", &key, track("q2")).expect(200);
    let over = house.post("/v1/track", &key, track("q3"));
    assert!(
        over.headers.contains_key("retry-after") && over.headers.contains_key("x-ratelimit-reset")
    );
    over.problem(429, "quota_exceeded");
    let over = house.post("/v1/track", &key, track("q4"));
    assert!(
        over.headers.contains_key("retry-after") && over.headers.contains_key("x-ratelimit-reset")
    );
    over.problem(429, "rate_limited");
    let events = house.get("/api/v1/events", &owner).expect(200);
    let named = events["events"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| event["name"] == "demo_requested")
        .count();
    assert_eq!(named, 2, "what was refused is not stored");
    let used = format!("/api/v1/write-keys/{id}/usage");
    let usage = house.get(&used, &owner).expect(200);
    assert_eq!((&usage[0]["taken"], &usage[0]["refused"]), (&json!(2), &json!(1)));
    house.pass(86_400_000);
    house.post("/v1/track", &key, track("q5")).expect(200);
    house.call("DELETE", &format!("/api/v1/write-keys/{id}"), &owner, None).expect(204);
    house.get(&used, &owner).problem(404, "not_found");
}

#[test]
fn a_public_key_cannot_bring_two_known_leads_together_and_a_crawler_scores_nothing() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let victim = house.visitor(&owner, "victim@corp.example", 2);
    let attacker = house.visitor(&owner, "attacker@corp.example", 1);
    let (key, _) = house.write_key(&owner, json!({"name": "site"}));
    let call = json!({"anonymousId": "browser", "userId": "attacker-id",
        "traits": {"email": "attacker@corp.example"}});
    house.post("/v1/identify", &key, call).expect(200);
    let call = json!({"anonymousId": "browser", "userId": "attacker-id",
        "traits": {"email": "victim@corp.example"}});
    house.post("/v1/identify", &key, call).expect(200);
    house.settle();
    for lead in [&victim, &attacker] {
        let merges = house.get(&format!("/api/v1/leads/{lead}/merges"), &owner).expect(200);
        let by_the_page = merges
            .as_array()
            .expect("a list")
            .iter()
            .filter(|merge| {
                merge["source"].as_str().is_some_and(|source| source.starts_with("key:"))
            })
            .filter(|merge| {
                merge["winner"] == **lead
                    && (merge["loser"] == *victim || merge["loser"] == *attacker)
            })
            .count();
        assert_eq!(by_the_page, 0, "{merges}");
    }
    let before =
        house.get(&format!("/api/v1/leads/{victim}"), &owner).expect(200)["scores"][0]["score"]
            .clone();
    let As::WriteKey(text) = &key else { panic!() };
    let bearer = format!("Bearer {text}");
    let page = json!({"userId": "bot", "traits": {}, "type": "page", "name": "x",
        "context": {"traits": {"email": "victim@corp.example"}}});
    let headers = [("authorization", bearer.as_str()), ("user-agent", "Googlebot/2.1")];
    raw(&house, "/v1/page", &headers, page.to_string().into()).expect(200);
    house.settle();
    let after =
        house.get(&format!("/api/v1/leads/{victim}"), &owner).expect(200)["scores"][0]["score"]
            .clone();
    assert_eq!(before, after);
}

#[test]
fn what_an_abused_key_reported_is_taken_back_and_scores_are_what_they_were() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@corp.example", 2);
    let score = || {
        house.get(&format!("/api/v1/leads/{lead}"), &owner).expect(200)["scores"][0]["score"]
            .clone()
    };
    let before = score();
    house.pass(1000);
    let (key, id) = house.write_key(&owner, json!({"name": "site"}));
    let call = |n: usize| {
        json!({"type": "page", "anonymousId": "v", "messageId": format!("fake{n}"),
        "context": {"traits": {"email": "ana@corp.example"}}})
    };
    let batch: Vec<Json> = (0..20).map(call).collect();
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    let As::WriteKey(text) = &key else { panic!() };
    let bearer = format!("Bearer {text}");
    let headers = [("authorization", bearer.as_str()), ("user-agent", agent)];
    raw(&house, "/v1/batch", &headers, json!({"batch": batch}).to_string().into()).expect(200);
    house.settle();
    assert_ne!(score(), before, "fakes raise the score until they are taken back");
    let which = json!({"source": format!("key:{id}"), "from": "2026-06-01T10:00:01Z",
        "to": "2026-06-02T00:00:00Z"});
    house.post("/api/v1/events/retract", &owner, which.clone()).expect(200);
    house.settle();
    assert_eq!(score(), before);
    house.post("/api/v1/events/restore", &owner, which).expect(200);
    house.settle();
    assert_ne!(score(), before);
}

#[test]
fn a_form_becomes_a_lead_by_its_stored_mapping() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let (As::WriteKey(key), _) = house.write_key(&owner, json!({"name": "site"})) else { panic!() };
    let sample =
        json!({"form": "contact", "samples": ["email=a%40b.com&company=Acme&newsletter=on"]});
    let proposed = house.post("/api/v1/forms/suggest", &owner, sample).expect(200);
    house
        .call("PUT", "/api/v1/forms/contact", &owner, Some(proposed["mapping"].clone()))
        .expect(200);
    let path = format!("/v1/forms/contact?key={key}");
    let form = b"email=ana%40corp.example&company=Acme".to_vec();
    raw(&house, &path, &[("content-type", "application/x-www-form-urlencoded")], form.clone())
        .expect(200);
    house.settle();
    let found = house.get("/api/v1/leads?q=ana@corp", &owner).expect(200);
    assert_eq!(found["leads"].as_array().expect("a list").len(), 1);
    // Who was erased is nobody's business: a stranger with the page's key hears the same of everybody.
    let lead = found["leads"][0]["id"].as_str().expect("an id");
    let erase = json!({"confirm": lead, "reason": "GDPR article 17"});
    house.post(&format!("/api/v1/leads/{lead}/erase"), &owner, erase).expect(200);
    let of = |address: &str| {
        let form = format!("email={address}%40corp.example&company=Acme").into_bytes();
        raw(&house, &path, &[("content-type", "application/x-www-form-urlencoded")], form)
    };
    assert_eq!(of("ana").expect(200), of("bea").expect(200));
    house.settle();
    let found = house.get("/api/v1/leads?q=ana@corp", &owner).expect(200);
    assert_eq!(found["leads"], json!([]), "and nothing is kept of whom it is about");
    let As::Key(server) = house.key(&owner, &["facts:write"]) else { panic!("a key") };
    let path = format!("/v1/forms/contact?key={server}");
    raw(&house, &path, &[("content-type", "application/x-www-form-urlencoded")], form.clone())
        .problem(400, "refused");
    raw(&house, "/v1/forms/contact", &[], form.clone()).problem(401, "invalid_write_key");
    raw(&house, &format!("/v1/forms/other?key={key}"), &[], form).problem(404, "not_found");
}

#[test]
fn the_script_is_served_to_everybody_and_asked_for_once() {
    let house = House::new();
    let reply = house.get("/m.js", &As::Nobody);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(reply.headers["cross-origin-resource-policy"], "cross-origin");
    let tag = reply.headers["etag"].to_str().expect("a tag").to_owned();
    let ask = |name: &str, value: &str| {
        let request = Request::builder().uri("/m.js").header(name, value).body(Body::empty());
        house.send(request.expect("a request"))
    };
    assert_eq!(ask("if-none-match", &tag).status, 304);
    // What goes over the wire weighs what is promised; who does not unpack gets it as it is.
    for (said, is_packed) in
        [("gzip, deflate, br, zstd", true), ("gzip;q=0.5", true), ("gzip;q=0", false)]
    {
        let packed = ask("accept-encoding", said);
        assert_eq!(packed.headers.contains_key("content-encoding"), is_packed, "{said}");
        assert!(packed.headers["vary"].to_str().is_ok_and(|vary| vary.contains("accept-encoding")));
        assert_eq!(packed.body.len() < 5_000, is_packed, "{said}");
    }
}

#[test]
fn segments_own_script_gets_its_settings() {
    let house = House::new();
    let owner = house.owner();
    let (As::WriteKey(key), _) = house.write_key(&owner, json!({"name": "site"})) else { panic!() };
    let settings = house.get(&format!("/v1/projects/{key}/settings"), &As::Nobody).expect(200);
    let integration = &settings["integrations"]["Segment.io"];
    assert_eq!(integration["apiHost"], "leads.example.com/v1");
    assert_eq!(integration["protocol"], "https");
    house.get("/v1/projects/wk_made_up/settings", &As::Nobody).problem(404, "not_found");
}

#[test]
fn of_a_batch_with_a_malformed_item_the_others_are_taken() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let good =
        |id: &str| json!({"id": id, "who": {"email": "ana@a.example"}, "event": "page_viewed"});
    let events = json!([
        good("1"),
        {"id": "2", "who": {"email": 5}, "event": "page_viewed"},
        {"id": "3", "who": {"email": "ana@a.example"}, "evnt": "page_viewed"},
        "nonsense",
        {"id": "5", "who": {"email": "ana@a.example"}, "event": "x", "at": "yesterday"},
        {"id": "6", "event": "page_viewed"},
        good("7"),
    ]);
    let told = house.post("/api/v1/events", &owner, json!({"events": events})).expect(200);
    assert_eq!(
        (&told["taken"], &told["repeated"], &told["rejected"]),
        (&json!(2), &json!(0), &json!(5)),
        "{told}"
    );
    let item = |index: usize| told["items"][index].clone();
    assert_eq!((&item(0)["verdict"], &item(6)["verdict"]), (&json!("taken"), &json!("taken")));
    assert_eq!(
        (&item(1)["pointer"], &item(1)["code"]),
        (&json!("/events/1/who/email"), &json!("bad_report"))
    );
    assert_eq!(item(3)["pointer"], "/events/3");
    assert_eq!(item(4)["pointer"], "/events/4/at");
    assert!(item(2)["message"].as_str().is_some_and(|text| text.contains("evnt")), "{told}");
    assert!(item(5)["message"].as_str().is_some_and(|text| text.contains("who")), "{told}");
    house.settle();
    let leads = house.get("/api/v1/leads", &owner).expect(200);
    assert_eq!(leads["leads"][0]["score"], 25);
    // A body that is no batch at all is refused as before.
    house.post("/api/v1/events", &owner, json!({"events": 5})).problem(422, "bad_body");
}

#[test]
fn what_was_put_right_in_a_call_is_told_with_its_place_and_what_was_fine_says_nothing() {
    let house = House::new();
    let (As::WriteKey(key), _) = house.write_key(&house.owner(), json!({"name": "site"})) else {
        panic!("no write key")
    };
    let body = r#"{"batch": [
        {"type": "track", "anonymousId": "a1", "userId": "null", "event": "e"},
        {"type": "track", "userId": "u1", "event": "e", "properties": {"a": 1, "a": 2}},
        {"type": "track", "userId": "u2", "event": "e"}
    ], "writeKey": "KEY"}"#;
    let headers = [("content-type", "application/json")];
    let reply = raw(&house, "/v1/batch", &headers, body.replace("KEY", &key).into());
    let verdicts = reply.expect(200);
    assert_eq!(verdicts["taken"], 3);
    let said = |item: usize| {
        let remark = &verdicts["items"][item]["remarks"][0];
        assert!(remark["message"].as_str().is_some_and(|message| message.len() > 10), "{remark}");
        (&remark["pointer"], &remark["code"])
    };
    assert_eq!(said(0), (&json!("/batch/0/userId"), &json!("blocked_id")));
    assert_eq!(said(1), (&json!("/batch/1/properties/a"), &json!("duplicate_key")));
    assert_eq!(verdicts["items"][2].get("remarks"), None);
}

#[test]
fn a_form_is_made_only_if_it_is_new_where_that_is_asked_for() {
    let house = House::new();
    let owner = house.owner();
    let As::Session(cookie) = &owner else { panic!("a session") };
    let put = |condition: &str| {
        let request = Request::builder()
            .method("PUT")
            .uri("/api/v1/forms/contact")
            .header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/json")
            .header("if-none-match", condition)
            .body(Body::from(json!({"form": "contact", "fields": {}}).to_string()));
        house.send(request.expect("a request"))
    };
    assert_eq!(put("*").expect(200)["version"], 1);
    put("*").problem(412, "changed_in_between");
    put("\"1\"").problem(400, "bad_if_none_match");
    assert_eq!(house.get("/api/v1/forms/contact", &owner).expect(200)["version"], 1);
}

#[test]
fn a_call_that_is_refused_for_want_of_room_takes_nothing_of_the_days_quota() {
    let house = House::new();
    let owner = house.owner();
    let (key, id) = house.write_key(&owner, json!({"name": "site", "daily_quota": 2}));
    let taken = || house.get(&format!("/api/v1/write-keys/{id}/usage"), &owner).expect(200);
    let all = house.runtime.block_on(house.live.room(usize::MAX)).expect("all room there is");
    for _ in 0..2 {
        house.post("/v1/track", &key, track("m1")).problem(503, "inbox_full");
    }
    assert_eq!(taken(), json!([]));
    drop(all);
    house.post("/v1/track", &key, track("m1")).expect(200);
    assert_eq!(taken()[0]["taken"], 1);
}

#[test]
fn a_browser_that_only_asks_is_counted_and_has_no_keys_read_for_it_each_time() {
    let house = House::with(|config| {
        config.limits.per_address = Rate { per_second: 1.0, burst: 4.0 };
    });
    let owner = house.owner();
    let origins = json!(["https://shop.example"]);
    let (_, id) = house.write_key(&owner, json!({"name": "site", "origins": origins}));
    let ask = || {
        let request = Request::builder().method("OPTIONS").uri("/v1/track");
        let request = request.header("origin", "https://shop.example");
        house.send(request.body(Body::empty()).expect("a request"))
    };
    let may = |reply: &Reply| reply.headers.contains_key("access-control-allow-origin");
    assert!(may(&ask()));
    // Another node takes the key away: within the same second nobody looks.
    house.live.store().write(move |tx| store::write_keys::remove(tx, &id)).expect("removed");
    assert!(may(&ask()));
    house.pass(1_000);
    assert!(!may(&ask()));
    let refused = (0..5).map(|_| ask()).find(|reply| reply.status == 429).expect("a wait");
    assert!(refused.headers.contains_key("retry-after"));
}

#[test]
fn origins_that_a_key_gets_count_at_once() {
    let house = House::new();
    let owner = house.owner();
    let (_, id) =
        house.write_key(&owner, json!({"name": "site", "origins": ["https://a.example"]}));
    let may = || {
        let request = Request::builder().method("OPTIONS").uri("/v1/track");
        let request = request.header("origin", "https://b.example");
        let reply = house.send(request.body(Body::empty()).expect("a request"));
        reply.headers.contains_key("access-control-allow-origin")
    };
    assert!(!may());
    let wish = json!({"name": "site", "origins": ["https://b.example"]});
    house.call("PUT", &format!("/api/v1/write-keys/{id}"), &owner, Some(wish)).expect(200);
    assert!(may());
}

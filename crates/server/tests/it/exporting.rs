//! Taking things out, with a model and without one.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::response::Response;
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;

use crate::support::{As, House};

fn text(house: &House, by: &As, what: &str) -> String {
    let reply = house.get(&format!("/api/v1/exports/{what}"), by);
    assert_eq!(reply.status, 200, "{what}: {}", reply.text());
    reply.text()
}

fn lines(house: &House, by: &As, what: &str) -> Vec<Json> {
    let text = text(house, by, what);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Ana, who saw two pages and may buy something; Bea, who does not exist for any model.
fn facts(house: &House, by: &As) -> (String, String) {
    let ana = house.visitor(by, "ana@acme.example", 5);
    let bea = house.visitor(by, "bea@b.example", 0);
    let said = json!({"traits": {"title": "=cmd|'/c calc'!A1", "team": {"size": 12}}});
    house.call("PATCH", &format!("/api/v1/leads/{ana}"), by, Some(said)).expect(200);
    let deal = json!({"id": "d1", "who": {"lead": ana}, "stage": "opened", "amount_minor": 900,
        "currency": "EUR"});
    house.post("/api/v1/deals", by, deal).expect(200);
    house
        .post("/api/v1/events/api:ana@acme.example-1/label", by, json!({"is_machine": true}))
        .expect(200);
    house.settle();
    (ana, bea)
}

#[test]
fn leads_come_with_the_traits_that_are_asked_for_and_no_cell_is_a_formula() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let (ana, _) = facts(&house, &owner);
    let csv = text(&house, &owner, "leads?traits=title,team.size,nothing");
    let head = csv.lines().next().expect("a head");
    assert!(head.ends_with(",scored_at,traits.title,traits.team.size,traits.nothing"), "{head}");
    let row = csv.lines().nth(1).expect("a row");
    assert!(row.starts_with(&ana) && row.ends_with(",'=cmd|'/c calc'!A1,12,"), "{row}");
    let rows = lines(&house, &owner, "leads?traits=*&format=ndjson&stage=none");
    assert_eq!((&rows[0]["id"], &rows[0]["traits"]["team"]["size"]), (&json!(ana), &json!(12)));
    assert_eq!((&rows[0]["score"], rows.len()), (&json!(45), 2));
    let rows = lines(&house, &owner, "leads?format=ndjson");
    assert!(rows[0].get("traits").is_none(), "{}", rows[0]);
}

#[test]
fn companies_deals_events_and_transitions_are_taken_out_and_that_is_noted() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let (ana, _) = facts(&house, &owner);
    let companies = lines(&house, &owner, "companies?format=ndjson");
    assert_eq!((&companies[0]["id"], &companies[0]["best"]), (&json!("acme.example"), &json!(45)));
    assert!(text(&house, &owner, "companies").contains("\nacme.example,,"));
    let deals = lines(&house, &owner, "deals?format=ndjson");
    assert_eq!((&deals[0]["deal"], &deals[0]["lead"]), (&json!("d1"), &json!(ana)));
    assert_eq!((&deals[0]["stage"], &deals[0]["amount_minor"]), (&json!("opened"), &json!(900)));
    // A stage has the name that the customer gave it; what else is known of a deal comes along.
    let second = json!({"id": "d2", "who": {"lead": ana}, "stage": "deal_desk", "owner": "eva",
        "properties": {"seats": 5}});
    house.post("/api/v1/deals", &owner, second).expect(200);
    let deals = lines(&house, &owner, "deals?format=ndjson");
    let deal = deals.iter().find(|deal| deal["deal"] == "d2").expect("the second");
    assert_eq!((&deal["stage"], &deal["owner"]), (&json!("deal_desk"), &json!("eva")));
    assert_eq!(deal["properties"], json!({"seats": 5}));
    let events = lines(&house, &owner, "events?format=ndjson&name=page_viewed");
    assert_eq!(events.len(), 5);
    assert_eq!(events[0]["properties"]["path"], "/pricing");
    assert_eq!(events.iter().filter(|event| event["machine"] == "by hand").count(), 1);
    let csv = text(&house, &owner, "events?from=2026-06-01T00:00:00Z&to=2026-06-02T00:00:00Z");
    assert_eq!(csv.lines().count(), 6);
    assert_eq!(text(&house, &owner, "events?to=2026-01-01T00:00:00Z").lines().count(), 1);
    let transitions = lines(&house, &owner, "transitions?format=ndjson&model=fit");
    let listed = house.get("/api/v1/transitions?model=fit", &owner).expect(200);
    assert_eq!(json!(transitions), listed["transitions"]);
    assert!(text(&house, &owner, "transitions").contains(",reached its thresholds,55"));
    for action in ["companies", "deals", "events", "transitions"] {
        let audit = house.get(&format!("/api/v1/audit?action={action}.exported"), &owner);
        let entry = audit.expect(200)["entries"][0].clone();
        assert!(entry["after"]["rows"].as_i64().is_some_and(|rows| rows >= 0), "{entry}");
    }
    let key = house.key(&owner, &["leads:read"]);
    house.get("/api/v1/exports/events", &key).problem(403, "forbidden");
}

/// More than lies between us and whoever reads.
fn large(house: &House, by: &As) {
    let note = "x".repeat(200_000);
    for name in ["ana", "bea", "eva"] {
        let lead = json!({"email": format!("{name}@acme.example"), "traits": {"note": note}});
        house.post("/api/v1/leads", by, lead).expect(201);
    }
    house.settle();
}

/// A download of which nothing is read yet.
fn begun(house: &House, by: &As) -> Response {
    let request = Request::builder().uri("/api/v1/exports/leads?format=ndjson&traits=*");
    let request = match by {
        As::Session(cookie) => request.header(COOKIE, cookie),
        As::Key(key) => request.header(AUTHORIZATION, format!("Bearer {key}")),
        _ => request,
    };
    let request = request.body(Body::empty()).expect("a request");
    house.runtime.block_on(house.router.clone().oneshot(request)).expect("an answer")
}

fn rest(house: &House, response: Response) -> Result<usize, axum::Error> {
    let read = axum::body::to_bytes(response.into_body(), usize::MAX);
    house.runtime.block_on(read).map(|bytes| bytes.len())
}

#[test]
fn whoever_does_not_read_what_was_asked_for_stops_nobody_elses_exports() {
    let house = House::new();
    let owner = house.owner();
    large(&house, &owner);
    let key = house.key(&owner, &["exports:read"]);
    let most = server::Config::new("data".into(), "").limits.downloads_per_caller;
    let mut open: Vec<Response> = (0..most).map(|_| begun(&house, &key)).collect();
    assert!(open.iter().all(|response| response.status() == 200));
    assert_eq!(begun(&house, &key).status(), 429, "so many of one caller");
    assert_eq!(begun(&house, &owner).status(), 200, "and others all the same");
    // Each is there to its end, and makes room when it was read.
    let last = open.pop().expect("a download");
    assert!(rest(&house, last).expect("the whole") > 0);
    let mut again = begun(&house, &key);
    while again.status() == 429 {
        again = begun(&house, &key);
    }
    assert_eq!(again.status(), 200);
}

#[test]
fn a_download_that_nobody_reads_is_given_up_and_not_taken_for_the_whole() {
    let house = House::with(|config| {
        config.limits.download_pause = Duration::from_millis(50);
        config.limits.downloads_per_caller = 1;
    });
    let owner = house.owner();
    large(&house, &owner);
    let left = begun(&house, &owner);
    assert_eq!(left.status(), 200);
    // When it is given up there is room for another one.
    let mut other = begun(&house, &owner);
    while other.status() == 429 {
        other = begun(&house, &owner);
    }
    assert!(rest(&house, left).is_err(), "what is left is no whole file");
    assert!(rest(&house, other).expect("the whole") > 0);
}

#[test]
fn without_a_model_all_that_is_known_can_be_taken_out() {
    let house = House::new();
    let owner = house.owner();
    let (ana, bea) = facts(&house, &owner);
    let rows = lines(&house, &owner, "leads?format=ndjson&traits=title");
    let mut ids: Vec<&Json> = rows.iter().map(|row| &row["id"]).collect();
    ids.sort_by_key(ToString::to_string);
    let mut expected = [&ana, &bea].map(|id| json!(id));
    expected.sort_by_key(Json::to_string);
    assert_eq!(ids, expected.iter().collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row.get("score").is_none()));
    let csv = text(&house, &owner, "leads");
    assert!(csv.contains(",ana@acme.example,"), "{csv}");
    house.get("/api/v1/exports/leads?bracket=hot", &owner).problem(409, "no_model");
    assert!(text(&house, &owner, "companies").contains("acme.example"));
    assert_eq!(lines(&house, &owner, "events?format=ndjson").len(), 5);
    assert_eq!(lines(&house, &owner, "deals?format=ndjson").len(), 1);
    assert_eq!(text(&house, &owner, "transitions").lines().count(), 1);
}

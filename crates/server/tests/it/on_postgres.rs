//! The same on the other database: what a day with it is made of.

use axum::http::StatusCode;
use serde_json::json;

use crate::postgres::database;
use crate::running::{becomes_ready, end, port, run};
use crate::support::{As, House, PASSWORD};

/// A house on the other database; `None` where there is none to be had.
pub(crate) fn house() -> Option<House> {
    let address = database()?;
    let directory = tempfile::tempdir().expect("a directory");
    Some(House::at(&address, directory, |_| {}))
}

#[test]
fn a_server_is_ready_on_the_other_database_too() {
    let Some(house) = house() else { return };
    house.get("/ready", &As::Nobody).problem(503, "no_worker");
    let running = run(&house, port());
    assert!(becomes_ready(&house));
    end(&house, running);
}

#[test]
fn users_keys_models_leads_and_facts_work_on_a_server_as_on_a_file() {
    let Some(house) = house() else { return };
    let owner = house.owner();
    let sales = house.user(&owner, "sales");
    house.get("/api/v1/keys", &sales).problem(403, "forbidden");
    let wrong = json!({"email": "owner@example.com", "password": "wrong password"});
    house.post("/api/v1/login", &As::Nobody, wrong).problem(401, "wrong_password");
    let right = json!({"email": "owner@example.com", "password": PASSWORD});
    house.post("/api/v1/login", &As::Nobody, right).expect(200);

    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 5);
    let other = house.visitor(&owner, "bea@b.example", 1);
    let page = house.get("/api/v1/leads?bracket=hot&q=ANA&limit=1", &owner).expect(200);
    assert_eq!((&page["leads"][0]["id"], &page["leads"][0]["score"]), (&json!(lead), &json!(55)));
    let next = house.get("/api/v1/leads?limit=1", &owner).expect(200);
    let cursor = next["next"].as_str().expect("a cursor");
    let last = house.get(&format!("/api/v1/leads?limit=1&cursor={cursor}"), &owner).expect(200);
    assert_eq!(last["leads"][0]["id"], json!(other));
    assert_eq!(house.get("/api/v1/leads/counts?by=stage", &owner).expect(200)["total"], 2);
    assert_eq!(
        house.get("/api/v1/companies?order=best", &owner).expect(200)["companies"][0]["best"],
        55
    );
    house.get(&format!("/api/v1/leads/{lead}/explain"), &owner).expect(200);

    let (key, _) = house.write_key(&owner, json!({"name": "site", "daily_quota": 1}));
    let call = |id: &str| json!({"messageId": id, "anonymousId": "v", "event": "e"});
    house.post("/v1/track", &key, call("1")).expect(200);
    assert_eq!(house.post("/v1/track", &key, call("2")).status, StatusCode::TOO_MANY_REQUESTS);

    let merge = house
        .post(&format!("/api/v1/leads/{lead}/merge"), &owner, json!({"lead": other}))
        .expect(201);
    house.settle();
    let undo = format!("/api/v1/merges/{}/undo", merge["id"].as_str().expect("an id"));
    house.call("POST", &undo, &owner, None).expect(200);
    house.settle();
    let erase = json!({"confirm": other, "reason": "GDPR article 17"});
    house.post(&format!("/api/v1/leads/{other}/erase"), &owner, erase).expect(200);
    house.settle();
    house.get(&format!("/api/v1/leads/{other}"), &owner).problem(404, "not_found");

    let condition = json!({"trait": "email.kind", "is": "business"});
    let wish = json!({"name": "Business", "condition": condition});
    house.post("/api/v1/segments", &owner, wish.clone()).expect(201);
    house.post("/api/v1/segments", &owner, wish).problem(409, "exists");
    assert_eq!(house.get("/api/v1/audit/verify", &owner).expect(200)["is_whole"], true);
    assert_eq!(house.get("/api/v1/status", &owner).expect(200)["store"], "postgres");
    for query in ["q=%27%3B--", "owner=%27%20OR%201%3D1", "model=%00"] {
        let status = house.get(&format!("/api/v1/leads?{query}"), &owner).status.as_u16();
        assert!(matches!(status, 200 | 400 | 404), "{query}: {status}");
    }
}

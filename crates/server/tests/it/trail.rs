//! What is changed and the trail of it are one commit: neither is ever there without the other.

use serde_json::{Value as Json, json};

use crate::support::{As, House, MODEL};

/// No entry can be written from now on.
fn break_trail(house: &House) {
    let sql = "ALTER TABLE audit RENAME TO audit_no_more";
    house.live.store().write(move |tx| tx.execute(sql, &[])).expect("renamed");
}

fn entries(house: &House, by: &As, action: &str) -> Vec<Json> {
    let page = house.get(&format!("/api/v1/audit?action={action}"), by).expect(200);
    page["entries"].as_array().expect("entries").clone()
}

/// The only entry of an action, which this user made.
#[track_caller]
fn only(house: &House, by: &As, action: &str) -> Json {
    let mut entries = entries(house, by, action);
    assert_eq!(entries.len(), 1, "{action}: {entries:?}");
    let me = house.get("/api/v1/me", by).expect(200);
    let id = me["user"]["id"].as_str().expect("an id");
    assert_eq!(entries[0]["actor"], format!("user:{id}"));
    entries.remove(0)
}

fn rows(house: &House, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    house.live.store().read(|tx| tx.value::<i64>(&sql, &[])).expect("a count")
}

#[test]
fn a_lead_that_is_added_or_changed_is_in_the_trail_once() {
    let house = House::new();
    let owner = house.owner();
    let lead = house.visitor(&owner, "ana@a.example", 0);
    let object = format!("lead:{lead}");
    let added = only(&house, &owner, "lead.added");
    assert_eq!(added["object"], object);
    let fact = added["after"]["fact"].as_str().expect("a fact").to_owned();
    let path = format!("/api/v1/leads/{lead}");
    let changed =
        house.call("PATCH", &path, &owner, Some(json!({"traits": {"country": "RO"}}))).expect(200);
    let noted = only(&house, &owner, "lead.changed");
    assert_eq!(
        (&noted["object"], &noted["after"]["traits"]),
        (&json!(object), &json!(["country"]))
    );
    assert_eq!(noted["after"]["fact"], changed["fact"]);
    assert_ne!(changed["fact"], fact.as_str());
    assert!(!noted.to_string().contains("RO"), "the trail says which, not what: {noted}");
}

#[test]
fn a_lead_whose_entry_cannot_be_written_is_neither_added_nor_changed() {
    let house = House::new();
    let owner = house.owner();
    let lead = house.visitor(&owner, "ana@a.example", 0);
    let facts = rows(&house, "fact");
    break_trail(&house);
    let added = house.post("/api/v1/leads", &owner, json!({"email": "bea@b.example"}));
    assert!(added.status.is_server_error(), "{}", added.text());
    let change = Some(json!({"traits": {"country": "RO"}}));
    let changed = house.call("PATCH", &format!("/api/v1/leads/{lead}"), &owner, change);
    assert!(changed.status.is_server_error(), "{}", changed.text());
    assert_eq!((rows(&house, "fact"), rows(&house, "person")), (facts, 1));
}

#[test]
fn a_draft_is_kept_with_its_entry_or_not_at_all() {
    let house = House::new();
    let owner = house.owner();
    house.post("/api/v1/models", &owner, json!({"document": MODEL})).expect(201);
    let noted = only(&house, &owner, "model.drafted");
    assert_eq!((&noted["object"], &noted["after"]), (&json!("model:fit"), &json!({"version": 1})));
    break_trail(&house);
    let other = MODEL.replace("points: 10", "points: 11");
    let refused = house.post("/api/v1/models", &owner, json!({"document": other}));
    assert!(refused.status.is_server_error(), "{}", refused.text());
    let new = MODEL.replace("model: fit", "model: other");
    let refused = house.post("/api/v1/models", &owner, json!({"document": new}));
    assert!(refused.status.is_server_error(), "{}", refused.text());
    assert_eq!((rows(&house, "model"), rows(&house, "model_version")), (1, 1));
}

#[test]
fn somebody_is_erased_with_the_entry_or_not_at_all() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let ana = house.visitor(&owner, "ana@a.example", 2);
    let bea = house.visitor(&owner, "bea@b.example", 2);
    let erase = |lead: &str| {
        let wish = json!({"confirm": lead, "reason": "GDPR article 17"});
        house.post(&format!("/api/v1/leads/{lead}/erase"), &owner, wish)
    };
    let proof = erase(&ana).expect(200);
    let noted = only(&house, &owner, "lead.erased");
    let object = format!("erasure:{}", proof["id"].as_str().expect("an id"));
    assert_eq!((&noted["object"], &noted["after"]["facts"]), (&json!(object), &proof["facts"]));
    let (facts, hashes) = (rows(&house, "fact"), rows(&house, "suppressed_address"));
    break_trail(&house);
    let refused = erase(&bea);
    assert!(refused.status.is_server_error(), "{}", refused.text());
    house.get(&format!("/api/v1/leads/{bea}"), &owner).expect(200);
    assert_eq!((rows(&house, "fact"), rows(&house, "erasure")), (facts, 1));
    assert_eq!(rows(&house, "suppressed_address"), hashes, "nothing else was done about her");
}

#[test]
fn nothing_goes_out_that_is_not_in_the_trail() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 1);
    let hook = json!({"url": "https://hooks.example.invalid/x"});
    let hook = house.post("/api/v1/webhooks", &owner, hook).expect(201)["id"].clone();
    let hook = hook.as_str().expect("an id");
    let test = format!("/api/v1/webhooks/{hook}/test");
    house.call("POST", &test, &owner, None).expect(200);
    assert_eq!(only(&house, &owner, "webhook.tested")["object"], format!("webhook:{hook}"));
    house.call("POST", "/api/v1/webhooks/none/test", &owner, None).problem(404, "not_found");
    let one = format!("/api/v1/leads/{lead}/export");
    house.get(&one, &owner).expect(200);
    assert_eq!(only(&house, &owner, "lead.exported")["object"], format!("lead:{lead}"));
    assert_eq!(house.get("/api/v1/exports/leads", &owner).status, 200);
    assert_eq!(only(&house, &owner, "leads.exported")["after"], json!({"rows": 1}));
    break_trail(&house);
    for reply in [
        house.call("POST", &test, &owner, None),
        house.get(&one, &owner),
        house.get("/api/v1/exports/leads", &owner),
    ] {
        assert!(reply.status.is_server_error(), "{}", reply.text());
        assert!(!reply.text().contains("ana@"), "{}", reply.text());
    }
}

#[test]
fn every_change_of_the_api_fails_where_the_trail_does() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let ana = house.visitor(&owner, "ana@a.example", 2);
    let bea = house.visitor(&owner, "bea@b.example", 2);
    let counted =
        ["fact", "merge", "segment", "webhook_endpoint", "setting", "api_key", "invitation"];
    let before = counted.map(|table| rows(&house, table));
    break_trail(&house);
    let condition = json!({"trait": "country", "is": "RO"});
    let refused = [
        house.post(&format!("/api/v1/leads/{ana}/merge"), &owner, json!({"lead": bea})),
        house.post("/api/v1/events/retract", &owner, json!({"ids": ["api:ana@a.example-0"]})),
        house.post("/api/v1/segments", &owner, json!({"name": "A", "condition": condition})),
        house.post("/api/v1/webhooks", &owner, json!({"url": "https://hooks.example.com/x"})),
        house.call("PUT", "/api/v1/settings/general", &owner, Some(json!({"name": "Acme"}))),
        house.post("/api/v1/keys", &owner, json!({"name": "k", "scopes": ["leads:read"]})),
        house.post("/api/v1/invitations", &owner, json!({"email": "c@c.example", "role": "sales"})),
        house.call("POST", "/api/v1/models/fit/retire", &owner, Some(json!({"version": 1}))),
        house.call("POST", "/api/v1/models/fit/primary", &owner, None),
    ];
    for reply in refused {
        assert!(reply.status.is_server_error(), "{}", reply.text());
    }
    assert_eq!(counted.map(|table| rows(&house, table)), before);
    assert_eq!(house.live.lineup().lines().len(), 1);
}

#[test]
fn entries_carry_the_names_of_who_did_it_and_of_what_was_touched() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 0);
    let condition = json!({"trait": "country", "is": "RO"});
    let wish = json!({"name": "Romania", "condition": condition});
    let key = house.key(&owner, &["models:write", "models:read"]);
    let made = house.post("/api/v1/segments", &key, wish).expect(201);
    let noted = &entries(&house, &owner, "segment.made")[0];
    assert_eq!((&noted["actor_name"], &noted["object_name"]), (&json!("a key"), &json!("Romania")));
    let noted = &entries(&house, &owner, "lead.added")[0];
    assert_eq!(
        (&noted["actor_name"], &noted["object_name"]),
        (&json!("Olga"), &json!("ana@a.example"))
    );
    let noted = &entries(&house, &owner, "model.activated")[0];
    assert_eq!((&noted["object"], &noted["object_name"]), (&json!("model:fit"), &json!("fit")));
    // What is no more has no name, and whoever may not read leads is told none.
    let path = format!("/api/v1/segments/{}", made["id"].as_str().expect("an id"));
    house.call("DELETE", &path, &owner, None).expect(204);
    assert_eq!(entries(&house, &owner, "segment.made")[0]["object_name"], Json::Null);
    let auditor = house.key(&owner, &["audit:read"]);
    let told = house.get("/api/v1/audit?limit=200", &auditor).text();
    assert!(told.contains(&format!("lead:{lead}")) && !told.contains("ana@"), "{told}");
}

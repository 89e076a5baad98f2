//! Models: drafts, what would change, and what counts.

use serde_json::json;

use crate::support::{House, MODEL};

#[test]
fn a_document_that_is_no_model_is_refused_with_places_and_remedies() {
    let house = House::new();
    let owner = house.owner();
    let wrong = MODEL.replace("points: 10", "pionts: 10");
    let problem =
        house.post("/api/v1/models", &owner, json!({"document": wrong})).problem(422, "bad_model");
    let first = &problem["errors"][0];
    assert!(
        first["line"].as_u64().is_some_and(|line| line > 1) && first["column"].as_u64().is_some()
    );
    assert!(first["remedy"].as_str().is_some(), "{first}");
    let checked =
        house.post("/api/v1/models/check", &owner, json!({"document": wrong})).expect(200);
    assert_eq!(checked["is_valid"], false);
    let checked =
        house.post("/api/v1/models/check", &owner, json!({"document": MODEL})).expect(200);
    assert_eq!((&checked["is_valid"], &checked["model"]), (&json!(true), &json!("fit")));
    assert_eq!(house.get("/api/v1/models", &owner).expect(200).as_array().map(Vec::len), Some(0));
}

#[test]
fn a_version_counts_only_after_its_change_was_shown() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 2);
    let richer = MODEL.replace("points: 10", "points: 20");
    let made = house.post("/api/v1/models", &owner, json!({"document": richer})).expect(201);
    assert_eq!(made["version"], 2);
    let body = |confirm: &str| json!({"version": 2, "confirm": confirm});
    house.post("/api/v1/models/fit/activate", &owner, body("guess")).problem(409, "not_confirmed");
    let diff = house.get("/api/v1/models/fit/versions/2/diff", &owner).expect(200);
    assert_eq!((&diff["from"], &diff["to"]), (&json!(1), &json!(2)));
    assert_eq!(diff["comparison"]["up"], 1);
    let changed: Vec<&str> = diff["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .filter(|line| line["change"] != "same")
        .map(|line| line["text"].as_str().expect("a text").trim())
        .collect();
    assert_eq!(changed, ["points: 10", "points: 20"]);
    let confirm = diff["confirm"].as_str().expect("a token");
    house.post("/api/v1/models/fit/activate", &owner, body(confirm)).expect(200);
    house.settle();
    let score = || {
        house.get(&format!("/api/v1/leads/{lead}"), &owner).expect(200)["scores"][0]["score"]
            .clone()
    };
    assert_eq!(score(), 45);
    house.pass(1000);
    house.call("POST", "/api/v1/models/fit/rollback", &owner, None).expect(200);
    house.settle();
    assert_eq!(score(), 25);
    let versions = house.get("/api/v1/models/fit/versions", &owner).expect(200);
    assert_eq!(versions["activations"].as_array().map(Vec::len), Some(3));
    let actions = house.get("/api/v1/audit", &owner).text();
    assert!(actions.contains("model.activated") && actions.contains("model.rolled_back"));
}

#[test]
fn a_shadow_scores_beside_and_changes_nothing() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 1);
    let richer = MODEL.replace("points: 10", "points: 60");
    house.post("/api/v1/models", &owner, json!({"document": richer})).expect(201);
    house.post("/api/v1/models/fit/shadow", &owner, json!({"version": 2})).expect(200);
    house.settle();
    let detail = house.get(&format!("/api/v1/leads/{lead}"), &owner).expect(200);
    let of = |model: &str| {
        detail["scores"]
            .as_array()
            .expect("scores")
            .iter()
            .find(|score| score["model"] == model)
            .map(|score| score["score"].clone())
    };
    assert_eq!((of("fit"), of("fit~2")), (Some(json!(15)), Some(json!(65))));
    let entered = house.get("/api/v1/transitions?kind=stage_entered", &owner).expect(200);
    assert_eq!(entered["transitions"].as_array().map(Vec::len), Some(0));
    house.get("/api/v1/leads?model=fit~2", &owner).expect(200);
    house.post("/api/v1/models/fit/retire", &owner, json!({"version": 2})).expect(200);
    house.settle();
    house.get("/api/v1/leads?model=fit~2", &owner).problem(404, "no_model");
}

#[test]
fn what_if_and_segments_are_answered_from_everybodys_facts() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    house.visitor(&owner, "ana@a.example", 3);
    house.visitor(&owner, "bea@gmail.com", 1);
    let document = MODEL.replace("points: 10", "points: 12");
    let comparison =
        house.post("/api/v1/models/fit/what-if", &owner, json!({"document": document})).expect(200);
    assert_eq!((&comparison["leads"], &comparison["up"]), (&json!(2), &json!(2)));
    let condition = json!({"trait": "email.kind", "is": "business"});
    let counted =
        house.post("/api/v1/segments/count", &owner, json!({"condition": condition})).expect(200);
    assert_eq!(counted["leads"], 1);
    let wish = json!({"name": "Business", "condition": condition});
    let made = house.post("/api/v1/segments", &owner, wish.clone()).expect(201);
    house.post("/api/v1/segments", &owner, wish).problem(409, "exists");
    let id = made["id"].as_str().expect("an id");
    let page = house.get(&format!("/api/v1/leads?segment={id}"), &owner).expect(200);
    assert_eq!(page["leads"].as_array().map(Vec::len), Some(1));
    assert_eq!(page["leads"][0]["email"], "ana@a.example");
    let members = house.get(&format!("/api/v1/segments/{id}/members"), &owner).expect(200);
    assert_eq!(members["total"], 1);
    let bad = json!({"name": "Bad", "condition": {"trait": "x"}});
    assert_eq!(house.post("/api/v1/segments", &owner, bad).status, 422);
}

#[test]
fn nobody_overwrites_what_somebody_else_just_changed() {
    let house = House::new();
    let owner = house.owner();
    let condition = json!({"trait": "country", "is": "RO"});
    let made = house
        .post("/api/v1/segments", &owner, json!({"name": "A", "condition": condition}))
        .expect(201);
    let path = format!("/api/v1/segments/{}", made["id"].as_str().expect("an id"));
    let tag = house.get(&path, &owner).headers["etag"].to_str().expect("a tag").to_owned();
    house.pass(5);
    house
        .call("PUT", &path, &owner, Some(json!({"name": "B", "condition": condition})))
        .expect(200);
    let crate::support::As::Session(cookie) = &owner else { panic!() };
    let request = axum::http::Request::builder()
        .method("PUT")
        .uri(&path)
        .header("cookie", cookie)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/json")
        .header("if-match", tag)
        .body(axum::body::Body::from(json!({"name": "C", "condition": condition}).to_string()));
    house.send(request.expect("a request")).problem(412, "changed_in_between");
    assert_eq!(house.get(&path, &owner).expect(200)["name"], "B");
}

#[test]
fn who_moves_has_a_name_for_those_who_may_read_leads() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let ana = house.visitor(&owner, "ana@a.example", 3);
    let said = json!({"traits": {"name": "Ana Pop"}});
    house.call("PATCH", &format!("/api/v1/leads/{ana}"), &owner, Some(said)).expect(200);
    let group =
        json!({"who": {"email": "ana@a.example"}, "group": "acme", "traits": {"name": "Acme"}});
    house.post("/api/v1/events", &owner, json!({"events": [group]})).expect(200);
    house.settle();
    let document = json!({"document": MODEL.replace("points: 10", "points: 12")});
    let path = "/api/v1/models/fit/what-if";
    let told = house.post(path, &owner, document.clone()).expect(200);
    let mover = &told["movers"][0];
    assert_eq!((&mover["lead"], &mover["name"]), (&json!(ana), &json!("Ana Pop")));
    assert_eq!((&mover["email"], &mover["company"]), (&json!("ana@a.example"), &json!("acme")));
    assert_eq!(mover["company_name"], "Acme");
    let key = house.key(&owner, &["models:read"]);
    let told = house.post(path, &key, document.clone());
    assert!(!told.text().contains("Ana") && !told.text().contains("ana@"), "{}", told.text());
    assert_eq!(told.expect(200)["movers"][0]["lead"], ana.as_str());
    house.post("/api/v1/models", &owner, document).expect(201);
    let diff = house.get("/api/v1/models/fit/versions/2/diff", &owner).expect(200);
    assert_eq!(diff["comparison"]["movers"][0]["company_name"], "Acme");
}

#[test]
fn a_document_that_looks_at_what_nobody_has_is_warned_of() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    house.visitor(&owner, "ana@a.example", 1);
    let what_if = |document: &str| {
        let told = house.post("/api/v1/models/fit/what-if", &owner, json!({"document": document}));
        told.expect(200)["warnings"].as_array().expect("warnings").clone()
    };
    assert_eq!(what_if(MODEL), Vec::<serde_json::Value>::new());
    let slips = MODEL.replace("page_viewed", "page_veiwed").replace("email.kind", "country");
    let warnings = what_if(&slips);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0]["detail"].as_str().is_some_and(|text| text.contains("`country`")));
    assert_eq!(warnings[1]["remedy"], "did you mean `page_viewed`?");
    let line = slips.lines().position(|line| line.contains("page_veiwed")).expect("a line") + 1;
    assert_eq!(warnings[1]["line"], line);
}

#[test]
fn the_vocabulary_tells_what_traits_events_and_properties_are_called() {
    let house = House::new();
    let owner = house.owner();
    let empty = house.get("/api/v1/vocabulary", &owner).expect(200);
    assert_eq!(empty, json!({"traits": [], "events": [], "is_cut": false}));
    house.visitor(&owner, "ana@a.example", 2);
    let ana = json!({"email": "ana@a.example"});
    let traits = json!({"country": "RO", "company": {"employees": 12}});
    let events = json!({"events": [
        {"who": ana, "event": "bought", "properties": {"price": 3.5, "cart": {"gift": true}}},
        {"who": ana, "traits": traits}
    ]});
    house.post("/api/v1/events", &owner, events).expect(200);
    house.settle();
    let told = house.get("/api/v1/vocabulary", &house.key(&owner, &["models:read"])).expect(200);
    let events = told["events"].as_array().expect("events");
    let names: Vec<_> = events.iter().map(|e| (e["name"].clone(), e["count"].clone())).collect();
    assert_eq!(names, [(json!("page_viewed"), json!(2)), (json!("bought"), json!(1))]);
    assert_eq!(
        events[1]["properties"],
        json!([{"path": "cart.gift", "kinds": ["boolean"]}, {"path": "price", "kinds": ["number"]}])
    );
    assert_eq!(events[0]["last_at"], "2026-06-01T10:00:00Z");
    let paths = |told: &serde_json::Value| -> Vec<String> {
        let traits = told["traits"].as_array().expect("traits").iter();
        traits.map(|word| word["path"].as_str().expect("a path").to_owned()).collect()
    };
    let known =
        ["company.employees", "country", "email", "email.domain", "email.kind"].map(str::to_owned);
    assert_eq!(paths(&told), known);
    assert_eq!(told["traits"][0]["leads"], 1);
    // Nothing but names.
    assert!(!told.to_string().contains("ana@"), "{told}");
    house.get("/api/v1/vocabulary", &house.key(&owner, &["facts:write"])).problem(403, "forbidden");
}

#[test]
fn a_segment_may_ask_where_a_model_puts_its_leads() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let cold = house.visitor(&owner, "cold@gmail.com", 1);
    let warm = house.visitor(&owner, "warm@a.example", 2);
    let hot = house.visitor(&owner, "hot@a.example", 6);
    let members = |condition: serde_json::Value| {
        let wish = json!({"name": condition.to_string(), "condition": condition});
        let made = house.post("/api/v1/segments", &owner, wish).expect(201);
        let path = format!("/api/v1/segments/{}/members", made["id"].as_str().expect("an id"));
        let told = house.get(&path, &owner).expect(200)["leads"].clone();
        let leads: Vec<String> = serde_json::from_value(told).expect("ids");
        leads
    };
    let sorted = |leads: &[&String]| {
        let mut leads: Vec<String> = leads.iter().map(|lead| (*lead).clone()).collect();
        leads.sort();
        leads
    };
    assert_eq!(members(json!({"bracket": "warm"})), sorted(&[&warm]));
    assert_eq!(
        members(json!({"bracket": ["hot", "warm"], "model": "fit"})),
        sorted(&[&warm, &hot])
    );
    assert_eq!(members(json!({"score": {"at_least": 10, "at_most": 25}})), sorted(&[&cold, &warm]));
    assert_eq!(members(json!({"stage": "sales_qualified"})), sorted(&[&hot]));
    assert_eq!(members(json!({"stage": null})), sorted(&[&cold, &warm]));
    let business = json!({"trait": "email.kind", "is": "business"});
    let both = json!({"all": [business, {"not": {"stage": "sales_qualified"}}]});
    assert_eq!(members(both), sorted(&[&warm]));
    let either =
        json!({"any": [{"score": {"at_most": 10}}, {"event": "page_viewed", "at_least": 5}]});
    assert_eq!(members(either), sorted(&[&cold, &hot]));
    // What is unknown stays unknown when it is turned round, places or not.
    let romania = json!({"trait": "country", "is": "RO"});
    assert_eq!(members(json!({"not": {"any": [romania, {"bracket": "hot"}]}})), [""; 0]);
    let named = json!({"not": {"all": [{"trait": "country", "exists": true}, {"bracket": "hot"}]}});
    assert_eq!(members(named).len(), 3);
    // A new model moves them.
    house.activate(&owner, &MODEL.replace("points: 10", "points: 30"));
    assert_eq!(members(json!({"all": [{"bracket": "hot"}]})), sorted(&[&warm, &hot]));
    let page = house.post(
        "/api/v1/segments/count",
        &owner,
        json!({"condition": {"bracket": "cold", "model": "fit"}}),
    );
    assert_eq!(page.expect(200)["leads"], 0);
}

#[test]
fn a_place_that_no_model_has_is_refused_with_what_there_is() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let save = |condition: serde_json::Value| {
        house.post("/api/v1/segments", &owner, json!({"name": "x", "condition": condition}))
    };
    let problem = save(json!({"bracket": "hto"})).problem(422, "bad_condition");
    let detail = problem["detail"].as_str().expect("a text").to_owned();
    assert!(detail.contains("hto") && detail.contains("cold, warm, hot"), "{detail}");
    for wrong in [
        json!({"score": 50}),
        json!({"score": {}}),
        json!({"score": {"above": 5}}),
        json!({"bracket": []}),
        json!({"bracket": 3}),
        json!({"bracket": "hot", "stage": "sales_qualified"}),
        json!({"bracket": "hot", "model": 3}),
        json!({"all": [{"bracket": "hot"}], "any": []}),
    ] {
        save(wrong).problem(422, "bad_condition");
    }
    save(json!({"all": {"bracket": "hot"}})).problem(422, "bad_model");
    let unknown = json!({"bracket": "hot", "model": "other"});
    house
        .post("/api/v1/segments/count", &owner, json!({"condition": unknown}))
        .problem(404, "no_model");
    let mut deep = json!({"bracket": "hot"});
    for _ in 0..200 {
        deep = json!({"not": deep});
    }
    assert!(save(deep).status.is_client_error());
    assert_eq!(house.get("/api/v1/segments", &owner).expect(200), json!([]));
}

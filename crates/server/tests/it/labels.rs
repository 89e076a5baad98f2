//! Facts that a program made: labelled, and no longer.

use serde_json::{Value as Json, json};

use crate::support::House;

fn score(house: &House, by: &crate::support::As, lead: &str) -> Json {
    house.settle();
    house.get(&format!("/api/v1/leads/{lead}"), by).expect(200)["scores"][0]["score"].clone()
}

#[test]
fn what_is_labelled_as_a_programs_doing_does_not_score_until_the_label_is_taken_off() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 2);
    assert_eq!(score(&house, &owner, &lead), 25);
    let path = "/api/v1/events/api:ana@a.example-0/label";
    house.post(path, &owner, json!({"is_machine": true})).expect(200);
    assert_eq!(score(&house, &owner, &lead), 15);
    let events = house.get(&format!("/api/v1/leads/{lead}/events?kind=event"), &owner).expect(200);
    let labelled: Vec<&Json> = events["events"]
        .as_array()
        .expect("events")
        .iter()
        .filter(|event| !event["machine"].is_null())
        .collect();
    assert_eq!(labelled.len(), 1, "it stays to be seen");
    assert_eq!(labelled[0]["machine"], json!({"reason": "by hand", "confidence": 100}));
    house.post(path, &owner, json!({"is_machine": false})).expect(200);
    assert_eq!(score(&house, &owner, &lead), 25);
    let audit = house.get("/api/v1/audit?action=event.labelled", &owner).expect(200);
    let entry = &audit["entries"][0];
    assert_eq!(entry["before"]["machine"], json!({"reason": "by hand", "confidence": 100}));
    assert_eq!(entry["after"]["machine"], Json::Null);
    house
        .post("/api/v1/events/nothing/label", &owner, json!({"is_machine": true}))
        .problem(404, "not_found");
}

#[test]
fn labels_are_taken_off_by_reason_and_come_back_with_reason_and_confidence() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let (site, id) = house.write_key(&owner, json!({"name": "site"}));
    // A tool with no browser's name reports for people of this key.
    for n in 0..3 {
        let call = json!({"messageId": format!("c{n}"), "userId": "u1", "event": "page_viewed",
            "context": {"userAgent": "curl/8.5.0"}});
        house.post("/v1/track", &site, call).expect(200);
    }
    house.settle();
    let page = house.get("/api/v1/events?name=page_viewed", &owner).expect(200);
    let machine = page["events"][0]["machine"].clone();
    let reason = machine["reason"].as_str().expect("a reason").to_owned();
    let lead = house.get("/api/v1/leads", &owner).expect(200)["leads"][0]["id"].clone();
    let lead = lead.as_str().expect("a lead").to_owned();
    assert_eq!(score(&house, &owner, &lead), 0);
    let label = |wish: Json| {
        let mut wish = wish;
        wish["from"] = json!("2026-06-01T00:00:00Z");
        wish["to"] = json!("2026-06-02T00:00:00Z");
        house.post("/api/v1/events/label", &owner, wish)
    };
    label(json!({"is_machine": false})).problem(422, "which_facts");
    let nothing = label(json!({"is_machine": false, "reason": "another"})).expect(200);
    assert_eq!((&nothing["facts"], &nothing["change"]), (&json!(0), &Json::Null));
    let off = label(json!({"is_machine": false, "reason": reason, "source": format!("key:{id}")}));
    let off = off.expect(200);
    assert_eq!((&off["facts"], &off["leads"]), (&json!(3), &json!(1)));
    assert_eq!(score(&house, &owner, &lead), 30);
    let undo = format!("/api/v1/events/labels/{}/undo", off["change"].as_str().expect("an id"));
    let back = house.call("POST", &undo, &owner, None).expect(200);
    assert_eq!(back["facts"], 3);
    assert_eq!(score(&house, &owner, &lead), 0);
    let page = house.get("/api/v1/events?name=page_viewed", &owner).expect(200);
    assert_eq!(page["events"][0]["machine"], machine, "as it was");
    house.call("POST", &undo, &owner, None).problem(404, "not_found");
    let audit = house.get("/api/v1/audit?action=events.labelled", &owner).expect(200);
    let entry = &audit["entries"][0];
    assert_eq!(entry["before"]["reasons"][&reason], 3, "{entry}");
    assert_eq!(entry["after"]["which"]["reason"], json!(reason));
}

#[test]
fn all_that_a_lead_did_in_a_time_is_labelled_at_once_and_what_was_labelled_before_is_left_alone() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let ana = house.visitor(&owner, "ana@a.example", 3);
    let bea = house.visitor(&owner, "bea@b.example", 2);
    house
        .post("/api/v1/events/api:ana@a.example-0/label", &owner, json!({"is_machine": true}))
        .expect(200);
    let wish = json!({"is_machine": true, "reason": "click farm", "lead": ana,
        "from": "2026-06-01T00:00:00Z", "to": "2026-06-02T00:00:00Z"});
    let made = house.post("/api/v1/events/label", &owner, wish).expect(200);
    assert_eq!(made["facts"], 2);
    assert_eq!(score(&house, &owner, &ana), 5);
    assert_eq!(score(&house, &owner, &bea), 25);
    let events = house.get(&format!("/api/v1/leads/{ana}/events?kind=event"), &owner).expect(200);
    let mut reasons: Vec<&str> = events["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| event["machine"]["reason"].as_str().expect("a reason"))
        .collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["by hand", "click farm", "click farm"]);
    let undo = format!("/api/v1/events/labels/{}/undo", made["change"].as_str().expect("an id"));
    house.call("POST", &undo, &owner, None).expect(200);
    assert_eq!(score(&house, &owner, &ana), 25, "but for the one that was labelled before");
}

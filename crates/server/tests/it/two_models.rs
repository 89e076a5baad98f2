//! Two models that count at the same time, and scores of the past by the model of the day.

use serde_json::{Value as Json, json};

use crate::support::{As, House, MODEL};

/// Beside [`MODEL`]: only what was bought counts.
const LOYALTY: &str = r"
model: again
kind: loyalty
scale: [0, 10]
groups:
  - group: Purchases
    dimension: engagement
    criteria:
      - name: Bought
        event: purchased
        points: 4
stages:
  - stage: ripe
    enter: {score: 7}
";

fn order(house: &House, by: &As, query: &str) -> Vec<(String, i64)> {
    let page = house.get(&format!("/api/v1/leads{query}"), by).expect(200);
    let leads = page["leads"].as_array().expect("leads").iter();
    leads
        .map(|lead| {
            let email = lead["email"].as_str().expect("an address").to_owned();
            (email, lead["score"].as_i64().expect("a score"))
        })
        .collect()
}

#[test]
fn each_model_has_its_scores_and_its_list_and_one_is_shown_first() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    house.activate(&owner, LOYALTY);
    let ana = house.visitor(&owner, "ana@a.example", 3);
    house.visitor(&owner, "bea@b.example", 1);
    let bought = json!({"events": [
        {"who": {"email": "bea@b.example"}, "event": "purchased"},
        {"who": {"email": "bea@b.example"}, "event": "purchased"},
        {"who": {"email": "ana@a.example"}, "event": "purchased"}]});
    house.post("/api/v1/events", &owner, bought).expect(200);
    house.settle();
    let scores = house.get(&format!("/api/v1/leads/{ana}"), &owner).expect(200)["scores"].clone();
    let scores: Vec<(&Json, &Json)> = scores
        .as_array()
        .expect("scores")
        .iter()
        .map(|score| (&score["model"], &score["score"]))
        .collect();
    assert_eq!(scores, [(&json!("again"), &json!(4)), (&json!("fit"), &json!(35))]);
    let (a, b) = ("ana@a.example".to_owned(), "bea@b.example".to_owned());
    let by_fit = vec![(a.clone(), 35), (b.clone(), 15)];
    let by_purchases = vec![(b, 8), (a, 4)];
    assert_eq!(order(&house, &owner, ""), by_fit, "the first model is the primary one");
    assert_eq!(order(&house, &owner, "?model=fit"), by_fit);
    assert_eq!(order(&house, &owner, "?model=again"), by_purchases);
    house.call("POST", "/api/v1/models/again/primary", &owner, None).expect(204);
    assert_eq!(order(&house, &owner, ""), by_purchases);
    let models = house.get("/api/v1/models", &owner).expect(200);
    let primary: Vec<(&Json, &Json)> = models
        .as_array()
        .expect("models")
        .iter()
        .map(|model| (&model["name"], &model["is_primary"]))
        .collect();
    let expected = [(&json!("again"), &json!(true)), (&json!("fit"), &json!(false))];
    assert_eq!(primary, expected);
    // What counts as many is what the model in question hands over with.
    let breadth = |query: &str| {
        let page = house.get(&format!("/api/v1/companies?order=breadth{query}"), &owner);
        let page = page.expect(200);
        let first = &page["companies"][0];
        (page["threshold"].clone(), first["id"].clone(), first["breadth"].clone())
    };
    assert_eq!(breadth(""), (json!(7), json!("b.example"), json!(1)));
    assert_eq!(breadth("&model=fit").0, 50);
    assert_eq!(breadth("&threshold=3").2, 1);
}

#[test]
fn companies_are_found_by_name_and_domain_and_one_is_summed_up_as_asked() {
    let house = House::new();
    let owner = house.owner();
    house.activate(&owner, LOYALTY);
    house.visitor(&owner, "ana@acme.example", 0);
    house.visitor(&owner, "eva@acme.example", 0);
    house.visitor(&owner, "bea@other.example", 0);
    let name = json!({"events": [{"who": {"email": "bea@other.example"}, "group": "other.example",
        "traits": {"name": "Ñandú 100% Coffee"}},
        {"who": {"email": "ana@acme.example"}, "event": "purchased"},
        {"who": {"email": "eva@acme.example"}, "event": "purchased"}]});
    house.post("/api/v1/events", &owner, name).expect(200);
    house.settle();
    let found = |text: &str| {
        let page = house.get(&format!("/api/v1/companies?q={text}"), &owner).expect(200);
        let companies = page["companies"].as_array().expect("companies").iter();
        companies.map(|one| one["id"].as_str().unwrap_or("?").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("COFF"), ["other.example"]);
    assert_eq!(found("%C3%91and%C3%BA"), ["other.example"]);
    assert_eq!(found("acme.ex"), ["acme.example"]);
    assert_eq!(found("100%25"), ["other.example"], "a percent sign is a percent sign");
    assert_eq!(found("0%25c"), [""; 0]);
    let one = |query: &str| {
        let told = house.get(&format!("/api/v1/companies/acme.example{query}"), &owner);
        let summary = told.expect(200)["summary"].clone();
        (summary["top"].clone(), summary["breadth"].clone())
    };
    assert_eq!(one(""), (json!(8), json!(0)));
    assert_eq!(one("?top=1&threshold=4"), (json!(4), json!(2)));
}

#[test]
fn who_is_worth_most_is_called_first() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let keen = house.visitor(&owner, "keen@a.example", 4);
    let rich = house.visitor(&owner, "rich@b.example", 2);
    house.visitor(&owner, "poor@c.example", 3);
    for (id, lead, amount) in [("d1", &keen, 100_000), ("d2", &rich, 900_000)] {
        let deal = json!({"id": id, "who": {"lead": lead}, "stage": "opened",
            "amount_minor": amount, "currency": "EUR"});
        house.post("/api/v1/deals", &owner, deal).expect(200);
    }
    house.settle();
    let emails = |query: &str| -> Vec<String> {
        order(&house, &owner, query).into_iter().map(|(email, _)| email).collect()
    };
    assert_eq!(emails("?order=score"), ["keen@a.example", "poor@c.example", "rich@b.example"]);
    assert_eq!(emails("?order=priority"), ["rich@b.example", "keen@a.example", "poor@c.example"]);
    let page = house.get("/api/v1/leads?order=priority", &owner).expect(200);
    // A quarter of the scale of 9,000 euros, and 45 of 100 of 1,000.
    assert_eq!(page["leads"][0]["priority"], 225_000);
    assert_eq!(page["leads"][1]["priority"], 45_000);
}

#[test]
fn a_past_score_is_had_by_the_model_of_its_day_and_by_todays() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 2);
    house.pass(86_400_000);
    house.activate(&owner, &MODEL.replace("points: 10", "points: 20"));
    house.pass(86_400_000);
    let path = format!("/api/v1/leads/{lead}");
    let on_the_first = |by: &str| {
        let query = format!("{path}/explain?at=2026-06-01T12:00:00Z{by}");
        let card = house.get(&query, &owner).expect(200);
        (card["version"].clone(), card["score"].clone())
    };
    assert_eq!(on_the_first("&as=recorded"), (json!(1), json!(25)));
    assert_eq!(on_the_first("&as=if"), (json!(2), json!(45)));
    assert_eq!(on_the_first(""), (json!(2), json!(45)));
    let course = |by: &str| {
        let query = format!("{path}/history?from=2026-06-01T11:00:00Z{by}");
        house.get(&query, &owner).expect(200)
    };
    let scores = |course: &Json| {
        let samples = course["samples"].as_array().expect("samples").clone();
        let mut scores: Vec<i64> =
            samples.iter().map(|sample| sample["score"].as_i64().expect("a score")).collect();
        scores.dedup();
        scores
    };
    assert_eq!(scores(&course("")), [45]);
    let recorded = course("&as=recorded");
    assert_eq!(scores(&recorded), [25, 45]);
    let versions: Vec<&Json> = recorded["versions"]
        .as_array()
        .expect("versions")
        .iter()
        .map(|one| &one["version"])
        .collect();
    assert_eq!(versions, [&json!(1), &json!(2)]);
    assert_eq!(recorded["versions"][1]["from"], "2026-06-02T10:00:00Z");
    let before = format!("{path}/history?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z");
    house.get(&format!("{before}&as=recorded"), &owner).problem(404, "no_model");
}

//! Roll-backs: step by step to what counted before, and never to what was rolled back.

use serde_json::{Value as Json, json};

use crate::support::{As, House, MODEL};

/// A house in which versions 1, 2, 3 counted one after the other.
fn three_versions() -> (House, As) {
    let house = House::new();
    let owner = house.owner();
    for points in [10, 11, 12] {
        house.activate(&owner, &MODEL.replace("points: 10", &format!("points: {points}")));
        house.pass(1000);
    }
    (house, owner)
}

fn versions(house: &House, by: &As) -> Json {
    house.get("/api/v1/models/fit/versions", by).expect(200)
}

fn roll_back(house: &House, by: &As) -> i64 {
    let told = house.call("POST", "/api/v1/models/fit/rollback", by, None).expect(200);
    house.pass(1000);
    told["version"].as_i64().expect("a version")
}

#[test]
fn a_second_roll_back_goes_a_step_further_and_not_to_what_was_rolled_back() {
    let (house, owner) = three_versions();
    assert_eq!(versions(&house, &owner)["before"], 2);
    assert_eq!(roll_back(&house, &owner), 2);
    assert_eq!(versions(&house, &owner)["before"], 1);
    assert_eq!(roll_back(&house, &owner), 1);
    assert_eq!(versions(&house, &owner)["before"], Json::Null);
    house.call("POST", "/api/v1/models/fit/rollback", &owner, None).problem(409, "nothing_before");
    let activations = versions(&house, &owner)["activations"].clone();
    let told: Vec<(i64, bool)> = activations
        .as_array()
        .expect("intervals")
        .iter()
        .map(|one| (one["version"].as_i64().expect("a version"), one["is_rollback"] == true))
        .collect();
    assert_eq!(told, [(1, false), (2, false), (3, false), (2, true), (1, true)]);
}

#[test]
fn a_version_that_was_chosen_again_is_a_choice_that_can_be_rolled_back() {
    let (house, owner) = three_versions();
    let choose = |version: i64| {
        let path = format!("/api/v1/models/fit/versions/{version}/diff");
        let diff = house.get(&path, &owner).expect(200);
        let body = json!({"version": version, "confirm": diff["confirm"]});
        house.post("/api/v1/models/fit/activate", &owner, body).expect(200);
        house.pass(1000);
    };
    choose(1);
    assert_eq!(roll_back(&house, &owner), 3, "1 was chosen after 3");
    assert_eq!(roll_back(&house, &owner), 2);
    choose(3);
    assert_eq!(roll_back(&house, &owner), 2);
    assert_eq!(roll_back(&house, &owner), 1);
}

#[test]
fn a_roll_back_that_confirms_a_change_does_that_change_or_nothing() {
    let (house, owner) = three_versions();
    let shown = house.get("/api/v1/models/fit/versions/2/diff", &owner).expect(200);
    let path = "/api/v1/models/fit/rollback";
    house.post(path, &owner, json!({"confirm": "guess"})).problem(409, "not_confirmed");
    house.post(path, &owner, json!({"other": 1})).problem(422, "bad_body");
    let confirm = json!({"confirm": shown["confirm"]});
    let told = house.post(path, &owner, confirm.clone()).expect(200);
    assert_eq!(told["version"], 2);
    house.pass(1000);
    house.post(path, &owner, confirm).problem(409, "not_confirmed");
    assert_eq!(versions(&house, &owner)["before"], 1);
}

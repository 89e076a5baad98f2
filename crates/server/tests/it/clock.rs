//! A clock that is set ahead, and put right.

use serde_json::{Value as Json, json};

use crate::support::{As, House};

const DAY_MS: i64 = 24 * 60 * 60_000;

/// Lets the loops run until a job has ended once more.
fn upkeep(house: &House, owner: &As, job: &str) {
    let ended = || {
        let status = house.get("/api/v1/status", owner).expect(200);
        let jobs = status["jobs"].as_array().expect("jobs").clone();
        jobs.into_iter().find(|one| one["id"] == job).map(|one| one["finished_at"].clone())
    };
    let before = ended();
    let server = house.restarted();
    let work = house.runtime.block_on(async { server.work() });
    let again = (0..6_000).any(|_| {
        let nap = std::time::Duration::from_millis(10);
        house.runtime.block_on(async { tokio::time::sleep(nap).await });
        ended().is_some_and(|at| !at.is_null() && Some(&at) != before.as_ref())
    });
    drop(work);
    assert!(again, "{job} does not run");
}

fn leads(house: &House, owner: &As) -> usize {
    house.get("/api/v1/leads", owner).expect(200)["leads"].as_array().map_or(0, Vec::len)
}

fn quiet_house() -> (House, As) {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    house.visitor(&owner, "ana@corp.example", 1);
    let wish: Json = json!({"quiet_days": 30});
    house.call("PUT", "/api/v1/settings/retention", &owner, Some(wish)).expect(200);
    (house, owner)
}

#[test]
fn a_clock_that_is_set_ahead_forgets_nobody_and_what_it_planned_runs_when_it_is_put_right() {
    let (house, owner) = quiet_house();
    upkeep(&house, &owner, "retain");
    house.pass(400 * DAY_MS);
    // Whoever was logged in is not any more, by that clock.
    let login = json!({"email": "owner@example.com", "password": crate::support::PASSWORD});
    let again = As::Session(house.post("/api/v1/login", &As::Nobody, login.clone()).cookie());
    upkeep(&house, &again, "retain");
    house.settle();
    assert_eq!(leads(&house, &again), 1);
    house.pass(-400 * DAY_MS + 60_000);
    // The job is planned for a time in a year, and runs now all the same.
    let back = As::Session(house.post("/api/v1/login", &As::Nobody, login).cookie());
    upkeep(&house, &back, "retain");
    assert_eq!(leads(&house, &back), 1);
}

#[test]
fn a_clock_that_goes_on_by_itself_forgets_whom_nothing_was_heard_of() {
    let (house, owner) = quiet_house();
    let login = json!({"email": "owner@example.com", "password": crate::support::PASSWORD});
    let mut by = owner;
    for _ in 0..25 {
        upkeep(&house, &by, "retain");
        house.pass(47 * DAY_MS / 24);
        by = As::Session(house.post("/api/v1/login", &As::Nobody, login.clone()).cookie());
    }
    house.settle();
    assert_eq!(leads(&house, &by), 0);
}

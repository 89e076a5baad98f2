//! Models change.

use live::ModelProblem;
use serde_json::json;
use store::scores::VersionState;

use crate::house::{DAY, HOUR, House, MODEL, at, event, traits};

fn with_visits_at(points: u32) -> String {
    MODEL.replace("points: 10", &format!("points: {points}"))
}

#[test]
fn a_document_that_is_no_model_is_refused_with_everything_that_is_wrong() {
    let house = House::empty();
    let refused = house.live.add_draft("model: x\ngroups: 3\nstages: [{}]\n", "", "ana", at(0));
    let Err(ModelProblem::Document(diagnostics)) = refused else { panic!("{refused:?}") };
    assert!(diagnostics.len() >= 2, "{diagnostics:?}");
}

#[test]
fn what_if_says_who_moves_before_anything_is_in_force() {
    let house = House::new();
    house.take(vec![event("17", "page_viewed", 0), event("18", "spam_reported", 0)]);
    house.work(0);
    let moved = house.live.what_if(&with_visits_at(30), "shop", at(0), 10).expect("a comparison");
    assert_eq!((moved.leads, moved.up, moved.unchanged), (2, 1, 1));
    assert_eq!(moved.movers[0].change, 20);
    assert_eq!(house.score("17").score, 10, "nothing was written");
    // A document may look at what no model in force looks at.
    let other = with_visits_at(10).replace("trait: title, is: director", "trait: country, is: RO");
    let other = other.replace("page_viewed", "spam_reported");
    assert!(house.live.what_if(&other, "shop", at(0), 10).is_ok());
}

#[test]
fn activating_rolling_back_and_shadowing_are_seen_in_every_score() {
    let house = House::new();
    house.take(vec![event("17", "page_viewed", 0)]);
    house.work(0);
    let second = house.activate(&with_visits_at(30), HOUR);
    house.work(HOUR);
    let row = house.score("17");
    assert_eq!((row.score, row.version, row.bracket.as_deref()), (30, second, Some("hot")));

    house.live.set_state("shop", 1, VersionState::Active, "ana", at(2 * HOUR)).expect("back");
    house
        .live
        .set_state("shop", second, VersionState::Shadow, "ana", at(2 * HOUR))
        .expect("shadow");
    house.work(2 * HOUR);
    assert_eq!(house.score("17").score, 10);
    let lead = house.lead("17");
    let rows = house.live.store().read(|tx| store::scores::scores_of(tx, &lead)).expect("read");
    let shadow = rows.iter().find(|row| row.model == format!("shop~{second}")).expect("a shadow");
    assert_eq!(shadow.score, 30);
    assert!(house.transitions().iter().all(|told| !told.contains('~')), "a shadow has no effect");

    // As recorded: the model of that day; as if: today's.
    let score = |millis: i64, recorded: bool| {
        house.live.explain(&lead, "shop", at(millis), recorded).expect("a card").card.score
    };
    assert_eq!((score(HOUR + 60_000, true), score(HOUR + 60_000, false)), (30, 10));
}

#[test]
fn a_segment_is_whoever_a_condition_of_the_model_language_is_true_for() {
    let house = House::new();
    house.take(vec![
        traits("17", &json!({"country": "RO"}), 0),
        traits("18", &json!({"country": "ES"}), 0),
        event("18", "page_viewed", 0),
    ]);
    house.work(0);
    let members = |condition| house.live.members(&condition, at(DAY)).expect("members");
    assert_eq!(members(json!({"trait": "country", "is": "RO"})), [house.lead("17")]);
    assert_eq!(members(json!({"event": "page_viewed", "within": "7d"})), [house.lead("18")]);
    assert!(members(json!({"event": "page_viewed", "within": "1h"})).is_empty());
    let wrong = house.live.check_condition(&json!({"trait": "country", "iss": "RO"}));
    assert!(matches!(wrong, Err(ModelProblem::Document(_))), "{wrong:?}");
}

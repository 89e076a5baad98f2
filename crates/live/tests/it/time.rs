//! Time passes.

use serde_json::json;

use crate::house::{DAY, HOUR, House, MODEL, at, event, traits};

#[test]
fn time_alone_moves_scores_and_dates_what_it_changes() {
    let house = House::new();
    let visits = [0, HOUR, 2 * HOUR];
    house.take(visits.map(|millis| event("17", "page_viewed", millis)).to_vec());
    house.take(vec![event("18", "page_viewed", 0)]);
    house.work(2 * HOUR);
    house.live.load_everyone().expect("everyone");
    assert_eq!(house.live.tick(at(2 * HOUR)).expect("a tick"), live::Ticked::default());

    let ticked = house.live.tick(at(7 * DAY)).expect("a tick");
    // 18 only sinks; 17 leaves bracket and stage.
    assert_eq!((ticked.moved, ticked.marked), (1, 1));
    assert_eq!(house.score("18").score, 5);
    house.work(7 * DAY);
    let row = house.score("17");
    assert_eq!((row.score, row.bracket.as_deref()), (15, Some("cold")));
    let told = house.transitions();
    // 30 * 2^(-h/168) rounds below 20 (19.5) after some 104.4 hours: at a whole hour of age of one
    // of the three visits.
    let bracket = told.iter().rfind(|told| told.contains("bracket")).expect("a transition");
    assert!(bracket.ends_with("hot -> cold: the score fell"), "{bracket}");
    let instant: i64 = bracket.split(' ').next().expect("an instant").parse().expect("a number");
    let before =
        house.live.explain(&row.lead, "shop", at(instant - 60_000), false).expect("a card");
    let after = house.live.explain(&row.lead, "shop", at(instant), false).expect("a card");
    assert_eq!((before.card.score, after.card.score), (20, 19), "crossed within a minute");
    // The same instant again changes nothing.
    assert_eq!(house.live.tick(at(7 * DAY)).expect("a tick"), live::Ticked::default());
    assert_eq!(house.work(7 * DAY), 0);
}

#[test]
fn what_arrives_while_everyone_is_in_memory_counts_in_the_next_tick() {
    let house = House::new();
    house.take(vec![event("17", "page_viewed", 0)]);
    house.work(0);
    house.live.load_everyone().expect("everyone");
    house.take(vec![event("17", "page_viewed", HOUR), event("19", "page_viewed", HOUR)]);
    house.work(HOUR);
    assert_eq!(house.live.tick(at(HOUR)).expect("a tick"), live::Ticked::default());
    house.live.tick(at(14 * DAY)).expect("a tick");
    house.work(14 * DAY);
    assert_eq!((house.score("17").score, house.score("19").score), (5, 3));
}

#[test]
fn a_tick_scores_alike_after_somebody_asked_about_other_traits_and_events() {
    let house = House::new();
    let known = json!({"age": 40, "title": "director"});
    house.take(vec![traits("17", &known, 0), event("17", "page_viewed", 0)]);
    house.take(vec![event("17", "form_sent", 0), event("17", "spam", 0)]);
    house.work(0);
    house.live.load_everyone().expect("everyone");
    let asked = json!({"all": [
        {"trait": "age", "at_least": 30},
        {"event": "form_sent", "at_least": 1},
    ]});
    assert_eq!(house.live.members(&asked, at(0)), Ok(vec![house.lead("17")]));
    assert_eq!(house.live.tick(at(0)).expect("a tick"), live::Ticked::default());
    house.live.tick(at(7 * DAY)).expect("a tick");
    house.work(7 * DAY);
    assert_eq!(house.score("17").score, 10);
}

#[test]
fn under_another_version_everyone_gets_new_numbers_and_only_who_turns_waits_for_the_desk() {
    let house = House::new();
    let visits = [("17", 0), ("18", 0), ("18", HOUR)];
    house.take(visits.map(|(user, millis)| event(user, "page_viewed", millis)).to_vec());
    house.work(HOUR);
    house.live.load_everyone().expect("everyone");
    house.live.tick(at(HOUR)).expect("a tick");
    // A visit is worth fewer points: 17 has fewer, 18 is no longer hot nor marketing qualified.
    let document = MODEL.replace("points: 10, decay", "points: 6, decay");
    let drafted = house.live.add_draft(&document, "", "ana", at(HOUR)).expect("a draft");
    let (model, version) = (drafted.model, drafted.version);
    let active = store::scores::VersionState::Active;
    let set = house.live.store().write(move |tx| {
        store::scores::set_state(tx, &model, version, active, "ana", at(2 * HOUR))
    });
    set.expect("active");
    // Nobody is marked, as where there are too many to mark them all.
    house.live.primary_changed().expect("the models in force");
    assert_eq!(house.work(2 * HOUR), 0);
    let ticked = house.live.tick(at(2 * HOUR)).expect("a tick");
    assert_eq!((ticked.moved, ticked.marked), (1, 1));
    let row = house.score("17");
    assert_eq!((row.score, row.version, row.scored_at), (6, version, at(2 * HOUR)));
    assert_eq!(house.score("18").version, 1);
    assert_eq!(house.work(2 * HOUR), 1);
    assert_eq!((house.score("18").score, house.score("18").version), (12, version));
    let told = house.transitions();
    let by_the_model = told.iter().filter(|told| told.ends_with("the model changed")).count();
    assert_eq!(by_the_model, 2, "{told:?}");
    assert_eq!(house.live.tick(at(2 * HOUR)).expect("a tick"), live::Ticked::default());
}

//! Facts in, scores out.

use live::News;
use serde_json::json;
use store::webhooks;

use crate::house::{DAY, HOUR, House, at, event, traits};

#[test]
fn a_fact_that_was_taken_is_scored_explained_and_told() {
    let house = House::new();
    let mut news = house.live.subscribe();
    house.take(vec![
        traits("17", &json!({"name": "Ana Pop", "title": "director"}), 0),
        event("17", "page_viewed", 0),
    ]);
    assert_eq!(house.work(1), 1);
    let row = house.score("17");
    assert_eq!((row.score, row.fit, row.engagement), (15, 5, 10));
    assert_eq!((row.bracket.as_deref(), row.stage), (Some("cold"), None));
    let told = news.try_recv().expect("news");
    assert!(matches!(told, News::Lead { score: 15, before: None, .. }), "{told:?}");
    let explained = house.live.explain(&row.lead, "shop", at(1), false).expect("a card");
    assert_eq!(explained.card.score, 15);
    // What is done is not done again.
    assert_eq!(house.work(2), 0);
    assert!(news.try_recv().is_err());
}

#[test]
fn what_was_taken_before_a_crash_is_scored_after_it() {
    let house = House::new();
    house.take(vec![event("17", "page_viewed", 0)]);
    let house = house.restarted();
    assert_eq!(house.work(1), 1);
    assert_eq!(house.score("17").score, 10);
}

#[test]
fn a_transition_is_written_and_announced_once_with_its_instant_and_its_reason() {
    let house = House::new();
    let secret = webhooks::SigningSecret::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned());
    house
        .live
        .store()
        .write(move |tx| {
            let endpoint = webhooks::NewEndpoint {
                id: "crm",
                url: "https://crm.example/hook",
                description: "",
                event_types: &[],
                secret: &secret,
                created_by: "ana",
            };
            webhooks::create(tx, &endpoint, at(0)).map(|_| ())
        })
        .expect("an endpoint");
    let visits = [0, HOUR, 2 * HOUR];
    house.take(visits.map(|millis| event("17", "page_viewed", millis)).to_vec());
    house.work(3 * HOUR);
    house.take(vec![event("17", "newsletter_opened", 3 * HOUR)]);
    house.work(4 * HOUR);
    // The second visit does it: an hour takes 0.04 of the first one's points.
    assert_eq!(
        house.transitions(),
        [format!("{HOUR} stage_entered  -> marketing_qualified: reached its thresholds")]
    );
    let sent: i64 = house
        .live
        .store()
        .read(|tx| tx.value("SELECT count(*) FROM webhook_delivery", &[]))
        .expect("read");
    assert_eq!(sent, 1);
}

#[test]
fn of_an_imported_past_nobody_is_told_but_how_the_lead_came_into_its_stage() {
    let house = House::new();
    let endpoint = |tx: &mut store::Tx<'_>| {
        let secret = webhooks::SigningSecret::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned());
        let endpoint = webhooks::NewEndpoint {
            id: "crm",
            url: "https://crm.example/hook",
            description: "",
            event_types: &[],
            secret: &secret,
            created_by: "ana",
        };
        webhooks::create(tx, &endpoint, at(0)).map(|_| ())
    };
    house.live.store().write(endpoint).expect("an endpoint");
    // Twice into the stage and once out of it, long ago; out again and in again just now.
    let visits = [0, HOUR, 30 * DAY, 30 * DAY + HOUR, 60 * DAY, 60 * DAY + HOUR];
    house.take(visits.map(|millis| event("17", "page_viewed", millis)).to_vec());
    house.work(30 * DAY + 26 * HOUR);
    assert_eq!(house.transitions().len(), 3, "{:?}", house.transitions());
    house.work(60 * DAY + 2 * HOUR);
    house.take(vec![event("17", "newsletter_opened", 60 * DAY + 2 * HOUR)]);
    house.work(60 * DAY + 2 * HOUR);

    let query = store::scores::TransitionQuery { limit: 100, ..Default::default() };
    let found = house.live.store().read(|tx| store::scores::transitions(tx, &query));
    let mut stages: Vec<(i64, bool)> = found
        .expect("read")
        .into_iter()
        .filter(|transition| transition.kind != store::scores::TransitionKind::Bracket)
        .map(|transition| (transition.at.as_millis(), transition.card.is_some()))
        .collect();
    stages.sort_unstable();
    let cards: Vec<bool> = stages.into_iter().map(|(_, has_card)| has_card).collect();
    assert_eq!(cards, [false, false, false, true, true]);
    let messages: Vec<String> = house
        .live
        .store()
        .read(|tx| tx.query("SELECT event_type FROM webhook_message", &[], |row| row.get(0)))
        .expect("read");
    let entered = messages.iter().filter(|kind| *kind == "lead.stage_entered").count();
    let left = messages.iter().filter(|kind| *kind == "lead.stage_left").count();
    assert_eq!((entered, left), (2, 1), "{messages:?}");
}

#[test]
fn a_late_fact_scores_as_if_it_had_come_in_time() {
    let late = House::new();
    late.take(vec![event("17", "page_viewed", 2 * DAY)]);
    late.work(2 * DAY);
    late.take(vec![event("17", "page_viewed", 0)]);
    late.work(2 * DAY + 1);

    let timely = House::new();
    timely.take(vec![event("17", "page_viewed", 0), event("17", "page_viewed", 2 * DAY)]);
    timely.work(2 * DAY + 1);
    let numbers = |house: &House| {
        let row = house.score("17");
        (row.score, row.bracket, row.stage)
    };
    assert_eq!(numbers(&late), numbers(&timely));
}

#[test]
fn a_rival_is_disqualified_and_a_merged_lead_is_one() {
    let house = House::new();
    house.take(vec![
        traits("17", &json!({"email": "eva@rival.example"}), 0),
        event("17", "page_viewed", 0),
        event("18", "page_viewed", 0),
    ]);
    house.work(1);
    let row = house.score("17");
    assert_eq!((row.score, row.disqualified.as_deref()), (0, Some("Rival")));

    let (winner, loser) = (house.lead("18"), house.lead("17"));
    let mut news = house.live.subscribe();
    let live = house.live.clone();
    let (one, other) = (winner.clone(), loser.clone());
    live.store()
        .write(move |tx| {
            let mut fresh_id = || "m-1".to_owned();
            let why = "the same person";
            store::identity::merge(tx, &one, &other, at(2), why, "ana", &mut fresh_id)?;
            live::Live::touch(tx, [one.as_str(), other.as_str()], "mark")?;
            Ok::<_, store::identity::MergeError>(())
        })
        .expect("merged");
    house.work(3);
    assert_eq!(house.lead("17"), winner);
    assert_eq!(house.score("18").engagement, 20);
    let told: Vec<News> = std::iter::from_fn(|| news.try_recv().ok()).collect();
    assert!(told.contains(&News::Gone { lead: loser }), "{told:?}");
}

#[test]
fn money_at_stake_times_closeness_is_priority() {
    let house = House::new();
    house.take(vec![
        traits("17", &json!({"expected_value": 1000}), 0),
        event("17", "page_viewed", 0),
        event("18", "page_viewed", 0),
    ]);
    house.work(1);
    // 10 of 100 of 1,000.00 and of 1.00.
    assert_eq!((house.score("17").priority, house.score("18").priority), (10_000, 10));
}

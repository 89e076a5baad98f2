//! Facts in, scores out.

use leads::Report;
use live::News;
use serde_json::{Value as Json, json};

use crate::house::{DAY, HOUR, House, at, event, group, traits};

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
    house.listen();
    let visits = [0, HOUR, 2 * HOUR];
    house.take(visits.map(|millis| event("17", "page_viewed", millis)).to_vec());
    house.work(3 * HOUR);
    house.take(vec![event("17", "newsletter_opened", 3 * HOUR)]);
    house.work(4 * HOUR);
    // The second visit does it: an hour takes 0.04 of the first one's points.
    let mut transitions = house.transitions();
    transitions.sort();
    let rose = format!("{HOUR} bracket  -> hot: the score rose");
    let entered = format!("{HOUR} stage_entered  -> marketing_qualified: reached its thresholds");
    assert_eq!(transitions, [rose, entered]);
    let told = house.messages();
    assert_eq!(told.len(), 2, "{told:?}");
    let lead = house.lead("17");
    let told = told.iter().find(|told| told["type"] == "lead.stage_entered").expect("it");
    let (transition, card) = (&told["data"]["transition"], &told["data"]["card"]);
    assert!(transition.as_str().is_some_and(|id| id.starts_with("tr_")), "{transition}");
    assert_eq!(
        (&card["fit"], &card["engagement"], &card["more"]),
        (&json!(0), &json!(20), &json!(0))
    );
    assert_eq!(
        *told,
        json!({
            "type": "lead.stage_entered",
            "timestamp": at(3 * HOUR).to_string(),
            "data": {
                "lead": {"id": lead, "email": null, "name": null, "company": null,
                    "company_name": null, "company_domain": null},
                "model": "shop",
                "model_version": 1,
                "at": at(HOUR).to_string(),
                "transition": transition,
                "score": 20,
                "grade": null,
                "bracket": "hot",
                "stage": "marketing_qualified",
                "disqualified": false,
                "card": card,
                "from": null,
                "to": "marketing_qualified",
                "reason": "reached its thresholds",
            },
        }),
        "as the reference of webhooks says"
    );
}

#[test]
fn webhooks_are_told_once_that_two_leads_became_one() {
    let house = House::new();
    house.listen();
    let on_device = |mut report: Report, anonymous: &str| {
        report.who.anonymous = Some(anonymous.to_owned());
        report
    };
    let visitor = |millis: i64| {
        let mut visit = on_device(event("nobody", "newsletter_opened", millis), "phone");
        visit.who.user = None;
        visit
    };
    house.take(vec![visitor(0), event("17", "newsletter_opened", 1)]);
    house.work(HOUR);
    let lead = house.lead("17");
    for millis in [HOUR, 2 * HOUR] {
        house.take(vec![on_device(event("17", "newsletter_opened", millis), "phone")]);
        house.work(2 * HOUR);
    }
    let told = house.messages();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["type"], "lead.merged");
    let data = &told[0]["data"];
    assert_eq!(data["lead"]["id"], lead.as_str());
    assert_ne!(data["merged_lead"], lead.as_str());
    assert!(data["merge"].is_string() && data["reason"].is_string(), "{data}");
}

#[test]
fn whoever_begins_above_the_lowest_bracket_is_told_of() {
    let house = House::new();
    house.listen();
    // Two visits within the hour; one; two of a month ago, which were imported.
    house
        .take(vec![event("17", "page_viewed", 30 * DAY), event("17", "page_viewed", 30 * DAY + 1)]);
    house.take(vec![event("18", "page_viewed", 30 * DAY)]);
    house.take(vec![event("19", "page_viewed", 28 * DAY), event("19", "page_viewed", 28 * DAY)]);
    house.take(vec![event("19", "page_viewed", 28 * DAY)]);
    house.work(30 * DAY + HOUR);
    let told = house.messages();
    let of_brackets: Vec<&Json> =
        told.iter().filter(|told| told["type"] == "lead.bracket_changed").collect();
    assert_eq!(of_brackets.len(), 1, "{told:?}");
    let data = &of_brackets[0]["data"];
    assert_eq!(data["lead"]["id"], house.lead("17"));
    assert_eq!((&data["from"], &data["to"]), (&Json::Null, &Json::from("hot")));
    let with_brackets = house.transitions();
    let with_brackets: Vec<&String> =
        with_brackets.iter().filter(|told| told.contains("bracket")).collect();
    assert_eq!(with_brackets, [&format!("{} bracket  -> hot: the score rose", 30 * DAY + 1)]);
}

#[test]
fn of_an_imported_past_nobody_is_told_but_how_the_lead_came_into_its_stage() {
    let house = House::new();
    house.listen();
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
    let told = house.messages();
    let count = |kind: &str| told.iter().filter(|message| message["type"] == kind).count();
    let (entered, left) = (count("lead.stage_entered"), count("lead.stage_left"));
    assert_eq!((entered, left), (2, 1), "{told:?}");
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
fn receivers_are_told_what_the_company_is_called_and_its_domain() {
    let house = House::new();
    house.listen();
    let visits = |user: &str| [0, HOUR].map(|millis| event(user, "page_viewed", millis));
    // By the id that the customer has for it; by the domain of an address alone; by nothing.
    house.take(vec![
        group("17", "42", &json!({"name": "Acme", "website": "https://www.acme.example/"}), 0),
        traits("18", &json!({"email": "eva@shop.example", "title": "director"}), 0),
        traits("19", &json!({"email": "ion@gmail.com", "title": "director"}), 0),
    ]);
    house.take(["17", "18", "19"].into_iter().flat_map(visits).chain(visits("17")).collect());
    house.work(2 * HOUR);
    let mut told: Vec<Json> = house.messages().iter().map(company).collect();
    told.sort_by_key(Json::to_string);
    // Of each how it came into its stage, and into its bracket.
    told.dedup();
    let acme = json!(["42", "Acme", "acme.example"]);
    let shop = json!(["shop.example", null, "shop.example"]);
    assert_eq!(told, [acme, shop, json!([null, null, null])]);
    // Another name reaches the next message; what was told stays as it was told.
    house.take(vec![
        group("17", "42", &json!({"name": "Acme Labs"}), 3 * HOUR),
        event("17", "spam_reported", 3 * HOUR),
    ]);
    house.work(4 * HOUR);
    let later: Vec<Json> = house.messages().iter().skip(6).map(company).collect();
    // It left its stage and its bracket.
    let labs = json!(["42", "Acme Labs", "acme.example"]);
    assert_eq!(later, [labs.clone(), labs]);
}

/// A message's company: its id, its name, its domain.
fn company(message: &Json) -> Json {
    let lead = &message["data"]["lead"];
    json!([lead["company"], lead["company_name"], lead["company_domain"]])
}

//! The slow scorer against figures that were worked out by hand.

use leads::{Event, LeadFacts, Timestamp, TraitFact, Value};
use serde_json::{Value as Json, json};

use super::{Reference, Step};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

fn lead(traits: &[(&str, Json)], events: &[(&str, &str, Json)]) -> LeadFacts {
    let traits = traits.iter().map(|(path, value)| TraitFact {
        path: (*path).to_owned(),
        value: Value::from_json(value),
        at: None,
    });
    let events = events.iter().map(|(name, instant, properties)| Event {
        id: None,
        name: (*name).to_owned(),
        at: at(instant),
        properties: properties
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(path, value)| Some((path.clone(), Value::from_json(value)?)))
            .collect(),
    });
    LeadFacts {
        lead: "1".into(),
        created_at: None,
        traits: traits.collect(),
        events: events.collect(),
    }
}

/// A model of one group on a wide scale.
#[expect(clippy::needless_pass_by_value, reason = "`json!` is written in the call")]
fn criteria(zone: &str, criteria: Json) -> Json {
    let group = json!({"group": "All", "dimension": "engagement", "criteria": criteria});
    json!({"model": "m", "scale": [-1000, 1000], "time_zone": zone, "groups": [group]})
}

fn total(document: &Json, facts: &LeadFacts, instant: &str) -> i128 {
    Reference::new(document).score(facts, at(instant)).total
}

#[test]
fn an_ebook_the_pricing_page_a_post_and_a_recent_visit_are_80_points_and_70_two_days_later() {
    let document = criteria(
        "Europe/Madrid",
        json!([
            {"name": "E-book", "event": "ebook_downloaded", "points": 30, "limit": [0, 30]},
            {"name": "Pricing page", "event": "page_viewed",
             "where": {"path": {"starts_with": "/pricing"}}, "points": 30, "limit": [0, 30]},
            {"name": "Post read", "event": "post_read", "points": 10, "limit": [0, 10]},
            {"name": "Seen lately", "event": "page_viewed", "within": "48h",
             "tiers": [{"at_least": 1, "points": 10}]},
        ]),
    );
    let facts = lead(
        &[],
        &[
            ("ebook_downloaded", "2026-03-01T09:00:00Z", Json::Null),
            ("post_read", "2026-03-01T09:30:00Z", Json::Null),
            ("page_viewed", "2026-03-01T10:00:00Z", json!({"path": " /Pricing/eu"})),
        ],
    );
    let reference = Reference::new(&document);
    assert_eq!(reference.score(&facts, at("2026-03-01T10:00:00Z")).score, 80);
    assert_eq!(reference.score(&facts, at("2026-03-03T09:59:59.999Z")).score, 80);
    assert_eq!(reference.score(&facts, at("2026-03-03T10:00:00Z")).score, 70);
    assert_eq!(reference.score(&facts, at("2026-03-01T09:59:59.999Z")).score, 40);
}

#[test]
fn a_coffee_machine_bought_on_the_last_of_june_is_due_on_the_last_of_february() {
    let document = criteria(
        "Europe/Madrid",
        json!([{
            "name": "Wears out",
            "since": {"event": "purchased", "where": {"category": {"is": "coffee_machine"}}},
            "curve": [{"at": "0mo", "points": 0}, {"at": "18mo", "points": 5},
                      {"at": "20mo", "points": 60}, {"at": "30mo", "points": 60},
                      {"at": "36mo", "points": 0}],
        }]),
    );
    let facts = lead(
        &[],
        &[
            ("purchased", "2024-06-30T10:00:00Z", json!({"category": "coffee_machine"})),
            ("purchased", "2024-07-30T10:00:00Z", json!({"category": "filters"})),
        ],
    );
    // 12:00 in Madrid's summer; 12:00 in Madrid's winter is 11:00 UTC.
    let sixty = 60 * 100_000_000;
    assert_eq!(total(&document, &facts, "2024-06-30T09:59:59Z"), 0);
    assert_eq!(total(&document, &facts, "2024-06-30T10:00:00Z"), 0);
    assert_eq!(total(&document, &facts, "2025-12-30T11:00:00Z"), 5 * 100_000_000);
    // 60 days after the knot at 18 months, 1440 h; one hour before the knot at 20 months.
    assert_eq!(total(&document, &facts, "2026-02-28T10:59:59Z"), 5_996_180_556);
    assert_eq!(total(&document, &facts, "2026-02-28T11:00:00Z"), sixty);
    assert_eq!(total(&document, &facts, "2026-12-30T11:00:00Z"), sixty);
    assert_eq!(total(&document, &facts, "2027-06-30T10:00:00Z"), 0);
    assert_eq!(total(&document, &facts, "2030-01-01T00:00:00Z"), 0);
}

#[test]
fn weights_follow_the_table_of_the_contract() {
    for (decay, later, weight) in [
        (json!({"half_life": "14d"}), "2026-01-01T00:59:59.999Z", 1_000_000),
        (json!({"half_life": "14d"}), "2026-01-08T00:00:00Z", 707_107),
        (json!({"half_life": "14d"}), "2026-01-15T00:00:00Z", 500_000),
        // 1e6 / 2^7 is 7812.5.
        (json!({"half_life": "1d"}), "2026-01-08T00:00:00Z", 7813),
        (json!({"half_life": "90min"}), "2026-01-01T01:59:59Z", 629_961),
        (json!({"half_life": "90min"}), "2026-01-01T03:30:00Z", 250_000),
        (json!({"linear": "30d"}), "2026-01-11T00:00:00Z", 666_667),
        (json!({"linear": "30d"}), "2026-01-31T00:00:00Z", 0),
        // 1e6 * 639 / 640 is 998437.5.
        (json!({"linear": "640h"}), "2026-01-01T01:00:00Z", 998_438),
        (json!({"step": {"lose": "25%", "every": "30d"}}), "2026-01-30T23:59:59Z", 1_000_000),
        (json!({"step": {"lose": "25%", "every": "30d"}}), "2026-01-31T00:00:00Z", 750_000),
        (json!({"step": {"lose": "30%", "every": "36h"}}), "2026-01-31T00:00:00Z", 0),
        (json!({"expires": "90min"}), "2026-01-01T01:29:59.999Z", 1_000_000),
        (json!({"expires": "90min"}), "2026-01-01T01:30:00Z", 0),
    ] {
        let document =
            criteria("UTC", json!([{"name": "c", "event": "e", "points": -2.5, "decay": decay}]));
        let facts = lead(&[], &[("e", "2026-01-01T00:00:00Z", Json::Null)]);
        assert_eq!(total(&document, &facts, later), -250 * weight, "{decay} at {later}");
    }
}

#[test]
fn the_first_three_of_a_local_day_count_and_growing_old_lets_no_other_in() {
    let document = criteria(
        "Europe/Madrid",
        json!([{
            "name": "c", "event": "e", "points": 10, "count": {"at_most": 3, "per": "day"},
            "within": "24h",
        }]),
    );
    let facts = lead(
        &[],
        &[
            // 23:30 and 23:59 of one day in Madrid, then four of the next.
            ("e", "2026-01-01T22:30:00Z", Json::Null),
            ("e", "2026-01-01T22:59:00Z", Json::Null),
            ("e", "2026-01-01T23:00:00Z", Json::Null),
            ("e", "2026-01-02T08:00:00Z", Json::Null),
            ("e", "2026-01-02T09:00:00Z", Json::Null),
            ("e", "2026-01-02T10:00:00Z", Json::Null),
        ],
    );
    let point = 100_000_000;
    assert_eq!(total(&document, &facts, "2026-01-02T12:00:00Z"), 50 * point);
    assert_eq!(total(&document, &facts, "2026-01-02T22:59:00Z"), 30 * point);
    assert_eq!(total(&document, &facts, "2026-01-03T09:00:00Z"), 0);
}

#[test]
fn the_hour_that_the_clocks_repeat_in_autumn_is_one_hour() {
    let document = criteria(
        "Europe/Madrid",
        json!([{
            "name": "c", "event": "e", "points": 1, "count": {"at_most": 1, "per": "hour"},
        }]),
    );
    let facts = lead(
        &[],
        &[
            ("e", "2026-10-25T00:30:00Z", Json::Null),
            ("e", "2026-10-25T01:30:00Z", Json::Null),
            ("e", "2026-10-25T02:30:00Z", Json::Null),
        ],
    );
    assert_eq!(total(&document, &facts, "2026-10-26T00:00:00Z"), 200_000_000);
}

#[test]
fn silence_is_not_held_against_newcomers() {
    let document = criteria(
        "UTC",
        json!([{
            "name": "Gone quiet", "event": "e", "within": "30d", "tiers": [{"below": 1, "points": -10}],
        }]),
    );
    let mut facts = lead(&[], &[]);
    assert_eq!(total(&document, &facts, "2026-01-30T23:59:59Z"), -1_000_000_000);
    facts.created_at = Some(at("2026-01-01T00:00:00Z"));
    assert_eq!(total(&document, &facts, "2026-01-30T23:59:59.999Z"), 0);
    assert_eq!(total(&document, &facts, "2026-01-31T00:00:00Z"), -1_000_000_000);
}

#[test]
fn each_value_gets_one_of_three_answers() {
    let (yes, no, unknown) = (1, 2, 4);
    for (test, value, answer) in [
        (json!({"in": ["ES", "RO"]}), json!(" es"), yes),
        (json!({"in": ["ES", "RO"], "exact": true}), json!("es"), no),
        (json!({"not_in": ["ES", "RO"]}), json!("FR"), yes),
        (json!({"not_in": ["ES", "RO"]}), Json::Null, unknown),
        (json!({"is": "straße"}), json!("STRASSE"), yes),
        (json!({"is": 250}), json!("250.0"), yes),
        (json!({"is": 250}), json!("many"), unknown),
        (json!({"is": "250"}), json!(250), yes),
        (json!({"is": true}), json!(" TRUE"), yes),
        (json!({"is": true}), json!("yes"), unknown),
        (json!({"is": "true"}), json!(true), yes),
        (json!({"is_not": "a"}), json!(["a", "b"]), yes),
        (json!({"is_not": "a"}), json!(["A"]), no),
        (json!({"is": "a"}), json!([]), no),
        (json!({"exists": true}), json!([]), yes),
        (json!({"exists": true}), Json::Null, no),
        (json!({"exists": false}), Json::Null, yes),
        (json!({"at_least": 5, "below": 10}), json!([1, 20]), no),
        (json!({"at_least": 5, "below": 10}), json!([1, "7"]), yes),
        (json!({"between": [5, 10]}), json!(10), yes),
        (json!({"above": 5}), json!("NaN"), unknown),
        (json!({"above": 5}), json!(true), unknown),
        (json!({"contains": "VENT"}), json!("Head of Inventory"), yes),
        (json!({"ends_with": "0"}), json!(250), yes),
        (json!({"matches": "^dir"}), json!(" Director"), yes),
        (json!({"matches": "^dir", "exact": true}), json!("Director"), no),
        (json!({"within": "48h"}), json!("2026-03-01"), yes),
        (json!({"within": "48h"}), json!("2026-03-04"), no),
        (json!({"older_than": "36h"}), json!("2026-03-01"), yes),
        // Midnight in Madrid is 23:00 UTC of the day before.
        (json!({"older_than": "48h"}), json!("2026-03-01"), no),
        (json!({"older_than": "48h"}), json!("soon"), unknown),
        (json!({"older_than": "48h"}), json!(1_772_000_000), yes),
    ] {
        let mut criterion = json!({
            "name": "c", "trait": "v", "points": yes, "otherwise": no, "unknown": unknown,
        });
        let keys = criterion.as_object_mut().expect("a mapping");
        keys.extend(test.as_object().expect("a mapping").clone());
        let document = criteria("Europe/Madrid", json!([criterion]));
        let facts = lead(&[("v", value.clone())], &[]);
        let given = total(&document, &facts, "2026-03-02T12:00:00Z");
        assert_eq!(given, answer * 100_000_000, "{test} of {value}");
    }
}

#[test]
fn limits_the_scale_and_rounding_come_in_this_order() {
    let document = json!({
        "model": "m", "scale": [0, 10], "time_zone": "UTC",
        "groups": [
            {"group": "Who", "limit": [-100, 8.5], "criteria": [
                {"name": "a", "trait": "size", "unknown": -3,
                 "bands": [{"below": 10, "points": 1}, {"below": 100, "points": 20}]},
            ]},
            {"group": "What", "limit": [-3.5, 100], "criteria": [
                {"name": "b", "event": "bad", "points": -2, "limit": [-5, 0]},
                {"name": "c", "event": "good", "points": 1},
            ]},
        ],
        "brackets": [{"name": "low", "from": 1}, {"name": "high", "from": 7}],
        "grid": {"fit": [{"A": 9}, {"B": 5}], "engagement": [{"1": 0}, {"2": -3}]},
        "gates": [{"name": "rival", "when": {"trait": "domain", "is": "rival.example"},
                   "disqualify": true}],
    });
    let bad = ("bad", "2026-01-01T00:00:00Z", Json::Null);
    let now = at("2026-01-02T00:00:00Z");
    let reference = Reference::new(&document);
    let point = 100_000_000;

    let card = reference.score(&lead(&[("size", json!("50"))], &vec![bad.clone(); 3]), now);
    assert_eq!(card.criteria, [vec![20 * point], vec![-5 * point, 0]]);
    assert_eq!(card.groups, [850_000_000, -350_000_000]);
    assert_eq!((card.total, card.score, card.fit, card.engagement), (5 * point, 5, 9, -4));
    assert_eq!((card.grade.as_deref(), card.bracket.as_deref()), (Some("A2"), Some("low")));

    let card = reference.score(&lead(&[("size", json!(100))], &[bad]), now);
    assert_eq!((card.total, card.score, card.fit, card.engagement), (-2 * point, 0, 0, -2));
    assert_eq!((card.grade.as_deref(), card.bracket), (Some("B2"), None));

    let rival = [("size", json!("big")), ("domain", json!("Rival.example"))];
    let card = reference.score(&lead(&rival, &[]), now);
    assert_eq!((card.score, card.fit, card.engagement), (0, -3, 0));
    assert_eq!(card.disqualified.as_deref(), Some("rival"));
}

#[test]
fn a_stage_is_entered_held_for_its_dwell_left_and_barred_after_a_rejection() {
    let mut document = criteria(
        "UTC",
        json!([
            {"name": "c", "event": "e", "points": 60, "decay": {"linear": "60h"}},
        ]),
    );
    document["gates"] = json!([
        {"name": "demo", "when": {"event": "demo", "within": "2h"}, "fast_track": "ready"},
    ]);
    document["stages"] = json!([{
        "stage": "ready", "enter": {"score": 50}, "leave": {"score": 40}, "dwell": "24h",
        "requalify_after": "30d",
    }]);
    let walk = |events: &[(&str, &str, Json)]| -> Vec<(String, bool)> {
        let facts = lead(&[], events);
        let steps = Reference::new(&document).walk(&facts, at("2026-03-01T00:00:00Z"));
        steps.iter().map(|Step { at, entered, .. }| (at.to_string(), *entered)).collect()
    };
    let e = |instant| ("e", instant, Json::Null);
    let step = |instant: &str, entered| (instant.to_owned(), entered);
    // A point is lost every hour: 40 is no longer reached after 21 h, the dwell lasts for 24.
    assert_eq!(
        walk(&[e("2026-01-01T00:00:00Z")]),
        [step("2026-01-01T00:00:00Z", true), step("2026-01-02T00:00:00Z", false)]
    );
    // After 50 h and half a second 10 + 30 are left, after 51 h 9 + 30.
    assert_eq!(
        walk(&[e("2026-01-01T00:00:00Z"), e("2026-01-01T20:00:00.500Z")]),
        [step("2026-01-01T00:00:00Z", true), step("2026-01-03T03:00:00Z", false)]
    );
    let rejected = ("sales_rejected", "2026-01-01T01:00:00Z", Json::Null);
    assert_eq!(
        walk(&[
            e("2026-01-01T00:00:00Z"),
            rejected,
            e("2026-01-30T23:00:00Z"),
            ("demo", "2026-02-10T00:00:00Z", Json::Null),
        ]),
        [
            step("2026-01-01T00:00:00Z", true),
            step("2026-01-01T01:00:00Z", false),
            // 30 days after the rejection the event of two hours ago still gives 58 points.
            step("2026-01-31T01:00:00Z", true),
            step("2026-02-01T01:00:00Z", false),
            step("2026-02-10T00:00:00Z", true),
            step("2026-02-11T00:00:00Z", false),
        ]
    );
}

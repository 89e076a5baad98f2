//! Texts with a U+0000, which one of the databases keeps and the other refuses: what is said of them
//! must not depend on the database.

use serde_json::{Value as Json, json};

use crate::on_postgres::house;
use crate::support::{As, House};

fn on_both(law: impl Fn(&House)) {
    law(&House::new());
    if let Some(house) = house() {
        law(&house);
    }
}

fn numbers(told: &Json) -> [i64; 3] {
    ["taken", "repeated", "rejected"].map(|name| told[name].as_i64().expect("a number"))
}

#[test]
fn a_report_with_a_zero_in_a_text_is_rejected_and_the_others_are_stored() {
    on_both(|house| {
        let owner = house.owner();
        house.model(&owner);
        let who = json!({"email": "ana@a.example"});
        let good = |id: &str| json!({"id": id, "who": who, "event": "page_viewed"});
        let zeros = [
            (json!({"id": "i\0", "who": who, "event": "page_viewed"}), "/events/1/id"),
            (json!({"id": "2", "who": who, "event": "page\0viewed"}), "/events/2/event"),
            (json!({"id": "3", "who": {"user": "\0"}, "event": "x"}), "/events/3/who/user"),
            (
                json!({"id": "4", "who": {"email": "a\0@a.example"}, "traits": {}}),
                "/events/4/who/email",
            ),
            (
                json!({"id": "5", "who": who, "traits": {"a/b": ["x", "y\0"]}}),
                "/events/5/traits/a~1b/1",
            ),
            // A name is not repeated where it cannot be shown: the object that has it is.
            (
                json!({"id": "6", "who": who, "event": "x", "properties": {"p\0": 1}}),
                "/events/6/properties",
            ),
            (
                json!({"id": "7", "who": who, "group": "acme", "traits": {"name": "A\0"}}),
                "/events/7/traits/name",
            ),
            (json!({"id": "8", "who": who, "event": "x", "\0": 1}), "/events/8"),
        ];
        let mut events = vec![good("first")];
        events.extend(zeros.iter().map(|(event, _)| event.clone()));
        events.push(good("last"));
        let body = json!({"events": events});
        let told = house.post("/api/v1/events", &owner, body.clone()).expect(200);
        assert_eq!(numbers(&told), [2, 0, 8], "{told}");
        for (item, (_, pointer)) in told["items"].as_array().expect("items")[1..].iter().zip(&zeros)
        {
            let found = (&item["verdict"], &item["code"], &item["pointer"]);
            assert_eq!(found, (&json!("rejected"), &json!("bad_text"), &json!(pointer)));
        }
        // Again, they are rejected again, and nothing counts twice.
        let again = house.post("/api/v1/events", &owner, body).expect(200);
        assert_eq!(numbers(&again), [0, 2, 8], "{again}");
        house.settle();
        let leads = house.get("/api/v1/leads", &owner).expect(200);
        assert_eq!(leads["leads"].as_array().map(Vec::len), Some(1), "nobody else came of it");
        assert_eq!(leads["leads"][0]["score"], 25);
        let stored = house.get("/api/v1/events", &owner).expect(200);
        assert_eq!(stored["events"].as_array().map(Vec::len), Some(2), "{stored}");
    });
}

#[test]
fn of_tracking_calls_zeros_are_taken_out_and_all_are_stored() {
    on_both(|house| {
        let owner = house.owner();
        house.model(&owner);
        // As from a site's own server, whose word counts.
        let As::Key(key) = house.key(&owner, &["facts:write"]) else { panic!("a key") };
        let key = As::WriteKey(key);
        let batch = json!({
            "context": {"campaign": {"name": "spring\0"}},
            "batch": [
                {"type": "identify", "userId": "u\u{0}1", "messageId": "a\0", "traits": {"na\0me": "A\0na"}},
                {"type": "track", "userId": "u1", "event": "page\0_viewed", "messageId": "b",
                    "properties": {"p\0": ["\0"]}},
                {"type": "group", "userId": "u1", "groupId": "ac\0me", "traits": {"name": "Acme\0"}},
                {"type": "track", "userId": "u1", "event": "page_viewed", "messageId": "c"},
            ],
        });
        let told = house.post("/v1/batch", &key, batch).expect(200);
        assert_eq!(numbers(&told), [4, 0, 0], "{told}");
        house.settle();
        let leads = house.get("/api/v1/leads", &owner).expect(200);
        assert_eq!(leads["leads"].as_array().map(Vec::len), Some(1), "{leads}");
        let names: Vec<String> = house.get("/api/v1/events", &owner).expect(200)["events"]
            .as_array()
            .expect("events")
            .iter()
            .filter_map(|event| event["name"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(names.iter().filter(|name| *name == "page_viewed").count(), 2, "{names:?}");
        assert_eq!(leads["leads"][0]["name"], "Ana", "{leads}");
    });
}

#[test]
fn a_body_that_stands_or_falls_as_a_whole_is_told_where_its_zero_is() {
    on_both(|house| {
        let owner = house.owner();
        let zero = json!({"email": "a@example.com", "traits": {"name": "a\0b"}});
        let problem = house.post("/api/v1/leads", &owner, zero).problem(400, "bad_text");
        assert_eq!(problem["errors"][0]["pointer"], "/traits/name");
    });
}

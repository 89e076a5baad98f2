//! Following transitions: none is missed, whatever becomes of the connection.

use serde_json::{Value as Json, json};
use tokio::net::TcpStream;

use crate::on_postgres;
use crate::running::{Running, end, port, read_until, request, run};
use crate::support::{As, House};

/// Opens the stream, from behind an event where one is named.
fn follow(
    house: &House,
    running: &Running,
    by: &As,
    query: &str,
    after: Option<&str>,
) -> TcpStream {
    let As::Key(key) = by else { panic!("a key") };
    let after = after.map_or(String::new(), |id| format!("Last-Event-ID: {id}\n"));
    let head = format!(
        "GET /api/v1/stream{query} HTTP/1.1\nHost: leads.example.com\nAuthorization: Bearer {key}\n{after}\n"
    );
    house.runtime.block_on(request(running.address, &head))
}

/// Somebody who saw five pages, and is scored once for all of them.
fn buyer(house: &House, by: &As, name: &str) -> String {
    let email = format!("{name}@a.example");
    let events: Vec<Json> = (0..5)
        .map(|n| {
            json!({"id": format!("{name}-{n}"), "who": {"email": email}, "event": "page_viewed"})
        })
        .collect();
    house.post("/api/v1/events", by, json!({"events": events})).expect(200);
    house.settle();
    let found = house.get(&format!("/api/v1/leads?q={name}"), by).expect(200);
    found["leads"][0]["id"].as_str().expect("a lead").to_owned()
}

fn hear(house: &House, stream: &mut TcpStream, until: &str) -> String {
    house.runtime.block_on(read_until(stream, until))
}

/// The same to the end of the event in which a text has come.
fn hear_event(house: &House, stream: &mut TcpStream, until: &str) -> String {
    let mut heard = hear(house, stream, until);
    let at = heard.find(until).expect("it came");
    while !heard[at..].contains("\n\n") {
        heard.push_str(&hear(house, stream, "\n"));
    }
    heard
}

/// Among events, the ids and the data of the transitions into a stage; those into brackets come beside them.
fn transitions(heard: &str) -> Vec<(String, Json)> {
    // The one after what was waited for may have come in part.
    let whole = heard.rfind("\n\n").map_or("", |end| &heard[..end]);
    let events = whole.split("\n\n").filter(|event| event.contains("event: transition"));
    let field = |event: &str, name: &str| {
        let line = event.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
        line.expect("a line")
    };
    events
        .map(|event| {
            let data = serde_json::from_str(&field(event, "data: ")).expect("JSON");
            (field(event, "id: "), data)
        })
        .filter(|(_, data): &(String, Json)| data["kind"] == "stage_entered")
        .collect()
}

fn leads(heard: &[(String, Json)]) -> Vec<&str> {
    heard.iter().map(|(_, data)| data["lead"].as_str().expect("a lead")).collect()
}

#[test]
fn a_transition_comes_with_instant_reason_and_score_and_its_card_where_it_is_asked_for() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let key = house.key(&owner, &["leads:read"]);
    let running = run(&house, port());
    let mut short = follow(&house, &running, &key, "", None);
    let mut long = follow(&house, &running, &key, "?card=true&model=fit", None);
    for stream in [&mut short, &mut long] {
        hear(&house, stream, "event: hello");
    }
    let ana = buyer(&house, &owner, "ana");
    let heard = transitions(&hear_event(&house, &mut short, "/api/v1/transitions/tr_"));
    let (id, told) = &heard[0];
    assert!(id.ends_with(told["id"].as_str().expect("an id")), "{id} {told}");
    assert_eq!((&told["lead"], &told["model"]), (&json!(ana), &json!("fit")));
    assert_eq!((&told["kind"], &told["from"]), (&json!("stage_entered"), &Json::Null));
    assert_eq!((&told["to"], &told["score"]), (&json!("sales_qualified"), &json!(55)));
    assert_eq!(told["reason"], "reached its thresholds");
    assert_eq!(told["at"], "2026-06-01T10:00:00Z");
    assert!(told.get("card").is_none(), "{told}");
    let url = told["card_url"].as_str().expect("a place");
    assert_eq!(house.get(url, &key).expect(200)["card"]["score"], 55);
    let heard = transitions(&hear_event(&house, &mut long, "/api/v1/transitions/tr_"));
    let card = &heard[0].1["card"];
    assert_eq!((&card["score"], &card["groups"][0]["group"]), (&json!(55), &json!("Who")));
    end(&house, running);
}

#[test]
fn whoever_comes_back_hears_of_all_that_happened_meanwhile_and_of_nothing_else() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let key = house.key(&owner, &["leads:read"]);
    buyer(&house, &owner, "before");
    let running = run(&house, port());
    let mut stream = follow(&house, &running, &key, "", None);
    let hello = hear(&house, &mut stream, "event: hello\nid: 2-\n");
    assert!(hello.contains("id: 2-"), "it says where the record is: {hello}");
    let ana = buyer(&house, &owner, "ana");
    let heard = transitions(&hear_event(&house, &mut stream, "/api/v1/transitions/tr_"));
    assert_eq!(leads(&heard), [&ana], "nothing of before");
    drop(stream);
    // More than are read at a time, and more than news are told one by one.
    let many = 230;
    let events: Vec<Json> = (0..many * 5)
        .map(|n| {
            json!({"id": format!("m{n}"), "who": {"email": format!("m{}@a.example", n / 5)},
                "event": "page_viewed"})
        })
        .collect();
    house.post("/api/v1/events", &owner, json!({"events": events})).expect(200);
    house.settle();
    let bea = buyer(&house, &owner, "bea");
    let after = heard[0].0.as_str();
    let mut again = follow(&house, &running, &key, "", Some(after));
    let heard = transitions(&hear_event(&house, &mut again, &format!("\"lead\":\"{bea}\"")));
    let mut told = leads(&heard);
    assert_eq!(told.last(), Some(&bea.as_str()), "in their order");
    told.sort_unstable();
    told.dedup();
    assert_eq!((heard.len(), told.len()), (many + 1, many + 1), "each once");
    assert!(!told.contains(&ana.as_str()));
    // Only of a model, and from the beginning.
    let mut other = follow(&house, &running, &key, "?model=fit", Some("0-"));
    let heard = transitions(&hear_event(&house, &mut other, &format!("\"lead\":\"{bea}\"")));
    assert_eq!(heard.len(), many + 3);
    end(&house, running);
}

#[test]
fn after_an_erasure_of_the_one_that_was_told_last_none_is_missed() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let key = house.key(&owner, &["leads:read"]);
    let ana = buyer(&house, &owner, "ana");
    let running = run(&house, port());
    let mut stream = follow(&house, &running, &key, "", Some("0-"));
    let heard = transitions(&hear_event(&house, &mut stream, "/api/v1/transitions/tr_"));
    let last = heard[0].0.clone();
    drop(stream);
    let erase = json!({"confirm": ana, "reason": "GDPR article 17"});
    house.post(&format!("/api/v1/leads/{ana}/erase"), &owner, erase).expect(200);
    let bea = buyer(&house, &owner, "bea");
    let mut again = follow(&house, &running, &key, "", Some(&last));
    let heard = transitions(&hear_event(&house, &mut again, "/api/v1/transitions/tr_"));
    assert_eq!(leads(&heard), [&bea]);
    let mut wrong = follow(&house, &running, &key, "", Some("yesterday"));
    let answer = hear(&house, &mut wrong, "bad_last_event_id");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    end(&house, running);
}

#[test]
fn nodes_on_one_server_hear_of_each_others_transitions_and_models() {
    let Some(here) = on_postgres::house() else { return };
    let owner = here.owner();
    let key = here.key(&owner, &["leads:read", "models:read"]);
    let there = here.beside();
    let running = run(&there, port());
    here.model(&owner);
    let models = || there.get("/api/v1/models", &key).expect(200);
    let mut seen = Json::Null;
    for _ in 0..1_000 {
        seen = models()[0]["active"].clone();
        if seen == 1 {
            break;
        }
        there.runtime.block_on(async {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        });
    }
    assert_eq!(seen, 1, "the other node knows of it");
    let mut stream = follow(&there, &running, &key, "", None);
    hear(&there, &mut stream, "event: hello");
    let ana = buyer(&here, &owner, "ana");
    let heard = transitions(&hear_event(&there, &mut stream, "/api/v1/transitions/tr_"));
    assert_eq!(leads(&heard)[0], ana);
    end(&there, running);
}

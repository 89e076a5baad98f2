//! Reports in few words.

use leads::{Deal, EmailAddress, MachineSign, Report, Timestamp, Trust, What, Who};
use serde_json::{Map, Value as Json, json};

use super::start;

/// `u:17 e:ana@acme.com a:d1 l:L1`: identifiers by their first letters.
pub(crate) fn who(names: &str) -> Who {
    let mut who = Who::default();
    for name in names.split_whitespace() {
        let (kind, value) = name.split_once(':').expect("kind:value");
        let value = value.to_owned();
        match kind {
            "u" => who.user = Some(value),
            "e" => who.email = Some(EmailAddress::parse(&value).expect("an address")),
            "a" => who.anonymous = Some(value),
            "l" => who.lead = Some(value),
            other => panic!("{other}?"),
        }
    }
    who
}

/// `minutes` after the start.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    Timestamp::saturating_from_millis(start().as_millis() + minutes * 60_000)
}

/// A trusted event `page_viewed`, `at` minutes after the start.
pub(crate) fn seen(id: &str, at: i64, names: &str) -> Report {
    Report {
        id: id.to_owned(),
        at: minute(at),
        received_at: minute(at),
        source: "key:server".to_owned(),
        trust: Trust::Trusted,
        who: who(names),
        what: What::Event {
            name: "page_viewed".to_owned(),
            properties: object(json!({"path": format!("/{id}")})),
        },
        machine: None,
    }
}

/// The same from a page, where anybody could have sent it.
pub(crate) fn public(id: &str, at: i64, names: &str) -> Report {
    Report { trust: Trust::Public, source: "key:web".to_owned(), ..seen(id, at, names) }
}

/// Another thing to say.
pub(crate) fn saying(report: Report, what: What) -> Report {
    Report { what, ..report }
}

pub(crate) fn traits(json: Json) -> What {
    What::Traits(object(json))
}

pub(crate) fn group(id: &str, json: Json) -> What {
    What::Group { group: id.to_owned(), traits: object(json) }
}

pub(crate) fn alias(previous: &str) -> What {
    What::Alias { previous: previous.to_owned() }
}

pub(crate) fn deal(id: &str, stage: &str, amount_minor: i64) -> What {
    What::Deal(Deal {
        id: id.to_owned(),
        stage: stage.to_owned(),
        name: None,
        amount_minor: Some(amount_minor),
        currency: Some("EUR".to_owned()),
        owner: Some("eva".to_owned()),
        properties: Map::new(),
    })
}

pub(crate) fn by_machine(report: Report) -> Report {
    let sign = MachineSign { reason: "crawler".to_owned(), confidence: 90 };
    Report { machine: Some(sign), ..report }
}

fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

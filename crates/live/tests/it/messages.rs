//! What receivers are told.

use leads::Timestamp;
use live::messages::{
    Brackets, Card, CardCriterion, Event, EventType, FinishedImport, LeadName, MergedLeads, Reason,
    Stages, Standing, TestCall,
};
use serde_json::{Value, json};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

fn lead() -> LeadName {
    LeadName {
        id: "0197c1b2".to_owned(),
        email: Some("ana@example.com".to_owned()),
        name: Some("Ana María".to_owned()),
        company: Some("42".to_owned()),
        company_name: Some("Acme".to_owned()),
        company_domain: Some("acme.example".to_owned()),
    }
}

fn standing() -> Standing {
    Standing {
        lead: lead(),
        model: "sales".to_owned(),
        model_version: 7,
        at: at("2026-03-01T10:00:00Z"),
        transition: "tr_5d41402abc4b2a76b9719d911017c592".to_owned(),
        score: 62,
        grade: Some("A1".to_owned()),
        bracket: Some("hot".to_owned()),
        stage: Some("sales_qualified".to_owned()),
        disqualified: false,
        card: Some(Card {
            fit: 20,
            engagement: 42,
            criteria: vec![
                part("Pricing page", "Behaviour", "41.5"),
                part("Senior role", "Profile", "20"),
            ],
            more: 0,
        }),
    }
}

fn part(criterion: &str, group: &str, points: &str) -> CardCriterion {
    let [criterion, group, points] = [criterion, group, points].map(str::to_owned);
    CardCriterion { criterion, group, points }
}

fn stages() -> Stages {
    Stages {
        standing: standing(),
        from: Some("marketing_qualified".to_owned()),
        to: Some("sales_qualified".to_owned()),
        reason: Some("reached its thresholds".to_owned()),
    }
}

fn left() -> Stages {
    let stage = Some("marketing_qualified".to_owned());
    let standing = Standing { score: 44, bracket: Some("warm".to_owned()), stage, ..standing() };
    Stages {
        standing,
        from: Some("sales_qualified".to_owned()),
        to: Some("marketing_qualified".to_owned()),
        reason: None,
    }
}

/// One event of each type.
pub(crate) fn events() -> Vec<Event> {
    vec![
        Event::StageEntered(stages()),
        Event::StageLeft(Stages { reason: Some("fell below its thresholds".to_owned()), ..left() }),
        Event::BracketChanged(Brackets {
            standing: standing(),
            from: Some("warm".to_owned()),
            to: Some("hot".to_owned()),
        }),
        Event::Disqualified(Reason {
            standing: Standing {
                disqualified: true,
                score: 0,
                bracket: Some("cold".to_owned()),
                stage: None,
                ..standing()
            },
            reason: Some("gate: Competitor".to_owned()),
        }),
        Event::Requalified(Reason {
            standing: standing(),
            reason: Some("gate: Competitor".to_owned()),
        }),
        Event::Merged(MergedLeads {
            lead: lead(),
            merged_lead: "0197c1b3".to_owned(),
            merge: "0197c1b4".to_owned(),
            at: at("2026-03-01T10:00:00.250Z"),
            reason: Some("the same address".to_owned()),
        }),
        Event::ImportFinished(FinishedImport {
            import: "0197c1b5".to_owned(),
            name: Some("fair.csv".to_owned()),
            state: "finished".to_owned(),
            rows: 1200,
            taken: 1150,
            repeated: 40,
            rejected: 10,
            at: at("2026-03-01T10:00:00Z"),
        }),
        Event::Test(TestCall {
            endpoint: "0197c1b6".to_owned(),
            note: Some("Sent by hand from the settings.".to_owned()),
        }),
    ]
}

fn body(event: &Event) -> Value {
    serde_json::from_str(&event.written(at("2026-03-01T10:00:01Z"))).expect("JSON")
}

#[test]
fn a_message_has_a_type_an_instant_and_data() {
    assert_eq!(
        body(&Event::StageEntered(stages())),
        json!({
            "type": "lead.stage_entered",
            "timestamp": "2026-03-01T10:00:01Z",
            "data": {
                "lead": {
                    "id": "0197c1b2",
                    "email": "ana@example.com",
                    "name": "Ana María",
                    "company": "42",
                    "company_name": "Acme",
                    "company_domain": "acme.example",
                },
                "model": "sales",
                "model_version": 7,
                "at": "2026-03-01T10:00:00Z",
                "transition": "tr_5d41402abc4b2a76b9719d911017c592",
                "score": 62,
                "grade": "A1",
                "bracket": "hot",
                "stage": "sales_qualified",
                "disqualified": false,
                "card": {
                    "fit": 20,
                    "engagement": 42,
                    "criteria": [
                        {"criterion": "Pricing page", "group": "Behaviour", "points": "41.5"},
                        {"criterion": "Senior role", "group": "Profile", "points": "20"},
                    ],
                    "more": 0,
                },
                "from": "marketing_qualified",
                "to": "sales_qualified",
                "reason": "reached its thresholds",
            },
        })
    );
}

#[test]
fn every_type_has_its_name_and_is_found_by_it() {
    let names: Vec<_> = events().iter().map(|event| event.kind().name()).collect();
    assert_eq!(
        names,
        [
            "lead.stage_entered",
            "lead.stage_left",
            "lead.bracket_changed",
            "lead.disqualified",
            "lead.requalified",
            "lead.merged",
            "import.finished",
            "webhook.test",
        ]
    );
    for (event, kind) in events().iter().zip(EventType::ALL) {
        assert_eq!(event.kind(), kind);
        assert_eq!(EventType::by_name(kind.name()), Some(kind));
        assert_eq!(body(event)["type"], kind.name());
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        assert!(kind.name().chars().all(fits), "as Standard Webhooks asks: {}", kind.name());
    }
    assert_eq!(EventType::by_name("lead.exploded"), None);
}

#[test]
fn every_field_of_every_payload_is_in_the_reference() {
    let reference = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/user/reference/webhooks.md"
    ))
    .unwrap();
    for event in events() {
        let name = event.kind().name();
        let (_, section) = reference.split_once(&format!("\n### `{name}`")).expect(name);
        let section = section.split("\n#").next().unwrap();
        let example = section.split("```json\n").nth(1).expect(name).split("```").next().unwrap();
        let example: Value = serde_json::from_str(example).expect(name);
        assert_eq!(example, body(&event), "{name}");
    }
}

#[test]
fn a_name_as_long_as_a_book_does_not_make_a_message_too_long() {
    let long = "\u{1}ñ".repeat(50_000);
    let id = "x".repeat(255);
    let mut stages = stages();
    stages.reason = Some(long.clone());
    let criterion = part(&long, &long, "12345.12345678");
    let criteria = vec![criterion; Card::CRITERIA_MAX];
    stages.standing.card = Some(Card { fit: 1, engagement: 1, criteria, more: 1000 });
    let long = Some(long);
    stages.standing.lead = LeadName {
        id,
        email: long.clone(),
        name: long.clone(),
        company: long.clone(),
        company_name: long.clone(),
        company_domain: long,
    };
    let body = Event::StageEntered(stages).written(at("2026-03-01T10:00:01Z"));
    assert!(body.len() < 20_000, "{} bytes", body.len());
    let name = serde_json::from_str::<Value>(&body).unwrap()["data"]["lead"]["name"].clone();
    assert_eq!(name.as_str().unwrap().chars().count(), 251);
    assert!(name.as_str().unwrap().ends_with('…'));
}

//! Facts as scoring takes them, as pages show them, and everybody's at once.

use std::collections::BTreeMap;

use leads::{LeadFacts, Value};
use serde_json::json;
use store::SegmentError;
use store::facts::{FactKind, StoredFact};
use store::reading::{EventQuery, LeadRecord, each_lead, events, scan};
use store::{company, company_of_domain};

use crate::support::reports::{by_machine, deal, group, minute, saying, seen, traits};
use crate::support::{Bench, on_both};

#[expect(clippy::unnecessary_wraps, reason = "of some domains nothing is known; of these it is")]
fn kind(domain: &str) -> Option<&'static str> {
    Some(if domain == "gmail.com" { "free" } else { "business" })
}

fn facts(bench: &Bench, name: &str) -> LeadFacts {
    bench.record(&bench.lead(name).expect("a lead")).facts(&kind)
}

/// `path=value@minute`, in order of time, path and value.
fn trait_texts(facts: &LeadFacts) -> Vec<String> {
    let start = crate::support::start().as_millis();
    let mut texts: Vec<(i64, String)> = facts
        .traits
        .iter()
        .map(|fact| {
            let minute = (fact.at.expect("an instant").as_millis() - start) / 60_000;
            let value = fact.value.as_ref().map_or("-".to_owned(), Value::to_string);
            (minute, format!("{}={value}@{minute}", fact.path))
        })
        .collect();
    texts.sort();
    texts.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn a_leads_facts_are_flat_and_without_those_that_do_not_count() {
    on_both(|bench| {
        bench.take(&[
            by_machine(seen("f0", 0, "u:1")),
            seen("f1", 1, "u:1 e:ana@gmail.com"),
            saying(
                seen("f2", 2, "u:1"),
                traits(json!({"plan": "pro", "address": {"city": "Iași", "zip": null}, "tags": ["a", "b"]})),
            ),
            saying(seen("f3", 3, "u:1"), deal("d1", "won", 125_050)),
        ]);
        let facts = facts(bench, "u:1");
        assert_eq!(facts.created_at, Some(minute(1)), "not the machine's visit");
        assert_eq!(
            trait_texts(&facts),
            [
                "email.domain=gmail.com@1",
                "email.kind=free@1",
                "email=ana@gmail.com@1",
                "address.city=Iași@2",
                "address.zip=-@2",
                "plan=pro@2",
                "tags=a, b@2",
            ]
        );
        let events: Vec<(&str, String)> = facts
            .events
            .iter()
            .map(|event| {
                let properties: Vec<String> = event
                    .properties
                    .iter()
                    .map(|(path, value)| format!("{path}={value}"))
                    .collect();
                (event.name.as_str(), properties.join(" "))
            })
            .collect();
        let deal = "deal=d1 stage=won amount=1250.5 currency=EUR owner=eva".to_owned();
        assert_eq!(events, [("page_viewed", "path=/f1".to_owned()), ("deal_won", deal)]);
        assert!(facts.events.iter().all(|event| event.id.is_some()));
    });
}

#[test]
fn a_trait_says_since_when_a_lead_is_known() {
    on_both(|bench| {
        bench.take(&[
            seen("f1", 1, "u:1"),
            saying(seen("f2", 2, "u:1"), traits(json!({"createdAt": "2020-01-01T00:00:00Z"}))),
            saying(seen("f3", 3, "u:1"), traits(json!({"created_at": 1_600_000_000}))),
            saying(seen("f4", 4, "u:1"), traits(json!({"created_at": "no date"}))),
        ]);
        let expected = leads::Timestamp::parse("2020-01-01T00:00:00Z");
        assert_eq!(facts(bench, "u:1").created_at, expected.ok());
    });
}

#[test]
fn a_leads_company_is_that_of_its_latest_group_else_that_of_its_business_address() {
    on_both(|bench| {
        let business = |domain: &str| kind(domain) == Some("business");
        bench.take(&[
            seen("a1", 1, "u:1 e:ana@acme.com"),
            seen("b1", 1, "u:2 e:bob@gmail.com"),
            saying(
                seen("c1", 2, "u:3"),
                group(
                    "acme-1",
                    json!({"domain": "https://www.acme.com/", "name": "Acme", "employees": 50}),
                ),
            ),
            saying(
                seen("c2", 5, "u:3"),
                group("acme-1", json!({"employees": 60, "name": "Acme AG"})),
            ),
        ]);
        let company_of = |name: &str, at| {
            bench.record(&bench.lead(name).expect("a lead")).company_at(minute(at), &business)
        };
        assert_eq!(company_of("u:1", 9), Some("acme-1".to_owned()), "the domain is that company's");
        assert_eq!(company_of("u:1", 0), None, "the address was not known then");
        assert_eq!(company_of("u:2", 9), None);
        assert_eq!(company_of("u:3", 9), Some("acme-1".to_owned()));
        let acme = bench.store.read(|tx| company(tx, "acme-1")).expect("read").expect("a company");
        assert_eq!(
            (acme.domain.as_deref(), acme.name.as_deref()),
            (Some("acme.com"), Some("Acme AG"))
        );
        let other = bench.store.read(|tx| company_of_domain(tx, "other.example"));
        assert_eq!(other, Ok("other.example".to_owned()));

        // Whoever belongs there has the company's traits, whoever they came with.
        let of_company = |name: &str| -> Vec<String> {
            let texts = trait_texts(&facts(bench, name));
            texts.into_iter().filter(|text| text.starts_with("company.employees")).collect()
        };
        assert_eq!(of_company("u:1"), ["company.employees=50@2", "company.employees=60@5"]);
        assert_eq!(of_company("u:2"), Vec::<String>::new());
        // Who moves has those of the new one from then on, and the old ones end.
        bench.take(&[
            saying(seen("d1", 1, "u:4"), group("rival", json!({"employees": 7, "vip": true}))),
            saying(seen("a2", 7, "u:1"), group("rival", json!({}))),
        ]);
        assert_eq!(
            of_company("u:1"),
            [
                "company.employees=50@2",
                "company.employees=60@5",
                "company.employees=-@7",
                "company.employees=7@7"
            ]
        );
        assert_eq!(company_of("u:1", 6), Some("acme-1".to_owned()));
        assert_eq!(company_of("u:1", 7), Some("rival".to_owned()));
    });
}

#[test]
fn a_company_whose_id_looks_like_a_domain_behind_an_at_is_itself() {
    on_both(|bench| {
        let odd = saying(seen("a1", 1, "u:1"), group("@acme.com", json!({"employees": 500})));
        bench.take(&[odd]);
        let texts = trait_texts(&facts(bench, "u:1"));
        assert!(texts.contains(&"company.employees=500@1".to_owned()), "{texts:?}");
    });
}

#[test]
fn people_of_one_registered_domain_are_of_one_company() {
    on_both(|bench| {
        let business = |domain: &str| kind(domain) == Some("business");
        bench.take(&[
            seen("a1", 1, "u:1 e:ana@mail.acme.co.uk"),
            seen("a2", 1, "u:2 e:bob@acme.co.uk"),
            seen("a3", 1, "u:3 e:eva@other.co.uk"),
            seen("a4", 1, "u:4 e:iva@lab.acme.co.uk"),
        ]);
        let company_of = |name: &str| {
            let lead = bench.lead(name).expect("a lead");
            bench.record(&lead).company_at(minute(9), &business).expect("a company")
        };
        assert_eq!(company_of("u:1"), "acme.co.uk");
        assert_eq!(company_of("u:2"), "acme.co.uk");
        assert_eq!(company_of("u:3"), "other.co.uk");
        // What is said of the company is said of all; a part that is a company of its own is one.
        let taken = bench.take(&[
            saying(seen("g1", 2, "u:9"), group("acme", json!({"domain": "acme.co.uk", "size": 5}))),
            saying(seen("g2", 2, "u:9"), group("lab", json!({"domain": "lab.acme.co.uk"}))),
        ]);
        assert!(taken.companies.contains("acme.co.uk"), "those who were there are scored anew");
        assert_eq!([company_of("u:1"), company_of("u:2")], ["acme", "acme"]);
        assert_eq!(company_of("u:4"), "lab");
        let size = |name: &str| {
            trait_texts(&facts(bench, name))
                .into_iter()
                .find(|text| text.starts_with("company.size"))
        };
        assert_eq!(size("u:1").as_deref(), Some("company.size=5@2"));
        assert_eq!(size("u:4"), None);
    });
}

#[test]
fn a_company_changes_only_when_something_new_is_said_of_it() {
    on_both(|bench| {
        let say = |id: &str, at, size: i64| {
            let report = saying(seen(id, at, "u:1"), group("acme", json!({"size": size})));
            !bench.take(&[report]).companies.is_empty()
        };
        assert!(say("g1", 10, 5));
        assert!(!say("g2", 20, 5), "as before");
        assert!(say("g3", 30, 6));
        assert!(!say("g4", 25, 5), "as before at that time");
        assert!(say("g5", 5, 6), "it says what was earlier");
        assert!(!say("g5", 5, 6), "a duplicate");
        let belongs = saying(seen("h1", 40, "u:2"), group("other", json!({})));
        assert!(bench.take(&[belongs]).companies.is_empty(), "nothing is said of it");
        let both = [
            saying(seen("i1", 50, "u:1"), group("acme", json!({"size": 6}))),
            saying(seen("i2", 51, "u:2"), group("acme", json!({"size": 7}))),
        ];
        assert_eq!(bench.take(&both).companies, ["acme".to_owned()].into());
        let sizes: Vec<String> = trait_texts(&facts(bench, "u:1"))
            .into_iter()
            .filter(|text| text.starts_with("company.size"))
            .collect();
        // u:1 belongs there since minute 5.
        assert_eq!(
            sizes,
            ["company.size=6@5", "company.size=5@10", "company.size=6@30", "company.size=7@51"]
        );
    });
}

fn ids(facts: &[StoredFact]) -> Vec<&str> {
    facts.iter().map(|fact| fact.id.as_str()).collect()
}

#[test]
fn events_come_page_by_page_the_newest_first_and_none_twice() {
    on_both(|bench| {
        let mut reports: Vec<_> =
            (0..25).map(|n| seen(&format!("f{n:02}"), n / 3, "u:1")).collect();
        reports.push(saying(seen("t", 30, "u:1"), traits(json!({"a": 1}))));
        reports.push(seen("other", 31, "u:2"));
        bench.take(&reports);
        for lead in [bench.lead("u:1"), None] {
            let mut query = EventQuery {
                lead: lead.clone(),
                kind: Some(FactKind::Event),
                limit: 10,
                ..EventQuery::default()
            };
            let mut all = Vec::new();
            loop {
                let page = bench.store.read(|tx| events(tx, &bench.segments, &query));
                let page = page.unwrap_or_else(|error: SegmentError| panic!("{error}"));
                let Some(last) = page.last() else { break };
                query.before = Some((last.at, last.id.clone()));
                all.extend(ids(&page).into_iter().map(str::to_owned));
            }
            let mut expected: Vec<String> = (0..25).rev().map(|n| format!("f{n:02}")).collect();
            if lead.is_none() {
                expected.insert(0, "other".to_owned());
            }
            assert_eq!(all, expected);
        }
        let query =
            EventQuery { name: Some("no such".to_owned()), limit: 5, ..EventQuery::default() };
        let none = bench.store.read(|tx| events(tx, &bench.segments, &query));
        assert_eq!(none.unwrap_or_else(|error: SegmentError| panic!("{error}")), []);
    });
}

#[test]
fn everybodys_facts_are_those_of_each_lead() {
    on_both(|bench| {
        bench.take(&[
            seen("a1", 1, "u:1 e:ana@acme.com a:v1"),
            seen("a2", 2, "a:v1"),
            saying(seen("b1", 2, "u:2"), group("acme", json!({"domain": "acme.com", "size": 5}))),
            seen("c1", 3, "a:v3"),
            saying(seen("d1", 4, "u:4 e:dan@acme.com"), traits(json!({"plan": "pro"}))),
        ]);
        let mut records: BTreeMap<String, LeadRecord> = BTreeMap::new();
        let read = bench.store.read(|tx| {
            each_lead(tx, &bench.segments, |record| {
                assert!(records.insert(record.lead.clone(), record).is_none());
                Ok::<(), SegmentError>(())
            })
        });
        read.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(records.len(), 4);
        for (lead, record) in &records {
            let one = bench.record(lead);
            assert_eq!(one.facts(&kind), record.facts(&kind));
            assert_eq!(&one, record);
        }
        let mut seen = 0;
        let read = bench.store.read(|tx| {
            scan(tx, &bench.segments, |lead, fact| {
                assert!(records[lead].facts.contains(&fact));
                seen += 1;
                Ok::<(), SegmentError>(())
            })
        });
        read.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(seen, 5);
    });
}

//! A fact is taken once, for ever, whatever order and how often it comes.

use leads::{MachineSign, Report};
use serde_json::json;

use store::facts::{Outcome, Refusal, Which, label, labelled, restore, retract, undo_label};
use store::identity::Note;
use store::scores::{LeadRow, renew_lead};
use store::{SegmentError, company, company_of_domain};

use crate::support::reports::{
    alias, by_machine, deal, group, minute, public, saying, seen, traits,
};
use crate::support::{Bench, fresh_id, on_both, relabel, start};

fn outcomes(bench: &Bench, reports: &[Report]) -> Vec<Outcome> {
    bench.take(reports).taken.into_iter().map(|taken| taken.outcome).collect()
}

#[test]
fn of_facts_with_one_id_the_first_by_instant_and_content_counts_whatever_came_first() {
    on_both(|bench| {
        let early = seen("f", 1, "u:1");
        let late = saying(seen("f", 2, "u:1"), traits(json!({"a": 1})));
        assert_eq!(outcomes(bench, std::slice::from_ref(&late)), [Outcome::New]);
        assert_eq!(outcomes(bench, std::slice::from_ref(&early)), [Outcome::Replaced]);
        assert_eq!(outcomes(bench, &[late.clone(), early.clone()]), [Outcome::Repeated; 2]);
        let first = bench.partition();
        bench.clear();
        let in_one = [late.clone(), early.clone(), late.clone(), early.clone()];
        let expected = [Outcome::New, Outcome::Replaced, Outcome::Repeated, Outcome::Repeated];
        assert_eq!(outcomes(bench, &in_one), expected);
        assert_eq!(bench.partition(), first);
        bench.clear();
        assert_eq!(outcomes(bench, &[early, late]), [Outcome::New, Outcome::Repeated]);
        assert_eq!(bench.partition(), first);

        // At one instant the content decides, and then whom it names.
        let one = saying(seen("g", 1, "u:1"), traits(json!({"a": 1})));
        let two = saying(seen("g", 1, "u:2"), traits(json!({"a": 1})));
        bench.clear();
        bench.take(&[one.clone(), two.clone()]);
        let first = (bench.ids("u:1"), bench.ids("u:2"));
        assert_eq!(first.0.len() + first.1.len(), 1);
        bench.clear();
        bench.take(&[two, one]);
        assert_eq!((bench.ids("u:1"), bench.ids("u:2")), first);
    });
}

#[test]
fn an_answer_says_which_leads_changed() {
    on_both(|bench| {
        let taken = bench.take(&[seen("f1", 1, "u:1"), seen("f2", 1, "u:2")]);
        assert_eq!(taken.changed.len(), 2);
        let lead = bench.lead("u:1").expect("a lead");
        assert_eq!(taken.taken[0].lead.as_ref(), Some(&lead));
        let again = bench.take(&[seen("f1", 1, "u:1")]);
        assert!(again.changed.is_empty(), "a duplicate changes nobody: {again:?}");
        // A fact that passes from one lead to another changes both.
        let moved = bench.take(&[seen("f2", 0, "u:1")]);
        assert_eq!(moved.changed.len(), 2);
        assert_eq!(bench.ids("u:2"), Vec::<String>::new());
        // So does one that brings two together.
        bench.take(&[seen("f3", 3, "e:ana@acme.com")]);
        let merged = bench.take(&[seen("f4", 4, "u:1 e:ana@acme.com")]);
        assert_eq!(merged.changed.len(), 2);
        assert!(merged.changed.contains(&lead), "the older id goes on");
        // And a company's fact names the company.
        let report = saying(seen("f5", 5, "u:1"), group("acme", json!({"employees": 5})));
        assert_eq!(bench.take(&[report]).companies, ["acme".to_owned()].into());
    });
}

#[test]
fn what_cannot_be_taken_is_refused_with_the_reason_and_harms_nothing_else() {
    on_both(|bench| {
        let long = "x".repeat(256);
        let name = |name: &str| {
            let properties = serde_json::Map::new();
            let what = leads::What::Event { name: name.to_owned(), properties };
            saying(seen("n", 1, "u:1"), what)
        };
        let reports = [
            seen("good", 1, "u:1"),
            seen("", 1, "u:1"),
            seen(&long, 1, "u:1"),
            seen("a\0b", 1, "u:1"),
            name(""),
            name("a\0b"),
            name(&long),
            seen("nobody", 1, ""),
            seen("null", 1, "u:null a:anonymous"),
            seen("good too", 1, "u:1"),
        ];
        let refused = Outcome::Refused;
        let expected = [
            Outcome::New,
            refused(Refusal::Id),
            refused(Refusal::Id),
            refused(Refusal::Id),
            refused(Refusal::Name),
            refused(Refusal::Name),
            refused(Refusal::Name),
            refused(Refusal::Nobody),
            refused(Refusal::Nobody),
            Outcome::New,
        ];
        let answer = bench.take(&reports);
        let found: Vec<Outcome> = answer.taken.iter().map(|taken| taken.outcome).collect();
        assert_eq!(found, expected);
        assert_eq!(answer.taken[8].notes, [Note::Placeholder]);
        assert_eq!(bench.ids("u:1"), ["good", "good too"]);
        assert_eq!(bench.partition().len(), 1, "nobody else came of it");
        // A zero character in what is said is kept as it is.
        let odd = saying(seen("odd", 2, "u:1"), traits(json!({"a": "x\0y"})));
        assert_eq!(outcomes(bench, &[odd]), [Outcome::New]);
        let record = bench.record(&bench.lead("u:1").expect("a lead"));
        assert!(record.facts.iter().any(|fact| fact.body.contains("x\\u0000y")));
    });
}

#[test]
fn every_kind_of_fact_comes_back_as_it_was_said() {
    on_both(|bench| {
        bench.take(&[
            seen("f1", 1, "u:1"),
            saying(seen("f2", 2, "u:1"), traits(json!({"plan": "pro"}))),
            saying(seen("f3", 3, "u:1"), group("acme", json!({"employees": 5}))),
            saying(seen("f4", 4, "u:1"), deal("d1", "won", 125_000)),
            saying(seen("f5", 5, "u:1"), alias("old")),
        ]);
        let record = bench.record(&bench.lead("u:1").expect("a lead"));
        let said: Vec<String> = record
            .facts
            .iter()
            .map(|fact| format!("{} {} {}", fact.kind.word(), fact.name, fact.body))
            .collect();
        assert_eq!(
            said,
            [
                r#"event page_viewed {"path":"/f1"}"#,
                r#"traits  {"plan":"pro"}"#,
                r#"group acme {"employees":5}"#,
                r#"deal deal_won {"deal":"d1","stage":"won","currency":"EUR","owner":"eva","amount_minor":125000}"#,
                r#"alias  {"previous":"old"}"#,
            ]
        );
    });
}

#[test]
fn facts_are_taken_back_by_id_by_import_and_by_source_and_come_back_unharmed() {
    on_both(|bench| {
        let import =
            |id: &str, at| Report { source: "import:i1".to_owned(), ..seen(id, at, "u:1") };
        bench.take(&[
            seen("f1", 1, "u:1"),
            import("f2", 2),
            import("f3", 3),
            public("f4", 4, "u:2"),
            public("f5", 5, "u:2"),
        ]);
        let before = bench.record(&bench.lead("u:1").expect("a lead"));
        let counting = |name: &str| -> Vec<String> {
            let record = bench.record(&bench.lead(name).expect("a lead"));
            let counting = record.facts.iter().filter(|fact| fact.counts());
            counting.map(|fact| fact.id.clone()).collect()
        };
        let back = |which: &Which<'_>, forward: bool| {
            run_on_writer(bench, |tx| {
                if forward {
                    retract(tx, &bench.segments, which, start())
                } else {
                    restore(tx, &bench.segments, which)
                }
            })
        };
        let ids = ["f1".to_owned(), "no such".to_owned()];
        assert_eq!(back(&Which::Ids(&ids), true).len(), 1);
        assert_eq!(counting("u:1"), ["f2", "f3"]);
        assert!(back(&Which::Ids(&ids), true).is_empty(), "it is taken back already");
        assert_eq!(back(&Which::Import("i1"), true).len(), 1);
        assert_eq!(counting("u:1"), Vec::<String>::new());
        let range = Which::Source { source: "key:web", from: minute(5), to: minute(6) };
        assert_eq!(back(&range, true).len(), 1);
        assert_eq!(counting("u:2"), ["f4"]);
        // A duplicate does not bring back what was taken back; nor does an earlier form of it.
        bench.take(&[seen("f1", 1, "u:1"), seen("f1", 0, "u:1")]);
        assert_eq!(counting("u:1"), Vec::<String>::new());

        assert_eq!(back(&range, false).len(), 1);
        assert_eq!(back(&Which::Import("i1"), false).len(), 1);
        assert_eq!(counting("u:2"), ["f4", "f5"]);
        assert_eq!(counting("u:1"), ["f2", "f3"]);
        let after = bench.record(&bench.lead("u:1").expect("a lead"));
        assert_eq!(after.facts[1..], before.facts[1..]);
    });
}

#[test]
fn what_an_import_said_of_companies_goes_with_it_and_comes_back_with_it() {
    on_both(|bench| {
        let import = |report: Report| Report { source: "import:i1".to_owned(), ..report };
        let says = |id: &str, at, company: &str, traits| {
            saying(seen(id, at, &format!("u:{id}")), group(company, traits))
        };
        let belongs = |company: &str| {
            let row = LeadRow {
                lead: company.to_owned(),
                company: Some(company.to_owned()),
                traits: "{}".to_owned(),
                ..LeadRow::default()
            };
            run_on_writer(bench, |tx| Ok(renew_lead(tx, None, &row, start())?));
        };
        bench.take(&[says("s1", 1, "acme-1", json!({"name": "Acme", "website": "acme.com"}))]);
        bench.take(&[
            import(says("i1", 2, "acme-1", json!({"name": "Acme AG", "domain": "acme.example"}))),
            import(says("i2", 2, "new", json!({"name": "New", "domain": "new.example"}))),
        ]);
        // Leads that were scored: of the company that the import made, and of an address at its domain.
        belongs("new");
        belongs("new.example");
        let known = || {
            let read = |id: &str| {
                let company = bench.store.read(|tx| company(tx, id)).expect("read");
                company.map(|company| (company.name, company.domain))
            };
            let owner = bench.store.read(|tx| company_of_domain(tx, "new.example"));
            (read("acme-1"), read("new"), owner.expect("read"))
        };
        let text = |text: &str| Some(text.to_owned());
        let of_import = (
            Some((text("Acme AG"), text("acme.example"))),
            Some((text("New"), text("new.example"))),
            "new".to_owned(),
        );
        assert_eq!(known(), of_import);
        let which = Which::Import("i1");
        let leads = run_on_writer(bench, |tx| retract(tx, &bench.segments, &which, start()));
        assert!(leads.contains("new"), "{leads:?}");
        let before = (Some((text("Acme"), text("acme.com"))), None, "new.example".to_owned());
        assert_eq!(known(), before);
        let leads = run_on_writer(bench, |tx| restore(tx, &bench.segments, &which));
        assert!(leads.contains("new.example"), "who has an address there belongs elsewhere now");
        assert_eq!(known(), of_import);
    });
}

#[test]
fn neither_a_machine_nor_a_page_says_whose_a_domain_is() {
    on_both(|bench| {
        let says = |report: Report, company: &str, traits| saying(report, group(company, traits));
        let page = |id: &str, at| Report { id: format!("web:{id}"), ..public(id, at, "u:mallory") };
        bench.take(&[
            says(page("p1", 1), "0", json!({"name": "Zero", "website": "acme.com"})),
            says(
                by_machine(seen("m1", 2, "u:17")),
                "00",
                json!({"name": "X", "domain": "acme.com"}),
            ),
            says(page("p2", 3), "acme.example", json!({"name": "Acme"})),
            says(seen("s1", 4, "u:17"), "acme-1", json!({"name": "Acme", "domain": "acme.com"})),
        ]);
        let known = || {
            let owner = bench.store.read(|tx| company_of_domain(tx, "acme.com")).expect("read");
            let domain = |id: &str| {
                let company = bench.store.read(|tx| company(tx, id)).expect("read");
                company.and_then(|company| company.domain)
            };
            let machines = bench.store.read(|tx| company(tx, "00")).expect("read");
            (owner, domain("0"), domain("acme.example"), machines)
        };
        assert_eq!(known(), ("acme-1".to_owned(), None, None, None));
        // Nor when companies are found anew.
        let ids = ["web:p1".to_owned(), "m1".to_owned(), "s1".to_owned()];
        for is_back in [true, false] {
            run_on_writer(bench, |tx| {
                if is_back {
                    retract(tx, &bench.segments, &Which::Ids(&ids), start())
                } else {
                    restore(tx, &bench.segments, &Which::Ids(&ids))
                }
            });
        }
        assert_eq!(known(), ("acme-1".to_owned(), None, None, None));
        // Whoever is believed may.
        bench.take(&[says(seen("s2", 5, "u:17"), "acme.example", json!({}))]);
        assert_eq!(known().2.as_deref(), Some("acme.example"));
    });
}

#[test]
fn what_a_machine_said_of_a_company_counts_once_somebody_knows_better() {
    on_both(|bench| {
        let says = saying(seen("m1", 2, "u:17"), group("acme-1", json!({"domain": "acme.com"})));
        bench.take(&[by_machine(says)]);
        let colleague = LeadRow {
            lead: "colleague".to_owned(),
            company: Some("acme.com".to_owned()),
            traits: "{}".to_owned(),
            ..LeadRow::default()
        };
        run_on_writer(bench, |tx| Ok(renew_lead(tx, None, &colleague, start())?));
        let owner = || bench.store.read(|tx| company_of_domain(tx, "acme.com")).expect("read");
        assert_eq!(owner(), "acme.com");
        let relabelled = run_on_writer(bench, |tx| {
            let facts: Vec<_> = labelled(tx, "m1")?.into_iter().collect();
            Ok(label(tx, "known better", &facts, None, start(), &mut fresh_id)?)
        });
        assert_eq!(owner(), "acme-1");
        assert!(relabelled.leads.contains("colleague"), "whoever has an address there moves");
        run_on_writer(bench, |tx| Ok(undo_label(tx, "known better", start(), &mut fresh_id)?));
        assert_eq!(owner(), "acme.com");
    });
}

#[test]
fn what_a_machine_was_kept_from_linking_is_linked_once_somebody_knows_better() {
    on_both(|bench| {
        bench.take(&[
            by_machine(public("p", 1, "a:d1")),
            by_machine(public("i", 2, "a:d1 e:ana@acme.com")),
            seen("s", 3, "u:17"),
            by_machine(seen("t", 4, "u:17 e:bea@acme.com")),
            by_machine(public("x", 5, "a:d2 e:other@acme.com")),
        ]);
        assert_ne!(bench.lead("a:d1"), bench.lead("e:ana@acme.com"));
        assert_eq!(bench.lead("e:bea@acme.com"), None);
        let visitor = bench.lead("a:d1");
        let known = |id: &'static str| {
            bench.store.write(move |tx| {
                let facts: Vec<_> = labelled(tx, id)?.into_iter().collect();
                label(tx, &format!("better {id}"), &facts, None, start(), &mut fresh_id)
            })
        };
        let changed = known("i").unwrap_or_else(|error: store::DbError| panic!("{error}"));
        assert!(changed.leads.contains(&visitor.expect("a lead")));
        assert_eq!(bench.ids("e:ana@acme.com"), ["p", "i"]);
        known("t").expect("labelled");
        assert_eq!(bench.lead("u:17"), bench.lead("e:bea@acme.com"));
        assert_ne!(bench.lead("a:d2"), bench.lead("e:other@acme.com"), "that was a program");
    });
}

#[test]
fn what_a_machine_did_stays_and_does_not_count_until_somebody_knows_better() {
    on_both(|bench| {
        bench.take(&[by_machine(seen("f1", 1, "u:1")), seen("f2", 2, "u:1")]);
        let lead = bench.lead("u:1").expect("a lead");
        let labelled = |id: &str| {
            let record = bench.record(&lead);
            record.facts.iter().find(|fact| fact.id == id).and_then(|fact| fact.machine.clone())
        };
        assert_eq!(labelled("f1").map(|sign| sign.confidence), Some(90));
        let sign = MachineSign { reason: "burst".to_owned(), confidence: 60 };
        let known = bench.store.write(move |tx| relabel(tx, "f2", Some(&sign)));
        assert_eq!(known, Ok(Some(lead.clone())));
        assert_eq!(labelled("f2").map(|sign| sign.reason), Some("burst".to_owned()));
        assert_eq!(bench.store.write(|tx| relabel(tx, "f1", None)), Ok(Some(lead.clone())));
        assert_eq!(labelled("f1"), None);
        assert_eq!(bench.store.write(|tx| relabel(tx, "no such", None)), Ok(None));
    });
}

/// Runs a job that borrows; the writer of the store wants its jobs to own everything.
fn run_on_writer<T>(
    bench: &Bench,
    job: impl FnOnce(&mut store::Tx<'_>) -> Result<T, SegmentError>,
) -> T {
    let mut connection = store::Connection::open(bench.store.address()).expect("a connection");
    connection.begin_write().expect("a transaction");
    let answer = job(&mut connection.transaction()).unwrap_or_else(|error| panic!("{error}"));
    connection.run("COMMIT").expect("a commit");
    answer
}

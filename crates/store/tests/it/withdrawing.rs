//! What is taken back is as if it had never been said, and what others say stands.

use leads::{Report, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use store::erase::{ErasureRequest, erase};
use store::facts::{Outcome, Refusal, StoredFact, Which, restore, retract};
use store::identity::{IdentifierKind, identifiers, merges};
use store::imports::{self, NewImport};
use store::segments::{SealOptions, seal};
use store::{DbError, SegmentError};

use crate::support::reports::{minute, public, saying, seen, traits};
use crate::support::{Bench, on_both, start};

/// What an import says.
fn imported(import: &str, report: Report) -> Report {
    Report { source: format!("import:{import}"), id: format!("import:{}", report.id), ..report }
}

/// Imports that are under way.
fn begin(bench: &Bench, ids: &'static [&'static str]) {
    let begun = bench.store.write(move |tx| {
        for id in ids.iter().copied() {
            let new = NewImport {
                id,
                name: "people.csv",
                file: id,
                format: "csv",
                mapping: &json!({}),
                columns: imports::fingerprint(&["email"]),
                total: None,
                created_by: "eva",
            };
            imports::create(tx, &new, start())?;
            tx.execute("UPDATE import_job SET state = 'paused' WHERE id = $1", &[id.into()])?;
        }
        Ok::<_, DbError>(())
    });
    begun.unwrap_or_else(|error| panic!("{error}"));
}

/// As whoever undoes an import does.
fn undo(bench: &Bench, id: &'static str) {
    let segments = bench.segments.clone();
    let undone = bench.store.write(move |tx| {
        imports::undo(tx, id, minute(1000)).expect("it can be undone");
        retract(tx, &segments, &Which::Import(id), minute(1000)).map(|_| ())
    });
    undone.unwrap_or_else(|error| panic!("{error}"));
}

/// Takes back what an import brought, or gives it back, whatever becomes of the import.
fn set(bench: &Bench, id: &'static str, is_taken: bool) {
    let segments = bench.segments.clone();
    let set = bench.store.write(move |tx| {
        let state = if is_taken { "undone" } else { "done" };
        tx.execute("UPDATE import_job SET state = $1 WHERE id = $2", &[state.into(), id.into()])?;
        if is_taken {
            retract(tx, &segments, &Which::Import(id), minute(1000))
        } else {
            restore(tx, &segments, &Which::Import(id))
        }
    });
    set.unwrap_or_else(|error: SegmentError| panic!("{error}"));
}

fn counting(bench: &Bench, name: &str) -> Vec<String> {
    let Some(lead) = bench.lead(name) else { return Vec::new() };
    let record = bench.record(&lead);
    let counting = record.facts.iter().filter(|fact| fact.counts());
    counting.map(|fact| fact.id.clone()).collect()
}

fn seal_all(bench: &Bench) {
    let options = SealOptions { before: minute(500), at_least: 1, at_most: 1000 };
    seal(&bench.store, &bench.segments, &options, minute(600)).expect("sealed");
}

#[test]
fn whom_only_an_import_named_is_nobody_once_it_is_undone() {
    on_both(|bench| {
        begin(bench, &["i"]);
        bench.take(&[
            imported("i", seen("1", 1, "e:ana@acme.com u:17")),
            imported("i", seen("2", 1, "e:bob@acme.com")),
            seen("visit", 2, "e:bob@acme.com"),
        ]);
        let ana = bench.lead("e:ana@acme.com").expect("a lead");
        assert!(bench.record(&ana).is_there());
        undo(bench, "i");
        assert_eq!((bench.lead("e:ana@acme.com"), bench.lead("u:17")), (None, None));
        assert!(!bench.record(&ana).is_there());
        assert_eq!(counting(bench, "e:bob@acme.com"), ["visit"], "somebody else named him");
        // Who comes later is somebody new, and the file may be imported again.
        bench.take(&[seen("later", 3, "u:17")]);
        assert_eq!(counting(bench, "u:17"), ["later"]);
        begin(bench, &["j"]);
        bench.take(&[imported("j", seen("1", 1, "e:ana@acme.com u:17"))]);
        assert_eq!(counting(bench, "e:ana@acme.com"), ["import:1", "later"]);
    });
}

#[test]
fn leads_that_an_import_joined_by_mistake_are_apart_again_and_may_be_joined_rightly() {
    on_both(|bench| {
        begin(bench, &["wrong"]);
        let before = [seen("ana", 1, "e:ana@acme.com"), seen("bob", 1, "u:bob e:bob@acme.com")];
        bench.take(&before);
        // The column of addresses is shifted by one row, and gives Ana an id that is somebody's.
        bench.take(&[imported("wrong", seen("w", 2, "u:bob e:ana@acme.com"))]);
        bench.take(&[imported("wrong", seen("x", 2, "u:cleo e:ana@acme.com"))]);
        assert_eq!(bench.lead("e:ana@acme.com"), bench.lead("u:bob"));
        undo(bench, "wrong");
        assert_eq!(counting(bench, "e:ana@acme.com"), ["ana"]);
        assert_eq!(counting(bench, "u:bob"), ["bob"]);
        let (ana, bob) = (bench.lead("e:ana@acme.com"), bench.lead("u:bob"));
        assert_ne!(ana, bob);
        let edges = bench.store.read(|tx| merges(tx, &bob.clone().expect("a lead")));
        assert!(edges.expect("edges").iter().all(|edge| edge.undone_at.is_some()));
        // That it was a mistake of a file keeps nobody from saying it in earnest.
        bench.take(&[seen("cleo", 3, "u:cleo"), seen("true", 4, "u:bob e:ana@acme.com")]);
        assert_eq!(bench.lead("e:ana@acme.com"), bench.lead("u:bob"));
        assert_ne!(bench.lead("u:cleo"), bench.lead("u:bob"));
    });
}

#[test]
fn what_several_imports_say_stands_until_the_last_of_them_is_undone() {
    for is_sealed in [false, true] {
        on_both(|bench| {
            begin(bench, &["may", "june", "july"]);
            for import in ["may", "june", "july"] {
                let taken = bench.take(&[imported(import, seen("order", 1, "e:ana@acme.com"))]);
                let expected = if import == "may" { Outcome::New } else { Outcome::Repeated };
                assert_eq!(taken.taken[0].outcome, expected);
                if is_sealed {
                    seal_all(bench);
                }
            }
            undo(bench, "may");
            assert_eq!(counting(bench, "e:ana@acme.com"), ["import:order"], "{is_sealed}");
            undo(bench, "july");
            assert_eq!(counting(bench, "e:ana@acme.com"), ["import:order"], "{is_sealed}");
            undo(bench, "june");
            assert_eq!(counting(bench, "e:ana@acme.com"), [""; 0], "{is_sealed}");
        });
    }
}

/// What an import says at an instant of its own.
fn order(import: &str, at: i64) -> Report {
    imported(import, seen("order", at, "e:ana@acme.com"))
}

/// When the order counts as placed, and the import that says so.
fn order_stands(bench: &Bench) -> Option<(Timestamp, String)> {
    let record = bench.record(&bench.lead("e:ana@acme.com")?);
    let fact = record.facts.into_iter().find(|fact| fact.id == "import:order" && fact.counts());
    fact.map(|fact| (fact.at, fact.source))
}

#[test]
fn what_an_import_has_replaced_counts_again_once_that_import_is_undone() {
    for is_sealed in [false, true] {
        on_both(|bench| {
            begin(bench, &["may", "june"]);
            let stands = |import: &str, at| Some((minute(at), format!("import:{import}")));
            bench.take(&[order("may", 20)]);
            if is_sealed {
                seal_all(bench);
            }
            let taken = bench.take(&[order("june", 10)]);
            assert_eq!(taken.taken[0].outcome, Outcome::Replaced);
            assert_eq!(order_stands(bench), stands("june", 10));
            undo(bench, "june");
            assert_eq!(order_stands(bench), stands("may", 20), "{is_sealed}");
            undo(bench, "may");
            assert_eq!(order_stands(bench), None, "{is_sealed}");
        });
    }
}

#[test]
fn what_an_import_says_is_untouched_when_one_is_undone_that_it_has_replaced_or_that_came_before_it()
{
    on_both(|bench| {
        begin(bench, &["may", "june", "july"]);
        let stands = |import: &str, at| Some((minute(at), format!("import:{import}")));
        bench.take(&[order("may", 20)]);
        bench.take(&[order("june", 10)]);
        bench.take(&[order("july", 30)]);
        undo(bench, "may");
        assert_eq!(order_stands(bench), stands("june", 10));
        undo(bench, "june");
        assert_eq!(order_stands(bench), stands("july", 30), "its own word, not that of before");
        set(bench, "may", false);
        assert_eq!(order_stands(bench), stands("may", 20), "given back, and earlier");
    });
}

#[test]
fn what_was_undone_and_removed_may_be_imported_again() {
    on_both(|bench| {
        begin(bench, &["may", "june"]);
        bench.take(&[order("may", 20)]);
        undo(bench, "may");
        let removed = bench.store.write(|tx| imports::remove(tx, "may"));
        removed.unwrap_or_else(|error| panic!("{error}"));
        let taken = bench.take(&[order("june", 20)]);
        assert_eq!(taken.taken[0].outcome, Outcome::Replaced);
        assert_eq!(order_stands(bench), Some((minute(20), "import:june".to_owned())));
    });
}

#[test]
fn whom_several_imports_named_is_somebody_until_the_last_of_them_is_undone() {
    on_both(|bench| {
        begin(bench, &["may", "june", "july"]);
        for (import, at) in [("may", 3), ("june", 1), ("july", 2)] {
            let report = imported(import, seen(import, at, "e:ana@acme.com u:17"));
            bench.take(&[report]);
        }
        let known_since = || {
            let lead = bench.lead("e:ana@acme.com")?;
            let names = bench.store.read(|tx| identifiers(tx, &lead)).expect("identifiers");
            names
                .into_iter()
                .find(|name| name.kind == IdentifierKind::Email)
                .map(|name| name.first_at)
        };
        assert_eq!(known_since(), Some(minute(1)));
        undo(bench, "june");
        assert_eq!(known_since(), Some(minute(2)), "what said that she was known earlier is gone");
        undo(bench, "july");
        assert_eq!(known_since(), Some(minute(3)));
        set(bench, "june", false);
        assert_eq!(known_since(), Some(minute(1)));
        set(bench, "june", true);
        undo(bench, "may");
        assert_eq!((known_since(), bench.lead("u:17")), (None, None));
    });
}

#[test]
fn leads_that_a_server_names_together_too_stay_one_when_an_import_is_undone() {
    on_both(|bench| {
        begin(bench, &["i"]);
        bench.take(&[
            seen("1", 1, "u:a"),
            seen("2", 1, "e:ana@acme.com"),
            seen("3", 1, "e:b@acme.com"),
        ]);
        bench.take(&[imported("i", seen("4", 2, "u:a e:ana@acme.com"))]);
        bench.take(&[imported("i", seen("5", 2, "u:a e:b@acme.com"))]);
        bench.take(&[seen("6", 3, "u:a e:ana@acme.com")]);
        undo(bench, "i");
        assert_eq!(bench.lead("u:a"), bench.lead("e:ana@acme.com"));
        assert_ne!(bench.lead("u:a"), bench.lead("e:b@acme.com"), "only the import said so");
        set(bench, "i", false);
        assert_eq!(bench.lead("u:a"), bench.lead("e:b@acme.com"));
        // Whoever takes back what the server said is left with what the import says.
        let segments = bench.segments.clone();
        let which = Which::Source { source: "key:server", from: minute(0), to: minute(50) };
        bench
            .store
            .write(move |tx| retract(tx, &segments, &which, minute(100)))
            .expect("retracted");
        assert_eq!(bench.lead("u:a"), bench.lead("e:ana@acme.com"));
        undo(bench, "i");
        assert_eq!(bench.lead("u:a"), None);
    });
}

#[test]
fn an_identifier_goes_with_the_last_fact_that_names_it_and_comes_with_the_first() {
    on_both(|bench| {
        let by_ids = |ids: &[&str], is_taken: bool| {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            let segments = bench.segments.clone();
            let changed = bench.store.write(move |tx| {
                if is_taken {
                    retract(tx, &segments, &Which::Ids(&ids), minute(100))
                } else {
                    restore(tx, &segments, &Which::Ids(&ids))
                }
            });
            changed.unwrap_or_else(|error: SegmentError| panic!("{error}"))
        };
        // A visitor says that they are somebody of whom nothing was known, and somebody who was.
        bench.take(&[
            public("page", 1, "a:d1"),
            public("wrong", 2, "a:d1 e:other@corp.com"),
            seen("ana", 1, "e:ana@acme.com u:17"),
            public("visit", 3, "a:d2"),
            public("claim", 4, "a:d2 e:ana@acme.com"),
        ]);
        seal_all(bench);
        bench.take(&[public("again", 5, "a:d1 e:other@corp.com")]);
        assert_eq!(bench.lead("a:d1"), bench.lead("e:other@corp.com"));
        by_ids(&["wrong"], true);
        assert_eq!(bench.lead("a:d1"), bench.lead("e:other@corp.com"), "another fact names it");
        let lead = bench.lead("a:d1").expect("a lead");
        assert!(by_ids(&["again"], true).contains(&lead));
        assert_eq!(bench.lead("e:other@corp.com"), None);
        assert_eq!(counting(bench, "a:d1"), ["page"]);
        by_ids(&["again"], false);
        assert_eq!(bench.lead("e:other@corp.com"), Some(lead));
        // What joined two known ones is undone with it.
        bench.take(&[public("v3", 6, "a:d3"), public("c3", 7, "a:d3 e:ana@acme.com")]);
        assert_eq!(bench.lead("a:d3"), bench.lead("e:ana@acme.com"));
        by_ids(&["c3"], true);
        assert_eq!(counting(bench, "a:d3"), ["v3"]);
        assert_eq!(bench.lead("e:ana@acme.com"), bench.lead("u:17"));
        by_ids(&["c3"], false);
        assert_eq!(bench.lead("a:d3"), bench.lead("e:ana@acme.com"));
        // Somebody else may have the address by then.
        by_ids(&["wrong", "again"], true);
        bench.take(&[seen("true", 9, "u:9 e:other@corp.com")]);
        by_ids(&["again"], false);
        assert_ne!(bench.lead("a:d1"), bench.lead("e:other@corp.com"));
    });
}

#[test]
fn undoing_imports_in_any_order_leaves_what_the_others_say() {
    let bench = Bench::sqlite();
    let ids = ["i0", "i1", "i2", "i3"];
    proptest!(ProptestConfig::with_cases(64), |(
        rows in prop::collection::vec((0..4_usize, 0..4_u8, 1..4_i64), 1..20),
        undone in Just(ids).prop_shuffle(),
        count in 0..=4_usize,
        sealed_after in 0..20_usize,
    )| {
        bench.clear();
        bench.store.write(|tx| tx.execute("DELETE FROM import_job", &[])).expect("deleted");
        begin(&bench, &["i0", "i1", "i2", "i3"]);
        for (index, (import, order, at)) in rows.iter().enumerate() {
            let row = seen(&order.to_string(), *at, &format!("e:p{order}@acme.com"));
            bench.take(&[imported(ids[*import], row)]);
            if index == sealed_after {
                seal_all(&bench);
            }
        }
        undone.iter().take(count).for_each(|id| undo(&bench, id));
        for order in 0..4_u8 {
            // The first by instant of what imports say that stand.
            let stands = rows.iter().filter(|(import, said, _)| {
                *said == order && undone.iter().skip(count).any(|id| *id == ids[*import])
            });
            let expected: Vec<(String, Timestamp)> = stands
                .map(|(_, _, at)| (format!("import:{order}"), minute(*at)))
                .min_by_key(|(_, at)| *at)
                .into_iter()
                .collect();
            let name = format!("e:p{order}@acme.com");
            let facts = bench.lead(&name).map(|lead| bench.record(&lead).facts).unwrap_or_default();
            let counting = facts.into_iter().filter(StoredFact::counts);
            let found: Vec<(String, Timestamp)> =
                counting.map(|fact| (fact.id, fact.at)).collect();
            prop_assert_eq!(found, expected);
        }
    });
}

#[test]
fn what_an_abused_key_claimed_is_taken_away_and_given_back() {
    on_both(|bench| {
        let back = |is_taken: bool| {
            let segments = bench.segments.clone();
            let which = Which::Source { source: "key:web", from: minute(10), to: minute(20) };
            let set = bench.store.write(move |tx| {
                if is_taken {
                    retract(tx, &segments, &which, minute(100))
                } else {
                    restore(tx, &segments, &which)
                }
            });
            set.unwrap_or_else(|error: SegmentError| panic!("{error}"))
        };
        bench.take(&[
            seen("known", 1, "e:victim@acme.com"),
            public("early", 2, "a:d1 e:cleo@acme.com"),
            public("claim", 11, "u:8841 e:victim@acme.com"),
            saying(public("lie", 12, "e:new@evil.example"), traits(json!({"role": "CEO"}))),
            public("late", 13, "e:cleo@acme.com"),
            public("visit", 14, "a:d2"),
            public("named", 15, "a:d2 e:victim@acme.com"),
        ]);
        seal_all(bench);
        assert_eq!(bench.lead("u:8841"), bench.lead("e:victim@acme.com"));
        assert_eq!(bench.lead("a:d2"), bench.lead("e:victim@acme.com"));
        let changed = back(true);
        assert!(changed.contains(&bench.lead("e:victim@acme.com").expect("a lead")));
        assert_eq!((bench.lead("u:8841"), bench.lead("e:new@evil.example")), (None, None));
        assert_eq!(counting(bench, "e:victim@acme.com"), ["known"]);
        assert_eq!(counting(bench, "e:cleo@acme.com"), ["early"], "said before, too");
        assert_ne!(bench.lead("a:d1"), None);
        back(false);
        assert_eq!(bench.lead("u:8841"), bench.lead("e:victim@acme.com"));
        assert_eq!(bench.lead("a:d2"), bench.lead("e:victim@acme.com"));
        assert_eq!(counting(bench, "e:new@evil.example"), ["lie"]);
        // The true owner of a user id that was claimed is another.
        back(true);
        bench.take(&[seen("true", 30, "u:8841 e:real@acme.com")]);
        assert_eq!(counting(bench, "u:8841"), ["true"]);
        back(false);
        assert_ne!(bench.lead("u:8841"), bench.lead("e:victim@acme.com"), "it has an owner");
    });
}

#[test]
fn whoever_is_erased_is_not_imported_again_under_a_name_that_was_taken_back() {
    on_both(|bench| {
        begin(bench, &["i", "j"]);
        bench.take(&[imported("i", seen("1", 1, "e:ana@acme.com u:17")), seen("2", 2, "u:17")]);
        undo(bench, "i");
        assert_eq!(bench.lead("e:ana@acme.com"), None);
        let request = ErasureRequest {
            lead: bench.lead("u:17").expect("a lead"),
            reason: "Article 17".to_owned(),
            requested_by: "user:eva".to_owned(),
            id: "erasure".to_owned(),
        };
        erase(&bench.store, &bench.segments, &request, minute(1100)).expect("erased");
        let taken = bench.take(&[imported("j", seen("1", 1, "e:ana@acme.com"))]);
        assert_eq!(taken.taken[0].outcome, Outcome::Refused(Refusal::Suppressed));
    });
}

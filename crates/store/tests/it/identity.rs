//! Whose a fact is: who becomes one lead, who never does, and how two become two again.

use std::collections::BTreeSet;

use leads::Report;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use store::identity::{DEVICE_OWNERS_MAX, Note, identifiers, is_lead, merge, merges, undo_merge};

use crate::support::reports::{alias, by_machine, minute, public, saying, seen};
use crate::support::{Bench, fresh_id, on_both, start};

fn notes(bench: &Bench, report: Report) -> Vec<Note> {
    bench.take(&[report]).taken.remove(0).notes
}

fn undo(bench: &Bench, id: &str) {
    let id = id.to_owned();
    bench
        .store
        .write(move |tx| undo_merge(tx, &id, start(), "eva"))
        .unwrap_or_else(|error| panic!("{error}"));
}

fn standing_merges(bench: &Bench, lead: &str) -> Vec<String> {
    let all = bench.store.read(|tx| merges(tx, lead)).expect("merges");
    all.into_iter().filter(|merge| merge.undone_at.is_none()).map(|merge| merge.id).collect()
}

#[test]
fn a_visitor_becomes_known_with_everything_that_was_seen_before_on_every_device() {
    on_both(|bench| {
        bench.take(&[
            public("f1", 1, "a:phone"),
            public("f2", 2, "a:laptop"),
            public("f3", 3, "a:phone e:ana@acme.com"),
            public("f4", 4, "a:laptop e:ana@acme.com u:17"),
            public("f5", 5, "u:17"),
            public("f6", 6, "a:phone"),
        ]);
        assert_eq!(bench.ids("u:17"), ["f1", "f2", "f3", "f4", "f5", "f6"]);
        assert_eq!(bench.partition().len(), 1);
        let lead = bench.lead("e:ana@acme.com").expect("a lead");
        let names = bench.store.read(|tx| identifiers(tx, &lead)).expect("identifiers");
        assert_eq!(names.len(), 4);
    });
}

#[test]
fn a_user_id_that_is_an_address_is_one_in_whatever_case() {
    on_both(|bench| {
        bench.take(&[
            seen("f1", 1, "u:Ana@Acme.com"),
            seen("f2", 2, "u:ana@acme.com e:ana@acme.com"),
            seen("f3", 3, "u:ANA@ACME.COM a:phone"),
            seen("f4", 4, "a:phone"),
        ]);
        assert_eq!(bench.ids("u:ana@acme.com"), ["f1", "f2", "f3", "f4"]);
        assert_eq!(bench.lead("u:Ana@acme.com"), bench.lead("e:ana@acme.com"));
        // Other ids are what they are.
        bench.take(&[seen("f5", 5, "u:AbC"), seen("f6", 6, "u:abc")]);
        assert_ne!(bench.lead("u:AbC"), bench.lead("u:abc"));
    });
}

/// What was kept before addresses among user ids were compared as addresses.
#[test]
fn user_ids_that_were_kept_in_capitals_are_found_again() {
    on_both(|bench| {
        bench.take(&[
            seen("f1", 1, "u:ana@acme.com"),
            seen("f2", 2, "u:eva@acme.com"),
            seen("f3", 3, "u:iva@acme.com"),
            seen("f4", 4, "u:17"),
        ]);
        let as_before = |was: &str, now: &str| {
            let sql = "UPDATE identifier SET value = $1 WHERE kind = 0 AND value = $2";
            let (was, now) = (was.to_owned(), now.to_owned());
            bench
                .store
                .write(move |tx| tx.execute(sql, &[was.as_str().into(), now.as_str().into()]))
                .unwrap_or_else(|error: store::DbError| panic!("{error}"));
        };
        as_before("Ana@Acme.com", "ana@acme.com");
        as_before("EVA@acme.com", "17");
        let sql = include_str!("../../migrations/011_user_addresses.sql");
        bench
            .store
            .write(move |tx| tx.execute(sql.trim().trim_end_matches(';'), &[]))
            .unwrap_or_else(|error: store::DbError| panic!("{error}"));
        assert_eq!(bench.ids("u:ana@acme.com"), ["f1"]);
        // Two users that both are known stay two.
        assert_eq!(bench.ids("u:eva@acme.com"), ["f2"]);
        assert_eq!(bench.ids("u:iva@acme.com"), ["f3"]);
    });
}

#[test]
fn an_address_changes_and_both_stay_the_persons() {
    on_both(|bench| {
        bench.take(&[
            seen("f1", 1, "u:17 e:ana@acme.com"),
            seen("f2", 2, "u:17 e:ana@new.example"),
            seen("f3", 3, "e:ana@acme.com"),
            seen("f4", 4, "e:ana@new.example"),
        ]);
        assert_eq!(bench.ids("u:17"), ["f1", "f2", "f3", "f4"]);
    });
}

#[test]
fn an_address_that_passes_to_another_user_brings_nobody_together() {
    on_both(|bench| {
        bench.take(&[seen("f1", 1, "u:1 e:x@acme.com"), seen("f2", 2, "u:2 e:y@acme.com")]);
        // They swap.
        let swapped = [seen("f3", 3, "u:1 e:y@acme.com"), seen("f4", 4, "u:2 e:x@acme.com")];
        for report in swapped {
            assert_eq!(notes(bench, report), [Note::DifferentUsers]);
        }
        assert_eq!((bench.ids("u:1"), bench.ids("u:2")).0, ["f1", "f3"]);
        assert_eq!(bench.ids("u:2"), ["f2", "f4"]);
        // A new user with a taken address is a new lead.
        assert_eq!(notes(bench, seen("f5", 5, "u:3 e:x@acme.com")), [Note::DifferentUsers]);
        assert_eq!(bench.ids("u:3"), ["f5"]);
    });
}

#[test]
fn a_page_never_brings_two_known_leads_together_but_a_server_does() {
    on_both(|bench| {
        bench.take(&[seen("f1", 1, "u:1"), seen("f2", 2, "e:ana@acme.com")]);
        assert_eq!(notes(bench, public("f3", 3, "u:1 e:ana@acme.com")), [Note::NotTrusted]);
        assert_eq!(bench.ids("u:1"), ["f1", "f3"]);
        assert_eq!(bench.ids("e:ana@acme.com"), ["f2"]);
        assert_eq!(notes(bench, seen("f4", 4, "u:1 e:ana@acme.com")), []);
        assert_eq!(bench.ids("e:ana@acme.com"), ["f1", "f2", "f3", "f4"]);
    });
}

#[test]
fn a_shared_device_passes_on_and_takes_nobody_with_it() {
    on_both(|bench| {
        bench.take(&[
            public("f1", 1, "a:tablet"),
            public("f2", 2, "a:tablet e:ana@acme.com"),
            public("f3", 3, "a:tablet"),
        ]);
        for trusted in [false, true] {
            let report = if trusted {
                seen("f4", 4, "a:tablet e:bob@acme.com")
            } else {
                public("f4", 4, "a:tablet e:bob@acme.com")
            };
            let expected: &[Note] = if trusted { &[] } else { &[Note::DevicePassedOn] };
            assert_eq!(notes(bench, report), expected);
        }
        // From then on the visitor is Bob; what comes late goes to whom it was then.
        bench.take(&[public("f5", 5, "a:tablet"), public("late", 3, "a:tablet")]);
        assert_eq!(bench.ids("e:ana@acme.com"), ["f1", "f2", "f3", "late"]);
        assert_eq!(bench.ids("e:bob@acme.com"), ["f4", "f5"]);
        // Ana comes back.
        bench.take(&[public("f6", 6, "a:tablet e:ana@acme.com"), public("f7", 7, "a:tablet")]);
        assert_eq!(bench.ids("e:ana@acme.com"), ["f1", "f2", "f3", "late", "f6", "f7"]);
        // Passing on can be undone like any merge: what the visitor did alone is nobody's then.
        let bob = bench.lead("e:bob@acme.com").expect("a lead");
        let passed = standing_merges(bench, &bob);
        assert_eq!(passed.len(), 1);
        undo(bench, &passed[0]);
        assert_eq!(bench.ids("e:bob@acme.com"), ["f4"]);
    });
}

#[test]
fn a_kiosk_ends_up_as_nobodys_device() {
    on_both(|bench| {
        let count = DEVICE_OWNERS_MAX + 5;
        for number in 0..count {
            let name = format!("a:kiosk e:p{number}@acme.com");
            let at = number as i64 * 2;
            bench.take(&[public(&format!("f{number:02}"), at, &name)]);
            bench.take(&[public(&format!("g{number:02}"), at + 1, "a:kiosk")]);
        }
        let last = format!("e:p{}@acme.com", count - 1);
        assert_eq!(bench.ids(&last), [format!("f{:02}", count - 1)]);
        // Nobody has more than what came with their own name, and while the device was theirs.
        for number in 0..count {
            let ids = bench.ids(&format!("e:p{number}@acme.com"));
            let mine = [format!("f{number:02}"), format!("g{number:02}")];
            assert!(ids.iter().all(|id| mine.contains(id)), "{number}: {ids:?}");
        }
        assert_eq!(notes(bench, public("z", 99, "a:kiosk e:z@acme.com")), [Note::SharedDevice]);
        assert_eq!(bench.ids("e:z@acme.com"), ["z"]);
    });
}

#[test]
fn placeholders_draw_nobody_together() {
    on_both(|bench| {
        let nil = "00000000-0000-0000-0000-000000000000";
        for (at, value) in
            ["null", "undefined", "anonymous", "0", nil, "NaN", "true"].into_iter().enumerate()
        {
            let at = at as i64;
            let report = seen(&format!("u{at}"), at, &format!("u:{value} e:u{at}@acme.com"));
            assert_eq!(notes(bench, report), [Note::Placeholder], "{value}");
            bench.take(&[public(&format!("a{at}"), at, &format!("a:{value} u:user{at}"))]);
        }
        assert_eq!(bench.partition().len(), 14, "each is a lead of its own");
        assert_eq!(bench.lead("u:null"), None);
        assert_eq!(bench.lead("a:undefined"), None);
    });
}

#[test]
fn an_alias_joins_ids_in_any_order_and_loops_end() {
    on_both(|bench| {
        // Before anything is known of the old id, and after.
        bench.take(&[
            saying(seen("f1", 1, "u:new"), alias("old")),
            seen("f2", 2, "u:old"),
            seen("f3", 3, "u:older"),
            saying(seen("f4", 4, "u:old"), alias("older")),
        ]);
        assert_eq!(bench.ids("u:new"), ["f1", "f2", "f3", "f4"]);
        // In circles, and to itself.
        bench.take(&[
            saying(seen("f5", 5, "u:older"), alias("new")),
            saying(seen("f6", 6, "u:old"), alias("old")),
        ]);
        assert_eq!(bench.ids("u:new").len(), 6);
        assert_eq!(bench.partition().len(), 1);
        // Anybody's alias takes over no user.
        bench.take(&[seen("g1", 1, "u:victim"), public("g2", 2, "u:thief")]);
        let notes = notes(bench, saying(public("g3", 3, "u:thief"), alias("victim")));
        assert_eq!(notes, [Note::NotTrusted]);
        assert_eq!(bench.ids("u:victim"), ["g1"]);
        // A visitor it may take along, as long as nobody knows it.
        bench.take(&[public("h1", 1, "a:v1"), saying(public("h2", 2, "u:signed-up"), alias("v1"))]);
        assert_eq!(bench.ids("u:signed-up"), ["h1", "h2"]);
    });
}

#[test]
fn a_machine_that_follows_links_links_nobody() {
    on_both(|bench| {
        bench.take(&[seen("f1", 1, "e:ana@acme.com")]);
        bench.take(&[by_machine(public("f2", 2, "a:bot e:ana@acme.com"))]);
        bench.take(&[public("f3", 3, "a:bot")]);
        assert_eq!(bench.ids("e:ana@acme.com"), ["f1", "f2"]);
    });
}

#[test]
fn a_lead_goes_by_every_id_that_it_ever_had() {
    on_both(|bench| {
        bench.take(&[seen("f1", 1, "u:1"), seen("f2", 2, "e:ana@acme.com")]);
        let (one, other) =
            (bench.lead("u:1").expect("a lead"), bench.lead("e:ana@acme.com").expect("a lead"));
        bench.take(&[seen("f3", 3, "u:1 e:ana@acme.com")]);
        assert_eq!(bench.lead(&format!("l:{other}")), Some(one));
        bench.take(&[seen("f4", 4, &format!("l:{other}"))]);
        assert_eq!(bench.ids("u:1"), ["f1", "f2", "f3", "f4"]);
        // An id of another system's is an identifier like others.
        bench.take(&[seen("g1", 1, "l:crm-5"), seen("g2", 2, "l:crm-5 e:bob@acme.com")]);
        assert_eq!(bench.ids("e:bob@acme.com"), ["g1", "g2"]);
    });
}

#[test]
fn who_became_part_of_another_is_no_lead_until_that_is_undone() {
    on_both(|bench| {
        bench.take(&[seen("f1", 1, "u:1"), seen("f2", 2, "e:ana@acme.com")]);
        let [one, other] = ["u:1", "e:ana@acme.com"].map(|name| bench.lead(name).expect("a lead"));
        let are_leads = || {
            let asked = [one.as_str(), other.as_str(), "nobody"];
            asked.map(|lead| bench.store.read(|tx| is_lead(tx, lead)).expect("an answer"))
        };
        assert_eq!(are_leads(), [true, true, false]);
        bench.take(&[seen("f3", 3, "u:1 e:ana@acme.com")]);
        assert_eq!(are_leads(), [true, false, false]);
        undo(bench, &standing_merges(bench, &one)[0]);
        assert_eq!(are_leads(), [true, true, false]);
    });
}

#[test]
fn who_separates_what_they_had_joined_themselves_is_not_overruled_by_a_report() {
    on_both(|bench| {
        bench.take(&[seen("f1", 1, "u:1"), seen("f2", 2, "e:ana@acme.com")]);
        let [one, other] = ["u:1", "e:ana@acme.com"].map(|name| bench.lead(name).expect("a lead"));
        let joined = bench
            .store
            .write(move |tx| merge(tx, &one, &other, minute(3), "the same", "eva", &mut fresh_id));
        undo(bench, &joined.unwrap_or_else(|error| panic!("{error}")).id);
        assert_eq!(notes(bench, seen("f3", 4, "u:1 e:ana@acme.com")), [Note::Separated]);
        assert_ne!(bench.lead("u:1"), bench.lead("e:ana@acme.com"));
    });
}

#[test]
fn a_user_id_that_only_the_public_claims_keeps_no_true_one_out() {
    on_both(|bench| {
        // Of an address whose user we hear of later, and of one whose user is known already.
        bench.take(&[
            seen("a", 1, "e:ana@acme.com"),
            seen("b", 1, "e:bea@acme.com"),
            seen("u", 1, "u:bea"),
        ]);
        bench.take(&[
            public("s", 2, "u:squat1 e:ana@acme.com"),
            public("t", 2, "u:squat2 e:bea@acme.com"),
        ]);
        assert_eq!(bench.lead("u:squat1"), bench.lead("e:ana@acme.com"));
        // That the claimant is somebody does not make them who they claim to be.
        bench.take(&[seen("own", 3, "u:squat1")]);
        assert_eq!(notes(bench, seen("c", 4, "u:ana e:ana@acme.com")), [Note::DifferentUsers]);
        assert_eq!(notes(bench, seen("d", 4, "u:bea e:bea@acme.com")), [Note::DifferentUsers]);
        assert_eq!(bench.lead("u:ana"), bench.lead("e:ana@acme.com"));
        assert_eq!(bench.lead("u:bea"), bench.lead("e:bea@acme.com"));
        assert_eq!((bench.lead("u:squat1"), bench.lead("u:squat2")), (None, None));
        // And they cannot take it back.
        assert_eq!(notes(bench, public("x", 5, "u:squat1 e:ana@acme.com")), [Note::DifferentUsers]);
        assert_ne!(bench.lead("u:squat1"), bench.lead("e:ana@acme.com"));
        // Neither can a server that is late: whom a trusted report has named first stays.
        assert_eq!(notes(bench, seen("y", 6, "u:other e:ana@acme.com")), [Note::DifferentUsers]);
        assert_eq!(bench.lead("u:ana"), bench.lead("e:ana@acme.com"));
    });
}

#[test]
fn a_user_id_that_a_server_confirms_is_as_good_as_one_of_its_own() {
    on_both(|bench| {
        bench.take(&[public("a", 1, "u:ana e:ana@acme.com"), seen("b", 2, "u:ana e:ana@acme.com")]);
        assert_eq!(notes(bench, seen("c", 3, "u:other e:ana@acme.com")), [Note::DifferentUsers]);
        assert_eq!(bench.lead("u:ana"), bench.lead("e:ana@acme.com"));
        assert_ne!(bench.lead("u:other"), bench.lead("e:ana@acme.com"));
    });
}

#[test]
fn nobody_has_identifiers_without_end() {
    on_both(|bench| {
        let mut reports: Vec<Report> = (0..40)
            .map(|number| seen(&format!("f{number}"), number, &format!("u:1 e:e{number}@acme.com")))
            .collect();
        let taken = bench.take(&reports).taken;
        assert_eq!(taken.iter().filter(|taken| taken.notes == [Note::TooMany]).count(), 24);
        let lead = bench.lead("u:1").expect("a lead");
        assert_eq!(bench.store.read(|tx| identifiers(tx, &lead)).expect("names").len(), 17);
        assert_eq!(bench.ids("u:1").len(), 40, "their facts are the user's all the same");
        reports.clear();
    });
}

#[test]
fn undoing_a_merge_puts_back_exactly_what_it_joined_whatever_came_between() {
    on_both(|bench| {
        bench.take(&[
            seen("a1", 1, "u:a"),
            seen("b1", 1, "e:b@acme.com"),
            public("c1", 1, "a:c"),
            seen("d1", 1, "l:d"),
        ]);
        let alone = bench.partition();
        let by_hand = |winner: &str, loser: &str| {
            let (winner, loser) =
                (bench.lead(winner).expect("a lead"), bench.lead(loser).expect("a lead"));
            bench
                .store
                .write(move |tx| {
                    merge(tx, &winner, &loser, minute(9), "the same", "user:eva", &mut fresh_id)
                })
                .unwrap_or_else(|error| panic!("{error}"))
                .id
        };
        let first = by_hand("u:a", "e:b@acme.com");
        // The visitor becomes known while the two are one, through either name.
        bench.take(&[public("c2", 2, "a:c e:b@acme.com"), seen("b2", 3, "e:b@acme.com")]);
        let second = by_hand("l:d", "u:a");
        bench.take(&[seen("a2", 4, "u:a"), seen("d2", 5, "l:d")]);
        assert_eq!(bench.partition().len(), 1);
        undo(bench, &first);
        assert_eq!(bench.ids("e:b@acme.com"), ["b1", "c2", "b2"]);
        assert_eq!(bench.ids("u:a"), ["a1", "c1", "d1", "a2", "d2"]);
        undo(bench, &second);
        assert_eq!(bench.ids("l:d"), ["d1", "d2"]);
        let third = standing_merges(bench, &bench.lead("u:a").expect("a lead"));
        undo(bench, &third[0]);
        let now = bench.partition();
        assert_eq!(now.len(), alone.len());
        assert_eq!(bench.ids("a:c"), ["c1"]);
        // It stays undone when the two are named together again, until a user says otherwise.
        let report = seen("z", 9, "u:a e:b@acme.com");
        assert_eq!(notes(bench, report), [Note::Separated]);
        assert_eq!(bench.ids("e:b@acme.com"), ["b1", "c2", "b2"]);
        by_hand("u:a", "e:b@acme.com");
        assert_eq!(bench.ids("e:b@acme.com"), ["a1", "b1", "c2", "b2", "a2", "z"]);
        let again = bench.store.write(move |tx| undo_merge(tx, &first, start(), "eva"));
        assert!(again.is_err(), "it is undone already");
    });
}

/// A report of a small world: few persons with few names, so that much happens.
fn small_world() -> impl Strategy<Value = Vec<Report>> {
    let user = prop::option::weighted(0.4, 0..3_u8);
    let email = prop::option::weighted(0.4, 0..4_u8);
    let visitor = prop::option::weighted(0.5, 0..4_u8);
    let report = (
        user,
        email,
        visitor,
        0..20_i64,
        any::<bool>(),
        0..12_u8,
        prop::option::weighted(0.1, 0..3_u8),
    );
    prop::collection::vec(report, 1..14).prop_map(|reports| {
        let mut made = Vec::new();
        for (number, (user, email, visitor, at, trusted, id, previous)) in
            reports.into_iter().enumerate()
        {
            let mut names: Vec<String> = Vec::new();
            names.extend(user.map(|user| format!("u:user{user}")));
            names.extend(email.map(|email| format!("e:e{email}@acme.com")));
            names.extend(visitor.map(|visitor| format!("a:device{visitor}")));
            let mut names = names.join(" ");
            if names.is_empty() {
                names.push_str("u:user0");
            }
            // Some ids come twice with different facts.
            let id = if id == 0 { "same".to_owned() } else { format!("f{number}") };
            let report = if trusted { seen(&id, at, &names) } else { public(&id, at, &names) };
            made.push(match previous {
                Some(previous) => saying(report, alias(&format!("user{previous}"))),
                None => report,
            });
        }
        made
    })
}

fn has_notes(bench: &Bench, reports: &[Report]) -> bool {
    reports.iter().any(|report| !notes(bench, report.clone()).is_empty())
}

fn both(check: impl Fn(&Bench, u32)) {
    check(&Bench::sqlite(), 200);
    if let Some(bench) = Bench::postgres() {
        check(&bench, 24);
    }
}

fn run<S: Strategy>(
    cases: u32,
    strategy: &S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let mut config = ProptestConfig::with_cases(cases);
    config.failure_persistence = None;
    config.max_global_rejects = cases * 50;
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner.run(strategy, test).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_order_of_arrival_never_matters_where_no_link_is_refused() {
    both(|bench, cases| {
        let world = small_world()
            .prop_flat_map(|reports| (Just(reports.clone()), Just(reports).prop_shuffle()));
        run(cases, &world, |(one, other)| {
            bench.clear();
            prop_assume!(!has_notes(bench, &one));
            let first = bench.partition();
            bench.clear();
            prop_assume!(!has_notes(bench, &other));
            prop_assert_eq!(bench.partition(), first);
            Ok(())
        });
    });
}

#[test]
fn duplicates_change_nothing_and_a_batch_is_as_good_as_one_by_one() {
    both(|bench, cases| {
        run(cases, &small_world(), |reports| {
            bench.clear();
            for report in &reports {
                bench.take(std::slice::from_ref(report));
            }
            let once = bench.partition();
            bench.clear();
            bench.take(&reports);
            prop_assert_eq!(&bench.partition(), &once, "in one batch");
            let names = |bench: &Bench| {
                let count = "SELECT count(*) FROM identifier";
                let count: Result<i64, store::DbError> =
                    bench.store.read(|tx| tx.value(count, &[]));
                count.expect("a count")
            };
            let before = names(bench);
            // Exactly the last again: earlier ones may say something new about a device by now.
            if let Some(last) = reports.last() {
                bench.take(&[last.clone(), last.clone()]);
            }
            prop_assert_eq!(bench.partition(), once);
            prop_assert_eq!(names(bench), before);
            Ok(())
        });
    });
}

#[test]
fn undoing_merges_in_any_order_gives_the_same_leads() {
    both(|bench, cases| {
        let world = (small_world(), prop::collection::vec(any::<prop::sample::Index>(), 8));
        run(cases, &world, |(reports, picks)| {
            let undo_all = |forward: bool, count: usize| {
                bench.clear();
                bench.take(&reports);
                let all = bench.store.read(|tx| {
                    let sql = "SELECT m.id, m.at, m.winner, m.loser FROM merge m ORDER BY m.id";
                    tx.query(sql, &[], |row| row.get::<String>(0))
                });
                let all: Vec<String> =
                    all.unwrap_or_else(|error: store::DbError| panic!("{error}"));
                // Which of them: the same positions in both runs.
                let chosen: BTreeSet<usize> = picks
                    .iter()
                    .take(count)
                    .filter(|_| !all.is_empty())
                    .map(|pick| pick.index(all.len()))
                    .collect();
                let mut chosen: Vec<usize> = chosen.into_iter().collect();
                if !forward {
                    chosen.reverse();
                }
                for position in chosen {
                    undo(bench, &all[position]);
                }
                bench.partition()
            };
            prop_assert_eq!(undo_all(true, 3), undo_all(false, 3));
            let (forward, backward) = (undo_all(true, 8), undo_all(false, 8));
            prop_assert_eq!(forward, backward);
            Ok(())
        });
    });
}

/// Whatever arrives: users never share a lead unless an alias says so.
#[test]
fn two_users_are_never_one_lead_without_an_alias() {
    both(|bench, cases| {
        run(cases, &small_world(), |reports| {
            bench.clear();
            let reports: Vec<Report> = reports
                .into_iter()
                .filter(|report| !matches!(report.what, leads::What::Alias { .. }))
                .collect();
            bench.take(&reports);
            let leads: Vec<String> = ["u:user0", "u:user1", "u:user2"]
                .iter()
                .filter_map(|name| bench.lead(name))
                .collect();
            let distinct: BTreeSet<&String> = leads.iter().collect();
            prop_assert_eq!(distinct.len(), leads.len());
            // And devices alone never join two known ones: addresses without a user that were never
            // named with another strong identifier by a trusted report stay apart.
            let public_only: Vec<Report> = reports
                .into_iter()
                .map(|report| Report { trust: leads::Trust::Public, ..report })
                .collect();
            bench.clear();
            let mut known: BTreeSet<BTreeSet<String>> = BTreeSet::new();
            for report in public_only {
                bench.take(std::slice::from_ref(&report));
                let sql =
                    "SELECT DISTINCT p.lead FROM identifier i JOIN person p ON p.id = i.person
                    WHERE i.kind < 3";
                let leads = bench.store.read(|tx| tx.query(sql, &[], |row| row.get::<String>(0)));
                let leads: BTreeSet<String> = leads
                    .unwrap_or_else(|error: store::DbError| panic!("{error}"))
                    .into_iter()
                    .collect();
                if let Some(before) = known.iter().next_back() {
                    prop_assert!(before.is_subset(&leads), "a known lead is gone");
                }
                known.clear();
                known.insert(leads);
            }
            Ok(())
        });
    });
}

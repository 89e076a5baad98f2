//! Cold facts move to files, and nobody notices but the disk.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use leads::{MachineSign, Report, Timestamp};
use serde_json::json;
use store::facts::{FactKind, Outcome, ToLabel, Which, append, count, restore, retract, to_label};
use store::reading::{AllFacts, EventQuery, each_fact, each_lead, events};
use store::segments::{SealOptions, Sealed, Verified, compact, seal, segment_files, verify};
use store::{Address, DbError, SegmentError, Segments, Store};

use crate::support::reports::{by_machine, group, minute, saying, seen, traits};
use crate::support::{Bench, fresh_id, on_both, relabel, start};

/// 60 facts of 20 persons in the first hour, and some of today.
fn fill(bench: &Bench) {
    // `0` is nobody's id.
    let user = |n: i64| if n % 20 == 0 { 20 } else { n % 20 };
    let mut reports: Vec<Report> =
        (0..60).map(|n| seen(&format!("f{n:02}"), n, &format!("u:{}", user(n)))).collect();
    reports.push(saying(seen("t1", 5, "u:1"), traits(json!({"city": "Iași"}))));
    reports.push(saying(seen("g1", 6, "u:1"), group("acme", json!({"size": 5}))));
    reports.push(by_machine(seen("m1", 7, "u:1")));
    reports.push(seen("today", 5000, "u:1"));
    bench.take(&reports);
}

fn seal_hour(bench: &Bench) -> Sealed {
    let options = SealOptions { before: minute(60), at_least: 1, at_most: 1000 };
    seal(&bench.store, &bench.segments, &options, minute(6000))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn verified(bench: &Bench) -> Verified {
    let found = bench.store.read(|tx| verify(tx, &bench.segments, &mut |_| {}));
    found.unwrap_or_else(|error| panic!("{error}"))
}

fn counting(bench: &Bench, name: &str) -> Vec<String> {
    let record = bench.record(&bench.lead(name).expect("a lead"));
    record.facts.iter().filter(|fact| fact.counts()).map(|fact| fact.id.clone()).collect()
}

fn files(bench: &Bench) -> Vec<PathBuf> {
    let entries = fs::read_dir(bench.segments.directory()).expect("a directory");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

#[test]
fn sealing_changes_no_leads_facts() {
    on_both(|bench| {
        fill(bench);
        let before = bench.partition();
        let record = bench.record(&bench.lead("u:1").expect("a lead"));
        let sealed = seal_hour(bench);
        assert_eq!(sealed.facts, 62, "60 events, the traits and the machine's");
        assert_eq!(bench.store.read(count), Ok(2), "the group and today's stay");
        assert_eq!(bench.partition(), before);
        assert_eq!(bench.record(&bench.lead("u:1").expect("a lead")), record);
        let found = verified(bench);
        assert_eq!((found.hot, found.sealed, found.damages.len()), (2, 62, 0), "{found:?}");
        assert_eq!(found.files, sealed.files);
        assert_eq!(seal_hour(bench), Sealed::default(), "nothing is left to seal");
        // Everybody at once sees the same as one by one.
        let read = bench.store.read(|tx| {
            each_lead(tx, &bench.segments, |one| {
                assert_eq!(one, bench.record(&one.lead));
                Ok::<(), SegmentError>(())
            })
        });
        read.unwrap_or_else(|error| panic!("{error}"));
        let lead = bench.lead("u:1");
        let query = EventQuery { lead, limit: 3, ..EventQuery::default() };
        let page = bench.store.read(|tx| events(tx, &bench.segments, &query));
        let page = page.unwrap_or_else(|error: SegmentError| panic!("{error}"));
        let ids: Vec<&str> = page.iter().map(|fact| fact.id.as_str()).collect();
        assert_eq!(ids, ["today", "f41", "f21"]);
    });
}

/// A file is read in pages of 256 facts, of row groups of 8,192: people begin and end anywhere in both.
#[test]
fn a_lead_has_its_own_facts_wherever_they_stand_in_a_file() {
    on_both(|bench| {
        let counts = [9_000, 1, 255, 256, 257, 700].into_iter().chain((0..300).map(|n| n % 40));
        let facts_of = |(user, many): (usize, usize)| {
            let names = format!("u:person-{user}");
            let seen = move |n: usize| seen(&format!("{user}-{n:04}"), (n % 60) as i64, &names);
            (0..many).map(seen)
        };
        let reports: Vec<Report> = counts.clone().enumerate().flat_map(facts_of).collect();
        reports.chunks(2_000).for_each(|reports| drop(bench.take(reports)));
        let before = bench.partition();
        let options = SealOptions { before: minute(60), at_least: 1, at_most: 100_000 };
        let sealed = seal(&bench.store, &bench.segments, &options, minute(6000));
        assert_eq!(sealed.map(|sealed| sealed.facts), Ok(reports.len()));
        assert_eq!(bench.partition(), before);
        for (user, many) in counts.enumerate().filter(|(_, many)| *many > 0) {
            assert_eq!(bench.ids(&format!("u:person-{user}")).len(), many, "of person {user}");
        }
        // Those of a few of very many that were decided since are read by their ids.
        let which: Vec<String> = (0..300).map(|n| format!("0-{n:04}")).collect();
        let segments = bench.segments.clone();
        bench
            .store
            .write(move |tx| retract(tx, &segments, &Which::Ids(&which), start()))
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(counting(bench, "u:person-0").len(), 8_700);
        assert_eq!(counting(bench, "u:person-5").len(), 700);
        assert_eq!(verified(bench).damages, []);
    });
}

#[test]
fn few_facts_are_not_worth_a_file() {
    on_both(|bench| {
        fill(bench);
        let options = SealOptions { before: minute(60), at_least: 63, at_most: 1000 };
        let sealed = seal(&bench.store, &bench.segments, &options, minute(6000));
        assert_eq!(sealed, Ok(Sealed::default()));
        assert!(files(bench).is_empty());
    });
}

#[test]
fn a_duplicate_of_a_sealed_fact_is_recognised_and_an_earlier_form_takes_its_place() {
    on_both(|bench| {
        fill(bench);
        seal_hour(bench);
        let before = bench.partition();
        let taken = bench.take(&[seen("f05", 5, "u:5")]);
        assert_eq!(taken.taken[0].outcome, Outcome::Repeated);
        assert!(taken.changed.is_empty());
        assert_eq!(bench.partition(), before);

        let taken = bench.take(&[seen("f05", 3, "u:6")]);
        assert_eq!(taken.taken[0].outcome, Outcome::Replaced);
        assert_eq!(taken.changed.len(), 2, "both leads");
        assert_eq!(bench.ids("u:5"), ["f25", "f45"]);
        assert_eq!(bench.ids("u:6"), ["f05", "f06", "f26", "f46"]);
        assert_eq!(verified(bench).damages, []);
        // Sealed again, it lies in another file, and the hole in the first stays a hole.
        seal_hour(bench);
        assert_eq!(bench.ids("u:5"), ["f25", "f45"]);
        assert_eq!(bench.ids("u:6"), ["f05", "f06", "f26", "f46"]);
        let again = bench.take(&[seen("f05", 5, "u:5"), seen("f05", 3, "u:6")]);
        assert!(again.taken.iter().all(|taken| taken.outcome == Outcome::Repeated));
        assert_eq!(verified(bench).damages, []);
    });
}

#[test]
fn sealed_facts_are_taken_back_and_labelled_like_others() {
    on_both(|bench| {
        fill(bench);
        let import =
            |id: &str, at| Report { source: "import:i1".to_owned(), ..seen(id, at, "u:2") };
        bench.take(&[import("i1", 8), import("i2", 9)]);
        seal_hour(bench);
        let before = bench.partition();
        let (segments, segments_again) = (bench.segments.clone(), bench.segments.clone());
        let taken = bench
            .store
            .write(move |tx| retract(tx, &segments, &Which::Import("i1"), start()))
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(taken.len(), 1);
        assert_eq!(counting(bench, "u:2"), ["f02", "f22", "f42"]);
        let given = bench
            .store
            .write(move |tx| restore(tx, &segments_again, &Which::Import("i1")))
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(given, taken);
        assert_eq!(counting(bench, "u:2"), ["f02", "i1", "i2", "f22", "f42"]);
        assert_eq!(bench.partition(), before);

        let segments = bench.segments.clone();
        bench
            .store
            .write(move |tx| {
                let which = Which::Source { source: "key:server", from: minute(0), to: minute(3) };
                retract(tx, &segments, &which, start())
            })
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(counting(bench, "u:2"), ["i1", "i2", "f22", "f42"]);
        let sign = MachineSign { reason: "burst".to_owned(), confidence: 60 };
        let lead = bench.store.write(move |tx| relabel(tx, "i1", Some(&sign))).expect("labelled");
        assert_eq!(lead, bench.lead("u:2"));
        assert_eq!(counting(bench, "u:2"), ["i2", "f22", "f42"]);
        // The machine's fact that was sealed as such becomes a person's.
        bench.store.write(|tx| relabel(tx, "m1", None)).expect("labelled");
        assert!(counting(bench, "u:1").contains(&"m1".to_owned()));
        assert_eq!(verified(bench).damages, []);
    });
}

#[test]
fn traits_in_files_are_no_events() {
    on_both(|bench| {
        fill(bench);
        seal_hour(bench);
        let lead = bench.lead("u:1").expect("a lead");
        let all = ToLabel {
            reason: None,
            source: None,
            lead: None,
            from: Timestamp::MIN,
            to: Timestamp::MAX,
        };
        let to_label = |which: ToLabel, is_machine: bool| -> Vec<String> {
            let found =
                bench.store.read(|tx| to_label(tx, &bench.segments, &which, is_machine, 100));
            let found = found.unwrap_or_else(|error| panic!("{error}"));
            found.into_iter().map(|fact| fact.id).collect()
        };
        let of_lead = ToLabel { lead: Some(lead), ..all.clone() };
        let events = ["today", "f01", "f21", "f41"];
        assert_eq!(to_label(of_lead.clone(), false), events, "all but its traits and its company");
        let of_source = ToLabel { source: Some("key:server".to_owned()), ..all.clone() };
        assert_eq!(to_label(of_source.clone(), false).len(), 61);
        assert_eq!(to_label(ToLabel { source: of_source.source, ..of_lead }, false), events);
        let crawlers = ToLabel { reason: Some("crawler".to_owned()), ..all };
        assert_eq!(to_label(crawlers, true), ["m1"]);
        let taken_out = |kind: FactKind| -> Vec<String> {
            let which = AllFacts { kind, name: None, from: Timestamp::MIN, to: Timestamp::MAX };
            let mut ids = Vec::new();
            let read = bench.store.read(|tx| {
                each_fact(tx, &bench.segments, &which, |fact, _| {
                    ids.push(fact.id);
                    Ok::<(), SegmentError>(())
                })
            });
            read.unwrap_or_else(|error| panic!("{error}"));
            ids
        };
        assert_eq!(taken_out(FactKind::Traits), ["t1"]);
        assert_eq!(taken_out(FactKind::Group), ["g1"]);
        let events = taken_out(FactKind::Event);
        assert_eq!((events.len(), events.contains(&"t1".to_owned())), (62, false));
    });
}

#[test]
fn small_files_are_joined_into_larger_ones() {
    on_both(|bench| {
        for round in 0..9 {
            let report = seen(&format!("f{round}"), round, "u:1");
            bench.take(&[report]);
            seal_hour(bench);
        }
        bench.take(&[seen("f3", 1, "u:1")]);
        let before = bench.partition();
        assert_eq!(files(bench).len(), 9);
        let joined = compact(&bench.store, &bench.segments, minute(7000));
        assert_eq!(joined, Ok(9));
        let counting = |path: &&PathBuf| path.extension().is_some_and(|kind| kind == "parquet");
        assert_eq!(files(bench).iter().filter(counting).count(), 1, "as other programs see it");
        assert_eq!(bench.partition(), before);
        let segments = bench.segments.clone();
        let swept = bench.store.write(move |tx| segments.sweep(tx, minute(7000), Duration::ZERO));
        assert_eq!(swept, Ok(9));
        assert_eq!(files(bench).len(), 1);
        assert_eq!(bench.partition(), before);
        assert_eq!(verified(bench).damages, []);
    });
}

#[test]
fn who_reads_while_files_are_joined_reads_them_to_the_end() {
    let bench = Bench::sqlite();
    for round in 0..9 {
        bench.take(&[seen(&format!("f{round}"), round, "u:1")]);
        seal_hour(&bench);
    }
    let lead = bench.lead("u:1").expect("a lead");
    let record = bench.record(&lead);
    let read = bench.store.read(|tx| {
        // What it sees from here on is what was there before.
        let named = segment_files(tx)?;
        compact(&bench.store, &bench.segments, minute(7000))?;
        assert_eq!(segment_files(tx)?, named);
        store::reading::lead_facts(tx, &bench.segments, &lead)
    });
    assert_eq!(read, Ok::<_, SegmentError>(record));
}

#[test]
fn what_an_interrupted_sealing_leaves_is_swept_away_and_nothing_else() {
    on_both(|bench| {
        fill(bench);
        seal_hour(bench);
        let named = files(bench).len();
        for name in ["facts-03-half.part", "facts-03-whole.parquet", "notes.txt"] {
            fs::write(bench.segments.directory().join(name), b"x").expect("written");
        }
        let segments = bench.segments.clone();
        let swept = bench.store.write(move |tx| segments.sweep(tx, minute(7000), Duration::ZERO));
        assert_eq!(swept, Ok(2));
        assert_eq!(files(bench).len(), named + 1);
        fs::write(bench.segments.directory().join("facts-03-now.part"), b"x").expect("written");
        let segments = bench.segments.clone();
        let hour = Duration::from_hours(1);
        let swept = bench.store.write(move |tx| segments.sweep(tx, minute(7000), hour));
        assert_eq!(swept, Ok(0), "somebody may be writing it");
        assert_eq!(verified(bench).damages, []);
    });
}

#[test]
fn a_turned_letter_in_the_database_is_found_and_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("madura.db");
    let open = || Store::open(&Address::File(path.clone()), start()).expect("a store");
    let segments = Segments::open(&directory.path().join("events")).expect("a directory");
    let check = |store: &Store| {
        let found = store.read(|tx| verify(tx, &segments, &mut |_| {}));
        found.unwrap_or_else(|error| panic!("{error}")).damages
    };
    let store = open();
    let says = |id: &str, what| saying(seen(id, 1, "u:1"), what);
    store
        .write::<_, DbError>(move |tx| {
            let reports = [
                says("f1", traits(json!({"city": "Timisoara"}))),
                by_machine(seen("f2", 2, "u:1")),
                by_machine(seen("f3", 3, "u:1")),
                says("f4", group("acme", json!({"size": 5}))),
            ];
            append(tx, &reports, &mut fresh_id)?;
            // Somebody knew better; that is no damage.
            relabel(tx, "f2", None)?;
            let sign = MachineSign { reason: "our office".to_owned(), confidence: 100 };
            relabel(tx, "f3", Some(&sign))?;
            Ok(())
        })
        .expect("appended");
    assert_eq!(check(&store), []);
    drop(store);
    let mut bytes = fs::read(&path).expect("a file");
    let city = b"Timisoara";
    let at = bytes.windows(city.len()).position(|part| part == city).expect("the city");
    bytes[at] ^= 0x01;
    fs::write(&path, &bytes).expect("written");
    let damages = check(&open());
    assert_eq!(damages.len(), 1, "{damages:?}");
    assert_eq!(damages[0].place, "fact");
    assert!(damages[0].finding.contains("`f1`"), "{damages:?}");
}

#[test]
fn every_flipped_byte_of_a_file_is_found_and_named_and_nothing_wrong_is_read() {
    let bench = Bench::sqlite();
    fill(&bench);
    seal_hour(&bench);
    let segment = bench.store.read(segment_files).expect("files").remove(0);
    let path = bench.segments.directory().join(&segment.file);
    let whole = fs::read(&path).expect("a file");
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&path, &bytes).expect("written");
        // As the next process would see it.
        let segments = Segments::open(bench.segments.directory()).expect("a directory");
        let found = bench.store.read(|tx| verify(tx, &segments, &mut |_| {})).expect("a check");
        assert_eq!(found.damages.len(), 1, "byte {at}");
        assert_eq!(found.damages[0].place, segment.file);
        let read = bench.store.read(|tx| each_lead(tx, &segments, |_| Ok::<(), SegmentError>(())));
        assert!(matches!(read, Err(SegmentError::Damaged { .. })), "byte {at}");
    }
    fs::remove_file(&path).expect("removed");
    let segments = Segments::open(bench.segments.directory()).expect("a directory");
    let found = bench.store.read(|tx| verify(tx, &segments, &mut |_| {})).expect("a check");
    assert_eq!((found.damages.len(), found.damages[0].place.as_str()), (1, segment.file.as_str()));
    fs::write(&path, &whole).expect("written");
    assert_eq!(verified(&bench).damages, []);
}

#[test]
fn rows_that_refer_to_nothing_are_found() {
    on_both(|bench| {
        fill(bench);
        seal_hour(bench);
        let broken: Result<(), DbError> = bench.store.write(|tx| {
            tx.execute("DELETE FROM sealed_fact WHERE id = 'f07'", &[])?;
            tx.execute("UPDATE fact SET person = 'gone' WHERE id = 'today'", &[])?;
            Ok(())
        });
        broken.expect("broken on purpose");
        let found = verified(bench);
        let told: Vec<String> = found
            .damages
            .iter()
            .map(|damage| format!("{} {}", damage.place, damage.finding))
            .collect();
        assert!(told.iter().any(|text| text.contains("`today`")), "{told:?}");
        assert!(told.iter().any(|text| text.contains("`f07`")), "{told:?}");
    });
}

//! What is in the inbox is safe, stays until it is taken away, and comes along in a backup.

use std::sync::mpsc::channel;

use leads::Report;
use serde_json::json;
use store::backup::{backup, restore};
use store::inbox::{self, Parcel};
use store::{Address, DbError, Store};

use crate::support::reports::{deal, minute, saying, seen, traits};
use crate::support::{Bench, on_both, start};

/// Puts a parcel into the inbox, and waits until it is on disk.
pub(crate) fn put(store: &Store, id: &str, reports: Vec<Report>) {
    let (sender, stored) = channel();
    let parcel = Parcel { id: id.to_owned(), at: start(), reports };
    store.inbox().put(parcel, move |result| sender.send(result).expect("somebody waits"));
    stored.recv().expect("an answer").expect("stored");
}

/// Waits until everything that was handed to the inbox before is on disk.
fn flush(store: &Store) {
    put(store, "zzz", Vec::new());
}

fn ids(store: &Store) -> Vec<String> {
    store.inbox().all().expect("read").into_iter().map(|parcel| parcel.id).collect()
}

#[test]
fn reports_come_out_of_the_inbox_as_they_went_in() {
    on_both(|bench| {
        let odd = json!({"name": "Ștefan \u{0}\u{1F600}", "big": u64::MAX, "small": 1e-300,
            "deep": {"a": [1, null, {"b": -0.1}]}});
        let mut machine = seen("m", 2, "a:d1");
        machine.machine = Some(leads::MachineSign { reason: "crawler".to_owned(), confidence: 90 });
        let reports = vec![
            saying(seen("t", 1, "u:1 e:ana@example.com"), traits(odd)),
            machine,
            saying(seen("d", 3, "l:x"), deal("d1", "won", 12)),
        ];
        put(&bench.store, "p2", reports.clone());
        put(&bench.store, "p1", vec![seen("e", 4, "u:2")]);
        let found = bench.store.inbox().all().expect("read");
        assert_eq!(found.iter().map(|parcel| parcel.id.as_str()).collect::<Vec<_>>(), ["p1", "p2"]);
        assert_eq!((found[1].at, &found[1].reports), (start(), &reports));
    });
}

#[test]
fn what_is_taken_away_is_gone_and_the_rest_stays_over_a_restart() {
    let bench = Bench::sqlite();
    for id in ["a", "b", "c"] {
        put(&bench.store, id, vec![seen(id, 1, "u:1")]);
    }
    bench.store.inbox().clear(vec!["b".to_owned()]);
    bench.store.inbox().set_aside("c".to_owned(), "a reason".to_owned());
    flush(&bench.store);
    let condition = bench.store.inbox().condition().expect("a look");
    assert_eq!((condition.waiting, condition.set_aside.len()), (2, 1));
    assert_eq!(condition.set_aside[0].1, "a reason");
    assert_eq!(condition.damages, Vec::<String>::new());
    let (address, directory) = (bench.store.address().clone(), bench.directory);
    drop(bench.store);
    let store = Store::open(&address, start()).expect("open");
    assert_eq!(ids(&store), ["a", "c", "zzz"]);
    drop((store, directory));
}

#[test]
fn of_what_others_left_behind_only_the_old_is_taken_over_and_not_what_was_set_aside() {
    let Some(bench) = Bench::postgres() else { return };
    put(&bench.store, "a", vec![seen("a", 1, "u:1")]);
    put(&bench.store, "b", vec![seen("b", 1, "u:1")]);
    bench.store.inbox().set_aside("b".to_owned(), "a reason".to_owned());
    flush(&bench.store);
    bench.store.inbox().clear(vec!["zzz".to_owned()]);
    put(&bench.store, "c", Vec::new());
    bench.store.inbox().clear(vec!["c".to_owned()]);
    flush(&bench.store);
    bench.store.inbox().clear(vec!["zzz".to_owned()]);
    assert_eq!(bench.store.inbox().left_behind(start()).expect("read"), []);
    let left = bench.store.inbox().left_behind(minute(1)).expect("read");
    assert!(left.iter().any(|parcel| parcel.id == "a"));
    assert!(left.iter().all(|parcel| parcel.id != "b"));
}

#[test]
fn a_backup_has_what_waits_in_the_inbox() {
    on_both(|bench| {
        put(&bench.store, "p1", vec![seen("waits", 1, "u:1")]);
        let place = tempfile::tempdir().expect("a directory");
        let to = place.path().join("backup");
        backup(&bench.store, &bench.segments, &to, minute(5)).expect("a backup");
        let address = Address::File(place.path().join("restored.db"));
        restore(&to, &address, &place.path().join("events"), minute(6)).expect("restored");
        let store = Store::open(&address, minute(6)).expect("open");
        let parcels = store.read(inbox::read).expect("read");
        assert_eq!(parcels.len(), 1);
        assert_eq!(parcels[0].reports, [seen("waits", 1, "u:1")]);
        store
            .write(|tx| inbox::remove(tx, "p1"))
            .unwrap_or_else(|error: DbError| panic!("{error}"));
        assert_eq!(store.read(inbox::read).expect("read"), []);
    });
}

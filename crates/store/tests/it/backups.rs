//! What is backed up comes back, on either database, and nothing else.

use std::fs;
use std::path::Path;

use serde_json::json;
use store::backup::{BackupError, Restored, backup, check, restore};
use store::segments::{SealOptions, Segments, seal};
use store::webhooks::{self, Message};
use store::{Address, DbError, Store, Tx};

use crate::support::reports::{group, minute, saying, seen, traits};
use crate::support::{Bench, enqueue, listen, on_both, start};

fn fill(bench: &Bench) {
    let reports: Vec<_> =
        (0..40).map(|n| seen(&format!("f{n:02}"), n, &format!("u:{} a:d{n}", n % 7 + 1))).collect();
    bench.take(&reports);
    let options = SealOptions { before: minute(20), at_least: 1, at_most: 1000 };
    seal(&bench.store, &bench.segments, &options, minute(100)).expect("sealed");
    bench.take(&[
        saying(seen("t1", 50, "u:1"), traits(json!({"city": "Iași"}))),
        saying(seen("g1", 51, "u:1"), group("acme", json!({"name": "Acme"}))),
    ]);
}

/// A bench over what was restored into a directory.
fn restored_in(place: &Path, from: &Path) -> (Result<Restored, BackupError>, Address) {
    let address = Address::File(place.join("restored.db"));
    (restore(from, &address, &place.join("events"), minute(200)), address)
}

#[test]
fn a_backup_comes_back_on_either_database() {
    on_both(|bench| {
        fill(bench);
        let place = tempfile::tempdir().expect("a directory");
        let to = place.path().join("backup");
        let manifest = backup(&bench.store, &bench.segments, &to, minute(150));
        let manifest = manifest.unwrap_or_else(|error| panic!("{error}"));
        assert!(manifest.files.len() > 1, "the database and segments");
        assert_eq!(check(&to).unwrap_or_else(|error| panic!("{error}")), manifest);
        let before = bench.partition();
        // What comes later is not in it.
        bench.take(&[seen("later", 160, "u:1")]);

        let (restored, address) = restored_in(place.path(), &to);
        let restored = restored.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((restored.made_at, restored.verified.damages), (minute(150), Vec::new()));
        assert_eq!(partition_of(&address, &place.path().join("events")), before);

        let Some(server) = Bench::postgres() else { return };
        let events = place.path().join("events of the server");
        let restored = restore(&to, server.store.address(), &events, minute(200));
        let restored = restored.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(restored.verified.damages, []);
        assert_eq!(partition_of(server.store.address(), &events), before);
        // Whoever sends things sees that this is another life.
        let at: Result<String, DbError> = server
            .store
            .read(|tx| tx.value("SELECT value FROM meta WHERE name = 'restored_at'", &[]));
        assert_eq!(at, Ok(minute(200).to_string()));
    });
}

fn partition_of(address: &Address, events: &Path) -> std::collections::BTreeSet<Vec<String>> {
    let store = Store::open(address, start()).expect("a store");
    let segments = Segments::open(events).expect("a directory");
    let directory = tempfile::tempdir().expect("a directory");
    Bench { store, segments, directory }.partition()
}

#[test]
fn what_a_backup_waited_to_send_is_not_sent_again_until_somebody_says_so() {
    on_both(|bench| {
        bench
            .store
            .write::<_, DbError>(|tx| {
                listen(tx)?;
                let message =
                    Message { id: "m", event_type: "lead.created", about: None, payload: "{}" };
                enqueue(tx, &[message], start())
            })
            .expect("enqueued");
        let place = tempfile::tempdir().expect("a directory");
        let to = place.path().join("backup");
        backup(&bench.store, &bench.segments, &to, minute(150)).expect("a backup");
        let (restored, address) = restored_in(place.path(), &to);
        assert_eq!(restored.expect("restored").webhooks_off, 1);
        let store = Store::open(&address, start()).expect("a store");
        let claim = |tx: &mut Tx<'_>| webhooks::claim(tx, minute(201), 10, minute(202));
        assert_eq!(store.write(claim).expect("claims"), []);
        assert_eq!(store.write(|tx| webhooks::enable(tx, "crm")), Ok(true));
        assert_eq!(store.write(claim).expect("claims").len(), 1, "it waits");
    });
}

#[test]
fn nothing_is_mixed_with_what_is_there() {
    let bench = Bench::sqlite();
    fill(&bench);
    let place = tempfile::tempdir().expect("a directory");
    let to = place.path().join("backup");
    fs::create_dir(&to).expect("a directory");
    fs::write(to.join("mine"), b"x").expect("written");
    let refused = backup(&bench.store, &bench.segments, &to, minute(150));
    assert!(matches!(refused, Err(BackupError::NotEmpty(_))), "{refused:?}");
    fs::remove_file(to.join("mine")).expect("removed");
    backup(&bench.store, &bench.segments, &to, minute(150)).expect("a backup");
    let again = backup(&bench.store, &bench.segments, &to, minute(150));
    assert!(matches!(again, Err(BackupError::NotEmpty(_))), "{again:?}");

    let (first, address) = restored_in(place.path(), &to);
    first.expect("restored");
    let (second, _) = restored_in(place.path(), &to);
    assert!(matches!(second, Err(BackupError::NotEmpty(_))), "{second:?}");
    let elsewhere = Address::File(place.path().join("other.db"));
    let mixed = restore(&to, &elsewhere, &place.path().join("events"), minute(200));
    assert!(matches!(mixed, Err(BackupError::NotEmpty(_))), "{mixed:?}");
    assert!(!place.path().join("other.db").exists());
    drop(address);

    let Some(server) = Bench::postgres() else { return };
    server.take(&[seen("f1", 1, "u:1")]);
    let events = place.path().join("events of the server");
    let mixed = restore(&to, server.store.address(), &events, minute(200));
    assert!(matches!(mixed, Err(BackupError::NotEmpty(_))), "{mixed:?}");
    assert_eq!(server.ids("u:1"), ["f1"]);
}

#[test]
fn a_damaged_backup_is_refused_before_anything_is_written() {
    let bench = Bench::sqlite();
    fill(&bench);
    let place = tempfile::tempdir().expect("a directory");
    let to = place.path().join("backup");
    let manifest = backup(&bench.store, &bench.segments, &to, minute(150)).expect("a backup");
    for file in &manifest.files {
        let path = to.join(&file.path);
        let whole = fs::read(&path).expect("a file");
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            // The segment may be a second name of the living one.
            fs::remove_file(&path).expect("removed");
            fs::write(&path, &bytes).expect("written");
            let (refused, address) = restored_in(place.path(), &to);
            let named = matches!(&refused, Err(BackupError::Damaged { file: name, .. }) if *name == file.path);
            assert!(named, "{} byte {at}: {refused:?}", file.path);
            assert!(address.file().is_some_and(|path| !path.exists()));
        }
        fs::write(&path, &whole).expect("written");
    }
    fs::remove_file(to.join("manifest.json")).expect("removed");
    let (refused, _) = restored_in(place.path(), &to);
    assert!(matches!(refused, Err(BackupError::NoBackup { .. })), "{refused:?}");
}

#[test]
fn a_backup_under_load_is_one_instant() {
    on_both(|bench| {
        let store = bench.store.clone();
        // Each job writes two facts: a backup has both or none.
        let pending: Vec<_> = (0..200)
            .map(|n| {
                store.submit(move |tx| {
                    let pair = [seen(&format!("x{n}"), n, "u:1"), seen(&format!("y{n}"), n, "u:1")];
                    store::facts::append(tx, &pair, &mut crate::support::fresh_id).map(|_| ())
                })
            })
            .collect();
        let place = tempfile::tempdir().expect("a directory");
        let to = place.path().join("backup");
        backup(&bench.store, &bench.segments, &to, minute(150))
            .unwrap_or_else(|error| panic!("{error}"));
        for answer in pending {
            answer.wait().unwrap_or_else(|error: DbError| panic!("{error}"));
        }
        let (restored, address) = restored_in(place.path(), &to);
        restored.unwrap_or_else(|error| panic!("{error}"));
        let facts: Vec<String> =
            partition_of(&address, &place.path().join("events")).into_iter().flatten().collect();
        let of = |letter: char| {
            facts.iter().filter(|fact| fact.contains(&format!("Z {letter}"))).count()
        };
        assert_eq!(of('x'), of('y'));
    });
}

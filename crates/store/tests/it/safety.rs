//! What is on disk, and when: a disk that the tests hold up, or let fail.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Waker};
use std::thread;
use std::{fs::File, io};

use store::inbox::Parcel;
use store::{Address, DbError, Pending, Store, Syncing, Tx};
use tempfile::TempDir;

use crate::support::reports::seen;
use crate::support::start;

const INSERT: &str = "INSERT INTO meta (name, value) VALUES ($1, 'x')";

/// The disk under the log of the store; that of the inbox works.
#[derive(Clone, Default)]
struct Disk {
    /// Nothing reaches it while somebody holds this.
    gate: Arc<Mutex<()>>,
    fails: Arc<AtomicBool>,
    syncs: Arc<AtomicUsize>,
}

impl Disk {
    fn syncing(&self) -> Syncing {
        let disk = self.clone();
        Arc::new(move |path: &Path, file: &File| {
            if path.ends_with("madura.inbox.db-wal") {
                return file.sync_data();
            }
            disk.syncs.fetch_add(1, Ordering::SeqCst);
            drop(disk.hold());
            if disk.fails.load(Ordering::SeqCst) {
                return Err(io::Error::from_raw_os_error(5));
            }
            file.sync_data()
        })
    }

    fn hold(&self) -> MutexGuard<'_, ()> {
        self.gate.lock().expect("a gate")
    }

    fn syncs(&self) -> usize {
        self.syncs.load(Ordering::SeqCst)
    }
}

/// The store ends before its directory.
struct House {
    store: Store,
    disk: Disk,
    directory: TempDir,
}

impl House {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let address = Address::File(directory.path().join("madura.db"));
        let disk = Disk::default();
        let store = Store::open_syncing(&address, &disk.syncing(), start()).expect("a store");
        Self { store, disk, directory }
    }

    /// Puts a parcel into the inbox, of which everything that follows is committed.
    fn done_with(&self, id: &str) {
        let (sender, stored) = channel();
        let parcel = Parcel { id: id.to_owned(), at: start(), reports: vec![seen(id, 1, "u:1")] };
        self.store.inbox().put(parcel, move |result| sender.send(result).expect("it waits"));
        stored.recv().expect("an answer").expect("stored");
        assert_eq!(light(&self.store, id).wait(), Ok(1));
        assert_eq!(self.store.done_with(vec![id.to_owned()]), 1);
    }

    fn inbox(&self) -> Vec<String> {
        let parcels = self.store.inbox().all().expect("read");
        parcels.into_iter().map(|parcel| parcel.id).collect()
    }
}

fn insert(store: &Store, name: &str) -> Pending<u64, DbError> {
    let name = name.to_owned();
    store.submit(move |tx| tx.execute(INSERT, &[(&name).into()]))
}

/// The same, where nobody waits for the disk.
fn light(store: &Store, name: &str) -> Pending<u64, DbError> {
    let name = name.to_owned();
    store.submit_repeatable(move |tx| tx.execute(INSERT, &[(&name).into()]))
}

fn is_answered<T>(pending: &mut Pending<T, DbError>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    pin!(pending).poll(&mut context).is_ready()
}

#[test]
fn who_waits_for_the_disk_does_in_a_group_with_others_who_do_not() {
    let House { store, disk, directory } = House::new();
    let gate = disk.hold();
    // The writer is held up until all wait for it, and takes them together.
    let (go, may_go) = channel::<()>();
    let first = store.submit_repeatable(move |_| may_go.recv().map_err(|_| DbError::NoRow));
    let relaxed = light(&store, "light");
    let mut safe = insert(&store, "safe");
    let count = |tx: &mut Tx<'_>| tx.value("SELECT count(*) FROM meta WHERE value = 'x'", &[]);
    let idle: Pending<i64, DbError> = store.submit_claim(count);
    let mut repeating: Pending<i64, DbError> = store.submit(count);
    go.send(()).expect("it waits");
    assert_eq!((first.wait(), relaxed.wait()), (Ok(()), Ok(1)));
    // Who looked for something to do and found nothing has nothing to wait for, ...
    assert_eq!(idle.wait(), Ok(2));
    assert!(!is_answered(&mut safe));
    // ... unlike who is told that it was done already.
    assert!(!is_answered(&mut repeating));
    drop(gate);
    assert_eq!((safe.wait(), repeating.wait(), disk.syncs()), (Ok(1), Ok(2), 1));
    drop((store, directory));
}

#[test]
fn nothing_is_synced_for_who_does_not_wait_for_the_disk() {
    let House { store, disk, directory } = House::new();
    for name in ["one", "two", "three"] {
        assert_eq!(light(&store, name).wait(), Ok(1));
    }
    let reading = |tx: &mut Tx<'_>| tx.value("SELECT count(*) FROM meta WHERE value = 'x'", &[]);
    let seen = store.submit_reading(reading).wait();
    assert_eq!((seen, disk.syncs()), (Ok::<i64, DbError>(3), 0));
    assert_eq!((store.make_safe(), disk.syncs()), (Ok(()), 1));
    drop((store, directory));
}

#[test]
fn a_parcel_stays_until_what_follows_from_it_is_on_disk() {
    let house = House::new();
    house.done_with("p1");
    let gate = house.disk.hold();
    house.store.put_away();
    assert_eq!(house.inbox(), ["p1"]);
    drop(gate);
    // Behind the first, which has it.
    house.done_with("p2");
    assert_eq!((house.store.put_away_and_wait(), house.inbox().len()), (Ok(()), 0));
}

#[test]
fn who_waits_until_parcels_are_gone_waits_for_those_too_that_others_are_taking_away() {
    let House { store, disk, directory } = House::new();
    let house = House { store: store.clone(), disk: disk.clone(), directory };
    house.done_with("p1");
    let gate = disk.hold();
    house.store.put_away();
    let (tell, told) = channel();
    let waiting = thread::spawn(move || tell.send(store.put_away_and_wait()).is_ok());
    // What it has to wait for is under way on the writer, before it or behind it.
    assert_eq!(light(&house.store, "later").wait(), Ok(1));
    assert!(told.try_recv().is_err());
    drop(gate);
    assert_eq!((told.recv(), house.inbox().len()), (Ok(Ok(())), 0));
    assert_eq!(waiting.join().ok(), Some(true));
}

#[test]
fn a_disk_that_failed_once_is_not_believed_again() {
    let house = House::new();
    house.done_with("p1");
    house.disk.fails.store(true, Ordering::SeqCst);
    assert!(matches!(insert(&house.store, "lost").wait(), Err(DbError::Failed(_))));
    assert!(house.store.failure().is_some_and(|why| why.contains("synced")));
    // It would seem to work now.
    house.disk.fails.store(false, Ordering::SeqCst);
    assert!(matches!(insert(&house.store, "more").wait(), Err(DbError::Failed(_))));
    assert!(matches!(light(&house.store, "more").wait(), Err(DbError::Failed(_))));
    assert!(matches!(house.store.put_away_and_wait(), Err(DbError::Failed(_))));
    assert_eq!((house.inbox(), house.disk.syncs()), (vec!["p1".to_owned()], 1));
}

#[test]
fn a_sync_that_fails_leaves_parcels_where_they_are() {
    let house = House::new();
    house.done_with("p1");
    house.disk.fails.store(true, Ordering::SeqCst);
    assert!(matches!(house.store.put_away_and_wait(), Err(DbError::Failed(_))));
    assert_eq!(house.inbox(), ["p1"]);
}

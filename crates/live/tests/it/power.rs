//! Whenever the power goes, what was answered is there, and its score, once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::sync::{Arc, Mutex};

use live::Live;
use store::Syncing;
use store::scores::{TransitionQuery, transitions};
use tempfile::TempDir;

use crate::house::{House, accept, at, event, open};

/// What a machine finds when its power comes back.
struct Disk {
    /// The files as they were when they were last synced.
    synced: TempDir,
    /// Nothing is synced while somebody holds this.
    gate: Arc<Mutex<()>>,
}

/// What is left of the rows that were taken from the inbox and not synced.
#[derive(Clone, Copy, Debug)]
enum Rest {
    /// They are gone.
    Gone,
    /// They are back.
    Back,
}

impl Disk {
    fn new() -> Self {
        Self { synced: tempfile::tempdir().expect("a directory"), gate: Arc::default() }
    }

    /// Keeps the files with each sync: of the log, and the database beside it, which nobody touches here
    /// before the log is long.
    fn syncing(&self) -> Syncing {
        let (synced, gate) = (self.synced.path().to_owned(), Arc::clone(&self.gate));
        Arc::new(move |log: &Path, _: &File| {
            let held = gate.lock().expect("a gate");
            let copied = copy(&log.with_extension("db"), &synced);
            drop(held);
            copied
        })
    }

    /// The system that starts after the power went. The store has what was synced, and no more.
    fn after_a_cut(&self, house: &House, rest: Rest) -> (Live, TempDir) {
        let directory = tempfile::tempdir().expect("a directory");
        let (now, synced) = (house.directory(), self.synced.path());
        let held = self.gate.lock().expect("a gate");
        copy(&synced.join("madura.db"), directory.path()).expect("copied");
        let inbox = match rest {
            Rest::Gone => now.join("madura.inbox.db"),
            Rest::Back => synced.join("madura.inbox.db"),
        };
        copy(&inbox, directory.path()).expect("copied");
        drop(held);
        let syncing: Syncing = Arc::new(|_: &Path, _: &File| Ok(()));
        (open(&directory, &syncing), directory)
    }
}

/// Copies a database and its log, where they are there.
fn copy(database: &Path, to: &Path) -> std::io::Result<()> {
    for end in ["", "-wal"] {
        let from = format!("{}{end}", database.display());
        let name = Path::new(&from).file_name().unwrap_or_default().to_owned();
        if fs::exists(&from)? {
            fs::copy(&from, to.join(name))?;
        }
    }
    Ok(())
}

/// Facts and score of every user.
fn found(live: &Live, users: &BTreeMap<String, i64>) -> BTreeMap<String, (i64, i64)> {
    while live.settle().expect("settled") > 0 {}
    while live.work(at(0), 100).expect("worked") > 0 {}
    let sql = "SELECT i.value, (SELECT count(*) FROM fact f WHERE f.person = p.id),
        coalesce((SELECT max(s.score) FROM score s WHERE s.lead = p.lead), -1)
        FROM identifier i JOIN person p ON p.id = i.person WHERE i.value LIKE 'u%'";
    let rows: Result<Vec<(String, i64, i64)>, store::DbError> = live
        .store()
        .read(|tx| tx.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))));
    let rows = rows.expect("read");
    // Scores only rise here: nobody comes into a bracket or a stage twice.
    let query = TransitionQuery { limit: 1_000, ..TransitionQuery::default() };
    let told = live.store().read(|tx| transitions(tx, &query)).expect("read");
    let ways: BTreeSet<_> = told.iter().map(|one| (&one.lead, one.kind.name(), &one.to)).collect();
    assert_eq!(ways.len(), told.len());
    assert_eq!(rows.len(), users.len(), "{rows:?}");
    rows.into_iter().map(|(user, facts, score)| (user, (facts, score))).collect()
}

/// Lets the power go now, and compares what is there then with what was answered until now.
fn cut(disk: &Disk, house: &House, answered: &BTreeMap<String, i64>, when: &str) {
    for rest in [Rest::Gone, Rest::Back] {
        let (live, directory) = disk.after_a_cut(house, rest);
        let wanted = answered.iter().map(|(user, count)| (user.clone(), (*count, count * 10)));
        assert_eq!(found(&live, answered), wanted.collect(), "{when}, {rest:?}");
        drop((live, directory));
    }
}

#[test]
fn what_was_answered_is_there_once_with_its_score_whenever_the_power_goes() {
    let disk = Disk::new();
    let house = House::syncing(&disk.syncing());
    let mut answered: BTreeMap<String, i64> = BTreeMap::new();
    for round in 0..6_u64 {
        for (parcel, users) in [[0, 1], [2, round % 3]].into_iter().enumerate() {
            let users = users.map(|user| format!("u{user}"));
            let visits = users.iter().map(|user| event(user, "page_viewed", 0)).collect();
            accept(&house.live, visits);
            users.into_iter().for_each(|user| *answered.entry(user).or_default() += 1);
            cut(&disk, &house, &answered, &format!("parcel {parcel} of round {round} is answered"));
        }
        house.live.settle().expect("settled");
        cut(&disk, &house, &answered, &format!("round {round} is settled"));
        // In two rounds time passes meanwhile, by which what is done is put away.
        house.work(if round % 3 == 1 { 1_000 } else { 0 });
        cut(&disk, &house, &answered, &format!("round {round} is scored"));
        if round % 2 == 1 {
            house.live.rest().expect("at rest");
            assert_eq!(house.live.store().inbox().all().expect("read"), []);
            cut(&disk, &house, &answered, &format!("round {round} is on disk"));
        }
    }
}

//! A log whose end is missing or spoilt, as after a crash of the machine: everything as far as its last whole commit is
//! there, nothing of a torn one, and the store opens by itself.

use std::fs;
use std::path::Path;

use store::{Address, DbError, Store};

use crate::inbox::put;
use crate::support::reports::seen;
use crate::support::start;

/// Commits of the store, and parcels of its inbox.
const COMMITS: usize = 24;

/// The end of a log that is cut: what the last commits wrote.
const END: usize = 64 << 10;

/// From one cut to the next; every byte, which takes minutes, where `MADURA_TORN_STEP=1` says so.
const STEP: usize = 1_021;

const INSERT: &str = "INSERT INTO meta (name, value) VALUES ($1, $2)";

fn name(number: usize) -> String {
    format!("commit {number:02}")
}

/// The files of a store that had so many commits and parcels, as they are at a crash: nothing was tidied up.
fn files() -> Vec<(String, Vec<u8>)> {
    let directory = tempfile::tempdir().expect("a directory");
    let address = Address::File(directory.path().join("madura.db"));
    let store = Store::open(&address, start()).expect("a store");
    for number in 0..COMMITS {
        let (name, value) = (name(number), "x".repeat(500));
        let visit = seen(&name, 1, "u:1");
        put(&store, &name, vec![visit]);
        store
            .write(move |tx| tx.execute(INSERT, &[(&name).into(), (&value).into()]))
            .unwrap_or_else(|error: DbError| panic!("{error}"));
    }
    let entries = fs::read_dir(directory.path()).expect("files").map(|entry| entry.expect("one"));
    entries
        .filter(|entry| entry.path().extension().is_none_or(|end| end != "db-shm"))
        .filter(|entry| entry.file_type().expect("a type").is_file())
        .map(|entry| {
            let name = entry.file_name().into_string().expect("a name");
            (name, fs::read(entry.path()).expect("read"))
        })
        .collect()
}

/// How many commits and parcels a store has that opens on these files: the first ones, without a gap.
fn found(files: &[(String, Vec<u8>)], torn: &str, as_it_is: &[u8]) -> (usize, usize) {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, bytes) in files {
        let bytes = if name == torn { as_it_is } else { bytes };
        fs::write(directory.path().join(name), bytes).expect("written");
    }
    let store = open(directory.path());
    let sql = "SELECT name FROM meta WHERE name LIKE 'commit %' ORDER BY name";
    let commits: Vec<String> = store
        .read(|tx| tx.query(sql, &[], |row| row.get(0)))
        .unwrap_or_else(|error: DbError| panic!("{error}"));
    let parcels = store.inbox().all().expect("read").into_iter().map(|parcel| parcel.id);
    let parcels: Vec<String> = parcels.collect();
    for all in [&commits, &parcels] {
        let first: Vec<String> = (0..all.len()).map(name).collect();
        assert_eq!(*all, first, "the first ones");
    }
    (commits.len(), parcels.len())
}

fn open(directory: &Path) -> Store {
    Store::open(&Address::File(directory.join("madura.db")), start()).expect("it opens by itself")
}

#[test]
fn whatever_is_missing_at_the_end_of_a_log_everything_before_it_is_there() {
    let files = files();
    let step = std::env::var("MADURA_TORN_STEP").ok().and_then(|step| step.parse().ok());
    let step: usize = step.unwrap_or(STEP);
    for log in ["madura.db-wal", "madura.inbox.db-wal"] {
        let (_, whole) = files.iter().find(|(name, _)| name == log).expect("a log");
        let of_log = |found: (usize, usize)| if log == "madura.db-wal" { found.0 } else { found.1 };
        let mut before = 0;
        let mut counts = Vec::new();
        let cuts = (whole.len().saturating_sub(END)..whole.len()).step_by(step);
        for cut in cuts.chain([whole.len()]) {
            // Either it was never written, or something else stands there.
            let missing = whole[..cut].to_vec();
            let mut spoilt = whole.clone();
            spoilt[cut..].iter_mut().for_each(|byte| *byte ^= 0xa5);
            let [missing, spoilt] =
                [missing, spoilt].map(|as_it_is| of_log(found(&files, log, &as_it_is)));
            assert_eq!(missing, spoilt, "{log} cut at {cut}");
            assert!(missing >= before, "{log} cut at {cut}: {missing} after {before}");
            before = missing;
            counts.push(missing);
        }
        assert_eq!(before, COMMITS, "{log}: all of it");
        counts.dedup();
        assert!(counts.len() > 3, "{log}: the cuts lie in several commits: {counts:?}");
    }
}

//! Jobs that share a commit do not share their fate, and an answer means that it is on disk.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use store::{Address, Connection, DbError, Store, perils};

use crate::support::{Bench, on_both, start};

const INSERT: &str = "INSERT INTO meta (name, value) VALUES ($1, $2)";

fn names(bench: &Bench) -> Vec<String> {
    let sql = "SELECT name FROM meta WHERE name LIKE 'job%' ORDER BY name";
    bench
        .store
        .read(|tx| tx.query(sql, &[], |row| row.get(0)))
        .unwrap_or_else(|error: DbError| panic!("{error}"))
}

#[test]
fn a_commit_on_a_server_waits_for_its_disk_though_it_is_told_not_to() {
    let Some(bench) = Bench::postgres() else { return };
    let address = bench.store.address();
    let mut connection = Connection::open(address).expect("a connection");
    let name: String =
        connection.transaction().value("SELECT current_database()::text", &[]).expect("its name");
    let off = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    connection.run(&off).expect("altered");
    let mut connection = Connection::open(address).expect("a connection");
    let mut tx = connection.transaction();
    let setting = tx.value::<String>("SELECT current_setting('synchronous_commit')", &[]);
    assert_eq!(setting.as_deref(), Ok("on"));
    assert_eq!(perils(&mut tx), Ok(Vec::new()));
    connection.run("SET synchronous_commit = off").expect("set");
    assert_eq!(perils(&mut connection.transaction()), Ok(vec!["synchronous_commit".to_owned()]));
}

#[test]
fn a_large_job_that_fails_leaves_nothing_and_those_beside_it_stand() {
    on_both(|bench| {
        let small = |name: &'static str| {
            bench.store.submit(move |tx| tx.execute(INSERT, &[name.into(), "x".into()]))
        };
        let large = |name: &'static str, fails: bool| {
            bench.store.submit_repeatable(move |tx| {
                tx.execute(INSERT, &[name.into(), "x".into()])?;
                if fails { Err(DbError::NoRow) } else { Ok(()) }
            })
        };
        for _ in 0..20 {
            let before = small("job 1");
            let fails = large("job 2", true);
            let after = small("job 3");
            let stands = large("job 4", false);
            let twice = large("job 4", false);
            let last = small("job 5");
            assert_eq!((before.wait(), after.wait(), last.wait()), (Ok(1), Ok(1), Ok(1)));
            assert_eq!((fails.wait(), stands.wait()), (Err(DbError::NoRow), Ok(())));
            assert!(matches!(twice.wait(), Err(DbError::Exists(_))));
            assert_eq!(names(bench), ["job 1", "job 3", "job 4", "job 5"]);
            bench
                .store
                .write(|tx| tx.execute("DELETE FROM meta WHERE name LIKE 'job%'", &[]))
                .unwrap_or_else(|error: DbError| panic!("{error}"));
        }
    });
}

#[test]
fn a_job_that_fails_leaves_nothing_and_disturbs_no_other() {
    on_both(|bench| {
        let pending: Vec<_> = (0..60)
            .map(|number: i64| {
                bench.store.submit(move |tx| {
                    let name = format!("job {number}");
                    tx.execute(INSERT, &[(&name).into(), "x".into()])?;
                    match number % 3 {
                        // One that refuses by itself, one that the database refuses.
                        0 => Err(DbError::NoRow),
                        1 => tx.execute(INSERT, &[(&name).into(), "again".into()]).map(|_| ()),
                        _ => Ok(()),
                    }
                })
            })
            .collect();
        for (number, pending) in pending.into_iter().enumerate() {
            let answer = pending.wait();
            match number % 3 {
                0 => assert_eq!(answer, Err(DbError::NoRow)),
                1 => assert!(matches!(answer, Err(DbError::Exists(_))), "{answer:?}"),
                _ => assert_eq!(answer, Ok(())),
            }
        }
        let names: Vec<String> = bench
            .store
            .read(|tx| {
                tx.query("SELECT name FROM meta WHERE name LIKE 'job%'", &[], |row| row.get(0))
            })
            .expect("names");
        assert_eq!(names.len(), 20);
        assert!(names.iter().all(|name| {
            name.trim_start_matches("job ").parse::<u32>().is_ok_and(|number| number % 3 == 2)
        }));
    });
}

#[test]
fn a_part_that_fails_leaves_nothing_and_its_job_goes_on() {
    on_both(|bench| {
        let written = bench.store.write(|tx| {
            let refused = tx.apart(|tx| {
                tx.execute(INSERT, &["job 1".into(), "x".into()])?;
                tx.execute(INSERT, &["job 1".into(), "again".into()])
            });
            assert!(matches!(refused, Err(DbError::Exists(_))), "{refused:?}");
            tx.apart(|tx| tx.execute(INSERT, &["job 2".into(), "x".into()]))?;
            tx.execute(INSERT, &["job 3".into(), "x".into()])
        });
        assert_eq!(written, Ok(1));
        assert_eq!(names(bench), ["job 2", "job 3"]);
    });
}

#[test]
fn a_reader_sees_one_instant_however_much_is_written_meanwhile() {
    on_both(|bench| {
        let count = "SELECT count(*) FROM meta WHERE name LIKE 'n%'";
        let seen: Result<(i64, i64), DbError> = bench.store.read(|tx| {
            let before = tx.value(count, &[])?;
            bench.store.write(|tx| tx.execute(INSERT, &["n1".into(), "x".into()]))?;
            Ok((before, tx.value(count, &[])?))
        });
        assert_eq!(seen, Ok((0, 0)));
        let after: Result<i64, DbError> = bench.store.read(|tx| tx.value(count, &[]));
        assert_eq!(after, Ok(1));
    });
}

#[test]
fn a_reader_cannot_write() {
    on_both(|bench| {
        let written: Result<u64, DbError> =
            bench.store.read(|tx| tx.execute(INSERT, &["n1".into(), "x".into()]));
        assert!(written.is_err());
    });
}

/// The other half of the next test: writes until it is killed, and says what was answered.
#[test]
#[ignore = "the child process of another test"]
fn child_that_writes_until_it_is_killed() {
    let Ok(address) = std::env::var("MADURA_TEST_ADDRESS") else { return };
    let store = Store::open(&Address::parse(&address).expect("an address"), start());
    let store = store.expect("a store");
    let mut out = std::io::stdout();
    for number in 0..1_000_000 {
        let name = format!("answered {number}");
        let value = name.clone();
        let written: Result<u64, DbError> =
            store.write(move |tx| tx.execute(INSERT, &[(&name).into(), (&value).into()]));
        assert_eq!(written, Ok(1));
        writeln!(out, "answered {number}").expect("the parent listens");
    }
}

#[test]
fn what_was_answered_is_there_after_the_process_was_killed() {
    on_both(|bench| {
        let address = match bench.store.address() {
            Address::File(path) => path.display().to_string(),
            Address::Postgres(url) => url.clone(),
        };
        let child = "commits::child_that_writes_until_it_is_killed";
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args([child, "--exact", "--ignored", "--nocapture"])
            .env("MADURA_TEST_ADDRESS", &address)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut answered = Vec::new();
        while answered.len() < 150 {
            let line = lines.next().expect("the child writes on").expect("text");
            if let Some(at) = line.find("answered ") {
                answered.push(line[at..].to_owned());
            }
        }
        child.kill().expect("it is killed");
        answered.extend(lines.map_while(Result::ok));
        child.wait().expect("it is dead");

        let again = Store::open(bench.store.address(), start()).expect("it opens again");
        let found: Vec<String> = again
            .read(|tx| tx.query("SELECT name FROM meta WHERE name = value", &[], |row| row.get(0)))
            .expect("names");
        let missing: Vec<_> = answered
            .iter()
            // The last line may have been cut off.
            .filter(|line| line.len() > "answered ".len() && !found.contains(line))
            .collect();
        assert!(missing.is_empty(), "{missing:?} were answered");
        let more = found.len().saturating_sub(answered.len());
        assert!(more <= 1, "{more} rows beyond what was answered, of a writer that waits");
    });
}

#[test]
fn a_store_of_a_later_version_is_not_touched() {
    let bench = Bench::sqlite();
    let insert = "INSERT INTO migration (version, name, applied_at) VALUES (999, 'later', 0)";
    bench.store.write(move |tx| tx.execute(insert, &[])).expect("a later version");
    let opened = Store::open(bench.store.address(), start());
    assert!(matches!(opened.err(), Some(DbError::TooNew { found: 999, .. })));
}

//! A server whose connection breaks just as something is committed: whoever sent it cannot know whether it was done, sends it
//! again, and has done it once.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread;

use store::facts::{Outcome as Fate, append};
use store::idempotency::{Answer, IdempotencyKey, Outcome, idempotent};
use store::settings::{self, Expected};
use store::{Address, DbError, Digest, Store, Tx};
use tempfile::TempDir;

use crate::support::reports::seen;
use crate::support::{Bench, start};

/// What becomes of the next commit.
const PASSES: u8 = 0;
/// The server does it, and its answer is lost.
const ANSWER_IS_LOST: u8 = 1;
/// The server never hears of it.
const IS_LOST: u8 = 2;

/// Where PostgreSQL listens in a directory.
const SOCKET: &str = ".s.PGSQL.5432";

/// Stands between a store and its server.
struct Relay {
    directory: TempDir,
    next: Arc<AtomicU8>,
}

impl Relay {
    fn to(server: &Path) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let listener = UnixListener::bind(directory.path().join(SOCKET)).expect("a socket");
        let next = Arc::new(AtomicU8::new(PASSES));
        let (server, cut) = (server.join(SOCKET), Arc::clone(&next));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = UnixStream::connect(&server) else { continue };
                relay(client, server, Arc::clone(&cut));
            }
        });
        Self { directory, next }
    }

    fn address(&self, database: &str) -> Address {
        let directory = self.directory.path().display().to_string().replace('/', "%2F");
        Address::Postgres(format!("postgres://postgres@{directory}/{database}"))
    }
}

fn relay(client: UnixStream, server: UnixStream, next: Arc<AtomicU8>) {
    let answer_is_lost = Arc::new(AtomicBool::new(false));
    let both = |one: &UnixStream| one.try_clone().expect("the same socket");
    let (mut from_client, mut to_server) = (both(&client), both(&server));
    let (mut from_server, mut to_client) = (server, client);
    let loses = Arc::clone(&answer_is_lost);
    thread::spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(1..) = from_client.read(&mut bytes).map(|read| {
            let said = &bytes[..read];
            let commits = said.windows(7).any(|part| part == b"COMMIT\0");
            let fate = if commits { next.swap(PASSES, Ordering::SeqCst) } else { PASSES };
            if fate == IS_LOST {
                return 0;
            }
            loses.store(fate == ANSWER_IS_LOST, Ordering::SeqCst);
            to_server.write_all(said).map_or(0, |()| read)
        }) {}
        let _ = from_client.shutdown(Shutdown::Both);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    thread::spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(1..) = from_server.read(&mut bytes).map(|read| {
            if answer_is_lost.load(Ordering::SeqCst) {
                return 0;
            }
            to_client.write_all(&bytes[..read]).map_or(0, |()| read)
        }) {}
        let _ = to_client.shutdown(Shutdown::Both);
        let _ = from_server.shutdown(Shutdown::Both);
    });
}

/// A store behind a relay, beside one that sees the same database.
fn behind_a_relay() -> Option<(Bench, Relay, Store)> {
    let bench = Bench::postgres()?;
    let Address::Postgres(url) = bench.store.address().clone() else { return None };
    let (directory, database) =
        url.split_once('@').and_then(|(_, place)| place.split_once('/')).expect("a place");
    let relay = Relay::to(&PathBuf::from(directory.replace("%2F", "/")));
    let store = Store::open(&relay.address(database), start()).expect("a store");
    Some((bench, relay, store))
}

fn effect(tx: &mut Tx<'_>) -> Result<Answer, DbError> {
    let value = serde_json::json!(1);
    let set = settings::put(tx, "effects", &value, Expected::Anything, "t", start());
    let version = set.map_err(|error| DbError::Statement(error.to_string()))?;
    Ok(Answer { status: 201, body: Vec::new(), about: None, version: Some(version) })
}

#[test]
fn a_request_whose_commit_was_not_answered_is_done_once_when_it_is_sent_again() {
    let Some((bench, relay, store)) = behind_a_relay() else { return };
    let mut versions = Vec::new();
    for number in 1..=12 {
        let fate = [IS_LOST, ANSWER_IS_LOST, PASSES][number % 3];
        relay.next.store(fate, Ordering::SeqCst);
        let send = || {
            let key = IdempotencyKey::parse(&format!("key-{number}")).expect("a key");
            let request = Digest::of(b"request");
            store.write(move |tx| idempotent(tx, "ana", &key, &request, start(), effect))
        };
        let first = send();
        assert_eq!(first.is_err(), fate != PASSES, "{number}: {first:?}");
        let again = send().expect("sent again");
        let is_new = matches!(again, Outcome::Fresh(_));
        assert_eq!(is_new, fate == IS_LOST, "{number}: {again:?}");
        versions.push(match again {
            Outcome::Fresh(answer) | Outcome::Replayed(answer) => answer.version,
            Outcome::Conflict => None,
        });
    }
    let effects = bench.store.read(|tx| settings::find(tx, "effects")).expect("read");
    assert_eq!(effects.map(|setting| setting.version), Some(12));
    assert_eq!(versions, (1..=12).map(Some).collect::<Vec<_>>());
}

#[test]
fn a_fact_whose_commit_was_not_answered_is_known_when_it_is_sent_again() {
    let Some((bench, relay, store)) = behind_a_relay() else { return };
    for number in 1..=9 {
        let fate = [IS_LOST, ANSWER_IS_LOST, PASSES][number % 3];
        relay.next.store(fate, Ordering::SeqCst);
        let send = || {
            let report = seen(&format!("visit {number}"), number as i64, "u:1");
            let mut fresh = crate::support::fresh_id;
            store.write(move |tx| append(tx, &[report], &mut fresh))
        };
        assert_eq!(send().is_err(), fate != PASSES, "{number}");
        let fates: Vec<Fate> =
            send().expect("sent again").taken.iter().map(|taken| taken.outcome).collect();
        let expected = if fate == IS_LOST { Fate::New } else { Fate::Repeated };
        assert_eq!(fates, [expected], "{number}");
    }
    let count = |tx: &mut Tx<'_>| tx.value::<i64>("SELECT count(*) FROM fact", &[]);
    assert_eq!(bench.store.read::<_, DbError>(count), Ok(9));
}

//! One process at a time on a server's database.

use std::sync::mpsc::channel;
use std::time::Duration;

use store::{Alone, DbError, Store};

use crate::support::server::database;
use crate::support::start;

#[test]
fn a_second_process_is_kept_out_until_the_first_has_ended() {
    let Some(address) = database() else { return };
    let minute = Duration::from_mins(1);
    let enter = || Alone::enter(&address, minute, || unreachable!("nobody takes it away"));
    let first = enter().unwrap().expect("the first");
    assert!(Alone::is_taken(&address).unwrap());
    assert!(enter().unwrap().is_none(), "a second one");
    drop(first);
    assert!(!Alone::is_taken(&address).unwrap());
    assert!(enter().unwrap().is_some(), "the next one");
}

#[test]
fn whose_connection_was_cut_comes_back_or_hears_that_another_took_the_place() {
    let Some(address) = database() else { return };
    let store = Store::open(&address, start()).expect("a store");
    let cut = || {
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks
            WHERE locktype = 'advisory' AND objid = 623873";
        store.write::<i64, DbError>(|tx| tx.value(cut, &[])).unwrap()
    };
    let (lost, is_lost) = channel();
    let pulse = Duration::from_millis(20);
    let first = Alone::enter(&address, pulse, move || lost.send(()).expect("heard"));
    let _first = first.unwrap().expect("the first");
    // Cut again and again, it comes back, until another is faster.
    let second = std::iter::repeat_with(|| {
        cut();
        Alone::enter(&address, Duration::from_mins(1), || ()).unwrap()
    });
    let _second = second.take(10_000).flatten().next().expect("faster once");
    is_lost.recv_timeout(Duration::from_mins(1)).expect("the first hears of it");
}

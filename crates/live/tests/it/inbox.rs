//! What was accepted is settled and scored, whenever the system ends in between.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use crate::house::{HOUR, House, accept, at, event};

/// How many parcels with something in them are in the inbox, once everything is on disk.
pub(crate) fn waiting(house: &House) -> usize {
    house.live.rest().expect("at rest");
    accept(&house.live, Vec::new());
    let parcels = house.live.store().inbox().all().expect("read");
    parcels.into_iter().filter(|parcel| !parcel.reports.is_empty()).count()
}

#[test]
fn what_was_accepted_is_settled_and_scored_and_then_taken_from_the_inbox() {
    let house = House::new();
    accept(&house.live, vec![event("17", "page_viewed", 0), event("18", "page_viewed", 0)]);
    accept(&house.live, vec![event("17", "page_viewed", HOUR)]);
    assert_eq!(house.live.settle().expect("settled"), 3);
    assert_eq!(house.live.settle().expect("settled"), 0);
    // Settled, and not scored yet: it stays.
    assert_eq!(waiting(&house), 2);
    assert_eq!(house.work(HOUR), 2);
    assert_eq!((house.score("17").score, house.score("18").score), (20, 10));
    assert_eq!(house.work(HOUR), 0);
    assert_eq!(waiting(&house), 0);
}

#[test]
fn what_was_accepted_and_not_settled_before_a_restart_is_settled_after_it() {
    let house = House::new();
    accept(&house.live, vec![event("17", "page_viewed", 0)]);
    let house = house.restarted();
    assert_eq!(house.live.settle().expect("settled"), 1);
    assert_eq!(house.work(0), 1);
    assert_eq!(house.score("17").score, 10);
}

#[test]
fn what_was_settled_and_not_scored_before_a_restart_is_scored_after_it() {
    let house = House::new();
    accept(&house.live, vec![event("17", "page_viewed", 0)]);
    assert_eq!(house.live.settle().expect("settled"), 1);
    let house = house.restarted();
    // The fact is there, and counts once.
    assert_eq!(house.live.settle().expect("settled"), 1);
    assert_eq!(house.work(0), 1);
    assert_eq!(house.score("17").score, 10);
}

#[test]
fn a_lead_that_became_part_of_another_just_before_a_restart_is_not_on_the_list_after_it() {
    let house = House::new();
    let visit = |user: Option<&str>, millis: i64| {
        let mut report = event("nobody", "page_viewed", millis);
        report.who = leads::Who {
            user: user.map(str::to_owned),
            anonymous: Some("device".to_owned()),
            ..leads::Who::default()
        };
        report
    };
    accept(&house.live, vec![event("17", "page_viewed", 0), visit(None, 0)]);
    assert_eq!((house.live.settle(), house.work(0), house.live.rest()), (Ok(2), 2, Ok(())));
    accept(&house.live, vec![visit(Some("17"), HOUR)]);
    assert_eq!(house.live.settle(), Ok(1));
    let house = house.restarted();
    assert_eq!(house.live.settle(), Ok(1));
    house.work(HOUR);
    assert_eq!(house.score("17").score, 30);
    assert_eq!(house.live.store().read(store::scores::count_lead_rows), Ok(1));
}

#[test]
fn leads_are_scored_by_the_handful_and_a_parcel_stays_until_its_last() {
    let house = House::new();
    let visits = (0..30).map(|user| event(&format!("u{user}"), "page_viewed", 0));
    accept(&house.live, visits.collect());
    assert_eq!(house.live.settle().expect("settled"), 30);
    // Half of those that wait, but four at least and 16 at most.
    for (scored, left) in [(15, 15), (7, 8), (4, 4)] {
        assert_eq!(house.live.work(at(0), 4).expect("scored"), scored);
        assert_eq!(waiting(&house), 1, "{left} are not scored yet");
    }
    assert_eq!(house.live.work(at(0), 4).expect("scored"), 4);
    assert_eq!((waiting(&house), house.score("u9").score), (0, 10));
}

#[test]
fn a_visitor_is_scored_before_the_rest_of_what_a_server_handed_in_before() {
    let house = House::new();
    let of_server = |user: i64| event(&format!("u{user}"), "page_viewed", 0);
    accept(&house.live, (0..100).map(of_server).collect());
    assert_eq!(house.live.settle().expect("settled"), 100);
    accept(&house.live, vec![event("ana", "page_viewed", 0)]);
    assert_eq!(house.live.settle().expect("settled"), 1);
    assert_eq!(house.live.work(at(0), 4).expect("scored"), 1);
    // Soon after short ones there are few (what was scored is written when the next are).
    assert_eq!(house.live.work(at(0), 4).expect("scored"), 6);
    assert_eq!(house.score("ana").score, 10);
    assert_eq!(house.live.work(at(0), 4).expect("scored"), 5);
    while house.live.work(at(0), 100).expect("scored") > 0 {}
    assert_eq!((waiting(&house), house.score("u99").score), (0, 10));
}

/// A lead that waits in both lanes: what is new in one of them must not hide what is in the other.
#[test]
fn whoever_waits_for_a_server_and_is_on_a_site_is_scored_of_both() {
    // So many that they are looked through, and more.
    for others in [30, 5_000] {
        let house = House::new();
        let visit = |id: i64| event("17", "page_viewed", id * HOUR);
        // Its facts are at hand from now on.
        accept(&house.live, vec![visit(0)]);
        house.live.settle().expect("settled");
        assert_eq!((house.work(0), house.score("17").score), (1, 10));
        let others = (0..others).map(|user| event(&format!("u{user}"), "page_viewed", 0));
        accept(&house.live, others.chain([visit(1)]).collect());
        house.live.settle().expect("settled");
        accept(&house.live, vec![visit(2)]);
        house.live.settle().expect("settled");
        assert_eq!(house.live.work(at(2 * HOUR), 4).expect("scored"), 1);
        assert!(house.live.work(at(2 * HOUR), 4).expect("scored") < 31);
        let at_once = house.score("17").score;
        while house.live.work(at(2 * HOUR), 1_000).expect("scored") > 0 {}
        let in_the_end = house.score("17").score;
        assert_eq!((at_once, in_the_end), (30, 30));
        // The same again, with what is at hand of the last time.
        accept(&house.live, vec![visit(3)]);
        house.live.settle().expect("settled");
        assert_eq!((house.work(3 * HOUR), house.score("17").score), (1, 40));
    }
}

#[test]
fn by_the_handful_everyone_comes_to_the_score_that_comes_of_all_at_once() {
    let scores = |most: usize| {
        let house = House::new();
        for round in 0..4 {
            let visits = |users: std::ops::Range<i64>, name: &str| -> Vec<_> {
                users.map(|user| event(&format!("u{user}"), name, round * HOUR)).collect()
            };
            // These wait in the queue, some of them twice over, and those have marks.
            accept(&house.live, visits(0..7, "page_viewed"));
            house.live.settle().expect("settled");
            accept(&house.live, visits(3..9, "demo_requested"));
            house.live.settle().expect("settled");
            house.take(visits(5..11, "signed_up"));
            while house.live.work(at(round * HOUR), most).expect("scored") > 0 {}
            assert_eq!(waiting(&house), 0);
        }
        (0..11).map(|user| house.score(&format!("u{user}")).score).collect::<Vec<i64>>()
    };
    let all_at_once = scores(100);
    for most in [1, 2, 3, 5] {
        assert_eq!(scores(most), all_at_once, "{most} at a time");
    }
}

#[test]
fn what_waits_from_before_a_restart_takes_room_until_it_is_scored() {
    let house = House::new();
    let visits =
        |from: i64| (from..from + 500).map(|user| event(&format!("u{user}"), "page_viewed", 0));
    (0..40).for_each(|parcel| accept(&house.live, visits(parcel * 10).collect()));
    let house = house.restarted();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    // 24,576 reports may wait, of which 20,000 do.
    let has_room = |many: usize| {
        runtime.block_on(async {
            let mut room = pin!(house.live.room(many));
            poll_fn(|context| Poll::Ready(room.as_mut().poll(context).is_ready())).await
        })
    };
    assert!(has_room(4_576) && !has_room(4_577));
    house.live.settle().expect("settled");
    assert!(!has_room(4_577), "settled, and not scored");
    while house.live.settle().expect("settled") > 0 {}
    house.work(0);
    assert!(has_room(usize::MAX));
}

#[test]
fn who_brings_more_than_can_wait_waits_until_there_is_room() {
    let house = House::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let all = house.live.room(usize::MAX).await.expect("room");
        let mut more = pin!(house.live.room(1));
        let is_there = poll_fn(|context| Poll::Ready(more.as_mut().poll(context).is_ready())).await;
        assert!(!is_there);
        drop(all);
        more.await.expect("room");
    });
}

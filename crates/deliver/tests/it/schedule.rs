//! When a message is tried again, and when that ends.

use std::time::Duration as Wait;

use deliver::guard::NetworkKind;
use deliver::schedule::{ATTEMPTS_MAX, after};
use deliver::{DisabledBecause, Health, Next, Outcome, Refusal, Trouble, Verdict};
use leads::Timestamp;
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000_000;
const DAY: i64 = 86_400_000;
const STEPS: [i64; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn fresh(attempt: u32, outcome: &Outcome, seed: u64) -> Verdict {
    after(attempt, outcome, Health::default(), at(NOW), seed)
}

/// Milliseconds from now to the next attempt.
fn wait(verdict: Verdict) -> i64 {
    let Next::At(next) = verdict.next else { panic!("{verdict:?}") };
    next.as_millis() - NOW
}

fn busy(seconds: u64) -> Outcome {
    Outcome::Busy { retry_after: Some(Wait::from_secs(seconds)) }
}

fn failures() -> Vec<Outcome> {
    vec![
        Outcome::Rejected,
        Outcome::Busy { retry_after: None },
        Outcome::Unanswered(Trouble::NoAddress),
        Outcome::Unanswered(Trouble::NotReached("refused".to_owned())),
        Outcome::Unanswered(Trouble::NotEncrypted("unknown issuer".to_owned())),
        Outcome::Unanswered(Trouble::TooSlow),
        Outcome::Unanswered(Trouble::Broken("reset".to_owned())),
        // The name may lead elsewhere the next time.
        Outcome::Refused(Refusal::Resolved(NetworkKind::Loopback)),
    ]
}

#[test]
fn a_failing_message_is_tried_ten_times_over_seventy_five_hours() {
    for outcome in failures() {
        let mut whole = 0;
        for (attempt, step) in (1..).zip(STEPS) {
            let wait = wait(fresh(attempt, &outcome, 42));
            assert!(
                (step * 1000..=step * 1100).contains(&wait),
                "{outcome:?} {attempt}: {wait} ms"
            );
            whole += step;
        }
        assert_eq!(whole, 75 * 3600 + 35 * 60 + 5);
        assert_eq!(fresh(ATTEMPTS_MAX, &outcome, 42).next, Next::GiveUp, "{outcome:?}");
    }
}

#[test]
fn a_message_that_has_arrived_is_done_on_whatever_attempt() {
    for attempt in 1..=ATTEMPTS_MAX {
        assert_eq!(fresh(attempt, &Outcome::Delivered, 1).next, Next::Done);
    }
}

#[test]
fn an_endpoint_that_is_gone_is_disabled_at_once() {
    let verdict = fresh(1, &Outcome::Gone, 1);
    assert_eq!(verdict.next, Next::Disable(DisabledBecause::Gone));
}

#[test]
fn a_url_that_may_not_be_called_is_not_tried_again() {
    for refusal in [Refusal::Scheme, Refusal::Port(22), Refusal::Address(NetworkKind::Private)] {
        assert_eq!(fresh(1, &Outcome::Refused(refusal), 1).next, Next::GiveUp, "{refusal:?}");
    }
}

#[test]
fn a_busy_endpoint_is_left_alone_as_long_as_it_asks_but_no_longer_than_a_day() {
    for (attempt, seconds, waits) in [
        // F31 of the reliability table: an hour instead of five seconds.
        (1, 3600, 3600),
        (4, 60, 7200),
        (1, 0, 5),
        (9, 3600, 86_400),
        (1, 86_400, 86_400),
        (1, 86_400 * 365, 86_400),
        (1, u64::MAX, 86_400),
    ] {
        let wait = wait(fresh(attempt, &busy(seconds), 42));
        let step = STEPS[attempt as usize - 1] * 1000;
        let waits = waits * 1000;
        assert!((waits..=waits + step / 10).contains(&wait), "{attempt} {seconds}: {wait} ms");
    }
    assert_eq!(fresh(10, &busy(60), 42).next, Next::GiveUp);
}

#[test]
fn an_endpoint_that_only_fails_for_five_days_is_disabled() {
    let mut health = Health::default();
    let mut disabled = Vec::new();
    // A message each hour, one attempt each.
    for hour in 0..=120 {
        let verdict = after(1, &Outcome::Rejected, health, at(NOW + hour * DAY / 24), 7);
        health = verdict.health;
        if verdict.next == Next::Disable(DisabledBecause::Failing) {
            disabled.push(hour);
        }
    }
    assert_eq!(disabled, [120]);
    assert_eq!(health.failing_since, Some(at(NOW)));
}

#[test]
fn one_success_wipes_out_days_of_failure() {
    let bad = Health { failing_since: Some(at(NOW - 4 * DAY)), failures: 500 };
    let verdict = after(3, &Outcome::Delivered, bad, at(NOW), 7);
    assert_eq!(verdict, Verdict { next: Next::Done, health: Health::default() });
    let verdict = after(1, &Outcome::Rejected, verdict.health, at(NOW + 2 * DAY), 7);
    assert!(matches!(verdict.next, Next::At(_)), "{verdict:?}");
}

#[test]
fn two_failures_a_week_apart_do_not_disable_an_endpoint() {
    let once = after(1, &Outcome::Rejected, Health::default(), at(NOW), 7).health;
    let verdict = after(1, &Outcome::Rejected, once, at(NOW + 7 * DAY), 7);
    assert!(matches!(verdict.next, Next::At(_)), "{verdict:?}");
    assert_eq!(verdict.health.failures, 2);
}

#[test]
fn a_clock_that_is_set_back_disables_nothing() {
    let ahead = Health { failing_since: Some(at(NOW + 30 * DAY)), failures: 500 };
    let verdict = after(1, &Outcome::Rejected, ahead, at(NOW), 7);
    assert!(matches!(verdict.next, Next::At(_)), "{verdict:?}");
    assert_eq!(verdict.health.failing_since, Some(at(NOW)));
}

#[test]
fn messages_that_failed_together_come_back_spread_out() {
    let waits: std::collections::BTreeSet<_> =
        (0..1000).map(|seed| wait(fresh(2, &Outcome::Rejected, seed))).collect();
    assert!(waits.len() > 950, "{} different waits of 1000", waits.len());
    let (first, last) = (waits.first().unwrap(), waits.last().unwrap());
    assert!(*first < 301_000 && *last > 329_000, "{first} to {last} ms");
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        prop::sample::select(failures()),
        any::<Option<u64>>()
            .prop_map(|seconds| Outcome::Busy { retry_after: seconds.map(Wait::from_secs) }),
    ]
}

proptest! {
    #[test]
    fn never_sooner_than_the_step_never_later_than_a_day_and_its_jitter(
        attempt in 0_u32..,
        outcome in any_outcome(),
        seed: u64,
    ) {
        match fresh(attempt, &outcome, seed).next {
            Next::At(next) => {
                let step = STEPS[attempt.max(1) as usize - 1] * 1000;
                let wait = next.as_millis() - NOW;
                prop_assert!(wait >= step);
                prop_assert!(wait <= DAY + step / 10);
                prop_assert!(attempt < ATTEMPTS_MAX);
            }
            next => {
                prop_assert_eq!(next, Next::GiveUp);
                prop_assert!(attempt >= ATTEMPTS_MAX);
            }
        }
    }

    #[test]
    fn a_message_is_never_tried_more_than_ten_times_and_ends(
        outcomes in prop::collection::vec(any_outcome(), 20),
        seed: u64,
    ) {
        let (mut now, mut health, mut attempts) = (at(NOW), Health::default(), 0);
        for outcome in &outcomes {
            attempts += 1;
            let verdict = after(attempts, outcome, health, now, seed);
            health = verdict.health;
            match verdict.next {
                Next::At(next) => {
                    prop_assert!(next > now);
                    now = next;
                }
                _ => break,
            }
        }
        prop_assert!(attempts <= ATTEMPTS_MAX);
    }

    #[test]
    fn the_same_arguments_give_the_same_verdict(
        attempt in 1_u32..12,
        outcome in any_outcome(),
        seed: u64,
    ) {
        prop_assert_eq!(fresh(attempt, &outcome, seed), fresh(attempt, &outcome, seed));
    }

    #[test]
    fn no_instant_overflows(attempt in 1_u32..12, outcome in any_outcome(), seed: u64) {
        for now in [Timestamp::MIN, Timestamp::MAX] {
            let health = Health { failing_since: Some(Timestamp::MIN), failures: u32::MAX };
            let _ = after(attempt, &outcome, health, now, seed);
        }
    }
}

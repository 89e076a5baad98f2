//! Durable jobs.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use store::jobs::{self, After, JobClaim, JobState, NewJob};

use crate::desk::{Desk, benches, minute, on_both};

fn schedule(desk: &mut Desk, id: &str, at: i64) -> bool {
    let details = json!({"of": id});
    let job = NewJob { id, kind: "seal", details: &details, at: minute(at) };
    desk.ok(|tx| jobs::schedule(tx, &job, minute(0)))
}

/// Claims for ten minutes.
fn claim(desk: &mut Desk, at: i64) -> Vec<JobClaim> {
    desk.ok(|tx| jobs::claim(tx, minute(at), 10, minute(at + 10)))
}

fn finish(desk: &mut Desk, claim: &JobClaim, after: After<'_>, at: i64) -> bool {
    desk.ok(|tx| jobs::finish(tx, claim, after, minute(at)))
}

#[test]
fn a_job_runs_when_it_is_due_and_once() {
    on_both(|desk| {
        assert!(schedule(desk, "late", 20));
        assert!(schedule(desk, "early", 5));
        assert!(!schedule(desk, "early", 0), "it is wanted already");
        assert_eq!(claim(desk, 4), []);
        assert_eq!(desk.ok(jobs::next_due), Some(minute(5)));
        let claimed = claim(desk, 5);
        assert_eq!(claimed.len(), 1);
        assert_eq!((claimed[0].id.as_str(), claimed[0].attempt), ("early", 1));
        assert_eq!(claimed[0].details, json!({"of": "early"}));
        assert_eq!(claim(desk, 6), [], "somebody is at it");
        assert!(finish(desk, &claimed[0], After::Done(&json!(3)), 7));
        assert!(!finish(desk, &claimed[0], After::Done(&json!(4)), 8), "reported already");
        let job = desk.ok(|tx| jobs::find(tx, "early")).expect("the job");
        assert_eq!(
            (job.state, job.result, job.is_running),
            (JobState::Done, Some(json!(3)), false)
        );
        assert!(!schedule(desk, "early", 9), "its id is known while it is remembered");
        assert_eq!(desk.ok(|tx| jobs::purge(tx, minute(7))), 0);
        assert_eq!(desk.ok(|tx| jobs::purge(tx, minute(8))), 1);
        let due: Vec<String> = claim(desk, 100).into_iter().map(|claim| claim.id).collect();
        assert_eq!(due, ["late"]);
    });
}

#[test]
fn a_periodic_job_comes_again_and_one_that_fails_is_tried_again() {
    on_both(|desk| {
        schedule(desk, "tick", 0);
        let first = claim(desk, 0).remove(0);
        assert!(finish(desk, &first, After::RetryAt("disk\nfull", minute(2)), 1));
        assert_eq!(claim(desk, 1), []);
        let second = claim(desk, 2).remove(0);
        assert_eq!(second.attempt, 2);
        let failure = desk.ok(|tx| jobs::find(tx, "tick")).expect("the job").failure;
        assert_eq!(failure.as_deref(), Some("disk full"));
        assert!(finish(desk, &second, After::Again(&Json::Null, minute(60)), 3));
        assert_eq!(claim(desk, 59), []);
        let third = claim(desk, 60).remove(0);
        assert_eq!(third.attempt, 1, "counted since the last success");
        assert!(finish(desk, &third, After::Failed("no"), 61));
        assert_eq!(claim(desk, 10_000), []);
        assert_eq!(desk.ok(|tx| jobs::list(tx, JobState::Failed, 10)).len(), 1);
        assert_eq!(desk.ok(|tx| jobs::purge(tx, minute(10_000))), 0, "failures stay to be seen");
        assert!(desk.ok(|tx| jobs::run_now(tx, "tick", minute(70))));
        assert_eq!(claim(desk, 70).len(), 1);
        assert!(!desk.ok(|tx| jobs::run_now(tx, "tick", minute(71))), "it is running");
    });
}

#[test]
fn whoever_lost_a_claim_is_not_heard() {
    on_both(|desk| {
        schedule(desk, "job", 0);
        let zombie = claim(desk, 0).remove(0);
        assert!(desk.ok(|tx| jobs::extend(tx, &zombie, minute(15))));
        assert_eq!(claim(desk, 14), []);
        let heir = claim(desk, 15).remove(0);
        assert_eq!(heir.attempt, 2, "an attempt that ended with its process counts");
        assert!(!desk.ok(|tx| jobs::extend(tx, &zombie, minute(99))));
        assert!(!desk.ok(|tx| jobs::release(tx, &zombie, minute(16))));
        assert!(!finish(desk, &zombie, After::Failed("late"), 16));
        assert!(finish(desk, &heir, After::Done(&Json::Null), 17));
        assert!(!finish(desk, &zombie, After::Failed("later"), 18));
        let job = desk.ok(|tx| jobs::find(tx, "job")).expect("the job");
        assert_eq!((job.state, job.failure), (JobState::Done, None));
    });
}

#[test]
fn a_lapsed_claim_that_nobody_took_over_is_still_heard() {
    on_both(|desk| {
        schedule(desk, "job", 0);
        let slow = claim(desk, 0).remove(0);
        assert!(finish(desk, &slow, After::Done(&Json::Null), 500));
        assert_eq!(claim(desk, 600), []);
    });
}

#[test]
fn running_a_lapsed_job_now_makes_the_old_claim_void() {
    on_both(|desk| {
        schedule(desk, "job", 0);
        let zombie = claim(desk, 0).remove(0);
        assert!(desk.ok(|tx| jobs::run_now(tx, "job", minute(10))));
        assert!(!finish(desk, &zombie, After::Done(&Json::Null), 11));
        assert_eq!(claim(desk, 11).len(), 1);
    });
}

#[test]
fn a_claim_given_back_counts_as_no_attempt_and_a_cancelled_job_is_gone() {
    on_both(|desk| {
        schedule(desk, "job", 0);
        let claimed = claim(desk, 0).remove(0);
        assert!(desk.ok(|tx| jobs::release(tx, &claimed, minute(1))));
        let again = claim(desk, 1).remove(0);
        assert_eq!(again.attempt, 1);
        assert!(desk.ok(|tx| jobs::cancel(tx, "job")));
        assert!(!desk.ok(|tx| jobs::cancel(tx, "job")));
        assert!(!finish(desk, &again, After::Again(&Json::Null, minute(3)), 2));
        assert_eq!(claim(desk, 100), []);
    });
}

#[derive(Clone, Debug)]
enum Step {
    /// A worker claims.
    Claim,
    /// The holder of some claim, current or not, reports.
    Report(prop::sample::Index, bool),
    /// The holder of some claim gives it back.
    Release(prop::sample::Index),
    /// The process ends in the middle of a report.
    Crash(prop::sample::Index),
    /// Time passes.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Claim),
        4 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(of, ok)| Step::Report(of, ok)),
        1 => any::<prop::sample::Index>().prop_map(Step::Release),
        1 => any::<prop::sample::Index>().prop_map(Step::Crash),
        2 => (1..15_i64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever workers, zombies and crashes do: a job is held by one at a time, is reported done
    /// once, and is done in the end.
    #[test]
    fn every_job_is_done_once(jobs_wanted in 1..4_usize, steps in prop::collection::vec(step(), 1..60)) {
        for bench in benches() {
            let desk = &mut Desk::at(&bench);
            for number in 0..jobs_wanted {
                schedule(desk, &format!("j{number}"), 0);
            }
            let (mut now, mut held, mut done) = (0, Vec::<(JobClaim, i64)>::new(), Vec::new());
            for step in steps.clone() {
                match step {
                    Step::Wait(minutes) => now += minutes,
                    Step::Claim => {
                        for claim in claim(desk, now) {
                            let lapsed = held.iter().filter(|(other, _)| other.id == claim.id);
                            prop_assert!(lapsed.into_iter().all(|(_, until)| *until <= now));
                            prop_assert!(!done.contains(&claim.id));
                            held.push((claim, now + 10));
                        }
                    }
                    Step::Report(of, ok) if !held.is_empty() => {
                        let at = of.index(held.len());
                        let claim = held[at].0.clone();
                        let after = if ok { After::Done(&Json::Null) } else { After::RetryAt("x", minute(now)) };
                        let latest = held.iter().rev().find(|(other, _)| other.id == claim.id);
                        let is_latest = latest.is_some_and(|(other, _)| *other == claim);
                        let taken = finish(desk, &claim, after, now);
                        prop_assert!(!taken || is_latest);
                        if taken {
                            // The report ended the claim: its holder has no more to say.
                            held[at].1 = now;
                            if ok { done.push(claim.id); }
                        }
                    }
                    Step::Release(of) if !held.is_empty() => {
                        let at = of.index(held.len());
                        let claim = held[at].0.clone();
                        if desk.ok(|tx| jobs::release(tx, &claim, minute(now))) {
                            held[at].1 = now;
                        }
                    }
                    Step::Crash(of) if !held.is_empty() => {
                        let claim = held[of.index(held.len())].0.clone();
                        desk.crash(|tx| jobs::finish(tx, &claim, After::Done(&Json::Null), minute(now)));
                    }
                    Step::Report(..) | Step::Release(_) | Step::Crash(_) => {}
                }
            }
            now += 10;
            for claim in claim(desk, now) {
                prop_assert!(finish(desk, &claim, After::Done(&Json::Null), now));
                done.push(claim.id);
            }
            done.sort();
            let all: Vec<String> = (0..jobs_wanted).map(|number| format!("j{number}")).collect();
            prop_assert_eq!(done, all);
        }
    }
}

//! The law of the outbox: whatever workers, zombies, crashes and replays do, no delivery is lost, and
//! each has one course.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use store::webhooks::{self, Attempt, Claim, DeliveryState, Message, Next, Recorded};

use crate::desk::{Desk, benches, minute};
use crate::outbox::{claim, endpoint, record};

#[derive(Clone, Debug)]
enum Step {
    /// Something happens, and is told in the same transaction.
    Enqueue,
    /// The process ends before that transaction is committed.
    EnqueueAndCrash,
    /// A worker claims some.
    Claim(usize),
    /// A worker claims some, and its process ends before the claim is committed.
    ClaimAndCrash(usize),
    /// The holder of some claim, current or lapsed, reports how it went.
    Record(prop::sample::Index, u8),
    /// The same, and its process ends before the report is committed.
    RecordAndCrash(prop::sample::Index),
    /// The holder of some claim gives it back.
    Release(prop::sample::Index),
    /// Somebody enables all endpoints.
    Enable,
    /// Time passes.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        3 => Just(Step::Enqueue),
        1 => Just(Step::EnqueueAndCrash),
        4 => (1..6_usize).prop_map(Step::Claim),
        1 => (1..6_usize).prop_map(Step::ClaimAndCrash),
        6 => (index(), 0..8_u8).prop_map(|(of, how)| Step::Record(of, how)),
        1 => index().prop_map(Step::RecordAndCrash),
        1 => index().prop_map(Step::Release),
        1 => Just(Step::Enable),
        3 => (1..15_i64).prop_map(Step::Wait),
    ]
}

type Name = (String, String);

fn name(claim: &Claim) -> Name {
    (claim.message.clone(), claim.endpoint.clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_delivery_is_lost_or_settled_twice(steps in prop::collection::vec(step(), 1..80)) {
        for bench in benches() {
            let desk = &mut Desk::at(&bench);
            endpoint(desk, "e", &[]);
            endpoint(desk, "f", &[]);
            let (mut now, mut number) = (0, 0);
            let mut wanted = HashSet::<Name>::new();
            // Every claim ever made, and until when it was held.
            let mut claims = Vec::<(Claim, i64)>::new();
            let mut latest = HashMap::<Name, i64>::new();
            let mut settled = HashMap::<Name, DeliveryState>::new();
            let mut enabled = HashSet::from(["e".to_owned(), "f".to_owned()]);
            for step in steps.clone() {
                match step {
                    Step::Wait(minutes) => now += minutes,
                    Step::Enqueue | Step::EnqueueAndCrash => {
                        number += 1;
                        let id = format!("m{number:03}");
                        let message = Message { id: &id, event_type: "x", about: None, payload: "{}" };
                        if matches!(step, Step::EnqueueAndCrash) {
                            desk.crash(|tx| crate::support::enqueue(tx, &[message], minute(now)));
                            continue;
                        }
                        let deliveries = desk.ok(|tx| crate::support::enqueue(tx, &[message], minute(now)));
                        prop_assert_eq!(deliveries, enabled.len() as u64);
                        wanted.extend(enabled.iter().map(|endpoint| (id.clone(), endpoint.clone())));
                    }
                    Step::ClaimAndCrash(limit) => {
                        desk.crash(|tx| webhooks::claim(tx, minute(now), limit, minute(now + 10)));
                    }
                    Step::Claim(limit) => {
                        let made = claim(desk, limit, now);
                        prop_assert!(made.len() <= limit);
                        for claim in made {
                            let name = name(&claim);
                            prop_assert!(wanted.contains(&name));
                            prop_assert!(enabled.contains(&claim.endpoint));
                            prop_assert!(!settled.contains_key(&name), "claimed after it was settled");
                            let mut earlier = claims.iter().filter(|(other, _)| name == self::name(other));
                            prop_assert!(earlier.all(|(_, until)| *until <= now), "two hold it");
                            latest.insert(name, claim.number);
                            claims.push((claim, now + 10));
                        }
                    }
                    Step::Record(of, how) if !claims.is_empty() => {
                        let at = of.index(claims.len());
                        let (claim, _) = claims[at].clone();
                        let next = match how {
                            0..=2 => Next::Delivered,
                            3..=5 => Next::RetryAt(minute(now + 3)),
                            6 => Next::GiveUp,
                            _ => Next::Disable { reason: "410" },
                        };
                        let recorded = record(desk, &claim, next, now);
                        if recorded == Recorded::Stored {
                            prop_assert_eq!(latest.get(&name(&claim)), Some(&claim.number), "a zombie");
                            claims[at].1 = now;
                            match next {
                                Next::Delivered => {
                                    let before = settled.insert(name(&claim), DeliveryState::Delivered);
                                    prop_assert_eq!(before, None);
                                }
                                Next::GiveUp => {
                                    let before = settled.insert(name(&claim), DeliveryState::GivenUp);
                                    prop_assert_eq!(before, None);
                                }
                                Next::Disable { .. } => {
                                    enabled.remove(&claim.endpoint);
                                }
                                Next::RetryAt(_) => {}
                            }
                            // Nobody is heard twice.
                            prop_assert_eq!(record(desk, &claim, next, now), Recorded::Refused);
                        }
                    }
                    Step::RecordAndCrash(of) if !claims.is_empty() => {
                        let (claim, _) = claims[of.index(claims.len())].clone();
                        let attempt =
                            Attempt { at: minute(now), status: Some(200), failure: None, took_ms: 1, response: "" };
                        desk.crash(|tx| webhooks::record(tx, &claim, &attempt, Next::Delivered));
                    }
                    Step::Release(of) if !claims.is_empty() => {
                        let at = of.index(claims.len());
                        let (claim, _) = claims[at].clone();
                        if desk.ok(|tx| webhooks::release(tx, &claim, minute(now))) == Recorded::Stored {
                            claims[at].1 = now;
                        }
                    }
                    Step::Enable => {
                        for endpoint in ["e", "f"] {
                            desk.ok(|tx| webhooks::enable(tx, endpoint));
                            enabled.insert(endpoint.to_owned());
                        }
                    }
                    Step::Record(..) | Step::RecordAndCrash(_) | Step::Release(_) => {}
                }
            }
            // Everybody is well again: what is left is delivered, and then there is nothing left.
            for endpoint in ["e", "f"] {
                desk.ok(|tx| webhooks::enable(tx, endpoint));
            }
            now += 20;
            loop {
                let made = claim(desk, 5, now);
                if made.is_empty() {
                    break;
                }
                for claim in made {
                    prop_assert_eq!(record(desk, &claim, Next::Delivered, now), Recorded::Stored);
                    let before = settled.insert(name(&claim), DeliveryState::Delivered);
                    prop_assert_eq!(before, None);
                }
            }
            let names: HashSet<Name> = settled.keys().cloned().collect();
            prop_assert_eq!(names, wanted);
            for endpoint in ["e", "f"] {
                for delivery in desk.ok(|tx| webhooks::page(tx, endpoint, None, None, 1000)) {
                    let name = (delivery.message, delivery.endpoint);
                    prop_assert_eq!(settled.get(&name), Some(&delivery.state));
                }
            }
        }
    }
}

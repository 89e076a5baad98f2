//! Requests that are repeated.

use proptest::prelude::*;
use store::idempotency::{Answer, IdempotencyKey, Outcome, forget, idempotent, purge};
use store::settings::{self, Expected};
use store::{DbError, Digest, Tx};

use crate::desk::{Desk, benches, minute, on_both};
use crate::support;

const WEEK: i64 = 7 * 24 * 60;

/// An effect that can be counted: one more version of a setting.
fn effect(tx: &mut Tx<'_>) -> Result<Answer, DbError> {
    let set =
        settings::put(tx, "effects", &serde_json::json!(1), Expected::Anything, "t", minute(0));
    let version = set.map_err(|error| DbError::Statement(error.to_string()))?;
    Ok(answer(version))
}

fn answer(version: i64) -> Answer {
    let body = format!("effect {version}\0").into_bytes();
    Answer { status: 201, body, about: Some("lead-1".to_owned()), version: Some(version) }
}

fn effects(tx: &mut Tx<'_>) -> Result<i64, DbError> {
    Ok(settings::find(tx, "effects")?.map_or(0, |setting| setting.version))
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).expect("a key")
}

fn send(desk: &mut Desk, actor: &str, name: &str, request: &str, at: i64) -> Outcome {
    let request = Digest::of(request.as_bytes());
    desk.ok(|tx| idempotent(tx, actor, &key(name), &request, minute(at), effect))
}

#[test]
fn a_repeated_request_hears_the_same_and_does_nothing() {
    on_both(|desk| {
        assert_eq!(send(desk, "ana", "k", "a", 0), Outcome::Fresh(answer(1)));
        assert_eq!(send(desk, "ana", "k", "a", 1), Outcome::Replayed(answer(1)));
        assert_eq!(send(desk, "ana", "k", "b", 1), Outcome::Conflict);
        assert_eq!(desk.ok(effects), 1);
        // Another's key of the same name is another key.
        assert_eq!(send(desk, "ion", "k", "a", 1), Outcome::Fresh(answer(2)));
        assert_eq!(send(desk, "ana", "K", "a", 1), Outcome::Fresh(answer(3)));
    });
}

#[test]
fn an_effect_that_fails_may_be_tried_again() {
    on_both(|desk| {
        let request = Digest::of(b"a");
        let failed = desk.run(|tx| {
            idempotent(tx, "ana", &key("k"), &request, minute(0), |tx| {
                effect(tx)?;
                Err(DbError::Full)
            })
        });
        assert_eq!(failed, Err(DbError::Full));
        assert_eq!(desk.ok(effects), 0);
        assert_eq!(send(desk, "ana", "k", "a", 1), Outcome::Fresh(answer(1)));
    });
}

#[test]
fn answers_are_kept_for_a_week_whether_or_not_anybody_purges() {
    on_both(|desk| {
        send(desk, "ana", "k", "a", 0);
        send(desk, "ana", "l", "a", 10);
        assert_eq!(send(desk, "ana", "k", "a", WEEK - 1), Outcome::Replayed(answer(1)));
        assert_eq!(desk.ok(|tx| purge(tx, minute(WEEK - 1))), 0);
        assert_eq!(send(desk, "ana", "k", "b", WEEK), Outcome::Fresh(answer(3)));
        assert_eq!(desk.ok(|tx| purge(tx, minute(WEEK + 10))), 1);
        assert_eq!(send(desk, "ana", "k", "b", WEEK + 10), Outcome::Replayed(answer(3)));
    });
}

#[test]
fn erasing_a_lead_empties_the_answers_about_it_without_letting_the_effect_happen_again() {
    on_both(|desk| {
        send(desk, "ana", "k", "a", 0);
        assert_eq!(desk.ok(|tx| forget(tx, "lead-2")), 0);
        assert_eq!(desk.ok(|tx| forget(tx, "lead-1")), 1);
        let gone = Answer { status: 410, body: Vec::new(), about: None, version: None };
        assert_eq!(send(desk, "ana", "k", "a", 1), Outcome::Replayed(gone));
        assert_eq!(desk.ok(effects), 1);
    });
}

#[test]
fn a_hundred_at_once_have_one_effect() {
    support::on_both(|bench| {
        let request = Digest::of(b"a");
        let pending: Vec<_> = (0..100)
            .map(|_| {
                bench
                    .store
                    .submit(move |tx| idempotent(tx, "ana", &key("k"), &request, minute(0), effect))
            })
            .collect();
        let outcomes: Vec<Outcome> =
            pending.into_iter().map(|answer| answer.wait().expect("an outcome")).collect();
        let fresh = outcomes.iter().filter(|one| **one == Outcome::Fresh(answer(1))).count();
        let replayed = outcomes.iter().filter(|one| **one == Outcome::Replayed(answer(1))).count();
        assert_eq!((fresh, replayed), (1, 99));
        assert_eq!(bench.store.read(effects), Ok(1));
    });
}

#[test]
fn what_is_no_key_is_refused() {
    for text in ["", " ", "a\0", "a\r\nb", "ключ", &"x".repeat(256)] {
        assert!(IdempotencyKey::parse(text).is_err(), "{text:?}");
    }
    assert!(IdempotencyKey::parse(&"x".repeat(255)).is_ok());
    assert!(IdempotencyKey::parse("018f-01 a").is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Requests arrive in any order, any number of times, and processes end before they commit:
    /// every (actor, key) has one effect, that of the first request that was committed.
    #[test]
    fn every_key_has_one_effect(
        steps in prop::collection::vec((0..2_u8, 0..3_u8, 0..2_u8, any::<bool>()), 1..30),
    ) {
        for bench in benches() {
            let desk = &mut Desk::at(&bench);
            let mut first = std::collections::HashMap::new();
            for (actor, name, request, crashes) in steps.clone() {
                let (actor, name) = (format!("a{actor}"), format!("k{name}"));
                let text = [request];
                let digest = Digest::of(&text);
                if crashes {
                    desk.crash(|tx| idempotent(tx, &actor, &key(&name), &digest, minute(0), effect));
                    continue;
                }
                let outcome =
                    desk.ok(|tx| idempotent(tx, &actor, &key(&name), &digest, minute(0), effect));
                let next = answer(first.len() as i64 + 1);
                match first.get(&(actor.clone(), name.clone())) {
                    None => {
                        prop_assert_eq!(outcome, Outcome::Fresh(next.clone()));
                        first.insert((actor, name), (request, next));
                    }
                    Some((of, answer)) if *of == request => {
                        prop_assert_eq!(outcome, Outcome::Replayed(answer.clone()));
                    }
                    Some(_) => prop_assert_eq!(outcome, Outcome::Conflict),
                }
            }
            prop_assert_eq!(desk.ok(effects), first.len() as i64);
        }
    }
}

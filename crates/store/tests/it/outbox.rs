//! Webhooks: endpoints and the outbox.

use store::webhooks::{
    self, Attempt, Claim, DeliveryState, Message, NewEndpoint, Next, Recorded, SigningSecret,
};

use crate::desk::{Desk, minute, on_both};

pub(crate) fn endpoint(desk: &mut Desk, id: &str, event_types: &[&str]) {
    let event_types: Vec<String> = event_types.iter().map(|&one| one.to_owned()).collect();
    let new = NewEndpoint {
        id,
        url: &format!("https://{id}.example.com/"),
        description: "",
        event_types: &event_types,
        secret: &SigningSecret::new(format!("whsec_{id}_1")),
        created_by: "ana",
    };
    desk.ok(|tx| webhooks::create(tx, &new, minute(0)));
}

pub(crate) fn enqueue(desk: &mut Desk, id: &str, event_type: &str, at: i64) -> u64 {
    let payload = format!("{{\"id\":\"{id}\"}}");
    let message = Message { id, event_type, about: Some("lead-1"), payload: &payload };
    desk.ok(|tx| crate::support::enqueue(tx, &[message], minute(at)))
}

/// Claims for ten minutes.
pub(crate) fn claim(desk: &mut Desk, limit: usize, at: i64) -> Vec<Claim> {
    desk.ok(|tx| webhooks::claim(tx, minute(at), limit, minute(at + 10)))
}

pub(crate) fn record(desk: &mut Desk, claim: &Claim, next: Next<'_>, at: i64) -> Recorded {
    let failure = (next != Next::Delivered).then_some("connection\nrefused");
    let attempt = Attempt {
        at: minute(at),
        status: failure.is_none().then_some(204),
        failure,
        took_ms: 12,
        response: "a\r\nb\0",
    };
    desk.ok(|tx| webhooks::record(tx, claim, &attempt, next))
}

fn messages(claims: &[Claim]) -> Vec<&str> {
    claims.iter().map(|claim| claim.message.as_str()).collect()
}

#[test]
fn every_enabled_endpoint_hears_of_what_it_asked_for() {
    on_both(|desk| {
        endpoint(desk, "all", &[]);
        endpoint(desk, "leads", &["lead.*"]);
        endpoint(desk, "won", &["deal.won"]);
        endpoint(desk, "off", &[]);
        assert!(desk.ok(|tx| webhooks::disable(tx, "off", "by hand", minute(0))));
        assert_eq!(enqueue(desk, "m1", "lead.stage_entered", 0), 2);
        assert_eq!(enqueue(desk, "m2", "deal.won", 0), 2);
        assert_eq!(enqueue(desk, "m3", "deal.lost", 0), 1);
        assert_eq!(enqueue(desk, "m3", "deal.lost", 0), 0, "the message is there already");
        let mut claimed: Vec<(String, String)> =
            claim(desk, 100, 0).into_iter().map(|claim| (claim.endpoint, claim.message)).collect();
        claimed.sort();
        let expected =
            [("all", "m1"), ("all", "m2"), ("all", "m3"), ("leads", "m1"), ("won", "m2")];
        let expected =
            expected.map(|(endpoint, message)| (endpoint.to_owned(), message.to_owned()));
        assert_eq!(claimed, expected);
    });
}

#[test]
fn what_nobody_wants_to_hear_is_not_kept() {
    on_both(|desk| {
        endpoint(desk, "won", &["deal.won"]);
        assert_eq!(enqueue(desk, "m1", "deal.lost", 0), 0);
        let sql = "SELECT count(*) FROM webhook_message";
        assert_eq!(desk.ok(|tx| tx.value::<i64>(sql, &[])), 0);
    });
}

#[test]
fn a_claim_holds_all_that_sending_needs_and_shows_no_secret() {
    on_both(|desk| {
        endpoint(desk, "e", &[]);
        enqueue(desk, "m", "lead.created", 0);
        let new = SigningSecret::new("whsec_e_2".to_owned());
        desk.ok(|tx| webhooks::rotate_secret(tx, "e", &new, minute(5)));
        let claimed = claim(desk, 10, 4).remove(0);
        assert_eq!((claimed.url.as_str(), claimed.attempt), ("https://e.example.com/", 1));
        assert_eq!(claimed.payload, "{\"id\":\"m\"}");
        let secrets: Vec<&str> = claimed.secrets.iter().map(SigningSecret::as_str).collect();
        assert_eq!(secrets, ["whsec_e_2", "whsec_e_1"]);
        assert!(!format!("{claimed:?}").contains("whsec"));
        assert_eq!(desk.ok(|tx| webhooks::secrets(tx, "e", minute(5))), [new]);
        let shown = format!("{:?}", desk.ok(webhooks::list));
        assert!(!shown.contains("whsec"));
    });
}

#[test]
fn a_failed_delivery_comes_back_when_it_is_due_and_a_delivered_one_never() {
    on_both(|desk| {
        endpoint(desk, "e", &[]);
        enqueue(desk, "m", "x", 0);
        let first = claim(desk, 10, 0).remove(0);
        assert_eq!(claim(desk, 10, 9), [], "somebody has it");
        assert_eq!(record(desk, &first, Next::RetryAt(minute(5)), 1), Recorded::Stored);
        let failing = desk.ok(|tx| webhooks::find(tx, "e")).expect("it").failing_since;
        assert_eq!(failing, Some(minute(1)));
        assert_eq!(claim(desk, 10, 4), []);
        let second = claim(desk, 10, 5).remove(0);
        assert_eq!((second.attempt, second.failing_since), (2, Some(minute(1))));
        assert_eq!(record(desk, &second, Next::Delivered, 6), Recorded::Stored);
        assert_eq!(record(desk, &second, Next::Delivered, 6), Recorded::Refused, "once");
        assert_eq!(claim(desk, 10, 10_000), []);
        let failing = desk.ok(|tx| webhooks::find(tx, "e")).expect("it").failing_since;
        assert_eq!(failing, None);
        let log = desk.ok(|tx| webhooks::attempts(tx, "m", "e"));
        let statuses: Vec<Option<i64>> = log.iter().map(|attempt| attempt.status).collect();
        assert_eq!(statuses, [None, Some(204)]);
        assert_eq!(log[0].failure.as_deref(), Some("connection refused"));
        assert_eq!(log[1].response, "a  b ");
        let page = desk.ok(|tx| webhooks::page(tx, "e", None, None, 10));
        assert_eq!((page[0].state, page[0].attempts), (DeliveryState::Delivered, 2));
        assert_eq!((page[0].last_status, page[0].next_at), (Some(204), None));
    });
}

#[test]
fn a_zombie_changes_nothing() {
    on_both(|desk| {
        endpoint(desk, "e", &[]);
        enqueue(desk, "m", "x", 0);
        let zombie = claim(desk, 10, 0).remove(0);
        let heir = claim(desk, 10, 10).remove(0);
        assert!(!desk.ok(|tx| webhooks::is_current(tx, &zombie)));
        assert!(desk.ok(|tx| webhooks::is_current(tx, &heir)));
        for next in [Next::Delivered, Next::GiveUp, Next::Disable { reason: "410" }] {
            assert_eq!(record(desk, &zombie, next, 11), Recorded::Refused);
        }
        assert_eq!(desk.ok(|tx| webhooks::release(tx, &zombie, minute(11))), Recorded::Refused);
        assert!(desk.ok(|tx| webhooks::find(tx, "e")).expect("it").is_enabled());
        assert_eq!(desk.ok(|tx| webhooks::attempts(tx, "m", "e")), []);
        assert_eq!(record(desk, &heir, Next::Delivered, 12), Recorded::Stored);
        assert_eq!(record(desk, &zombie, Next::RetryAt(minute(13)), 13), Recorded::Refused);
        assert_eq!(claim(desk, 10, 1000), []);
    });
}

#[test]
fn a_slow_worker_is_heard_while_nobody_took_over() {
    on_both(|desk| {
        endpoint(desk, "e", &[]);
        enqueue(desk, "m", "x", 0);
        let slow = claim(desk, 10, 0).remove(0);
        assert_eq!(record(desk, &slow, Next::Delivered, 300), Recorded::Stored);
        assert_eq!(claim(desk, 10, 301), []);
    });
}

#[test]
fn an_endpoint_that_is_disabled_hears_nothing_until_it_is_enabled() {
    on_both(|desk| {
        endpoint(desk, "e", &[]);
        enqueue(desk, "m1", "x", 0);
        enqueue(desk, "m2", "x", 1);
        let claims = claim(desk, 10, 1);
        let gone = Next::Disable { reason: "410 Gone" };
        assert_eq!(record(desk, &claims[0], gone, 2), Recorded::Stored);
        assert!(!desk.ok(|tx| webhooks::is_current(tx, &claims[1])), "asked before sending");
        assert_eq!(record(desk, &claims[1], Next::RetryAt(minute(3)), 2), Recorded::Stored);
        let disabled = desk.ok(|tx| webhooks::find(tx, "e")).expect("it");
        assert_eq!(disabled.disabled_reason.as_deref(), Some("410 Gone"));
        assert_eq!(claim(desk, 10, 100), []);
        assert_eq!(enqueue(desk, "m3", "x", 100), 0);
        assert!(desk.ok(|tx| webhooks::enable(tx, "e")));
        let enabled = desk.ok(|tx| webhooks::find(tx, "e")).expect("it");
        assert_eq!((enabled.is_enabled(), enabled.failing_since), (true, None));
        assert_eq!(messages(&claim(desk, 10, 101)), ["m1", "m2"]);
    });
}

#[test]
fn after_a_restore_nothing_is_sent_until_somebody_says_so() {
    on_both(|desk| {
        endpoint(desk, "e", &[]);
        endpoint(desk, "f", &[]);
        enqueue(desk, "m", "x", 0);
        assert_eq!(desk.ok(|tx| webhooks::disable_all(tx, "restored", minute(1))), 2);
        assert_eq!(claim(desk, 10, 2), []);
        desk.ok(|tx| webhooks::enable(tx, "f"));
        assert_eq!(claim(desk, 10, 2).len(), 1);
    });
}

#[test]
fn a_slow_endpoint_keeps_nobody_else_waiting() {
    on_both(|desk| {
        endpoint(desk, "slow", &["s"]);
        endpoint(desk, "fast", &["f"]);
        for number in 0..30 {
            enqueue(desk, &format!("s{number:02}"), "s", 0);
        }
        enqueue(desk, "f1", "f", 1);
        let claims = claim(desk, 4, 2);
        assert_eq!(messages(&claims), ["s00", "f1", "s01", "s02"]);
        // No more than eight at a time, however often somebody asks.
        let more = [claim(desk, 100, 3), claim(desk, 100, 4)].concat();
        assert_eq!(more.len(), 5);
        assert_eq!(record(desk, &more[0], Next::RetryAt(minute(100)), 5), Recorded::Stored);
        assert_eq!(claim(desk, 100, 5).len(), 1);
    });
}

#[test]
fn a_replay_starts_the_schedule_anew() {
    on_both(|desk| {
        endpoint(desk, "e", &[]);
        endpoint(desk, "f", &[]);
        enqueue(desk, "m", "x", 0);
        let claims = claim(desk, 10, 0);
        assert_eq!(desk.ok(|tx| webhooks::replay(tx, "m", None, minute(1))), 0, "under way");
        record(desk, &claims[0], Next::GiveUp, 1);
        record(desk, &claims[1], Next::Delivered, 1);
        assert_eq!(desk.ok(|tx| webhooks::replay(tx, "m", Some("e"), minute(2))), 1);
        let again = claim(desk, 10, 2);
        assert_eq!(again.len(), 1);
        assert_eq!((again[0].endpoint.as_str(), again[0].attempt), ("e", 1));
        assert_eq!(record(desk, &claims[0], Next::Delivered, 3), Recorded::Refused);
        assert_eq!(record(desk, &again[0], Next::RetryAt(minute(99)), 3), Recorded::Stored);
        // What waits for its next attempt is due at once; what was delivered is sent again.
        assert_eq!(desk.ok(|tx| webhooks::replay(tx, "m", None, minute(4))), 2);
        assert_eq!(claim(desk, 10, 4).len(), 2);
        assert_eq!(desk.ok(|tx| webhooks::replay(tx, "none", None, minute(4))), 0);
    });
}

#[test]
fn everything_that_was_given_up_since_an_instant_is_sent_again() {
    on_both(|desk| {
        endpoint(desk, "e", &[]);
        for (number, next) in
            [Next::GiveUp, Next::GiveUp, Next::Delivered, Next::RetryAt(minute(999))]
                .into_iter()
                .enumerate()
        {
            let at = number as i64 * 10;
            enqueue(desk, &format!("m{number}"), "x", at);
            let claimed = claim(desk, 10, at).remove(0);
            record(desk, &claimed, next, at + 1);
        }
        let counts = desk.ok(webhooks::counts);
        assert_eq!((counts[0].waiting, counts[0].delivered, counts[0].given_up), (1, 1, 2));
        assert_eq!(counts[0].oldest_due, Some(minute(999)));
        let replayed = desk.ok(|tx| webhooks::replay_failed(tx, "e", minute(5), minute(50)));
        assert_eq!(replayed, 1);
        assert_eq!(messages(&claim(desk, 10, 50)), ["m1"]);
        let given_up = Some(DeliveryState::GivenUp);
        let page = desk.ok(|tx| webhooks::page(tx, "e", given_up, None, 10));
        assert_eq!(page.len(), 1);
        assert_eq!(page[0].message, "m0");
        let after = Some((minute(20), "m2"));
        let page = desk.ok(|tx| webhooks::page(tx, "e", None, after, 10));
        let ids: Vec<&str> = page.iter().map(|delivery| delivery.message.as_str()).collect();
        assert_eq!(ids, ["m1", "m0"]);
    });
}

#[test]
fn a_claim_given_back_counts_as_no_attempt() {
    on_both(|desk| {
        endpoint(desk, "e", &[]);
        enqueue(desk, "m", "x", 0);
        let claimed = claim(desk, 10, 0).remove(0);
        assert_eq!(desk.ok(|tx| webhooks::release(tx, &claimed, minute(1))), Recorded::Stored);
        assert_eq!(record(desk, &claimed, Next::Delivered, 1), Recorded::Refused);
        assert_eq!(claim(desk, 10, 1)[0].attempt, 1);
    });
}

#[test]
fn of_many_attempts_the_last_are_remembered() {
    on_both(|desk| {
        endpoint(desk, "e", &[]);
        enqueue(desk, "m", "x", 0);
        for at in 0..30 {
            let claimed = claim(desk, 10, at).remove(0);
            record(desk, &claimed, Next::RetryAt(minute(at + 1)), at);
        }
        let log = desk.ok(|tx| webhooks::attempts(tx, "m", "e"));
        assert_eq!(log.len(), 20);
        assert_eq!((log[0].at, log[19].at), (minute(10), minute(29)));
        assert_eq!(claim(desk, 10, 100)[0].attempt, 31);
    });
}

#[test]
fn erasing_a_lead_takes_back_what_is_told_of_it() {
    on_both(|desk| {
        endpoint(desk, "e", &[]);
        enqueue(desk, "m1", "x", 0);
        let other = Message { id: "m2", event_type: "x", about: Some("lead-2"), payload: "{}" };
        desk.ok(|tx| crate::support::enqueue(tx, &[other], minute(0)));
        let claims = claim(desk, 1, 0);
        assert_eq!(messages(&claims), ["m1"]);
        assert_eq!(desk.ok(|tx| webhooks::forget(tx, "lead-1")), 1);
        assert!(!desk.ok(|tx| webhooks::is_current(tx, &claims[0])), "asked before sending");
        assert_eq!(record(desk, &claims[0], Next::RetryAt(minute(5)), 1), Recorded::Refused);
        assert_eq!(messages(&claim(desk, 10, 100)), ["m2"]);
    });
}

#[test]
fn old_messages_go_when_nobody_waits_for_them() {
    on_both(|desk| {
        endpoint(desk, "e", &[]);
        endpoint(desk, "off", &["y"]);
        for (id, kind) in [("m1", "x"), ("m2", "x"), ("m3", "y")] {
            enqueue(desk, id, kind, 0);
        }
        enqueue(desk, "new", "x", 50);
        for claimed in claim(desk, 10, 50) {
            if claimed.endpoint == "e" && claimed.message != "m2" {
                record(desk, &claimed, Next::Delivered, 51);
            }
        }
        desk.ok(|tx| webhooks::disable(tx, "off", "x", minute(51)));
        // m1 is settled, m2 waits, m3 waits for a disabled endpoint only, the last one is new.
        assert_eq!(desk.ok(|tx| webhooks::purge(tx, minute(50), 1)), 1);
        assert_eq!(desk.ok(|tx| webhooks::purge(tx, minute(50), 10)), 1);
        assert_eq!(desk.ok(|tx| webhooks::purge(tx, minute(50), 10)), 0);
        let page = desk.ok(|tx| webhooks::page(tx, "e", None, None, 10));
        let ids: Vec<&str> = page.iter().map(|delivery| delivery.message.as_str()).collect();
        assert_eq!(ids, ["new", "m2"]);
        assert!(desk.ok(|tx| webhooks::remove(tx, "e")));
        assert_eq!(desk.ok(|tx| webhooks::page(tx, "e", None, None, 10)), []);
        assert_eq!(desk.ok(|tx| webhooks::purge(tx, minute(100), 10)), 2);
    });
}

//! Sessions.

use leads::Duration;
use store::accounts::sessions::{self, Lifetime, StartError};
use store::accounts::{self, Role};

use crate::accounts::user;
use crate::desk::{Desk, minute, on_both, second, token};

/// An hour unused, three hours in all.
const SHORT: Lifetime = Lifetime { idle: Duration::HOUR, longest: three_hours() };

const fn three_hours() -> Duration {
    match Duration::from_millis(3 * 3_600_000) {
        Some(duration) => duration,
        None => Duration::ZERO,
    }
}

fn log_in(desk: &mut Desk, number: u8, id: &str) -> String {
    let session =
        desk.ok(|tx| sessions::start(tx, &token(number), id, "Firefox", SHORT, minute(0)));
    session.id
}

fn lasts(desk: &mut Desk, number: u8, at: i64) -> bool {
    desk.ok(|tx| sessions::find(tx, token(number).as_str(), minute(at))).is_some()
}

#[test]
fn a_session_lasts_while_it_is_used_but_not_for_ever() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        let id = log_in(desk, 1, "ana");
        assert!(lasts(desk, 1, 59));
        assert!(!lasts(desk, 1, 60), "an hour unused");
        for at in [50, 100, 150] {
            assert!(desk.ok(|tx| sessions::touch(tx, &id, SHORT, minute(at))), "{at}");
        }
        assert!(lasts(desk, 1, 179));
        assert!(!lasts(desk, 1, 180), "three hours in all");
        assert!(!desk.ok(|tx| sessions::touch(tx, &id, SHORT, minute(180))));
    });
}

#[test]
fn uses_within_a_minute_are_written_once() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        let id = log_in(desk, 1, "ana");
        let seen = |desk: &mut Desk| {
            let found = desk.ok(|tx| sessions::find(tx, token(1).as_str(), minute(1)));
            found.expect("the session").last_seen_at
        };
        desk.ok(|tx| sessions::touch(tx, &id, SHORT, second(59)));
        assert_eq!(seen(desk), second(0));
        desk.ok(|tx| sessions::touch(tx, &id, SHORT, second(60)));
        assert_eq!(seen(desk), second(60));
    });
}

#[test]
fn a_token_that_was_planted_before_the_login_is_worthless_after_it() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        // Somebody plants the token 66 in the browser; the login never adopts what is shown to it.
        assert!(!lasts(desk, 66, 0));
        log_in(desk, 1, "ana");
        assert!(!lasts(desk, 66, 0));
        assert!(lasts(desk, 1, 0));
    });
}

#[test]
fn renewing_makes_the_old_token_worthless_and_lasts_no_longer() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        let id = log_in(desk, 1, "ana");
        let renewed = desk.ok(|tx| sessions::renew(tx, token(1).as_str(), &token(2), minute(30)));
        let renewed = renewed.expect("a session");
        assert_ne!(renewed.id, id);
        assert_eq!((renewed.created_at, renewed.expires_at), (minute(0), minute(60)));
        assert!(!lasts(desk, 1, 30));
        assert!(lasts(desk, 2, 30));
        let again = desk.ok(|tx| sessions::renew(tx, token(1).as_str(), &token(3), minute(30)));
        assert_eq!(again, None, "the old token renews nothing");
        assert!(!lasts(desk, 3, 30));
        let late = desk.ok(|tx| sessions::renew(tx, token(2).as_str(), &token(4), minute(60)));
        assert_eq!(late, None, "what has expired is not brought back");
    });
}

#[test]
fn a_logout_ends_one_session_and_a_logout_everywhere_all() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        user(desk, "ion", Role::Sales);
        let ids: Vec<String> = (1..=4).map(|number| log_in(desk, number, "ana")).collect();
        log_in(desk, 5, "ion");
        assert!(desk.ok(|tx| sessions::end(tx, token(1).as_str())));
        assert!(!desk.ok(|tx| sessions::end(tx, token(1).as_str())));
        assert!(!desk.ok(|tx| sessions::end_one(tx, "ion", &ids[1])), "not a session of ion's");
        assert!(desk.ok(|tx| sessions::end_one(tx, "ana", &ids[1])));
        assert_eq!(desk.ok(|tx| sessions::end_all(tx, "ana", Some(&ids[3]))), 1);
        let mut lasting: Vec<bool> = Vec::new();
        for number in 1..=5 {
            lasting.push(lasts(desk, number, 1));
        }
        assert_eq!(lasting, [false, false, false, true, true]);
        assert_eq!(desk.ok(|tx| sessions::end_all(tx, "ana", None)), 1);
        assert!(!lasts(desk, 4, 1));
        assert!(lasts(desk, 5, 1));
    });
}

#[test]
fn whoever_may_not_log_in_gets_no_session() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        user(desk, "ion", Role::Sales);
        log_in(desk, 1, "ion");
        desk.ok(|tx| accounts::disable(tx, "ion", minute(1)));
        for id in ["ion", "nobody"] {
            let refused = desk.run(|tx| sessions::start(tx, &token(2), id, "", SHORT, minute(1)));
            assert_eq!(refused, Err(StartError::NotAllowed), "{id}");
        }
        desk.ok(|tx| accounts::enable(tx, "ion"));
        assert!(!lasts(desk, 1, 2), "what was ended stays ended");
    });
}

#[test]
fn tokens_that_are_none_find_nothing() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        let id = log_in(desk, 1, "ana");
        let right = token(1).as_str().to_owned();
        let upper = right.to_uppercase();
        let cut = &right[1..];
        let padded = format!("{right} ");
        let long = "a".repeat(10_000_000);
        for wrong in ["", "\0", "'; --", id.as_str(), cut, &upper, &padded, &long] {
            let found = desk.ok(|tx| sessions::find(tx, wrong, minute(0)));
            assert_eq!(found, None, "{:?}", wrong.get(..60));
        }
    });
}

#[test]
fn a_user_has_a_limited_number_of_sessions_and_a_browser_calls_itself_what_it_likes() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        let agent = format!("<b>\r\nSet-Cookie: x\0\u{202e}{}", "x".repeat(1000));
        for number in 0..40 {
            let at = second(i64::from(number));
            desk.ok(|tx| sessions::start(tx, &token(number), "ana", &agent, SHORT, at));
        }
        let lasting = desk.ok(|tx| sessions::list(tx, "ana", minute(1)));
        assert_eq!(lasting.len(), 30);
        assert_eq!(lasting[0].created_at, second(39));
        assert!(!lasts(desk, 9, 1), "the oldest have ended");
        assert!(lasts(desk, 10, 1));
        let shown = &lasting[0].user_agent;
        assert_eq!(shown.chars().count(), 256);
        assert!(!shown.contains(['\r', '\n', '\0', '\u{202e}']), "{shown:?}");
    });
}

//! API keys and write keys.

use store::DbError;
use store::keys::{self, KeyText, NewKey, Scope};
use store::write_keys::{self, NewWriteKey, Quota};

use crate::desk::{Desk, minute, on_both, second};
use crate::support;

fn text(number: u8) -> KeyText {
    let mut bytes = [number; 37];
    bytes[0] = 1;
    KeyText::from_random(&bytes)
}

fn make(desk: &mut Desk, id: &str, number: u8, expires: Option<i64>) -> KeyText {
    let new = NewKey {
        id,
        name: "CRM",
        scopes: &[Scope::WriteFacts, Scope::ReadLeads, Scope::WriteFacts],
        created_by: "ana",
        expires_at: expires.map(minute),
    };
    desk.ok(|tx| keys::create(tx, &new, &text(number), minute(0)));
    text(number)
}

#[test]
fn a_key_works_until_it_expires_or_is_revoked_and_does_what_its_scopes_say() {
    on_both(|desk| {
        let key = make(desk, "k1", 1, Some(10));
        let found = desk.ok(|tx| keys::find(tx, key.as_str(), minute(9))).expect("the key");
        assert_eq!(found.scopes, [Scope::WriteFacts, Scope::ReadLeads]);
        assert!(found.allows(Scope::ReadLeads) && !found.allows(Scope::EraseLeads));
        assert!(key.as_str().starts_with(&found.prefix));
        assert_eq!(desk.ok(|tx| keys::find(tx, key.as_str(), minute(10))), None, "expired");

        let key = make(desk, "k2", 2, None);
        assert!(desk.ok(|tx| keys::find(tx, key.as_str(), minute(1_000_000))).is_some());
        assert!(desk.ok(|tx| keys::revoke(tx, "k2", minute(5))));
        assert!(!desk.ok(|tx| keys::revoke(tx, "k2", minute(6))));
        assert_eq!(desk.ok(|tx| keys::find(tx, key.as_str(), minute(5))), None, "revoked");
        let listed = desk.ok(keys::list);
        assert_eq!(listed.len(), 2);
        assert_eq!(listed[0].revoked_at, Some(minute(5)));
    });
}

#[test]
fn no_text_but_the_key_is_the_key() {
    on_both(|desk| {
        let key = make(desk, "k1", 1, None).as_str().to_owned();
        let parts: Vec<&str> = key.split('_').collect();
        for at in 0..key.len() {
            let mut wrong = key.clone().into_bytes();
            wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
            let wrong = String::from_utf8(wrong).expect("ASCII");
            assert_eq!(desk.ok(|tx| keys::find(tx, &wrong, minute(1))), None, "byte {at}");
        }
        let long = "x".repeat(1_000_000);
        for wrong in [
            "",
            "mk_",
            "mk__",
            &format!("mk_{}_", parts[1]),
            &format!("mk_{}_{}", parts[1], &parts[2][1..]),
            &format!("mk_{}_{}0", parts[1], parts[2]),
            &format!("mk_%_{}", parts[2]),
            &format!("mk_{}_{}", parts[1], "\0".repeat(52)),
            &format!("wk_{}_{}", parts[1], parts[2]),
            &format!(" {key}"),
            &key.to_uppercase(),
            &long,
        ] {
            let shown = wrong.get(..70);
            assert_eq!(desk.ok(|tx| keys::find(tx, wrong, minute(1))), None, "{shown:?}");
        }
        assert!(desk.ok(|tx| keys::find(tx, &key, minute(1))).is_some());
    });
}

#[test]
fn a_prefix_is_not_given_out_twice() {
    on_both(|desk| {
        make(desk, "k1", 1, None);
        let new = NewKey { id: "k2", name: "", scopes: &[], created_by: "ana", expires_at: None };
        let refused = desk.run(|tx| keys::create(tx, &new, &text(1), minute(0)));
        assert!(matches!(refused, Err(DbError::Exists(_))), "{refused:?}");
    });
}

#[test]
fn the_last_use_is_written_once_a_minute() {
    on_both(|desk| {
        make(desk, "k1", 1, None);
        let last = |desk: &mut Desk| desk.ok(|tx| keys::get(tx, "k1")).expect("the key");
        assert!(last(desk).is_touch_due(second(0)));
        desk.ok(|tx| keys::touch(tx, "k1", second(10)));
        desk.ok(|tx| keys::touch(tx, "k1", second(69)));
        assert_eq!(last(desk).last_used_at, Some(second(10)));
        assert!(!last(desk).is_touch_due(second(69)) && last(desk).is_touch_due(second(70)));
        desk.ok(|tx| keys::touch(tx, "k1", second(70)));
        assert_eq!(last(desk).last_used_at, Some(second(70)));
    });
}

#[test]
fn neither_the_database_nor_a_log_shows_a_key() {
    support::on_both(|bench| {
        let Some(file) = bench.store.file() else { return };
        let key = make(&mut Desk::at(bench), "k1", 7, None);
        let mut bytes = std::fs::read(file).expect("the file");
        bytes.extend(std::fs::read(file.with_extension("db-wal")).unwrap_or_default());
        let secret = key.as_str().rsplit('_').next().expect("a secret");
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()));
        assert!(!format!("{key:?}").contains(secret));
    });
}

fn write_key(desk: &mut Desk, daily_quota: Option<i64>) -> String {
    let key = write_keys::text(&[1; 16]);
    let origins = ["https://*.example.com".to_owned()];
    let new =
        NewWriteKey { id: "w1", name: "site", origins: &origins, daily_quota, created_by: "ana" };
    desk.ok(|tx| write_keys::create(tx, &new, &key, minute(0)));
    key
}

#[test]
fn a_write_key_is_taken_while_enabled_and_for_a_while_after_it_was_changed() {
    on_both(|desk| {
        let old = write_key(desk, None);
        let new = write_keys::text(&[2; 16]);
        let newest = write_keys::text(&[3; 16]);
        let taken = |desk: &mut Desk, key: &str, at| {
            desk.ok(|tx| write_keys::find(tx, key, minute(at))).is_some()
        };
        assert!(taken(desk, &old, 0));
        assert!(desk.ok(|tx| write_keys::rotate(tx, "w1", &new, minute(10))));
        assert!(taken(desk, &new, 1) && taken(desk, &old, 9));
        assert!(!taken(desk, &old, 10));
        desk.ok(|tx| write_keys::rotate(tx, "w1", &newest, minute(60)));
        assert!(!taken(desk, &old, 1), "only one key before is kept");
        assert!(taken(desk, &new, 59) && taken(desk, &newest, 59));
        desk.ok(|tx| write_keys::update(tx, "w1", "site", &[], None, false));
        assert!(!taken(desk, &new, 2) && !taken(desk, &newest, 2));
        for wrong in ["", "wk_", "mk_x", "wk_\0", &"wk_x".repeat(1000)] {
            assert!(!taken(desk, wrong, 1), "{wrong:?}");
        }
    });
}

#[test]
fn a_write_key_with_origins_is_for_those_pages_only() {
    on_both(|desk| {
        let key = write_key(desk, None);
        let key = desk.ok(|tx| write_keys::find(tx, &key, minute(0))).expect("the key");
        assert!(key.allows_origin(Some("https://www.example.com")));
        assert!(!key.allows_origin(Some("https://evil.org")));
        assert!(!key.allows_origin(None));
        let anywhere = write_keys::WriteKey { origins: Vec::new(), ..key };
        assert!(anywhere.allows_origin(None) && anywhere.allows_origin(Some("null")));
    });
}

#[test]
fn a_quota_holds_for_a_day_and_a_request_counts_whole_or_not_at_all() {
    on_both(|desk| {
        // The tests begin at 09:00 UTC: 15 hours to midnight.
        let key = write_key(desk, Some(10));
        let key = desk.ok(|tx| write_keys::find(tx, &key, minute(0))).expect("the key");
        let midnight = minute(15 * 60);
        let spend =
            |desk: &mut Desk, facts, at| desk.ok(|tx| write_keys::spend(tx, &key, facts, at));
        assert_eq!(spend(desk, 7, minute(0)), Quota::Taken(Some(3)));
        assert_eq!(spend(desk, 4, minute(1)), Quota::Exceeded(midnight));
        assert_eq!(spend(desk, 3, minute(2)), Quota::Taken(Some(0)));
        assert_eq!(spend(desk, 1, minute(3)), Quota::Exceeded(midnight));
        assert_eq!(spend(desk, 1, midnight), Quota::Taken(Some(9)));
        let usage = desk.ok(|tx| write_keys::usage(tx, "w1", 30));
        let counted: Vec<(i64, i64)> = usage.iter().map(|day| (day.taken, day.refused)).collect();
        assert_eq!(counted, [(1, 0), (10, 5)]);
        assert_eq!(usage[0].begins, midnight);
        assert_eq!(desk.ok(|tx| write_keys::purge(tx, midnight)), 1);
        assert!(desk.ok(|tx| write_keys::remove(tx, "w1")));
        assert_eq!(desk.ok(|tx| write_keys::usage(tx, "w1", 30)), []);
    });
}

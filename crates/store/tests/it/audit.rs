//! The audit trail.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use store::DbError;
use store::audit::{self, Break, Change, Filter, Head, Verdict};

use crate::desk::{Desk, benches, minute, on_both};

fn note(desk: &mut Desk, number: i64) -> i64 {
    let (before, after) = (json!({"role": "sales"}), json!({"role": "owner", "n": number}));
    let change = Change {
        actor: if number % 2 == 0 { "user:ana" } else { "key:k1" },
        action: "account.role_changed",
        object: &format!("account:{}", number % 3),
        before: (number % 4 != 0).then_some(&before),
        after: Some(&after),
    };
    desk.ok(|tx| audit::append(tx, &change, minute(number)))
}

fn verdict(desk: &mut Desk) -> Verdict {
    desk.ok(|tx| audit::verify(tx, None))
}

#[test]
fn an_untouched_trail_is_whole_and_numbered_without_gaps() {
    on_both(|desk| {
        assert_eq!(verdict(desk), Verdict::Whole(None));
        assert_eq!(
            (1..=7).map(|number| note(desk, number)).collect::<Vec<_>>(),
            [1, 2, 3, 4, 5, 6, 7]
        );
        let head = desk.ok(audit::head);
        assert_eq!(head.map(|head| head.seq), Some(7));
        assert_eq!(verdict(desk), Verdict::Whole(head));
        // What is rolled back leaves no gap.
        let change = Change { actor: "a", action: "b", object: "c", before: None, after: None };
        desk.crash(|tx| audit::append(tx, &change, minute(8)));
        assert_eq!(note(desk, 8), 8);
        assert!(matches!(verdict(desk), Verdict::Whole(Some(Head { seq: 8, .. }))));
    });
}

#[test]
fn whatever_is_done_to_a_row_is_found_where_it_was_done() {
    let cases = [
        ("UPDATE audit SET actor = 'user:eve' WHERE seq = 4", 4, Break::Edited),
        ("UPDATE audit SET at = at + 1 WHERE seq = 4", 4, Break::Edited),
        ("UPDATE audit SET after_change = NULL WHERE seq = 4", 4, Break::Edited),
        ("UPDATE audit SET before_change = '' WHERE seq = 4", 4, Break::Edited),
        (
            "UPDATE audit SET action = 'account.role_change', object = 'daccount:1' WHERE seq = 4",
            4,
            Break::Edited,
        ),
        ("UPDATE audit SET hash = previous WHERE seq = 4", 4, Break::Edited),
        ("DELETE FROM audit WHERE seq = 4", 4, Break::Missing),
        ("DELETE FROM audit WHERE seq = 1", 1, Break::Missing),
        ("DELETE FROM audit WHERE seq = 7", 7, Break::CutOff),
        ("DELETE FROM audit WHERE seq > 3", 4, Break::CutOff),
        ("DELETE FROM audit", 1, Break::CutOff),
        ("DELETE FROM audit_head", 8, Break::End),
        ("UPDATE audit_head SET hash = (SELECT hash FROM audit WHERE seq = 6)", 8, Break::End),
        // Two rows change places.
        (
            "UPDATE audit SET seq = 99 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5;
          UPDATE audit SET seq = 5 WHERE seq = 99",
            4,
            Break::Edited,
        ),
        // A row is taken out, and the later ones move up.
        (
            "DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5;
          UPDATE audit SET seq = 5 WHERE seq = 6; UPDATE audit SET seq = 6 WHERE seq = 7",
            4,
            Break::Edited,
        ),
    ];
    for (sql, seq, how) in cases {
        on_both(|desk| {
            for number in 1..=7 {
                note(desk, number);
            }
            desk.tamper(sql);
            assert_eq!(verdict(desk), Verdict::Broken { seq, how }, "{sql}");
        });
    }
}

#[test]
fn a_trail_that_was_written_anew_is_found_by_an_earlier_head() {
    on_both(|desk| {
        for number in 1..=5 {
            note(desk, number);
        }
        let kept = desk.ok(audit::head).expect("a head");
        note(desk, 6);
        let verify = |desk: &mut Desk, kept: &Head| desk.ok(|tx| audit::verify(tx, Some(kept)));
        assert!(matches!(verify(desk, &kept), Verdict::Whole(Some(Head { seq: 6, .. }))));

        // Somebody writes the whole trail anew, without row 3, and everything fits.
        desk.tamper("DELETE FROM audit; DELETE FROM audit_head");
        for number in [1, 2, 4, 5, 6] {
            note(desk, number);
        }
        assert!(matches!(verdict(desk), Verdict::Whole(_)));
        let replaced = Verdict::Broken { seq: 5, how: Break::Replaced };
        assert_eq!(verify(desk, &kept), replaced);

        desk.tamper("DELETE FROM audit; DELETE FROM audit_head");
        note(desk, 1);
        assert_eq!(verify(desk, &kept), Verdict::Broken { seq: 2, how: Break::CutOff });
    });
}

#[test]
fn a_row_that_was_replaced_together_with_its_hash_is_found_by_the_next() {
    on_both(|desk| {
        for number in 1..=4 {
            note(desk, number);
        }
        desk.tamper(
            "CREATE TABLE kept AS SELECT * FROM audit WHERE seq = 4;
             DELETE FROM audit WHERE seq >= 3;
             UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2)",
        );
        assert_eq!(note(desk, 30), 3);
        desk.tamper(
            "INSERT INTO audit SELECT * FROM kept;
             UPDATE audit_head SET seq = 4, hash = (SELECT hash FROM kept)",
        );
        assert_eq!(verdict(desk), Verdict::Broken { seq: 4, how: Break::Moved });
    });
}

#[test]
fn a_trail_without_its_end_takes_nothing_more() {
    on_both(|desk| {
        note(desk, 1);
        desk.tamper("DELETE FROM audit_head");
        let change = Change { actor: "a", action: "b", object: "c", before: None, after: None };
        let refused = desk.run(|tx| audit::append(tx, &change, minute(2)));
        assert!(matches!(refused, Err(DbError::Damaged(_))), "{refused:?}");
    });
}

#[test]
fn nobody_forges_a_line_with_a_name() {
    on_both(|desk| {
        let name = "x\r\n2026-01-01 user:eve model.activated\u{2028}\u{85}\0\u{202e}";
        let value = json!({"name": name, name: 1});
        let change = Change {
            actor: name,
            action: "a\nb",
            object: name,
            before: Some(&value),
            after: Some(&value),
        };
        desk.ok(|tx| audit::append(tx, &change, minute(1)));
        let filter = Filter { actor: Some(name), ..Filter::default() };
        let page = desk.ok(|tx| audit::page(tx, filter, None, 10));
        assert_eq!(page.len(), 1);
        let entry = &page[0];
        for text in [&entry.actor, &entry.action, &entry.object] {
            assert!(!text.chars().any(|c| c.is_control() || c == '\u{2028}'), "{text:?}");
        }
        assert_eq!(entry.action, "a\\u{a}b");
        // The value itself comes back as it was.
        assert_eq!(entry.before.as_ref(), Some(&value));
        let sql = "SELECT before_change FROM audit";
        let stored: Option<String> = desk.ok(|tx| tx.value(sql, &[]));
        let stored = stored.expect("a text");
        assert!(!stored.chars().any(|c| c.is_control() || c == '\u{2028}'), "{stored:?}");
        assert!(matches!(verdict(desk), Verdict::Whole(_)));
    });
}

#[test]
fn pages_show_the_newest_first_and_only_what_is_asked_for() {
    on_both(|desk| {
        for number in 1..=9 {
            note(desk, number);
        }
        let page = |desk: &mut Desk, filter, before| -> Vec<i64> {
            let page = desk.ok(|tx| audit::page(tx, filter, before, 3));
            page.iter().map(|entry| entry.seq).collect()
        };
        let all = Filter::default();
        assert_eq!(page(desk, all, None), [9, 8, 7]);
        assert_eq!(page(desk, all, Some(7)), [6, 5, 4]);
        assert!(page(desk, all, Some(1)).is_empty());
        let filter = Filter { actor: Some("user:ana"), object: Some("account:2"), ..all };
        assert_eq!(page(desk, filter, None), [8, 2]);
        let filter = Filter { action: Some("nothing"), ..all };
        assert!(page(desk, filter, None).is_empty());
    });
}

fn any_json() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<i64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        prop::collection::vec(any::<String>(), 0..3).prop_map(Json::from),
    ]
}

#[test]
fn a_head_is_noted_as_text_and_read_again_as_it_was() {
    on_both(|desk| {
        for number in 1..=12 {
            note(desk, number);
        }
        let head = desk.ok(audit::head).expect("a head");
        let text = head.to_string();
        assert!(text.starts_with("12:") && text.len() == 3 + 64, "{text}");
        assert_eq!(text.parse(), Ok(head));
        // As it comes out of a log or an editor.
        assert_eq!(format!(" {}\n", text.to_uppercase()).parse(), Ok(head));
        let hash = &text[3..];
        for wrong in [
            hash.to_owned(),
            format!("0:{hash}"),
            format!("-1:{hash}"),
            format!("12:{}", &hash[1..]),
            format!("12:{hash}0"),
            format!("12:+{}", &hash[1..]),
            format!("12:{}é", &hash[2..]),
            format!("12 {hash}"),
            String::new(),
        ] {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_change_of_any_row_breaks_the_chain_there(
        rows in prop::collection::vec((any::<String>(), any::<String>(), any_json()), 1..8),
        at in any::<prop::sample::Index>(),
        column in prop::sample::select(vec!["actor", "action", "object", "after_change"]),
    ) {
        for bench in benches() {
            let desk = &mut Desk::at(&bench);
            for (actor, object, after) in &rows {
                let change = Change { actor, action: "x", object, before: None, after: Some(after) };
                desk.ok(|tx| audit::append(tx, &change, minute(0)));
            }
            prop_assert!(matches!(verdict(desk), Verdict::Whole(Some(_))));
            let seq = at.index(rows.len()) as i64 + 1;
            desk.tamper(&format!("UPDATE audit SET {column} = {column} || ' ' WHERE seq = {seq}"));
            prop_assert_eq!(verdict(desk), Verdict::Broken { seq, how: Break::Edited });
        }
    }
}

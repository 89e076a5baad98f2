//! Who is to be scored anew, in which order.

use store::DbError;
use store::identity::merge;
use store::marks::{first, put, put_on_those_after, take};

use crate::desk::{Desk, minute, on_both};
use crate::support::reports::seen;
use crate::support::{self, fresh_id};

/// `lead:mark`, in the order of their turn.
fn waiting(desk: &mut Desk, most: usize) -> Vec<String> {
    let marked = desk.ok(|tx| first(tx, most));
    marked.into_iter().map(|marked| format!("{}:{}", marked.lead, marked.mark)).collect()
}

#[test]
fn who_has_waited_longest_comes_first_whatever_else_happens_to_it() {
    on_both(|desk| {
        desk.ok(|tx| put(tx, ["b"], "m1"));
        desk.ok(|tx| put(tx, ["c", "a"], "m2"));
        desk.ok(|tx| put(tx, ["b"], "m3"));
        assert_eq!(waiting(desk, 9), ["b:m3", "a:m2", "c:m2"]);
        assert_eq!(waiting(desk, 2), ["b:m3", "a:m2"]);
        assert!(waiting(desk, 0).is_empty());
    });
}

#[test]
fn a_mark_that_was_given_meanwhile_stays_and_waits_behind_all_others() {
    on_both(|desk| {
        desk.ok(|tx| put(tx, ["a", "b"], "m1"));
        desk.ok(|tx| put(tx, ["a"], "m2"));
        desk.ok(|tx| take(tx, "a", "m1"));
        assert_eq!(waiting(desk, 9), ["b:m1", "a:m2"]);
        desk.ok(|tx| take(tx, "a", "m2"));
        desk.ok(|tx| take(tx, "nobody", "m2"));
        assert_eq!(waiting(desk, 9), ["b:m1"]);
    });
}

#[test]
fn everyone_who_is_there_is_marked_once_part_by_part() {
    support::on_both(|bench| {
        bench.take(&[seen("f1", 1, "u:1"), seen("f2", 2, "u:2"), seen("f3", 3, "u:3")]);
        let [one, two, three] = ["u:1", "u:2", "u:3"].map(|name| bench.lead(name).expect("a lead"));
        let mut desk = Desk::at(bench);
        desk.ok(|tx| merge(tx, &one, &two, minute(4), "the same", "user:eva", &mut fresh_id));
        desk.ok(|tx| put(tx, [three.as_str()], "m1"));
        let parts = desk.ok(|tx| {
            let mut parts = Vec::new();
            let mut last = Some(String::new());
            while let Some(after) = last {
                last = put_on_those_after(tx, &after, 1, "m2")?;
                parts.extend(last.clone());
            }
            Ok::<_, DbError>(parts)
        });
        let mut everyone = [one.clone(), three.clone()];
        everyone.sort();
        assert_eq!(parts, everyone);
        assert_eq!(waiting(&mut desk, 9), [format!("{three}:m2"), format!("{one}:m2")]);
    });
}

//! A server whose database sorts texts by a language.

use store::marks::{first, put};
use store::{DbError, Store};

use crate::support::server::database;
use crate::support::start;

#[test]
fn what_an_earlier_program_made_in_a_database_that_sorts_by_a_language_sorts_by_bytes() {
    let Some(address) = database() else { return };
    let store = Store::open(&address, start()).expect("a store");
    let waiting = |store: &Store| {
        let marked = store.write(|tx| {
            put(tx, ["b", "a", "B", "~", "0"], "m1")?;
            first(tx, 9)
        });
        let marked = marked.unwrap_or_else(|error: DbError| panic!("{error}"));
        marked.into_iter().map(|marked| marked.lead).collect::<Vec<_>>()
    };
    assert_eq!(waiting(&store), ["0", "B", "a", "b", "~"]);
    let as_before = |tx: &mut store::Tx<'_>| {
        for column in ["lead", "mark", "since"] {
            let alter = format!(
                r#"ALTER TABLE marked_lead ALTER COLUMN {column} TYPE TEXT COLLATE "default""#
            );
            tx.execute(&alter, &[])?;
        }
        tx.execute("CREATE TABLE of_others (name TEXT)", &[])
    };
    store.write::<_, DbError>(as_before).unwrap();
    drop(store);
    let store = Store::open(&address, start()).expect("opened anew");
    assert_eq!(waiting(&store), ["0", "B", "a", "b", "~"]);
    let kept = "SELECT count(*) FROM information_schema.columns
        WHERE table_name = 'of_others' AND collation_name IS NULL";
    assert_eq!(store.read(|tx| tx.value::<i64>(kept, &[])).unwrap(), 1, "theirs is left alone");
}

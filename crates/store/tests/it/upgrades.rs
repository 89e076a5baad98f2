//! A database that an earlier version left behind, with something in every table, is brought up to date and loses nothing.

use std::fs;
use std::path::PathBuf;

use store::facts::append;
use store::{Address, Connection, DbError, Store, Tx};

use crate::support::reports::{minute, seen};
use crate::support::{Bench, fresh_id, start};

/// The changes of the tables, in their order.
fn changes() -> Vec<PathBuf> {
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<PathBuf> = fs::read_dir(place)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

/// The tables as an earlier version had them.
fn tables_of(connection: &mut Connection, version: usize) {
    let run = |connection: &mut Connection, sql: &str| connection.run(sql).expect("it is run");
    run(
        connection,
        "CREATE TABLE migration
        (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)",
    );
    for (at, file) in changes().iter().take(version).enumerate() {
        run(connection, &fs::read_to_string(file).expect("a file"));
        run(connection, &format!("INSERT INTO migration VALUES ({}, 'x', 0)", at + 1));
    }
}

fn tables(tx: &mut Tx<'_>) -> Vec<String> {
    let sql = if tx.is_server() {
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    } else {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
    };
    let mut tables: Vec<String> = tx.query(sql, &[], |row| row.get(0)).expect("tables");
    tables.retain(|table| table != "migration");
    tables
}

/// Columns, and something that may stand in each.
fn columns(tx: &mut Tx<'_>, table: &str) -> Vec<(String, String)> {
    let sql = if tx.is_server() {
        format!(
            "SELECT column_name::text, data_type::text FROM information_schema.columns
             WHERE table_name = '{table}' AND table_schema = 'public' ORDER BY ordinal_position"
        )
    } else {
        format!("SELECT name, type FROM pragma_table_info('{table}') ORDER BY cid")
    };
    let is_server = tx.is_server();
    let value = |kind: &str| match kind.to_lowercase().as_str() {
        "text" => "'7'".to_owned(),
        // As long as a digest.
        "blob" | "bytea" if is_server => format!("'\\x{}'", "37".repeat(32)),
        "blob" | "bytea" => format!("x'{}'", "37".repeat(32)),
        _ => "1".to_owned(),
    };
    tx.query(&sql, &[], |row| Ok((row.get::<String>(0)?, value(&row.get::<String>(1)?))))
        .expect("columns")
}

/// Puts a row into every table: those first that others refer to.
fn fill(connection: &mut Connection) -> Vec<String> {
    let mut left = tables(&mut connection.transaction());
    let mut filled = Vec::new();
    while !left.is_empty() {
        let before = left.len();
        left.retain(|table| {
            let columns = columns(&mut connection.transaction(), table);
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            let values: Vec<&str> = columns.iter().map(|(_, value)| value.as_str()).collect();
            let insert = format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                names.join(", "),
                values.join(", ")
            );
            let is_in = connection.run(&insert).is_ok();
            if is_in {
                filled.push(table.clone());
            }
            !is_in
        });
        assert!(left.len() < before, "no row fits into {left:?}");
    }
    filled
}

fn is_brought_up_to_date(address: &Address, version: usize) {
    let mut connection = Connection::open(address).expect("a connection");
    tables_of(&mut connection, version);
    let filled = fill(&mut connection);
    assert!(filled.iter().any(|table| table == "fact"));
    drop(connection);
    let store = Store::open(address, start()).expect("it is brought up to date");
    for table in filled {
        let count = format!("SELECT count(*) FROM {table}");
        let rows = store.read(move |tx| tx.value::<i64>(&count, &[]));
        let inbox_is_elsewhere = table == "inbox" && matches!(address, Address::File(_));
        assert!(
            rows.as_ref().is_ok_and(|rows| *rows >= 1) || inbox_is_elsewhere,
            "{table} since version {version}: {rows:?}"
        );
    }
    let taken = store.write(|tx| {
        append(tx, &[seen("f1", 1, "u:1 e:ana@acme.com")], &mut fresh_id)?;
        tx.value::<i64>("SELECT max(version) FROM migration", &[])
    });
    assert_eq!(taken, Ok::<_, DbError>(changes().len() as i64));
    drop(store);
    assert!(Store::open(address, minute(1)).is_ok(), "and once more");
}

#[test]
fn what_any_earlier_version_left_is_brought_up_to_date() {
    for version in 1..changes().len() {
        let directory = tempfile::tempdir().expect("a directory");
        is_brought_up_to_date(&Address::File(directory.path().join("madura.db")), version);
        let Some(address) = crate::support::server::database() else { continue };
        is_brought_up_to_date(&address, version);
    }
}

#[test]
fn a_database_of_a_later_version_is_left_alone() {
    let bench = Bench::sqlite();
    let address = bench.store.address().clone();
    let later = |tx: &mut Tx<'_>| tx.execute("INSERT INTO migration VALUES (999, 'x', 0)", &[]);
    bench.store.write(later).expect("written");
    let Bench { store, directory, .. } = bench;
    drop(store);
    let refused = Store::open(&address, start()).map(|_| ());
    let known = changes().len() as i64;
    assert_eq!(refused, Err(DbError::TooNew { found: 999, known }));
    drop(directory);
}

//! The tables, and how they came to be what they are.

use std::borrow::Cow;

use leads::Timestamp;

use crate::db::{Connection, DbError, Row, Tx};

/// Every change of the tables since the first, in order. Never edit one that was released: add one.
const MIGRATIONS: [(&str, &str); 16] = [
    ("facts and identity", include_str!("../migrations/001_facts.sql")),
    ("accounts, keys, outbox, jobs", include_str!("../migrations/002_accounts.sql")),
    ("scores and models", include_str!("../migrations/003_scores.sql")),
    ("marks", include_str!("../migrations/004_marks.sql")),
    ("indices for reading", include_str!("../migrations/005_reading.sql")),
    ("the inbox", include_str!("../migrations/006_inbox.sql")),
    ("leaner indices", include_str!("../migrations/007_lean.sql")),
    ("the best of a stage", include_str!("../migrations/008_stage_rank.sql")),
    ("versions of answers", include_str!("../migrations/009_answer_versions.sql")),
    ("withdrawing", include_str!("../migrations/010_withdrawing.sql")),
    ("addresses as user ids", include_str!("../migrations/011_user_addresses.sql")),
    ("transitions in order, changes of labels", include_str!("../migrations/012_changes.sql")),
    ("registered domains", include_str!("../migrations/013_registered_domains.sql")),
    ("stages that are held", include_str!("../migrations/014_held_stages.sql")),
    ("makers of resets", include_str!("../migrations/015_reset_makers.sql")),
    ("witnesses", include_str!("../migrations/016_witnesses.sql")),
];

/// The statements that make the tables of today.
pub(crate) fn statements() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.into_iter().map(|(_, sql)| sql)
}

/// Brings the tables up to date, each change in a transaction of its own.
pub(crate) fn run(connection: &mut Connection, now: Timestamp) -> Result<(), DbError> {
    connection.begin_write()?;
    let made = make_table(&mut connection.transaction());
    finish(connection, made)?;
    for (at, (name, sql)) in MIGRATIONS.iter().enumerate() {
        let version = at as i64 + 1;
        connection.begin_write()?;
        // Another node may have been faster: ask within the transaction.
        let applied = latest(&mut connection.transaction());
        let step = match applied {
            Ok(latest) if latest > MIGRATIONS.len() as i64 => {
                Err(DbError::TooNew { found: latest, known: MIGRATIONS.len() as i64 })
            }
            Ok(latest) if latest >= version => Ok(()),
            Ok(_) => connection.run(&by_bytes(connection, sql)).and_then(|()| {
                let params = [version.into(), (*name).into(), now.into()];
                let insert =
                    "INSERT INTO migration (version, name, applied_at) VALUES ($1, $2, $3)";
                connection.transaction().execute(insert, &params).map(|_| ())
            }),
            Err(error) => Err(error),
        };
        finish(connection, step)?;
    }
    connection.begin_write()?;
    let sorted = sort_by_bytes(connection);
    finish(connection, sorted)
}

/// Statements that make tables whose texts are compared by their bytes: ids are ordered so on every store and in
/// memory, while a server's databases mostly sort by a language, in which `~` comes before `0`, and `a` before `B`.
fn by_bytes<'s>(connection: &Connection, sql: &'s str) -> Cow<'s, str> {
    if matches!(connection, Connection::Postgres(_)) {
        sql.replace(" TEXT", r#" TEXT COLLATE "C""#).into()
    } else {
        sql.into()
    }
}

/// The same for tables that an earlier program made in a database that sorts by a language.
fn sort_by_bytes(connection: &mut Connection) -> Result<(), DbError> {
    let mut tx = connection.transaction();
    if !tx.is_server() {
        return Ok(());
    }
    let sorts_by_bytes =
        "SELECT CAST(CASE WHEN '~' < '0' OR 'a' < 'B' THEN 0 ELSE 1 END AS BIGINT)";
    if tx.value::<i64>(sorts_by_bytes, &[])? == 1 {
        return Ok(());
    }
    let sql = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT)
        FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS NULL";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let columns: Vec<(String, String)> = tx.query(sql, &[], read)?;
    // Others may have tables beside ours.
    let is_ours = |table: &str| {
        let made = format!("CREATE TABLE {table} (");
        statements().any(|sql| sql.contains(&made))
    };
    for (table, column) in columns.iter().filter(|(table, _)| is_ours(table)) {
        connection.run(&format!(
            r#"ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE TEXT COLLATE "C""#
        ))?;
    }
    Ok(())
}

fn make_table(tx: &mut Tx<'_>) -> Result<(), DbError> {
    let sql = "CREATE TABLE IF NOT EXISTS migration
        (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)";
    tx.execute(sql, &[]).map(|_| ())
}

fn latest(tx: &mut Tx<'_>) -> Result<i64, DbError> {
    tx.value("SELECT coalesce(max(version), 0) FROM migration", &[])
}

fn finish(connection: &mut Connection, step: Result<(), DbError>) -> Result<(), DbError> {
    match step {
        Ok(()) => connection.run("COMMIT"),
        Err(error) => {
            // The first error is the one to tell; a transaction that is not ended ends with the
            // connection.
            let _ = connection.run("ROLLBACK");
            Err(error)
        }
    }
}

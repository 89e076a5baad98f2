//! The tables, and how they came to be what they are.

use leads::Timestamp;

use crate::db::{Connection, DbError, Tx};

/// Every change of the tables since the first, in order. Never edit one that was released: add one.
const MIGRATIONS: [(&str, &str); 13] = [
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
            Ok(_) => connection.run(sql).and_then(|()| {
                let params = [version.into(), (*name).into(), now.into()];
                let insert =
                    "INSERT INTO migration (version, name, applied_at) VALUES ($1, $2, $3)";
                connection.transaction().execute(insert, &params).map(|_| ())
            }),
            Err(error) => Err(error),
        };
        finish(connection, step)?;
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

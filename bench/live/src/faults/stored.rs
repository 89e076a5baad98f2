//! What the store holds, read from the database itself.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;

use crate::house::House;

/// All facts that count.
pub(crate) struct Stored {
    pub(crate) facts: Vec<Fact>,
}

pub(crate) struct Fact {
    pub(crate) id: String,
    pub(crate) lead: String,
    pub(crate) kind: i64,
    pub(crate) name: String,
    pub(crate) at: i64,
    pub(crate) body: String,
}

impl Stored {
    /// Of a file, beside the process that has it.
    pub(crate) fn in_file(house: &House) -> Result<Self> {
        let database = house.database()?;
        let damage: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        ensure!(damage == "ok", "the database is damaged: {damage}");
        let mut statement = database.prepare(
            "SELECT f.id, p.lead, f.kind, f.name, f.at, f.body
             FROM fact f JOIN person p ON p.id = f.person ORDER BY f.id",
        )?;
        let facts = statement.query_map([], |row| {
            Ok(Fact {
                id: row.get(0)?,
                lead: row.get(1)?,
                kind: row.get(2)?,
                name: row.get(3)?,
                at: row.get(4)?,
                body: row.get(5)?,
            })
        })?;
        Ok(Self { facts: facts.collect::<Result<_, _>>()? })
    }

    /// Of a PostgreSQL database.
    pub(crate) fn in_postgres(url: &str) -> Result<Self> {
        let sql = "SELECT json_build_array(f.id, p.lead, f.kind, f.name, f.at, f.body)
            FROM fact f JOIN person p ON p.id = f.person ORDER BY f.id";
        let facts = rows(url, sql)?.into_iter().map(|row| {
            let text = |at: usize| row[at].as_str().unwrap_or_default().to_owned();
            let number = |at: usize| row[at].as_i64().unwrap_or_default();
            Fact {
                id: text(0),
                lead: text(1),
                kind: number(2),
                name: text(3),
                at: number(4),
                body: text(5),
            }
        });
        Ok(Self { facts: facts.collect() })
    }
}

/// The rows of a statement of one JSON column.
pub(crate) fn rows(url: &str, sql: &str) -> Result<Vec<Json>> {
    let output = Command::new("psql").args(["-X", "-A", "-t", "-c", sql, url]).output()?;
    let talk = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "psql failed: {talk}");
    let text = String::from_utf8(output.stdout)?;
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str(line).context("a row that is no JSON")).collect()
}

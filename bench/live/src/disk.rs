//! What the disk and SQLite can do by themselves, measured in the same run on the same disk.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::figures::Times;

/// How long it takes until 4 KiB more are on the disk.
pub(crate) fn syncs(directory: &Path, times: usize) -> Result<Times> {
    let path = directory.join("sync");
    let mut file = File::create(&path)?;
    let mut taken = Times::default();
    for _ in 0..times {
        let begun = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        taken.add(begun.elapsed());
    }
    std::fs::remove_file(path)?;
    Ok(taken)
}

/// Facts as they are stored, in the order of their arrival.
pub(crate) struct Rows {
    columns: usize,
    /// Statements that make the table and its indices.
    schema: Vec<String>,
    facts: Vec<Vec<Value>>,
}

impl Rows {
    /// So many facts of a store, at most.
    pub(crate) fn read(database: &Connection, most: usize) -> Result<Self> {
        let mut schema = database.prepare(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'fact' AND sql IS NOT NULL
             ORDER BY type = 'index'",
        )?;
        let schema = schema.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
        let mut facts = database.prepare("SELECT * FROM fact ORDER BY rowid DESC LIMIT ?1")?;
        let columns = facts.column_count();
        let read = facts.query_map([most as i64], |row| {
            (0..columns).map(|column| row.get(column)).collect::<Result<Vec<Value>, _>>()
        })?;
        let mut rows = read.collect::<Result<Vec<_>, _>>()?;
        rows.reverse();
        Ok(Self { columns, schema, facts: rows })
    }

    /// Appends them to an empty database, so many to a commit, each commit on disk before the next
    /// begins; answers rows per second.
    pub(crate) fn append(&self, directory: &Path, per_commit: usize) -> Result<f64> {
        let path = directory.join("alone.db");
        let remove = || {
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(directory.join(format!("alone.db{end}")));
            }
        };
        remove();
        let alone = Connection::open(&path)?;
        alone.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;",
        )?;
        for statement in &self.schema {
            alone.execute_batch(statement)?;
        }
        let places = vec!["?"; self.columns].join(", ");
        let mut insert = alone.prepare(&format!("INSERT INTO fact VALUES ({places})"))?;
        let begun = Instant::now();
        for part in self.facts.chunks(per_commit) {
            alone.execute_batch("BEGIN IMMEDIATE")?;
            for row in part {
                insert.execute(params_from_iter(row))?;
            }
            alone.execute_batch("COMMIT")?;
        }
        let taken = begun.elapsed();
        drop(insert);
        drop(alone);
        remove();
        Ok(self.facts.len() as f64 / taken.max(Duration::from_micros(1)).as_secs_f64())
    }

    pub(crate) fn count(&self) -> usize {
        self.facts.len()
    }
}

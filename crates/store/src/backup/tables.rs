//! Copying all tables from one database to another, of whichever kind.

use std::collections::BTreeSet;

use super::BackupError;
use crate::chunks;
use crate::db::{Connection, DbError, Param, Row, Tx};
use crate::migrate;

/// A table, as the migrations make it.
struct Table {
    name: String,
    columns: Vec<(String, Kind)>,
    refers_to: BTreeSet<String>,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Int,
    Real,
    Bytes,
}

enum Value {
    Null,
    Text(String),
    Int(i64),
    Real(f64),
    Bytes(Vec<u8>),
}

/// Values that are held until they are written.
const HELD: usize = 16_384;

/// Copies all rows that a reader sees into a database whose tables are there and empty, in one
/// transaction.
pub fn copy_tables(from: &mut Tx<'_>, to: &mut Connection) -> Result<(), BackupError> {
    to.begin_write()?;
    let copied = copy_all(from, to);
    let end = if copied.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = to.run(end);
    copied?;
    Ok(ended?)
}

fn copy_all(from: &mut Tx<'_>, to: &mut Connection) -> Result<(), BackupError> {
    let tables = tables()?;
    let mut target = to.transaction();
    for table in &tables {
        let count = format!("SELECT count(*) FROM {}", table.name);
        if target.value::<i64>(&count, &[])? > 0 {
            return Err(BackupError::NotEmpty(format!("table {}", table.name)));
        }
    }
    for table in &tables {
        copy(from, &mut target, table)?;
    }
    Ok(())
}

fn copy(from: &mut Tx<'_>, to: &mut Tx<'_>, table: &Table) -> Result<(), DbError> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(", ");
    let width = table.columns.len();
    // PostgreSQL takes at most 65,535 parameters, SQLite 32,766.
    let at_most = if to.is_server() { 64 } else { 1 };
    let mut held: Vec<Value> = Vec::new();
    let mut write = |held: &mut Vec<Value>| -> Result<(), DbError> {
        let params: Vec<Param<'_>> = held.iter().map(Value::param).collect();
        let insert = |groups: &str| format!("INSERT INTO {} ({names}) VALUES {groups}", table.name);
        chunks::rows(&params, width, at_most, insert, |sql, params| {
            to.execute(sql, params).map(|_| ())
        })?;
        held.clear();
        Ok(())
    };
    from.each(&format!("SELECT {names} FROM {}", table.name), &[], |row| {
        for (index, (_, kind)) in table.columns.iter().enumerate() {
            held.push(Value::read(row, index, *kind)?);
        }
        if held.len() >= HELD { write(&mut held) } else { Ok(()) }
    })?;
    write(&mut held)
}

impl Value {
    fn read(row: &Row<'_>, index: usize, kind: Kind) -> Result<Self, DbError> {
        let value = match kind {
            Kind::Text => row.get::<Option<String>>(index)?.map(Self::Text),
            Kind::Int => row.get::<Option<i64>>(index)?.map(Self::Int),
            Kind::Real => row.get::<Option<f64>>(index)?.map(Self::Real),
            Kind::Bytes => row.get::<Option<Vec<u8>>>(index)?.map(Self::Bytes),
        };
        Ok(value.unwrap_or(Self::Null))
    }

    fn param(&self) -> Param<'_> {
        match self {
            Self::Null => Param::Null,
            Self::Text(text) => Param::Text(text),
            Self::Int(number) => Param::Int(*number),
            Self::Real(number) => Param::Real(*number),
            Self::Bytes(bytes) => Param::Bytes(bytes),
        }
    }
}

/// All tables but that of the migrations, those that others refer to first. An empty database is
/// asked, so that no list has to be kept.
fn tables() -> Result<Vec<Table>, DbError> {
    let mut connection = Connection::Sqlite(rusqlite::Connection::open_in_memory()?);
    for sql in migrate::statements() {
        connection.run(sql)?;
    }
    let mut tx = connection.transaction();
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let names: Vec<String> = tx.query(sql, &[], |row| row.get(0))?;
    let mut open = Vec::new();
    for name in names {
        let sql = "SELECT name, type FROM pragma_table_info($1)";
        let columns = tx.query(sql, &[(&name).into()], |row| {
            let declared: String = row.get(1)?;
            let kind = match declared.as_str() {
                "BIGINT" => Kind::Int,
                "DOUBLE PRECISION" => Kind::Real,
                "BYTEA" => Kind::Bytes,
                _ => Kind::Text,
            };
            Ok((row.get(0)?, kind))
        })?;
        let sql = "SELECT \"table\" FROM pragma_foreign_key_list($1)";
        let refers_to: Vec<String> = tx.query(sql, &[(&name).into()], |row| row.get(0))?;
        let refers_to = refers_to.into_iter().filter(|other| *other != name).collect();
        open.push(Table { name, columns, refers_to });
    }
    let mut sorted: Vec<Table> = Vec::new();
    while !open.is_empty() {
        let done: BTreeSet<String> = sorted.iter().map(|table| table.name.clone()).collect();
        let (ready, rest): (Vec<Table>, Vec<Table>) =
            open.into_iter().partition(|table| table.refers_to.is_subset(&done));
        // A circle of references would be a mistake in the migrations.
        if ready.is_empty() {
            return Err(DbError::Statement(
                "the tables refer to each other in a circle".to_owned(),
            ));
        }
        sorted.extend(ready);
        open = rest;
    }
    Ok(sorted)
}

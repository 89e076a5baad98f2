//! PostgreSQL: a connection with its prepared statements.

use std::collections::HashMap;

use bytes::BytesMut;
use postgres::config::SslMode;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, NoTls, Statement};

use super::encryption::Encryption;
use super::link::Link;
use super::{DbError, Param, Row};

/// A connection to a server.
pub struct Server {
    client: Client,
    statements: HashMap<String, Statement>,
}

impl Server {
    pub(super) fn connect(url: &str) -> Result<Self, DbError> {
        let link = Link::read(url).map_err(DbError::Unavailable)?;
        let client = if link.config.get_ssl_mode() == SslMode::Disable {
            link.config.connect(NoTls)?
        } else {
            let encryption = Encryption::new(&link.trust).map_err(DbError::Unavailable)?;
            link.config.connect(encryption)?
        };
        let mut server = Self { client, statements: HashMap::new() };
        server.wait_for_disk()?;
        Ok(server)
    }

    /// A commit that has ended is on disk, whatever is usual on the server or for the user: a role or a database may have
    /// this off for others' sake, and what was acknowledged would be lost with the power.
    fn wait_for_disk(&mut self) -> Result<(), DbError> {
        let sql = "SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') = 'off'";
        self.execute(sql, &[]).map(|_| ())
    }

    pub(super) fn run(&mut self, sql: &str) -> Result<(), DbError> {
        Ok(self.client.batch_execute(sql)?)
    }

    pub(super) fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, DbError> {
        let statement = self.prepare(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
        Ok(self.client.execute(&statement, &params)?)
    }

    pub(super) fn each(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        visit: &mut dyn FnMut(&Row<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let statement = self.prepare(sql)?;
        let mut rows = self.client.query_raw(&statement, params.iter().copied())?;
        while let Some(row) = rows.next()? {
            visit(&Row::Postgres(&row))?;
        }
        Ok(())
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, DbError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match *self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => number.to_sql(ty, out),
            Self::Real(number) => number.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Bytes(bytes) => bytes.to_sql(ty, out),
        }
    }

    /// Whether it fits shows with the value: see the columns' types in the migrations.
    fn accepts(ty: &Type) -> bool {
        <i64 as ToSql>::accepts(ty)
            || <f64 as ToSql>::accepts(ty)
            || <&str as ToSql>::accepts(ty)
            || <&[u8] as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

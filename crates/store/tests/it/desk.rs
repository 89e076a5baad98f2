//! A connection to write with, on each kind of database.

use std::fmt::Debug;

use leads::{Duration, EmailAddress, Timestamp};
use store::{Connection, DbError, Token, Tx};

use crate::support::{self, Bench};

/// Runs jobs one by one, each in a transaction of its own.
pub(crate) struct Desk {
    connection: Connection,
}

/// Runs `body` on a new store of either kind.
pub(crate) fn on_both(body: impl Fn(&mut Desk)) {
    support::on_both(|bench| body(&mut Desk::at(bench)));
}

/// One new store of each kind, for laws.
pub(crate) fn benches() -> impl Iterator<Item = Bench> {
    [Some(Bench::sqlite()), Bench::postgres()].into_iter().flatten()
}

impl Desk {
    pub(crate) fn at(bench: &Bench) -> Self {
        Self { connection: Connection::open(bench.store.address()).expect("a connection") }
    }

    /// The job's answer, once it is committed. A job that fails leaves nothing.
    pub(crate) fn run<T, E: From<DbError>>(
        &mut self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.connection.begin_write()?;
        let result = job(&mut self.connection.transaction());
        self.connection.run(if result.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        result
    }

    /// The same for jobs that do not fail.
    pub(crate) fn ok<T, E: From<DbError> + Debug>(
        &mut self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> T {
        self.run(job).expect("a job that does not fail")
    }

    /// A job whose process ends before it commits.
    pub(crate) fn crash<T, E: From<DbError> + Debug>(
        &mut self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) {
        self.connection.begin_write().expect("a transaction");
        job(&mut self.connection.transaction()).expect("a job");
        self.connection.run("ROLLBACK").expect("an end");
    }

    /// Statements of somebody who goes round the program.
    pub(crate) fn tamper(&mut self, sql: &str) {
        self.connection.run(sql).expect("a statement");
    }
}

/// An instant some minutes after the beginning.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    second(minutes * 60)
}

/// An instant some seconds after the beginning.
pub(crate) fn second(seconds: i64) -> Timestamp {
    let after = Duration::from_millis(seconds * 1000).expect("a duration");
    support::start().saturating_add(after)
}

pub(crate) fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

/// A token that differs for each number.
pub(crate) fn token(number: u8) -> Token {
    Token::from_random(&[number; 32])
}

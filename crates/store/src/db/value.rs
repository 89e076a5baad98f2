//! What goes into a statement, and what comes out of a row.

use super::DbError;
use super::error::told;

/// A parameter of a statement.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Param<'a> {
    /// Nothing.
    Null,
    /// A whole number: a count, an instant in ms, hundredths of money or points.
    Int(i64),
    /// A fraction.
    Real(f64),
    /// A text: an id, a name, JSON.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// A row of a result.
pub enum Row<'r> {
    /// Of SQLite.
    Sqlite(&'r rusqlite::Row<'r>),
    /// Of PostgreSQL.
    Postgres(&'r postgres::Row),
}

/// What a column can be read as.
pub trait Column: Sized {
    /// Reads column `index`, from 0.
    fn read(row: &Row<'_>, index: usize) -> Result<Self, DbError>;
}

impl Row<'_> {
    /// Column `index`, from 0.
    pub fn get<T: Column>(&self, index: usize) -> Result<T, DbError> {
        T::read(self, index)
    }

    /// The text of column `index`, from 0, without a copy.
    pub fn text(&self, index: usize) -> Result<&str, DbError> {
        match self {
            Row::Sqlite(row) => {
                let value = row.get_ref(index)?;
                value.as_str().map_err(|error| DbError::Statement(error.to_string()))
            }
            Row::Postgres(row) => row.try_get(index).map_err(|error| unreadable(&error)),
        }
    }
}

/// A column that is not of the kind that it is read as: a mistake of ours, and none of the server.
fn unreadable(error: &postgres::Error) -> DbError {
    DbError::Statement(told(error))
}

macro_rules! columns {
    ($($kind:ty),*) => {$(
        impl Column for $kind {
            fn read(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
                match row {
                    Row::Sqlite(row) => row.get(index).map_err(DbError::from),
                    Row::Postgres(row) => row.try_get(index).map_err(|error| unreadable(&error)),
                }
            }
        }
        impl Column for Option<$kind> {
            fn read(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
                match row {
                    Row::Sqlite(row) => row.get(index).map_err(DbError::from),
                    Row::Postgres(row) => row.try_get(index).map_err(|error| unreadable(&error)),
                }
            }
        }
    )*};
}

columns!(i64, f64, String, Vec<u8>);

impl From<i64> for Param<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Param<'_> {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<leads::Timestamp> for Param<'_> {
    fn from(instant: leads::Timestamp) -> Self {
        Self::Int(instant.as_millis())
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<T> From<Option<T>> for Param<'_>
where
    Self: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

//! Where a database is.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Where a database is: a file of our own, or a PostgreSQL server.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// An SQLite file.
    File(PathBuf),
    /// `postgres://user:password@host/database`.
    Postgres(String),
}

/// Why a text is not the address of a database.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error(
    "`{scheme}:` is no database that we know: write a file's path or postgres://user@host/database"
)]
pub struct AddressError {
    scheme: String,
}

impl Address {
    /// Reads an address: a URL of PostgreSQL, `sqlite:PATH`, or a path.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        match path.split_once("://") {
            Some((scheme, _)) => Err(AddressError { scheme: scheme.to_owned() }),
            None => Ok(Self::File(PathBuf::from(path))),
        }
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

impl fmt::Display for Address {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                let rest = rest.split('?').next().unwrap_or_default();
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                write!(f, "postgres://{place}")
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_or_a_postgresql_url_and_shows_no_password() {
        assert_eq!(Address::parse("data/m.db"), Ok(Address::File("data/m.db".into())));
        assert_eq!(Address::parse("sqlite:m.db"), Ok(Address::File("m.db".into())));
        let server = Address::parse("postgres://u:se@cret@db:5433/m?sslmode=x&password=y");
        assert_eq!(server.expect("a server").to_string(), "postgres://db:5433/m");
        assert!(Address::parse("mysql://u@h/d").is_err());
    }
}

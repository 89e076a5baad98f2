//! Where a database is.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::link::Link;

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
pub enum AddressError {
    /// It is of another database.
    #[error(
        "`{scheme}:` is no database that we know: write a file's path or postgres://user@host/database"
    )]
    Scheme {
        /// What it begins with.
        scheme: String,
    },
    /// It is one of PostgreSQL, and cannot be read.
    #[error("the address of the PostgreSQL server cannot be read: {0}")]
    Server(String),
}

impl Address {
    /// Reads an address: a URL of PostgreSQL, `sqlite:PATH`, or a path.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return match Link::read(text) {
                Ok(_) => Ok(Self::Postgres(text.to_owned())),
                Err(why) => Err(AddressError::Server(why)),
            };
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        match path.split_once("://") {
            Some((scheme, _)) => Err(AddressError::Scheme { scheme: scheme.to_owned() }),
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
            Self::Postgres(url) => match Link::read(url) {
                Ok(link) => link.fmt(f),
                Err(_) => f.write_str("postgres://"),
            },
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
        let url = "postgres://u:se%40cret@db:5433/m?sslmode=require&password=y";
        let server = Address::parse(url).expect("a server");
        assert_eq!(server, Address::Postgres(url.to_owned()));
        assert_eq!(format!("{server} {server:?}"), "postgres://db:5433/m postgres://db:5433/m");
        assert!(Address::parse("mysql://u@h/d").is_err());
        let unknown = Address::parse("postgres://u:secret@db/m?sslmode=x").expect_err("a mode");
        assert!(unknown.to_string().contains("sslmode") && !unknown.to_string().contains("secret"));
    }
}

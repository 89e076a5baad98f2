//! How a PostgreSQL server is reached: what stands in its address.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use postgres::Config;
use postgres::config::{Host, SslMode};

use super::error::told;

/// A name service, a network and a server that is starting have answered by then.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// A server that does not confirm what was sent for so long is gone: its machine may have lost its power
/// without a word, and nobody else would notice.
const SEND_PATIENCE: Duration = Duration::from_secs(30);

/// When nothing was said for so long, the server is asked whether it is still there; then so often, and
/// so many times.
const QUIET: Duration = Duration::from_secs(30);
const ASKED_EVERY: Duration = Duration::from_secs(10);
const ASKED: u32 = 3;

/// A server, and whether it is believed to be who it says.
pub(super) struct Link {
    pub(super) config: Config,
    pub(super) trust: Trust,
}

/// Whom to believe on the other side of an encrypted connection, in the words of `sslmode`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Trust {
    /// Anyone: `prefer` and `require` keep those out who only listen.
    Anyone,
    /// Whose certificate is to be believed: `verify-ca`, or `require` with `sslrootcert`.
    Issued(Roots),
    /// Whose certificate is to be believed and names the host: `verify-full`.
    Named(Roots),
}

/// Which certificates are to be believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Roots {
    /// Those that the system trusts.
    System,
    /// Those in a file (PEM).
    File(PathBuf),
}

impl Link {
    /// Reads an address. The error names what is wrong, and no password.
    pub(super) fn read(url: &str) -> Result<Self, String> {
        let (place, options) = split(url);
        let (mut mode, mut roots) = (String::from("prefer"), None);
        let mut others = Vec::new();
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value =
                || percent_decode_str(value).decode_utf8().map_err(|_| format!("{name}: no UTF-8"));
            match name {
                "sslmode" => mode = value()?.into_owned(),
                "sslrootcert" => roots = Some(value()?.into_owned()),
                _ => others.push(option),
            }
        }
        let roots = roots.map(|text| match text.as_str() {
            "system" => Roots::System,
            path => Roots::File(PathBuf::from(path)),
        });
        let or_system = |roots: Option<Roots>| roots.unwrap_or(Roots::System);
        let (mode, trust) = match (mode.as_str(), roots) {
            ("disable", _) => (SslMode::Disable, Trust::Anyone),
            ("prefer", _) => (SslMode::Prefer, Trust::Anyone),
            ("require", None) => (SslMode::Require, Trust::Anyone),
            ("require", Some(roots)) => (SslMode::Require, Trust::Issued(roots)),
            ("verify-ca", roots) => (SslMode::Require, Trust::Issued(or_system(roots))),
            ("verify-full", roots) => (SslMode::Require, Trust::Named(or_system(roots))),
            _ => {
                let known = "disable, prefer, require, verify-ca and verify-full";
                return Err(format!("no such sslmode; there are {known}"));
            }
        };
        let url = format!("{place}?{}", others.join("&"));
        let mut config: Config = url.parse().map_err(|error| told(&error))?;
        // A socket in the file system leaves the machine for nobody to listen, and knows no encryption.
        let (hosts, numbers) = (config.get_hosts(), config.get_hostaddrs());
        if hosts.is_empty() && numbers.is_empty() {
            return Err("it names no host".to_owned());
        }
        let is_local = numbers.is_empty() && hosts.iter().all(|host| matches!(host, Host::Unix(_)));
        config.ssl_mode(if is_local { SslMode::Disable } else { mode });
        let is_said = |name: &str| others.iter().any(|option| option.starts_with(name));
        if !is_said("connect_timeout=") {
            config.connect_timeout(CONNECT_PATIENCE);
        }
        if !is_said("tcp_user_timeout=") {
            config.tcp_user_timeout(SEND_PATIENCE);
        }
        if !is_said("keepalives") {
            config.keepalives_idle(QUIET);
            config.keepalives_interval(ASKED_EVERY).keepalives_retries(ASKED);
        }
        Ok(Self { config, trust })
    }
}

impl fmt::Display for Link {
    /// Where it is, without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        let ports = self.config.get_ports();
        for (at, host) in self.config.get_hosts().iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            match host {
                Host::Unix(path) => path.display().fmt(f)?,
                Host::Tcp(host) => {
                    let port = ports.get(at).or(ports.first()).copied().unwrap_or(POSTGRES);
                    f.write_str(host)?;
                    if port != POSTGRES {
                        write!(f, ":{port}")?;
                    }
                }
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

/// The port of PostgreSQL.
const POSTGRES: u16 = 5432;

/// An address without its options, and these. A question mark in a password does not begin them.
fn split(url: &str) -> (&str, &str) {
    let after_user = url.find('@').unwrap_or_default();
    match url[after_user..].find('?') {
        Some(at) => (&url[..after_user + at], &url[after_user + at + 1..]),
        None => (url, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &str) -> Result<(SslMode, Trust), String> {
        let link = Link::read(&format!("postgres://u:p@db/m{options}"))?;
        Ok((link.config.get_ssl_mode(), link.trust))
    }

    #[test]
    fn who_is_believed_follows_from_sslmode_and_sslrootcert_as_it_does_in_psql() {
        let file = || Roots::File("/etc/ca one.pem".into());
        for (options, mode, trust) in [
            ("", SslMode::Prefer, Trust::Anyone),
            ("?sslmode=disable", SslMode::Disable, Trust::Anyone),
            ("?sslmode=require", SslMode::Require, Trust::Anyone),
            (
                "?sslmode=require&sslrootcert=/etc/ca%20one.pem",
                SslMode::Require,
                Trust::Issued(file()),
            ),
            ("?sslmode=verify-ca", SslMode::Require, Trust::Issued(Roots::System)),
            (
                "?sslrootcert=%2Fetc/ca%20one.pem&sslmode=verify-full",
                SslMode::Require,
                Trust::Named(file()),
            ),
            (
                "?sslmode=verify-full&sslrootcert=system",
                SslMode::Require,
                Trust::Named(Roots::System),
            ),
        ] {
            assert_eq!(read(options), Ok((mode, trust)), "{options}");
        }
        assert!(read("?sslmode=verify").expect_err("a mode").contains("verify-full"));
        assert!(read("?sslmode=").is_err());
        assert!(read("?sslrotcert=x").expect_err("an option").contains("sslrotcert"));
    }

    #[test]
    fn a_socket_is_not_encrypted_and_what_is_said_of_time_counts() {
        let link = Link::read("postgres://u@%2Frun%2Fpg/m?sslmode=verify-full&connect_timeout=3");
        let link = link.expect("an address");
        assert_eq!(link.config.get_ssl_mode(), SslMode::Disable);
        assert_eq!(link.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(link.config.get_tcp_user_timeout(), Some(&SEND_PATIENCE));
        assert_eq!(link.to_string(), "postgres:///run/pg/m");
        // A number says where to connect, whatever else the address says of hosts.
        for host in ["", "%2Frun%2Fpg"] {
            let url = format!("postgres://{host}/m?hostaddr=10.0.0.5&sslmode=verify-full");
            let link = Link::read(&url).expect("an address");
            assert_eq!(link.config.get_ssl_mode(), SslMode::Require, "{url}");
        }
        assert!(Link::read("postgres:///m").is_err_and(|why| why.contains("no host")));
    }

    #[test]
    fn a_place_is_shown_without_user_and_password() {
        for (url, shown) in [
            ("postgres://u:p?w@db:5433/m?sslmode=require", "postgres://db:5433/m"),
            ("postgresql://db/m?user=u&password=a@b", "postgres://b/"),
            ("postgres://db/m?user=u&password=a%40b", "postgres://db/m"),
            ("postgres://u:p@one,two:5433/m", "postgres://one,two:5433/m"),
        ] {
            match Link::read(url) {
                Ok(link) => assert_eq!(link.to_string(), shown, "{url}"),
                Err(why) => assert!(!why.contains("p?w") && !why.contains("a@"), "{why}"),
            }
        }
    }
}

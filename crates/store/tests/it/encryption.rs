//! Connections to PostgreSQL that nobody else can read, and to nobody else's server.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use store::{Address, Connection, DbError};

use crate::support::server::Server;

const AUTHORITY: &str = include_str!("certificates/authority.pem");
/// Of `localhost`, from the authority.
const SERVER: (&str, &str) =
    (include_str!("certificates/server.pem"), include_str!("certificates/server.key"));
/// Of `localhost`, from nobody but itself.
const ALONE: (&str, &str) =
    (include_str!("certificates/alone.pem"), include_str!("certificates/alone.key"));

/// A server that shows a certificate on `localhost`; `None` where there is no server to be had.
struct Encrypted {
    _server: Server,
    port: u16,
}

impl Encrypted {
    /// Certificate and key as PEM.
    fn start(certificate: &str, key: &str) -> Option<Self> {
        // Free a moment ago: nobody else on this machine hands ports out as fast.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr());
        let port = port.expect("a port").port();
        let server = Server::start(Some((port, certificate, key)))?;
        Some(Self { _server: server, port })
    }

    /// Its address by the name or number of its host, with options.
    fn address(&self, host: &str, options: &str) -> Address {
        let port = self.port;
        let url = format!("postgres://postgres:secret@{host}:{port}/postgres?{options}");
        Address::parse(&url).expect("an address")
    }
}

/// Whether this session is encrypted.
const IS_ENCRYPTED: &str = "SELECT CAST(CASE WHEN ssl THEN 1 ELSE 0 END AS BIGINT) FROM pg_stat_ssl WHERE pid = \
     pg_backend_pid()";

/// A file of certificates to be believed, as an option of an address.
fn believing(pem: &str) -> (tempfile::NamedTempFile, String) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), pem).expect("written");
    let option = format!("sslrootcert={}", file.path().display());
    (file, option)
}

fn is_encrypted(server: &Encrypted, host: &str, options: &str) -> Result<bool, DbError> {
    let mut connection = Connection::open(&server.address(host, options))?;
    connection.begin_read()?;
    Ok(connection.transaction().value::<i64>(IS_ENCRYPTED, &[])? == 1)
}

fn refusal(server: &Encrypted, host: &str, options: &str) -> String {
    let refused = is_encrypted(server, host, options).expect_err(options);
    assert!(refused.is_passing(), "whoever mends the server need not start us anew: {refused}");
    let text = refused.to_string();
    assert!(!text.contains("secret"), "{text}");
    text
}

#[test]
fn a_server_is_believed_by_its_authority_and_by_its_name() {
    let Some(server) = Encrypted::start(SERVER.0, SERVER.1) else { return };
    let (_authority, from_authority) = believing(AUTHORITY);
    let (_stranger, from_stranger) = believing(ALONE.0);
    for options in ["", "sslmode=prefer", "sslmode=require"] {
        assert_eq!(is_encrypted(&server, "localhost", options), Ok(true), "{options}");
    }
    assert_eq!(is_encrypted(&server, "localhost", "sslmode=disable"), Ok(false));
    for mode in ["require", "verify-ca", "verify-full"] {
        let options = format!("sslmode={mode}&{from_authority}");
        assert_eq!(is_encrypted(&server, "localhost", &options), Ok(true), "{options}");
        // From another authority than the one that is believed.
        let options = format!("sslmode={mode}&{from_stranger}");
        let refusal = refusal(&server, "localhost", &options);
        assert!(refusal.contains("certificate"), "{refusal}");
    }
    // The system knows none of these authorities.
    for mode in ["verify-ca", "verify-full"] {
        refusal(&server, "localhost", &format!("sslmode={mode}"));
    }
    // The right certificate of another host.
    let options = format!("sslmode=verify-ca&{from_authority}");
    assert_eq!(is_encrypted(&server, "127.0.0.1", &options), Ok(true));
    let refusal = refusal(&server, "127.0.0.1", &format!("sslmode=verify-full&{from_authority}"));
    assert!(refusal.contains("not valid for name"), "{refusal}");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_believed_where_it_is_listed_itself() {
    let Some(server) = Encrypted::start(ALONE.0, ALONE.1) else { return };
    let (_itself, from_itself) = believing(ALONE.0);
    let (_authority, from_authority) = believing(AUTHORITY);
    for mode in ["require", "verify-ca", "verify-full"] {
        let options = format!("sslmode={mode}&{from_itself}");
        assert_eq!(is_encrypted(&server, "localhost", &options), Ok(true), "{options}");
        refusal(&server, "localhost", &format!("sslmode={mode}&{from_authority}"));
    }
    let options = format!("sslmode=verify-ca&{from_itself}");
    assert_eq!(is_encrypted(&server, "127.0.0.1", &options), Ok(true));
    refusal(&server, "127.0.0.1", &format!("sslmode=verify-full&{from_itself}"));
}

#[test]
fn a_file_of_certificates_that_is_none_is_named() {
    let Some(server) = Encrypted::start(SERVER.0, SERVER.1) else { return };
    let missing = "sslmode=verify-full&sslrootcert=/nowhere/ca.pem";
    let refused = refusal(&server, "localhost", missing);
    assert!(refused.contains("/nowhere/ca.pem"), "{refused}");
    let (empty, from_empty) = believing("");
    let refused = refusal(&server, "localhost", &format!("sslmode=verify-full&{from_empty}"));
    assert!(refused.contains(&empty.path().display().to_string()), "{refused}");
}

#[test]
fn a_server_that_does_not_encrypt_hears_no_password_where_encryption_is_required() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut wish = [0; 8];
        stream.read_exact(&mut wish).expect("the wish for encryption");
        stream.write_all(b"N").expect("an answer");
        let mut more = Vec::new();
        stream.read_to_end(&mut more).expect("the end");
        more
    });
    let url = format!("postgres://postgres:secret@localhost:{port}/m?sslmode=require");
    let refused = Connection::open(&Address::parse(&url).expect("an address"));
    let refused = refused.err().expect("no connection").to_string();
    assert!(refused.contains("does not support TLS"), "{refused}");
    assert_eq!(server.join().expect("it ends"), b"");
}

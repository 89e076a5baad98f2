//! The way to a target: its addresses, a connection to one of them, encryption.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration as Wait;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::excerpt::printable;
use super::{Outcome, Trouble};
use crate::guard::{Guard, Target, TargetHost};

/// How many of a host's addresses are dialled before giving up.
const DIALS_MAX: usize = 4;

/// Finds the addresses of hosts.
pub trait Resolve: Send + Sync {
    /// The addresses of a host, in the order in which they are to be tried.
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a>;
}

/// What [`Resolve::resolve`] gives.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// The system's name service.
#[derive(Clone, Copy, Debug)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            let found = lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The addresses that may be dialled for a target; at least one.
pub(super) async fn addresses(
    guard: &Guard,
    resolver: &dyn Resolve,
    target: &Target,
) -> Result<Vec<IpAddr>, Outcome> {
    let name = match &target.host {
        TargetHost::Address(address) => return Ok(vec![*address]),
        TargetHost::Name(name) => name,
    };
    // What the name service says about its failures differs from system to system.
    let no_address = |_| Outcome::Unanswered(Trouble::NoAddress);
    let found = resolver.resolve(name).await.map_err(no_address)?;
    let kept = guard.resolved(&found).map_err(Outcome::Refused)?;
    if kept.is_empty() { Err(Outcome::Unanswered(Trouble::NoAddress)) } else { Ok(kept) }
}

/// Connects to the first of the addresses that answers, and encrypts where the target asks for it.
pub(super) async fn connect(
    target: &Target,
    addresses: &[IpAddr],
    encryption: &TlsConnector,
    whole: Wait,
) -> Result<Box<dyn Stream>, Trouble> {
    let stream = dial(addresses, target.port, whole).await?;
    // The whole request is written at once; waiting to fill a packet only costs time.
    stream.set_nodelay(true).map_err(|error| not_reached(&error))?;
    if !target.encrypted {
        return Ok(Box::new(stream));
    }
    let name = server_name(&target.host)?;
    let encrypted = encryption.connect(name, stream).await;
    Ok(Box::new(encrypted.map_err(|error| not_encrypted(&error))?))
}

async fn dial(addresses: &[IpAddr], port: u16, whole: Wait) -> Result<TcpStream, Trouble> {
    let mut trouble = Trouble::NoAddress;
    let dialled = &addresses[..addresses.len().min(DIALS_MAX)];
    for (at, &address) in dialled.iter().enumerate() {
        // An address that swallows everything must leave time for the next; the last has all that
        // is left of the attempt.
        let limit = if at + 1 == dialled.len() { whole } else { whole / DIALS_MAX as u32 };
        match timeout(limit, TcpStream::connect(SocketAddr::new(address, port))).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => trouble = not_reached(&error),
            Err(_) => trouble = Trouble::TooSlow,
        }
    }
    Err(trouble)
}

/// The name that the certificate has to have.
fn server_name(host: &TargetHost) -> Result<ServerName<'static>, Trouble> {
    match host {
        TargetHost::Address(address) => Ok(ServerName::from(*address)),
        // A dot at the end is for the name service; certificates have none.
        TargetHost::Name(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            ServerName::try_from(name.to_owned())
                .map_err(|_| Trouble::NotEncrypted("the host's name is not valid".to_owned()))
        }
    }
}

fn not_reached(error: &io::Error) -> Trouble {
    Trouble::NotReached(printable(error.to_string().as_bytes()))
}

/// The text names the certificate's hosts, which a stranger chose.
fn not_encrypted(error: &io::Error) -> Trouble {
    Trouble::NotEncrypted(printable(error.to_string().as_bytes()))
}

//! Which addresses may be called.
//!
//! Whoever can name a URL for us to call can make us knock at doors that only we can reach. So a
//! URL is read once, and what was read is what is called; a host name is resolved once for each
//! attempt, and the addresses that were judged are the ones that are dialled. A name that changes
//! its mind between the two has no second moment to do so.

mod networks;

use std::collections::BTreeSet;
use std::net::IpAddr;

use thiserror::Error;
use url::{Host, Url};

pub use networks::{Network, NetworkError, NetworkKind};

/// The longest URL that is taken, in bytes; receivers and proxies rarely take longer ones.
pub const URL_BYTES_MAX: usize = 2048;

/// Decides which URLs and addresses may be called. `default()` lets through http and https to
/// public addresses on ports 80 and 443.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Vec<Network>,
    ports: Ports,
}

/// Which ports may be called.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Ports {
    /// 80 and 443.
    #[default]
    Standard,
    /// 80, 443 and these.
    Besides(BTreeSet<u16>),
    /// Every port.
    Any,
}

/// Where a URL leads that the guard has let through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    pub(crate) encrypted: bool,
    pub(crate) host: TargetHost,
    pub(crate) port: u16,
    /// The value of the `Host` header: with the port where it is not the scheme's.
    pub(crate) authority: String,
    pub(crate) path_and_query: String,
}

/// A host as the URL names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum TargetHost {
    /// To be resolved, and judged then.
    Name(String),
    /// Judged already, in the form in which it is dialled.
    Address(IpAddr),
}

/// Why something is not called. `Display` is a sentence with the remedy for the endpoint's owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Refusal {
    /// No URL, one without a host, or one with an address that is none.
    #[error("The URL cannot be read: write it whole, as in https://example.com/hooks")]
    NotAUrl,
    /// More than [`URL_BYTES_MAX`] bytes.
    #[error("The URL is longer than {URL_BYTES_MAX} bytes: give a shorter one")]
    TooLong,
    /// Blanks, control characters or backslashes, which programs read in different ways.
    #[error("The URL has blanks, control characters or backslashes: write them as %20 and so on")]
    Characters,
    /// Neither http nor https.
    #[error("The URL begins neither with https:// nor with http://: only those are called")]
    Scheme,
    /// A name or a password before the host.
    #[error(
        "The URL has a name or a password in it: leave it out, the signature tells who is calling"
    )]
    Credentials,
    /// A port that may not be called.
    #[error("Port {0} is not called: use 443 or 80, or allow the port in the configuration")]
    Port(u16),
    /// The URL names an address in a closed network.
    #[error(
        "The URL's address lies in {0}: name a public one, or allow the network in the configuration"
    )]
    Address(NetworkKind),
    /// The URL names a host with addresses in closed networks only.
    #[error(
        "The host's address lies in {0}: give it a public one, or allow the network in the configuration"
    )]
    Resolved(NetworkKind),
}

impl Guard {
    /// A guard that besides lets through the networks of `allowed`, whatever they are, and `ports`.
    pub fn new(allowed: Vec<Network>, ports: Ports) -> Self {
        Self { allowed, ports }
    }

    /// Reads a URL and judges what can be judged without resolving its host. For the moment in
    /// which an endpoint is written down; [`crate::Sender::send`] does it again on each attempt.
    pub fn target(&self, url: &str) -> Result<Target, Refusal> {
        if url.len() > URL_BYTES_MAX {
            return Err(Refusal::TooLong);
        }
        // A parser of URLs drops some of these silently and takes others for slashes.
        if url.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(Refusal::Characters);
        }
        let url = Url::parse(url).map_err(|_| Refusal::NotAUrl)?;
        let encrypted = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Refusal::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        let port = url.port_or_known_default().ok_or(Refusal::NotAUrl)?;
        if !self.ports.allow(port) {
            return Err(Refusal::Port(port));
        }
        let host = match url.host().ok_or(Refusal::NotAUrl)? {
            Host::Domain(name) => TargetHost::Name(name.to_owned()),
            Host::Ipv4(address) => self.literal(address.into())?,
            Host::Ipv6(address) => self.literal(address.into())?,
        };
        let authority = match (url.host_str().unwrap_or_default(), url.port()) {
            (name, Some(port)) => format!("{name}:{port}"),
            (name, None) => name.to_owned(),
        };
        let path_and_query = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Target { encrypted, host, port, authority, path_and_query })
    }

    /// Judges an address and gives it back in the form in which it is to be dialled.
    pub fn address(&self, address: IpAddr) -> Result<IpAddr, NetworkKind> {
        let address = networks::dialled(address);
        let allows = |address| self.allowed.iter().any(|network| network.contains(address));
        // Where IPv4 is only reached by translation, every name resolves to such addresses; what
        // counts is where they lead.
        let led_to = networks::translated(address).unwrap_or(address);
        match networks::kind_of(led_to) {
            Some(kind) if !allows(address) && !allows(led_to) => Err(kind),
            _ => Ok(address),
        }
    }

    /// Keeps those of a host's addresses that may be dialled, in their order. Where none is left
    /// it says why the first is not one of them; a host without addresses keeps none.
    pub fn resolved(&self, addresses: &[IpAddr]) -> Result<Vec<IpAddr>, Refusal> {
        let (mut kept, mut refused) = (Vec::new(), None);
        for &address in addresses {
            match self.address(address) {
                Ok(address) => kept.push(address),
                Err(kind) => refused = refused.or(Some(kind)),
            }
        }
        match refused {
            Some(kind) if kept.is_empty() => Err(Refusal::Resolved(kind)),
            _ => Ok(kept),
        }
    }

    fn literal(&self, address: IpAddr) -> Result<TargetHost, Refusal> {
        self.address(address).map(TargetHost::Address).map_err(Refusal::Address)
    }
}

impl Ports {
    fn allow(&self, port: u16) -> bool {
        match self {
            _ if port == 80 || port == 443 => true,
            Self::Standard => false,
            Self::Besides(ports) => ports.contains(&port),
            // Port 0 cannot be dialled.
            Self::Any => port != 0,
        }
    }
}

impl Refusal {
    /// Whether only another URL or another configuration helps. Otherwise the host's addresses may
    /// be others the next time.
    pub const fn is_permanent(&self) -> bool {
        !matches!(self, Self::Resolved(_))
    }
}

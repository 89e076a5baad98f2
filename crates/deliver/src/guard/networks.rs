//! Networks, and which of them are nobody's business to call from outside.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

/// A range of addresses, in text `10.20.0.0/16` or `fd00::/8`; an address alone is a range of one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Network {
    first: IpAddr,
    prefix: u8,
}

/// Why a text is not a network. `Display` completes "the network ...".
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum NetworkError {
    /// Not an address, or not a length behind the `/`.
    #[error("is not one: write an address and a length, as in 10.20.0.0/16 or fd00::/8")]
    NotANetwork,
    /// The length is longer than the address.
    #[error("is longer than its address: {0} bits are all there are")]
    Length(u8),
    /// Bits behind the length are set.
    #[error("has bits behind its length: write {0}")]
    BitsBehind(Network),
}

/// What kind of network an address lies in that is not called without leave.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NetworkKind {
    /// This machine: `127.0.0.0/8`, `::1`.
    Loopback,
    /// No address at all; dialled, it is this machine: `0.0.0.0/8`, `::`.
    Unspecified,
    /// A network of one's own: `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16`, `fc00::/7`.
    Private,
    /// The wire at hand, and the metadata of clouds: `169.254.0.0/16`, `fe80::/10`.
    LinkLocal,
    /// Behind a carrier's address translation: `100.64.0.0/10`.
    Carrier,
    /// Many receivers at once: `224.0.0.0/4`, `ff00::/8`.
    Multicast,
    /// For measuring devices: `198.18.0.0/15`.
    Benchmark,
    /// For examples in texts: `192.0.2.0/24`, `2001:db8::/32` and others.
    Documentation,
    /// An IPv4 address packed into one of IPv6, and what tunnels use: 6to4, Teredo, ISATAP.
    Tunnel,
    /// Looks public, but is the cloud's own host: `168.63.129.16`.
    CloudHost,
    /// Set aside for other purposes: `240.0.0.0/4`, `192.0.0.0/24` and others.
    Reserved,
}

/// Everything in IANA's registry of special-purpose IPv4 addresses that is not globally reachable,
/// the multicast range, the relays of 6to4 (deprecated by RFC 7526), and Azure's host address.
const CLOSED_V4: [([u8; 4], u8, NetworkKind); 16] = [
    ([0, 0, 0, 0], 8, NetworkKind::Unspecified),
    ([10, 0, 0, 0], 8, NetworkKind::Private),
    ([100, 64, 0, 0], 10, NetworkKind::Carrier),
    ([127, 0, 0, 0], 8, NetworkKind::Loopback),
    ([168, 63, 129, 16], 32, NetworkKind::CloudHost),
    ([169, 254, 0, 0], 16, NetworkKind::LinkLocal),
    ([172, 16, 0, 0], 12, NetworkKind::Private),
    ([192, 0, 0, 0], 24, NetworkKind::Reserved),
    ([192, 0, 2, 0], 24, NetworkKind::Documentation),
    ([192, 88, 99, 0], 24, NetworkKind::Tunnel),
    ([192, 168, 0, 0], 16, NetworkKind::Private),
    ([198, 18, 0, 0], 15, NetworkKind::Benchmark),
    ([198, 51, 100, 0], 24, NetworkKind::Documentation),
    ([203, 0, 113, 0], 24, NetworkKind::Documentation),
    ([224, 0, 0, 0], 4, NetworkKind::Multicast),
    ([240, 0, 0, 0], 4, NetworkKind::Reserved),
];

/// Of the addresses that IPv6 gives out (`2000::/3`), those that are not of any host to be called.
const CLOSED_V6: [([u16; 3], u8, NetworkKind); 6] = [
    ([0x2001, 0, 0], 32, NetworkKind::Tunnel),
    ([0x2001, 2, 0], 48, NetworkKind::Benchmark),
    ([0x2001, 0, 0], 23, NetworkKind::Reserved),
    ([0x2001, 0xdb8, 0], 32, NetworkKind::Documentation),
    ([0x2002, 0, 0], 16, NetworkKind::Tunnel),
    ([0x3fff, 0, 0], 20, NetworkKind::Documentation),
];

/// Which kind of closed network an address lies in; `None` where it is public. Give the address as
/// [`dialled`] has it.
pub(super) fn kind_of(address: IpAddr) -> Option<NetworkKind> {
    match address {
        IpAddr::V4(address) => kind_of_v4(address),
        IpAddr::V6(address) => kind_of_v6(address),
    }
}

/// The address that is really dialled: the system dials `::ffff:a.b.c.d` as `a.b.c.d`.
pub(super) fn dialled(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The IPv4 address behind an IPv6 one, where a network translates (NAT64, RFC 6052).
pub(super) fn translated(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(address) = address else { return None };
    let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = address.segments() else { return None };
    Some(IpAddr::V4(v4_of(high, low)))
}

fn kind_of_v4(address: Ipv4Addr) -> Option<NetworkKind> {
    let closed = CLOSED_V4.iter().find(|(first, prefix, _)| {
        begins_alike(u32::from_be_bytes(*first).into(), address.to_bits().into(), *prefix, 32)
    });
    closed.map(|(_, _, kind)| *kind)
}

fn kind_of_v6(address: Ipv6Addr) -> Option<NetworkKind> {
    let segments = address.segments();
    // Interface ids of ISATAP (RFC 5214) carry an IPv4 address within any prefix.
    if matches!(segments[4], 0 | 0x200) && segments[5] == 0x5efe {
        return Some(NetworkKind::Tunnel);
    }
    if segments[0] & 0xe000 == 0x2000 {
        let closed = CLOSED_V6.iter().find(|([a, b, c], prefix, _)| {
            let first = Ipv6Addr::new(*a, *b, *c, 0, 0, 0, 0, 0);
            begins_alike(first.to_bits(), address.to_bits(), *prefix, 128)
        });
        return closed.map(|(_, _, kind)| *kind);
    }
    // None of the rest is given out to hosts; what kind it is only makes the message better.
    Some(match segments {
        [0, 0, 0, 0, 0, 0, 0, 0] => NetworkKind::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => NetworkKind::Loopback,
        [0x64, 0xff9b, ..] | [0, 0, 0, 0, 0, 0, _, _] => NetworkKind::Tunnel,
        [0xfc00..=0xfdff, ..] => NetworkKind::Private,
        [0xfe80..=0xfebf, ..] => NetworkKind::LinkLocal,
        [0xff00..=0xffff, ..] => NetworkKind::Multicast,
        _ => NetworkKind::Reserved,
    })
}

fn v4_of(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// Whether two addresses of `bits` bits are the same in their first `prefix` bits.
fn begins_alike(one: u128, other: u128, prefix: u8, bits: u32) -> bool {
    (one ^ other).checked_shr(bits - u32::from(prefix)).unwrap_or(0) == 0
}

impl Network {
    /// Whether an address lies in it. An IPv4 address in the clothes of IPv6 counts as what it is.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.first, dialled(address)) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                begins_alike(first.to_bits().into(), address.to_bits().into(), self.prefix, 32)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                begins_alike(first.to_bits(), address.to_bits(), self.prefix, 128)
            }
            _ => false,
        }
    }

    /// The network of an address and the first `prefix` bits; the others are taken off.
    fn around(address: IpAddr, prefix: u8) -> Self {
        let first = match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        };
        Self { first, prefix }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let text = text.trim();
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::NotANetwork)?;
        // `::ffff:10.0.0.0` would match nothing, for such addresses count as what they stand for.
        if dialled(address) != address {
            return Err(NetworkError::NotANetwork);
        }
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| NetworkError::NotANetwork)?
            }
            Some(_) => return Err(NetworkError::NotANetwork),
            None => bits,
        };
        if prefix > bits {
            return Err(NetworkError::Length(bits));
        }
        let network = Self::around(address, prefix);
        if network.first == address { Ok(network) } else { Err(NetworkError::BitsBehind(network)) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

impl fmt::Display for NetworkKind {
    /// Completes "lies in ...".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "this machine's own network",
            Self::Unspecified => "no network at all",
            Self::Private => "a private network",
            Self::LinkLocal => "the local link, where clouds keep their metadata",
            Self::Carrier => "a carrier's private network",
            Self::Multicast => "a multicast network",
            Self::Benchmark => "a network for measurements",
            Self::Documentation => "a network for examples in texts",
            Self::Tunnel => "a network that leads to other addresses",
            Self::CloudHost => "the network of the cloud's host",
            Self::Reserved => "a network that is set aside",
        })
    }
}

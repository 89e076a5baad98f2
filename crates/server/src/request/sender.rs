//! From where a request comes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use std::convert::Infallible;

use crate::app::App;
use crate::config::Config;

/// The other end of the connection; whoever accepts it puts it into the request's extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// From where a request comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sender {
    /// The client's address.
    pub(crate) address: IpAddr,
    /// Whether it is this machine, with nobody in between.
    pub(crate) is_this_machine: bool,
}

impl Sender {
    /// Of proxies that we trust the address in front of the last is believed, and so on; what a
    /// client itself writes there is not.
    pub(crate) fn of(extensions: &Extensions, headers: &HeaderMap, config: &Config) -> Self {
        let peer = extensions.get::<Peer>().map(|peer| peer.0.ip().to_canonical());
        let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let mut address = peer.unwrap_or(nowhere);
        let forwarded = headers.get_all("x-forwarded-for");
        let is_forwarded = forwarded.iter().next().is_some() || headers.contains_key("forwarded");
        let is_trusted = |address: IpAddr| {
            config.trusted_proxies.iter().any(|network| network.contains(address))
        };
        let hops: Vec<&str> = forwarded
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(','))
            .collect();
        for hop in hops.iter().rev() {
            if !is_trusted(address) {
                break;
            }
            let hop = hop.trim();
            let parsed = hop.parse::<IpAddr>().ok();
            let parsed = parsed.or_else(|| hop.parse::<SocketAddr>().ok().map(|with| with.ip()));
            let Some(parsed) = parsed else { break };
            address = parsed.to_canonical();
        }
        let is_this_machine = peer.is_some_and(|peer| peer.is_loopback()) && !is_forwarded;
        Self { address, is_this_machine }
    }

    /// Whether somebody who is no trusted proxy, and near enough to be one, says for whom it asks.
    pub(crate) fn is_by_unknown_proxy(
        extensions: &Extensions,
        headers: &HeaderMap,
        config: &Config,
    ) -> bool {
        if !headers.contains_key("x-forwarded-for") {
            return false;
        }
        let Some(Peer(peer)) = extensions.get::<Peer>() else { return false };
        let peer = peer.ip().to_canonical();
        let is_near = match peer {
            IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
            IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
        };
        is_near && !config.trusted_proxies.iter().any(|network| network.contains(peer))
    }

    /// Whose attempts are counted together: an IPv4 address, or the first 64 bits of an IPv6 one.
    pub(crate) fn network(self) -> String {
        match self.address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

impl FromRequestParts<App> for Sender {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions, &parts.headers, &app.config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(peer: &str, forwarded: &[&str]) -> Sender {
        let mut config = Config::new("data".into(), "https://leads.example.com");
        config.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
        let mut extensions = Extensions::new();
        extensions.insert(Peer(peer.parse().expect("an address")));
        let headers = forwarded.iter().map(|value| {
            (
                axum::http::HeaderName::from_static("x-forwarded-for"),
                value.parse().expect("a header"),
            )
        });
        Sender::of(&extensions, &headers.collect(), &config)
    }

    #[test]
    fn only_what_a_trusted_proxy_wrote_is_believed() {
        let address = |peer, forwarded: &[&str]| sender(peer, forwarded).address.to_string();
        assert_eq!(address("8.8.8.8:1", &["1.2.3.4"]), "8.8.8.8");
        assert_eq!(address("10.0.0.2:1", &["6.6.6.6, 1.2.3.4"]), "1.2.3.4");
        assert_eq!(address("10.0.0.2:1", &["1.2.3.4, 10.0.0.3"]), "1.2.3.4");
        assert_eq!(address("10.0.0.2:1", &["1.2.3.4", "[2001:db8::1]:55"]), "2001:db8::1");
        assert_eq!(address("10.0.0.2:1", &["nonsense"]), "10.0.0.2");
        assert_eq!(address("[::ffff:10.0.0.2]:1", &["1.2.3.4"]), "1.2.3.4");
    }

    #[test]
    fn a_proxy_on_this_machine_does_not_make_strangers_local() {
        assert!(sender("127.0.0.1:1", &[]).is_this_machine);
        assert!(!sender("127.0.0.1:1", &["1.2.3.4"]).is_this_machine);
        assert!(!sender("8.8.8.8:1", &[]).is_this_machine);
    }

    #[test]
    fn a_proxy_nearby_that_nobody_named_is_noticed() {
        let noticed = |peer: &str, header: Option<&str>| {
            let mut config = Config::new("data".into(), "https://leads.example.com");
            config.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
            let mut extensions = Extensions::new();
            extensions.insert(Peer(peer.parse().expect("an address")));
            let headers = header.map(|value| {
                let name = axum::http::HeaderName::from_static("x-forwarded-for");
                (name, value.parse().expect("a header"))
            });
            Sender::is_by_unknown_proxy(&extensions, &headers.into_iter().collect(), &config)
        };
        for peer in
            ["127.0.0.1:1", "172.17.0.2:1", "[::1]:1", "[fd00::1]:1", "[::ffff:127.0.0.1]:1"]
        {
            assert!(noticed(peer, Some("1.2.3.4")), "{peer}");
            assert!(!noticed(peer, None), "{peer}");
        }
        assert!(!noticed("10.0.0.2:1", Some("1.2.3.4")), "it is trusted");
        assert!(!noticed("8.8.8.8:1", Some("1.2.3.4")), "anybody may write that");
    }

    #[test]
    fn a_network_of_version_six_is_one_customer() {
        let network = |peer| sender(peer, &[]).network();
        assert_eq!(network("[2001:db8:1:2:3::4]:1"), network("[2001:db8:1:2:ffff::9]:1"));
        assert_ne!(network("[2001:db8:1:2::1]:1"), network("[2001:db8:1:3::1]:1"));
    }
}

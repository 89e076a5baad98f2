//! What an operator decides.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use deliver::{Guard, Network, Roots};

/// What an operator decides. `new` gives what suits most.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen. `serve` is given a listener; this is for whoever makes it.
    pub bind: SocketAddr,
    /// The directory for files that are imported and exported.
    pub data: PathBuf,
    /// Where people reach us, without a slash at the end: `https://leads.example.com`. Links, the
    /// cookie's name and what counts as our own page follow from it.
    pub public_url: String,
    /// Networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Which addresses webhooks may go to.
    pub webhook_guard: Guard,
    /// Whose certificates webhooks believe.
    pub webhook_roots: Roots,
    /// How much is taken from whom.
    pub limits: Limits,
    /// How often what is done.
    pub pace: Pace,
}

/// How much is taken from whom.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    /// Connections at a time; whoever comes then waits.
    pub connections: usize,
    /// Requests at a time; beyond them the answer is 503. Far below what the store lets wait, so that
    /// no request ever blocks another in its queue.
    pub requests: usize,
    /// The longest body of a request to the API, in bytes, after unpacking.
    pub body_bytes: usize,
    /// The longest file that is imported, in bytes.
    pub import_bytes: u64,
    /// Bytes of bodies at a time, as they come in, packed or not; beyond them the answer is 503. Files that
    /// are imported go to the disk and are not among them.
    pub bodies_bytes: usize,
    /// Requests of one address at a time whose bodies do not go on.
    pub unfinished: usize,
    /// Bytes that are held of them.
    pub unfinished_bytes: usize,
    /// How long a request may take until its answer begins; uploads and streams apart.
    pub request_time: Duration,
    /// How long a client may take to send the head of a request.
    pub head_time: Duration,
    /// Tracking calls per write key.
    pub per_write_key: Rate,
    /// Tracking calls per address.
    pub per_address: Rate,
    /// Requests to the API per user or key.
    pub per_caller: Rate,
    /// Live streams at a time.
    pub streams: usize,
    /// Live streams of one user or key at a time.
    pub streams_per_caller: usize,
    /// Downloads of one user or key at a time.
    pub downloads_per_caller: usize,
    /// A download of which nothing is taken for so long is given up.
    pub download_pause: Duration,
}

/// A steady rate with room for a burst.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rate {
    /// So many a second in the long run.
    pub per_second: f64,
    /// So many at once.
    pub burst: f64,
}

/// How often what is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// Everybody is scored anew, as time has passed.
    pub tick: Duration,
    /// The outbox is looked into, when nobody gave a sign before.
    pub deliveries: Duration,
    /// Facts older than this are moved into files.
    pub seal_after: leads::Duration,
    /// Facts are moved when there are so many.
    pub seal_at_least: usize,
    /// Messages that were delivered or given up are kept so long.
    pub keep_messages: leads::Duration,
    /// Open streams look whether their callers may still be here, when nobody told them to before: another
    /// node or the command line may have shut somebody out.
    pub watchers: Duration,
}

impl Config {
    /// What suits most, for a data directory and the address that people reach us at.
    pub fn new(data: PathBuf, public_url: &str) -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8420)),
            data,
            public_url: public_url.trim_end_matches('/').to_owned(),
            trusted_proxies: Vec::new(),
            webhook_guard: Guard::default(),
            webhook_roots: Roots::System,
            limits: Limits::default(),
            pace: Pace::default(),
        }
    }

    /// Whether people can reach an address: a scheme, a host, perhaps a path, and nothing behind.
    pub fn is_public_url(url: &str) -> bool {
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        // A parser takes more than may stand in a link, and passes over what follows `#`.
        let is_plain = !url.contains(|c: char| c.is_whitespace() || "\"<>#?\\".contains(c));
        let host = url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
        is_web && is_plain && host.is_some_and(|host| !host.is_empty())
    }

    /// Whether people reach us over https: then cookies are for https only, and browsers are told so.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Whether only this machine is told to come here, so that no proxy lets others in: one that ends TLS is
    /// on this machine, too, and need not say for whom it asks.
    pub(crate) fn is_for_this_machine(&self) -> bool {
        let authority = self.origin().split_once("://").map_or("", |(_, authority)| authority);
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_local = |address: IpAddr| address.is_loopback() || address.is_unspecified();
        let is_named = host == "localhost" || host.parse().is_ok_and(is_local);
        is_named && self.trusted_proxies.is_empty()
    }

    /// Our own origin, as browsers name it.
    pub(crate) fn origin(&self) -> &str {
        let after = self.public_url.find("://").map_or(0, |at| at + 3);
        let end = self.public_url[after..].find('/').map_or(self.public_url.len(), |at| after + at);
        &self.public_url[..end]
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            requests: 1024,
            body_bytes: 1 << 20,
            import_bytes: 4 << 30,
            // Half of what as many requests as there is room for would hold: nearly all bodies are small.
            bodies_bytes: 512 << 20,
            // An eighth of the connections; phones of an office on a poor line are far fewer.
            unfinished: 512,
            // A sixteenth of what is held of all: nobody who sends slowly has the room of the others.
            unfinished_bytes: 32 << 20,
            request_time: Duration::from_mins(1),
            head_time: Duration::from_secs(15),
            per_write_key: Rate { per_second: 500.0, burst: 2_000.0 },
            // A page sends a handful of calls; an office of a thousand people has one address.
            per_address: Rate { per_second: 100.0, burst: 1_000.0 },
            per_caller: Rate { per_second: 50.0, burst: 500.0 },
            streams: 256,
            // An eighth: somebody who has many pages open has a stream in each.
            streams_per_caller: 32,
            // Each holds a file on the disk until it is read.
            downloads_per_caller: 4,
            // On a line of 10 kB/s, what lies in the buffers of the way takes some minutes.
            download_pause: Duration::from_mins(5),
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        let days = |days: i64| {
            leads::Duration::from_millis(days * leads::Duration::DAY.as_millis())
                .unwrap_or(leads::Duration::DAY)
        };
        Self {
            tick: Duration::from_mins(1),
            deliveries: Duration::from_millis(500),
            seal_after: days(30),
            seal_at_least: 50_000,
            keep_messages: days(30),
            watchers: Duration::from_secs(20),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_told_another_name_may_come_by_a_proxy() {
        let config = |url| Config::new("data".into(), url);
        for url in
            ["http://127.0.0.1:8420", "http://localhost", "http://[::1]:8420", "http://0.0.0.0:1"]
        {
            assert!(config(url).is_for_this_machine(), "{url}");
        }
        for url in ["https://leads.example.com", "http://leads.lan:80", "http://10.0.0.1:8420"] {
            assert!(!config(url).is_for_this_machine(), "{url}");
        }
        let mut behind = config("http://127.0.0.1:8420");
        behind.trusted_proxies = vec!["127.0.0.1".parse().expect("a network")];
        assert!(!behind.is_for_this_machine());
    }
}

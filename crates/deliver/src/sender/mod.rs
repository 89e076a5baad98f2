//! One attempt to bring a message to an endpoint.
//!
//! Each attempt has its own connection, to an address that was judged for it. There is nothing
//! here that could follow a redirect, keep a cookie, ask a proxy or unpack a body.

mod capped;
mod excerpt;
mod exchange;
mod route;

use std::sync::Arc;
use std::time::Duration as Wait;

use leads::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, pem};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::guard::{Guard, Refusal};
use crate::message::Message;
use crate::schedule::read_retry_after;
use crate::signature::Secrets;
use exchange::Reply;

pub use route::{Resolve, Resolving, SystemResolver};

/// How long an attempt may take, from resolving the name to the last byte of the reply: the lower
/// end of what Standard Webhooks recommends.
pub const TIMEOUT: Wait = Wait::from_secs(15);
/// How much of a reply is read, head and body together, in bytes.
pub const REPLY_BYTES_MAX: usize = 64 * 1024;
/// How much of a reply's body is shown, in bytes.
pub const EXCERPT_BYTES_MAX: usize = 256;

/// Brings messages to endpoints. Cheap to clone; attempts may run side by side.
#[derive(Clone)]
pub struct Sender {
    guard: Arc<Guard>,
    resolver: Arc<dyn Resolve>,
    encryption: TlsConnector,
    timeout: Wait,
}

/// Whose certificates are believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Roots {
    /// Those of the system's store, or of the files that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    System,
    /// Those of a text in PEM, and no others.
    Pem(Vec<u8>),
}

/// Why there is no sender.
#[derive(Debug, Error)]
pub enum SenderError {
    /// The system has no certificates.
    #[error(
        "found no certificates to believe receivers by: install the package ca-certificates, or name a file of them in SSL_CERT_FILE"
    )]
    NoRoots,
    /// The text in PEM cannot be read, or has no certificate in it.
    #[error("the certificates to believe receivers by cannot be read: give them in PEM")]
    Pem(#[source] Option<pem::Error>),
    /// A certificate is not one that can vouch for others.
    #[error("a certificate to believe receivers by is not valid")]
    Root(#[source] rustls::Error),
}

/// Who receives messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// The URL that is called, as its owner wrote it.
    pub url: String,
    /// The secrets that sign.
    pub secrets: Secrets,
}

/// How an attempt went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// The status of HTTP; `None` where no answer came.
    pub status: Option<u16>,
    /// From the beginning to the end, in milliseconds.
    pub took_ms: u32,
    /// What it means.
    pub outcome: Outcome,
    /// The beginning of the reply's body: at most [`EXCERPT_BYTES_MAX`] bytes of printable text on
    /// one line. Written by a stranger: escape it wherever it is shown.
    pub excerpt: String,
}

/// What an attempt means for the message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Any 2xx: the message has arrived, even where the rest of the reply is broken.
    Delivered,
    /// 410: the endpoint does not want to be called any more.
    Gone,
    /// 429, 502, 503, 504: later.
    Busy {
        /// How long the endpoint wants to be left alone, at most a day.
        retry_after: Option<Wait>,
    },
    /// Any other status, redirects among them.
    Rejected,
    /// No answer that can be read.
    Unanswered(Trouble),
    /// The guard does not let us call it; nothing was sent.
    Refused(Refusal),
}

/// Why there is no answer. `Display` is a sentence for the endpoint's owner.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Trouble {
    /// The host's name has no address, or the name service does not answer.
    #[error("The host's name has no address: check the URL and the name service")]
    NoAddress,
    /// No connection came about.
    #[error("No connection: {0}")]
    NotReached(String),
    /// The certificate is not to be believed, or no common way to encrypt was found.
    #[error("No encrypted connection: {0}")]
    NotEncrypted(String),
    /// The time for an attempt ran out.
    #[error("No answer in time: answer first, and work afterwards")]
    TooSlow,
    /// The connection broke, or what came over it is not HTTP.
    #[error("No answer that can be read: {0}")]
    Broken(String),
}

impl Sender {
    /// A sender that calls what `guard` lets through and believes certificates of `roots`; reads
    /// the system's store, once.
    pub fn new(guard: Guard, roots: &Roots) -> Result<Self, SenderError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(SenderError::Root)?
            .with_root_certificates(roots.load()?)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            guard: Arc::new(guard),
            resolver: Arc::new(SystemResolver),
            encryption: TlsConnector::from(Arc::new(config)),
            timeout: TIMEOUT,
        })
    }

    /// With another time for an attempt than [`TIMEOUT`].
    #[must_use]
    pub fn with_timeout(self, timeout: Wait) -> Self {
        Self { timeout, ..self }
    }

    /// With another name service than the system's.
    #[must_use]
    pub fn with_resolver(self, resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, ..self }
    }

    /// What decides whether an endpoint may be called.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Sends a message once, signed as of `now`. Never fails: what goes wrong is in the
    /// [`Outcome`]. Dropping the future ends the attempt and closes its connection.
    pub async fn send(&self, endpoint: &Endpoint, message: &Message, now: Timestamp) -> Attempt {
        let started = Instant::now();
        let mut reply = Reply::default();
        let ended = match timeout(self.timeout, self.call(endpoint, message, now, &mut reply)).await
        {
            Ok(ended) => ended,
            Err(_) => Err(Outcome::Unanswered(Trouble::TooSlow)),
        };
        let outcome = match (reply.status, ended) {
            // The status says it all. What breaks behind it changes nothing: to send a message
            // again that was answered with 2xx would make it arrive twice.
            (Some(status), _) => judge(status, reply.retry_after.as_deref(), now),
            (None, Err(outcome)) => outcome,
            (None, Ok(())) => Outcome::Unanswered(Trouble::Broken("there is no status".to_owned())),
        };
        Attempt {
            status: reply.status,
            took_ms: u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX),
            outcome,
            excerpt: excerpt::of_body(&reply),
        }
    }

    async fn call(
        &self,
        endpoint: &Endpoint,
        message: &Message,
        now: Timestamp,
        reply: &mut Reply,
    ) -> Result<(), Outcome> {
        let target = self.guard.target(&endpoint.url).map_err(Outcome::Refused)?;
        let addresses = route::addresses(&self.guard, &*self.resolver, &target).await?;
        let stream = route::connect(&target, &addresses, &self.encryption, self.timeout)
            .await
            .map_err(Outcome::Unanswered)?;
        let request = exchange::request(&target, &endpoint.secrets, message, now)
            .map_err(Outcome::Unanswered)?;
        exchange::exchange(stream, request, reply).await.map_err(Outcome::Unanswered)
    }
}

impl Roots {
    fn load(&self) -> Result<RootCertStore, SenderError> {
        let mut roots = RootCertStore::empty();
        match self {
            Self::System => {
                // Single files that cannot be read are no reason to do without the others.
                let found = rustls_native_certs::load_native_certs();
                let (taken, _) = roots.add_parsable_certificates(found.certs);
                if taken == 0 {
                    return Err(SenderError::NoRoots);
                }
            }
            Self::Pem(text) => {
                for certificate in CertificateDer::pem_slice_iter(text) {
                    let certificate = certificate.map_err(|error| SenderError::Pem(Some(error)))?;
                    roots.add(certificate).map_err(SenderError::Root)?;
                }
                if roots.is_empty() {
                    return Err(SenderError::Pem(None));
                }
            }
        }
        Ok(roots)
    }
}

impl Attempt {
    /// How long the endpoint wants to be left alone.
    pub const fn retry_after(&self) -> Option<Wait> {
        match self.outcome {
            Outcome::Busy { retry_after } => retry_after,
            _ => None,
        }
    }
}

impl Outcome {
    /// A word for the store, the API and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Gone => "gone",
            Self::Busy { .. } => "busy",
            Self::Rejected => "rejected",
            Self::Unanswered(Trouble::NoAddress) => "no_address",
            Self::Unanswered(Trouble::NotReached(_)) => "not_reached",
            Self::Unanswered(Trouble::NotEncrypted(_)) => "not_encrypted",
            Self::Unanswered(Trouble::TooSlow) => "too_slow",
            Self::Unanswered(Trouble::Broken(_)) => "broken",
            Self::Refused(_) => "refused",
        }
    }

    /// A sentence for the endpoint's owner where the status alone does not say it.
    pub fn explanation(&self) -> Option<String> {
        match self {
            Self::Unanswered(trouble) => Some(trouble.to_string()),
            Self::Refused(refusal) => Some(refusal.to_string()),
            Self::Delivered | Self::Gone | Self::Busy { .. } | Self::Rejected => None,
        }
    }
}

fn judge(status: u16, retry_after: Option<&str>, now: Timestamp) -> Outcome {
    match status {
        200..=299 => Outcome::Delivered,
        410 => Outcome::Gone,
        429 | 502 | 503 | 504 => {
            let retry_after = retry_after.and_then(|text| read_retry_after(text, now));
            Outcome::Busy { retry_after }
        }
        _ => Outcome::Rejected,
    }
}

//! What is known of a message besides its bytes.

use std::net::IpAddr;

use leads::{MachineSign, Timestamp, Trust};

/// How a message reached us, and from whom.
#[derive(Clone, PartialEq, Debug)]
pub struct Envelope {
    /// When it reached us.
    pub received_at: Timestamp,
    /// Where it comes from, such as `key:web` or `form:contact`; it becomes [`leads::Report::source`].
    pub source: String,
    /// How far its claims can be believed.
    pub trust: Trust,
    /// The sender's address. It is kept as the proof of a consent and for nothing else.
    pub ip: Option<IpAddr>,
    /// The `User-Agent` header: `Some("")` where a request had none, `None` where nobody looked.
    /// That of a trusted sender is its server's and says nothing about the person.
    pub user_agent: Option<String>,
    /// What the request as a whole gave away; see [`crate::machines::classify`].
    pub machine: Option<MachineSign>,
}

//! What is known of a message besides its bytes.

use std::net::IpAddr;

use leads::{MachineSign, Timestamp, Trust};

use crate::machines::{self, Signs, classify, surest};

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
    /// That of a trusted sender is its server's and says nothing about the person; nor does that of an
    /// SDK on a server, see [`crate::machines::is_relay`].
    pub user_agent: Option<String>,
    /// What the request gave away besides that, such as that it was made ahead of a visit; see
    /// [`crate::machines::classify`].
    pub machine: Option<MachineSign>,
}

impl Envelope {
    /// What the request gives away about the person that it tells of. `library`: the name under which
    /// the sender puts itself into the call.
    pub(crate) fn machine(&self, library: Option<&str>) -> Option<MachineSign> {
        let agent = self
            .user_agent
            .as_deref()
            .filter(|agent| self.trust == Trust::Public && !machines::is_relay(agent, library));
        let by_agent = classify(&Signs { user_agent: agent, ..Signs::default() });
        surest(self.machine.clone().into_iter().chain(by_agent))
    }
}

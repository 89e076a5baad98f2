//! The outside world that we call: signed webhooks after Standard Webhooks 1.0.0.
//!
//! A [`Message`] is written out once; its bytes are kept and sent again as they are.
//! [`Sender::send`] makes one [`Attempt`] to bring it to an [`Endpoint`], signed by [`signature`]
//! and kept out of private networks by [`guard`]. [`schedule::after`] then decides what comes
//! next. Nothing here remembers anything or reads a clock: the caller does both.

pub mod guard;
mod message;
pub mod schedule;
mod sender;
pub mod signature;

pub use guard::{Guard, Network, Ports, Refusal};
pub use message::{Message, MessageId, MessageIdError};
pub use schedule::{DisabledBecause, Health, Next, Verdict};
pub use sender::{
    Attempt, EXCERPT_BYTES_MAX, Endpoint, Outcome, REPLY_BYTES_MAX, Resolve, Resolving, Roots,
    Sender, SenderError, SystemResolver, TIMEOUT, Trouble,
};
pub use signature::{Secret, SecretError, Secrets};

//! What comes in with a request, checked.

mod asked;
mod conditions;
mod kept;
mod sender;
mod sent;

pub(crate) use asked::{Asked, Named, list};
pub(crate) use conditions::{if_match, only_if_new, tagged};
pub(crate) use kept::kept_until;
pub(crate) use sender::{Peer, Sender};
pub(crate) use sent::{Repeat, Repeatable, Sent, SentApart, ZERO, read_body, read_value, zero_in};

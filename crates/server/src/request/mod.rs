//! What comes in with a request, checked.

mod asked;
mod conditions;
mod sender;
mod sent;

pub(crate) use asked::{Asked, Named, list};
pub(crate) use conditions::{if_match, tagged};
pub(crate) use sender::{Peer, Sender};
pub(crate) use sent::{Repeat, Repeatable, Sent, read_body};

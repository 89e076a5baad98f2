//! What comes in with a request, checked.

mod asked;
mod conditions;
mod kept;
mod sender;
mod sent;

pub(crate) use asked::{Asked, Named, list};
pub(crate) use conditions::{
    Expected, content_tag, if_match, only_if_new, tagged, unless_changed, unless_gone,
};
pub(crate) use kept::kept_until;
pub(crate) use sender::{Peer, Sender};
pub(crate) use sent::{
    Repeat, Repeatable, Sent, SentApart, SentIfAny, ZERO, read_body, read_value, zero_in,
};

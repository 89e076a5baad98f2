//! Whose a fact is. A *person* is a set of identifiers. A *lead* is a person, or several that were
//! brought together; it goes by the id of one of them.
//!
//! Facts belong to persons and stay there. Two leads become one by an edge between them (`merge`),
//! and two again when the edge is undone, so that undoing is exact whatever happened in between:
//! who belongs together depends on nothing but the edges that stand.
//!
//! What a report may do (`settle.rs`):
//! - Identifiers named together belong to one lead, unless something speaks against it.
//! - Two known leads (a user id, an address or a lead id is known of them) become one only on a
//!   trusted report that names strong identifiers of both, never through a device, and never where
//!   both have user ids (an alias may say otherwise). Where it is refused, the strongest identifier
//!   wins (user, then address, then lead, then visitor), and a note says so.
//! - A visitor not yet known becomes the lead it is named with, facts before that included.
//! - A visitor who is known already and is named with somebody else is a device in other hands: from
//!   that fact on the visitor's id is the other's. Facts before stay where they are. A device that
//!   changed hands [`DEVICE_OWNERS_MAX`] times is nobody's from then on.
//! - Once an edge is undone, no report brings the two together again; only a user does.
//! - A report that a machine is thought to have made links nothing, until somebody knows better (`unlinked.rs`).
//! - A user id that only the public has claimed for somebody keeps no trusted one out: it is nobody's then.
//! - When all that a source said of somebody is taken back (an import is undone, an abused key purged), the
//!   identifiers that nobody else named go with it, and the edges that it made and nobody else vouches for (`withdraw.rs`).

mod batch;
mod merges;
mod names;
mod settle;
mod unlinked;
mod unnamed;
mod withdraw;

pub use merges::{Merge, MergeError, absorbed_by, merge, merges, undo_merge};
pub use names::{Identifier, IdentifierKind, find_lead, identifiers, is_lead, is_placeholder};

pub(crate) use batch::Leads;
pub(crate) use names::{Name, Named, identifiers_of};
pub(crate) use settle::settle;
pub(crate) use unlinked::{keep_unlinked, link_again};
pub(crate) use unnamed::{name_again, unname};
pub(crate) use withdraw::{Of, give_back, withdraw};

/// What speaks for itself in an answer: a link that was asked for and not made, or one that was
/// made in an unusual way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Note {
    /// An identifier that many programs send where they know none (`null`, `anonymous`, ..) was
    /// passed over.
    Placeholder,
    /// Two known leads were named together by a report that anybody could have sent.
    NotTrusted,
    /// Two leads with different user ids were named together, or a lead with another user id.
    DifferentUsers,
    /// The two were brought together before, and separated by a user.
    Separated,
    /// A lead has as many identifiers of this kind as it may have.
    TooMany,
    /// The visitor's id passed to somebody else.
    DevicePassedOn,
    /// The device changed hands too often to say anything about a person.
    SharedDevice,
}

/// How often a device may change hands. A family computer does a few times; a kiosk does daily.
pub const DEVICE_OWNERS_MAX: usize = 12;

//! What is known about one lead, row by row: the form in which facts are explained and tested.
//! ([`crate::batch`] is the form in which they travel by the million.)

use crate::{Timestamp, Value};

/// Something that happened to a lead.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// What identifies the fact, where the source says so.
    pub id: Option<String>,
    /// Its name, such as `page_viewed`.
    pub name: String,
    /// When it happened.
    pub at: Timestamp,
    /// Its properties by dotted path.
    pub properties: Vec<(String, Value)>,
}

/// The value of one trait from an instant on.
#[derive(Clone, PartialEq, Debug)]
pub struct TraitFact {
    /// The trait's dotted path.
    pub path: String,
    /// Its value; `None` takes an earlier one away.
    pub value: Option<Value>,
    /// From when on; `None`: from the beginning of time.
    pub at: Option<Timestamp>,
}

/// Everything that is known about one lead, in any order. Facts with one id must already have been
/// settled: each event here counts.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LeadFacts {
    /// The lead's id.
    pub lead: String,
    /// Since when the lead is known; `None`: always.
    pub created_at: Option<Timestamp>,
    /// What the lead is, and was.
    pub traits: Vec<TraitFact>,
    /// What the lead did.
    pub events: Vec<Event>,
}

//! The facts in columns: who the leads are, what they did, per lead contiguous and in time order.
//!
//! ```text
//! batches -> Roster (leads), Gathering (events, partitioned by blocks of leads)
//!         -> blocks -> the scoring fold -> scores of everyone
//! ```

mod blocks;
mod gather;
mod intern;
mod many;
mod parallel;
mod rescore;
mod roster;
mod settle;

pub use blocks::{Block, History, LEADS_PER_BLOCK};
pub use gather::{Gathered, Gathering, Strangers};
pub use rescore::{Scored, Scores};
pub use roster::{LeadId, Roster, RosterBuilder, RosterNotes, RowProfile};

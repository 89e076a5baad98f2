//! The facts in columns: who the leads are, what they did, per lead contiguous and in time order.
//!
//! ```text
//! batches -> Roster (leads), Gathering (events, partitioned by blocks of leads)
//!         -> blocks -> the scoring fold -> scores of everyone
//! ```

mod backtest;
mod blocks;
mod coarse;
mod compare;
mod course;
mod gather;
mod growing;
mod histogram;
mod intern;
mod many;
mod packed;
mod parallel;
mod partition;
mod rescore;
mod roster;
mod scorer;
mod settle;
mod suspects;
mod warnings;

pub use backtest::{
    Backtest, BacktestError, BracketRow, CutOff, Instants, Measures, Options, ScoreRange, backtest,
};
pub use blocks::{Block, History, LEADS_PER_BLOCK};
pub use compare::{Cause, Comparison, Matrix, Mover, Numbers, Part, compare, compare_since};
pub use course::{Change, Course, Fact, Sample, Step, course};
pub use gather::{Gathered, Gathering, Strangers};
pub use growing::Growing;
pub use histogram::{Count, Decile, Histogram, Point, Ranking, interval};
pub use rescore::{Before, Scored, Scores};
pub use roster::{LeadId, Roster, RosterBuilder, RosterNotes, RowProfile};
pub use suspects::{Power, Sign, Suspicion, TraitPower};
pub use warnings::Warning;

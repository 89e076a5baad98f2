//! From a model document to a score card: `score(model, facts, instant)` and nothing else.
//!
//! Everything here is pure: no clock, no file, no log, no random number, and once a model has been
//! checked nothing can fail.
//!
//! ```text
//! document -> Model -> Program -> Bound (to a vocabulary) -> fold over events -> Score | ScoreCard
//! ```

mod amount;
mod apart;
mod bound;
mod bounds;
mod calendar;
mod card;
mod crowd;
mod divide;
pub mod document;
mod fades;
mod fold;
mod grain;
mod hot;
mod hourly;
mod many;
pub mod model;
pub mod model_tests;
mod numeric;
mod program;
mod single;
pub mod stages;
mod standing;
mod subjects;
mod sum;
mod swift;
mod test;
mod text;
mod truth;
mod vocabulary;
mod weights;

pub use amount::{Amount, FULL_WEIGHT};
pub use apart::Apart;
pub use bound::Bound;
pub use card::{CriterionCard, EventSeen, GateCard, GroupCard, ScoreCard, TraitSeen};
pub use crowd::{Crowd, Effects, Sighting};
pub use fold::{ALWAYS, Fate, LeadView, Profile, Score, Tally};
pub use grain::{Grain, Numbers};
pub use many::{Instants, Moments, Scorer};
pub use model::Model;
pub use numeric::{Numeric, is_number};
pub use program::Program;
pub use single::{CREATED_AT, OneLead};
pub use standing::{Codes, Columns, Standing};
pub use truth::Truth;
pub use vocabulary::{Needs, Shape, Vocabulary};

use leads::{LeadFacts, Timestamp};

/// Scores one lead at an instant. For many leads make the [`Program`] once.
pub fn score(model: &Model, facts: &LeadFacts, at: Timestamp) -> ScoreCard {
    Program::new(model.clone()).score(facts, at)
}

//! From a model document to a score card: `score(model, facts, instant)` and nothing else.
//!
//! Everything here is pure: no clock, no file, no log, no random number, and once a model has been
//! checked nothing can fail.

pub mod model;

pub use model::Model;

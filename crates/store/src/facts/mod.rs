//! Facts: taken once for ever, never rewritten, taken back where they turn out to be none.

mod append;
mod content;
mod retract;
mod stored;
mod withdrawal;

pub use append::{Appended, Outcome, Refusal, Taken, append, refused};
pub use retract::{Which, label, restore, retract};
pub use stored::{FactKind, StoredFact, count};

pub(crate) use content::is_sound;
pub(crate) use stored::{COLUMNS, machine, read};

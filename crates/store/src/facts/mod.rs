//! Facts: taken once for ever, never rewritten, taken back where they turn out to be none.

mod append;
mod content;
mod label;
mod retract;
mod stored;
mod withdrawal;

pub use append::{Appended, Outcome, Prepared, Refusal, Taken, append, append_prepared, refused};
pub use label::{LabelledFact, Relabelled, ToLabel, label, labelled, to_label, undo_label};
pub use retract::{Which, restore, retract};
pub use stored::{FactKind, StoredFact, count};

/// Tables that say something of facts, by `fact`: what goes when a fact does.
pub(crate) const OF_FACTS: [&str; 4] =
    ["also_imported", "said_by_import", "label_before", "not_linked"];

pub(crate) use content::{is_sound, who_of};
pub(crate) use stored::{COLUMNS, machine, read};
pub(crate) use withdrawal::lift;

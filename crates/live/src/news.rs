//! What watchers hear.

use serde::Serialize;

/// Something that whoever watches a list wants to know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum News {
    /// A lead has new numbers under a model.
    Lead {
        /// The lead.
        lead: String,
        /// The model, under which name its scores are kept.
        model: String,
        /// Its score now.
        score: i64,
        /// Its score before; nothing for a lead that is new.
        before: Option<i64>,
        /// Its bracket.
        bracket: Option<String>,
        /// Its stage.
        stage: Option<String>,
        /// Its priority.
        priority: i64,
        /// Whether it is disqualified.
        disqualified: bool,
    },
    /// A lead became part of another, or was erased.
    Gone {
        /// The lead.
        lead: String,
    },
    /// So much changed at once (time passed, a model was activated) that lists are best read anew.
    Everyone {
        /// How many leads have new numbers.
        changed: u64,
    },
    /// Which models are in force has changed.
    Models,
    /// An import has come further.
    Import {
        /// Its id.
        import: String,
        /// Its state.
        state: String,
    },
}

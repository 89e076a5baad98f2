//! What follows from facts and models, as rows: leads as lists show them, scores, transitions, models
//! and their versions, saved segments. This room knows how to keep and find them, not what they mean.

mod companies;
mod models;
mod names;
mod ranked;
mod rows;
mod segments;
mod transitions;

pub use companies::{
    CompanyRow, NamedCompany, Rollup, RollupOrder, companies, companies_after, leads_of_company,
};
pub use models::{
    Activation, Model, ModelError, ModelVersion, VersionState, activations, active_at, add_draft,
    in_force, make_primary, models, note_roll_back, put_model, rolled_back_to, set_state, version,
    versions,
};
pub use names::{LeadName, lead_names};
pub use ranked::{
    Cell, Filter, LeadQuery, Order, Ranked, count_by, count_leads, leads_where, ranked,
};
pub use rows::{
    LeadRow, ScoreRow, count_lead_rows, each_score, find_leads, forget_lead, keep_scores_of,
    lead_row, lead_rows_after, put_lead, put_scores, renew_lead, renew_score, score_of, scored_at,
    scores_of,
};
pub use segments::{SavedSegment, delete_segment, put_segment, saved_segment, saved_segments};
pub use transitions::{
    Transition, TransitionKind, TransitionQuery, add_transition, last_transition, transition,
    transition_number, transitions, transitions_after,
};

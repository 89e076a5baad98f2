//! Models and their versions: from a draft to the version that counts, with what would change shown
//! before it does.

mod diff;
mod drafts;
mod list;
mod movers;
mod states;
mod trials;

use leads::Timestamp;
use serde::Serialize;
use store::scores::ModelVersion;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::instant::Instant;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(list::router())
        .merge(drafts::router())
        .merge(trials::router())
        .merge(states::router())
}

/// A version of a model.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionView {
    /// The model.
    model: String,
    /// From 1, without gaps.
    version: i64,
    /// `draft`, `shadow`, `active` or `retired`.
    state: &'static str,
    /// What its author says of it.
    note: String,
    /// When it was written.
    created_at: Instant,
    /// By whom.
    created_by: String,
    /// When it last became active.
    activated_at: Option<Instant>,
    /// When it was last taken out of use.
    retired_at: Option<Instant>,
    /// The document; in lists it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
}

impl VersionView {
    fn of(version: ModelVersion, with_document: bool) -> Self {
        let instant = |at: Option<Timestamp>| at.map(Instant);
        Self {
            model: version.model,
            version: version.version,
            state: version.state.name(),
            note: version.note,
            created_at: version.created_at.into(),
            created_by: version.created_by,
            activated_at: instant(version.activated_at),
            retired_at: instant(version.retired_at),
            document: with_document.then_some(version.document),
        }
    }
}

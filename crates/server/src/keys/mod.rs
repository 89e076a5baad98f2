//! Keys: those of programs, and those of pages.

mod api;
mod write;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(api::router()).merge(write::router())
}

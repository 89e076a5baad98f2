//! Webhooks: who hears of what, and what became of it.

pub(crate) mod deliveries;
mod endpoints;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(endpoints::router()).merge(deliveries::router())
}

//! What pages, apps, servers and forms report: Segment's calls under `/v1`, and our own script.
//!
//! Nothing is answered with success before it is on disk. A success is exactly 200, a key that does
//! not work is 401 and never 410, every other answer is JSON with `code` and `message`: clients out
//! there rely on each of these.

mod calls;
mod cors;
mod forms;
mod key;
mod script;
mod verdicts;
mod write_keys;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

pub(crate) use cors::readable_refusal;
pub(crate) use verdicts::{Parsed, Verdicts, verdicts};
pub(crate) use write_keys::WriteKeys;

/// All routes of it. They read no cookie and show nothing of anybody.
pub(crate) fn router() -> Router<App> {
    let calls = ["identify", "track", "page", "screen", "group", "alias", "batch", "import"];
    let short = ["i", "t", "p", "s", "g", "a", "b"];
    let mut router = Router::new();
    for call in calls.into_iter().chain(short) {
        router = router.route(&format!("/v1/{call}"), post(calls::take).options(cors::preflight));
    }
    router
        .route("/v1/projects/{key}/settings", get(script::settings).options(cors::preflight))
        .route("/v1/forms/{name}", post(forms::take).options(cors::preflight))
        .route("/m.js", get(script::serve))
}

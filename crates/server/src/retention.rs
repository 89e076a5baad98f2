//! How long leads are kept of whom nothing is heard.

use axum::Json;
use axum::extract::State;
use leads::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Any;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::Asked;

/// The setting that says it.
pub(crate) const RETENTION: &str = "retention";

/// Days that may be set: below a month nobody has had the time to come back.
const DAYS: std::ops::RangeInclusive<i64> = 30..=3_650;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(preview_retention))
}

/// What the setting says.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retention {
    /// Days without any fact after which who never became a customer is forgotten; none: never.
    pub(crate) quiet_days: Option<i64>,
}

impl Retention {
    /// Reads it as it is sent or stored.
    pub(crate) fn read(value: &Any) -> Result<Self, Problem> {
        let wrong = |detail: String| Problem::invalid("bad_setting", detail);
        let read: Self =
            Self::deserialize(value).map_err(|error| wrong(format!("retention: {error}")))?;
        match read.quiet_days {
            Some(days) if !DAYS.contains(&days) => Err(wrong(format!(
                "retention: `quiet_days` is from {} to {}, or null to keep everybody",
                DAYS.start(),
                DAYS.end()
            ))),
            _ => Ok(read),
        }
    }
}

/// Since when nothing may have been heard of whoever is forgotten.
pub(crate) fn since(now: Timestamp, quiet_days: i64) -> Timestamp {
    Timestamp::saturating_from_millis(now.as_millis() - quiet_days * 24 * 60 * 60_000)
}

/// After how many days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PreviewAsked {
    /// Days without any fact, 30 to 3,650.
    quiet_days: i64,
}

/// Who would be forgotten.
#[derive(Debug, Serialize, ToSchema)]
struct RetentionPreview {
    /// Since when nothing has been heard of them.
    since: Instant,
    /// How many leads.
    leads: usize,
}

/// How many leads the setting `retention` would forget now: those without any fact for so many days who never
/// won a deal or bought.
#[utoipa::path(get, path = "/api/v1/settings/retention/preview", tag = "settings",
    params(PreviewAsked), responses((status = 200, body = RetentionPreview)))]
async fn preview_retention(
    State(app): State<App>,
    Asked(asked): Asked<PreviewAsked>,
) -> Result<Json<RetentionPreview>, Problem> {
    Retention::read(&serde_json::json!({"quiet_days": asked.quiet_days}))?;
    let (live, now) = (app.live.clone(), app.now());
    let since = since(now, asked.quiet_days);
    let quiet = app.block(move || live.quiet(since, now)).await?;
    Ok(Json(RetentionPreview { since: since.into(), leads: quiet.len() }))
}

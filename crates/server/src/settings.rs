//! Settings that users may change.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use live::{MONEY, Rates};
use serde::Serialize;
use serde_json::{Value as Any, json};
use store::DbError;
use store::keys::Scope;
use store::settings::{self, Expected, Setting};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::app::{App, Done, Noted};
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::{Named, Sent, if_match, tagged, unless_changed};
use crate::retention::{RETENTION, Retention};

/// What there is to set: what the organisation is called and how it writes times, what lists show first,
/// what currencies are worth, and how long quiet leads are kept. Secrets are none of them.
const NAMES: [&str; 4] = [GENERAL, "lists", MONEY, RETENTION];

/// What the organisation is called and how it writes times.
const GENERAL: &str = "general";

/// The longest value, in bytes.
const BYTES_MAX: usize = 16 << 10;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_settings)).routes(routes!(show_setting, put_setting))
}

/// A setting.
#[derive(Debug, Serialize, ToSchema)]
struct SettingView {
    /// Its name.
    name: String,
    /// What it is set to.
    #[schema(value_type = Object)]
    value: Any,
    /// 1 when it was first set, one more with each change; 0: it never was.
    version: i64,
    /// Who set it.
    updated_by: Option<String>,
    /// When.
    updated_at: Option<Instant>,
}

impl SettingView {
    fn of(name: &str, setting: Option<Setting>) -> Self {
        match setting {
            Some(setting) => Self {
                name: setting.name,
                value: setting.value,
                version: setting.version,
                updated_by: Some(setting.updated_by),
                updated_at: Some(setting.updated_at.into()),
            },
            None => Self {
                name: name.to_owned(),
                value: json!({}),
                version: 0,
                updated_by: None,
                updated_at: None,
            },
        }
    }
}

fn known(name: &str) -> Result<(), Problem> {
    if NAMES.contains(&name) { Ok(()) } else { Err(Problem::not_found("setting")) }
}

/// All settings.
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings",
    responses((status = 200, body = Vec<SettingView>)))]
async fn list_settings(State(app): State<App>) -> Result<Json<Vec<SettingView>>, Problem> {
    app.read(|tx| {
        let views = NAMES.iter().map(|name| Ok(SettingView::of(name, settings::find(tx, name)?)));
        views.collect::<Result<_, Problem>>().map(Json)
    })
    .await
}

/// A setting. `general` (what the organisation is called, its time zone) is for everybody who has logged in
/// and every key; the others for those who may change them.
#[utoipa::path(get, path = "/api/v1/settings/{name}", tag = "settings",
    params(("name" = String, Path)), responses((status = 200, body = SettingView)))]
async fn show_setting(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
) -> Result<Response, Problem> {
    known(&name)?;
    if name != GENERAL && !caller.allows(Scope::Settings) {
        return Err(Problem::forbidden(format!("this needs the right {}", Scope::Settings)));
    }
    let view = app.read(move |tx| Ok(SettingView::of(&name, settings::find(tx, &name)?))).await?;
    Ok(tagged(view.version, Json(view)))
}

/// Sets a setting. `If-Match` makes sure that nobody else set it in between.
#[utoipa::path(put, path = "/api/v1/settings/{name}", tag = "settings",
    params(("name" = String, Path)), request_body = Object,
    responses((status = 200, body = SettingView)))]
async fn put_setting(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<Any>,
) -> Result<Response, Problem> {
    known(&name)?;
    if !body.is_object() || body.to_string().len() > BYTES_MAX {
        let detail = "a setting is a JSON object of 16 KiB at most";
        return Err(Problem::invalid("bad_setting", detail));
    }
    match name.as_str() {
        RETENTION => drop(Retention::read(&body)?),
        MONEY => drop(Rates::read(&body).map_err(|wrong| Problem::invalid("bad_setting", wrong))?),
        _ => {}
    }
    let expected = if_match(&headers)?;
    let (actor, now, is_money) = (caller.actor(), app.now(), name == MONEY);
    let answer = app
        .change(&caller, repeat, move |tx| {
            let before = settings::find(tx, &name)?;
            // One that was never set has the version 0.
            let version = before.as_ref().map_or(0, |setting| setting.version);
            unless_changed(&expected, version, "setting")?;
            let version = settings::put(tx, &name, &body, Expected::Anything, &actor, now)?;
            let stored = settings::find(tx, &name)?.ok_or(DbError::NoRow)?;
            let mut noted = Noted::new("setting.changed", format!("setting:{name}")).after(body);
            noted.before = before.map(|setting| setting.value);
            Ok(Done::ok(&SettingView::of(&name, Some(stored)), noted)?.tagged(version))
        })
        .await?;
    if is_money {
        app.live.money_changed();
    }
    Ok(answer)
}

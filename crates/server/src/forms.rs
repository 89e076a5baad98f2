//! What the fields of forms mean.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ingest::forms::{FormMapping, read_fields, suggest};
use serde::{Deserialize, Serialize};
use serde_json::Value as Any;
use store::settings::{self, Setting};
use store::{DbError, Tx};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::app::{App, Done, Noted};
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::{
    Named, Repeatable, Sent, if_match, only_if_new, tagged, unless_changed, unless_gone,
};

const PREFIX: &str = "form/";

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_forms)).routes(routes!(suggest_form)).routes(routes!(
        form,
        put_form,
        remove_form
    ))
}

/// The name of the setting that holds a form's mapping.
pub(crate) fn setting_name(form: &str) -> Result<String, Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if form.is_empty() || form.len() > 64 || !form.chars().all(fits) {
        return Err(Problem::not_found("form"));
    }
    Ok(format!("{PREFIX}{form}"))
}

/// The mapping that a setting holds.
pub(crate) fn mapping_of(tx: &mut Tx<'_>, setting: &str) -> Result<Option<FormMapping>, Problem> {
    let Some(setting) = settings::find(tx, setting)? else { return Ok(None) };
    let mapping = serde_json::from_value(setting.value)
        .map_err(|error| DbError::Damaged(format!("the mapping of a form: {error}")))?;
    Ok(Some(mapping))
}

/// A form and what its fields mean.
#[derive(Debug, Serialize, ToSchema)]
struct Form {
    /// Its name, which is the end of the address that it is sent to.
    name: String,
    /// What its fields are.
    #[schema(value_type = Object)]
    mapping: Any,
    /// One more with each change.
    version: i64,
    /// When it was last changed.
    updated_at: Instant,
    /// By whom.
    updated_by: String,
}

impl Form {
    fn of(setting: Setting) -> Self {
        Self {
            name: setting.name.trim_start_matches(PREFIX).to_owned(),
            mapping: setting.value,
            version: setting.version,
            updated_at: setting.updated_at.into(),
            updated_by: setting.updated_by,
        }
    }
}

/// All forms.
#[utoipa::path(get, path = "/api/v1/forms", tag = "forms", responses((status = 200, body = Vec<Form>)))]
async fn list_forms(State(app): State<App>) -> Result<Json<Vec<Form>>, Problem> {
    let settings = app.read(|tx| Ok(settings::list(tx)?)).await?;
    let forms = settings.into_iter().filter(|setting| setting.name.starts_with(PREFIX));
    Ok(Json(forms.map(Form::of).collect()))
}

/// A form.
#[utoipa::path(get, path = "/api/v1/forms/{name}", tag = "forms", params(("name" = String, Path)),
    responses((status = 200, body = Form)))]
async fn form(State(app): State<App>, Named(name): Named<String>) -> Result<Response, Problem> {
    let setting = setting_name(&name)?;
    let found = app.read(move |tx| Ok(settings::find(tx, &setting)?)).await?;
    let form = Form::of(found.ok_or_else(|| Problem::not_found("form"))?);
    Ok(tagged(form.version, Json(form)))
}

/// Makes a form, or changes what its fields mean. `If-Match` makes sure that nobody else changed it in between,
/// `If-None-Match: *` that there is none of this name yet.
#[utoipa::path(put, path = "/api/v1/forms/{name}", tag = "forms", params(("name" = String, Path)),
    request_body = Object, responses((status = 200, body = Form)))]
async fn put_form(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<Any>,
) -> Result<Response, Problem> {
    let setting = setting_name(&name)?;
    let mapping: FormMapping = serde_json::from_value(body)
        .map_err(|error| Problem::invalid("bad_mapping", error.to_string()))?;
    if mapping.form != name {
        let detail =
            format!("the mapping is of the form {:?}, and the address of {name:?}", mapping.form);
        return Err(Problem::invalid("other_form", detail));
    }
    let value = serde_json::to_value(&mapping).map_err(|_| Problem::internal())?;
    let expected = if_match(&headers)?;
    let only_if_new = only_if_new(&headers)?;
    let allowed =
        if only_if_new { settings::Expected::Nothing } else { settings::Expected::Anything };
    let (actor, now) = (caller.actor(), app.now());
    app.change(&caller, repeat, move |tx| {
        match settings::find(tx, &setting)? {
            Some(found) => unless_changed(&expected, found.version, "form")?,
            None => unless_gone(&expected, "form")?,
        }
        settings::put(tx, &setting, &value, allowed, &actor, now)?;
        let stored = settings::find(tx, &setting)?.ok_or(DbError::NoRow)?;
        let noted = Noted::new("form.changed", format!("form:{name}")).after(value);
        let version = stored.version;
        Ok(Done::ok(&Form::of(stored), noted)?.tagged(version))
    })
    .await
}

/// Removes a form: what is sent to its address is refused from then on. `If-Match` makes sure that nobody
/// changed it in between.
#[utoipa::path(delete, path = "/api/v1/forms/{name}", tag = "forms", params(("name" = String, Path)),
    responses((status = 204)))]
async fn remove_form(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    headers: HeaderMap,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let (setting, expected) = (setting_name(&name)?, if_match(&headers)?);
    app.change(&caller, repeat, move |tx| {
        let found = settings::find(tx, &setting)?.ok_or_else(|| Problem::not_found("form"))?;
        unless_changed(&expected, found.version, "form")?;
        settings::remove(tx, &setting, settings::Expected::Anything)?;
        Ok(Done::nothing(Noted::new("form.removed", format!("form:{name}"))))
    })
    .await
}

/// Samples of what a form sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Samples {
    /// The form's name.
    form: String,
    /// Bodies as the form sends them: JSON objects, or what a browser sends. One is enough.
    samples: Vec<String>,
}

/// A proposal for a form's mapping.
#[derive(Debug, Serialize, ToSchema)]
struct Suggestion {
    /// What its fields seem to be.
    #[schema(value_type = Object)]
    mapping: Any,
    /// Why, by field.
    #[schema(value_type = Object)]
    reasons: Any,
    /// Why, by field, for programs: `name` (it is called so), `part_of_name` or `values` (they are so).
    #[schema(value_type = Object)]
    reason_codes: Any,
}

/// Proposes what the fields of a form mean, from samples of what it sends.
#[utoipa::path(post, path = "/api/v1/forms/suggest", tag = "forms", request_body = Samples,
    responses((status = 200, body = Suggestion)))]
async fn suggest_form(Sent { body, .. }: Sent<Samples>) -> Result<Json<Suggestion>, Problem> {
    setting_name(&body.form)?;
    let fields = body.samples.iter().take(20).map(|sample| read_fields(sample.as_bytes()));
    let fields = fields.collect::<Result<Vec<_>, _>>();
    let fields = fields.map_err(|error| Problem::invalid(error.code(), error.to_string()))?;
    let proposed = suggest(&body.form, &fields);
    Ok(Json(Suggestion {
        mapping: serde_json::to_value(&proposed.mapping).map_err(|_| Problem::internal())?,
        reasons: serde_json::to_value(&proposed.reasons).map_err(|_| Problem::internal())?,
        reason_codes: serde_json::to_value(&proposed.reason_codes)
            .map_err(|_| Problem::internal())?,
    }))
}

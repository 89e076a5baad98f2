//! Which version counts.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use store::Tx;
use store::scores::{
    self, VersionState, activations, models, note_roll_back, rolled_back_to, version, versions,
};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::VersionView;
use super::trials::{both, confirmation};
use crate::access::Caller;
use crate::app::{App, Done, Noted};
use crate::problem::Problem;
use crate::request::{
    Expected, Named, Repeat, Repeatable, Sent, SentIfAny, if_match, unless_changed,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(activate))
        .routes(routes!(roll_back))
        .routes(routes!(shadow))
        .routes(routes!(retire))
        .routes(routes!(make_primary))
}

/// A version that is to count.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Activation {
    /// The version.
    version: i64,
    /// The `confirm` of the version's diff: what it showed is what is done.
    confirm: String,
}

/// Makes a version the one that counts, and scores everybody anew. A version is what its `ETag` says for good:
/// `If-Match` with that of another version than the one that it is about is refused.
#[utoipa::path(post, path = "/api/v1/models/{name}/activate", tag = "models",
    params(("name" = String, Path)), request_body = Activation,
    responses((status = 200, body = VersionView)))]
async fn activate(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<Activation>,
) -> Result<Response, Problem> {
    let how = (repeat, if_match(&headers)?);
    set(&app, &caller, how, name, "model.activated", move |tx, model| {
        check(tx, model, body.version, &body.confirm)?;
        Ok((body.version, VersionState::Active))
    })
    .await
}

/// Whether a change of the version that counts is the one that was shown.
fn check(tx: &mut Tx<'_>, model: &str, number: i64, confirm: &str) -> Result<(), Problem> {
    let (active, next) = both(tx, model, number)?;
    if confirmation(active.as_ref(), &next) != confirm {
        let detail =
            "this is not the change that was shown: look at the version's diff, and confirm that";
        return Err(Problem::conflict("not_confirmed", detail));
    }
    Ok(())
}

/// A way back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RollBack {
    /// The `confirm` of the diff of the version that is to count again: what it showed is what is done.
    /// Without it, whatever version that is counts again.
    confirm: Option<String>,
}

/// Makes the version that counted before count again: `before` in the list of versions. A second roll-back
/// goes to the one before that; what was rolled back does not come back but by being activated.
#[utoipa::path(post, path = "/api/v1/models/{name}/rollback", tag = "models",
    params(("name" = String, Path)), request_body = Option<RollBack>,
    responses((status = 200, body = VersionView)))]
async fn roll_back(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    headers: HeaderMap,
    SentIfAny(Sent { body, repeat }): SentIfAny<RollBack>,
) -> Result<Response, Problem> {
    let how = (repeat, if_match(&headers)?);
    set(&app, &caller, how, name, ROLLED_BACK, move |tx, model| {
        let before = rolled_back_to(&activations(tx, model)?).ok_or_else(|| {
            let detail = "there is no version to go back to: none counted before this one";
            Problem::conflict("nothing_before", detail)
        })?;
        if let Some(confirm) = &body.confirm {
            check(tx, model, before, confirm)?;
        }
        Ok((before, VersionState::Active))
    })
    .await
}

const ROLLED_BACK: &str = "model.rolled_back";

/// A version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WhichVersion {
    /// Its number.
    version: i64,
}

/// Lets a version score everybody beside the one that counts, without effect.
#[utoipa::path(post, path = "/api/v1/models/{name}/shadow", tag = "models",
    params(("name" = String, Path)), request_body = WhichVersion,
    responses((status = 200, body = VersionView)))]
async fn shadow(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<WhichVersion>,
) -> Result<Response, Problem> {
    let how = (repeat, if_match(&headers)?);
    set(&app, &caller, how, name, "model.shadowed", move |tx, model| {
        let found = version(tx, model, body.version)?;
        if found.is_some_and(|found| found.state == VersionState::Active) {
            let detail = "this version counts: activate another one first";
            return Err(Problem::conflict("version_state", detail));
        }
        Ok((body.version, VersionState::Shadow))
    })
    .await
}

/// Takes a version out of use. Where it is the one that counts, the model scores nobody any more.
#[utoipa::path(post, path = "/api/v1/models/{name}/retire", tag = "models",
    params(("name" = String, Path)), request_body = WhichVersion,
    responses((status = 200, body = VersionView)))]
async fn retire(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<WhichVersion>,
) -> Result<Response, Problem> {
    let how = (repeat, if_match(&headers)?);
    set(&app, &caller, how, name, "model.retired", move |_, _| {
        Ok((body.version, VersionState::Retired))
    })
    .await
}

async fn set(
    app: &App,
    caller: &Caller,
    (repeat, expected): (Repeat, Expected),
    model: String,
    action: &'static str,
    decide: impl FnOnce(&mut Tx<'_>, &str) -> Result<(i64, VersionState), Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let (now, actor) = (app.now(), caller.actor());
    let response = app
        .change(caller, repeat, move |tx| {
            let (number, state) = decide(tx, &model)?;
            let before = version(tx, &model, number)?;
            let before = before.ok_or_else(|| Problem::not_found("version of the model"))?;
            unless_changed(&expected, number, "version")?;
            scores::set_state(tx, &model, number, state, &actor, now)?;
            if action == ROLLED_BACK {
                note_roll_back(tx, &model)?;
            }
            forget_scores_out_of_force(tx)?;
            let after = version(tx, &model, number)?;
            let after = after.ok_or_else(|| Problem::not_found("version of the model"))?;
            let noted = Noted::new(action, format!("model:{model}"))
                .before(json!({"version": number, "state": before.state.name()}))
                .after(json!({"version": number, "state": after.state.name()}));
            Done::ok(&VersionView::of(after, false), noted)
        })
        .await?;
    let live = app.live.clone();
    app.block(move || live.models_changed()).await?;
    Ok(response)
}

/// Scores of versions that are in force no more are derived, and gone.
fn forget_scores_out_of_force(tx: &mut Tx<'_>) -> Result<(), Problem> {
    let mut keys = Vec::new();
    for model in models(tx)? {
        for version in versions(tx, &model.name)? {
            match version.state {
                VersionState::Active => keys.push(version.model),
                VersionState::Shadow => keys.push(format!("{}~{}", version.model, version.version)),
                VersionState::Draft | VersionState::Retired => {}
            }
        }
    }
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    Ok(scores::keep_scores_of(tx, &keys)?)
}

/// Makes a model the one whose scores lists show unless another is asked for.
#[utoipa::path(post, path = "/api/v1/models/{name}/primary", tag = "models",
    params(("name" = String, Path)), responses((status = 204)))]
async fn make_primary(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let response = app
        .change(&caller, repeat, move |tx| {
            scores::make_primary(tx, &name)?;
            Ok(Done::nothing(Noted::new("model.made_primary", format!("model:{name}"))))
        })
        .await?;
    let live = app.live.clone();
    app.block(move || live.primary_changed()).await?;
    Ok(response)
}

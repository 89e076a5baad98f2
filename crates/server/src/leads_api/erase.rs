//! Forgetting somebody on request, and telling somebody everything that is kept.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use leads::{EmailAddress, Timestamp};
use live::Live;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Any, json};
use store::consent::suppression::{AddressHash, Reason, suppress};
use store::erase::{self, Erasure, ErasureRequest};
use store::identity::{IdentifierKind, identifiers};
use store::scores::lead_row;
use store::settings::secret_or;
use store::{DbError, Tx};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::merges::tell_gone;
use super::resolve;
use crate::access::Caller;
use crate::app::{App, Noted, answer, once, said};
use crate::imports::files;
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::{Named, Sent};

/// The key of the hashes of addresses that nothing is sent to.
const ADDRESS_SECRET: &str = "addresses";

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(erase_lead))
        .routes(routes!(export_lead))
        .routes(routes!(list_erasures))
}

/// The proof that somebody was erased. It says nothing about the person.
#[derive(Debug, Serialize, ToSchema)]
struct ErasureView {
    /// Its id.
    id: String,
    /// When it was done.
    at: Instant,
    /// The keyed hash of the lead's id.
    lead_hash: String,
    /// How many persons the lead was made of.
    persons: i64,
    /// How many identifiers were removed.
    identifiers: i64,
    /// How many facts were removed.
    facts: i64,
    /// Why.
    reason: String,
    /// Who did it.
    requested_by: String,
}

impl From<Erasure> for ErasureView {
    fn from(erasure: Erasure) -> Self {
        Self {
            id: erasure.id,
            at: erasure.at.into(),
            lead_hash: erasure.lead_hash,
            persons: erasure.persons,
            identifiers: erasure.identifiers,
            facts: erasure.facts,
            reason: erasure.reason,
            requested_by: erasure.requested_by,
        }
    }
}

/// A wish to erase a lead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ErasureWish {
    /// The lead's id once more, as nothing of this can be undone.
    confirm: String,
    /// Why, such as `GDPR article 17`. It is kept for ever: it must name nobody.
    reason: String,
}

/// Erases a lead for good: its facts, its names, its scores, and the files of imports that hold it and were
/// not taken in to their end. What is left is this proof, and keyed
/// hashes by which reports about the person are refused from then on.
#[utoipa::path(post, path = "/api/v1/leads/{id}/erase", tag = "leads", params(("id" = String, Path)),
    request_body = ErasureWish, responses((status = 200, body = ErasureView)))]
async fn erase_lead(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Sent { body, repeat }: Sent<ErasureWish>,
) -> Result<Response, Problem> {
    if body.confirm != id {
        return Err(Problem::invalid("not_confirmed", "write the lead's id as `confirm`"));
    }
    let reason = body.reason.trim().to_owned();
    if reason.is_empty() || reason.len() > 200 || reason.contains('@') {
        let detail = "a reason has 1 to 200 bytes and names nobody";
        return Err(Problem::invalid("bad_reason", detail));
    }
    let (now, actor, proof) = (app.now(), caller.actor(), app.fresh_id());
    let on = app.clone();
    let (outcome, lead) = app
        .block(move || {
            let store = on.live.store();
            let (mark, candidate) = (on.fresh_id(), on.random());
            let directory = on.live.segments().clone();
            // Parcels that are done are not to be settled again after this, were the power to go.
            store.put_away_and_wait()?;
            let (outcome, gone) = store.write(move |tx| {
                let mut gone = None;
                let outcome = once(tx, &actor, &repeat, now, |tx| {
                    // Who repeats the request finds no lead any more.
                    let lead = resolve(tx, &id)?;
                    let names = identifiers(tx, &lead)?;
                    suppress_addresses(tx, &lead, &candidate, now)?;
                    let requested_by = actor.clone();
                    let request =
                        ErasureRequest { lead: lead.clone(), reason, requested_by, id: proof };
                    let erased = erase::erase_within(tx, &directory, &request, now)?;
                    Live::touch(tx, [lead.as_str()], &mark)?;
                    let Erasure { id, facts, reason, .. } = &erased.erasure;
                    Noted::new("lead.erased", format!("erasure:{id}"))
                        .after(json!({"facts": facts, "reason": reason}))
                        .write(tx, &actor, now)?;
                    let view = ErasureView::from(erased.erasure.clone());
                    gone = Some((lead, names, erased));
                    answer(StatusCode::OK, &view, None)
                })?;
                Ok::<_, Problem>((outcome, gone))
            })?;
            let Some((lead, names, erased)) = gone else { return Ok((outcome, None)) };
            erase::finish(store, on.live.segments(), erased)?;
            files::forget(&on, &names)?;
            Ok::<_, Problem>((outcome, Some(lead)))
        })
        .await?;
    if let Some(lead) = lead {
        app.live.wake();
        tell_gone(&app, &lead);
    }
    said(outcome)
}

/// Sends nothing to the lead's addresses any more, even should they come back under another name.
/// What is kept are keyed hashes; `candidate` becomes the key where there is none yet.
fn suppress_addresses(
    tx: &mut Tx<'_>,
    lead: &str,
    candidate: &[u8; 32],
    now: Timestamp,
) -> Result<(), DbError> {
    let secret = secret_or(tx, ADDRESS_SECRET, candidate, now)?;
    for identifier in identifiers(tx, lead)? {
        if identifier.kind == IdentifierKind::Email
            && let Ok(address) = EmailAddress::parse(&identifier.value)
        {
            let hash = AddressHash::of_email(&secret, &address);
            suppress(tx, "email", &hash, Reason::Erased, now)?;
        }
    }
    let traits = lead_row(tx, lead)?.map(|row| row.traits).unwrap_or_default();
    let traits: Any = serde_json::from_str(&traits).unwrap_or_default();
    if let Some(number) = traits.get("phone").and_then(Any::as_str) {
        let hash = AddressHash::of_phone(&secret, number);
        suppress(tx, "sms", &hash, Reason::Erased, now)?;
    }
    Ok(())
}

/// Everything that is kept of a lead, as one document.
#[utoipa::path(get, path = "/api/v1/leads/{id}/export", tag = "leads", params(("id" = String, Path)),
    responses((status = 200, body = Object)))]
async fn export_lead(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    let (live, now, actor) = (app.live.clone(), app.now(), caller.actor());
    let (lead, document) = app
        .read(move |tx| {
            let lead = resolve(tx, &id)?;
            let document = erase::export(tx, live.segments(), &lead)?;
            Ok((lead, document.ok_or_else(|| Problem::not_found("lead"))?))
        })
        .await?;
    // Whoever takes out what is known of a person is remembered.
    let noted = Noted::new("lead.exported", format!("lead:{lead}"));
    app.write(move |tx| noted.write(tx, &actor, now)).await?;
    let exported = whole(document, now);
    let text = serde_json::to_string_pretty(&exported).map_err(|_| Problem::internal())?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_DISPOSITION, "attachment; filename=\"lead.json\""),
    ];
    Ok((headers, text).into_response())
}

fn whole(document: Any, now: Timestamp) -> Any {
    let mut whole = Map::new();
    whole.insert("exported_at".to_owned(), now.to_string().into());
    if let Any::Object(members) = document {
        whole.extend(members);
    }
    Any::Object(whole)
}

/// The proofs of all erasures, the latest first.
#[utoipa::path(get, path = "/api/v1/erasures", tag = "leads",
    responses((status = 200, body = Vec<ErasureView>)))]
async fn list_erasures(State(app): State<App>) -> Result<Json<Vec<ErasureView>>, Problem> {
    let found = app.read(|tx| Ok(erase::erasures(tx)?)).await?;
    Ok(Json(found.into_iter().map(ErasureView::from).collect()))
}

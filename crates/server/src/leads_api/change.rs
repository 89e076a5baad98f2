//! What users say of leads: facts like all others, believed.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use leads::{EmailAddress, Report, Trust, What, Who};
use live::Live;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Any, json};
use store::facts::{self, Outcome};
use store::identity::{IdentifierKind, find_lead};
use store::reading::lead_facts;
use store::{Digest, Tx};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::address::address_in;
use super::one::tag;
use super::resolve;
use crate::access::Caller;
use crate::app::{App, Noted, answer};
use crate::instant::Instant;
use crate::problem::{Fault, Problem};
use crate::request::{Expected, Named, Repeat, Sent, if_match, unless_changed};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(add_lead)).routes(routes!(change_lead))
}

/// A lead, and what is known of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LeadWish {
    /// Its address.
    email: Option<String>,
    /// The customer's own id for it.
    user: Option<String>,
    /// A visitor's id in one browser.
    anonymous: Option<String>,
    /// What is so from `at` on; null takes a trait away.
    #[serde(default)]
    #[schema(value_type = Object)]
    traits: Map<String, Any>,
    /// From when on; now where it is not said.
    at: Option<Instant>,
}

/// What became of a lead.
#[derive(Debug, Serialize, ToSchema)]
struct LeadChanged {
    /// The lead's id.
    id: String,
    /// The fact that says so.
    fact: String,
    /// Whether it was said before.
    is_repeated: bool,
}

/// Names longer than this are none; more members than this nobody looks at.
const MEMBERS_MAX: usize = 500;

/// Makes a lead, or adds to the one that goes by one of these names.
#[utoipa::path(post, path = "/api/v1/leads", tag = "leads", request_body = LeadWish,
    responses((status = 200, body = LeadChanged), (status = 201, body = LeadChanged)))]
async fn add_lead(
    State(app): State<App>,
    caller: Caller,
    Sent { body, repeat }: Sent<LeadWish>,
) -> Result<Response, Problem> {
    let email = body.email.as_deref().map(EmailAddress::parse).transpose();
    let email = email.map_err(|error| {
        let detail = format!("the address {error}");
        Problem::invalid("bad_email", detail.clone())
            .with_errors(vec![Fault::new("/email", detail)])
    })?;
    let mut traits = body.traits;
    let in_traits = address_in_traits(&mut traits)?;
    let email = email.or(in_traits);
    let who = Who { anonymous: body.anonymous, user: body.user, email, lead: None };
    if who.is_nobody() {
        let detail = "name the lead: give an email, a user or an anonymous id";
        return Err(Problem::invalid("no_identity", detail));
    }
    if let Some(email) = &who.email {
        for (name, value) in ingest::email_traits(email) {
            traits.entry(name).or_insert(value);
        }
        traits.entry("email").or_insert_with(|| email.as_str().into());
    }
    say(&app, &caller, who, traits, body.at, repeat, ADDED).await
}

/// What is to change about a lead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TraitChange {
    /// What is so from `at` on, by dotted path; null takes a trait away.
    #[schema(value_type = Object)]
    traits: Map<String, Any>,
    /// From when on; now where it is not said.
    at: Option<Instant>,
}

/// Says what is so about a lead from now on. What was so before stays known, and so does an address by which it went:
/// a new one is one more. One of another lead's is refused: merge the two. `If-Match` makes sure that nobody else said
/// something of it in between.
#[utoipa::path(patch, path = "/api/v1/leads/{id}", tag = "leads", params(("id" = String, Path)),
    request_body = TraitChange, responses((status = 200, body = LeadChanged)))]
async fn change_lead(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Sent { body, repeat }: Sent<TraitChange>,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    if body.traits.is_empty() {
        return Err(Problem::invalid("no_traits", "say at least one trait"));
    }
    let mut traits = body.traits;
    let email = address_in_traits(&mut traits)?;
    let lead = app.read(move |tx| resolve(tx, &id)).await?;
    let who = Who { lead: Some(lead), email, ..Who::default() };
    let action = Action { expected, ..CHANGED };
    say(&app, &caller, who, traits, body.at, repeat, action).await
}

fn address_in_traits(traits: &mut Map<String, Any>) -> Result<Option<EmailAddress>, Problem> {
    address_in(traits).map_err(|detail| {
        Problem::invalid("bad_email", detail.clone())
            .with_errors(vec![Fault::new("/traits/email", detail)])
    })
}

/// What is noted in the trail and what is answered, and what the lead has to be by then.
struct Action {
    noted: &'static str,
    status: StatusCode,
    expected: Expected,
}

const ADDED: Action =
    Action { noted: "lead.added", status: StatusCode::CREATED, expected: Expected::Whatever };
const CHANGED: Action =
    Action { noted: "lead.changed", status: StatusCode::OK, expected: Expected::Whatever };

async fn say(
    app: &App,
    caller: &Caller,
    who: Who,
    traits: Map<String, Any>,
    at: Option<Instant>,
    repeat: Repeat,
    Action { noted, status, expected }: Action,
) -> Result<Response, Problem> {
    if traits.len() > MEMBERS_MAX {
        return Err(Problem::invalid(
            "too_many_traits",
            "500 traits at most can be said at a time",
        ));
    }
    let now = app.now();
    let fact = fact_id(app, caller, &repeat, 0);
    let report = Report {
        id: fact.clone(),
        at: at.map_or(now, |at| at.0.min(now)),
        received_at: now,
        source: caller.actor(),
        trust: Trust::Trusted,
        who,
        what: What::Traits(traits.clone()),
        machine: None,
    };
    let (actor, on) = (caller.actor(), app.clone());
    let response = app
        .once(caller, repeat, move |tx| {
            // A repeated request finds its own change.
            if let (Some(lead), Expected::OneOf(_)) = (&report.who.lead, &expected)
                && facts::labelled(tx, &report.id)?.is_none()
            {
                let record = lead_facts(tx, on.live.segments(), lead)?;
                unless_changed(&expected, tag(&record), "lead")?;
            }
            let who = report.who.clone();
            if let (Some(lead), Some(email)) = (&who.lead, &who.email) {
                is_of_no_other(tx, lead, email)?;
            }
            let appended = facts::append(tx, &[report], &mut || on.fresh_id())?;
            Live::touch_appended(tx, &appended, &on.fresh_id(), now)?;
            let taken = appended.taken.into_iter().next().ok_or_else(Problem::internal)?;
            if let Outcome::Refused(refusal) = taken.outcome {
                return Err(Problem::invalid("refused", refusal.to_string()));
            }
            let id = taken.lead.ok_or_else(Problem::internal)?;
            if who.lead.is_some_and(|lead| lead != id) {
                let detail = "the lead has as many addresses as one may have";
                return Err(Problem::conflict("too_many_addresses", detail));
            }
            if matches!(taken.outcome, Outcome::New | Outcome::Replaced) {
                // The fact says what was said; the trail names the traits only.
                let names: Vec<&String> = traits.keys().collect();
                let noted = Noted::new(noted, format!("lead:{id}"));
                noted.after(json!({"fact": fact, "traits": names})).write(tx, &actor, now)?;
            }
            let is_repeated = taken.outcome == Outcome::Repeated;
            let changed = LeadChanged { id: id.clone(), fact, is_repeated };
            answer(status, &changed, Some(id))
        })
        .await;
    app.live.wake();
    response
}

/// Whom a change is about is said by the lead's id: an address makes nobody one with somebody else in passing.
fn is_of_no_other(tx: &mut Tx<'_>, lead: &str, email: &EmailAddress) -> Result<(), Problem> {
    match find_lead(tx, IdentifierKind::Email, email.as_str())? {
        Some(other) if other != lead => {
            let detail = format!("the address is that of the lead {other}: merge the two");
            Err(Problem::conflict("address_taken", detail))
        }
        _ => Ok(()),
    }
}

/// The id of a fact that a request makes: with a key for repetitions always the same, so that the fact
/// is stored once however often the request comes.
pub(crate) fn fact_id(app: &App, caller: &Caller, repeat: &Repeat, index: usize) -> String {
    match &repeat.key {
        Some(key) => {
            let key = format!("{key:?}");
            let actor = caller.actor();
            let parts =
                [actor.as_bytes(), key.as_bytes(), repeat.request.as_bytes(), &index.to_le_bytes()];
            format!("api:{:?}", Digest::of_parts(&parts))
        }
        None => format!("api:{}", app.fresh_id()),
    }
}

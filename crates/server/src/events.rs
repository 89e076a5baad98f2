//! Facts of everybody: the recent ones, new ones from the customer's own servers, and taking back what
//! turned out to be none.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use leads::{EmailAddress, Report, Trust, What, Who};
use live::Live;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Any, json};
use store::facts::{self, Which};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::app::{App, Done, Noted, answer};
use crate::inbound::{Parsed, Verdicts, verdicts};
use crate::instant::Instant;
use crate::leads_api::address::address_in;
use crate::leads_api::change::fact_id;
use crate::leads_api::{FactPage, FactsAsked, fact_page};
use crate::problem::Problem;
use crate::request::{Asked, Repeat, Sent, SentApart, ZERO, read_value, zero_in};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_events, report_events))
        .routes(routes!(retract_events))
        .routes(routes!(restore_events))
}

/// Reports in one request.
const REPORTS_MAX: usize = 2_500;

/// The recent facts of everybody, the newest first. Facts that are older than some weeks are shown with
/// their lead only.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(FactsAsked),
    responses((status = 200, body = FactPage)))]
async fn list_events(
    State(app): State<App>,
    Asked(asked): Asked<FactsAsked>,
) -> Result<Json<FactPage>, Problem> {
    fact_page(&app, None, asked, None).await.map(Json)
}

/// Whom a report is about.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    /// The lead's id with us.
    lead: Option<String>,
    /// The customer's own id for the person.
    user: Option<String>,
    /// The person's address.
    email: Option<String>,
    /// A visitor's id in one browser.
    anonymous: Option<String>,
}

impl About {
    pub(crate) fn who(self) -> Result<Who, String> {
        let email = self.email.as_deref().map(EmailAddress::parse).transpose();
        let email = email.map_err(|error| format!("the address {error}"))?;
        let who = Who { anonymous: self.anonymous, user: self.user, email, lead: self.lead };
        if who.is_nobody() {
            return Err("names nobody: give a lead, a user, an email or an anonymous id".to_owned());
        }
        Ok(who)
    }
}

/// A report of the customer's own server: an `event`, or a `group`, or `traits` alone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportWish {
    /// What identifies it, for ever: sent again, it counts once. Made up where it is not said.
    id: Option<String>,
    /// Whom it is about.
    who: About,
    /// What happened.
    event: Option<String>,
    /// The company that the person belongs to.
    group: Option<String>,
    /// The event's properties.
    #[schema(value_type = Option<Object>)]
    properties: Option<Map<String, Any>>,
    /// What is so: of the company with a `group`, else of the person. An `email` among them identifies the person, too.
    #[schema(value_type = Option<Object>)]
    traits: Option<Map<String, Any>>,
    /// When; now where it is not said.
    at: Option<Instant>,
}

/// Reports.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportsWish {
    /// Up to 2,500 of them. Each stands or falls by itself.
    #[schema(value_type = Vec<ReportWish>)]
    events: Vec<Any>,
}

/// A report that can be taken.
struct Readable {
    id: Option<String>,
    at: Option<Instant>,
    who: Who,
    what: What,
}

/// Why a report cannot be taken.
struct Unreadable {
    /// Where within it, as a JSON pointer.
    pointer: String,
    /// For programs.
    code: &'static str,
    message: String,
}

impl ReportWish {
    /// Reads one, or says where within it something is wrong, and what.
    fn read(json: Any) -> Result<Readable, Unreadable> {
        if let Some(pointer) = zero_in(&json) {
            return Err(Unreadable { pointer, code: "bad_text", message: ZERO.to_owned() });
        }
        let bad_report = |(pointer, message)| Unreadable { pointer, code: "bad_report", message };
        let mut wish: Self = read_value(json).map_err(bad_report)?;
        let whole = |message| bad_report((String::new(), message));
        let mut what = wish.what().map_err(whole)?;
        let mut who = wish.who.who().map_err(whole)?;
        if let What::Traits(traits) = &mut what {
            let bad_email = |message| bad_report(("/traits/email".to_owned(), message));
            let email = address_in(traits).map_err(bad_email)?;
            who.email = who.email.or(email);
        }
        Ok(Readable { id: wish.id, at: wish.at, who, what })
    }

    fn what(&mut self) -> Result<What, String> {
        match (self.event.take(), self.group.take(), self.properties.take(), self.traits.take()) {
            (Some(name), None, properties, None) => {
                Ok(What::Event { name, properties: properties.unwrap_or_default() })
            }
            (None, Some(group), None, traits) => {
                Ok(What::Group { group, traits: traits.unwrap_or_default() })
            }
            (None, None, None, Some(traits)) => Ok(What::Traits(traits)),
            _ => {
                Err("must be one of: an event with properties, a group with traits, traits"
                    .to_owned())
            }
        }
    }
}

/// Takes reports of the customer's own servers, which are believed. The answer comes when they are on
/// disk; scores follow within milliseconds.
#[utoipa::path(post, path = "/api/v1/events", tag = "events", request_body = ReportsWish,
    responses((status = 200, body = Verdicts)))]
async fn report_events(
    State(app): State<App>,
    caller: Caller,
    SentApart(Sent { body, repeat }): SentApart<ReportsWish>,
) -> Result<Response, Problem> {
    if body.events.len() > REPORTS_MAX {
        return Err(Problem::invalid("too_many", "2,500 reports at most can be sent at a time"));
    }
    let now = app.now();
    let mut parsed: Vec<Parsed> = Vec::with_capacity(body.events.len());
    let mut reports = Vec::with_capacity(body.events.len());
    for (index, wish) in body.events.into_iter().enumerate() {
        match ReportWish::read(wish) {
            Ok(Readable { id, at, who, what }) => {
                let id = match id {
                    Some(id) => format!("api:{id}"),
                    None => fact_id(&app, &caller, &repeat, index),
                };
                parsed.push(Ok(1));
                reports.push(Report {
                    id,
                    at: at.map_or(now, |at| at.0.min(now)),
                    received_at: now,
                    source: caller.actor(),
                    trust: Trust::Trusted,
                    who,
                    what,
                    machine: None,
                });
            }
            Err(Unreadable { pointer, code, message }) => {
                let pointer = format!("/events/{index}{pointer}");
                parsed.push(Err((pointer, code.to_owned(), message)));
            }
        }
    }
    take_once(&app, &caller, repeat, reports, parsed).await
}

/// Stores reports of a request and says what became of them; where the request has a key, once.
pub(crate) async fn take_once(
    app: &App,
    caller: &Caller,
    repeat: Repeat,
    reports: Vec<Report>,
    parsed: Vec<Parsed>,
) -> Result<Response, Problem> {
    let with_leads = caller.allows(store::keys::Scope::ReadLeads);
    if repeat.key.is_none() {
        let appended = app.live.take(reports).await?;
        return Ok(Json(verdicts(parsed, &appended, with_leads)).into_response());
    }
    app.live.heard_of(&reports);
    let (on, now) = (app.clone(), app.now());
    let response = app
        .once(caller, repeat, move |tx| {
            let appended = facts::append(tx, &reports, &mut || on.fresh_id())?;
            Live::touch_appended(tx, &appended, &on.fresh_id(), now)?;
            let mut leads = appended.taken.iter().filter_map(|taken| taken.lead.as_ref());
            let about = leads.next().filter(|one| leads.all(|other| other == *one)).cloned();
            answer(StatusCode::OK, &verdicts(parsed, &appended, with_leads), about)
        })
        .await;
    app.live.wake();
    response
}

/// Which facts: those with these ids, or those of an import, or those of a source that reached us from
/// one instant until before another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WhichFacts {
    /// Their ids.
    ids: Option<Vec<String>>,
    /// An import.
    import: Option<String>,
    /// A source, such as `key:0197..`: all that a write key reported.
    source: Option<String>,
    /// The first instant at which facts of the source reached us.
    from: Option<Instant>,
    /// The first instant that is not meant any more.
    to: Option<Instant>,
}

/// How many leads a change of facts concerns.
#[derive(Debug, Serialize, ToSchema)]
struct Touched {
    /// Leads whose facts changed.
    leads: usize,
}

impl WhichFacts {
    fn which(&self) -> Result<Which<'_>, Problem> {
        let one_of = || {
            let detail =
                "say which facts: `ids`, or an `import`, or a `source` with `from` and `to`";
            Problem::invalid("which_facts", detail)
        };
        match (&self.ids, &self.import, &self.source, self.from, self.to) {
            (Some(ids), None, None, None, None) if ids.len() <= 10_000 => Ok(Which::Ids(ids)),
            (None, Some(import), None, None, None) => Ok(Which::Import(import)),
            (None, None, Some(source), Some(from), Some(to)) => {
                Ok(Which::Source { source, from: from.0, to: to.0 })
            }
            _ => Err(one_of()),
        }
    }

    fn as_noted(&self) -> Any {
        json!({"ids": self.ids.as_ref().map(Vec::len), "import": self.import, "source": self.source,
            "from": self.from, "to": self.to})
    }
}

/// Takes facts back: they stay, but count no more. Scores are what they were without them.
#[utoipa::path(post, path = "/api/v1/events/retract", tag = "events", request_body = WhichFacts,
    responses((status = 200, body = Touched)))]
async fn retract_events(
    State(app): State<App>,
    caller: Caller,
    Sent { body, repeat }: Sent<WhichFacts>,
) -> Result<Response, Problem> {
    body.which()?;
    let (live, now, mark) = (app.live.clone(), app.now(), app.fresh_id());
    let response = app
        .change(&caller, repeat, move |tx| {
            let leads = facts::retract(tx, live.segments(), &body.which()?, now)?;
            Live::touch(tx, leads.iter().map(String::as_str), &mark)?;
            let noted = Noted::new("events.retracted", "events").after(body.as_noted());
            Done::ok(&Touched { leads: leads.len() }, noted)
        })
        .await;
    app.live.wake();
    response
}

/// Gives facts back that were taken back.
#[utoipa::path(post, path = "/api/v1/events/restore", tag = "events", request_body = WhichFacts,
    responses((status = 200, body = Touched)))]
async fn restore_events(
    State(app): State<App>,
    caller: Caller,
    Sent { body, repeat }: Sent<WhichFacts>,
) -> Result<Response, Problem> {
    body.which()?;
    let (live, mark) = (app.live.clone(), app.fresh_id());
    let response = app
        .change(&caller, repeat, move |tx| {
            let leads = facts::restore(tx, live.segments(), &body.which()?)?;
            Live::touch(tx, leads.iter().map(String::as_str), &mark)?;
            let noted = Noted::new("events.restored", "events").after(body.as_noted());
            Done::ok(&Touched { leads: leads.len() }, noted)
        })
        .await;
    app.live.wake();
    response
}

//! What a program did, and what no program did: labels of facts, one by one or many at a time.

use axum::extract::State;
use axum::response::Response;
use leads::MachineSign;
use live::Live;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Any, json};
use store::facts::{self, LabelledFact, Relabelled, ToLabel};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::app::{App, Done, Noted};
use crate::instant::Instant;
use crate::leads_api::resolve;
use crate::problem::Problem;
use crate::request::{Named, Repeatable, Sent};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(label_event))
        .routes(routes!(label_events))
        .routes(routes!(undo_labels))
}

/// Facts that one request labels: some seconds of the writer.
const FACTS_MAX: usize = 10_000;

/// Who did it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Label {
    /// Whether a program did it, and not a person.
    is_machine: bool,
}

/// What labels were changed.
#[derive(Debug, Serialize, ToSchema)]
struct LabelsChanged {
    /// By which it can be undone; null: nothing was changed.
    change: Option<String>,
    /// Facts whose label changed.
    facts: usize,
    /// Leads whose facts they are.
    leads: usize,
}

/// Says of a fact that a program did it, or that none did. What it was labelled with before is kept: the
/// answer's `change` undoes it.
#[utoipa::path(post, path = "/api/v1/events/{id}/label", tag = "events", params(("id" = String, Path)),
    request_body = Label, responses((status = 200, body = LabelsChanged)))]
async fn label_event(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Sent { body, repeat }: Sent<Label>,
) -> Result<Response, Problem> {
    let (mark, change, now) = (app.fresh_id(), app.fresh_id(), app.now());
    let on = app.clone();
    let response = app
        .change(&caller, repeat, move |tx| {
            let fact = facts::labelled(tx, &id)?.ok_or_else(|| Problem::not_found("fact"))?;
            let sign = body.is_machine.then(by_hand);
            let before = signed(fact.machine.as_ref());
            // Whoever says what is so already changes nothing, above all no reason.
            let same = fact.machine.is_some() == body.is_machine;
            let which = if same { Vec::new() } else { vec![fact] };
            let changed =
                facts::label(tx, &change, &which, sign.as_ref(), now, &mut || on.fresh_id())?;
            Live::touch(tx, changed.leads.iter().map(String::as_str), &mark)?;
            let after = if same { before.clone() } else { signed(sign.as_ref()) };
            let noted = Noted::new("event.labelled", format!("fact:{id}"));
            let noted = noted.before(json!({"machine": before}));
            let noted = noted.after(json!({"is_machine": body.is_machine, "machine": after,
                "change": change}));
            let lead = changed.leads.first().cloned();
            let done = Done::ok(&LabelsChanged::of(&changed, change), noted)?;
            Ok(match lead {
                Some(lead) => done.about(&lead),
                None => done,
            })
        })
        .await;
    app.live.wake();
    response
}

/// Which events to label, and how. All that is said must hold; a `reason`, a `source` or a `lead` is needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ManyLabels {
    /// Whether a program did them, and not people.
    is_machine: bool,
    /// Only those that are labelled for this reason, such as `crawler`. With `is_machine` it is the reason
    /// to be noted; `by hand` where it is not said.
    reason: Option<String>,
    /// Of this source, such as `key:0197..`: what a write key reported.
    source: Option<String>,
    /// Of this lead.
    lead: Option<String>,
    /// The first instant at which they happened.
    from: Instant,
    /// The first instant that is not meant any more.
    to: Instant,
}

/// Labels events as a program's doing, or takes such labels off: by reason, source or lead, over a time;
/// 10,000 at most. What each was labelled with before is kept: the answer's `change` undoes it.
#[utoipa::path(post, path = "/api/v1/events/label", tag = "events", request_body = ManyLabels,
    responses((status = 200, body = LabelsChanged)))]
async fn label_events(
    State(app): State<App>,
    caller: Caller,
    Sent { body, repeat }: Sent<ManyLabels>,
) -> Result<Response, Problem> {
    let is_bound =
        body.source.is_some() || body.lead.is_some() || (body.reason.is_some() && !body.is_machine);
    if !is_bound {
        let detail = "say which events: of a `source` or a `lead`, or labelled for a `reason`";
        return Err(Problem::invalid("which_facts", detail));
    }
    if body.from.0 >= body.to.0 {
        return Err(Problem::invalid("which_facts", "`from` has to lie before `to`"));
    }
    if body.reason.as_ref().is_some_and(|reason| reason.is_empty() || reason.len() > 100) {
        return Err(Problem::invalid("bad_reason", "a reason has 1 to 100 bytes"));
    }
    let (live, mark, change, now) = (app.live.clone(), app.fresh_id(), app.fresh_id(), app.now());
    let on = app.clone();
    let response = app
        .change(&caller, repeat, move |tx| {
            let ManyLabels { is_machine, reason, source, lead, from, to } = body;
            let lead = lead.map(|lead| resolve(tx, &lead)).transpose()?;
            let said = json!({"is_machine": is_machine, "reason": reason, "source": source,
                "lead": lead, "from": from, "to": to});
            let (wanted, noted_for) = if is_machine { (None, reason) } else { (reason, None) };
            let which = ToLabel { reason: wanted, source, lead, from: from.0, to: to.0 };
            let found: Vec<LabelledFact> =
                facts::to_label(tx, live.segments(), &which, !is_machine, FACTS_MAX + 1)?;
            if found.len() > FACTS_MAX {
                let detail = "these are more than 10,000 events: take a shorter time, and go on";
                return Err(Problem::invalid("too_many", detail));
            }
            let sign = is_machine.then(|| match noted_for {
                Some(reason) => MachineSign { reason, ..by_hand() },
                None => by_hand(),
            });
            let changed =
                facts::label(tx, &change, &found, sign.as_ref(), now, &mut || on.fresh_id())?;
            Live::touch(tx, changed.leads.iter().map(String::as_str), &mark)?;
            let noted = Noted::new("events.labelled", format!("labels:{change}"));
            let noted = noted.before(reasons(&changed));
            let noted = noted.after(json!({"which": said, "facts": changed.facts}));
            Done::ok(&LabelsChanged::of(&changed, change), noted)
        })
        .await;
    app.live.wake();
    response
}

/// Undoes a change of labels: whatever still has the label which that gave gets the one of before.
#[utoipa::path(post, path = "/api/v1/events/labels/{id}/undo", tag = "events",
    params(("id" = String, Path)), responses((status = 200, body = LabelsChanged)))]
async fn undo_labels(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Repeatable(repeat): Repeatable,
) -> Result<Response, Problem> {
    let (mark, now, on) = (app.fresh_id(), app.now(), app.clone());
    let response = app
        .change(&caller, repeat, move |tx| {
            let changed = facts::undo_label(tx, &id, now, &mut || on.fresh_id())?;
            let changed = changed.ok_or_else(|| Problem::not_found("change of labels"))?;
            Live::touch(tx, changed.leads.iter().map(String::as_str), &mark)?;
            let noted = Noted::new("events.labels_undone", format!("labels:{id}"));
            let noted = noted.after(json!({"facts": changed.facts}));
            Done::ok(&LabelsChanged::of(&changed, id), noted)
        })
        .await;
    app.live.wake();
    response
}

impl LabelsChanged {
    fn of(changed: &Relabelled, change: String) -> Self {
        let change = (changed.facts > 0).then_some(change);
        Self { change, facts: changed.facts, leads: changed.leads.len() }
    }
}

fn by_hand() -> MachineSign {
    MachineSign { reason: "by hand".to_owned(), confidence: 100 }
}

fn signed(sign: Option<&MachineSign>) -> Any {
    sign.map_or(Any::Null, |sign| json!({"reason": sign.reason, "confidence": sign.confidence}))
}

/// How many facts had which reason before.
fn reasons(changed: &Relabelled) -> Any {
    let counts = changed.before.iter();
    let counts: Map<String, Any> = counts
        .map(|(reason, count)| (reason.clone().unwrap_or_else(|| "none".to_owned()), json!(count)))
        .collect();
    json!({"reasons": counts})
}

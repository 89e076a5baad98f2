//! Who changed what, when.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value as Any;
use store::audit::{self, Break, Entry, Filter, Verdict};
use store::keys::Scope;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::app::App;
use crate::cursor;
use crate::instant::Instant;
use crate::names::Names;
use crate::problem::Problem;
use crate::request::Asked;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_audit)).routes(routes!(verify_audit))
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditAsked {
    /// Of this actor, such as `user:0197..`.
    actor: Option<String>,
    /// Of this action, such as `model.activated`.
    action: Option<String>,
    /// On this object, such as `model:fit`.
    object: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// How many, 1 to 200; 50 where it is not said.
    limit: Option<usize>,
}

/// A change.
#[derive(Debug, Serialize, ToSchema)]
struct EntryView {
    /// 1, 2, 3, ... without gaps.
    seq: i64,
    /// When.
    at: Instant,
    /// Who: the kind and the id, as `user:0197..`.
    actor: String,
    /// What it is called today; null where it is no more, or has no name.
    actor_name: Option<String>,
    /// What was done.
    action: String,
    /// To what: the kind and the id, as `segment:0197..`.
    object: String,
    /// What it is called today; null where it is no more, or has no name. Of leads only those who may read
    /// leads are told.
    object_name: Option<String>,
    /// What was so before.
    #[schema(value_type = Option<Object>)]
    before: Option<Any>,
    /// What is so since.
    #[schema(value_type = Option<Object>)]
    after: Option<Any>,
    /// What binds the next entry to this one.
    hash: String,
}

impl EntryView {
    fn of(entry: Entry, names: &Names) -> Self {
        Self {
            actor_name: names.of(&entry.actor),
            object_name: names.of(&entry.object),
            seq: entry.seq,
            at: entry.at.into(),
            actor: entry.actor,
            action: entry.action,
            object: entry.object,
            before: entry.before,
            after: entry.after,
            hash: format!("{:?}", entry.hash),
        }
    }
}

/// A page of changes, the newest first.
#[derive(Debug, Serialize, ToSchema)]
struct AuditPage {
    /// The changes.
    entries: Vec<EntryView>,
    /// Hand it back as `cursor` for the next page; null: this is the last.
    next: Option<String>,
}

/// Who changed what, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditAsked),
    responses((status = 200, body = AuditPage)))]
async fn list_audit(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<AuditAsked>,
) -> Result<Json<AuditPage>, Problem> {
    let limit = cursor::limit(asked.limit)?;
    let before = cursor::read("audit", asked.cursor.as_deref())?.map(|(seq, _)| seq);
    let with_leads = caller.allows(Scope::ReadLeads);
    let (mut found, names) = app
        .read(move |tx| {
            let filter = Filter {
                actor: asked.actor.as_deref(),
                action: asked.action.as_deref(),
                object: asked.object.as_deref(),
            };
            let found = audit::page(tx, filter, before, limit as i64 + 1)?;
            let named = found.iter().flat_map(|entry| [&entry.actor, &entry.object]);
            let names = Names::read(tx, named.map(String::as_str), with_leads)?;
            Ok((found, names))
        })
        .await?;
    let next = cursor::next(&mut found, limit, |last| cursor::write("audit", last.seq, ""));
    let entries = found.into_iter().map(|entry| EntryView::of(entry, &names)).collect();
    Ok(Json(AuditPage { entries, next }))
}

/// Whether the trail is what was written.
#[derive(Debug, Serialize, ToSchema)]
struct Verified {
    /// Whether it is whole.
    is_whole: bool,
    /// The last entry, or the first that is not what was written; null: there is none.
    seq: Option<i64>,
    /// The hash of the last entry, to be kept elsewhere.
    hash: Option<String>,
    /// `edited`, `missing`, `moved`, `cut_off`, `end` or `replaced`.
    fault: Option<&'static str>,
}

/// Reads the whole trail and says whether it is what was written.
#[utoipa::path(get, path = "/api/v1/audit/verify", tag = "audit",
    responses((status = 200, body = Verified)))]
async fn verify_audit(State(app): State<App>) -> Result<Json<Verified>, Problem> {
    let verdict = app.read(|tx| Ok(audit::verify(tx, None)?)).await?;
    Ok(Json(match verdict {
        Verdict::Whole(head) => Verified {
            is_whole: true,
            seq: head.map(|head| head.seq),
            hash: head.map(|head| format!("{:?}", head.hash)),
            fault: None,
        },
        Verdict::Broken { seq, how } => Verified {
            is_whole: false,
            seq: Some(seq),
            hash: None,
            fault: Some(match how {
                Break::Edited => "edited",
                Break::Missing => "missing",
                Break::Moved => "moved",
                Break::CutOff => "cut_off",
                Break::End => "end",
                Break::Replaced => "replaced",
            }),
        },
    }))
}

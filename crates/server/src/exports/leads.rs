//! Leads with their scores and their traits.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value as Any, json};
use store::Tx;
use store::scores::{LeadQuery, LeadRow, lead_rows_after, ranked};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::sheet::Sheet;
use super::{Format, Taken, disk, export};
use crate::access::Caller;
use crate::app::App;
use crate::instant::Instant;
use crate::leads_api::{LeadFilter, LeadItem, filters, line_key, split};
use crate::problem::Problem;
use crate::request::list;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_leads))
}

/// Leads that are read at a time.
const PAGE: usize = 1_000;

/// Traits that can be asked for by name.
const TRAITS_MAX: usize = 100;

const COLUMNS: [&str; 18] = [
    "id",
    "email",
    "name",
    "company",
    "company_name",
    "country",
    "owner",
    "created_at",
    "last_seen_at",
    "score",
    "fit",
    "engagement",
    "grade",
    "bracket",
    "stage",
    "disqualified",
    "priority",
    "scored_at",
];

/// What to export.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportAsked {
    /// The model; the primary one where it is not said. Where no model is in force yet, leads come in the order
    /// of their ids, without scores.
    model: Option<String>,
    /// The form.
    #[param(inline)]
    format: Option<Format>,
    /// Traits to take along, separated by commas: a column `traits.PATH` each in CSV. `*`: all of them, in
    /// CSV as JSON in one column `traits`.
    traits: Option<String>,
}

/// Which traits go along.
enum Traits {
    All,
    These(Vec<String>),
}

impl Traits {
    fn read(asked: Option<&str>) -> Result<Self, Problem> {
        match asked {
            Some("*") => Ok(Self::All),
            asked => {
                let paths = asked.map(list).unwrap_or_default();
                if paths.len() > TRAITS_MAX {
                    return Err(Problem::bad("bad_query", "100 traits at most can be asked for"));
                }
                Ok(Self::These(paths))
            }
        }
    }

    fn columns(&self) -> Vec<String> {
        match self {
            Self::All => vec!["traits".to_owned()],
            Self::These(paths) => paths.iter().map(|path| format!("traits.{path}")).collect(),
        }
    }

    /// Adds them to a row.
    fn add(&self, format: Format, row: &mut Any, traits: &str) {
        let all: Map<String, Any> = match self {
            Self::These(paths) if paths.is_empty() => return,
            _ => serde_json::from_str(traits).unwrap_or_default(),
        };
        match (self, format) {
            (Self::All, _) => row["traits"] = Any::Object(all),
            (Self::These(paths), Format::Csv) => {
                for path in paths {
                    row[format!("traits.{path}")] = at(&all, path).cloned().unwrap_or_default();
                }
            }
            (Self::These(paths), Format::Ndjson) => {
                let kept =
                    paths.iter().filter_map(|path| Some((path.clone(), at(&all, path)?.clone())));
                row["traits"] = Any::Object(kept.collect());
            }
        }
    }
}

/// The value at a dotted path. Where a path leads through a value, its rest keeps its dots.
fn at<'t>(traits: &'t Map<String, Any>, path: &str) -> Option<&'t Any> {
    if let Some(value) = traits.get(path) {
        return Some(value);
    }
    path.match_indices('.')
        .find_map(|(dot, _)| at(traits.get(&path[..dot])?.as_object()?, &path[dot + 1..]))
}

/// Leads with their scores, the best first, as a file.
#[utoipa::path(get, path = "/api/v1/exports/leads", tag = "exports", params(ExportAsked, LeadFilter),
    responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson")))))]
async fn export_leads(
    State(app): State<App>,
    caller: Caller,
    uri: axum::http::Uri,
) -> Result<Response, Problem> {
    let (asked, filter) = split::<ExportAsked>(&uri, &["model", "format", "traits"])?;
    let format = asked.format.unwrap_or_default();
    let traits = Traits::read(asked.traits.as_deref())?;
    let mut columns: Vec<String> = COLUMNS.map(str::to_owned).into();
    columns.extend(traits.columns());
    let named = traits.columns();
    let Some(model) = line_key(&app, asked.model.as_deref())? else {
        if !filter.is_empty() {
            let detail = "no model is in force yet: activate one, or take out all leads";
            return Err(Problem::conflict("no_model", detail));
        }
        let details = noted(&named);
        let taken = Taken { what: "leads", object: "leads".to_owned(), details };
        return export(&app, &caller, format, columns, taken, move |tx, sheet| {
            unscored(tx, sheet, format, &traits)
        })
        .await;
    };
    let (filters, members) = filters(&app, &filter).await?;
    let mut query =
        LeadQuery { model: model.clone(), filters, limit: PAGE, ..LeadQuery::default() };
    let object = format!("model:{model}");
    let taken = Taken { what: "leads", object, details: noted(&named) };
    export(&app, &caller, format, columns, taken, move |tx, sheet| {
        loop {
            let page = ranked(tx, &query)?;
            let is_last = page.len() < PAGE;
            query.after = page.last().map(|last| last.key(query.order));
            for one in page {
                if members.as_ref().is_some_and(|members| !members.contains(&one.score.lead)) {
                    continue;
                }
                let known = one.lead.traits.clone();
                let item = serde_json::to_value(LeadItem::from(one));
                let mut row = item.map_err(|_| Problem::internal())?;
                traits.add(format, &mut row, &known);
                sheet.row(&row).map_err(disk)?;
            }
            if is_last {
                return Ok(());
            }
        }
    })
    .await
}

/// What the trail says of traits that went along.
fn noted(columns: &[String]) -> Any {
    if columns.is_empty() { json!({}) } else { json!({"traits": columns}) }
}

fn unscored(
    tx: &mut Tx<'_>,
    sheet: &mut Sheet,
    format: Format,
    traits: &Traits,
) -> Result<(), Problem> {
    let mut after = String::new();
    loop {
        let page = lead_rows_after(tx, &after, PAGE)?;
        let is_last = page.len() < PAGE;
        for (lead, company_name) in page {
            let LeadRow {
                lead,
                created_at,
                last_seen_at,
                email,
                name,
                company,
                country,
                owner,
                traits: known,
            } = lead;
            let mut row = json!({"id": lead, "email": email, "name": name, "company": company,
                "company_name": company_name, "country": country, "owner": owner,
                "created_at": created_at.map(Instant), "last_seen_at": last_seen_at.map(Instant)});
            traits.add(format, &mut row, &known);
            sheet.row(&row).map_err(disk)?;
            after = lead;
        }
        if is_last {
            return Ok(());
        }
    }
}

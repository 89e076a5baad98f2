//! What a file looks like.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ingest::Place;
use ingest::imports::{ImportFile, ImportMapping, Preview, preview};
use serde::Serialize;
use serde_json::Value as Any;
use store::imports;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::path_of;
use crate::app::App;
use crate::problem::Problem;
use crate::request::Named;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(preview_import))
}

/// What a file looks like.
#[derive(Debug, Serialize, ToSchema)]
struct PreviewView {
    /// `csv`, `ndjson`, `parquet`, `xlsx` or `ods`.
    format: &'static str,
    /// The sheets of a workbook.
    sheets: Vec<String>,
    /// The columns in their order.
    columns: Vec<ColumnView>,
    /// The first rows, a cell for each column.
    rows: Vec<Vec<Option<String>>>,
    /// What the first rows have wrong with them.
    rejects: Vec<RowFault>,
    /// A proposal for what the columns mean.
    #[schema(value_type = Object)]
    mapping: Any,
    /// Whether there are instants without a zone, so that the mapping needs one.
    needs_zone: bool,
    /// Whether there are dates that can be read both ways, so that the mapping needs the order.
    needs_date_order: bool,
}

/// A column, and what it seems to be.
#[derive(Debug, Serialize, ToSchema)]
struct ColumnView {
    /// Its name.
    name: String,
    /// What is proposed for it.
    #[schema(value_type = Object)]
    usage: Any,
    /// Why.
    reason: String,
    /// Why, for programs: `name` (it is called so), `part_of_name`, `values` (they are so) or `unknown`.
    reason_code: &'static str,
    /// How sure that is, in hundredths; 0 where nothing is known.
    confidence: u8,
}

/// A row that cannot be read.
#[derive(Debug, Serialize, ToSchema)]
struct RowFault {
    /// The line of a text file, or the row of others, from 1.
    place: u64,
    /// Which column is at fault.
    column: Option<String>,
    /// What is wrong, and what would be right.
    reason: String,
}

/// The beginning of an import's file under its mapping, with a proposal for it.
#[utoipa::path(get, path = "/api/v1/imports/{id}/preview", tag = "imports",
    params(("id" = String, Path)), responses((status = 200, body = PreviewView)))]
async fn preview_import(
    State(app): State<App>,
    Named(id): Named<String>,
) -> Result<Json<PreviewView>, Problem> {
    let on = app.clone();
    app.block(move || {
        let import = on.live.store().read(|tx| Ok::<_, Problem>(imports::find(tx, &id)?))?;
        let import = import.ok_or_else(|| Problem::not_found("import"))?;
        let mapping: ImportMapping =
            serde_json::from_value(import.mapping.clone()).unwrap_or_default();
        let unreadable =
            |error: ingest::ReadError| Problem::invalid("unreadable", error.to_string());
        let path = path_of(&on.config, &import);
        if !path.exists() {
            let detail =
                "the file of this import is no more: it is kept until all of it is taken in";
            return Err(Problem::new(StatusCode::GONE, "file_gone", detail));
        }
        let path = path.display().to_string();
        let file = ImportFile::open(&path, &import.name).map_err(unreadable)?;
        let settings = ImportMapping {
            delimiter: mapping.delimiter,
            sheet: mapping.sheet,
            ..ImportMapping::default()
        };
        view(preview(&file, &settings).map_err(unreadable)?).map(Json)
    })
    .await
}

fn view(preview: Preview) -> Result<PreviewView, Problem> {
    let json = |value: Result<Any, serde_json::Error>| value.map_err(|_| Problem::internal());
    let columns = preview.columns.into_iter().map(|column| {
        Ok::<_, Problem>(ColumnView {
            usage: json(serde_json::to_value(&column.usage))?,
            name: column.name,
            reason: column.reason,
            reason_code: column.reason_code,
            confidence: column.confidence,
        })
    });
    let rejects = preview.rejects.into_iter().map(|reject| RowFault {
        place: place_number(reject.place),
        column: reject.column,
        reason: reject.reason,
    });
    Ok(PreviewView {
        format: preview.format,
        sheets: preview.sheets,
        columns: columns.collect::<Result<_, _>>()?,
        rows: preview.rows,
        rejects: rejects.collect(),
        mapping: json(serde_json::to_value(&preview.mapping))?,
        needs_zone: preview.needs_zone,
        needs_date_order: preview.needs_date_order,
    })
}

/// The line or the row, from 1.
pub(crate) fn place_number(place: Place) -> u64 {
    match place {
        Place::Line(number) | Place::Row(number) => number,
    }
}

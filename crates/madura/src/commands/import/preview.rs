//! What a file looks like, before anything of it is taken.

use serde::Deserialize;
use serde_json::Value as Json;

use super::{IMPORTS, Import};
use crate::client::{Call, Connection, legible, read};
use crate::exit::Result;
use crate::output::grid::{Align, Grid, fit};
use crate::ui::Ui;

/// What the server says of a file.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Looked {
    format: String,
    sheets: Vec<String>,
    pub(super) columns: Vec<Column>,
    rows: Vec<Vec<Option<String>>>,
    rejects: Vec<RowFault>,
    pub(super) mapping: Json,
    needs_zone: bool,
    needs_date_order: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    usage: Json,
    reason: String,
}

#[derive(Clone, Debug, Deserialize)]
struct RowFault {
    place: u64,
    column: Option<String>,
    reason: String,
}

const NAME_MAX: usize = 30;
const CELL_MAX: usize = 24;
const REASON_MAX: usize = 48;
const FAULTS_SHOWN: usize = 3;

pub(super) fn look(connection: &Connection<'_>, id: &str) -> Result<Looked> {
    read(connection.json(&Call::get(&[&IMPORTS[..], &[id, "preview"]].concat(), &[]))?)
}

/// Says on standard error what the columns mean.
pub(super) fn show(import: &Import, looked: &Looked, ui: &Ui) {
    let paint = ui.talk_paint;
    if ui.quiet {
        return;
    }
    ui.say(format_args!(
        "Import {}: {} ({})",
        import.id,
        legible(&import.name),
        legible(&looked.format)
    ));
    if looked.sheets.len() > 1 {
        ui.note(format_args!("sheets: {} (--sheet)", legible(&looked.sheets.join(", "))));
    }
    let mut grid = Grid::new(&[
        ("column", Align::Left),
        ("is", Align::Left),
        ("as in the first row", Align::Left),
        ("because", Align::Left),
    ])
    .titled(|title| paint.dim(title));
    for (index, column) in looked.columns.iter().enumerate() {
        let usage = &import.mapping["columns"][&column.name];
        let is = if usage.is_null() { left_out(import) } else { said(usage) };
        let first = looked.rows.first().and_then(|row| row.get(index)?.as_deref());
        let because = if *usage == column.usage { column.reason.as_str() } else { "" };
        grid.row(vec![
            format!("  {}", fit(&legible(&column.name), NAME_MAX)),
            if is == "left out" { paint.dim(is) } else { paint.cyan(is) },
            fit(&legible(first.unwrap_or_default()), CELL_MAX),
            paint.dim(fit(&legible(because), REASON_MAX)),
        ]);
    }
    for line in grid.lines(0) {
        ui.plain(line);
    }
    if let Some(event) = import.mapping["event"].as_str() {
        ui.say(format_args!("Every row is the event {}", legible(event)));
    }
    for fault in looked.rejects.iter().take(FAULTS_SHOWN) {
        let column = fault.column.as_deref().map(|column| format!(", {column}"));
        let column = column.unwrap_or_default();
        ui.warn(legible(&format!("{} {}{column}: {}", import.place(), fault.place, fault.reason)));
    }
}

/// What the mapping still lacks.
pub(super) fn missing(mapping: &Json, looked: &Looked) -> Option<&'static str> {
    if looked.needs_zone && mapping["zone"].is_null() {
        return Some("there are instants without a zone, whose rows are refused: say --zone");
    }
    if looked.needs_date_order && mapping["date_order"].is_null() {
        return Some(
            "there are dates that can be read both ways, whose rows are refused: say --date-order",
        );
    }
    None
}

fn left_out(import: &Import) -> String {
    if import.mapping["others"] == "keep" { "kept under its name" } else { "left out" }.to_owned()
}

fn said(usage: &Json) -> String {
    let kind = usage["as"].as_str().unwrap_or_default();
    let more = usage["path"].as_str().or(usage["field"].as_str());
    match (kind, more) {
        ("ignore", _) => "left out".to_owned(),
        (kind, Some(more)) => legible(&format!("{kind} {more}")),
        (kind, None) => legible(kind),
    }
}

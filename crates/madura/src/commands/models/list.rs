//! Which models there are, their versions and their documents.

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::MODELS;
use crate::client::{Call, Connection, ServerArgs, legible, read};
use crate::exit::{Failure, Outcome, Result};
use crate::output::grid::{Align, Grid, fit};

/// List the models
#[derive(Args, Clone, Debug)]
pub(super) struct ListArgs {
    /// The form of the output: table or json
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_possible_values = true)]
    pub(super) format: Format,

    #[command(flatten)]
    pub(super) server: ServerArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Format {
    Table,
    Json,
}

/// Print a model's document
#[derive(Args, Clone, Debug)]
pub(super) struct ShowArgs {
    /// The model
    #[arg(value_name = "MODEL")]
    model: String,

    /// The version; by default the one that counts, or the latest where none does
    #[arg(long, value_name = "N")]
    version: Option<i64>,

    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// List a model's versions
#[derive(Args, Clone, Debug)]
pub(crate) struct VersionsArgs {
    /// The model
    #[arg(value_name = "MODEL")]
    model: String,

    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// A model as the server lists it.
#[derive(Debug, Deserialize)]
struct Listed {
    name: String,
    kind: String,
    is_primary: bool,
    active: Option<i64>,
    shadows: Vec<i64>,
    latest: Option<i64>,
}

/// A model's versions, the latest first, and when which counted.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the API's words")]
pub(crate) struct Versions {
    pub(crate) versions: Vec<Version>,
    pub(super) activations: Vec<Activation>,
    /// The one that a roll-back makes count.
    pub(super) before: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the API's words")]
pub(crate) struct Version {
    pub(crate) version: i64,
    pub(super) state: String,
    note: String,
    created_at: String,
    created_by: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Activation {
    pub(super) version: i64,
    from: String,
    pub(super) to: Option<String>,
}

pub(super) fn list(connection: &Connection<'_>, format: Format) -> Result {
    let ui = connection.ui;
    let sent = connection.json(&Call::get(&MODELS, &[]))?;
    if format == Format::Json {
        ui.print(&format!("{sent:#}\n"))?;
        return Ok(Outcome::Fine);
    }
    let models: Vec<Listed> = read(sent)?;
    if models.is_empty() {
        ui.note("there is no model yet; `madura models push model.yaml` brings one");
        return Ok(Outcome::Fine);
    }
    let mut grid = Grid::new(&[
        ("model", Align::Left),
        ("kind", Align::Left),
        ("counts", Align::Right),
        ("latest", Align::Right),
        ("in shadow", Align::Left),
        ("", Align::Left),
    ])
    .titled(|title| ui.paint.dim(title));
    for model in models {
        let number =
            |number: Option<i64>| number.map_or("–".to_owned(), |number| number.to_string());
        let shadows: Vec<String> = model.shadows.iter().map(ToString::to_string).collect();
        grid.row(vec![
            legible(&model.name),
            legible(&model.kind),
            number(model.active),
            number(model.latest),
            shadows.join(", "),
            if model.is_primary { ui.paint.green("primary") } else { String::new() },
        ]);
    }
    ui.print(&format!("{}\n", grid.lines(0).join("\n")))?;
    Ok(Outcome::Fine)
}

pub(super) fn show(connection: &Connection<'_>, args: &ShowArgs) -> Result {
    let version = if let Some(version) = args.version {
        version
    } else {
        let found = versions_of(connection, &args.model)?;
        found.active().or(found.latest()).unwrap_or(1)
    };
    let document = document(connection, &args.model, version)?;
    let end = if document.ends_with('\n') { "" } else { "\n" };
    connection.ui.print(&format!("{document}{end}"))?;
    Ok(Outcome::Fine)
}

pub(super) fn versions(connection: &Connection<'_>, args: &VersionsArgs) -> Result {
    let paint = connection.ui.paint;
    let found = versions_of(connection, &args.model)?;
    let mut grid = Grid::new(&[
        ("version", Align::Right),
        ("state", Align::Left),
        ("written", Align::Left),
        ("by", Align::Left),
        ("counted", Align::Left),
        ("note", Align::Left),
    ])
    .titled(|title| paint.dim(title));
    for version in &found.versions {
        let day = |at: &str| legible(at.get(..10).unwrap_or(at));
        let counted = found.activations.iter().filter(|when| when.version == version.version);
        let counted: Vec<String> = counted
            .map(|when| match &when.to {
                Some(to) => format!("{} to {}", day(&when.from), day(to)),
                None => format!("since {}", day(&when.from)),
            })
            .collect();
        let state = legible(&version.state);
        grid.row(vec![
            version.version.to_string(),
            if state == "active" { paint.green(state) } else { state },
            day(&version.created_at),
            fit(&legible(&version.created_by), 45),
            counted.join(", "),
            fit(&legible(&version.note), 60),
        ]);
    }
    connection.ui.print(&format!("{}\n", grid.lines(0).join("\n")))?;
    Ok(Outcome::Fine)
}

pub(crate) fn versions_of(connection: &Connection<'_>, model: &str) -> Result<Versions> {
    let path = [&MODELS[..], &[model, "versions"]].concat();
    read(connection.json(&Call::get(&path, &[]))?)
}

pub(crate) fn document(connection: &Connection<'_>, model: &str, version: i64) -> Result<String> {
    let number = version.to_string();
    let path = [&MODELS[..], &[model, "versions", &number]].concat();
    let sent = connection.json(&Call::get(&path, &[]))?;
    let document = sent["document"].as_str().map(str::to_owned);
    document.ok_or_else(|| Failure::system("the server gave a version without its document"))
}

impl Versions {
    /// The number of the one that counts.
    pub(crate) fn active(&self) -> Option<i64> {
        self.versions.iter().find(|one| one.state == "active").map(|one| one.version)
    }

    /// The number of the latest.
    pub(super) fn latest(&self) -> Option<i64> {
        self.versions.first().map(|one| one.version)
    }
}

//! `madura lead`: one lead of a running server, line by line.

use clap::{Args, ValueEnum};
use leads::Timestamp;
use scoring::Model;
use scoring::document::{Syntax, load};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::client::{
    Call, Connection, ServerArgs, connect, each_of, explained, legible, legible_tree, read,
    stage_seen,
};
use crate::exit::{Failure, Outcome, Result};
use crate::inputs;
use crate::output::card;
use crate::ui::Ui;

/// Show why one lead of a running server has its score, line by line
///
/// The parts add up to the score exactly, for any past instant too.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LeadArgs {
    /// The lead's id, or its address
    #[arg(value_name = "LEAD", allow_hyphen_values = true)]
    lead: String,

    /// The model; by default the one that people look at first
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,

    /// The instant to score at: RFC 3339, or a date for its midnight in the model's time zone. By
    /// default now
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<String>,

    /// By the version that was in force at that instant, and not as if today's had always been
    #[arg(long)]
    as_recorded: bool,

    /// The form of the output: table, or json with every digit
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_possible_values = true)]
    format: Format,

    /// Tell every criterion one by one, also those that gave nothing
    #[arg(long)]
    all: bool,

    /// How many events to show under a criterion, the latest first
    #[arg(long, value_name = "N", default_value_t = card::EVENTS_SHOWN)]
    shown: usize,

    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Table,
    Json,
}

const EXAMPLES: &str = "\
Examples:
  madura lead 0197a3c2-6a5e-7c11-b0f4-2f8e6d3c9a10
  madura lead anna@acme.example --as-of 2026-01-31
  madura lead anna@acme.example --model loyalty --format json";

/// What is known of a lead beside its score.
#[derive(Deserialize)]
struct Known {
    id: String,
    email: Option<String>,
    name: Option<String>,
    company: Option<String>,
    country: Option<String>,
    owner: Option<String>,
    created_at: Option<String>,
}

/// A model in force, and the version that counts.
struct InForce {
    key: String,
    name: String,
    version: i64,
}

pub(crate) fn run(args: &LeadArgs, ui: &Ui) -> Result {
    let connection = connect(&args.server, ui)?;
    let id = id_of(&connection, &args.lead)?;
    let in_force = in_force(&connection, args.model.as_deref())?;
    let mut model = model_of(&connection, &in_force.name, in_force.version)?;
    let at = args.as_of.as_deref();
    let at = at.map(|text| inputs::parse_instant("--as-of", text, &model)).transpose()?;
    let mut query = vec![("model", in_force.key.clone())];
    query.extend(at.map(|at| ("at", at.to_string())));
    if args.as_recorded {
        query.push(("as", "recorded".to_owned()));
    }
    let names = ["api", "v1", "leads", &id, "explain"];
    let sent = connection.json(&Call::get(&names, &query))?;
    if args.format == Format::Json {
        ui.print(&format!("{sent:#}\n"))?;
        return Ok(Outcome::Fine);
    }
    let version = sent["version"].as_i64().unwrap_or(in_force.version);
    if version != in_force.version {
        model = model_of(&connection, &in_force.name, version)?;
    }
    let known: Known =
        read(legible_tree(connection.json(&Call::get(&["api", "v1", "leads", &id], &[]))?))?;
    let mut explained = explained(legible_tree(sent))?;
    let stage = explained.stage.as_ref().map(|stage| stage.stage.clone());
    if let Some(stage) = stage.filter(|_| !args.as_recorded) {
        let steps = steps(&connection, &known, &in_force.key, explained.card.at)?;
        explained.stage = stage_seen(&stage, steps)?.or(explained.stage);
    }
    let look = card::Look { events: args.shown, all: args.all, ..card::Look::new(ui, ui.paint) };
    let mut lines = vec![known.said(ui)];
    lines.extend(card::lines(&explained, &model, &look));
    ui.print(&format!("{}\n", lines.join("\n")))?;
    Ok(Outcome::Fine)
}

/// The lead's id, where an address was given.
fn id_of(connection: &Connection<'_>, text: &str) -> Result<String> {
    if !text.contains('@') {
        return Ok(text.to_owned());
    }
    let mut found = Vec::new();
    let query = [("q", text.to_owned())];
    each_of(connection, &["api", "v1", "leads"], &query, "leads", 50, |lead| {
        let is_it = lead["email"].as_str().is_some_and(|email| email.eq_ignore_ascii_case(text));
        found.extend(lead["id"].as_str().filter(|_| is_it).map(str::to_owned));
        Ok(())
    })?;
    match found.as_slice() {
        [id] => Ok(id.clone()),
        [] => Err(Failure::usage(format_args!("no lead has the address {}", legible(text)))
            .hint("`madura leads --search TEXT` looks for a part of it")),
        _ => Err(Failure::usage(format_args!("several leads have the address {}", legible(text)))
            .hint(format_args!("take one by its id: {}", found.join(", ")))),
    }
}

fn in_force(connection: &Connection<'_>, named: Option<&str>) -> Result<InForce> {
    #[derive(Deserialize)]
    struct Listed {
        name: String,
        is_primary: bool,
        active: Option<i64>,
        keys: Vec<String>,
    }
    let models: Vec<Listed> = read(connection.json(&Call::get(&["api", "v1", "models"], &[]))?)?;
    let Some(key) = named else {
        let primary = models.iter().find(|model| model.is_primary && model.active.is_some());
        let first = primary.or_else(|| models.iter().find(|model| model.active.is_some()));
        let found = first.and_then(|model| Some((model, model.active?)));
        let (model, version) = found.ok_or_else(|| {
            Failure::usage("no model is in force on this server")
                .hint("`madura models push model.yaml`, then `madura models activate`")
        })?;
        let name = model.name.clone();
        return Ok(InForce { key: name.clone(), name, version });
    };
    let name = key.split('~').next().unwrap_or(key);
    let model = models.iter().find(|model| model.name == name);
    let version = model.and_then(|model| match key.split_once('~') {
        Some((_, number)) => number.parse().ok(),
        None => model.active,
    });
    if let (Some(model), Some(version)) = (model, version)
        && model.keys.iter().any(|known| known == key)
    {
        return Ok(InForce { key: key.to_owned(), name: name.to_owned(), version });
    }
    let keys: Vec<&str> = models.iter().flat_map(|model| &model.keys).map(String::as_str).collect();
    Err(Failure::usage(format_args!("no model `{key}` is in force"))
        .hint(format_args!("there are: {}", legible(&keys.join(", ")))))
}

/// The rules themselves: the scale, the limits and the time zone are in no score card.
fn model_of(connection: &Connection<'_>, name: &str, version: i64) -> Result<Model> {
    let number = version.to_string();
    let names = ["api", "v1", "models", name, "versions", &number];
    let sent = connection.json(&Call::get(&names, &[]))?;
    let document = sent["document"].as_str().unwrap_or_default();
    let syntax = if document.trim_start().starts_with('{') { Syntax::Json } else { Syntax::Yaml };
    load(document, syntax).model.ok_or_else(|| {
        Failure::system(format_args!(
            "version {version} of `{name}` cannot be read by this program"
        ))
        .hint("is the server of a later version? `madura --version` says which one this is")
    })
}

/// The steps from stage to stage until an instant.
fn steps(connection: &Connection<'_>, known: &Known, key: &str, at: Timestamp) -> Result<Json> {
    let since = known.created_at.as_deref().and_then(|at| Timestamp::parse(at).ok());
    let mut query = vec![("model", key.to_owned()), ("to", at.to_string())];
    let before = |at: Timestamp| Timestamp::saturating_from_millis(at.as_millis() - 1);
    query.extend(since.filter(|since| *since <= at).map(|at| ("from", before(at).to_string())));
    let names = ["api", "v1", "leads", &known.id, "history"];
    let mut course = connection.json(&Call::get(&names, &query))?;
    Ok(course["steps"].take())
}

impl Known {
    /// Who it is, in one line.
    fn said(&self, ui: &Ui) -> String {
        let name = self.name.as_deref().or(self.email.as_deref()).unwrap_or("Nobody knows who");
        let mut said = vec![ui.paint.bold(name)];
        said.extend(self.email.clone().filter(|email| email != name));
        said.extend(self.company.clone());
        said.extend(self.country.clone());
        said.extend(self.owner.as_ref().map(|owner| format!("with {owner}")));
        said.join("  ")
    }
}

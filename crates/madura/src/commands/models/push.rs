//! A file that becomes a version.

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::MODELS;
use super::force::put_in_force;
use super::list::{document, versions_of};
use crate::client::{Call, Connection, Fault, ServerArgs, body, read};
use crate::exit::{Failure, Outcome, Result};
use crate::inputs::read_document;

/// Keep a file as a new version of the model that it names
#[derive(Args, Clone, Debug)]
pub(super) struct PushArgs {
    /// The model: a YAML or JSON file; `-` is standard input
    #[arg(value_name = "FILE")]
    file: String,

    /// What there is to say of it, for the record
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,

    /// Show what it would change, and let it count
    #[arg(long)]
    activate: bool,

    /// Do not ask
    #[arg(long, requires = "activate")]
    yes: bool,

    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// What the server says of a document.
#[derive(Deserialize)]
struct Checked {
    is_valid: bool,
    model: Option<String>,
    errors: Vec<Fault>,
    warnings: Vec<Fault>,
}

pub(super) fn push(connection: &Connection<'_>, args: &PushArgs) -> Result {
    let ui = connection.ui;
    let file = read_document(&args.file)?;
    let asked = body(&json!({"document": file.text}))?;
    let path = [&MODELS[..], &["check"]].concat();
    let checked: Checked = read(connection.json(&Call::post_json(&path, &asked).patiently())?)?;
    for warning in &checked.warnings {
        ui.warn(format_args!("{}, {}", file.name, warning.said()));
    }
    let Some(model) = checked.model.filter(|_| checked.is_valid) else {
        for error in &checked.errors {
            ui.error(format_args!("{}, {}", file.name, error.said()));
        }
        return Err(Failure::usage(format_args!("{} is not a model, and was not kept", file.name)));
    };
    let version = if let Some(version) = same_as_latest(connection, &model, &file.text)? {
        ui.say(format_args!("{model} version {version} says the same already"));
        version
    } else {
        let draft = body(&json!({"document": file.text, "note": args.note}))?;
        let made = connection.json(&Call::post_json(&MODELS, &draft))?;
        let version = made["version"].as_i64().unwrap_or_default();
        ui.say(format_args!("{model} version {version} is kept as a draft"));
        version
    };
    if args.activate {
        return put_in_force(connection, &model, version, args.yes);
    }
    ui.hint(format_args!("`madura models activate {model}` shows what it changes"));
    Ok(Outcome::Fine)
}

/// The latest version, where it says what the file says: pushing twice makes no second one.
fn same_as_latest(connection: &Connection<'_>, model: &str, text: &str) -> Result<Option<i64>> {
    let models = connection.json(&Call::get(&MODELS, &[]))?;
    let is_known = models
        .as_array()
        .is_some_and(|models| models.iter().any(|known| known["name"].as_str() == Some(model)));
    if !is_known {
        return Ok(None);
    }
    let Some(latest) = versions_of(connection, model)?.latest() else { return Ok(None) };
    Ok((document(connection, model, latest)? == text).then_some(latest))
}

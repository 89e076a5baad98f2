//! Which version counts: with what would change shown before it does.

use clap::Args;
use serde_json::{Value as Json, json};

use super::list::versions_of;
use super::{MODELS, changes};
use crate::client::{Call, Connection, ServerArgs, body};
use crate::exit::{Failure, Outcome, Result};

/// Show what a version would change, and let it count
#[derive(Args, Clone, Debug)]
pub(super) struct ActivateArgs {
    /// The model
    #[arg(value_name = "MODEL")]
    model: String,

    /// The version; by default the latest
    #[arg(value_name = "VERSION")]
    version: Option<i64>,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// Show what the version before would change back, and let it count again
#[derive(Args, Clone, Debug)]
pub(super) struct RollBackArgs {
    /// The model
    #[arg(value_name = "MODEL")]
    model: String,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// A version
#[derive(Args, Clone, Debug)]
pub(super) struct VersionArgs {
    /// The model
    #[arg(value_name = "MODEL")]
    model: String,

    /// The version
    #[arg(value_name = "VERSION")]
    version: i64,

    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// Take a version out of use
#[derive(Args, Clone, Debug)]
pub(super) struct RetireArgs {
    /// The model
    #[arg(value_name = "MODEL")]
    model: String,

    /// The version
    #[arg(value_name = "VERSION")]
    version: i64,

    /// Do not ask, although it is the one that counts
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// Make a model the one whose scores lists show
#[derive(Args, Clone, Debug)]
pub(super) struct PrimaryArgs {
    /// The model
    #[arg(value_name = "MODEL")]
    model: String,

    #[command(flatten)]
    pub(super) server: ServerArgs,
}

pub(super) fn activate(connection: &Connection<'_>, args: &ActivateArgs) -> Result {
    let versions = versions_of(connection, &args.model)?;
    let latest = || versions.latest().ok_or_else(|| Failure::usage("it has no version"));
    let version = args.version.map_or_else(latest, Ok)?;
    put_in_force(connection, &args.model, version, args.yes)
}

/// Shows what a version would change, asks, and lets it count.
pub(super) fn put_in_force(
    connection: &Connection<'_>,
    model: &str,
    version: i64,
    yes: bool,
) -> Result {
    let ui = connection.ui;
    let diff = diff(connection, model, version)?;
    if diff["from"].as_i64() == Some(version) {
        ui.say(format_args!("{model} version {version} counts already"));
        return Ok(Outcome::Fine);
    }
    changes::show(&diff, model, ui)?;
    if !yes && !ui.agree(format_args!("Let {model} version {version} count?"))? {
        return Ok(Outcome::Findings);
    }
    // What was shown is what is done: the server compares.
    let asked = body(&json!({"version": version, "confirm": diff["confirm"]}))?;
    connection.json(&Call::post_json(&[&MODELS[..], &[model, "activate"]].concat(), &asked))?;
    ui.say(format_args!("{model} version {version} counts now"));
    Ok(Outcome::Fine)
}

pub(super) fn roll_back(connection: &Connection<'_>, args: &RollBackArgs) -> Result {
    let (model, ui) = (args.model.as_str(), connection.ui);
    let versions = versions_of(connection, model)?;
    let before = versions.before.ok_or_else(|| {
        Failure::usage(format_args!("no version of {model} counted before this one"))
            .hint(format_args!("`madura models versions {model}` shows those that there are"))
    })?;
    let diff = diff(connection, model, before)?;
    changes::show(&diff, model, ui)?;
    if !args.yes && !ui.agree(format_args!("Let {model} version {before} count again?"))? {
        return Ok(Outcome::Findings);
    }
    let path = [&MODELS[..], &[model, "rollback"]].concat();
    let asked = body(&json!({"confirm": diff["confirm"]}))?;
    let now = connection.json(&Call::post_json(&path, &asked))?;
    let version = now["version"].as_i64().unwrap_or(before);
    ui.say(format_args!("{model} version {version} counts again"));
    Ok(Outcome::Fine)
}

pub(super) fn shadow(connection: &Connection<'_>, args: &VersionArgs) -> Result {
    settle(connection, &args.model, args.version, "shadow")?;
    let (model, version) = (&args.model, args.version);
    connection.ui.say(format_args!("{model} version {version} scores beside, without effect"));
    connection.ui.hint(format_args!("`madura leads --model {model}~{version}` shows its scores"));
    Ok(Outcome::Fine)
}

pub(super) fn retire(connection: &Connection<'_>, args: &RetireArgs) -> Result {
    let (model, version, ui) = (args.model.as_str(), args.version, connection.ui);
    let versions = versions_of(connection, model)?;
    if versions.active() == Some(version) && !args.yes {
        ui.warn(format_args!(
            "version {version} is the one that counts: without it {model} scores nobody any more"
        ));
        if !ui.agree(format_args!("Take {model} version {version} out of use?"))? {
            return Ok(Outcome::Findings);
        }
    }
    settle(connection, model, version, "retire")?;
    ui.say(format_args!("{model} version {version} is out of use"));
    Ok(Outcome::Fine)
}

pub(super) fn primary(connection: &Connection<'_>, args: &PrimaryArgs) -> Result {
    let path = [&MODELS[..], &[args.model.as_str(), "primary"]].concat();
    connection.json(&Call::post(&path))?;
    connection.ui.say(format_args!("lists show the scores of {} from now on", args.model));
    Ok(Outcome::Fine)
}

fn settle(connection: &Connection<'_>, model: &str, version: i64, verb: &str) -> Result<Json> {
    let asked = body(&json!({"version": version}))?;
    connection.json(&Call::post_json(&[&MODELS[..], &[model, verb]].concat(), &asked))
}

fn diff(connection: &Connection<'_>, model: &str, version: i64) -> Result<Json> {
    let number = version.to_string();
    let path = [&MODELS[..], &[model, "versions", &number, "diff"]].concat();
    connection.json(&Call::get(&path, &[]))
}

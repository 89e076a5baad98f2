//! `madura apply`: model files in force, as a folder under version control has them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use live::{Live, ModelProblem};
use scoring::document::Severity;
use store::scores::{VersionState, active_at, versions};

use crate::clock::now;
use crate::exit::{Failure, Outcome, Result};
use crate::service::{House, Settings, SettingsArgs};
use crate::ui::Ui;

/// Put model files in force
///
/// Each file becomes the active version of the model that it names, unless it is that already. What
/// would change is shown first; nothing is done before `--yes`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ApplyArgs {
    /// Model files, or directories of them
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Do it
    #[arg(long)]
    yes: bool,

    /// Who does it, for the record
    #[arg(long, value_name = "NAME", default_value = "apply")]
    by: String,

    #[command(flatten)]
    settings: SettingsArgs,
}

const EXAMPLES: &str = "\
Examples:
  madura apply models/          what would change
  madura apply models/ --yes    do it

The system must not be running on the same embedded database; a running one is told through its API.";

pub(crate) fn run(args: &ApplyArgs, ui: &Ui) -> Result {
    let settings = Settings::read(&args.settings, |name| std::env::var(name).ok())?;
    let documents = documents(&args.paths)?;
    let opened = House::open(&settings)?.live()?;
    let mut changed = false;
    for (path, document) in &documents {
        changed |= apply(&opened.live, path, document, args, ui)?;
    }
    if changed && !args.yes {
        ui.hint("nothing was changed: say --yes to do it");
        return Ok(Outcome::Findings);
    }
    Ok(Outcome::Fine)
}

/// Applies a document; answers whether it is a change.
fn apply(live: &Live, path: &Path, document: &str, args: &ApplyArgs, ui: &Ui) -> Result<bool> {
    let place = path.display();
    let name = live.model_of(document).map_err(|problem| refused(path, problem))?;
    let active = live.store().read(|tx| active_at(tx, &name, now())).map_err(Failure::system)?;
    if active.as_ref().is_some_and(|active| active.document == document) {
        ui.say(format_args!("{place}: {name} is in force as it is"));
        return Ok(false);
    }
    if active.is_some() {
        let moved =
            live.what_if(document, &name, now(), 0).map_err(|problem| refused(path, problem))?;
        ui.say(format_args!(
            "{place}: {name}: of {} leads {} rise and {} fall",
            moved.leads, moved.up, moved.down
        ));
    } else {
        ui.say(format_args!("{place}: {name} is new"));
    }
    if args.yes {
        let known = live.store().read(|tx| versions(tx, &name)).map_err(Failure::system)?;
        // What was in force before and comes back is the same version again.
        let again = known.into_iter().find(|version| version.document == document);
        let version = if let Some(again) = again {
            again.version
        } else {
            let note = format!("from {place}");
            let drafted = live.add_draft(document, &note, &args.by, now());
            drafted.map_err(|problem| refused(path, problem))?.version
        };
        live.set_state(&name, version, VersionState::Active, &args.by, now())
            .map_err(|problem| refused(path, problem))?;
        ui.say(format_args!("{place}: {name} version {version} is in force"));
    }
    Ok(true)
}

fn refused(path: &Path, problem: ModelProblem) -> Failure {
    match problem {
        ModelProblem::Document(diagnostics) => {
            let failure = Failure::usage(format!("{} is not a model", path.display()));
            diagnostics.iter().filter(|found| found.severity == Severity::Error).fold(
                failure,
                |failure, found| {
                    failure.hint(format!("{}:{}: {}", found.line, found.column, found.message))
                },
            )
        }
        other => Failure::system(other),
    }
}

/// The documents by path.
fn documents(paths: &[PathBuf]) -> Result<BTreeMap<PathBuf, String>> {
    let mut documents = BTreeMap::new();
    for path in paths {
        let cannot = |error| Failure::file(format!("cannot read {}", path.display()), error);
        if path.is_dir() {
            for entry in fs::read_dir(path).map_err(cannot)? {
                let path = entry.map_err(cannot)?.path();
                let is_model = path
                    .extension()
                    .is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end == *known));
                if is_model {
                    documents.insert(path.clone(), fs::read_to_string(&path).map_err(cannot)?);
                }
            }
        } else {
            documents.insert(path.clone(), fs::read_to_string(path).map_err(cannot)?);
        }
    }
    Ok(documents)
}

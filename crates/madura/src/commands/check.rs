//! `madura check`: every mistake of a model at once.

use clap::Args;
use scoring::document::{Diagnostic, Severity, load};
use serde_json::json;

use crate::exit::{Failure, Outcome, Result};
use crate::inputs::{self, read_document};
use crate::ui::Ui;

/// Check a model and report every mistake at once
///
/// Each finding has its place, the offending text and what to write instead. Errors refuse the
/// model (exit code 2); warnings are suspicions, and refuse it only with --strict (exit code 1).
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// The models: YAML or JSON files; `-` is standard input
    #[arg(value_name = "MODEL", required = true)]
    models: Vec<String>,

    /// Take warnings as seriously as errors
    #[arg(long)]
    strict: bool,

    /// Print the findings as JSON on standard output, for editors and other tools
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  madura check model.yaml
  madura check models/*.yaml --strict
  madura check model.yaml --json";

pub(crate) fn run(args: &CheckArgs, ui: &Ui) -> Result {
    let (mut errors, mut warnings) = (0, 0);
    let mut files = Vec::new();
    for path in &args.models {
        let document = read_document(path)?;
        let loaded = load(&document.text, document.syntax);
        let is_error = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error;
        let found = loaded.diagnostics.iter().filter(is_error).count();
        errors += found;
        warnings += loaded.diagnostics.len() - found;
        if args.json {
            files.push(json!({"file": document.name, "diagnostics": loaded.diagnostics}));
            continue;
        }
        inputs::say_diagnostics(&document, &loaded.diagnostics, ui);
        if let (Some(model), true) = (&loaded.model, loaded.diagnostics.is_empty()) {
            let criteria = model.criteria().count();
            let counts = format!(
                "{}, {}, {}",
                inputs::counted(criteria as u64, "criterion", "criteria"),
                inputs::counted(model.stages.len() as u64, "stage", "stages"),
                inputs::counted(model.tests.len() as u64, "test", "tests"),
            );
            let ok = ui.talk_paint.green("ok");
            ui.say(format_args!("{ok} {} {}", document.name, ui.talk_paint.dim(counts)));
        }
    }
    if args.json {
        ui.print(&format!("{:#}\n", json!(files)))?;
    }
    if errors > 0 {
        let errors = inputs::counted(errors as u64, "mistake", "mistakes");
        let warnings = match warnings {
            0 => String::new(),
            count => format!(" and {}", inputs::counted(count as u64, "warning", "warnings")),
        };
        return Err(Failure::usage(format_args!("{errors}{warnings}")));
    }
    if warnings > 0 {
        let said = inputs::counted(warnings as u64, "warning", "warnings");
        if args.strict {
            return Err(Failure::findings(format_args!("{said}, and --strict allows none")));
        }
        ui.say(format_args!("{said}, no mistakes"));
    }
    Ok(Outcome::Fine)
}

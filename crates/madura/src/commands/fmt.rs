//! `madura fmt`: one canonical form for every model.

use std::fs;
use std::path::Path;

use clap::{Args, ValueEnum};
use scoring::document::{self, Syntax};

use crate::exit::{Failure, Outcome, Result};
use crate::inputs::{self, Document, read_document};
use crate::ui::Ui;

/// Write a model in its canonical form
///
/// Keys in the order of the reference, short things on one line, comments kept. Files are rewritten
/// in place; `-` goes from standard input to standard output.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FmtArgs {
    /// The models: YAML or JSON files; `-` is standard input
    #[arg(value_name = "MODEL", required = true)]
    models: Vec<String>,

    /// Change nothing; name the files that are not in canonical form (exit code 1)
    #[arg(long, conflicts_with = "to")]
    check: bool,

    /// Write the model as json or yaml, beside the file that it came from
    #[arg(long, value_name = "FORM", hide_possible_values = true)]
    to: Option<Form>,
}

/// How to write a model.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Form {
    Json,
    Yaml,
}

const EXAMPLES: &str = "\
Examples:
  madura fmt model.yaml
  madura fmt models/*.yaml --check
  madura fmt model.yaml --to json          writes model.json
  madura fmt - < model.yaml                prints the canonical form";

pub(crate) fn run(args: &FmtArgs, ui: &Ui) -> Result {
    let mut different = 0;
    for path in &args.models {
        let document = read_document(path)?;
        let formatted = format(&document, args.to, ui)?;
        if args.check {
            if formatted != document.text {
                different += 1;
                ui.print(&format!("{path}\n"))?;
            }
            continue;
        }
        match (path.as_str(), args.to) {
            ("-", _) => ui.print(&formatted)?,
            (path, None) if formatted == document.text => {
                ui.note(format_args!("{path} is in canonical form"));
            }
            (path, None) => {
                write(path, &formatted)?;
                ui.say(format_args!("wrote {path}"));
            }
            (path, Some(form)) => convert(path, form, &formatted, ui)?,
        }
    }
    if different > 0 {
        let files = inputs::counted(different, "file is", "files are");
        return Err(Failure::findings(format_args!("{files} not in canonical form"))
            .hint("`madura fmt` without --check writes them anew"));
    }
    Ok(Outcome::Fine)
}

fn format(document: &Document, to: Option<Form>, ui: &Ui) -> Result<String> {
    let formatted = match to {
        None => document::format(&document.text, document.syntax),
        Some(Form::Json) => document::to_json(&document.text, document.syntax),
        Some(Form::Yaml) => document::to_yaml(&document.text, document.syntax),
    };
    formatted.map_err(|diagnostics| {
        inputs::say_diagnostics(document, &diagnostics, ui);
        let form = match document.syntax {
            Syntax::Yaml => "YAML",
            Syntax::Json => "JSON",
        };
        Failure::usage(format_args!("{} is not {form} and was left as it is", document.name))
    })
}

/// Writes beside the file, never over another one.
fn convert(path: &str, form: Form, text: &str, ui: &Ui) -> Result<()> {
    let ending = match form {
        Form::Json => "json",
        Form::Yaml => "yaml",
    };
    let target = Path::new(path).with_extension(ending);
    let target = target.to_string_lossy();
    if target != path && Path::new(&*target).exists() {
        return Err(Failure::usage(format_args!("{target} is there already")).hint(format_args!(
            "write `madura fmt - --to {ending} < {path} > {target}` to replace it"
        )));
    }
    write(&target, text)?;
    ui.say(format_args!("wrote {target}"));
    Ok(())
}

fn write(path: &str, text: &str) -> Result<()> {
    fs::write(path, text)
        .map_err(|error| Failure::file(format_args!("{path}: cannot be written"), error))
}

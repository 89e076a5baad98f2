//! `madura new`: a model to begin with.

use std::fs::OpenOptions;
use std::io::{self, Write as _};

use clap::{Args, ValueEnum};
use scoring::document::{STARTER, Syntax, to_json};

use crate::exit::{Failure, Outcome, Result};
use crate::ui::Ui;

/// Begin a model of your own
///
/// Writes a commented model that works with the files of `madura generate`: change it line by line,
/// and let `madura check` and `madura test` say whether it still holds.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct NewArgs {
    /// The file to write; without it the model is printed
    #[arg(value_name = "FILE")]
    file: Option<String>,

    /// What the model is for: acquisition (who is worth approaching) or loyalty (who will buy again)
    #[arg(long, value_name = "KIND", default_value = "acquisition", hide_possible_values = true)]
    kind: Kind,
}

/// What a model is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    Acquisition,
    Loyalty,
}

const EXAMPLES: &str = "\
Examples:
  madura new model.yaml
  madura new again.yaml --kind loyalty
  madura new > model.yaml";

pub(crate) const LOYALTY: &str = include_str!("loyalty.yaml");

pub(crate) fn run(args: &NewArgs, ui: &Ui) -> Result {
    let starter = match args.kind {
        Kind::Acquisition => STARTER,
        Kind::Loyalty => LOYALTY,
    };
    let Some(path) = args.file.as_deref().filter(|path| *path != "-") else {
        ui.print(starter)?;
        return Ok(Outcome::Fine);
    };
    let as_json = path.to_ascii_lowercase().ends_with(".json");
    let text = if as_json {
        to_json(starter, Syntax::Yaml).unwrap_or_default()
    } else {
        starter.to_owned()
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            return Failure::usage(format_args!("{path} is there already and was left as it is"))
                .hint("name another file, or remove this one first");
        }
        Failure::file(format_args!("{path}: cannot be written"), error)
    })?;
    let written = file.write_all(text.as_bytes());
    written.map_err(|error| Failure::file(format_args!("{path}: cannot be written"), error))?;
    ui.say(format_args!("wrote {path}"));
    ui.note(format_args!("next: `madura test {path}`, then change it and see"));
    Ok(Outcome::Fine)
}

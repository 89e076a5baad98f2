//! `madura schema`: the grammar of models, for editors.

use clap::Args;

use crate::exit::{Outcome, Result};
use crate::ui::Ui;

/// Print the JSON Schema of the model document, for editors
///
/// An editor that knows it completes keys and marks mistakes while you type.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SchemaArgs {}

const EXAMPLES: &str = "\
Examples:
  madura schema > madura.schema.json

Then write this as the first line of a model (VS Code with the YAML extension, Neovim, IntelliJ):
  # yaml-language-server: $schema=madura.schema.json";

pub(crate) fn run(_: &SchemaArgs, ui: &Ui) -> Result {
    ui.print(&format!("{:#}\n", scoring::document::schema()))?;
    Ok(Outcome::Fine)
}

//! `madura imports`: what was imported.

use clap::{Args, ValueEnum};

use super::import::Import;
use crate::client::{ServerArgs, connect, each_of, legible, read};
use crate::exit::{Outcome, Result};
use crate::inputs::grouped;
use crate::output::grid::{Align, Grid, fit};
use crate::ui::Ui;

/// List the imports of a running server, the newest first
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ImportsArgs {
    /// Only the newest N
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,

    /// The form of the output: table or ndjson
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_possible_values = true)]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Table,
    Ndjson,
}

const EXAMPLES: &str = "\
Examples:
  madura imports
  madura imports --format ndjson | jq 'select(.state == \"failed\")'";

pub(crate) fn run(args: &ImportsArgs, ui: &Ui) -> Result {
    let connection = connect(&args.server, ui)?;
    let mut lines = Vec::new();
    let mut grid = Grid::new(&[
        ("import", Align::Left),
        ("day", Align::Left),
        ("state", Align::Left),
        ("taken", Align::Right),
        ("refused", Align::Right),
        ("there already", Align::Right),
        ("file", Align::Left),
    ])
    .titled(|title| ui.paint.dim(title));
    let mut count = 0;
    each_of(&connection, &["api", "v1", "imports"], &[], "imports", args.top, |import| {
        count += 1;
        if args.format == Format::Ndjson {
            lines.push(import.to_string());
            return Ok(());
        }
        let import: Import = read(import)?;
        let state = legible(&import.state);
        grid.row(vec![
            legible(&import.id),
            legible(import.created_at.get(..10).unwrap_or_default()),
            match state.as_str() {
                "failed" => ui.paint.red(state),
                "done" => ui.paint.green(state),
                _ => ui.paint.yellow(state),
            },
            grouped(import.taken),
            grouped(import.rejected),
            grouped(import.repeated),
            fit(&legible(&import.name), 60),
        ]);
        Ok(())
    })?;
    if count == 0 {
        ui.note("nothing was imported yet");
        return Ok(Outcome::Fine);
    }
    if args.format == Format::Table {
        lines = grid.lines(0);
    }
    ui.print(&format!("{}\n", lines.join("\n")))?;
    Ok(Outcome::Fine)
}

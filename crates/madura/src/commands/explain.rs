//! `madura explain`: one lead, line by line.

use clap::Args;
use scoring::Program;

use crate::args::{AsOfArgs, InputArgs};
use crate::exit::{Outcome, Result};
use crate::inputs;
use crate::output::card;
use crate::ui::Ui;

/// Show why one lead has its score, line by line
///
/// Every criterion with its points, what age took and what limits cut, the events behind it and the
/// trait values that decided it. The parts add up to the score exactly, for any past instant too.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// The model: a YAML or JSON file; `-` is standard input
    #[arg(value_name = "MODEL")]
    model: String,

    /// The lead's id
    #[arg(value_name = "LEAD", allow_hyphen_values = true)]
    lead: String,

    #[command(flatten)]
    as_of: AsOfArgs,

    /// Print the score card as JSON, with every digit
    #[arg(long)]
    json: bool,

    /// Tell every criterion one by one, also those that gave nothing
    #[arg(long)]
    all: bool,

    /// How many events to show under a criterion, the latest first
    #[arg(long, value_name = "N", default_value_t = card::EVENTS_SHOWN)]
    shown: usize,

    #[command(flatten)]
    input: InputArgs,
}

const EXAMPLES: &str = "\
Examples:
  madura explain model.yaml 17 --leads leads.csv --events events.csv
  madura explain model.yaml 17 --leads leads.csv --events events.csv --as-of 2026-01-31
  madura explain model.yaml 17 --leads leads.csv --events events.csv --json";

pub(crate) fn run(args: &ExplainArgs, ui: &Ui) -> Result {
    let model = inputs::open_model(&args.model, ui)?;
    let at = inputs::parse_as_of(args.as_of.as_of.as_deref(), &model)?;
    let program = Program::new(model);
    let facts = inputs::read_lead(&args.lead, program.needs(), &args.input, ui)?;
    let explained = card::explain(&program, &facts, at);
    if args.json {
        let json = serde_json::to_string_pretty(&explained).unwrap_or_default();
        ui.print(&format!("{json}\n"))?;
    } else {
        let look =
            card::Look { events: args.shown, all: args.all, ..card::Look::new(ui, ui.paint) };
        let lines = card::lines(&explained, program.model(), &look);
        ui.print(&format!("{}\n", lines.join("\n")))?;
    }
    Ok(Outcome::Fine)
}

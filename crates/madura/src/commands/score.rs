//! `madura score`: everyone, at one instant.

use std::num::NonZeroUsize;
use std::path::Path;

use clap::{Args, ValueEnum};
use history::Roster;
use leads::Timestamp;
use scoring::Program;

use crate::args::{AsOfArgs, InputArgs};
use crate::exit::{Failure, Outcome, Result};
use crate::inputs::{self, Sources};
use crate::output::{self, Ranking, Target, card};
use crate::ui::{Paint, Ui};

/// Score everyone, best first
///
/// On a terminal the best leads are shown as a table; into a file or a pipe goes everyone as CSV, in
/// the order of the leads' file. The same files, model and instant give the same bytes, always.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ScoreArgs {
    /// The model: a YAML or JSON file; `-` is standard input
    #[arg(value_name = "MODEL")]
    model: String,

    #[command(flatten)]
    as_of: AsOfArgs,

    /// The form of the output: table, csv, ndjson or parquet. By default a table on a terminal and
    /// CSV elsewhere
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    format: Option<Format>,

    /// Write to this file instead of standard output. Without --format its ending says the form
    #[arg(long, value_name = "FILE")]
    out: Option<String>,

    /// Only the N best leads, best first. A table has 20 unless told otherwise
    #[arg(long, value_name = "N", value_parser = how_many)]
    top: Option<NonZeroUsize>,

    /// Show for each lead how its score comes about (table and ndjson)
    #[arg(long)]
    explain: bool,

    #[command(flatten)]
    input: InputArgs,
}

/// The form of the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Table,
    Csv,
    Ndjson,
    Parquet,
}

const EXAMPLES: &str = "\
Examples:
  madura score model.yaml --leads leads.csv --events events.csv
  madura score model.yaml --leads leads.csv --events events.csv --as-of 2026-03-01 --top 50
  madura score model.yaml --leads crm.parquet --events web.parquet --out scores.parquet
  madura score model.yaml --leads leads.csv --events log.ndjson.gz --map lead=customer_id,at=ts
  madura score model.yaml --leads leads.csv --events events.csv --format ndjson --explain

Output columns: lead, score, fit, engagement, grade, bracket, stage, disqualified (the name of the
gate). A lead without grade, bracket or stage has an empty cell there.";

/// What fits on a screen.
const TABLE_ROWS: usize = 20;

fn how_many(text: &str) -> std::result::Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "write a whole number, 1 or more")
}

pub(crate) fn run(args: &ScoreArgs, ui: &Ui) -> Result {
    let format = args.format(ui)?;
    if args.model == "-"
        && args.input.leads.iter().chain(&args.input.events).any(|path| path == "-")
    {
        return Err(Failure::usage("standard input (`-`) can be read only once")
            .hint("name a file for all inputs but one"));
    }
    refuse_overwriting(args)?;
    let model = inputs::open_model(&args.model, ui)?;
    let at = inputs::parse_as_of(args.as_of.as_of.as_deref(), &model)?;
    let program = Program::new(model);
    let model = program.model();
    let facts = inputs::gather_for_score(&program, at, &args.input, ui)?;
    let (roster, scores) = facts.gathered.score(&program, at, facts.threads);

    let top = match (args.top, format) {
        (None, Format::Table) => Some(TABLE_ROWS),
        (top, _) => top.map(NonZeroUsize::get),
    };
    let order = top.map(|top| output::best_first(&scores, top));
    let ranking = Ranking { model, roster: &roster, scores: &scores, order };
    let target = Target::open(args.out.as_deref())?;
    match format {
        Format::Csv => target.fill(|out| output::csv::write(&ranking, out))?,
        Format::Parquet => {
            let threads = facts.threads;
            target.fill(|out| output::parquet::write(&ranking, threads, out))?;
        }
        Format::Ndjson if args.explain => {
            let cards = cards(&program, &ranking, args, at)?;
            let cards: Vec<_> = cards.iter().map(card::json).collect();
            target.fill(|out| output::ndjson::write_with_cards(&ranking, &cards, out))?;
        }
        Format::Ndjson => target.fill(|out| output::ndjson::write(&ranking, out))?,
        Format::Table => {
            let paint = if args.out.is_some() { Paint::OFF } else { ui.paint };
            let mut lines = output::table::lines(&ranking, paint);
            if args.explain {
                for explained in cards(&program, &ranking, args, at)? {
                    lines.push(String::new());
                    lines.extend(card::lines(&explained, model, &card::Look::new(ui, paint)));
                }
            }
            target.fill(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))?;
            say_rest(&ranking, &roster, args, ui);
        }
    }
    Ok(Outcome::Fine)
}

impl ScoreArgs {
    /// What the ending of the file says, where nothing else does.
    fn by_ending(&self) -> Result<Option<Format>> {
        let Some(path) = self.out.as_deref().map(Path::new).filter(|_| self.format.is_none())
        else {
            return Ok(None);
        };
        match output::ending(path) {
            None => Ok(None),
            Some("csv") => Ok(Some(Format::Csv)),
            Some("ndjson" | "jsonl") => Ok(Some(Format::Ndjson)),
            Some("parquet") => Ok(Some(Format::Parquet)),
            Some("txt") => Ok(Some(Format::Table)),
            Some(_) => Err(output::unknown_ending(path, "csv, ndjson, parquet or txt")),
        }
    }

    fn format(&self, ui: &Ui) -> Result<Format> {
        let to_terminal = self.out.is_none() && ui.stdout_is_terminal;
        let usual = match (to_terminal, self.explain) {
            (true, _) => Format::Table,
            (false, true) => Format::Ndjson,
            (false, false) => Format::Csv,
        };
        let format = self.format.or(self.by_ending()?).unwrap_or(usual);
        match format {
            Format::Csv | Format::Parquet if self.explain => {
                Err(Failure::usage("--explain needs room that this format does not have")
                    .hint("write `--format ndjson`, or `--format table` to read it yourself"))
            }
            Format::Parquet if to_terminal => {
                Err(Failure::usage("Parquet is not for reading on a terminal")
                    .hint("write `--out scores.parquet`"))
            }
            format => Ok(format),
        }
    }
}

fn cards(
    program: &Program,
    ranking: &Ranking<'_>,
    args: &ScoreArgs,
    at: Timestamp,
) -> Result<Vec<card::Explained>> {
    let sources = Sources::open(&args.input)?;
    // What cannot be read was said when everyone was scored.
    let leads: Vec<String> = ranking.rows().map(|(lead, _)| output::lead_text(lead)).collect();
    let facts = inputs::read_facts(&leads, program.needs(), &sources, ingest::Watch::default())?;
    Ok(facts.iter().flatten().map(|facts| card::explain(program, facts, at)).collect())
}

fn say_rest(ranking: &Ranking<'_>, roster: &Roster, args: &ScoreArgs, ui: &Ui) {
    let rest = roster.len() - ranking.len();
    if rest > 0 && args.top.is_none() {
        let rest = inputs::counted(rest as u64, "more lead", "more leads");
        ui.note(format_args!("and {rest}; `--top N` shows more, `--out scores.csv` has them all"));
    }
}

/// Writing over what is being read would lose it.
fn refuse_overwriting(args: &ScoreArgs) -> Result<()> {
    let Some(out) = args.out.as_deref().and_then(|path| std::fs::canonicalize(path).ok()) else {
        return Ok(());
    };
    let inputs = args.input.leads.iter().chain(&args.input.events).chain(&args.input.changes);
    for path in inputs.chain([&args.model]) {
        if std::fs::canonicalize(path).is_ok_and(|input| input == out) {
            return Err(Failure::usage(format_args!("--out: {path} is one of the inputs"))
                .hint("name another file"));
        }
    }
    Ok(())
}

//! `madura diff`: what another model would change.

use std::fmt::Write as _;

use clap::Args;
use history::{Comparison, Matrix, Part, compare};
use scoring::Program;

use crate::args::{AsOfArgs, InputArgs};
use crate::exit::{Failure, Outcome, Result};
use crate::inputs::{self, counted, grouped};
use crate::output::card::{plain, signed};
use crate::output::grid::{Align, Grid, bar, fit};
use crate::output::when;
use crate::ui::{Paint, Ui};

/// Show what another model would change: who moves, and because of what
///
/// Scores everyone under both models at one instant. Every move of a score is split into what each
/// criterion contributed, to the last hundredth; what is left is the work of limits, scale and gates.
/// Criteria are matched by name.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DiffArgs {
    /// The model as it is
    #[arg(value_name = "MODEL_A")]
    before: String,

    /// The model as it might be
    #[arg(value_name = "MODEL_B")]
    after: String,

    #[command(flatten)]
    as_of: AsOfArgs,

    /// Print everything as JSON
    #[arg(long)]
    json: bool,

    /// How many of the leads that move most to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,

    #[command(flatten)]
    input: InputArgs,
}

const EXAMPLES: &str = "\
Examples:
  madura diff model.yaml stricter.yaml --leads leads.csv --events events.csv
  madura diff model.yaml stricter.yaml --leads leads.csv --events events.csv --as-of 2026-03-01 --top 50
  madura diff model.yaml stricter.yaml --leads leads.csv --events events.csv --json";

const NAME_MAX: usize = 36;
const CELLS: usize = 16;

pub(crate) fn run(args: &DiffArgs, ui: &Ui) -> Result {
    if args.before == "-" && args.after == "-" {
        return Err(Failure::usage("standard input (`-`) can be read only once"));
    }
    let before = inputs::open_model(&args.before, ui)?;
    let after = inputs::open_model(&args.after, ui)?;
    let at = inputs::parse_as_of(args.as_of.as_of.as_deref(), &before)?;
    let zone = before.time_zone.clone();
    let facts = inputs::gather(&[&before, &after], &args.input, ui)?;
    let program = |model| Program::with_needs(model, Some(facts.needs.clone()));
    let (before, after) = (program(before), program(after));
    let history = facts.gathered.into_history(facts.threads);
    let told = compare(&history, (&before, &after), at, args.top, facts.threads);
    if args.json {
        ui.print(&format!("{}\n", serde_json::to_string_pretty(&told).unwrap_or_default()))?;
    } else {
        let names = names(args, &told);
        let title = format!("{} → {}, {}", names.0, names.1, when::local_with_zone(at, &zone));
        ui.print(&shown(&told, &title, ui))?;
    }
    Ok(Outcome::Fine)
}

/// The models' names, or their files where the names are the same.
fn names(args: &DiffArgs, told: &Comparison) -> (String, String) {
    if told.models.0 == told.models.1 {
        (args.before.clone(), args.after.clone())
    } else {
        told.models.clone()
    }
}

fn shown(told: &Comparison, title: &str, ui: &Ui) -> String {
    let paint = ui.paint;
    let mut shown = String::new();
    let _ = writeln!(shown, "{}", paint.bold(title));
    let mean = |sum: i64| sum as f64 / told.leads.max(1) as f64;
    let _ = writeln!(
        shown,
        "{}: {} up, {} down, {} as before; mean score {:.1} → {:.1}\n",
        counted(told.leads, "lead", "leads"),
        grouped(told.up),
        grouped(told.down),
        grouped(told.unchanged),
        mean(told.sums.0),
        mean(told.sums.1)
    );
    let parts = [
        titled(paint.bold("Brackets"), counts(&told.brackets, paint)),
        moves(&told.brackets, paint),
        titled(paint.bold("Stages"), counts(&told.stages, paint)),
        moves(&told.stages, paint),
        titled(paint.bold("Because of"), causes(told, paint)),
        titled(paint.bold("Largest moves"), movers(told, ui)),
    ];
    for lines in parts.iter().filter(|lines| !lines.is_empty()) {
        let _ = writeln!(shown, "{}\n", lines.join("\n"));
    }
    shown.truncate(shown.trim_end().len());
    shown.push('\n');
    shown
}

fn titled(title: String, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { lines } else { std::iter::once(title).chain(lines).collect() }
}

/// How many leads are in each place, before and after; the highest place first.
fn counts(matrix: &Matrix, paint: Paint) -> Vec<String> {
    if matrix.before.len() + matrix.after.len() == 2 {
        return Vec::new();
    }
    let (before, after) = (matrix.counts_before(), matrix.counts_after());
    let of = |places: &[Option<String>], counts: &[u64], place: &Option<String>| {
        let at = places.iter().position(|known| known == place)?;
        Some(counts[at])
    };
    let gone = matrix.before.iter().filter(|place| !matrix.after.contains(place));
    let places: Vec<&Option<String>> = matrix.after.iter().chain(gone).collect();
    let most = before.iter().chain(&after).copied().max().unwrap_or(1).max(1) as f64;
    let mut grid = Grid::new(&[
        ("", Align::Left),
        ("before", Align::Right),
        ("", Align::Left),
        ("after", Align::Right),
        ("", Align::Left),
        ("", Align::Right),
    ])
    .titled(|title| paint.dim(title));
    for place in places.into_iter().rev() {
        let (was, is) = (of(&matrix.before, &before, place), of(&matrix.after, &after, place));
        if place.is_none() && was.unwrap_or(0) + is.unwrap_or(0) == 0 {
            continue;
        }
        let number = |count: Option<u64>| count.map_or_else(|| paint.dim("–"), grouped);
        let cells = |count: Option<u64>| bar(count.unwrap_or(0) as f64 / most, CELLS);
        let name = place
            .as_deref()
            .map_or_else(|| paint.dim("  none"), |name| format!("  {}", fit(name, NAME_MAX)));
        grid.row(vec![
            name,
            number(was),
            paint.dim(cells(was)),
            number(is),
            paint.cyan(cells(is)),
            difference(is.unwrap_or(0) as i64 - was.unwrap_or(0) as i64, paint),
        ]);
    }
    grid.lines(0)
}

fn difference(change: i64, paint: Paint) -> String {
    let number = grouped(change.unsigned_abs());
    match change {
        0 => paint.dim("="),
        1.. => paint.green(format_args!("+{number}")),
        _ => paint.red(format_args!("-{number}")),
    }
}

/// The commonest ways from place to place.
fn moves(matrix: &Matrix, paint: Paint) -> Vec<String> {
    const MOST: usize = 10;
    let moves = matrix.moves();
    let name = |place: Option<&str>| fit(place.unwrap_or("none"), NAME_MAX);
    let mut grid = Grid::new(&[("", Align::Right), ("", Align::Left)]);
    for (before, after, leads) in moves.iter().take(MOST) {
        grid.row(vec![
            format!("  {}", grouped(*leads)),
            format!("{} → {}", name(*before), name(*after)),
        ]);
    }
    let mut lines = grid.lines(0);
    let rest: u64 = moves.iter().skip(MOST).map(|(.., leads)| leads).sum();
    if rest > 0 {
        lines.push(paint.dim(format_args!("  and {} otherwise", counted(rest, "lead", "leads"))));
    }
    lines
}

fn causes(told: &Comparison, paint: Paint) -> Vec<String> {
    let mut grid = Grid::new(&[
        ("", Align::Left),
        ("points moved", Align::Right),
        ("on the whole", Align::Right),
        ("leads", Align::Right),
        ("main cause of", Align::Right),
    ])
    .titled(|title| paint.dim(title));
    for cause in &told.causes {
        grid.row(vec![
            format!("  {}", cause_name(cause.criterion.as_deref())),
            thousands(&plain(cause.moved)),
            thousands(&signed(cause.net)),
            grouped(cause.leads),
            grouped(cause.main_cause_of),
        ]);
    }
    if told.causes.is_empty() { Vec::new() } else { grid.lines(0) }
}

/// Sums over everyone are read to the point, not to the hundredth.
fn thousands(number: &str) -> String {
    let whole = number.split('.').next().unwrap_or(number);
    let digits = whole.trim_start_matches(['+', '-']);
    let sign = &whole[..whole.len() - digits.len()];
    digits.parse().map_or_else(|_| number.to_owned(), |digits| format!("{sign}{}", grouped(digits)))
}

fn movers(told: &Comparison, ui: &Ui) -> Vec<String> {
    let paint = ui.paint;
    let mut grid = Grid::new(&[
        ("lead", Align::Left),
        ("before", Align::Right),
        ("after", Align::Right),
        ("", Align::Right),
        ("bracket", Align::Left),
        ("stage", Align::Left),
        ("because of", Align::Left),
    ])
    .titled(|title| paint.dim(title));
    let way = |before: &Option<String>, after: &Option<String>| match (before, after) {
        (None, None) => String::new(),
        (before, after) if before == after => paint.dim(after.as_deref().unwrap_or_default()),
        (before, after) => {
            format!(
                "{} → {}",
                before.as_deref().unwrap_or("none"),
                after.as_deref().unwrap_or("none")
            )
        }
    };
    for mover in &told.movers {
        grid.row(vec![
            fit(&mover.lead, NAME_MAX),
            mover.before.score.to_string(),
            paint.bold(mover.after.score),
            difference(mover.change, paint),
            way(&mover.before.bracket, &mover.after.bracket),
            way(&mover.before.stage, &mover.after.stage),
            parts_said(&mover.parts, 3),
        ]);
    }
    let lines = if told.movers.is_empty() { Vec::new() } else { grid.lines(2) };
    let lines =
        lines.iter().map(|line| fit(line, if ui.stdout_is_terminal { ui.width() } else { 200 }));
    lines.collect()
}

/// The largest parts of a move: `Pricing page +12.5, Company size -8`.
pub(crate) fn parts_said(parts: &[Part], most: usize) -> String {
    // Less than a point of rounding explains nothing beside a criterion.
    let explains =
        |part: &&Part| part.criterion.is_some() || part.change.rounded() != 0 || parts.len() == 1;
    let parts: Vec<&Part> = parts.iter().filter(explains).collect();
    let said = parts.iter().take(most).map(|part| {
        let name = part.criterion.as_deref().unwrap_or("limits and scale");
        format!("{} {}", fit(name, NAME_MAX), signed(part.change))
    });
    let said: Vec<String> = said.collect();
    let more = if parts.len() > most { ", …" } else { "" };
    format!("{}{more}", said.join(", "))
}

fn cause_name(criterion: Option<&str>) -> String {
    criterion.map_or_else(|| "limits, scale and gates".to_owned(), |name| fit(name, NAME_MAX))
}

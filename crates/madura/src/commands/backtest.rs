//! `madura backtest`: a model against what really happened.

use std::fmt::Write as _;

use clap::Args;
use history::{Backtest, Options, Power, backtest};
use leads::Duration;
use scoring::Program;
use scoring::model::Kind;

use crate::args::InputArgs;
use crate::exit::{Failure, Outcome, Result};
use crate::inputs::{self, grouped};
use crate::output::grid::{Align, Grid, bar};
use crate::output::{Target, spark};
use crate::report::{self, said, text};
use crate::ui::{Paint, Ui};

/// Test a model against what really happened
///
/// At each cut-off everyone is scored from the facts known by then, and whether the outcome followed
/// within the horizon is read from the facts after it. Leads that had the outcome already are left
/// out, unless --again is given. What comes of it: how often each bracket converted, how well the score ranks, and whether a
/// criterion knows more than it could have known at the time.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BacktestArgs {
    /// The model: a YAML or JSON file; `-` is standard input
    #[arg(value_name = "MODEL")]
    model: String,

    /// The event that means success, such as `deal_won`
    #[arg(long, value_name = "EVENT")]
    outcome: String,

    /// How long after a cut-off an outcome counts
    #[arg(long, value_name = "DURATION", default_value = "90d")]
    horizon: Duration,

    /// The time from one cut-off to the next
    #[arg(long, value_name = "DURATION", default_value = "30d")]
    every: Duration,

    /// The first cut-off: an instant, or a date in the model's time zone. By default a horizon (at
    /// least 30 days) after the first event
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,

    /// No cut-off after this one. None is ever less than a horizon before the last event
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,

    /// Leave nobody out for having had the outcome before: a lead converts wherever any outcome lies
    /// in the horizon. For what happens again and again, such as orders
    #[arg(long)]
    again: bool,

    /// Print everything as JSON
    #[arg(long)]
    json: bool,

    /// Also write a report as one HTML file, with charts, to be mailed or printed
    #[arg(long, value_name = "FILE")]
    html: Option<String>,

    #[command(flatten)]
    input: InputArgs,
}

const EXAMPLES: &str = "\
Examples:
  madura backtest model.yaml --leads leads.csv --events events.csv --outcome deal_won
  madura backtest model.yaml --leads leads.csv --events events.csv --outcome deal_won \\
      --horizon 60d --every 60d --from 2026-01-01 --html report.html

A trait without a date counts from the lead's beginning, even if it was filled in after the sale.
Give changes of traits with their dates (--changes) so that the past knows only what it knew.";

pub(crate) fn run(args: &BacktestArgs, ui: &Ui) -> Result {
    let model = inputs::open_model(&args.model, ui)?;
    let instant = |name: &str, text: &Option<String>| {
        text.as_deref().map(|text| inputs::parse_instant(name, text, &model)).transpose()
    };
    let options = Options {
        outcome: args.outcome.clone(),
        horizon: args.horizon,
        every: args.every,
        from: instant("--from", &args.from)?,
        to: instant("--to", &args.to)?,
        again: args.again,
    };
    let facts = inputs::gather_more(&[&model], &[&args.outcome], &args.input, ui)?;
    let program = Program::with_needs(model, Some(facts.needs));
    let history = facts.gathered.into_history(facts.threads);
    let test = backtest(&history, &program, &options, facts.threads).map_err(Failure::usage)?;
    if program.model().kind == Kind::Loyalty && leaves_most_out(&test) {
        ui.note(format_args!(
            "more than half of the leads were left out because they had `{}` before; \
             --again counts those that have it again",
            test.outcome
        ));
    }
    if let Some(path) = &args.html {
        let page = report::html(&test);
        Target::open(Some(path))?.fill(|out| out.write_all(page.as_bytes()))?;
        if path != "-" {
            ui.note(format_args!("the report is in {path}"));
        }
    }
    if args.json {
        ui.print(&format!("{}\n", serde_json::to_string_pretty(&test).unwrap_or_default()))?;
    } else if args.html.as_deref() != Some("-") {
        ui.print(&shown(&test, ui.paint))?;
    }
    Ok(Outcome::Fine)
}

/// Whether of the leads known at cut-offs more than half had the outcome before and were left out.
fn leaves_most_out(test: &Backtest) -> bool {
    let left_out: u64 = test.cut_offs.iter().map(|cut_off| cut_off.left_out).sum();
    left_out > test.pooled.count.leads
}

/// The test as a few tables.
fn shown(test: &Backtest, paint: Paint) -> String {
    let mut shown = String::new();
    let title = format!("{} against {}", test.model, test.outcome);
    let _ = writeln!(shown, "{}", paint.bold(title));
    let _ = writeln!(shown, "{}\n{}\n", said::scope(test), said::verdict(test));
    for warning in &test.warnings {
        let _ = writeln!(shown, "{} {}", paint.yellow("!"), warning.sentence);
    }
    if !test.warnings.is_empty() {
        shown.push('\n');
    }
    for lines in
        [brackets(test, paint), measures(test, paint), deciles(test, paint), criteria(test, paint)]
    {
        if !lines.is_empty() {
            let _ = writeln!(shown, "{}\n", lines.join("\n"));
        }
    }
    shown.truncate(shown.trim_end().len());
    shown.push('\n');
    shown
}

fn brackets(test: &Backtest, paint: Paint) -> Vec<String> {
    if test.brackets.is_empty() {
        return Vec::new();
    }
    let most = test.brackets.iter().filter_map(|row| row.rate).fold(1e-9, f64::max);
    let mut grid = Grid::new(&[
        ("bracket", Align::Left),
        ("from", Align::Right),
        ("leads", Align::Right),
        ("conversions", Align::Right),
        ("rate", Align::Right),
        ("", Align::Left),
        ("probably", Align::Left),
        ("lift", Align::Right),
    ])
    .titled(|title| paint.dim(title));
    for row in test.brackets.iter().rev() {
        let rate = row.rate.unwrap_or_default();
        let between = |(low, high)| format!("{} to {}", text::percent(low), text::percent(high));
        grid.row(vec![
            row.bracket.clone().unwrap_or_else(|| paint.dim("below all")),
            row.from.clone().unwrap_or_default(),
            grouped(row.count.leads),
            grouped(row.count.conversions),
            paint.bold(text::rate(row.rate)),
            paint.green(bar(rate / most, 20)),
            paint.dim(row.interval.map(between).unwrap_or_default()),
            row.lift.map_or_else(|| "–".to_owned(), text::times),
        ]);
    }
    grid.lines(0)
}

fn measures(test: &Backtest, paint: Paint) -> Vec<String> {
    let pooled = &test.pooled;
    let (Some(auc), Some(precision)) = (pooled.auc, pooled.average_precision) else {
        return Vec::new();
    };
    let mut grid = Grid::new(&[("", Align::Left), ("", Align::Right), ("", Align::Left)]);
    let mut row = |name: &str, number: String, says: String| {
        grid.row(vec![name.to_owned(), paint.bold(number), paint.dim(says)]);
    };
    row(
        "Ranking (ROC AUC)",
        format!("{auc:.3}"),
        format!("{}; 0.5 is chance, 1 perfect", said::quality(auc)),
    );
    row(
        "Average precision",
        format!("{precision:.3}"),
        format!("by chance {:.3}", pooled.base_rate.unwrap_or_default()),
    );
    if let Some(lift) = pooled.top_decile_lift {
        row(
            "Best tenth",
            text::times(lift),
            "as many conversions as a tenth picked blindly".to_owned(),
        );
    }
    if let Some(captured) = said::captured(test, 0.2) {
        row("In the best fifth", text::percent(captured), "of all conversions".to_owned());
    }
    let areas: Vec<f64> = test.cut_offs.iter().filter_map(|cut_off| cut_off.measures.auc).collect();
    if areas.len() > 1 {
        let (low, high) = areas
            .iter()
            .fold((f64::MAX, 0.0_f64), |(low, high), auc| (low.min(*auc), high.max(*auc)));
        // Below chance there is nothing to see but that it is bad.
        let course = spark::line(&areas, 0.5, 1.0);
        row("By cut-off", format!("{low:.2} to {high:.2}"), course);
    }
    grid.lines(0)
}

fn deciles(test: &Backtest, paint: Paint) -> Vec<String> {
    let most = test.deciles.iter().map(|decile| decile.lift).fold(1e-9, f64::max);
    let mut grid = Grid::new(&[
        ("tenth", Align::Right),
        ("rate", Align::Right),
        ("lift", Align::Right),
        ("", Align::Left),
        ("of all conversions", Align::Right),
    ])
    .titled(|title| paint.dim(title));
    for decile in &test.deciles {
        grid.row(vec![
            decile.decile.to_string(),
            text::percent(decile.rate),
            text::times(decile.lift),
            paint.green(bar(decile.lift / most, 20)),
            text::percent(decile.captured),
        ]);
    }
    if test.deciles.is_empty() { Vec::new() } else { grid.lines(0) }
}

fn criteria(test: &Backtest, paint: Paint) -> Vec<String> {
    let mut grid = Grid::new(&[
        ("criterion", Align::Left),
        ("AUC alone", Align::Right),
        ("rests on", Align::Left),
        ("", Align::Left),
    ])
    .titled(|title| paint.dim(title));
    for power in &test.criteria {
        let suspect = power.suspicion.as_ref().map(|_| paint.yellow("! seems to know the outcome"));
        grid.row(vec![
            format!(
                "{}{}",
                power.name,
                if power.gate { paint.dim(" (gate)") } else { String::new() }
            ),
            power.auc.map_or_else(|| "–".to_owned(), |auc| format!("{auc:.2}")),
            paint.dim(rests_on(power)),
            suspect.unwrap_or_default(),
        ]);
    }
    if test.criteria.is_empty() { Vec::new() } else { grid.lines(0) }
}

fn rests_on(power: &Power) -> String {
    let paths: Vec<&str> = power.traits.iter().map(|seen| seen.path.as_str()).collect();
    if power.behavioural { "events".to_owned() } else { paths.join(", ") }
}

//! `madura test`: the tests that a model brings along.

use std::fmt::Write as _;

use clap::Args;
use leads::Timestamp;
use scoring::Program;
use scoring::model_tests::{self, TestResult};
use serde_json::json;

use crate::exit::{Outcome, Result};
use crate::inputs;
use crate::output::card::Look;
use crate::output::grid::{Align, Grid};
use crate::output::waterfall;
use crate::ui::Ui;

/// Run the tests that a model brings along
///
/// Each imagines a lead and says what must come of it. A failed one shows what came instead, and
/// the score card that led there. Exit code 1 where one fails.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TestArgs {
    /// The models: YAML or JSON files; `-` is standard input
    #[arg(value_name = "MODEL", required = true)]
    models: Vec<String>,

    /// Print the results as JSON, with the score card of every test
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  madura test model.yaml
  madura test models/*.yaml

A test in the model's file:
  tests:
    - name: the demo request reaches sales at once
      lead: {title.seniority: c_level, country: ES}
      events: [{event: demo_requested, ago: 1h}]
      expect: {stage: marketing_qualified, score: {at_least: 40}}";

/// 2026-01-15T12:00:00Z: when the tests are run, always. Tests count backwards from it (`ago: 2d`),
/// so the instant itself hardly matters; the middle of a winter month has every calendar month
/// behind it, no change of the clocks near it, and leaves calendar days half over in every zone.
pub(crate) const TEST_INSTANT: Timestamp = match Timestamp::from_millis(1_768_478_400_000) {
    Ok(instant) => instant,
    Err(_) => Timestamp::MIN,
};

pub(crate) fn run(args: &TestArgs, ui: &Ui) -> Result {
    let (mut passed, mut failed) = (0_u64, 0_u64);
    let mut text = String::new();
    let mut files = Vec::new();
    for path in &args.models {
        let program = Program::new(inputs::open_model(path, ui)?);
        let results = model_tests::run(&program, TEST_INSTANT);
        let good = results.iter().filter(|result| result.passed).count() as u64;
        passed += good;
        failed += results.len() as u64 - good;
        if args.json {
            files.push(json!({"file": path, "tests": results}));
            continue;
        }
        let _ = writeln!(text, "{}", ui.paint.bold(path));
        if results.is_empty() {
            let _ = writeln!(text, "  {}", ui.paint.dim("has no tests"));
        }
        for result in &results {
            show(result, path, &program, ui, &mut text);
        }
    }
    if args.json {
        text = format!("{:#}\n", json!(files));
    } else {
        let summary = format!("{passed} passed, {failed} failed");
        let summary = if failed > 0 { ui.paint.red(summary) } else { ui.paint.green(summary) };
        let _ = writeln!(text, "\n{summary}");
    }
    ui.print(&text)?;
    Ok(if failed > 0 { Outcome::Findings } else { Outcome::Fine })
}

fn show(result: &TestResult, path: &str, program: &Program, ui: &Ui, text: &mut String) {
    let paint = ui.paint;
    if result.passed {
        let _ = writeln!(text, "  {} {}", paint.green("ok    "), result.test);
        return;
    }
    let place = paint.dim(format_args!("({path}:{})", result.line));
    let _ = writeln!(text, "  {} {} {place}", paint.red("FAILED"), result.test);
    let mut grid = Grid::new(&[("", Align::Left), ("", Align::Left), ("", Align::Left)]);
    for check in result.checks.iter().filter(|check| !check.passed) {
        grid.row(vec![
            check.of.clone(),
            format!("expected {}", check.expected),
            format!("came {}", paint.red(&check.came)),
        ]);
    }
    let look = Look { events: 0, all: true, ..Look::new(ui, paint) };
    let indented = waterfall::lines(&result.card, program.model(), &look);
    let lines = grid.lines(9).into_iter().chain([String::new()]);
    for line in lines.chain(indented.into_iter().map(|line| format!("         {line}"))) {
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.push('\n');
}

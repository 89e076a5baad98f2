//! `madura history`: how the score of one lead came to be what it is.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use history::{Change, Course, Fact, Part, Sample, Step, course};
use jiff::tz::TimeZone;
use leads::{Duration, LeadFacts, Timestamp};
use scoring::{Amount, Model, Program};

use super::diff::parts_said;
use crate::args::InputArgs;
use crate::exit::{Failure, Outcome, Result};
use crate::inputs::{self, counted};
use crate::output::grid::{Align, Grid, fit};
use crate::output::{csv, spark, when};
use crate::ui::{Paint, Ui};

/// Show how the score of one lead came to be what it is
///
/// The course of the score over time, every stage that was entered or left with its reason, and
/// every change with what caused it: something the lead did, something that became known, or time
/// that passed. The past is looked at with today's model.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct HistoryArgs {
    /// The model: a YAML or JSON file; `-` is standard input
    #[arg(value_name = "MODEL")]
    model: String,

    /// The lead's id
    #[arg(value_name = "LEAD", allow_hyphen_values = true)]
    lead: String,

    /// Where to begin: an instant, or a date in the model's time zone. By default just before the
    /// lead's first fact
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,

    /// Where to end. By default now
    #[arg(long, visible_alias = "as-of", value_name = "INSTANT")]
    to: Option<String>,

    /// The form of the output: table, csv (the score at every fact and midnight) or json
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_possible_values = true)]
    format: Format,

    #[command(flatten)]
    input: InputArgs,
}

/// The form of the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

const EXAMPLES: &str = "\
Examples:
  madura history model.yaml 17 --leads leads.csv --events events.csv
  madura history model.yaml 17 --leads leads.csv --events events.csv --from 2026-01-01 --to 2026-03-31
  madura history model.yaml 17 --leads leads.csv --events events.csv --format csv > course.csv";

pub(crate) fn run(args: &HistoryArgs, ui: &Ui) -> Result {
    let model = inputs::open_model(&args.model, ui)?;
    let to = match &args.to {
        Some(text) => inputs::parse_instant("--to", text, &model)?,
        None => inputs::parse_as_of(None, &model)?,
    };
    let from = args
        .from
        .as_deref()
        .map(|text| inputs::parse_instant("--from", text, &model))
        .transpose()?;
    let program = Program::new(model);
    let facts = inputs::read_lead(&args.lead, program.needs(), &args.input, ui)?;
    let from = from.unwrap_or_else(|| beginning(&facts, to));
    if from > to {
        return Err(Failure::usage(format_args!("there is nothing between {from} and {to}"))
            .hint("--from must not be after --to, nor the lead's first fact"));
    }
    let told = course(&program, &facts, from, to);
    match args.format {
        Format::Table => ui.print(&shown(&told, program.model(), ui))?,
        Format::Csv => ui.print(&as_csv(&told))?,
        Format::Json => {
            ui.print(&format!("{}\n", serde_json::to_string_pretty(&told).unwrap_or_default()))?;
        }
    }
    Ok(Outcome::Fine)
}

/// Just before the first fact, so that it shows as a change.
fn beginning(facts: &LeadFacts, to: Timestamp) -> Timestamp {
    let events = facts.events.iter().map(|event| event.at);
    let traits = facts.traits.iter().filter_map(|fact| fact.at);
    let first = facts.created_at.into_iter().chain(events).chain(traits).min();
    let first = first.unwrap_or_else(|| to.saturating_sub(Duration::DAY));
    Timestamp::saturating_from_millis(first.as_millis() - 1)
}

fn as_csv(told: &Course) -> String {
    let mut lines = b"at,score,fit,engagement,grade,bracket,stage,disqualified\n".to_vec();
    for sample in &told.samples {
        let (at, score, fit, engagement) = (sample.at, sample.score, sample.fit, sample.engagement);
        lines.extend_from_slice(format!("{at},{score},{fit},{engagement}").as_bytes());
        for name in [&sample.grade, &sample.bracket, &sample.stage, &sample.disqualified] {
            lines.push(b',');
            csv::cell(name.as_deref().unwrap_or_default(), &mut lines);
        }
        lines.push(b'\n');
    }
    String::from_utf8(lines).unwrap_or_default()
}

fn shown(told: &Course, model: &Model, ui: &Ui) -> String {
    let (paint, zone) = (ui.paint, &model.time_zone);
    let mut shown = String::new();
    let title = paint.bold(format_args!("Lead {} under {}", told.lead, told.model));
    let now = told.samples.last();
    let place = now.map(|sample| {
        let names = [&sample.bracket, &sample.stage, &sample.disqualified].into_iter().flatten();
        let place = [sample.score.to_string()].into_iter().chain(names.cloned());
        place.collect::<Vec<_>>().join(", ")
    });
    let until = when::local_with_zone(told.to, zone);
    let _ = writeln!(shown, "{title}: {} on {until}\n", place.unwrap_or_default());
    let parts = [
        picture(told, model, ui),
        steps(&told.steps, zone, paint),
        changes(&told.changes, zone, ui),
    ];
    for lines in parts.iter().filter(|lines| !lines.is_empty()) {
        let _ = writeln!(shown, "{}\n", lines.join("\n"));
    }
    shown.truncate(shown.trim_end().len());
    shown.push('\n');
    shown
}

/// The course over the whole scale, drawn with blocks.
fn picture(told: &Course, model: &Model, ui: &Ui) -> Vec<String> {
    const ROWS: usize = 5;
    let (bottom, top) = (model.scale.bottom.to_string(), model.scale.top.to_string());
    let margin = bottom.len().max(top.len());
    let width = ui.width().saturating_sub(margin + 3);
    let values = columns(told, width);
    let drawn = spark::lines(&values, model.scale.bottom as f64, model.scale.top as f64, ROWS);
    let label = |row: usize| match row {
        0 => top.as_str(),
        row if row + 1 == ROWS => bottom.as_str(),
        _ => "",
    };
    let mut lines: Vec<String> = drawn
        .iter()
        .enumerate()
        .map(|(row, line)| {
            let label = ui.paint.dim(format_args!("{:>margin$} │", label(row)));
            format!("{label} {}", ui.paint.cyan(line.trim_end()))
        })
        .collect();
    let date = |at: Timestamp| when::local(at, &model.time_zone)[..10].to_owned();
    let (from, to) = (date(told.from), date(told.to));
    let gap = width.saturating_sub(from.len() + to.len());
    let axis = format!("{}   {from}{}{to}", " ".repeat(margin), " ".repeat(gap));
    lines.push(ui.paint.dim(axis.trim_end()));
    lines
}

/// The score at the end of each of so many equal stretches of time.
fn columns(told: &Course, width: usize) -> Vec<f64> {
    let (from, to) = (told.from.as_millis(), told.to.as_millis());
    let end = |column: usize| from + (to - from) / width as i64 * (column as i64 + 1);
    let at = |column: usize| {
        let known = told.samples.partition_point(|sample| sample.at.as_millis() <= end(column));
        told.samples.get(known.saturating_sub(1)).map_or(0.0, |sample| sample.score as f64)
    };
    (0..width).map(at).collect()
}

fn steps(steps: &[Step], zone: &TimeZone, paint: Paint) -> Vec<String> {
    let mut grid = Grid::new(&[("", Align::Left), ("", Align::Left), ("", Align::Left)]);
    for step in steps {
        let way = if step.entered { paint.green("entered") } else { paint.red("left") };
        let gate = step.gate.as_deref().unwrap_or_default();
        let reason = match step.reason {
            "reached" => format!("reached its thresholds with {}", step.score),
            "fell" => format!("fell below its thresholds with {}", step.score),
            "fast_track" => format!("fast track: {gate}"),
            "disqualified" => format!("disqualified: {gate}"),
            _ => "rejected by sales".to_owned(),
        };
        grid.row(vec![
            format!("  {}", when::local(step.at, zone)),
            format!("{way} {}", step.stage),
            reason,
        ]);
    }
    if steps.is_empty() { Vec::new() } else { titled(paint.bold("Stages"), grid.lines(0)) }
}

fn changes(changes: &[Change], zone: &TimeZone, ui: &Ui) -> Vec<String> {
    let paint = ui.paint;
    let mut grid = Grid::new(&[
        ("when", Align::Left),
        ("score", Align::Right),
        ("", Align::Right),
        ("bracket", Align::Left),
        ("what happened", Align::Left),
        ("because of", Align::Left),
    ])
    .titled(|title| paint.dim(title));
    let stretches = stretches(changes);
    for stretch in &stretches {
        let (before, after) = (&stretch.first.before, &stretch.last.after);
        let change = after.score - before.score;
        let change = match change {
            0 => paint.dim("="),
            1.. => paint.green(format_args!("+{change}")),
            _ => paint.red(change),
        };
        let bracket = after.bracket.clone().unwrap_or_default();
        let bracket = if before.bracket == after.bracket {
            paint.dim(bracket)
        } else {
            format!("→ {bracket}")
        };
        grid.row(vec![
            when::local(stretch.last.at, zone),
            paint.bold(after.score),
            change,
            bracket,
            happened(stretch),
            parts_said(&stretch.parts, 2),
        ]);
    }
    if changes.is_empty() {
        return vec![paint.dim("Nothing changed the score in this time.")];
    }
    let width = if ui.stdout_is_terminal { ui.width() } else { 200 };
    let lines = grid.lines(2).iter().map(|line| fit(line, width)).collect();
    titled(paint.bold("Changes"), lines)
}

/// A change, or several that belong together: those of one visit, or those that only time made.
struct Stretch<'c> {
    first: &'c Change,
    last: &'c Change,
    facts: Vec<&'c Fact>,
    parts: Vec<Part>,
}

/// Facts that follow each other within this belong to one visit, as in web analytics.
const VISIT_MS: i64 = 30 * 60_000;

fn stretches(changes: &[Change]) -> Vec<Stretch<'_>> {
    let mut stretches: Vec<Stretch<'_>> = Vec::new();
    for change in changes {
        let falls = |change: &Change| change.after.score < change.before.score;
        let belongs = |last: &Change| {
            let soon = change.at.as_millis() - last.at.as_millis() < VISIT_MS;
            let alike =
                change.facts.is_empty() == last.facts.is_empty() && falls(change) == falls(last);
            // Where time moves the lead into another bracket, that has a date and a line of its own.
            alike && (soon || (change.facts.is_empty() && !turns(last)))
        };
        match stretches.last_mut() {
            Some(stretch) if belongs(stretch.last) => {
                stretch.last = change;
                stretch.facts.extend(&change.facts);
                add(&mut stretch.parts, &change.parts);
            }
            _ => {
                let (facts, parts) = (change.facts.iter().collect(), change.parts.clone());
                stretches.push(Stretch { first: change, last: change, facts, parts });
            }
        }
    }
    stretches
}

/// Whether people find the lead in another place than before.
fn turns(change: &Change) -> bool {
    let place = |sample: &Sample| {
        (sample.bracket.clone(), sample.stage.clone(), sample.disqualified.clone())
    };
    place(&change.before) != place(&change.after)
}

fn add(parts: &mut Vec<Part>, more: &[Part]) {
    for part in more {
        match parts.iter_mut().find(|known| known.criterion == part.criterion) {
            Some(known) => known.change += part.change,
            None => parts.push(part.clone()),
        }
    }
    parts.retain(|part| part.change != Amount::ZERO);
    parts.sort_by_key(|part| std::cmp::Reverse(part.change.max(-part.change)));
}

fn happened(stretch: &Stretch<'_>) -> String {
    const MOST: usize = 3;
    if stretch.facts.is_empty() {
        let since = stretch.last.at.as_millis() - stretch.first.before.at.as_millis();
        return match since / 86_400_000 {
            0 => "time passed".to_owned(),
            days => format!("{} passed", counted(days as u64, "day", "days")),
        };
    }
    let mut said: Vec<(String, usize)> = Vec::new();
    for fact in &stretch.facts {
        let text = match fact {
            Fact::Created => "became known".to_owned(),
            Fact::Event { event, .. } => event.clone(),
            Fact::Trait { path, value } => match value {
                Some(serde_json::Value::String(text)) => format!("{path} = {text}"),
                Some(value) => format!("{path} = {value}"),
                None => format!("{path} is gone"),
            },
        };
        match said.iter_mut().find(|(known, _)| *known == text) {
            Some((_, times)) => *times += 1,
            None => said.push((text, 1)),
        }
    }
    let more = if said.len() > MOST { ", …" } else { "" };
    let one = |(text, times): &(String, usize)| match times {
        1 => fit(text, 40),
        times => format!("{times}× {}", fit(text, 40)),
    };
    let said: Vec<String> = said.iter().take(MOST).map(one).collect();
    format!("{}{more}", said.join(", "))
}

fn titled(title: String, lines: Vec<String>) -> Vec<String> {
    std::iter::once(title).chain(lines).collect()
}

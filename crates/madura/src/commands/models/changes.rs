//! What a version would change: lines of the document, and leads.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::client::{legible, legible_tree, read};
use crate::exit::Result;
use crate::inputs::{counted, grouped};
use crate::output::grid::{Align, Grid, fit};
use crate::ui::{Paint, Ui};

/// Lines around a change, so that one sees where it stands.
const AROUND: usize = 3;

/// Leads that move most; the page shows more.
const MOVERS: usize = 10;

#[derive(Deserialize)]
struct Diff {
    from: Option<i64>,
    to: i64,
    lines: Vec<Line>,
    comparison: Option<Comparison>,
}

#[derive(Deserialize)]
struct Line {
    change: String,
    text: String,
}

#[derive(Deserialize)]
struct Comparison {
    leads: u64,
    up: u64,
    down: u64,
    movers: Vec<Mover>,
}

#[derive(Deserialize)]
struct Mover {
    lead: String,
    before: Numbers,
    after: Numbers,
    change: i64,
}

#[derive(Deserialize)]
struct Numbers {
    score: i64,
    bracket: Option<String>,
    stage: Option<String>,
}

/// Prints it: this is what the command is for, so it goes to standard output.
pub(super) fn show(diff: &Json, model: &str, ui: &Ui) -> Result<()> {
    let diff: Diff = read(legible_tree(diff.clone()))?;
    let paint = ui.paint;
    let mut shown = String::new();
    let from = diff.from.map_or("no version".to_owned(), |from| format!("version {from}"));
    let title = format!("{}: from {from} to version {}", legible(model), diff.to);
    let _ = writeln!(shown, "{}", paint.bold(title));
    for line in lines(&diff.lines, diff.from.is_none(), paint) {
        let _ = writeln!(shown, "{line}");
    }
    match &diff.comparison {
        Some(comparison) => leads(comparison, &mut shown, paint),
        None => shown.push_str("\nNo version counts yet: everybody gets a score.\n"),
    }
    ui.print(&shown)?;
    Ok(())
}

/// Changed lines with a few around them. A document that is all new is told by its length.
fn lines(lines: &[Line], all_new: bool, paint: Paint) -> Vec<String> {
    if all_new {
        return vec![
            paint.green(format_args!("+ {}", counted(lines.len() as u64, "line", "lines"))),
        ];
    }
    let changed: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.change != "same")
        .map(|(at, _)| at)
        .collect();
    if changed.is_empty() {
        return vec![paint.dim("  the documents say the same")];
    }
    let is_near = |at: usize| {
        let next = changed.partition_point(|change| *change < at);
        let near = |change: Option<&usize>| change.is_some_and(|one| one.abs_diff(at) <= AROUND);
        near(changed.get(next)) || near(next.checked_sub(1).and_then(|before| changed.get(before)))
    };
    let mut shown = Vec::new();
    let mut skipped = false;
    for (at, line) in lines.iter().enumerate() {
        if !is_near(at) {
            skipped = true;
            continue;
        }
        if std::mem::take(&mut skipped) {
            shown.push(paint.dim("  ..."));
        }
        shown.push(match line.change.as_str() {
            "added" => paint.green(format_args!("+ {}", line.text)),
            "removed" => paint.red(format_args!("- {}", line.text)),
            _ => format!("  {}", line.text),
        });
    }
    shown
}

fn leads(comparison: &Comparison, shown: &mut String, paint: Paint) {
    let all = counted(comparison.leads, "lead", "leads");
    let (up, down) = (grouped(comparison.up), grouped(comparison.down));
    let _ = writeln!(shown, "\nOf {all} {up} rise and {down} fall.");
    let mut grid = Grid::new(&[
        ("lead", Align::Left),
        ("before", Align::Right),
        ("after", Align::Right),
        ("", Align::Right),
        ("bracket", Align::Left),
        ("stage", Align::Left),
    ])
    .titled(|title| paint.dim(title));
    for mover in comparison.movers.iter().take(MOVERS) {
        let change = match mover.change {
            0.. => paint.green(format_args!("+{}", mover.change)),
            change => paint.red(change),
        };
        grid.row(vec![
            fit(&mover.lead, 36),
            mover.before.score.to_string(),
            paint.bold(mover.after.score),
            change,
            way(mover.before.bracket.as_ref(), mover.after.bracket.as_ref()),
            way(mover.before.stage.as_ref(), mover.after.stage.as_ref()),
        ]);
    }
    if !comparison.movers.is_empty() {
        for line in grid.lines(2) {
            let _ = writeln!(shown, "{line}");
        }
    }
}

fn way(before: Option<&String>, after: Option<&String>) -> String {
    let name = |place: Option<&String>| place.map_or("none", String::as_str).to_owned();
    match (before, after) {
        (None, None) => String::new(),
        (before, after) if before == after => name(after),
        (before, after) => format!("{} → {}", name(before), name(after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_the_lines_around_it() {
        let line = |change: &str, text: &str| Line { change: change.into(), text: text.into() };
        let mut all: Vec<Line> = (0..10).map(|at| line("same", &at.to_string())).collect();
        all.insert(5, line("added", "new"));
        let shown = lines(&all, false, Paint::OFF);
        assert_eq!(shown, ["  ...", "  2", "  3", "  4", "+ new", "  5", "  6", "  7"]);
        assert_eq!(lines(&all, true, Paint::OFF), ["+ 11 lines"]);
        assert_eq!(lines(&all[..3], false, Paint::OFF), ["  the documents say the same"]);
    }
}

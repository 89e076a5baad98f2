//! Scores as a table for people.

use history::{LeadId, Scored};
use scoring::Model;

use super::grid::{Align, Grid, bar, fit};
use super::{COLUMNS, Names, Ranking};
use crate::ui::Paint;

const BAR_CELLS: usize = 10;
const NAME_MAX: usize = 36;

/// One line per lead under a line of titles; `None` of a lead's names is a blank.
pub(crate) fn lines(ranking: &Ranking<'_>, paint: Paint) -> Vec<String> {
    let names = Names::new(ranking.model, |name| fit(name, NAME_MAX));
    let mut grid = Grid::new(&[
        (COLUMNS[0], Align::Left),
        (COLUMNS[1], Align::Right),
        ("", Align::Left),
        (COLUMNS[2], Align::Right),
        (COLUMNS[3], Align::Right),
        (COLUMNS[4], Align::Left),
        (COLUMNS[5], Align::Left),
        (COLUMNS[6], Align::Left),
        (COLUMNS[7], Align::Left),
    ])
    .titled(|title| paint.dim(title));
    for (lead, scored) in ranking.rows() {
        grid.row(row(lead, scored, ranking.model, &names, paint));
    }
    grid.lines(0)
}

fn row(
    lead: LeadId<'_>,
    scored: Scored,
    model: &Model,
    names: &Names<String>,
    paint: Paint,
) -> Vec<String> {
    let lead = match lead {
        LeadId::Number(number) => number.to_string(),
        LeadId::Text(text) => fit(text, NAME_MAX),
    };
    let score = scored.score;
    let [grade, bracket, stage, disqualified] =
        names.of(scored).map(|name| name.cloned().unwrap_or_default());
    let bar = bar(share(score.score, model), BAR_CELLS);
    vec![
        lead,
        paint.bold(score.score),
        if score.disqualified.is_some() { paint.red(bar) } else { paint.green(bar) },
        score.fit.to_string(),
        score.engagement.to_string(),
        grade,
        bracket,
        paint.cyan(stage),
        paint.red(disqualified),
    ]
}

/// How far up the scale a score is.
pub(crate) fn share(score: i64, model: &Model) -> f64 {
    let (bottom, top) = (model.scale.bottom as f64, model.scale.top as f64);
    (score as f64 - bottom) / (top - bottom)
}

//! Whether the model was as good all along.

use history::{Backtest, Point};

use super::chart::{Plot, figure, joined, round_values, table, upward};
use super::text::{area, date, escaped, percent, rate, short_date, times, whole};

pub(super) fn section(test: &Backtest) -> String {
    if test.cut_offs.len() < 2 {
        return String::new();
    }
    let count = test.cut_offs.len();
    let last = (count - 1) as f64;
    let areas: Vec<Point> = test
        .cut_offs
        .iter()
        .zip(0..)
        .filter_map(|(cut_off, at)| Some(Point { x: f64::from(at), y: cut_off.measures.auc? }))
        .collect();
    let lowest = areas.iter().map(|point| point.y).fold(0.5, f64::min);
    let floor = (lowest * 10.0).floor() / 10.0;
    let upper = Plot { width: 880.0, height: 210.0, x: (-0.5, last + 0.5), y: (floor, 1.0) };
    let ticks: Vec<f64> = (0..=10)
        .map(|tenth| f64::from(tenth) / 10.0)
        .filter(|tick| *tick >= floor - 1e-9)
        .collect();
    let ticks: Vec<f64> =
        if ticks.len() > 6 { ticks.into_iter().step_by(2).collect() } else { ticks };
    let dots = joined(areas
        .iter()
        .map(|point| {
            let cut_off = &test.cut_offs[point.x as usize];
            format!(
                "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{}\"><title>{}: {}</title></circle>",
                upper.across(point.x),
                upper.down(point.y),
                if count > 60 { 2.0 } else { 3.5 },
                date(cut_off.at, test),
                area(Some(point.y))
            )
        }));
    let labels = labelled(count);
    let above = [
        upper.rows(&ticks, |tick| format!("{tick:.1}")),
        upper.line((-0.5, 0.5), (last + 0.5, 0.5), "base"),
        upper.path(&areas, "curve"),
        dots,
        upward("ranking (AUC); the dashed line is chance"),
        upper.columns(&labels, |at| short_date(test.cut_offs[at as usize].at, test)),
    ];
    let above = upper.svg("How well the score ranked at each cut-off", &above.concat());

    let rates = test.cut_offs.iter().map(|cut_off| cut_off.measures.base_rate.unwrap_or_default());
    let most = rates.clone().fold(0.0, f64::max);
    let rows = round_values(most.max(1e-6), 3.0);
    let top = rows.last().copied().unwrap_or(1.0);
    let lower = Plot { width: 880.0, height: 180.0, x: (-0.5, last + 0.5), y: (0.0, top) };
    let columns = joined(rates
        .zip(&test.cut_offs)
        .zip(0..)
        .map(|((share, cut_off), at)| {
            let at = f64::from(at);
            let (left, right) = (lower.across(at - 0.36), lower.across(at + 0.36));
            let (up, down) = (lower.down(share), lower.down(0.0));
            let count = cut_off.measures.count;
            format!(
                "<rect class=\"bar soft\" x=\"{left:.1}\" y=\"{up:.1}\" width=\"{:.1}\" height=\"{:.1}\">\
                 <title>{}: {} of {} open leads converted ({})</title></rect>",
                right - left,
                (down - up).max(0.5),
                date(cut_off.at, test),
                whole(count.conversions),
                whole(count.leads),
                percent(share)
            )
        }));
    let below = [
        lower.rows(&rows, percent),
        columns,
        upward("open leads that converted afterwards"),
        lower.columns(&labels, |at| short_date(test.cut_offs[at as usize].at, test)),
    ];
    let below =
        lower.svg("Share of the open leads that converted after each cut-off", &below.concat());

    let titles = [
        "Cut-off",
        "Open leads",
        "Conversions",
        "Rate",
        "AUC",
        "Average precision",
        "Best tenth",
        "Left out",
        "Not yet known",
    ];
    let rows = test.cut_offs.iter().map(|cut_off| {
        let measures = &cut_off.measures;
        vec![
            date(cut_off.at, test),
            whole(measures.count.leads),
            whole(measures.count.conversions),
            rate(measures.base_rate),
            area(measures.auc),
            rate(measures.average_precision),
            measures.top_decile_lift.map_or_else(|| "–".to_owned(), times),
            whole(cut_off.left_out),
            whole(cut_off.not_yet_known),
        ]
    });
    let charts = format!("<div class=\"scroll wide\">{above}{below}</div>");
    let figure =
        figure("Cut-off by cut-off", &escaped(&reading(&areas)), &charts, &table(&titles, rows));
    format!("<section><h2>Was it as good all along?</h2>{figure}</section>\n")
}

fn reading(areas: &[Point]) -> String {
    let low = areas.iter().map(|point| point.y).fold(f64::INFINITY, f64::min);
    let high = areas.iter().map(|point| point.y).fold(0.0, f64::max);
    if areas.len() < 2 {
        return "Too few cut-offs have both kinds of leads to compare them.".to_owned();
    }
    let steady = if high - low < 0.1 {
        "it was steady"
    } else {
        "it varied: with few conversions at a cut-off that is chance, with many it is worth asking why"
    };
    format!("The ranking went from {low:.2} at worst to {high:.2} at best: {steady}.")
}

/// About eight cut-offs get a label.
fn labelled(count: usize) -> Vec<f64> {
    (0..count).step_by(count.div_ceil(8)).map(|at| at as f64).collect()
}

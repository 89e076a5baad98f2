//! Lift by tenths, gain, ROC, and rates by score.

use history::{Backtest, Point};

use super::chart::{Plot, figure, joined, round_values, table, upward};
use super::said;
use super::text::{area, escaped, percent, rate, times, whole};

/// What is won by calling the highest scores first.
pub(super) fn working_the_best_first(test: &Backtest) -> String {
    if test.deciles.is_empty() {
        return String::new();
    }
    format!(
        "<section><h2>What is won by calling the best first?</h2><div class=\"pair\">{}{}</div></section>\n",
        lift(test),
        gain(test)
    )
}

/// How well the score ranks, and whether it means what it says.
pub(super) fn ranking(test: &Backtest) -> String {
    let charts = [roc(test), calibration(test)].concat();
    if charts.is_empty() {
        return charts;
    }
    format!(
        "<section><h2>Can the score be trusted?</h2><div class=\"pair\">{charts}</div></section>\n"
    )
}

fn lift(test: &Backtest) -> String {
    let most = test.deciles.iter().map(|decile| decile.lift).fold(1.0, f64::max);
    let rows = round_values(most * 1.08, 4.0);
    let top = rows.last().copied().unwrap_or(1.0);
    let plot = Plot::half((0.4, 10.6), (0.0, top));
    let columns = joined(test
        .deciles
        .iter()
        .map(|decile| {
            let at = f64::from(decile.decile);
            let (left, right) = (plot.across(at - 0.36), plot.across(at + 0.36));
            let (up, down) = (plot.down(decile.lift), plot.down(0.0));
            let class = if decile.decile == 1 { "bar" } else { "bar soft" };
            format!(
                "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{up:.1}\" width=\"{:.1}\" height=\"{:.1}\">\
                 <title>Tenth {}: {} converted, {} the average</title></rect>\
                 <text class=\"value\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                right - left,
                (down - up).max(0.5),
                decile.decile,
                percent(decile.rate),
                times(decile.lift),
                plot.across(at),
                up - 5.0,
                format_args!("{:.1}", decile.lift)
            )
        }));
    let body = [
        plot.rows(&rows, |lift| format!("{}×", plain(lift))),
        columns,
        plot.line((0.4, 1.0), (10.6, 1.0), "base"),
        plot.columns(&(1..=10).map(f64::from).collect::<Vec<_>>(), |at| format!("{at:.0}")),
        plot.meaning("tenths of the leads, highest scores first"),
    ];
    let svg = plot
        .svg("Conversions in each tenth of the leads, as multiples of the average", &body.concat());
    let rows = test.deciles.iter().map(|decile| {
        vec![
            decile.decile.to_string(),
            format!("{:.1}", decile.leads),
            format!("{:.1}", decile.conversions),
            percent(decile.rate),
            times(decile.lift),
            percent(decile.captured),
        ]
    });
    let titles = ["Tenth", "Leads", "Conversions", "Rate", "Against average", "Conversions so far"];
    let top = test.deciles[0];
    let says = format!(
        "The tenth of the leads with the highest scores converted {} as often as average; the dashed line is \
         what blind picking gives.",
        times(top.lift).replace('×', " times")
    );
    figure("Lift by tenths", &says, &svg, &table(&titles, rows))
}

fn gain(test: &Backtest) -> String {
    let plot = Plot::half((0.0, 1.0), (0.0, 1.0));
    let ticks = [0.0, 0.25, 0.5, 0.75, 1.0];
    let fifth = said::captured(test, 0.2);
    let mark = fifth.map_or_else(String::new, |captured| {
        let (x, y) = (plot.across(0.2), plot.down(captured));
        format!(
            "{}<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>\
             <text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{} in the best 20%</text>",
            plot.line((0.2, 0.0), (0.2, captured), "guide"),
            x + 10.0,
            y + 22.0,
            percent(captured)
        )
    });
    let body = [
        plot.rows(&ticks, percent),
        plot.columns(&ticks, percent),
        plot.area(&test.gain, "fill"),
        plot.line((0.0, 0.0), (1.0, 1.0), "base"),
        plot.path(&test.gain, "curve"),
        mark,
        plot.meaning("share of the leads called, highest scores first"),
        upward("share of all conversions"),
    ];
    let svg =
        plot.svg("Share of all conversions found, by share of the leads called", &body.concat());
    let rows = (1..=10).map(|tenth| {
        let share = f64::from(tenth) / 10.0;
        vec![percent(share), rate(said::captured(test, share))]
    });
    let says = match fifth {
        Some(captured) => format!(
            "Who calls the best fifth of the leads reaches {} of those who convert. Blind picking (dashed) would reach 20%.",
            percent(captured)
        ),
        None => String::new(),
    };
    figure("Gain", &says, &svg, &table(&["Leads called", "Conversions among them"], rows))
}

fn roc(test: &Backtest) -> String {
    if test.roc.is_empty() {
        return String::new();
    }
    let plot = Plot::half((0.0, 1.0), (0.0, 1.0));
    let ticks = [0.0, 0.25, 0.5, 0.75, 1.0];
    let body = [
        plot.rows(&ticks, percent),
        plot.columns(&ticks, percent),
        plot.area(&test.roc, "fill"),
        plot.line((0.0, 0.0), (1.0, 1.0), "base"),
        plot.path(&test.roc, "curve"),
        format!(
            "<text class=\"big\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">area under the curve</text>",
            plot.across(0.66),
            plot.down(0.28),
            area(test.pooled.auc),
            plot.across(0.66),
            plot.down(0.19)
        ),
        plot.meaning("share of those who did not convert"),
        upward("share of those who converted"),
    ];
    let svg =
        plot.svg(&format!("ROC curve with an area of {}", area(test.pooled.auc)), &body.concat());
    let step = test.roc.len().div_ceil(20).max(1);
    let points: Vec<&Point> = test.roc.iter().step_by(step).chain(test.roc.last()).collect();
    let rows = points.iter().map(|point| vec![percent(point.x), percent(point.y)]);
    let says = "At each score: how many of those who converted stand above it, and how many of the others. \
                The further the curve bends to the upper left, the better; the dashed line is chance.";
    let titles = ["Of those who did not convert", "Of those who converted"];
    figure("Ranking (ROC curve)", says, &svg, &table(&titles, rows))
}

fn calibration(test: &Backtest) -> String {
    if test.calibration.is_empty() {
        return String::new();
    }
    let most = test
        .calibration
        .iter()
        .map(|range| range.interval.1.min(range.rate * 2.5))
        .fold(0.0, f64::max);
    let rows = round_values(most.max(1e-6), 4.0);
    let top = rows.last().copied().unwrap_or(1.0);
    let (low, high) = (test.scale.0 as f64, test.scale.1 as f64);
    let pad = (high - low) * 0.02;
    let plot = Plot::half((low - pad, high + pad), (0.0, top));
    let largest = test.calibration.iter().map(|range| range.count.leads).max().unwrap_or(1) as f64;
    let dots = joined(test
        .calibration
        .iter()
        .map(|range| {
            let (x, y) = (plot.across(range.mean), plot.down(range.rate.min(top)));
            let radius = 3.0 + 5.0 * (range.count.leads as f64 / largest).sqrt();
            let interval = (range.interval.0, range.interval.1.min(top));
            format!(
                "{}<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"><title>Score {} to {}: {} of {} \
                 leads converted</title></circle>",
                plot.line((range.mean, interval.0), (range.mean, interval.1), "whisker"),
                range.from,
                range.to,
                percent(range.rate),
                whole(range.count.leads)
            )
        }));
    let line: Vec<Point> =
        test.calibration.iter().map(|range| Point { x: range.mean, y: range.rate }).collect();
    let base = test.pooled.base_rate.unwrap_or_default();
    let ticks: Vec<f64> = (0..=4).map(|step| low + (high - low) * f64::from(step) / 4.0).collect();
    let body = [
        plot.rows(&rows, percent),
        plot.columns(&ticks, |score| format!("{score:.0}")),
        plot.line((low - pad, base), (high + pad, base), "base"),
        plot.path(&line, "curve thin"),
        dots,
        plot.meaning("score"),
        upward("converted"),
    ];
    let svg = plot.svg("Share of leads that converted, by score", &body.concat());
    let rows = test.calibration.iter().map(|range| {
        vec![
            format!("{} to {}", range.from, range.to),
            whole(range.count.leads),
            whole(range.count.conversions),
            percent(range.rate),
            format!("{} to {}", percent(range.interval.0), percent(range.interval.1)),
        ]
    });
    let titles = ["Score", "Leads", "Conversions", "Rate", "Probably between"];
    let says = "A score is no percentage, but a higher one should mean a better chance: the dots should climb. \
                The larger a dot, the more leads; the lines show where the true rate probably lies.";
    figure("Chance by score", &escaped(says), &svg, &table(&titles, rows))
}

/// A round value without zeros that say nothing.
fn plain(value: f64) -> String {
    format!("{value:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

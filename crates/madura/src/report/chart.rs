//! Axes, grids and paths: the little that all charts share.

use std::fmt::Write as _;

use history::Point;

use super::text::escaped;

/// A chart's surface: what the axes run over, and where on the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot {
    pub(super) width: f64,
    pub(super) height: f64,
    /// What lies at the left and at the right end.
    pub(super) x: (f64, f64),
    /// What lies at the bottom and at the top.
    pub(super) y: (f64, f64),
}

const LEFT: f64 = 46.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 42.0;

impl Plot {
    /// Half the page, nearly square.
    pub(super) const fn half(x: (f64, f64), y: (f64, f64)) -> Self {
        Self { width: 430.0, height: 320.0, x, y }
    }

    /// Where a value lies from the left.
    pub(super) fn across(&self, value: f64) -> f64 {
        let share = (value - self.x.0) / (self.x.1 - self.x.0);
        LEFT + share * (self.width - LEFT - RIGHT)
    }

    /// Where a value lies from the top.
    pub(super) fn down(&self, value: f64) -> f64 {
        let share = (value - self.y.0) / (self.y.1 - self.y.0);
        self.height - BOTTOM - share * (self.height - TOP - BOTTOM)
    }

    /// Lines across at some values, with their labels on the left.
    pub(super) fn rows(&self, values: &[f64], label: impl Fn(f64) -> String) -> String {
        let row = |value: &f64| {
            let (y, left, right) = (self.down(*value), LEFT, self.width - RIGHT);
            format!(
                "<line class=\"grid\" x1=\"{left:.0}\" x2=\"{right:.0}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"tick\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left - 7.0,
                y + 4.0,
                escaped(&label(*value))
            )
        };
        values.iter().map(row).collect()
    }

    /// Labels under the chart at some values.
    pub(super) fn columns(&self, values: &[f64], label: impl Fn(f64) -> String) -> String {
        let column = |value: &f64| {
            let (x, y) = (self.across(*value), self.height - BOTTOM + 17.0);
            let text = escaped(&label(*value));
            format!(
                "<text class=\"tick\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{text}</text>"
            )
        };
        values.iter().map(column).collect()
    }

    /// What the horizontal axis means.
    pub(super) fn meaning(&self, text: &str) -> String {
        let (x, y) = (self.width - RIGHT, self.height - 5.0);
        format!(
            "<text class=\"axis\" x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"end\">{}</text>",
            escaped(text)
        )
    }

    /// A line through points.
    pub(super) fn path(&self, points: &[Point], class: &str) -> String {
        format!("<path class=\"{class}\" d=\"{}\"/>", self.course(points))
    }

    /// The area between points and the bottom.
    pub(super) fn area(&self, points: &[Point], class: &str) -> String {
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return String::new();
        };
        let (bottom, start, end) = (self.down(self.y.0), self.across(first.x), self.across(last.x));
        let course = self.course(points);
        format!(
            "<path class=\"{class}\" d=\"{course}L{end:.1} {bottom:.1}L{start:.1} {bottom:.1}Z\"/>"
        )
    }

    /// A straight line between two points.
    pub(super) fn line(&self, from: (f64, f64), to: (f64, f64), class: &str) -> String {
        format!(
            "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            self.across(from.0),
            self.down(from.1),
            self.across(to.0),
            self.down(to.1)
        )
    }

    /// The whole picture. `said` is read aloud instead of it.
    pub(super) fn svg(&self, said: &str, body: &str) -> String {
        let (width, height, said) = (self.width, self.height, escaped(said));
        format!(
            "<svg viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{said}\">{body}</svg>"
        )
    }

    fn course(&self, points: &[Point]) -> String {
        let mut course = String::new();
        for (index, point) in thinned(points).iter().enumerate() {
            let step = if index == 0 { 'M' } else { 'L' };
            let (x, y) = (self.across(point.x), self.down(point.y));
            let _ = write!(course, "{step}{x:.1} {y:.1}");
        }
        course
    }
}

/// What the vertical axis means.
pub(super) fn upward(text: &str) -> String {
    format!("<text class=\"axis\" x=\"0\" y=\"11\">{}</text>", escaped(text))
}

/// One text after another.
pub(super) fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect()
}

/// Round values from nothing to at least `most`, about `count` of them.
pub(super) fn round_values(most: f64, count: f64) -> Vec<f64> {
    let rough = most.max(1e-9) / count;
    let magnitude = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|step| step * magnitude);
    let step = step.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(magnitude * 10.0);
    (0..=(most / step - 1e-9).ceil().max(1.0) as u32).map(|index| f64::from(index) * step).collect()
}

/// A chart with what it says above it and its numbers below, for those who want or need them.
pub(super) fn figure(title: &str, says: &str, svg: &str, table: &str) -> String {
    format!(
        "<figure><figcaption><h3>{}</h3><p>{says}</p></figcaption>{svg}\
         <details><summary>The numbers</summary>{table}</details></figure>\n",
        escaped(title)
    )
}

/// A table of numbers: titles, then rows; the first column names the row.
pub(super) fn table(titles: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let titles = joined(titles.iter().map(|title| format!("<th scope=\"col\">{title}</th>")));
    let row = |cells: Vec<String>| {
        let mut cells = cells.into_iter();
        let name = cells.next().unwrap_or_default();
        let cells = joined(cells.map(|cell| format!("<td>{cell}</td>")));
        format!("<tr><th scope=\"row\">{name}</th>{cells}</tr>")
    };
    let rows: String = rows.map(row).collect();
    format!(
        "<div class=\"scroll\"><table class=\"numbers\"><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

/// Few enough points to draw: those that lie a step of the pen apart.
fn thinned(points: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    for (index, point) in points.iter().enumerate() {
        let apart = kept.last().is_none_or(|last| {
            (point.x - last.x).abs() > 0.002
                || (point.y - last.y).abs() > 0.002
                || points.len() < 300
        });
        if apart || index + 1 == points.len() {
            kept.push(*point);
        }
    }
    kept
}

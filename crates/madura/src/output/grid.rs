//! Columns that stand straight, whatever is in them.

use console::measure_text_width;

/// Rows of cells under titles; the last column of a row may be as long as it likes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grid {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

/// Where a cell stands in its column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Align {
    /// Names.
    Left,
    /// Numbers.
    Right,
}

const GAP: usize = 2;

impl Grid {
    /// A grid with these columns. Titles may be empty; where all are, there is no line of titles.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|(title, align)| ((*title).to_owned(), *align)).collect();
        Self { columns, rows: Vec::new() }
    }

    /// Changes how the titles look.
    #[must_use]
    pub(crate) fn titled(mut self, style: impl Fn(&str) -> String) -> Self {
        for (title, _) in &mut self.columns {
            if !title.is_empty() {
                *title = style(title);
            }
        }
        self
    }

    /// Adds a row; cells may have colours.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines, each set in by `indent` blanks. A column in which nothing stands is left out.
    pub(crate) fn lines(&self, indent: usize) -> Vec<String> {
        let titles: Vec<String> = self.columns.iter().map(|(title, _)| title.clone()).collect();
        let has_titles = titles.iter().any(|title| !title.is_empty());
        let all = || has_titles.then_some(&titles).into_iter().chain(&self.rows);
        let width = |column: usize| {
            all()
                .filter_map(|row| row.get(column))
                .map(|cell| measure_text_width(cell))
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        all().map(|row| self.line(row, &widths, indent)).collect()
    }

    fn line(&self, row: &[String], widths: &[usize], indent: usize) -> String {
        let mut line = " ".repeat(indent);
        let columns = row.iter().zip(&self.columns).zip(widths).filter(|(_, width)| **width > 0);
        for (index, ((cell, (_, align)), width)) in columns.enumerate() {
            if index > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            let blanks = " ".repeat(width.saturating_sub(measure_text_width(cell)));
            match align {
                Align::Left => line.extend([cell.as_str(), &blanks]),
                Align::Right => line.extend([&blanks, cell.as_str()]),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// `text`, at most so wide.
pub(crate) fn fit(text: &str, width: usize) -> String {
    console::truncate_str(text, width, "…").into_owned()
}

/// A bar of `full` cells for the share 1, in eighths of a cell.
pub(crate) fn bar(share: f64, full: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * full as f64 * 8.0).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_straight_and_empty_ones_are_left_out() {
        let mut grid =
            Grid::new(&[("lead", Align::Left), ("", Align::Left), ("score", Align::Right)]);
        grid.row(vec!["Ștefan".into(), String::new(), "7".into()]);
        grid.row(vec!["17".into(), String::new(), "\x1b[1m100\x1b[0m".into()]);
        assert_eq!(
            grid.lines(1),
            [" lead    score", " Ștefan      7", " 17        \x1b[1m100\x1b[0m"]
        );
    }

    #[test]
    fn a_bar_grows_by_eighths() {
        assert_eq!(bar(0.0, 4), "");
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(0.53, 4), "██▏");
        assert_eq!(bar(7.0, 4), "████");
    }
}

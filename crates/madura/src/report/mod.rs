//! A back-test as one page of HTML that needs nothing else: no script, no font, no request. It can
//! be mailed, printed and read aloud.

mod chart;
mod criteria;
mod curves;
mod notes;
mod overview;
mod page;
pub(crate) mod said;
pub(crate) mod text;
mod timeline;

use history::Backtest;

/// The page of a back-test.
pub(crate) fn html(test: &Backtest) -> String {
    let sections = [
        overview::head(test),
        overview::warnings(test),
        overview::tiles(test),
        overview::brackets(test),
        curves::working_the_best_first(test),
        curves::ranking(test),
        timeline::section(test),
        criteria::section(test),
        notes::section(test),
    ];
    page::page(&format!("{} against {}", test.model, test.outcome), &sections.concat())
}

#[cfg(test)]
mod tests;

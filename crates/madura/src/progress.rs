//! Bars for people who wait: on standard error, only on a terminal, only when it takes a while.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock::Stopwatch;
use crate::ui::Ui;

/// How far a file has been read.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    started: Stopwatch,
    shown: AtomicBool,
}

/// What is over sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(400);

impl Progress {
    /// Begins with a file of `bytes`.
    pub(crate) fn bytes(ui: &Ui, name: &str, bytes: u64) -> Self {
        let style =
            "{spinner} {wide_msg} {bar:28.cyan/dim} {bytes:>10} of {total_bytes} {eta:>4} left";
        Self::new(ui, name, bytes, style)
    }

    /// Begins to make `count` of something.
    pub(crate) fn count(ui: &Ui, name: &str, count: u64) -> Self {
        Self::new(
            ui,
            name,
            count,
            "{spinner} {wide_msg} {bar:28.cyan/dim} {human_pos:>10} of {human_len}",
        )
    }

    /// Begins with rows, of which nobody knows how many there are.
    pub(crate) fn rows(ui: &Ui, name: &str) -> Self {
        Self::new(ui, name, 0, "{spinner} {wide_msg} {human_pos:>10} rows")
    }

    /// Says how far it is.
    pub(crate) fn reach(&self, position: u64) {
        let Some(bar) = &self.bar else { return };
        if !self.shown.load(Ordering::Relaxed) {
            if self.started.elapsed() < PATIENCE {
                return;
            }
            self.shown.store(true, Ordering::Relaxed);
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.set_position(position);
    }

    fn new(ui: &Ui, name: &str, length: u64, style: &str) -> Self {
        let bar = ui.stderr_is_terminal.then(|| {
            let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden());
            let style =
                ProgressStyle::with_template(style).map(|style| style.progress_chars("━╸─"));
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.set_message(name.to_owned());
            bar
        });
        Self { bar, started: Stopwatch::start(), shown: AtomicBool::new(false) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

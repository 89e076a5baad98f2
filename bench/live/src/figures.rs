//! Figures: gathered, summed up, printed.

use std::time::Duration;

/// How long things took.
#[derive(Clone, Default, Debug)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time within which so large a share was done, in ms.
    pub(crate) fn within(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }

    pub(crate) fn median(&self) -> f64 {
        self.within(0.5)
    }

    /// Median, 99 of 100, and the longest, in ms.
    pub(crate) fn shown(&self) -> String {
        if self.0.is_empty() {
            return "none".to_owned();
        }
        format!(
            "median {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
            self.median(),
            self.within(0.99),
            self.within(1.0)
        )
    }
}

/// Whether a figure is within its target.
pub(crate) fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "NOT REACHED" }
}

/// A line of the result.
pub(crate) fn say(what: &str, figure: &str, target: Option<(bool, &str)>) {
    let target = target.map_or_else(String::new, |(reached, target)| {
        format!("   [{target}: {}]", verdict(reached))
    });
    println!("{what:<44} {figure}{target}");
}

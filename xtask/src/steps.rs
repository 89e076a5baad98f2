//! A list of things to do that goes on after a failure, so that one run shows every failure.

use std::time::Instant;

use anyhow::{Result, bail};

/// What has been done so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(&'static str, Outcome, f64)>,
}

enum Outcome {
    Passed,
    Skipped,
    Failed,
}

impl Steps {
    /// Does something and remembers whether it worked.
    #[expect(clippy::disallowed_methods, reason = "how long a step takes is shown to a person")]
    pub(crate) fn run(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) {
        println!("== {name}");
        let start = Instant::now();
        let outcome = match step() {
            Ok(()) => Outcome::Passed,
            Err(error) => {
                println!("{name}: {error:#}");
                Outcome::Failed
            }
        };
        self.done.push((name, outcome, start.elapsed().as_secs_f64()));
    }

    /// Leaves something out, and says why.
    pub(crate) fn skip(&mut self, name: &'static str, reason: &str) {
        println!("== {name}: skipped, {reason}");
        self.done.push((name, Outcome::Skipped, 0.0));
    }

    /// Prints one line for each step.
    pub(crate) fn print(&self) {
        println!();
        for (name, outcome, seconds) in &self.done {
            let word = match outcome {
                Outcome::Passed => "passed",
                Outcome::Skipped => "skipped",
                Outcome::Failed => "FAILED",
            };
            println!("{word:8} {name:12} {seconds:7.1} s");
        }
    }

    /// Fails where a step failed.
    pub(crate) fn finish(self) -> Result<()> {
        let failed = self.done.iter().filter(|(_, outcome, _)| matches!(outcome, Outcome::Failed));
        let names: Vec<&str> = failed.map(|(name, ..)| *name).collect();
        if !names.is_empty() {
            bail!("failed: {}", names.join(", "));
        }
        Ok(())
    }
}

//! The laws of a score, one test each. `MADURA_LAW_CASES=10000` runs each at full length.

mod coverage;
mod documents;
mod everyone;
mod one_lead;
mod stages;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// How many cases of a law to run where the environment does not say.
const CASES: u32 = 512;

/// Runs a law over generated cases.
fn holds<S: Strategy>(strategy: &S, law: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    holds_for(CASES, strategy, law);
}

/// Runs a law whose cases are dear: `cases` of them, or the number that the environment says.
fn holds_for<S: Strategy>(
    cases: u32,
    strategy: &S,
    law: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let asked = ["MADURA_LAW_CASES", "PROPTEST_CASES"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().and_then(|cases| cases.parse().ok()));
    run(TestRunner::new(config(asked.unwrap_or(cases))), strategy, law);
}

/// Visits generated cases, the same in every run: what share of them is so cannot depend on luck.
fn visit_same<S: Strategy>(cases: u32, strategy: &S, visit: impl Fn(S::Value)) {
    let dice = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let runner = TestRunner::new_with_rng(config(cases), dice);
    run(runner, strategy, |case| {
        visit(case);
        Ok(())
    });
}

fn config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        max_global_rejects: 1_000_000,
        ..Config::default()
    }
}

fn run<S: Strategy>(
    mut runner: TestRunner,
    strategy: &S,
    law: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    match runner.run(strategy, law) {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{reason}\nin the smallest case:\n{case:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

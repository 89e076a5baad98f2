//! The laws of a score, one test each. `MADURA_LAW_CASES=10000` runs each at full length.

mod coverage;
mod documents;
mod everyone;
mod one_lead;
mod stages;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

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
    let config = Config {
        cases: asked.unwrap_or(cases),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        max_global_rejects: 1_000_000,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    match runner.run(strategy, law) {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{reason}\nin the smallest case:\n{case:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

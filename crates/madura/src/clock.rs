//! The one clock. Everything else takes the instant as a parameter.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use leads::Timestamp;

/// The present instant.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks what time it is")]
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp::saturating_from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// Measures how long something takes, for people who wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    #[expect(
        clippy::disallowed_methods,
        reason = "measuring for progress bars belongs to the clock"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

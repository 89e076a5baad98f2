//! The thread that settles what was taken: from the inbox to facts.

use std::thread::JoinHandle;
use std::time::Duration;

use leads::Timestamp;
use tokio::time::Instant;

use super::scoring::{LOOK_AGAIN, ends_after, report, spawn};
use crate::app::App;

/// How often it looks for what other nodes left behind, and how old that is: nobody takes so long who is
/// still at work.
const ADOPT_EVERY: Duration = Duration::from_mins(1);

/// Settles what comes, until the server stops and nothing is left.
pub(super) fn settler(app: App) -> Option<JoinHandle<()>> {
    spawn("settling", move || {
        let mut adopted = Instant::now();
        loop {
            match app.live.settle() {
                Ok(0) if *app.stop.borrow() => return,
                Ok(0) => app.live.wait_for_parcels(LOOK_AGAIN),
                Ok(count) => metrics::counter!("madura_settled_total").increment(count as u64),
                Err(error) => {
                    if ends_after(&app, &error, "facts that were taken could not be settled") {
                        return;
                    }
                }
            }
            if adopted.elapsed() >= ADOPT_EVERY {
                adopted = Instant::now();
                let before = app.now().as_millis() - ADOPT_EVERY.as_millis() as i64;
                if let Err(error) = app.live.adopt(Timestamp::saturating_from_millis(before)) {
                    report(&error, "what other nodes left behind could not be taken over");
                }
            }
        }
    })
}

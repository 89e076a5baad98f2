//! The thread that settles what was taken: from the inbox to facts.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use leads::Timestamp;
use tokio::time::Instant;

use super::scoring::{AFTER_FAILURE, report, spawn};
use crate::app::App;

/// How long it waits without being called.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

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
                    report(&error, "facts that were taken could not be settled");
                    // They are in the inbox, and are settled at the next start.
                    if app.live.store().failure().is_some() || *app.stop.borrow() {
                        return;
                    }
                    thread::sleep(AFTER_FAILURE);
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

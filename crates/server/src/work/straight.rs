//! The thread of the short way: what a page or a form sends is settled and scored at once, where it is little.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::scoring::{AFTER_FAILURE, MOMENT, report, rest, spawn};
use crate::app::App;

/// How long it waits without being called.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Takes the short way, until the server stops and nothing is left.
pub(super) fn passer(app: App) -> Option<JoinHandle<()>> {
    spawn("short-way", move || {
        app.live.open_short_way(true);
        loop {
            match app.live.pass(app.now()) {
                Ok(passed) if passed.reports > 0 => {
                    metrics::counter!("madura_settled_total").increment(passed.reports as u64);
                    metrics::counter!("madura_scored_total").increment(passed.leads as u64);
                    app.tell_to_do();
                }
                Ok(_) if *app.stop.borrow() => break,
                Ok(_) if app.live.wait_for_short(MOMENT) => {}
                Ok(_) => {
                    rest(&app);
                    app.live.wait_for_short(LOOK_AGAIN);
                }
                Err(error) => {
                    report(&error, "facts that were taken could not be settled at once");
                    if app.live.store().failure().is_some() || *app.stop.borrow() {
                        break;
                    }
                    thread::sleep(AFTER_FAILURE);
                }
            }
        }
        app.live.open_short_way(false);
        rest(&app);
    })
}

//! The thread of the short way: what a page or a form sends is settled and scored at once, where it is little.

use std::thread::JoinHandle;

use super::scoring::{LOOK_AGAIN, MOMENT, ends_after, rest, spawn};
use crate::app::App;

/// Takes the short way, until the server stops and nothing is left.
pub(super) fn passer(app: App) -> Option<JoinHandle<()>> {
    spawn("short-way", move || {
        app.live.open_short_way(true);
        // Whether something went the short way that may not be on disk yet.
        let mut is_to_rest = false;
        loop {
            match app.live.pass(app.now()) {
                Ok(passed) if passed.reports > 0 => {
                    metrics::counter!("madura_settled_total").increment(passed.reports as u64);
                    metrics::counter!("madura_scored_total").increment(passed.leads as u64);
                    app.tell_to_do();
                    is_to_rest = true;
                }
                Ok(_) if *app.stop.borrow() => break,
                Ok(_) if app.live.wait_for_short(MOMENT) => {}
                Ok(_) => {
                    if std::mem::take(&mut is_to_rest) {
                        rest(&app);
                    }
                    app.live.wait_for_short(LOOK_AGAIN);
                }
                Err(error) => {
                    if ends_after(
                        &app,
                        &error,
                        "facts that were taken could not be settled at once",
                    ) {
                        break;
                    }
                }
            }
        }
        app.live.open_short_way(false);
        rest(&app);
    })
}

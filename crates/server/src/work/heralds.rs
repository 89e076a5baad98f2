//! What was written, by this node or by another, comes to those who wait for it.

use std::time::Duration;

use store::scores::{in_force, last_transition};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::sleep;

use super::scoring::LOOK_AGAIN;
use crate::app::App;

/// From one look to the next where news come meanwhile: under load all streams together cost ten short reads a
/// second.
const PAUSE: Duration = Duration::from_millis(100);

/// Tells open streams how far the record of transitions has come.
pub(super) async fn transitions(app: App) {
    let mut news = app.live.subscribe();
    let mut stop = app.stop.subscribe();
    let mut is_due = false;
    loop {
        // A transition need not change the numbers that news are about, and other nodes tell nothing.
        let wait = if is_due { PAUSE } else { LOOK_AGAIN };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            heard = news.recv(), if !is_due => if matches!(heard, Err(RecvError::Closed)) { return },
            () = sleep(wait) => {}
        }
        // What comes from here on may be of what this look does not see.
        while matches!(news.try_recv(), Ok(_) | Err(TryRecvError::Lagged(_))) {}
        if app.transitions.receiver_count() > 0 {
            // What cannot be read now is read at the next look.
            if let Ok(last) = app.read(|tx| Ok(last_transition(tx)?)).await {
                app.transitions.send_if_modified(|known| std::mem::replace(known, last) != last);
            }
        }
        is_due = !news.is_empty();
    }
}

/// Looks whether another node on the same server has put other models in force.
pub(super) async fn models(app: App) {
    let mut stop = app.stop.subscribe();
    let lineup = app.live.lineup();
    let lines = lineup.lines().iter();
    let mut known: Vec<(String, i64, bool, bool)> = lines
        .map(|line| (line.model.clone(), line.version, line.is_shadow, line.is_primary))
        .collect();
    known.sort();
    drop(lineup);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = sleep(LOOK_AGAIN) => {}
        }
        let Ok(found) = app.read(|tx| Ok(in_force(tx)?)).await else { continue };
        if found == known {
            continue;
        }
        let live = app.live.clone();
        if app.block(move || live.models_changed()).await.is_ok() {
            known = found;
        } else {
            tracing::warn!("other models are in force, and could not be read yet");
        }
    }
}

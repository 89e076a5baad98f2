//! The threads that score: one for leads whose facts changed, one for the passing of time.

use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use live::LiveError;
use store::DbError;
use tokio::time::Instant;

use crate::app::{App, Worker};

/// How long a thread waits without being called: another node may have left something.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// A moment without anything to do: time to make safe what was done. Whoever sends one event after the other
/// has sent the next by then.
pub(super) const MOMENT: Duration = Duration::from_millis(100);

/// Leads that are scored in one commit. A fact that comes now waits for the leads before it: with so
/// many it is some 20 ms.
const AT_A_TIME: usize = 256;

/// How long to wait after something failed that may pass.
pub(super) const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Scores whoever is marked.
pub(super) fn worker(app: App) -> Option<JoinHandle<()>> {
    spawn("scoring", move || {
        let dying = Dying(&app);
        app.worker.send_replace(Worker::Running);
        while !*app.stop.borrow() {
            match app.live.work(app.now(), AT_A_TIME) {
                Ok(0) if app.live.wait_for_work(MOMENT) => {}
                Ok(0) => {
                    rest(&app);
                    app.live.wait_for_work(LOOK_AGAIN);
                }
                Ok(count) => {
                    metrics::counter!("madura_scored_total").increment(count as u64);
                    app.tell_to_do();
                }
                Err(error) => {
                    report(&error, "marked leads could not be scored");
                    if app.live.store().failure().is_some() {
                        break;
                    }
                    thread::sleep(AFTER_FAILURE);
                }
            }
        }
        rest(&app);
        app.worker.send_replace(Worker::Idle);
        std::mem::forget(dying);
    })
}

pub(super) fn rest(app: &App) {
    if let Err(error) = app.live.rest() {
        report(&error, "settled reports stay in the inbox for now");
    }
}

/// Says that the worker is dead, should it end by a panic.
struct Dying<'a>(&'a App);

impl Drop for Dying<'_> {
    fn drop(&mut self) {
        self.0.worker.send_replace(Worker::Dead);
    }
}

/// Brings everybody into memory, then scores everybody anew again and again.
pub(super) fn ticker(app: App) -> Option<JoinHandle<()>> {
    spawn("ticks", move || {
        while let Err(error) = app.live.load_everyone() {
            report(&error, "everybody could not be brought into memory");
            if wait(&app, AFTER_FAILURE) {
                return;
            }
        }
        loop {
            if let Err(error) = app.live.reprice(app.now()) {
                report(&error, "priorities do not follow what money is worth");
            }
            let began = Instant::now();
            match app.live.tick(app.now()) {
                Ok(ticked) if ticked.moved + ticked.marked > 0 => {
                    tracing::debug!(
                        moved = ticked.moved,
                        marked = ticked.marked,
                        "time has passed"
                    );
                }
                Ok(_) => {}
                Err(error) => report(&error, "everybody could not be scored anew"),
            }
            metrics::histogram!("madura_tick_seconds").record(began.elapsed().as_secs_f64());
            if wait_or(&app, app.config.pace.tick, app.live.hurried()) {
                return;
            }
        }
    })
}

/// Waits, and answers whether the server is to stop.
pub(super) fn wait(app: &App, at_most: Duration) -> bool {
    wait_or(app, at_most, std::future::pending())
}

/// The same, until something comes at the latest.
fn wait_or(app: &App, at_most: Duration, comes: impl Future<Output = ()> + Send + 'static) -> bool {
    let mut stop = app.stop.subscribe();
    if *stop.borrow_and_update() {
        return true;
    }
    let (sender, stopped) = channel::<()>();
    // A watch has no blocking wait with a limit: its task hangs up when there is something to see.
    let Some(runtime) = RUNTIME.with(|runtime| runtime.borrow().clone()) else {
        thread::sleep(at_most);
        return *app.stop.borrow();
    };
    let task = runtime.spawn(async move {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = comes => {}
        }
        drop(sender);
    });
    // Nothing is ever sent: it ends when the task does, or the time is up.
    let _ = stopped.recv_timeout(at_most);
    task.abort();
    *app.stop.borrow()
}

thread_local! {
    static RUNTIME: std::cell::RefCell<Option<tokio::runtime::Handle>> =
        const { std::cell::RefCell::new(None) };
}

/// A thread that knows the runtime.
pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let runtime = tokio::runtime::Handle::try_current().ok();
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || {
        RUNTIME.with(|place| *place.borrow_mut() = runtime);
        work();
    });
    match spawned {
        Ok(thread) => Some(thread),
        Err(error) => {
            tracing::error!(%error, name, "a thread could not be started");
            None
        }
    }
}

/// Says what failed. Whether to end for it: a failed store takes nothing more, and what was taken is in the inbox and is
/// settled at the next start. Else it may have passed when this returns.
pub(super) fn ends_after(app: &App, error: &LiveError, what: &str) -> bool {
    report(error, what);
    let ends = app.live.store().failure().is_some() || *app.stop.borrow();
    if !ends {
        thread::sleep(AFTER_FAILURE);
    }
    ends
}

pub(super) fn report(error: &LiveError, what: &str) {
    match error {
        LiveError::Db(error) if error.is_passing() => tracing::warn!(%error, "{what}"),
        LiveError::Db(DbError::Failed(_)) => tracing::error!(%error, "{what}"),
        _ => tracing::error!(%error, "{what}"),
    }
}

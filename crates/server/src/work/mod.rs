//! What goes on beside requests: settling, scoring, ticks, deliveries, imports, upkeep.

mod deliveries;
mod heralds;
mod imports;
mod scoring;
mod settling;
mod straight;
mod upkeep;

use std::thread::JoinHandle;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::app::{App, Worker};
use crate::server::ServeError;

/// All loops. Dropping it asks them to end.
pub(crate) struct Work {
    threads: Vec<JoinHandle<()>>,
    tasks: JoinSet<()>,
    app: App,
}

/// How long the loops may take to end: a delivery is given 15 s, and what they have begun is safe in
/// any case.
pub(crate) const ENDING: Duration = Duration::from_secs(20);

impl Work {
    /// Begins everything. Call it within the runtime.
    pub(crate) fn begin(app: &App) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(deliveries::run(app.clone()));
        tasks.spawn(upkeep::measure(app.clone()));
        tasks.spawn(heralds::transitions(app.clone()));
        if app.live.store().file().is_none() {
            tasks.spawn(heralds::models(app.clone()));
        }
        let threads = vec![
            settling::settler(app.clone()),
            straight::passer(app.clone()),
            scoring::worker(app.clone()),
            scoring::ticker(app.clone()),
            imports::reader(app.clone()),
            upkeep::keeper(app.clone()),
        ];
        Self { threads: threads.into_iter().flatten().collect(), tasks, app: app.clone() }
    }

    /// Ends when something has gone wrong that only a new start mends.
    pub(crate) async fn watch(&mut self, app: &App) -> ServeError {
        // A failed store is rare, and found out by whoever writes next: a look each second is soon
        // enough, and costs nothing.
        let mut looks = interval(Duration::from_secs(1));
        let mut worker = app.worker.subscribe();
        loop {
            tokio::select! {
                _ = worker.wait_for(|worker| *worker == Worker::Dead) => return ServeError::WorkerEnded,
                _ = looks.tick() => {}
            }
            if let Some(reason) = app.live.store().failure() {
                return ServeError::StoreFailed(reason);
            }
        }
    }

    /// Waits until everything has ended; a stop was asked for before.
    pub(crate) async fn end(&mut self, app: &App) {
        app.live.wake();
        app.tell_to_do();
        let threads = std::mem::take(&mut self.threads);
        let joining = tokio::task::spawn_blocking(move || {
            for thread in threads {
                // What a thread that panicked had to say is in the log.
                let _ = thread.join();
            }
        });
        let all = async {
            let _ = joining.await;
            while self.tasks.join_next().await.is_some() {}
        };
        if timeout(ENDING, all).await.is_err() {
            tracing::warn!("some work did not end in time; it goes on at the next start");
            self.tasks.abort_all();
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.app.stop.send_replace(true);
        self.app.live.wake();
        self.app.tell_to_do();
    }
}

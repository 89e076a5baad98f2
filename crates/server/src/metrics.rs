//! Numbers for whoever watches the system. No label ever holds an id, a name or an address.

use std::sync::{Mutex, OnceLock, PoisonError};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds in seconds: from what SQLite answers in to what people give up at.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Where the numbers are. There is one recorder in a process, however many servers.
#[derive(Clone)]
pub(crate) struct Metrics(Option<PrometheusHandle>);

impl Metrics {
    pub(crate) fn install() -> Self {
        static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
        static INSTALLING: Mutex<()> = Mutex::new(());
        let _one = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = HANDLE.get_or_init(|| {
            let seconds = Matcher::Suffix("_seconds".to_owned());
            let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &SECONDS).ok()?;
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            // Whoever embeds the server may have a recorder: then the numbers go there.
            metrics::set_global_recorder(recorder).ok()?;
            describe();
            Some(handle)
        });
        Self(handle.clone())
    }

    /// All numbers in the text format of Prometheus.
    pub(crate) fn render(&self) -> String {
        self.0.as_ref().map(PrometheusHandle::render).unwrap_or_default()
    }

    /// Folds what was measured since the last time.
    pub(crate) fn keep_up(&self) {
        if let Some(handle) = &self.0 {
            handle.run_upkeep();
        }
    }
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!("madura_requests_total", "Requests, by route, method and status.");
    describe_histogram!("madura_request_seconds", "How long requests took until the answer began.");
    describe_counter!("madura_facts_total", "Reports of facts, by what became of them.");
    describe_counter!("madura_refused_total", "Requests that were refused for want of room, by why.");
    describe_counter!("madura_deliveries_total", "Attempts at webhooks, by how they went.");
    describe_histogram!("madura_tick_seconds", "How long scoring everybody anew took.");
    describe_counter!("madura_scored_total", "Leads that were scored anew.");
    describe_gauge!("madura_streams", "Live streams that are open.");
}

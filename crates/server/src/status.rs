//! The state of the system.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use store::jobs::{self, Job, JobState};
use store::scores::count_lead_rows;
use store::segments::segment_files;
use store::{Address, facts, webhooks};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::{App, Worker};
use crate::instant::Instant;
use crate::problem::Problem;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_status))
}

/// The state of the system.
#[derive(Debug, Serialize, ToSchema)]
struct Status {
    /// The program's version.
    version: &'static str,
    /// Its clock.
    now: Instant,
    /// `sqlite` or `postgres`.
    store: &'static str,
    /// Why the store takes nothing.
    store_failure: Option<String>,
    /// Whether somebody scores.
    is_scoring: bool,
    /// Leads.
    leads: i64,
    /// Facts that are in the database.
    facts: i64,
    /// Facts that are in files.
    sealed_facts: i64,
    /// Bytes of those files.
    sealed_bytes: i64,
    /// Versions of models in force.
    models: Vec<InForce>,
    /// Live streams that are open.
    streams: usize,
    /// Webhook deliveries that wait.
    deliveries_waiting: i64,
    /// Webhook deliveries that were given up.
    deliveries_given_up: i64,
    /// Work that is to be done, and what failed.
    jobs: Vec<JobView>,
}

/// A version of a model that scores.
#[derive(Debug, Serialize, ToSchema)]
struct InForce {
    /// What can be asked for as `model`.
    key: String,
    /// The model.
    model: String,
    /// Its version.
    version: i64,
    /// Whether it has no effect.
    is_shadow: bool,
    /// Whether lists show its scores unless another is asked for.
    is_primary: bool,
}

/// Work that happens by itself.
#[derive(Debug, Serialize, ToSchema)]
struct JobView {
    /// Its id.
    id: String,
    /// What is done.
    kind: String,
    /// `waiting`, `done` or `failed`.
    #[schema(value_type = String)]
    state: JobState,
    /// Whether somebody is at it.
    is_running: bool,
    /// When it is due.
    next_at: Instant,
    /// Runs that were begun since the last success.
    attempts: i64,
    /// Why the last run failed.
    failure: Option<String>,
    /// When the last run ended.
    finished_at: Option<Instant>,
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            state: job.state,
            is_running: job.is_running,
            next_at: job.next_at.into(),
            attempts: job.attempts,
            failure: job.failure,
            finished_at: job.finished_at.map(Instant),
        }
    }
}

/// The state of the system.
#[utoipa::path(get, path = "/api/v1/status", tag = "status", responses((status = 200, body = Status)))]
async fn show_status(State(app): State<App>) -> Result<Json<Status>, Problem> {
    let on = app.clone();
    app.read(move |tx| {
        let app = on;
        let counts = webhooks::counts(tx)?;
        let files = segment_files(tx)?;
        let mut work = jobs::list(tx, JobState::Waiting, 50)?;
        work.extend(jobs::list(tx, JobState::Failed, 50)?);
        let lineup = app.live.lineup();
        let models = lineup.lines().iter().map(|line| InForce {
            key: line.key.clone(),
            model: line.model.clone(),
            version: line.version,
            is_shadow: line.is_shadow,
            is_primary: line.is_primary,
        });
        Ok(Json(Status {
            version: env!("CARGO_PKG_VERSION"),
            now: app.now().into(),
            store: match app.live.store().address() {
                Address::File(_) => "sqlite",
                Address::Postgres(_) => "postgres",
            },
            store_failure: app.live.store().failure(),
            is_scoring: *app.worker.borrow() == Worker::Running,
            leads: count_lead_rows(tx)?,
            facts: facts::count(tx)?,
            sealed_facts: files.iter().map(|file| file.facts).sum(),
            sealed_bytes: files.iter().map(|file| file.bytes).sum(),
            models: models.collect(),
            streams: app.config.limits.streams - app.streams.available_permits(),
            deliveries_waiting: counts.iter().map(|counts| counts.waiting).sum(),
            deliveries_given_up: counts.iter().map(|counts| counts.given_up).sum(),
            jobs: work.into_iter().map(JobView::from).collect(),
        }))
    })
    .await
}

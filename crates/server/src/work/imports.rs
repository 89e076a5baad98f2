//! Reading files that are imported, part by part; after a restart it goes on where it was.

use std::ops::ControlFlow;
use std::thread::JoinHandle;
use std::time::Duration;

use ingest::Place;
use ingest::imports::{ImportBatch, ImportFile, ImportMapping, ImportRun};
use leads::Timestamp;
use live::{Live, News};
use serde_json::json;
use store::facts::{self, Outcome, Taken};
use store::imports::{self, Import, ImportState, Progress, Reject};
use store::jobs::{self, After, JobClaim};

use super::scoring::{spawn, wait};
use crate::app::App;
use crate::imports::preview::place_number;
use crate::imports::{discard, path_of};
use crate::problem::Problem;

/// Rows that are settled in one commit.
const ROWS: usize = 500;

/// How long a claim lasts; it is extended with each part.
const LEASE_MS: i64 = 60_000;

/// How long to wait for something to do, when nobody gave a sign.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// After how many failures of the process an import is given up.
const ATTEMPTS_MAX: i64 = 5;

/// Reads imports, one at a time.
pub(super) fn reader(app: App) -> Option<JoinHandle<()>> {
    spawn("imports", move || {
        loop {
            match claim(&app) {
                Ok(Some(claim)) => {
                    run(&app, &claim);
                    continue;
                }
                Ok(None) => {}
                Err(_) => tracing::warn!("jobs could not be claimed"),
            }
            if wait(&app, LOOK_AGAIN) {
                return;
            }
        }
    })
}

fn lease(now: Timestamp) -> Timestamp {
    Timestamp::saturating_from_millis(now.as_millis() + LEASE_MS)
}

fn claim(app: &App) -> Result<Option<JobClaim>, Problem> {
    if *app.stop.borrow() {
        return Ok(None);
    }
    let now = app.now();
    let until = lease(now);
    let claims =
        app.live.store().submit_claim(move |tx| jobs::claim_kind(tx, "import", now, 1, until));
    Ok(claims.wait()?.pop())
}

/// Reads an import to its end, or as far as it goes.
fn run(app: &App, claim: &JobClaim) {
    let id = claim.details["import"].as_str().unwrap_or_default().to_owned();
    let outcome = if claim.attempt > ATTEMPTS_MAX {
        Err(Stop::Failed("reading this file ended the program again and again".to_owned()))
    } else {
        read(app, claim, &id)
    };
    let now = app.now();
    let (claim, import) = (claim.clone(), id);
    let finished = app.live.store().write(move |tx| {
        match outcome {
            Ok(()) => {
                let ended = imports::finish(tx, &import, now)?;
                Live::tell_of_import(tx, &ended, now)?;
                jobs::finish(tx, &claim, After::Done(&json!({})), now)?;
            }
            Err(Stop::Failed(reason)) => {
                let ended = imports::fail(tx, &import, &reason, now)?;
                Live::tell_of_import(tx, &ended, now)?;
                jobs::finish(tx, &claim, After::Failed(&reason), now)?;
            }
            // Somebody halted it, or has it by now.
            Err(Stop::Halted) => {
                jobs::finish(tx, &claim, After::Done(&json!({})), now)?;
            }
            Err(Stop::Stopping) => {
                jobs::release(tx, &claim, now)?;
            }
            Err(Stop::Passing) => {
                let later = Timestamp::saturating_from_millis(now.as_millis() + 5_000);
                jobs::finish(tx, &claim, After::RetryAt("the store could not", later), now)?;
            }
        }
        Ok::<_, Problem>(imports::find(tx, &import)?)
    });
    match finished {
        Ok(Some(import)) => {
            if import.state == ImportState::Done {
                // All that it says is in the store now, and is erased there.
                discard(&path_of(&app.config, &import));
            }
            tell(app, &import);
        }
        Ok(None) => {}
        Err(_) => tracing::warn!("the end of an import could not be recorded; it is read again"),
    }
}

/// Why an import is not read on.
enum Stop {
    Failed(String),
    Halted,
    Stopping,
    Passing,
}

fn read(app: &App, claim: &JobClaim, id: &str) -> Result<(), Stop> {
    let wanted = id.to_owned();
    let found = app.live.store().read(|tx| Ok::<_, Problem>(imports::find(tx, &wanted)?));
    let import = found.map_err(|_| Stop::Passing)?.ok_or(Stop::Halted)?;
    if import.state != ImportState::Running {
        return Err(Stop::Halted);
    }
    let failed = |error: String| Stop::Failed(error);
    let mapping: ImportMapping = serde_json::from_value(import.mapping.clone())
        .map_err(|error| failed(format!("the mapping cannot be read: {error}")))?;
    let path = path_of(&app.config, &import);
    if !path.exists() {
        return Err(failed("its file is no more: import it anew".to_owned()));
    }
    let path = path.display().to_string();
    let file = ImportFile::open(&path, &import.name).map_err(|error| failed(error.to_string()))?;
    let source = format!("import:{id}");
    let run = ImportRun {
        scope: id,
        source: &source,
        imported_at: import.started_at.unwrap_or(import.created_at),
        from_row: import.next_row.max(0).unsigned_abs(),
        batch_rows: ROWS,
    };
    let mut stop = None;
    let summary = ingest::imports::read(&file, &mapping, &run, &mut |batch| match settle(
        app, claim, id, batch,
    ) {
        Ok(import) => {
            tell(app, &import);
            if *app.stop.borrow() {
                stop = Some(Stop::Stopping);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        }
        Err(reason) => {
            stop = Some(reason);
            ControlFlow::Break(())
        }
    });
    match (stop, summary) {
        (Some(reason), _) => Err(reason),
        (None, Err(error)) => Err(Stop::Failed(error.to_string())),
        (None, Ok(_)) => Ok(()),
    }
}

/// Stores the facts of some rows together with how far the import is.
fn settle(app: &App, claim: &JobClaim, id: &str, batch: ImportBatch) -> Result<Import, Stop> {
    let now = app.now();
    let (claim, id) = (claim.clone(), id.to_owned());
    let (mark, on) = (app.fresh_id(), app.clone());
    let stored = app.live.store().write(move |tx| {
        if !jobs::extend(tx, &claim, lease(now))? {
            return Ok(None);
        }
        let appended = facts::append(tx, &batch.reports, &mut || on.fresh_id())?;
        Live::touch_appended(tx, &appended, &mark, now)?;
        on.live.heard_of(&batch.reports);
        let rows = became_of(&batch, &appended.taken);
        let progress = Progress {
            from_row: batch.next_row as i64 - batch.rows as i64,
            to_row: batch.next_row as i64,
            taken: rows.taken,
            repeated: rows.repeated,
            rejects: &rows.rejects,
        };
        match imports::advance(tx, &id, &progress) {
            Ok(import) => Ok(Some(import)),
            // Halted, or overtaken: then nothing of this part is stored.
            Err(imports::ImportError::State { .. } | imports::ImportError::Overtaken { .. }) => {
                Err(Problem::conflict("halted", "the import was halted"))
            }
            Err(error) => Err(error.into()),
        }
    });
    app.live.wake();
    match stored {
        Ok(Some(import)) => Ok(import),
        Ok(None) => Err(Stop::Halted),
        Err(problem) if problem.status() == axum::http::StatusCode::CONFLICT => Err(Stop::Halted),
        Err(problem) if problem.status() == axum::http::StatusCode::SERVICE_UNAVAILABLE => {
            Err(Stop::Passing)
        }
        Err(_) => Err(Stop::Failed("its rows could not be stored: see the log".to_owned())),
    }
}

/// What became of the rows of a part.
#[derive(Default)]
struct Rows {
    taken: i64,
    repeated: i64,
    rejects: Vec<Reject>,
}

/// Several facts may come from one row: it was there already where none of them is new, and is refused where one of
/// them is.
fn became_of(batch: &ImportBatch, taken: &[Taken]) -> Rows {
    let mut rows = Rows::default();
    for reject in &batch.rejects {
        let message = match &reject.column {
            Some(column) => format!("{column}: {}", reject.reason),
            None => reject.reason.clone(),
        };
        rows.reject(reject.place, "unreadable", message);
    }
    let mut taken = taken.iter();
    for row in &batch.readable {
        let facts: Vec<Outcome> =
            taken.by_ref().take(row.reports as usize).map(|taken| taken.outcome).collect();
        let refusal = facts.iter().find_map(|outcome| match outcome {
            Outcome::Refused(refusal) => Some(refusal),
            Outcome::New | Outcome::Repeated | Outcome::Replaced => None,
        });
        if let Some(refusal) = refusal {
            rows.reject(row.place, "refused", refusal.to_string());
        } else if facts.iter().all(|outcome| *outcome == Outcome::Repeated) {
            rows.repeated += 1;
        } else {
            rows.taken += 1;
        }
    }
    rows.rejects.sort_by_key(|reject| reject.row);
    rows
}

impl Rows {
    fn reject(&mut self, place: Place, code: &str, message: String) {
        let row = place_number(place) as i64;
        self.rejects.push(Reject { row, code: code.to_owned(), message });
    }
}

fn tell(app: &App, import: &Import) {
    let state = import.state.as_str().to_owned();
    app.live.tell(News::Import { import: import.id.clone(), state });
}

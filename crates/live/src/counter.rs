//! The counter where reports are handed in: those of many requests that wait for the writer at the
//! same time are appended together. A statement that finds or writes for a hundred reports costs
//! little more than one for a single report.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leads::Report;
use store::facts::Appended;
use store::{DbError, Store, Tx};
use tokio::sync::oneshot;

use crate::bell::Bell;
use crate::{Live, LiveError};

/// Reports that are appended together: beyond that nothing is gained, and others wait longer.
const TOGETHER: usize = 1_000;

type Answer = oneshot::Sender<Result<Appended, LiveError>>;

/// Reports that wait to be appended, request by request.
#[derive(Clone, Default)]
pub(crate) struct Counter {
    waiting: Arc<Mutex<VecDeque<Request>>>,
}

struct Request {
    reports: Vec<Report>,
    answer: Answer,
}

/// The reports of several requests, one after the other.
#[derive(Default)]
struct Gathered {
    reports: Vec<Report>,
    /// Whose they are.
    requests: Vec<(Range<usize>, Answer)>,
}

impl Counter {
    /// Hands reports in. The answer comes when they are on disk, and the bell rings.
    pub(crate) fn hand_in(
        &self,
        store: &Store,
        reports: Vec<Report>,
        fresh_id: fn() -> String,
        bell: Arc<Bell>,
    ) -> oneshot::Receiver<Result<Appended, LiveError>> {
        let (answer, receiver) = oneshot::channel();
        lock(&self.waiting).push_back(Request { reports, answer });
        // Each request brings a job, and a job takes what waits: whichever comes first, at the latest
        // the request's own one takes its reports.
        let (waiting, gathered) = (Arc::clone(&self.waiting), Arc::default());
        let at_work: Arc<Mutex<Gathered>> = Arc::clone(&gathered);
        let at_hand = Arc::clone(&waiting);
        store.submit_then(
            move |tx| {
                let mut gathered = lock(&at_work);
                *gathered = gather(&mut lock(&at_hand));
                if gathered.requests.is_empty() {
                    return Ok(Vec::new());
                }
                append_all(tx, &gathered, fresh_id)
            },
            move |outcome: Result<_, LiveError>| {
                let mut requests = std::mem::take(&mut *lock(&gathered)).requests;
                if outcome.is_err() && requests.is_empty() {
                    // The job never ran: those whom it would have served hear of it.
                    requests = gather(&mut lock(&waiting)).requests;
                }
                match outcome {
                    Ok(answers) => {
                        if !answers.is_empty() {
                            bell.ring();
                        }
                        for ((_, request), answer) in requests.into_iter().zip(answers) {
                            // Nobody may be waiting any more; what was committed stays committed.
                            let _ = request.send(answer);
                        }
                    }
                    Err(error) => {
                        for (_, request) in requests {
                            let _ = request.send(Err(error.clone()));
                        }
                    }
                }
            },
        );
        receiver
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What waits longest, so much at most, but one request in any case.
fn gather(waiting: &mut VecDeque<Request>) -> Gathered {
    let mut gathered = Gathered::default();
    while let Some(next) = waiting.front() {
        let from = gathered.reports.len();
        if from > 0 && from + next.reports.len() > TOGETHER {
            break;
        }
        let Some(Request { reports, answer }) = waiting.pop_front() else { break };
        gathered.reports.extend(reports);
        gathered.requests.push((from..gathered.reports.len(), answer));
    }
    gathered
}

/// Appends everything at once. Where that fails through something that one request says, each request
/// stands or falls by itself.
fn append_all(
    tx: &mut Tx<'_>,
    gathered: &Gathered,
    fresh_id: fn() -> String,
) -> Result<Vec<Result<Appended, LiveError>>, LiveError> {
    let Gathered { reports, requests } = gathered;
    if requests.len() == 1 {
        return Ok(vec![Ok(append(tx, reports, fresh_id)?)]);
    }
    match apart(tx, |tx| append(tx, reports, fresh_id)) {
        Ok(mut appended) => {
            let mut taken = std::mem::take(&mut appended.taken).into_iter();
            let of_request = |range: &Range<usize>| Appended {
                taken: taken.by_ref().take(range.len()).collect(),
                ..Appended::default()
            };
            Ok(requests.iter().map(|(range, _)| range).map(of_request).map(Ok).collect())
        }
        Err(LiveError::Db(DbError::Statement(_) | DbError::Exists(_))) => {
            let each = requests.iter().map(|(range, _)| {
                match apart(tx, |tx| append(tx, &reports[range.clone()], fresh_id)) {
                    Err(LiveError::Db(DbError::Statement(text))) => {
                        Ok(Err(DbError::Statement(text).into()))
                    }
                    Err(LiveError::Db(DbError::Exists(text))) => {
                        Ok(Err(DbError::Exists(text).into()))
                    }
                    other => other.map(Ok),
                }
            });
            each.collect()
        }
        Err(error) => Err(error),
    }
}

fn append(
    tx: &mut Tx<'_>,
    reports: &[Report],
    fresh_id: fn() -> String,
) -> Result<Appended, LiveError> {
    let appended = store::facts::append(tx, reports, &mut || fresh_id())?;
    Live::touch_appended(tx, &appended, &fresh_id())?;
    Ok(appended)
}

/// Runs a part of a job so that, should it fail, nothing of it is left.
fn apart<T>(
    tx: &mut Tx<'_>,
    part: impl FnOnce(&mut Tx<'_>) -> Result<T, LiveError>,
) -> Result<T, LiveError> {
    tx.execute("SAVEPOINT part", &[])?;
    let result = part(tx);
    if result.is_err() {
        tx.execute("ROLLBACK TO part", &[])?;
    }
    tx.execute("RELEASE part", &[])?;
    result
}

//! The one writer: takes jobs, runs as many as are waiting in one transaction, and answers each
//! when their commit is on disk. A commit costs a write to disk (0.2 to 7 ms); shared, it costs each
//! job a fraction of that.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::db::{Address, Connection, DbError, Tx};

/// Jobs that may wait; whoever brings one more waits with it.
const WAITING: usize = 4096;

/// Jobs in one commit. Some thousand inserts take 10 ms, which nobody should wait much longer for.
const JOBS_PER_COMMIT: usize = 512;

/// Runs within the transaction of its group, or hears why there is none.
type Job = Box<dyn FnOnce(Result<&mut Connection, DbError>) -> Ran + Send>;

/// Tells whoever waits for a job, once it is known whether the group's commit is on disk.
type Answer = Box<dyn FnOnce(Result<(), DbError>) + Send>;

/// What became of a job within its group.
struct Ran {
    answer: Answer,
    /// The connection is of no further use to the group.
    broken: Option<DbError>,
}

pub(crate) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    failure: Arc<Mutex<Option<String>>>,
}

/// The answer to a job, to be waited for or awaited.
#[must_use = "what was handed in is only safe when the answer is there"]
pub struct Pending<T, E> {
    answer: oneshot::Receiver<Result<T, E>>,
}

impl Writer {
    pub(crate) fn start(connection: Connection, address: Address) -> Result<Self, DbError> {
        let (jobs, waiting) = sync_channel::<Job>(WAITING);
        let failure = Arc::new(Mutex::new(None));
        let desk = Desk { connection: Some(connection), address, failure: Arc::clone(&failure) };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || desk.work(&waiting))
            .map_err(|error| DbError::Unavailable(error.to_string()))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), failure })
    }

    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn submit<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        // Nobody may be waiting any more; what was committed stays committed.
        self.submit_then(job, move |result| drop(sender.send(result)));
        Pending { answer }
    }

    pub(crate) fn submit_then<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        then: impl FnOnce(Result<T, E>) + Send + 'static,
    ) where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let job: Job = Box::new(move |connection| {
            let (result, broken) = match connection {
                Ok(connection) => within_savepoint(connection, job),
                Err(error) => (Err(error.into()), None),
            };
            let answer = move |committed: Result<(), DbError>| {
                then(committed.map_err(E::from).and(result));
            };
            Ran { answer: Box::new(answer), broken }
        });
        if let Some(jobs) = &self.jobs {
            // Were the thread gone, the job would be dropped, and with it whoever is to answer, which
            // those who wait find out.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Writer {
    /// Waits until everything that was handed in is on disk.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A job may hold the last handle of the store: then this is the writer's own thread,
            // which ends by itself.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl<T, E: From<DbError>> Pending<T, E> {
    /// Waits for the answer. Never call it from asynchronous code: await it there.
    pub fn wait(self) -> Result<T, E> {
        self.answer.blocking_recv().unwrap_or_else(|_| Err(closed().into()))
    }
}

impl<T, E: From<DbError>> Future for Pending<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = Pin::new(&mut self.answer).poll(context);
        answer.map(|answer| answer.unwrap_or_else(|_| Err(closed().into())))
    }
}

fn closed() -> DbError {
    DbError::Unavailable("the store is closed".to_owned())
}

/// Runs a job so that, should it fail, nothing of it is left. The second answer says that the
/// connection itself is of no use any more.
fn within_savepoint<T, E: From<DbError>>(
    connection: &mut Connection,
    job: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> (Result<T, E>, Option<DbError>) {
    if let Err(error) = connection.run("SAVEPOINT job") {
        return (Err(error.clone().into()), Some(error));
    }
    let result = job(&mut connection.transaction());
    let end = if result.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    match connection.run(end) {
        Ok(()) => (result, None),
        Err(error) => (result.and_then(|_| Err(error.clone().into())), Some(error)),
    }
}

/// The writer's thread.
struct Desk {
    /// `None`: to be opened anew.
    connection: Option<Connection>,
    address: Address,
    failure: Arc<Mutex<Option<String>>>,
}

impl Desk {
    fn work(mut self, waiting: &Receiver<Job>) {
        while let Ok(first) = waiting.recv() {
            let mut answers = Vec::new();
            let outcome = self.group(first, waiting, &mut answers);
            if let Err(error) = &outcome {
                self.after(error);
            }
            for answer in answers {
                answer(outcome.clone());
            }
        }
    }

    /// One commit.
    fn group(
        &mut self,
        first: Job,
        waiting: &Receiver<Job>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), DbError> {
        let connection = match self.begin() {
            Ok(connection) => connection,
            Err(error) => {
                answers.push(first(Err(error.clone())).answer);
                return Err(error);
            }
        };
        let mut job = Some(first);
        while let Some(next) = job.take() {
            let ran = next(Ok(&mut *connection));
            answers.push(ran.answer);
            if let Some(error) = ran.broken {
                return Err(error);
            }
            if answers.len() < JOBS_PER_COMMIT {
                job = waiting.try_recv().ok();
            }
        }
        connection.run("COMMIT")
    }

    fn begin(&mut self) -> Result<&mut Connection, DbError> {
        if let Some(reason) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Err(DbError::Failed(reason));
        }
        if self.connection.is_none() {
            self.connection = Some(Connection::open(&self.address)?);
        }
        let connection = self.connection.as_mut().ok_or_else(closed)?;
        connection.begin_write()?;
        Ok(connection)
    }

    /// Whatever went wrong, the next group begins on a connection in a known state.
    fn after(&mut self, error: &DbError) {
        if let DbError::Failed(reason) = error {
            // After a failed write to disk a second attempt may seem to succeed without having
            // written anything (fsync reports an error once). Only a restart reads what is there.
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            *failure = Some(reason.clone());
            tracing::error!(reason, "the disk refused a commit, nothing more is taken");
        }
        let rolled_back = match &mut self.connection {
            Some(connection) => connection.run("ROLLBACK"),
            None => Ok(()),
        };
        if rolled_back.is_err() || matches!(error, DbError::Unavailable(_)) {
            self.connection = None;
        }
    }
}

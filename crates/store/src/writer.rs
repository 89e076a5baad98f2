//! The one writer: takes jobs, runs as many as are waiting in one transaction, and answers each
//! when their commit is on disk. To be on disk costs a sync (0.2 to 7 ms); shared, it costs each job a
//! fraction of that. A job whose work would be done again were it lost can ask to be answered when it
//! is committed (see [`Until`]): that is what saves the syncs that nobody needs.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::db::{Address, Checkpoints, Connection, DbError, Tx};
use crate::failure::Failure;
use crate::syncs::{Answer, Log, Syncing, Syncs, answer_all};

/// Jobs that may wait; whoever brings one more waits with it.
const WAITING: usize = 4096;

/// Jobs in one commit. Some thousand inserts take 10 ms, which nobody should wait much longer for.
const JOBS_PER_COMMIT: usize = 512;

/// What whoever waits for a job waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Until {
    /// Others see it. Should the power go, it may be lost, with everything that was committed after it:
    /// there is one log, and of a log the beginning is what stays.
    Committed,
    /// The same as of [`Until::Safe`] where it wrote something; else nothing, as whoever waits has nothing to
    /// go on.
    SafeIfItWrote,
    /// What it wrote is on disk, and so is everything that was committed before: it may have found that
    /// somebody else had written already what it was to write.
    Safe,
}

/// Runs within the transaction of its group, or hears why there is none.
struct Job {
    until: Until,
    place: Place,
    run: Run,
}

/// Where a job is in its group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// The first, and others follow. It has no savepoint: SQLite keeps a copy of each page that is changed within
    /// one, which took an eighth of the writer's time.
    First,
    /// The only one: nobody waits for others with it. It comes before all that wait, and has no savepoint.
    Alone,
    /// Any.
    Any,
}

/// What the writer's thread is called with.
enum Call {
    Job(Job),
    /// There is a job that comes before those that wait.
    Urgent,
}

/// Jobs that wait: urgent ones, and the others in the order in which they came.
struct Waiting {
    urgent: Receiver<Job>,
    calls: Receiver<Call>,
    /// The first of those that were called and have not begun.
    next: Option<Job>,
}

type Run = Box<dyn FnOnce(Result<&mut Connection, DbError>) -> Ran + Send>;

/// What became of a job within its group.
struct Ran {
    answer: Answer,
    /// Whether the group ends here without a commit: nothing of it is to be kept.
    is_spoiled: bool,
    /// The connection is of no further use to the group.
    broken: Option<DbError>,
}

/// How a writer goes about it.
#[derive(Clone)]
pub(crate) struct Ways {
    /// The name of its thread.
    pub(crate) name: &'static str,
    pub(crate) open: fn(&Address) -> Result<Connection, DbError>,
    /// Begins the transaction of a group.
    pub(crate) begin: fn(&mut Connection) -> Result<(), DbError>,
    pub(crate) syncing: Syncing,
    /// Whether the next group begins while the disk takes this one. Where everybody waits for the disk, it
    /// is better to wait with them: more come together meanwhile, to share a commit.
    pub(crate) goes_on: bool,
}

pub(crate) struct Writer {
    jobs: Option<Jobs>,
    thread: Option<JoinHandle<()>>,
    failure: Failure,
}

struct Jobs {
    urgent: Sender<Job>,
    calls: SyncSender<Call>,
}

/// The answer to a job, to be waited for or awaited.
#[must_use = "what was handed in is only safe when the answer is there"]
pub struct Pending<T, E> {
    answer: oneshot::Receiver<Result<T, E>>,
}

impl Writer {
    /// Without a connection, the first job opens one.
    pub(crate) fn start(
        connection: Option<Connection>,
        address: Address,
        ways: Ways,
    ) -> Result<Self, DbError> {
        let (sender, calls) = sync_channel(WAITING);
        let (urgent_sender, urgent) = channel();
        let jobs = Jobs { urgent: urgent_sender, calls: sender };
        let waiting = Waiting { urgent, calls, next: None };
        let failure = Failure::default();
        let name = ways.name.to_owned();
        let has_syncs = ways.goes_on && address.file().is_some();
        let syncs = has_syncs.then(|| Syncs::start(Arc::clone(&ways.syncing), failure.clone()));
        let mut desk = Desk {
            syncs: syncs.transpose()?,
            log: None,
            connection: None,
            checkpoints: Checkpoints::start(&address, failure.clone())?,
            address,
            ways,
            failure: failure.clone(),
        };
        if let Some(connection) = connection {
            desk.take_over(connection)?;
        }
        let thread = thread::Builder::new()
            .name(name)
            .spawn(move || desk.work(waiting))
            .map_err(|error| DbError::Unavailable(error.to_string()))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), failure })
    }

    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.reason()
    }

    pub(crate) fn submit<T, E>(
        &self,
        until: Until,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        // Nobody may be waiting any more; what was committed stays committed.
        self.submit_then(until, job, move |result| drop(sender.send(result)));
        Pending { answer }
    }

    pub(crate) fn submit_then<T, E>(
        &self,
        until: Until,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        then: impl FnOnce(Result<T, E>) + Send + 'static,
    ) where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.send(until, Place::Any, move |connection| match connection {
            Ok(connection) => {
                let (result, broken) = within_savepoint(connection, job);
                Ran { answer: answer(result, then), is_spoiled: false, broken }
            }
            Err(error) => {
                let answer = answer(Err(error.into()), then);
                Ran { answer, is_spoiled: false, broken: None }
            }
        });
    }

    /// The same for a job that changes many rows or is in a hurry: where it fails it is the only one of its
    /// commit. Answered when it is committed.
    pub(crate) fn submit_at<T, E>(
        &self,
        place: Place,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (sender, pending) = oneshot::channel();
        let then = move |result| drop(sender.send(result));
        self.send(Until::Committed, place, move |connection| {
            let result = match connection {
                Ok(connection) => job(&mut connection.transaction()),
                Err(error) => Err(error.into()),
            };
            let is_spoiled = result.is_err();
            Ran { answer: answer(result, then), is_spoiled, broken: None }
        });
        Pending { answer: pending }
    }

    fn send(
        &self,
        until: Until,
        place: Place,
        run: impl FnOnce(Result<&mut Connection, DbError>) -> Ran + Send + 'static,
    ) {
        let job = Job { until, place, run: Box::new(run) };
        let Some(Jobs { urgent, calls }) = &self.jobs else { return };
        // Were the thread gone, the job would be dropped, and with it whoever is to answer, which
        // those who wait find out.
        if place == Place::Alone {
            let _ = urgent.send(job);
            // Where there is no room for the call, there is something that the thread comes to without it.
            let _ = calls.try_send(Call::Urgent);
        } else {
            let _ = calls.send(Call::Job(job));
        }
    }
}

impl Waiting {
    /// The job that begins the next group; waits for it. `None`: none will come any more.
    fn first(&mut self) -> Option<Job> {
        loop {
            if let Some(job) = self.urgent.try_recv().ok().or_else(|| self.next.take()) {
                return Some(job);
            }
            if let Call::Job(job) = self.calls.recv().ok()? {
                return Some(job);
            }
        }
    }

    /// The next one of a group, where one waits that may be in it, and nothing is urgent.
    fn another(&mut self) -> Option<Job> {
        let Call::Job(job) = self.calls.try_recv().ok()? else { return None };
        if job.place == Place::Any {
            return Some(job);
        }
        self.next = Some(job);
        None
    }
}

/// Tells `then` what came of a job, once it is known whether it was committed. A job that failed says why
/// it did, whatever became of the others.
fn answer<T, E>(result: Result<T, E>, then: impl FnOnce(Result<T, E>) + Send + 'static) -> Answer
where
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    Box::new(move |committed: Result<(), DbError>| {
        then(result.and_then(|value| committed.map(|()| value).map_err(E::from)));
    })
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
    /// One that is there already.
    pub(crate) fn answered(result: Result<T, E>) -> Self {
        let (sender, answer) = oneshot::channel();
        drop(sender.send(result));
        Self { answer }
    }

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

pub(crate) fn closed() -> DbError {
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
    /// Of a file where the writer goes on meanwhile. It ends first, when everybody is answered.
    syncs: Option<Syncs>,
    /// That of the connection, where commits are not synced by themselves.
    log: Option<Arc<Log>>,
    /// `None`: to be opened anew.
    connection: Option<Connection>,
    /// Of a file. It ends after the connection, which calls it.
    checkpoints: Option<Checkpoints>,
    address: Address,
    ways: Ways,
    failure: Failure,
}

/// Whoever waits for a group.
#[derive(Default)]
struct Group {
    /// Those who wait for its commit.
    committed: Vec<Answer>,
    /// Those who wait for the disk.
    safe: Vec<Answer>,
}

impl Group {
    fn len(&self) -> usize {
        self.committed.len() + self.safe.len()
    }

    fn answer(self, outcome: &Result<(), DbError>) {
        answer_all(self.committed, outcome);
        answer_all(self.safe, outcome);
    }
}

impl Desk {
    fn work(mut self, mut waiting: Waiting) {
        while let Some(first) = waiting.first() {
            let mut group = Group::default();
            let outcome = self.group(first, &mut waiting, &mut group);
            if let Err(error) = &outcome {
                self.after(error);
            }
            match outcome {
                Ok(()) => self.make_safe(group),
                failed @ Err(_) => group.answer(&failed),
            }
        }
        // What nobody has asked for is safe at the end, too.
        if let (Some(syncs), Some(log)) = (&self.syncs, &self.log) {
            syncs.ask(log, Vec::new());
        }
    }

    /// A group is committed: answers those who wait for that, and the others when it is on disk.
    fn make_safe(&self, mut group: Group) {
        let safe = std::mem::take(&mut group.safe);
        group.answer(&Ok(()));
        match (&self.log, &self.syncs) {
            _ if safe.is_empty() => {}
            (Some(log), Some(syncs)) => syncs.ask(log, safe),
            (Some(log), None) => answer_all(safe, &log.sync(&self.ways.syncing, &self.failure)),
            (None, _) => answer_all(safe, &Ok(())),
        }
    }

    /// One commit: of `first` and what waits with it, as far as the next job that begins a group.
    fn group(
        &mut self,
        first: Job,
        waiting: &mut Waiting,
        group: &mut Group,
    ) -> Result<(), DbError> {
        let connection = match self.begin() {
            Ok(connection) => connection,
            Err(error) => {
                group.committed.push((first.run)(Err(error.clone())).answer);
                return Err(error);
            }
        };
        let mut job = Some(first);
        while let Some(Job { until, place, run }) = job.take() {
            let before = connection.changes();
            let ran = run(Ok(&mut *connection));
            let wrote = before.is_none() || before != connection.changes();
            let is_to_be_safe = until == Until::Safe || (until == Until::SafeIfItWrote && wrote);
            let group_of = if is_to_be_safe { &mut group.safe } else { &mut group.committed };
            group_of.push(ran.answer);
            if let Some(error) = ran.broken {
                return Err(error);
            }
            if ran.is_spoiled {
                return connection.run("ROLLBACK");
            }
            if place != Place::Alone && group.len() < JOBS_PER_COMMIT {
                job = waiting.another();
            }
        }
        connection.run("COMMIT")
    }

    fn begin(&mut self) -> Result<&mut Connection, DbError> {
        if let Some(reason) = self.failure.reason() {
            return Err(DbError::Failed(reason));
        }
        if self.connection.is_none() {
            let connection = (self.ways.open)(&self.address)?;
            self.take_over(connection)?;
        }
        let connection = self.connection.as_mut().ok_or_else(closed)?;
        (self.ways.begin)(connection)?;
        Ok(connection)
    }

    /// Writes through a connection from now on.
    fn take_over(&mut self, mut connection: Connection) -> Result<(), DbError> {
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.look_after(&mut connection)?;
        }
        let log = connection.leave_syncing()?.map(Log::open).transpose()?;
        self.log = log.map(Arc::new);
        self.connection = Some(connection);
        Ok(())
    }

    /// Whatever went wrong, the next group begins on a connection in a known state.
    fn after(&mut self, error: &DbError) {
        if let DbError::Failed(reason) = error {
            self.failure.note(reason);
        }
        let rolled_back = match &mut self.connection {
            Some(connection) => connection.run("ROLLBACK"),
            None => Ok(()),
        };
        if rolled_back.is_err() || matches!(error, DbError::Unavailable(_)) {
            self.connection = None;
            self.log = None;
        }
    }
}

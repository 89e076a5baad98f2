//! The running system without HTTP: reports in; scores, stages, rankings and news out.
//!
//! ```text
//! accept(reports) -> a parcel in the inbox                            (one commit, then the answer)
//! settle()        -> their facts in the store                         (one commit for many parcels, not synced)
//! work(now)       -> leads read, scored, written, told of             (one commit per round, not synced)
//! pass(now)       -> both in one commit, for a few short parcels
//! rest()          -> all that on disk, the parcels out of the inbox   (one sync for many commits)
//! tick(now)       -> everyone scored anew in memory, what changed written
//! ```
//!
//! A parcel stays in the inbox until the scores are on disk that follow from it; whoever is to be scored
//! for another reason is marked, by a row of the store. So whatever happens between an answer and a score,
//! the score follows.
//! Everything here is derived from facts, model versions and an instant, and can be thrown away.

mod announce;
mod bell;
mod damages;
mod desk;
mod dossiers;
mod everyone;
mod held;
mod inbox;
mod judge;
mod lanes;
mod lineup;
pub mod messages;
mod models;
mod money;
mod news;
mod one;
mod place;
mod profile;
mod quiet;
mod reprice;
mod segments;
mod settle;
mod settlings;
mod straight;
mod tick;
mod verdict;
mod vocabulary;
mod warnings;

pub use inbox::Room;
pub use lineup::{Line, Lineup};
pub use models::{Draft, Drafted, ModelProblem};
pub use money::{MONEY, Rates};
pub use news::News;
pub use one::{Explained, RecordedCourse, Stretch};
pub use place::PlaceError;
pub use straight::Passed;
pub use tick::Ticked;
pub use vocabulary::{EventWord, TraitWord, Vocabulary};

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use leads::{Report, Timestamp};
use store::facts::Appended;
use store::segments::{SegmentError, Segments};
use store::{DbError, Pending, Store, Tx, marks};
use thiserror::Error;
use tokio::sync::{Notify, broadcast};

use bell::Bell;
use damages::Damages;
use desk::Writing;
use dossiers::Dossiers;
use everyone::Everyone;
use inbox::Queue;
use settlings::Settlings;
use tick::LastTick;
use vocabulary::Words;

/// What the system cannot know by itself.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// What kind of address a domain gives out: `personal`, `business` and so on.
    pub email_kind: fn(&str) -> Option<&'static str>,
    /// An id that was never given before; later ones sort behind earlier ones.
    pub fresh_id: fn() -> String,
    /// How many threads score everyone.
    pub threads: usize,
}

/// Why something could not be done.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum LiveError {
    /// The store could not.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A file of sealed facts could not be read.
    #[error("{0}")]
    Sealed(String),
    /// There is no such lead.
    #[error("there is no lead `{0}`")]
    NoLead(String),
    /// No version of the model was in force then.
    #[error("no version of the model `{0}` was in force at that instant")]
    NoModel(String),
}

/// The running system. Clones share it.
#[derive(Clone)]
pub struct Live {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    segments: Segments,
    around: Surroundings,
    queue: Queue,
    dossiers: Dossiers,
    /// Who went the short way while a round of the long way may have read them.
    short_way: Settlings,
    /// Who was settled on the long way and is not scored yet.
    long_way: Settlings,
    lineup: RwLock<Arc<Lineup>>,
    everyone: Everyone,
    words: Words,
    last_tick: Mutex<Option<Arc<LastTick>>>,
    in_writing: Mutex<Option<Writing>>,
    news: broadcast::Sender<News>,
    hurry: Notify,
    bell: Arc<Bell>,
    damages: Damages,
}

/// News that a slow watcher may be behind; who is further behind looks at everything again.
const NEWS_KEPT: usize = 4096;

impl Live {
    /// Opens the system on a store. Nobody is in memory yet: see [`Live::load_everyone`].
    pub fn open(
        store: Store,
        segments: Segments,
        around: Surroundings,
        _now: Timestamp,
    ) -> Result<Self, LiveError> {
        let lineup = store.read(Lineup::read)?;
        let inner = Inner {
            store,
            segments,
            around,
            queue: Queue::default(),
            dossiers: Dossiers::default(),
            short_way: Settlings::default(),
            long_way: Settlings::default(),
            lineup: RwLock::new(Arc::new(lineup)),
            everyone: Everyone::default(),
            words: Words::default(),
            last_tick: Mutex::default(),
            in_writing: Mutex::default(),
            news: broadcast::Sender::new(NEWS_KEPT),
            hurry: Notify::new(),
            bell: Arc::new(Bell::rung()),
            damages: Damages::default(),
        };
        let live = Self { inner: Arc::new(inner) };
        live.find_parcels()?;
        Ok(live)
    }

    /// The store below.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The sealed facts.
    pub fn segments(&self) -> &Segments {
        &self.inner.segments
    }

    /// The models in force.
    pub fn lineup(&self) -> Arc<Lineup> {
        Arc::clone(&self.inner.lineup.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes reports and settles them at once: the answer comes when their facts are on disk and tells
    /// what became of each. For many, [`Live::accept`] is faster.
    pub async fn take(&self, reports: Vec<Report>) -> Result<Appended, LiveError> {
        let taken = self.hand_in(reports).await;
        self.wake();
        taken
    }

    /// The same, waiting. Never call it from asynchronous code.
    pub fn take_and_wait(&self, reports: Vec<Report>) -> Result<Appended, LiveError> {
        let taken = self.hand_in(reports).wait();
        self.wake();
        taken
    }

    fn hand_in(&self, reports: Vec<Report>) -> Pending<Appended, LiveError> {
        self.heard_of(&reports);
        let fresh_id = self.inner.around.fresh_id;
        self.inner.store.submit(move |tx| {
            let appended = store::facts::append(tx, &reports, &mut || fresh_id())?;
            Self::touch_appended(tx, &appended, &fresh_id(), latest(&reports))?;
            Ok(appended)
        })
    }

    /// Marks everybody whom an append concerns, within its transaction: the leads, and all who
    /// belong to a company that changed. Webhooks are told of leads that became one.
    pub fn touch_appended(
        tx: &mut Tx<'_>,
        appended: &Appended,
        mark: &str,
        now: Timestamp,
    ) -> Result<(), DbError> {
        marks::put(tx, appended.changed.iter().map(String::as_str), mark)?;
        Self::tell_of_joined(tx, appended, now)?;
        Self::touch_companies(tx, appended, mark)
    }

    fn touch_companies(tx: &mut Tx<'_>, appended: &Appended, mark: &str) -> Result<(), DbError> {
        for company in &appended.companies {
            let there = store::scores::leads_of_company(tx, company)?;
            marks::put(tx, there.iter().map(String::as_str), mark)?;
        }
        Ok(())
    }

    /// Marks leads to be scored anew, within the transaction that changes something about them.
    /// Call [`Live::wake`] when that is committed. `mark` is a fresh id.
    pub fn touch<'l>(
        tx: &mut Tx<'_>,
        leads: impl IntoIterator<Item = &'l str>,
        mark: &str,
    ) -> Result<(), DbError> {
        marks::put(tx, leads, mark)
    }

    /// Says that there may be marks, and parcels.
    pub fn wake(&self) {
        self.inner.bell.ring();
        self.inner.queue.ring();
    }

    /// Waits until somebody calls [`Live::wake`], at most so long. Forgets the call; answers whether there
    /// was one.
    pub fn wait_for_work(&self, at_most: Duration) -> bool {
        self.inner.bell.wait(at_most)
    }

    /// Hears of everything that changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<News> {
        self.inner.news.subscribe()
    }

    /// Tells whoever watches.
    pub fn tell(&self, news: News) {
        // Nobody may be watching.
        let _ = self.inner.news.send(news);
    }
}

fn closed() -> LiveError {
    DbError::Unavailable("the store is closed".to_owned()).into()
}

impl From<SegmentError> for LiveError {
    fn from(error: SegmentError) -> Self {
        match error {
            SegmentError::Db(error) => Self::Db(error),
            other => Self::Sealed(other.to_string()),
        }
    }
}

/// When the latest of some reports was received.
fn latest<'r>(reports: impl IntoIterator<Item = &'r Report>) -> Timestamp {
    reports.into_iter().map(|report| report.received_at).max().unwrap_or(Timestamp::MIN)
}

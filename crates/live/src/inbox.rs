//! Reports between their answer and their facts: on disk in the store's inbox, and in memory in a
//! queue, from which many parcels at a time are settled. A statement that finds or writes for a hundred
//! reports costs little more than one for a single report.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::iter::repeat_n;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use leads::{Report, Timestamp};
use store::inbox::{self, Parcel};
use store::{DbError, Tx};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::bell::Bell;
use crate::dossiers::Fresh;
use crate::lanes::{InLane, Lanes};
use crate::settle::{Done, Ready, append_all, settle_all, settle_each};
use crate::{Live, LiveError, closed};

/// Reports that are settled together where not many more wait ([`Turn::share`](crate::lanes::Turn::share)).
const TOGETHER: usize = 2_000;

/// The same at most: ids and persons come in no order, so that 2,000 reports change half of all pages of an index of
/// 100,000, and 6,000 hardly more. Twice as many of them, and of leads, save another twentieth of the time, and took
/// 100 MiB.
const TOGETHER_MOST: usize = 6_000;

/// The same for leads that are scored together, as a multiple of what is asked for.
const TIMES_MOST: usize = 4;

/// A parcel with so many reports at most is short: what a page, an app or a form sends. Those of a server have a
/// hundred.
const SHORT: usize = 20;

/// Leads in a lane that are looked through for those of the other lane, at each round; where more wait, any may be
/// among them.
const LOOKED_THROUGH: usize = 4_096;

/// Leads that are scored for being marked with those of short parcels.
const MARKED_BESIDE: usize = 16;

/// Reports that go the short way together ([`Live::pass`]) at most: 20 ms of work. With a quarter of it more came after a
/// pause of the disk than was taken, and others were called for more and more of them.
const FEW: usize = 256;

/// Reports of short parcels that may wait for the short way. Where more do, others settle and score them, too: many at a
/// time cost less each, and it takes 100 ms until they are done.
const NOT_MANY: usize = 512;

/// Reports that may wait to be settled or scored, some 1,500 bytes each: two seconds of work. Whoever brings more waits
/// with them. Until there is no room, taking more comes before settling it: with a third more, ten times as many
/// connections as it takes were served at 77 to 86 hundredths of its best rate. With a third less, there was too little to
/// settle together for batches.
const ROOM: usize = 24_576;

/// Parcels that stay in the inbox although everything is committed that follows from them, until it is
/// made safe for all of them. They come to 1.5 MB with one report each.
const KEPT: usize = 1_000;

/// For how long they stay at most, in milliseconds, while others follow. A power cut takes scores of so long,
/// which come back, and ids of leads that were new then, which get others. A sync less than that is not felt:
/// it takes 0.2 to 7 ms, beside everything else.
const KEPT_FOR_MS: u64 = 100;

/// Room for reports in the queue.
#[derive(Debug)]
pub struct Room {
    _permit: OwnedSemaphorePermit,
}

/// Parcels that are on disk and wait to be settled, and those that are settled and whose leads wait to be
/// scored. Its room is free when everything is committed that follows from it, and it is taken from the
/// inbox when that is on disk: so nobody has to be marked for it.
pub(crate) struct Queue {
    waiting: Arc<Mutex<Arrivals>>,
    settled: Mutex<Lanes<Settled>>,
    /// Whether leads are being scored on the long way.
    is_at_work: AtomicBool,
    /// Counts settlings, in the order in which they are written.
    settlings: AtomicU64,
    /// The number of the last one that is committed.
    committed: AtomicU64,
    room: Arc<Semaphore>,
    bell: Arc<Bell>,
    /// Calls whoever takes the short way.
    short_bell: Arc<Bell>,
    /// Since when parcels are kept that are done.
    kept_since: Mutex<Option<Timestamp>>,
}

/// Parcels that wait to be settled.
#[derive(Default)]
struct Arrivals {
    lanes: Lanes<Waiting>,
    /// Whether a few short ones are left to whoever takes the short way.
    has_short_way: bool,
}

pub(crate) struct Waiting {
    pub(crate) parcel: Parcel,
    /// Whether nobody may have settled it before without scoring its leads: it came with this start, and did not fail on
    /// the short way.
    is_new: bool,
    /// `None`: more came from before this start than there is room for.
    room: Option<Room>,
}

impl Arrivals {
    /// Whether there are so many short ones that others are to settle them, too.
    fn has_many_short(&mut self) -> bool {
        let short = self.lanes.short();
        short.len() > NOT_MANY || reports_of(short.iter()) > NOT_MANY
    }

    /// Whether there are short ones that have no short way: for one may have been settled before.
    fn has_short_from_before(&mut self) -> bool {
        self.lanes.short().iter().take(NOT_MANY).any(|one| !one.is_new)
    }

    /// Whether short ones are left to the short way.
    fn leaves_short(&mut self) -> bool {
        self.has_short_way && !self.has_many_short() && !self.has_short_from_before()
    }
}

/// How many reports are in parcels.
pub(crate) fn reports_of<'w>(waiting: impl Iterator<Item = &'w Waiting>) -> usize {
    waiting.map(|one| one.parcel.reports.len()).sum()
}

impl InLane for Waiting {
    fn is_short(&self) -> bool {
        self.parcel.reports.len() <= SHORT
    }
}

impl Waiting {
    /// Of each of its reports, whether it is new in that sense.
    pub(crate) fn are_new(&self) -> impl Iterator<Item = bool> {
        repeat_n(self.is_new, self.parcel.reports.len())
    }
}

/// Leads to be scored for parcels that were settled.
#[derive(Default)]
pub(crate) struct Settled {
    /// Whether they come of short parcels.
    is_short: bool,
    leads: Vec<(String, Fresh)>,
    /// Taken from the inbox after that.
    parcels: Vec<String>,
    /// Free after that.
    rooms: Vec<Room>,
}

/// Leads to be scored together.
pub(crate) struct Round {
    /// Who, and what waits for them.
    pub(crate) settled: Vec<Settled>,
    /// So many may be scored beside them for being marked.
    pub(crate) marked: usize,
    /// Who waits in the other lane, too, or may: what is new of them may be older there.
    pub(crate) elsewhere: HashSet<String>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            waiting: Arc::default(),
            settled: Mutex::default(),
            is_at_work: AtomicBool::default(),
            settlings: AtomicU64::default(),
            committed: AtomicU64::default(),
            room: Arc::new(Semaphore::new(ROOM)),
            bell: Arc::new(Bell::rung()),
            short_bell: Arc::new(Bell::rung()),
            kept_since: Mutex::default(),
        }
    }
}

impl InLane for Settled {
    fn is_short(&self) -> bool {
        self.is_short
    }
}

impl Settled {
    /// Takes out who, and what is new of them; in the order in which it came, should somebody be there twice. Should they
    /// have to be scored later all the same, they are read anew.
    pub(crate) fn take_fresh(&mut self) -> impl Iterator<Item = (&String, Fresh)> {
        self.leads.iter_mut().map(|(lead, fresh)| (&*lead, std::mem::replace(fresh, Fresh::ToRead)))
    }

    /// What waits for the leads of parcels, without the leads.
    pub(crate) fn parcels_of(taken: Vec<Waiting>) -> Self {
        let mut settled = Self::default();
        for Waiting { parcel, room, .. } in taken {
            settled.parcels.push(parcel.id);
            settled.rooms.extend(room);
        }
        settled
    }

    /// Leaves out leads, and everything that waits for the last of its leads with them: answers those.
    pub(crate) fn without(&mut self, leads: &HashSet<String>) -> Option<Self> {
        let (out, stay): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.leads).into_iter().partition(|(lead, _)| leads.contains(lead));
        self.leads = stay;
        let (parcels, rooms) = (&mut self.parcels, &mut self.rooms);
        (!out.is_empty()).then(|| Self {
            is_short: self.is_short,
            leads: out,
            parcels: std::mem::take(parcels),
            rooms: std::mem::take(rooms),
        })
    }
}

impl Queue {
    /// Parcels from before this start. They take room from those who bring others: where a process lives too short for
    /// what it takes, each would leave more behind than the one before, and need longer to begin.
    pub(crate) fn add(&self, parcels: Vec<Parcel>) {
        let mut waiting = lock(&self.waiting);
        for parcel in parcels {
            let many = parcel.reports.len().min(ROOM) as u32;
            let permit = Arc::clone(&self.room).try_acquire_many_owned(many).ok();
            let room = permit.map(|permit| Room { _permit: permit });
            waiting.lanes.push_back(Waiting { parcel, is_new: false, room });
        }
        drop(waiting);
        self.bell.ring();
    }

    pub(crate) fn ring(&self) {
        self.bell.ring();
        self.short_bell.ring();
    }

    /// Somebody takes the short way from now on, or nobody.
    pub(crate) fn open_short_way(&self, is_open: bool) {
        lock(&self.waiting).has_short_way = is_open;
        self.ring();
    }

    pub(crate) fn wait_for_short(&self, at_most: Duration) -> bool {
        self.short_bell.wait(at_most)
    }

    /// A few short parcels, those that have waited longest.
    pub(crate) fn take_few(&self) -> Vec<Waiting> {
        let mut waiting = lock(&self.waiting);
        if waiting.has_short_from_before() {
            drop(waiting);
            self.bell.ring();
            return Vec::new();
        }
        let taken = take_reports(waiting.lanes.short(), FEW);
        if !taken.is_empty() {
            waiting.lanes.note_short();
            drop(waiting);
            lock(&self.settled).note_short();
        }
        taken
    }

    /// These could not go the short way: they are settled with others.
    pub(crate) fn settle_later(&self, taken: Vec<Waiting>) {
        let taken = taken.into_iter().map(|one| Waiting { is_new: false, ..one }).collect();
        self.put_back(taken);
        self.bell.ring();
    }

    /// Whether leads are being scored on the long way.
    pub(crate) fn is_at_work(&self) -> bool {
        self.is_at_work.load(Ordering::Acquire)
    }

    /// Says whether some are, or will be before this is said again.
    pub(crate) fn set_at_work(&self, is_at_work: bool) {
        self.is_at_work.store(is_at_work, Ordering::Release);
    }

    /// The settling with this number is committed.
    pub(crate) fn is_committed(&self, settling: u64) {
        self.committed.fetch_max(settling, Ordering::AcqRel);
    }

    /// The number of the settling that begins; asked on the store's writer, so that they are in its order.
    pub(crate) fn next_settling(&self) -> u64 {
        self.settlings.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// The number of the last settling that is committed, or of one before it.
    pub(crate) fn last_settling(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// What waits longest in the lane whose turn it is, so much at most, but one parcel in any case.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = lock(&self.waiting);
        let leaves_short = waiting.leaves_short();
        let lanes = &mut waiting.lanes;
        let turn = if leaves_short { lanes.turn_of_long() } else { lanes.turn() };
        let Some(turn) = turn else { return Vec::new() };
        let reports = |one: &Waiting| one.parcel.reports.len();
        // Parcels leave the inbox when all of their settling is scored: where one start follows the other, it is to
        // come to that.
        let is_from_before = turn.lane.front().is_some_and(|one| !one.is_new);
        let most = if is_from_before { TOGETHER } else { TOGETHER_MOST };
        let share = turn.share(reports, TOGETHER, most);
        let taken = take_reports(turn.lane, share);
        if waiting.has_short_way && !waiting.lanes.short().is_empty() {
            self.short_bell.ring();
        }
        taken
    }

    /// Whether so many leads wait to be scored.
    pub(crate) fn has_to_score(&self, many: usize) -> bool {
        lock(&self.settled).iter().map(|next| next.leads.len()).sum::<usize>() >= many
    }

    /// Leads that have waited longest in the lane whose turn it is: so many at most where not many more wait.
    pub(crate) fn to_score(&self, most: usize) -> Round {
        let mut waiting = lock(&self.settled);
        let mut round = Round { settled: Vec::new(), marked: most, elsewhere: HashSet::new() };
        while let Some(turn) = waiting.turn() {
            let left = turn.share(|next| next.leads.len(), most, TIMES_MOST * most);
            let taken = take_leads(turn.lane, left);
            let leads: BTreeSet<&String> =
                taken.iter().flat_map(|next| &next.leads).map(|(lead, _)| lead).collect();
            let count = leads.len();
            if count > 0 {
                let is_short = taken.iter().all(InLane::is_short);
                let beside = if is_short { MARKED_BESIDE } else { most.div_ceil(4) };
                round.marked = if is_short { 0 } else { most.saturating_sub(count) }.max(beside);
                let beyond = turn.other.iter().map(|next| next.leads.len()).sum::<usize>();
                let others = turn.other.iter().flat_map(|next| &next.leads).map(|(lead, _)| lead);
                if beyond > LOOKED_THROUGH {
                    round.elsewhere.extend(leads.into_iter().cloned());
                } else {
                    round.elsewhere.extend(others.filter(|lead| leads.contains(lead)).cloned());
                }
            }
            round.settled.extend(taken);
            // Those of whom nobody is to be scored have nobody waiting for them.
            if count > 0 {
                break;
            }
        }
        round
    }

    /// They could not be scored just now.
    pub(crate) fn score_later(&self, taken: Vec<Settled>) {
        lock(&self.settled).put_back(taken);
    }

    fn put_back(&self, taken: Vec<Waiting>) {
        lock(&self.waiting).lanes.put_back(taken);
    }
}

impl Live {
    /// Waits until so many reports may be handed in: until others are settled, where too many wait.
    pub async fn room(&self, reports: usize) -> Result<Room, LiveError> {
        let many = reports.min(ROOM) as u32;
        let permit = Arc::clone(&self.inner.queue.room).acquire_many_owned(many).await;
        permit.map(|permit| Room { _permit: permit }).map_err(|_| closed())
    }

    /// Takes reports, none of which [`store::facts::refused`] refuses. When it answers they are on disk;
    /// that they are settled, and scores, follow within milliseconds.
    pub async fn accept(
        &self,
        reports: Vec<Report>,
        room: Room,
        now: Timestamp,
    ) -> Result<(), LiveError> {
        let (answer, answered) = oneshot::channel();
        let Queue { waiting, bell, short_bell, .. } = &self.inner.queue;
        let waiting = Arc::clone(waiting);
        let (bell, short_bell) = (Arc::clone(bell), Arc::clone(short_bell));
        let parcel = Parcel { id: (self.inner.around.fresh_id)(), at: now, reports };
        self.inner.store.inbox().put(parcel, move |stored| {
            let stored = stored.map(|parcel| {
                let next = Waiting { parcel, is_new: true, room: Some(room) };
                let is_short = next.is_short();
                let mut waiting = lock(&waiting);
                waiting.lanes.push_back(next);
                let is_left = is_short && waiting.has_short_way;
                let is_all_left = is_left && waiting.leaves_short();
                drop(waiting);
                if is_left {
                    short_bell.ring();
                }
                if !is_all_left {
                    bell.ring();
                }
            });
            // Nobody may be waiting any more; what is stored stays stored.
            let _ = answer.send(stored);
        });
        answered.await.map_err(|_| closed())?.map_err(LiveError::from)
    }

    /// Settles parcels that wait, those that came first: their facts in one commit. Their leads are to be
    /// scored from then on. Answers how many reports were in them.
    pub fn settle(&self) -> Result<usize, LiveError> {
        let Queue { settled, .. } = &self.inner.queue;
        let taken = Arc::new(self.inner.queue.take());
        if taken.is_empty() {
            // What could not be taken from the inbox before may be by now.
            self.inner.store.inbox().clear(Vec::new());
            return Ok(0);
        }
        let done = self.settle_together(&taken);
        let taken = taken_back(taken);
        let Done { leads, refused, settling } = match done {
            Ok(done) => done,
            Err(error) => {
                self.inner.queue.put_back(taken);
                return Err(error);
            }
        };
        self.inner.queue.is_committed(settling);
        self.inner.words.reported(taken.iter().flat_map(|next| &next.parcel.reports));
        let count = reports_of(taken.iter());
        for (id, why) in &refused {
            tracing::error!(parcel = id, why, "a parcel of reports is set aside");
            self.inner.store.inbox().set_aside(id.clone(), why.clone());
        }
        let is_short = taken.iter().all(InLane::is_short);
        let mut next = Settled { is_short, leads, ..Settled::parcels_of(taken) };
        next.parcels.retain(|parcel| !refused.iter().any(|(id, _)| id == parcel));
        lock(settled).push_back(next);
        self.inner.bell.ring();
        Ok(count)
    }

    /// Settles parcels in one commit. Where that fails through something that one of them says, each
    /// stands or falls by itself.
    fn settle_together(&self, taken: &Arc<Vec<Waiting>>) -> Result<Done, LiveError> {
        let ready = Ready::of(taken);
        let all = self.settling(taken, |tx, taken, number, fresh_id| {
            settle_all(tx, taken, ready, number, fresh_id)
        });
        match self.inner.store.submit_repeatable(all).wait() {
            Err(LiveError::Db(DbError::Statement(_) | DbError::Exists(_))) => {}
            done => return done,
        }
        self.inner.store.write(self.settling(taken, settle_each))
    }

    fn settling<F>(
        &self,
        taken: &Arc<Vec<Waiting>>,
        settle: F,
    ) -> impl FnOnce(&mut Tx<'_>) -> Result<Done, LiveError> + Send + use<F>
    where
        F: FnOnce(&mut Tx<'_>, &[Waiting], u64, fn() -> String) -> Result<Done, LiveError> + Send,
    {
        let (live, taken) = (self.clone(), Arc::clone(taken));
        move |tx| {
            let (number, fresh_id) = (live.inner.queue.next_settling(), live.inner.around.fresh_id);
            let done = settle(tx, &taken, number, fresh_id)?;
            live.inner.long_way.note(done.leads.iter().map(|(lead, _)| lead), number);
            Ok(done)
        }
    }

    /// Everything that follows from these parcels is committed. They are taken from the inbox when that is on
    /// disk: with others, so that they share a sync.
    pub(crate) fn clear(&self, scored: Vec<Settled>, now: Timestamp) {
        let parcels = scored.into_iter().flat_map(|settled| settled.parcels);
        let kept = self.inner.store.done_with(parcels.collect());
        let mut since = lock(&self.inner.queue.kept_since);
        let kept_for = since.map(|since| now.as_millis().abs_diff(since.as_millis()));
        if kept >= KEPT || kept_for.is_some_and(|kept_for| kept_for >= KEPT_FOR_MS) {
            *since = None;
            self.inner.store.put_away();
        } else if kept > 0 && since.is_none() {
            *since = Some(now);
        }
    }

    /// Nothing has come for a moment, or nothing will come any more: waits until everything that was committed
    /// is on disk, and takes the parcels from the inbox that are done.
    pub fn rest(&self) -> Result<(), LiveError> {
        *lock(&self.inner.queue.kept_since) = None;
        Ok(self.inner.store.put_away_and_wait()?)
    }

    /// Waits until there may be something to settle, at most so long. Forgets the call.
    pub fn wait_for_parcels(&self, at_most: Duration) {
        self.inner.queue.bell.wait(at_most);
    }

    /// Takes over what a node left behind that ended while others go on.
    pub fn adopt(&self, before: Timestamp) -> Result<(), LiveError> {
        let left = self.inner.store.inbox().left_behind(before)?;
        if !left.is_empty() {
            self.inner.queue.add(left);
        }
        Ok(())
    }

    /// Brings in what waited when the system ended, or when the backup was taken that it was made of.
    pub(crate) fn find_parcels(&self) -> Result<(), LiveError> {
        let store = &self.inner.store;
        self.inner.queue.add(store.inbox().all()?);
        if store.file().is_none() {
            return Ok(());
        }
        let fresh_id = self.inner.around.fresh_id;
        store.write(move |tx| {
            for parcel in inbox::read(tx)? {
                let appended = append_all(tx, &parcel.reports, fresh_id)?;
                Self::touch_appended(tx, &appended, &fresh_id(), parcel.at)?;
                inbox::remove(tx, &parcel.id)?;
            }
            Ok(())
        })
    }
}

/// The first parcels of a lane, with so many reports at most, but one in any case.
fn take_reports(lane: &mut VecDeque<Waiting>, most: usize) -> Vec<Waiting> {
    let mut reports = 0;
    let fits = |next: &&Waiting| {
        reports += next.parcel.reports.len();
        reports <= most
    };
    let many = lane.iter().take_while(fits).count();
    lane.drain(..many.max(1).min(lane.len())).collect()
}

/// So many leads of a lane, with everything that waits for the last of its leads with them.
fn take_leads(lane: &mut VecDeque<Settled>, mut left: usize) -> Vec<Settled> {
    let mut taken = Vec::new();
    while let Some(next) = lane.front_mut() {
        if next.leads.len() > left {
            let leads = next.leads.drain(..left).collect();
            taken.push(Settled { is_short: next.is_short, leads, ..Settled::default() });
            break;
        }
        left -= next.leads.len();
        taken.extend(lane.pop_front());
    }
    taken
}

/// What a job had that is done.
pub(crate) fn taken_back(taken: Arc<Vec<Waiting>>) -> Vec<Waiting> {
    Arc::try_unwrap(taken).unwrap_or_else(|held| {
        let parcels = held.iter().map(|next| next.parcel.clone());
        parcels.map(|parcel| Waiting { parcel, is_new: false, room: None }).collect()
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

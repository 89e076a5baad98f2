//! The desk: takes leads that wait, scores them, writes what came of it, and tells.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError};

use leads::Timestamp;
use store::marks::{self, Marked};
use store::reading::CompaniesRead;
use store::{Pending, Tx};

use crate::dossiers::Fresh;
use crate::inbox::{Round, Settled};
use crate::verdict::{Due, Seen, Verdict, Written};
use crate::{Live, LiveError};

/// Verdicts that the writer has, and what waits for them.
pub(crate) struct Writing {
    verdicts: Arc<Vec<Verdict>>,
    settled: Vec<Settled>,
    pending: Pending<Written, LiveError>,
    /// Who is next.
    ahead: Option<Ahead>,
}

/// Leads that are being read, and what waits for them.
struct Ahead {
    settled: Vec<Settled>,
    seen: Pending<Vec<Seen>, LiveError>,
}

impl Writing {
    /// The number of a settling after which they were read: the same of all.
    fn settling(&self) -> u64 {
        self.verdicts.first().map_or(0, |verdict| verdict.settling)
    }
}

impl Live {
    /// Scores leads, those that have waited longest and so many at most, but more where many wait: rows,
    /// transitions and the messages that follow from them in one commit, after which whoever watches is told. Where as
    /// many more wait, those are read before that commit, which is ended by the next call: so they are scored while the
    /// writer is at it. Otherwise they are read beside the writer, who settles meanwhile. Answers how many leads it
    /// were; 0: nothing is left to do, and everything is written.
    pub fn work(&self, now: Timestamp, most: usize) -> Result<usize, LiveError> {
        self.inner.queue.set_at_work(true);
        let worked = self.round(now, most);
        let oldest = self.in_writing().as_ref().map(Writing::settling);
        let oldest_read = oldest.unwrap_or_else(|| self.inner.queue.last_settling());
        self.inner.short_way.done_with_all(oldest_read);
        self.inner.queue.set_at_work(oldest.is_some());
        worked
    }

    fn round(&self, now: Timestamp, most: usize) -> Result<usize, LiveError> {
        let mut before = self.in_writing().take();
        let ahead = before.as_mut().and_then(|before| before.ahead.take());
        let (settled, seen) = if let Some(Ahead { settled, seen }) = ahead {
            (settled, seen.wait())
        } else {
            // There is nothing before that is not written yet.
            let (settled, look) = self.look(HashSet::new(), now, most);
            (settled, self.inner.store.read_beside(look))
        };
        let decided = seen.map(|seen| self.decide_all(seen, now));
        // Whatever became of the new ones, the old ones are to be told of.
        let ended = before.map_or(Ok(0), |before| self.end(before, now));
        let verdicts = match (ended, decided) {
            (Ok(_), Ok(verdicts)) if !verdicts.is_empty() => verdicts,
            (Ok(count), Ok(_)) => {
                self.clear(settled, now);
                return Ok(count);
            }
            (Err(error), _) | (_, Err(error)) => {
                self.inner.queue.score_later(settled);
                return Err(error);
            }
        };
        let count = verdicts.len();
        let verdicts = Arc::new(verdicts);
        // The writer takes one job after the other: reading comes before writing, which is scored meanwhile.
        let are_more = self.inner.queue.has_to_score(most);
        let ahead = are_more.then(|| {
            let (settled, look) = self.look(leads_of(&verdicts), now, most);
            Ahead { settled, seen: self.inner.store.submit_reading(look) }
        });
        let writing = self.begin(verdicts, settled, ahead, now);
        if are_more {
            *self.in_writing() = Some(writing);
        } else {
            self.end(writing, now)?;
        }
        Ok(count)
    }

    fn in_writing(&self) -> MutexGuard<'_, Option<Writing>> {
        self.inner.in_writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leads that wait, and how they are to be read: none of those that are `busy`, as what will be written of them
    /// is not there to be read.
    fn look(
        &self,
        busy: HashSet<String>,
        now: Timestamp,
        most: usize,
    ) -> (Vec<Settled>, impl FnOnce(&mut Tx<'_>) -> Result<Vec<Seen>, LiveError> + Send + 'static)
    {
        let Round { mut settled, marked, elsewhere } = self.inner.queue.to_score(most);
        let later: Vec<Settled> =
            settled.iter_mut().filter_map(|next| next.without(&busy)).collect();
        self.inner.queue.score_later(later);
        let mut fresh: BTreeMap<String, Vec<Fresh>> = BTreeMap::new();
        for (lead, new) in settled.iter_mut().flat_map(Settled::take_fresh) {
            let new = if elsewhere.contains(lead) { Fresh::ToRead } else { new };
            fresh.entry(lead.clone()).or_default().push(new);
        }
        let live = self.clone();
        // Before it is read: what is written meanwhile may be in it or not.
        let settling = self.inner.queue.last_settling();
        (settled, move |tx: &mut Tx<'_>| live.see(tx, fresh, &busy, marked, settling, now))
    }

    fn decide_all(&self, seen: Vec<Seen>, now: Timestamp) -> Vec<Verdict> {
        let lineup = self.lineup();
        seen.into_iter().map(|seen| self.decide(&lineup, seen, now)).collect()
    }

    /// Hands verdicts to the writer. Were they lost, they would be reached again: of the same facts, for
    /// marks that would be back, or parcels that are in the inbox.
    fn begin(
        &self,
        verdicts: Arc<Vec<Verdict>>,
        settled: Vec<Settled>,
        ahead: Option<Ahead>,
        now: Timestamp,
    ) -> Writing {
        let (live, written) = (self.clone(), Arc::clone(&verdicts));
        let pending =
            self.inner.store.submit_repeatable(move |tx| live.write_all(tx, &written, now));
        Writing { verdicts, settled, pending, ahead }
    }

    /// Waits until verdicts are written, and tells of them.
    fn end(&self, writing: Writing, now: Timestamp) -> Result<usize, LiveError> {
        let Writing { verdicts, mut settled, pending, .. } = writing;
        let written = match pending.wait() {
            Ok(written) => written,
            Err(error) => {
                self.inner.queue.score_later(settled);
                return Err(error);
            }
        };
        self.keep_all(&verdicts, &written);
        // Who was overtaken was scored of what was settled here, too, once that is committed.
        let unsure = written.unsure(self.inner.queue.last_settling());
        if !unsure.is_empty() {
            let again = settled.iter_mut().filter_map(|next| next.without(&unsure)).collect();
            self.inner.queue.score_later(again);
        }
        self.clear(settled, now);
        Ok(verdicts.len())
    }

    /// Leads of settled parcels, and so many beside them that are marked.
    fn see(
        &self,
        tx: &mut Tx<'_>,
        mut fresh: BTreeMap<String, Vec<Fresh>>,
        busy: &HashSet<String>,
        room: usize,
        settling: u64,
        now: Timestamp,
    ) -> Result<Vec<Seen>, LiveError> {
        // Those who are busy have their marks still.
        let asked = room + busy.len();
        let mut marked = marks::first(tx, asked)?;
        let are_fewer = marked.len() < asked;
        marked.retain(|marked| !busy.contains(&marked.lead));
        // Were there more, somebody among the fresh could be marked without being seen to be.
        let are_all = are_fewer && marked.len() <= room;
        marked.truncate(room);
        let mut to_see: Vec<(Due, Option<Vec<Fresh>>)> = Vec::new();
        for Marked { lead, mark } in marked {
            fresh.remove(&lead);
            to_see.push((Due { lead, mark: Some(mark) }, None));
        }
        let without_marks = fresh
            .into_iter()
            .map(|(lead, fresh)| (Due { lead, mark: None }, are_all.then_some(fresh)));
        to_see.extend(without_marks);
        let mut companies = CompaniesRead::default();
        let look = |(due, fresh)| self.look_at(tx, due, fresh, &mut companies, settling, now);
        to_see.into_iter().map(look).collect()
    }
}

fn leads_of(verdicts: &[Verdict]) -> HashSet<String> {
    verdicts.iter().map(|verdict| verdict.due.lead.clone()).collect()
}

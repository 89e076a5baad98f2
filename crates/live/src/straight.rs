//! The short way: a few reports that somebody may be watching are settled, and their leads scored, in one commit.
//!
//! On the long way a report waits for the writer twice, to be settled and for its score, and for whoever scores in
//! between; each time for what many others have brought. That is how most is done in the least time. Where somebody
//! opens a page or sends a form, and little waits, what counts is how soon its score is there: such a parcel waits for
//! what the writer is at, and for nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use leads::Timestamp;
use store::reading::CompaniesRead;
use store::{DbError, Tx, marks};

use crate::inbox::{Settled, Waiting, reports_of, taken_back};
use crate::settle::{Done, Ready, settle_all};
use crate::verdict::{Due, Verdict, Written};
use crate::{Inner, Live, LiveError};

/// What went the short way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Passed {
    /// Reports that were settled.
    pub reports: usize,
    /// Leads that were scored.
    pub leads: usize,
}

struct Through {
    settling: u64,
    verdicts: Vec<Verdict>,
    written: Written,
    /// Whether there are marks, which this may have put.
    has_marks: bool,
}

impl Live {
    /// From now on [`Live::settle`] leaves short parcels to [`Live::pass`] where not many wait; or, where the short way
    /// is not open, none. Beside other nodes there is no short way.
    pub fn open_short_way(&self, is_open: bool) {
        // Another node may be at any lead at any time.
        let is_alone = self.inner.store.file().is_some();
        self.inner.queue.open_short_way(is_open && is_alone);
    }

    /// Waits until there may be something for the short way, at most so long. Forgets the call; answers whether there
    /// was one.
    pub fn wait_for_short(&self, at_most: Duration) -> bool {
        self.inner.queue.wait_for_short(at_most)
    }

    /// Settles a few short parcels and scores their leads. One thread at a time.
    pub fn pass(&self, now: Timestamp) -> Result<Passed, LiveError> {
        if self.inner.store.file().is_none() {
            return Ok(Passed::default());
        }
        let taken = Arc::new(self.inner.queue.take_few());
        if taken.is_empty() {
            return Ok(Passed::default());
        }
        let ready = Ready::of(&taken);
        let (live, passing) = (self.clone(), Arc::clone(&taken));
        let number = Arc::new(AtomicU64::default());
        let settling = Arc::clone(&number);
        let pending = self.inner.store.submit_urgent(move |tx| {
            let through = live.go(tx, &passing, ready, &settling, now);
            if through.is_err() {
                live.inner.short_way.take_back(settling.load(Ordering::Acquire));
            }
            through
        });
        let through = pending.wait();
        let taken = taken_back(taken);
        let Through { settling, verdicts, written, has_marks } = match through {
            Ok(through) => through,
            Err(error) => {
                // Or the commit failed.
                self.inner.short_way.take_back(number.load(Ordering::Acquire));
                self.inner.queue.settle_later(taken);
                // Something that one of them says: whoever settles finds out which.
                let is_of_one =
                    matches!(error, LiveError::Db(DbError::Statement(_) | DbError::Exists(_)));
                return if is_of_one { Ok(Passed::default()) } else { Err(error) };
            }
        };
        self.inner.queue.is_committed(settling);
        self.inner.words.reported(taken.iter().flat_map(|one| &one.parcel.reports));
        let reports = reports_of(taken.iter());
        self.keep_all(&verdicts, &written);
        self.clear(vec![Settled::parcels_of(taken)], now);
        if has_marks {
            self.inner.bell.ring();
        }
        Ok(Passed { reports, leads: verdicts.len() })
    }

    /// On the store's writer: what is read here nobody else changes until it is written.
    fn go(
        &self,
        tx: &mut Tx<'_>,
        taken: &[Waiting],
        ready: Ready,
        number: &AtomicU64,
        now: Timestamp,
    ) -> Result<Through, LiveError> {
        let Inner { queue, short_way, long_way, everyone, around, .. } = &*self.inner;
        let settled = settle_all(tx, taken, ready, queue.next_settling(), around.fresh_id)?;
        let Done { leads, settling, .. } = settled;
        if !queue.is_at_work() {
            short_way.done_with_all(queue.last_settling());
        }
        number.store(settling, Ordering::Release);
        short_way.note(leads.iter().map(|(lead, _)| lead), settling);
        let in_writing = everyone.in_writing(leads.iter().map(|(lead, _)| lead));
        let has_marks = !marks::first(tx, 1)?.is_empty();
        let lineup = self.lineup();
        let mut companies = CompaniesRead::default();
        let mut verdicts = Vec::with_capacity(leads.len());
        for (lead, fresh) in leads {
            // What is at hand of a lead is all that there is of it, unless something of it is on the long way, has a mark
            // or was written a moment ago.
            let mark = if has_marks { marks::of(tx, &lead)? } else { None };
            let is_at_hand = mark.is_none() && !long_way.has(&lead) && !in_writing.contains(&lead);
            let fresh = is_at_hand.then(|| vec![fresh]);
            let due = Due { lead, mark };
            let seen = self.look_at(tx, due, fresh, &mut companies, settling, now)?;
            verdicts.push(self.decide(&lineup, seen, now));
        }
        let written = self.write_all(tx, &verdicts, now)?;
        Ok(Through { settling, verdicts, written, has_marks })
    }
}

//! Leads that went the short way while others were at work on them: what those read before is not to be kept.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of each such lead, the number of the settling that it went the short way with.
#[derive(Default)]
pub(crate) struct Overtaken {
    by_lead: Mutex<HashMap<String, u64>>,
}

impl Overtaken {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.by_lead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These leads are about to be read, scored and written in one go.
    pub(crate) fn note<'l>(&self, leads: impl Iterator<Item = &'l String>, settling: u64) {
        self.lock().extend(leads.map(|lead| (lead.clone(), settling)));
    }

    /// Which of these leads were, after what was read of them: each with a settling that is in that for sure.
    pub(crate) fn among<'l>(
        &self,
        leads: impl Iterator<Item = (&'l String, u64)>,
    ) -> HashSet<String> {
        let overtaken = self.lock();
        let is_late =
            |(lead, read): &(&String, u64)| overtaken.get(*lead).is_some_and(|with| with > read);
        leads.filter(is_late).map(|(lead, _)| lead.clone()).collect()
    }

    /// Does something with a lead, unless it was overtaken; while it is done, it is not. Answers whether it was done.
    pub(crate) fn unless(&self, lead: &str, read: u64, done: impl FnOnce()) -> bool {
        let overtaken = self.lock();
        let is_current = overtaken.get(lead).is_none_or(|with| *with <= read);
        if is_current {
            done();
        }
        is_current
    }

    /// Nobody is at work any more with what was read before this settling.
    pub(crate) fn forget(&self, settling: u64) {
        self.lock().retain(|_, with| *with > settling);
    }
}

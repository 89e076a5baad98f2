//! Leads on one of the two ways, for the other to know.
//!
//! Who went the short way is not to be written as the long way read it before. Of whom something is on the long way, what
//! is at hand is not all that there is.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of each lead on a way, the number of the last settling that it went there with.
#[derive(Default)]
pub(crate) struct Settlings {
    by_lead: Mutex<HashMap<String, u64>>,
}

impl Settlings {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.by_lead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These leads go this way.
    pub(crate) fn note<'l>(&self, leads: impl Iterator<Item = &'l String>, settling: u64) {
        self.lock().extend(leads.map(|lead| (lead.clone(), settling)));
    }

    /// Whether a lead is on this way.
    pub(crate) fn has(&self, lead: &str) -> bool {
        self.lock().contains_key(lead)
    }

    /// Which of these leads went this way after they were read, each after a settling with this number; and with which.
    pub(crate) fn overtook<'l>(
        &self,
        leads: impl Iterator<Item = (&'l String, u64)>,
    ) -> HashMap<String, u64> {
        let by_lead = self.lock();
        let late = |(lead, read): (&String, u64)| {
            let with = by_lead.get(lead).copied().filter(|with| *with > read)?;
            Some((lead.clone(), with))
        };
        leads.filter_map(late).collect()
    }

    /// Does something with a lead, unless it went this way after it was read; while it is done, it does not.
    pub(crate) fn unless_overtaken(&self, lead: &str, read: u64, done: impl FnOnce()) {
        let by_lead = self.lock();
        if by_lead.get(lead).is_none_or(|with| *with <= read) {
            done();
        }
    }

    /// What a lead went this way with, as far as this settling, is done.
    pub(crate) fn done_with(&self, lead: &str, settling: u64) {
        let mut by_lead = self.lock();
        if by_lead.get(lead).is_some_and(|with| *with <= settling) {
            by_lead.remove(lead);
        }
    }

    /// The settling with this number came to nothing.
    pub(crate) fn take_back(&self, settling: u64) {
        self.lock().retain(|_, with| *with != settling);
    }

    /// What leads went this way with, as far as this settling, is done.
    pub(crate) fn done_with_all(&self, settling: u64) {
        self.lock().retain(|_, with| *with > settling);
    }
}

//! What calls the worker.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Rung where there may be work; whoever waits for it forgets the call by coming.
pub(crate) struct Bell {
    rung: Mutex<bool>,
    called: Condvar,
}

impl Bell {
    /// One that is rung already: there may be marks from before.
    pub(crate) fn rung() -> Self {
        Self { rung: Mutex::new(true), called: Condvar::new() }
    }

    pub(crate) fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.called.notify_all();
    }

    /// Waits for a call, at most so long. Answers whether there was one.
    pub(crate) fn wait(&self, at_most: Duration) -> bool {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.called.wait_timeout_while(rung, at_most, |rung| !*rung);
        std::mem::take(&mut *waited.unwrap_or_else(PoisonError::into_inner).0)
    }
}

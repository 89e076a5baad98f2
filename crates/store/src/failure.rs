//! Why a store takes nothing any more.

use std::sync::{Arc, Mutex, PoisonError};

/// Set once a disk has failed, for good: after that nobody knows what it holds, and a second attempt may
/// seem to succeed without having written anything (`fsync` reports an error once). Only a restart reads
/// what is there. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Failure {
    reason: Arc<Mutex<Option<String>>>,
}

impl Failure {
    pub(crate) fn reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes why. The first reason stays.
    pub(crate) fn note(&self, reason: &str) {
        let mut noted = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.is_none() {
            *noted = Some(reason.to_owned());
            tracing::error!(reason, "the disk refused a commit, nothing more is taken");
        }
    }
}

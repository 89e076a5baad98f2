//! Files of sealed facts that are damaged. Whoever has facts in one keeps the scores that are written, and is set aside
//! until the file can be read again; everybody else is scored as ever.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use store::{DbError, marks};

use crate::{Live, LiveError};

/// The damaged files that were met, and why each cannot be read.
#[derive(Default)]
pub(crate) struct Damages(Mutex<BTreeMap<String, String>>);

impl Damages {
    /// Says it once of each file.
    pub(crate) fn note(&self, file: &str, reason: &str) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if met.insert(file.to_owned(), reason.to_owned()).is_none() {
            tracing::error!(
                file,
                reason,
                "a file of facts is damaged: leads with facts in it keep their scores until it is restored from a \
                 backup; `madura verify` says what is whole"
            );
        }
    }

    fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Live {
    /// Files of sealed facts that could not be read since they were last tried.
    pub fn damaged_files(&self) -> Vec<String> {
        let met = self.inner.damages.0.lock().unwrap_or_else(PoisonError::into_inner);
        met.keys().cloned().collect()
    }

    /// Tries again to score those who were set aside because a file with their facts is damaged. Answers how many
    /// they are.
    pub fn try_unreadable(&self) -> Result<u64, LiveError> {
        let tried = self.inner.store.write::<_, DbError>(marks::bring_back)?;
        if tried > 0 {
            self.inner.damages.forget();
            self.wake();
        }
        Ok(tried)
    }
}

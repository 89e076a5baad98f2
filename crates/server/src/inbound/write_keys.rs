//! Write keys that were shown a moment ago, so that a busy page does not read them for each call.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use leads::Timestamp;
use store::write_keys::{self, WriteKey};

use crate::app::App;
use crate::problem::Problem;

/// How long a key that was found is believed to be as it was: within a second after it was switched
/// off it no longer works, whichever node did it.
const BELIEVED_MS: i64 = 1_000;

/// Keys that are remembered. Only keys that exist are.
const REMEMBERED: usize = 1_000;

#[derive(Default)]
pub(crate) struct WriteKeys {
    known: Mutex<HashMap<String, (Timestamp, WriteKey)>>,
}

impl WriteKeys {
    /// The key that somebody shows, while it works.
    pub(crate) async fn find(app: &App, text: &str) -> Result<Option<WriteKey>, Problem> {
        let now = app.now();
        if let Some(key) = app.write_keys.remembered(text, now) {
            return Ok(Some(key));
        }
        let shown = text.to_owned();
        let found = app.read(move |tx| Ok(write_keys::find(tx, &shown, now)?)).await?;
        if let Some(key) = &found {
            app.write_keys.remember(text, key, now);
        }
        Ok(found)
    }

    /// Something about keys has changed.
    pub(crate) fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn remembered(&self, text: &str, now: Timestamp) -> Option<WriteKey> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, key) = known.get(text)?;
        let age = now.as_millis() - since.as_millis();
        (0..BELIEVED_MS).contains(&age).then(|| key.clone())
    }

    fn remember(&self, text: &str, key: &WriteKey, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(text.to_owned(), (now, key.clone()));
    }
}

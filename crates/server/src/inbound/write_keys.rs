//! Keys that were shown a moment ago, so that who reports much does not have them read for each call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use leads::Timestamp;
use store::Digest;
use store::keys::{self, ApiKey};
use store::write_keys::{self, WriteKey};

use crate::app::App;
use crate::problem::Problem;

/// How long a key that was found is believed to be as it was: within a second after it was switched
/// off it no longer works, whichever node did it.
const BELIEVED_MS: i64 = 1_000;

/// Keys that are remembered. Only keys that exist are.
const REMEMBERED: usize = 1_000;

/// No key of ours is longer, in bytes; longer texts are not even hashed.
const LONGEST: usize = 128;

#[derive(Default)]
pub(crate) struct WriteKeys {
    pages: Known<WriteKey>,
    servers: Known<ApiKey>,
    /// All write keys, and since when they are believed to be all.
    all: Mutex<Option<(Timestamp, Arc<[WriteKey]>)>>,
    /// Facts that keys without a quota took and that are not written down yet, by key, each with the
    /// instant of the first.
    counted: Mutex<HashMap<String, (Timestamp, i64)>>,
}

/// Keys by the hash of what is shown: the secret itself is not kept.
struct Known<K>(Mutex<HashMap<Vec<u8>, (Timestamp, K)>>);

impl WriteKeys {
    /// The write key that somebody shows, while it works.
    pub(crate) async fn find(app: &App, text: &str) -> Result<Option<WriteKey>, Problem> {
        let now = app.now();
        if let Some(key) = app.write_keys.pages.remembered(text, now) {
            return Ok(Some(key));
        }
        let shown = text.to_owned();
        let found = app.read(move |tx| Ok(write_keys::find(tx, &shown, now)?)).await?;
        if let Some(key) = &found {
            app.write_keys.pages.remember(text, key, now);
        }
        Ok(found)
    }

    /// All write keys, as they were within the last second: browsers ask before nearly every first call,
    /// and whoever asks need not show anything.
    pub(super) async fn all(app: &App) -> Result<Arc<[WriteKey]>, Problem> {
        let now = app.now();
        let remembered = app.write_keys.all.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((since, keys)) = remembered
            && (0..BELIEVED_MS).contains(&(now.as_millis() - since.as_millis()))
        {
            return Ok(keys);
        }
        let keys: Arc<[WriteKey]> = app.read(|tx| Ok(write_keys::list(tx)?)).await?.into();
        let mut all = app.write_keys.all.lock().unwrap_or_else(PoisonError::into_inner);
        *all = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }

    /// The API key that somebody shows, while it works.
    pub(crate) async fn find_api_key(app: &App, text: &str) -> Result<Option<ApiKey>, Problem> {
        let now = app.now();
        let has_expired = |key: &ApiKey| key.expires_at.is_some_and(|until| until <= now);
        if let Some(key) = app.write_keys.servers.remembered(text, now) {
            return Ok((!has_expired(&key)).then_some(key));
        }
        let shown = text.to_owned();
        let found = app.read(move |tx| Ok(keys::find(tx, &shown, now)?)).await?;
        if let Some(key) = &found {
            app.write_keys.servers.remember(text, key, now);
        }
        Ok(found)
    }

    /// Counts facts of a key that has no quota: written down by the next [`WriteKeys::write_counts`].
    pub(crate) fn count(&self, key: &str, facts: i64, now: Timestamp) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.entry(key.to_owned()).or_insert((now, 0)).1 += facts;
    }

    /// Writes down what was counted: every few seconds, so that at midnight a few facts go to the day
    /// before.
    pub(crate) async fn write_counts(app: &App) -> Result<(), Problem> {
        let counted = std::mem::take(
            &mut *app.write_keys.counted.lock().unwrap_or_else(PoisonError::into_inner),
        );
        if counted.is_empty() {
            return Ok(());
        }
        let written = app.live.store().submit(move |tx| {
            for (key, (at, facts)) in &counted {
                write_keys::count(tx, key, *facts, *at)?;
            }
            Ok(())
        });
        written.await
    }

    /// Something about keys has changed.
    pub(crate) fn forget(&self) {
        self.pages.forget();
        self.servers.forget();
        *self.all.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl<K> Default for Known<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone> Known<K> {
    fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn remembered(&self, text: &str, now: Timestamp) -> Option<K> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if text.len() > LONGEST {
            return None;
        }
        let (since, key) = known.get(Digest::of(text.as_bytes()).as_bytes())?;
        let age = now.as_millis() - since.as_millis();
        (0..BELIEVED_MS).contains(&age).then(|| key.clone())
    }

    fn remember(&self, text: &str, key: &K, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let hash = Digest::of(text.as_bytes()).as_bytes().to_vec();
        known.insert(hash, (now, key.clone()));
    }
}

//! Priorities follow when somebody says anew what money is worth.

use leads::Timestamp;
use serde_json::json;
use store::settings::{self, Expected, SettingError};
use store::{DbError, Tx};

use crate::money::MONEY;
use crate::{Live, LiveError};

/// The version of [`MONEY`] that everyone was marked for.
const DONE: &str = "money.done";

impl Live {
    /// Says that [`MONEY`] was set: [`Live::reprice`] follows at once, and not at the next tick.
    pub fn money_changed(&self) {
        self.inner.hurry.notify_one();
    }

    /// Marks everyone, where what money is worth was set anew: a part at a time, so that reports come in
    /// between. Answers whether it was. What a crash cuts short begins again.
    pub fn reprice(&self, now: Timestamp) -> Result<bool, LiveError> {
        let (set, done) = self.inner.store.read(|tx| {
            let set = settings::find(tx, MONEY)?.map_or(0, |setting| setting.version);
            let done = settings::find(tx, DONE)?.and_then(|setting| setting.value.as_i64());
            Ok::<_, LiveError>((set, done.unwrap_or(0)))
        })?;
        if set == done {
            return Ok(false);
        }
        self.read_lineup()?;
        self.mark_everyone()?;
        let done = move |tx: &mut Tx<'_>| {
            settings::put(tx, DONE, &json!(set), Expected::Anything, "madura", now)
        };
        self.inner.store.write(done).map_err(|error| match error {
            SettingError::Db(error) => error,
            changed @ SettingError::Changed { .. } => DbError::Unavailable(changed.to_string()),
        })?;
        Ok(true)
    }
}

//! Write keys: `wk_...`, for pages and forms. They can report facts and nothing else, and stand in
//! the source of every page that uses them: they are public, kept as they are, and shown again
//! whenever somebody sets up a page. What protects them is what they cannot do, where they may be
//! used, and how much they take a day.

use leads::{Duration, Timestamp};

use crate::cells::{flag, instant, instant_if_any, json, json_text};
use crate::db::{DbError, Row, Tx};
use crate::keys::STAMP_EVERY;
use crate::secret::digits;

/// A write key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WriteKey {
    /// The id, which stays when the key is changed for another.
    pub id: String,
    /// The key.
    pub key: String,
    /// The key before, while that is still taken.
    pub previous: Option<PreviousKey>,
    /// What it is for, such as the site.
    pub name: String,
    /// Where browsers may use it: `https://example.com`, or `https://*.example.com` for everything
    /// below. None: anywhere.
    pub origins: Vec<String>,
    /// Facts that it takes a day (UTC); none: any number.
    pub daily_quota: Option<i64>,
    /// Whether it is taken.
    pub is_enabled: bool,
    /// Who made it.
    pub created_by: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// The key that a write key had before it was changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreviousKey {
    /// The key.
    pub key: String,
    /// Until when it is taken.
    pub until: Timestamp,
}

/// A write key to be made.
#[derive(Clone, Debug)]
pub struct NewWriteKey<'a> {
    /// An id that no other has.
    pub id: &'a str,
    /// What it is for.
    pub name: &'a str,
    /// Where browsers may use it; none: anywhere.
    pub origins: &'a [String],
    /// Facts that it takes a day (UTC); none: any number.
    pub daily_quota: Option<i64>,
    /// Who makes it.
    pub created_by: &'a str,
}

/// Whether a day's quota has room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quota {
    /// The facts count; so many more may come today (none: any number).
    Taken(Option<i64>),
    /// They would be too many: nothing is counted, and there is room again at this instant.
    Exceeded(Timestamp),
}

/// What a write key took on a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Day {
    /// Its first instant, UTC.
    pub begins: Timestamp,
    /// Facts taken.
    pub taken: i64,
    /// Facts refused for want of quota.
    pub refused: i64,
}

/// The text of a new key: 16 bytes of a random number generator.
pub fn text(random: &[u8; 16]) -> String {
    format!("wk_{}", digits(random))
}

impl WriteKey {
    /// Whether a request with this `Origin` may use the key. Where origins are listed a request
    /// without one is refused: no browser sent it.
    pub fn allows_origin(&self, origin: Option<&str>) -> bool {
        if self.origins.is_empty() {
            return true;
        }
        let Some(origin) = origin else { return false };
        self.origins.iter().any(|pattern| origin_matches(pattern, origin))
    }

    /// Whether [`touch`] is due.
    pub fn is_touch_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|last| now >= last.saturating_add(STAMP_EVERY))
    }
}

/// Makes a write key whose text is `key` (see [`text`]).
pub fn create(
    tx: &mut Tx<'_>,
    new: &NewWriteKey<'_>,
    key: &str,
    now: Timestamp,
) -> Result<WriteKey, DbError> {
    let sql = "INSERT INTO write_key
        (id, key, name, origins, daily_quota, enabled, created_by, created_at)
        VALUES ($1, $2, $3, $4, $5, 1, $6, $7)";
    let origins = json_text(new.origins)?;
    let params = [
        new.id.into(),
        key.into(),
        new.name.into(),
        (&origins).into(),
        new.daily_quota.into(),
        new.created_by.into(),
        now.into(),
    ];
    tx.execute(sql, &params)?;
    get(tx, new.id)?.ok_or(DbError::NoRow)
}

/// The write key that somebody shows, while it is taken.
pub fn find(tx: &mut Tx<'_>, key: &str, now: Timestamp) -> Result<Option<WriteKey>, DbError> {
    if !key.starts_with("wk_") || key.len() > 64 || !key.is_ascii() || key.contains('\0') {
        return Ok(None);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM write_key
        WHERE enabled = 1 AND (key = $1 OR (previous_key = $1 AND previous_until > $2))"
    );
    tx.find(&sql, &[key.into(), now.into()], read)
}

/// The write key with this id, whether or not it is taken.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<WriteKey>, DbError> {
    tx.find(&format!("SELECT {COLUMNS} FROM write_key WHERE id = $1"), &[id.into()], read)
}

/// All write keys, the newest first.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<WriteKey>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM write_key ORDER BY created_at DESC, id DESC");
    tx.query(&sql, &[], read)
}

/// Changes what a write key is for and where and how much it is taken. Answers whether it exists.
pub fn update(
    tx: &mut Tx<'_>,
    id: &str,
    name: &str,
    origins: &[String],
    daily_quota: Option<i64>,
    is_enabled: bool,
) -> Result<bool, DbError> {
    let sql = "UPDATE write_key SET name = $2, origins = $3, daily_quota = $4, enabled = $5
        WHERE id = $1";
    let origins = json_text(origins)?;
    let params = [
        id.into(),
        name.into(),
        (&origins).into(),
        daily_quota.into(),
        i64::from(is_enabled).into(),
    ];
    Ok(tx.execute(sql, &params)? > 0)
}

/// Changes the key for another; the present one is taken until `keep_until`, for pages that are
/// cached or not changed yet, and the one before it no longer. Answers whether the write key exists.
pub fn rotate(
    tx: &mut Tx<'_>,
    id: &str,
    new_key: &str,
    keep_until: Timestamp,
) -> Result<bool, DbError> {
    let sql = "UPDATE write_key SET previous_key = key, previous_until = $3, key = $2
        WHERE id = $1";
    Ok(tx.execute(sql, &[id.into(), new_key.into(), keep_until.into()])? > 0)
}

/// Removes a write key. Answers whether it existed.
pub fn remove(tx: &mut Tx<'_>, id: &str) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM write_key WHERE id = $1", &[id.into()])? > 0)
}

/// Notes that a write key is used, at most once a minute.
pub fn touch(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE write_key SET last_used_at = $2
        WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)";
    let before = now.saturating_sub(STAMP_EVERY);
    tx.execute(sql, &[id.into(), now.into(), before.into()]).map(|_| ())
}

/// Counts `facts` against the quota of the day, all or none. Call it in the transaction that stores
/// them.
pub fn spend(
    tx: &mut Tx<'_>,
    key: &WriteKey,
    facts: i64,
    now: Timestamp,
) -> Result<Quota, DbError> {
    let day = day_of(now);
    let sql = "SELECT taken FROM write_key_day WHERE write_key = $1 AND day = $2";
    let params = [(&key.id).into(), day.into()];
    let taken = tx.find(sql, &params, |row| row.get::<i64>(0))?.unwrap_or(0);
    let left = key.daily_quota.map(|quota| quota - taken - facts);
    let fits = left.is_none_or(|left| left >= 0);
    let (took, refused) = if fits { (facts, 0) } else { (0, facts) };
    add_to_day(tx, &key.id, day, took, refused)?;
    Ok(if fits { Quota::Taken(left) } else { Quota::Exceeded(first_instant(day + 1)) })
}

/// Counts facts that a write key without a quota took on the day of `at`.
pub fn count(tx: &mut Tx<'_>, id: &str, facts: i64, at: Timestamp) -> Result<(), DbError> {
    add_to_day(tx, id, day_of(at), facts, 0)
}

fn add_to_day(
    tx: &mut Tx<'_>,
    id: &str,
    day: i64,
    taken: i64,
    refused: i64,
) -> Result<(), DbError> {
    // A key that was removed meanwhile has no days any more.
    let sql = "INSERT INTO write_key_day (write_key, day, taken, refused)
        SELECT id, $2, $3, $4 FROM write_key WHERE id = $1
        ON CONFLICT (write_key, day) DO UPDATE SET
        taken = write_key_day.taken + excluded.taken,
        refused = write_key_day.refused + excluded.refused";
    tx.execute(sql, &[id.into(), day.into(), taken.into(), refused.into()]).map(|_| ())
}

/// What a write key took on the last `days` days that it was used, the latest first.
pub fn usage(tx: &mut Tx<'_>, id: &str, days: i64) -> Result<Vec<Day>, DbError> {
    let sql = "SELECT day, taken, refused FROM write_key_day WHERE write_key = $1
        ORDER BY day DESC LIMIT $2";
    tx.query(sql, &[id.into(), days.into()], |row| {
        let begins = first_instant(row.get(0)?);
        Ok(Day { begins, taken: row.get(1)?, refused: row.get(2)? })
    })
}

/// Removes what was counted on days before `before`.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, DbError> {
    tx.execute("DELETE FROM write_key_day WHERE day < $1", &[day_of(before).into()])
}

const COLUMNS: &str = "id, key, previous_key, previous_until, name, origins, daily_quota, enabled, \
    created_by, created_at, last_used_at";

fn read(row: &Row<'_>) -> Result<WriteKey, DbError> {
    let previous: Option<String> = row.get(2)?;
    let until = instant_if_any(row, 3)?;
    Ok(WriteKey {
        id: row.get(0)?,
        key: row.get(1)?,
        previous: previous.zip(until).map(|(key, until)| PreviousKey { key, until }),
        name: row.get(4)?,
        origins: json(row, 5)?,
        daily_quota: row.get(6)?,
        is_enabled: flag(row, 7)?,
        created_by: row.get(8)?,
        created_at: instant(row, 9)?,
        last_used_at: instant_if_any(row, 10)?,
    })
}

fn day_of(instant: Timestamp) -> i64 {
    instant.as_millis().div_euclid(Duration::DAY.as_millis())
}

fn first_instant(day: i64) -> Timestamp {
    Timestamp::saturating_from_millis(day.saturating_mul(Duration::DAY.as_millis()))
}

/// A host has no case, and its scheme none either. `*.` stands for one label or more.
fn origin_matches(pattern: &str, origin: &str) -> bool {
    let (pattern, origin) = (pattern.to_ascii_lowercase(), origin.to_ascii_lowercase());
    match pattern.split_once("://*.") {
        Some((scheme, below)) => origin
            .strip_prefix(scheme)
            .and_then(|rest| rest.strip_prefix("://"))
            .and_then(|host| host.strip_suffix(below))
            .and_then(|labels| labels.strip_suffix('.'))
            .is_some_and(|labels| {
                !labels.is_empty()
                    && labels.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
            }),
        None => pattern == origin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_matched_as_a_whole_and_a_star_stands_for_labels_only() {
        let below = "https://*.example.com";
        assert!(origin_matches("https://example.com", "https://EXAMPLE.com"));
        assert!(origin_matches(below, "https://shop.example.com"));
        assert!(origin_matches(below, "https://a.b.example.com"));
        for wrong in [
            "https://example.com",
            "https://evilexample.com",
            "http://shop.example.com",
            "https://shop.example.com.evil.org",
            "https://evil.org/.example.com",
            "https://evil.org?.example.com",
            "https://user@x.example.com",
            "null",
            "",
        ] {
            assert!(!origin_matches(below, wrong), "{wrong}");
        }
        assert!(!origin_matches("https://example.com", "https://example.com:8443"));
    }
}

//! Failed logins, counted per account and per network, so that passwords cannot be guessed.
//!
//! An attempt counts as failed before the password is looked at, and stops counting when it turns
//! out right: a thousand attempts at the same instant are a thousand attempts. Whoever is turned
//! away is not counted, so that the wait ends for the owner of the account, too.

use leads::{Duration, EmailAddress, Timestamp};

use crate::cells::{instant, minutes};
use crate::db::{DbError, Tx};
use crate::secret::Digest;

/// Whose failures are counted together. Only a hash is stored, and that for a day.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    digest: Digest,
    limit: Limit,
}

/// How many failures are free, and how long the next attempts wait.
#[derive(Clone, Copy, Debug)]
struct Limit {
    free: i64,
    /// After the first failure that is not free; doubled by each further one.
    first_wait_ms: i64,
    longest_wait_ms: i64,
}

/// Whether an attempt may go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// Look at the password.
    Admitted,
    /// Too many have failed: not before this instant.
    Wait(Timestamp),
}

/// People mistype a few times. From then on 1 s, 2 s, 4 s, ... 15 min: some 100 guesses on the first
/// day, against the 10^6 that a weak password stands.
const ACCOUNT: Limit = Limit { free: 5, first_wait_ms: 1_000, longest_wait_ms: 900_000 };

/// An office has one address and many people.
const NETWORK: Limit = Limit { free: 50, first_wait_ms: 1_000, longest_wait_ms: 900_000 };

/// Failures are forgotten when none came for this long.
const FORGOTTEN_AFTER: Duration = minutes(24 * 60);

/// Clocks of several nodes are not apart by more.
const AHEAD_MAX: Duration = minutes(5);

impl Subject {
    /// Attempts at the account with this address, whether or not there is one.
    pub fn account(email: &EmailAddress) -> Self {
        let digest = Digest::of_parts(&[b"account", email.as_str().as_bytes()]);
        Self { digest, limit: ACCOUNT }
    }

    /// Whether so many failures are worth an entry in a trail that must not grow with a flood: those from which
    /// on attempts have to wait, and each time that they have doubled since.
    pub fn is_notable(&self, failed: i64) -> bool {
        let first = self.limit.free + 1;
        failed >= first && failed % first == 0 && (failed / first).count_ones() == 1
    }

    /// Attempts from a network: an IPv4 address, or the first 64 bits of an IPv6 address.
    pub fn network(network: &str) -> Self {
        let digest = Digest::of_parts(&[b"network", network.as_bytes()]);
        Self { digest, limit: NETWORK }
    }
}

/// Counts an attempt that is about to be made, unless one of its subjects has to wait.
pub fn admit(tx: &mut Tx<'_>, subjects: &[Subject], now: Timestamp) -> Result<Admission, DbError> {
    let mut counts = Vec::with_capacity(subjects.len());
    let mut wait = None;
    for subject in subjects {
        let count = find(tx, subject)?;
        // One of a time yet to come was made by a clock that was ahead, and would wait for that time.
        let forgotten = |count: &Count| {
            now >= count.last_at.saturating_add(FORGOTTEN_AFTER)
                || count.last_at > now.saturating_add(AHEAD_MAX)
        };
        let count = count.filter(|count| !forgotten(count));
        if let Some(count) = &count
            && count.closed_until > now
        {
            wait = wait.max(Some(count.closed_until));
        }
        counts.push(count.map_or(0, |count| count.failed));
    }
    if let Some(until) = wait {
        return Ok(Admission::Wait(until));
    }
    for (subject, failed) in subjects.iter().zip(counts) {
        let failed = failed + 1;
        let sql = "INSERT INTO login_attempts (subject, failed, last_at, closed_until)
            VALUES ($1, $2, $3, $4) ON CONFLICT (subject) DO UPDATE SET failed = excluded.failed,
            last_at = excluded.last_at, closed_until = excluded.closed_until";
        let closed_until = now.saturating_add(subject.limit.wait(failed));
        let digest = subject.digest.as_bytes();
        tx.execute(sql, &[digest.into(), failed.into(), now.into(), closed_until.into()])?;
    }
    Ok(Admission::Admitted)
}

/// How many attempts of a subject have failed, that which was just admitted among them.
pub fn failed(tx: &mut Tx<'_>, subject: &Subject) -> Result<i64, DbError> {
    Ok(find(tx, subject)?.map_or(0, |count| count.failed))
}

/// The attempt was right: the account's failures are forgotten, and it no longer counts against the
/// network, whose other failures stay.
pub fn succeeded(tx: &mut Tx<'_>, account: &Subject, network: &Subject) -> Result<(), DbError> {
    let sql = "DELETE FROM login_attempts WHERE subject = $1";
    tx.execute(sql, &[account.digest.as_bytes().into()])?;
    forgive(tx, network)
}

/// An attempt was right: it no longer counts against the network, whose other failures stay.
pub fn forgive(tx: &mut Tx<'_>, network: &Subject) -> Result<(), DbError> {
    if let Some(count) = find(tx, network)? {
        let failed = (count.failed - 1).max(0);
        let closed_until = count.last_at.saturating_add(network.limit.wait(failed));
        let sql = "UPDATE login_attempts SET failed = $2, closed_until = $3 WHERE subject = $1";
        tx.execute(sql, &[network.digest.as_bytes().into(), failed.into(), closed_until.into()])?;
    }
    Ok(())
}

/// Removes counters that no longer count.
pub(super) fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, DbError> {
    let before = now.saturating_sub(FORGOTTEN_AFTER);
    tx.execute("DELETE FROM login_attempts WHERE last_at <= $1", &[before.into()])
}

impl Limit {
    fn wait(self, failed: i64) -> Duration {
        let beyond = failed - self.free;
        if beyond <= 0 {
            return Duration::ZERO;
        }
        // 2^40 s is beyond any longest wait.
        let wait = self.first_wait_ms << (beyond - 1).min(40);
        Duration::from_millis(wait.min(self.longest_wait_ms)).unwrap_or(Duration::DAY)
    }
}

struct Count {
    failed: i64,
    last_at: Timestamp,
    closed_until: Timestamp,
}

fn find(tx: &mut Tx<'_>, subject: &Subject) -> Result<Option<Count>, DbError> {
    let sql = "SELECT failed, last_at, closed_until FROM login_attempts WHERE subject = $1";
    tx.find(sql, &[subject.digest.as_bytes().into()], |row| {
        Ok(Count { failed: row.get(0)?, last_at: instant(row, 1)?, closed_until: instant(row, 2)? })
    })
}

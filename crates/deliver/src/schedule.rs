//! What comes after an attempt: pure decisions about when to try again and when to stop.

use std::time::{Duration as Wait, UNIX_EPOCH};

use leads::{Duration, Timestamp};

use crate::sender::Outcome;

/// How long after attempt `n` the next one is due at the earliest, in seconds: the schedule that
/// Standard Webhooks 1.0.0 recommends. The first attempt is due at once; the tenth is the last,
/// 75 hours and 35 minutes after the first.
const STEPS_SECONDS: [i64; 9] =
    [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];
/// How many times a message is tried.
pub const ATTEMPTS_MAX: u32 = STEPS_SECONDS.len() as u32 + 1;
/// The longest wait that a receiver can ask for: that of the longest step, in seconds.
const RETRY_AFTER_MAX_SECONDS: u64 = 24 * 3600;
/// A wait is up to a tenth longer than its step, so that what failed together does not come back
/// together.
const JITTER_PARTS: u64 = 10;
/// How long an endpoint may do nothing but fail until it is disabled.
const FAILING_MAX_MILLIS: i64 = 5 * Duration::DAY.as_millis();
/// How many times in a row it has to have failed besides: as often as one message is tried. Two
/// failures a week apart say little of an endpoint that is rarely called.
const FAILURES_MIN: u32 = ATTEMPTS_MAX;

/// What an attempt leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// What to do with the message, and with its endpoint.
    pub next: Next,
    /// How the endpoint stands now; to be stored with it.
    pub health: Health,
}

/// What to do after an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// The message has arrived.
    Done,
    /// Try again, not before that instant.
    At(Timestamp),
    /// Keep the message as failed; an operator may send it again.
    GiveUp,
    /// Keep the message as failed, and call the endpoint no more until somebody enables it.
    Disable(DisabledBecause),
}

/// Why an endpoint is not called any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DisabledBecause {
    /// It answered 410: it does not want to be called.
    Gone,
    /// It has done nothing but fail for five days.
    Failing,
}

/// How an endpoint has fared lately: a value that the caller stores with it. `default()` is that of
/// a new endpoint, or of one that was just enabled again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Health {
    /// When it began to do nothing but fail.
    pub failing_since: Option<Timestamp>,
    /// How many attempts have failed since.
    pub failures: u32,
}

/// Decides what follows attempt number `attempt` (from 1) of a message, which ended at `now` with
/// `outcome` at an endpoint that stood at `health` before.
///
/// `jitter_seed` spreads the attempts: give a hash or the random part of the message's id. The same
/// arguments give the same verdict.
pub fn after(
    attempt: u32,
    outcome: &Outcome,
    health: Health,
    now: Timestamp,
    jitter_seed: u64,
) -> Verdict {
    let health = health.after(outcome, now);
    let next = match outcome {
        Outcome::Delivered => Next::Done,
        Outcome::Gone => Next::Disable(DisabledBecause::Gone),
        _ if health.is_spent(now) => Next::Disable(DisabledBecause::Failing),
        Outcome::Refused(refusal) if refusal.is_permanent() => Next::GiveUp,
        Outcome::Busy { retry_after } => again(attempt, *retry_after, now, jitter_seed),
        Outcome::Rejected | Outcome::Refused(_) | Outcome::Unanswered(_) => {
            again(attempt, None, now, jitter_seed)
        }
    };
    Verdict { next, health }
}

impl Health {
    fn after(self, outcome: &Outcome, now: Timestamp) -> Self {
        if *outcome == Outcome::Delivered {
            return Self::default();
        }
        Self {
            // A clock that was set back must not make the days longer than they were.
            failing_since: Some(self.failing_since.map_or(now, |since| since.min(now))),
            failures: self.failures.saturating_add(1),
        }
    }

    fn is_spent(self, now: Timestamp) -> bool {
        let failing_for = self.failing_since.map_or(0, |since| now.as_millis() - since.as_millis());
        failing_for >= FAILING_MAX_MILLIS && self.failures >= FAILURES_MIN
    }
}

impl DisabledBecause {
    /// A word for the store and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// Reads `Retry-After`: seconds, or a date of HTTP as seen from `now`. Never more than a day;
/// `None` for what is neither. A date that has passed is no wait at all.
pub(crate) fn read_retry_after(text: &str, now: Timestamp) -> Option<Wait> {
    let text = text.trim();
    let longest = Wait::from_secs(RETRY_AFTER_MAX_SECONDS);
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // What no u64 can hold is a long time too.
        return Some(text.parse().map_or(longest, Wait::from_secs).min(longest));
    }
    let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let date_millis = i64::try_from(date.as_millis()).ok()?;
    let wait = date_millis.saturating_sub(now.as_millis()).max(0);
    Some(Wait::from_millis(wait.unsigned_abs()).min(longest))
}

fn again(attempt: u32, retry_after: Option<Wait>, now: Timestamp, jitter_seed: u64) -> Next {
    let Some(step) = STEPS_SECONDS.get(attempt.max(1) as usize - 1) else { return Next::GiveUp };
    let step_millis = step * 1000;
    let asked = retry_after.unwrap_or_default().min(Wait::from_secs(RETRY_AFTER_MAX_SECONDS));
    let wait = step_millis.max(asked.as_millis() as i64);
    let spread = step_millis.unsigned_abs() / JITTER_PARTS;
    let jitter = (scatter(jitter_seed ^ u64::from(attempt)) % (spread + 1)).cast_signed();
    Next::At(Timestamp::saturating_from_millis(now.as_millis() + wait + jitter))
}

/// The finalizer of splitmix64: seeds that differ in a bit give numbers that have nothing in common.
fn scatter(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

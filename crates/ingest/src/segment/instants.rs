//! When a call's fact happened, by our clock and not by its sender's.

use jiff::tz::TimeZone;
use leads::{Duration, Timestamp, TimestampError, Trust, read_local};
use serde_json::Value as Json;

/// What a visitor's browser or phone can have kept to itself: 90 days. An older fact of an untrusted
/// sender is a broken clock or an invented past.
const KEPT_MAX: i64 = 90 * 86_400_000;
/// How much later than its sending a fact may claim to be before one of both stamps is nonsense.
const AFTER_SENDING_MAX: i64 = 60_000;
/// 1900-01-01T00:00:00Z: nobody has data about leads that are older.
const FIRST: i64 = -2_208_988_800_000;

/// An instant that was made out, and what was odd about the stamps.
pub(super) struct Settled {
    pub(super) at: Timestamp,
    pub(super) notes: Vec<(&'static str, &'static str, String)>,
}

/// Works out when a fact happened: `received - (sent - original)`, which holds whatever the sender's
/// clock shows. Errors with the message for `timestamp`.
pub(super) fn settle(
    original: Option<&Json>,
    sent: Option<&Json>,
    received: Timestamp,
    trust: Trust,
) -> Result<Settled, String> {
    let mut notes = Vec::new();
    let original = match original.map(read_stamp) {
        None => None,
        Some(Err(message)) => return Err(message),
        Some(Ok(stamp)) => stamp,
    };
    let Some(Stamp { at: original, without_zone }) = original else {
        return Ok(Settled { at: received, notes });
    };
    if without_zone {
        notes.push(("no_zone", "timestamp", "names no time zone and is taken as UTC".to_owned()));
    }
    let sent = match sent.map(read_stamp) {
        Some(Err(_)) => {
            notes.push(("bad_sent_at", "sentAt", "is no instant and is not used".to_owned()));
            None
        }
        Some(Ok(stamp)) => stamp.map(|stamp| stamp.at),
        None => None,
    };
    let mut at = original.as_millis();
    if let Some(sent) = sent {
        let age = sent.as_millis() - original.as_millis();
        if age >= -AFTER_SENDING_MAX {
            at = received.as_millis() - age.max(0);
        } else {
            let message = "lies before the call's timestamp and is not used".to_owned();
            notes.push(("bad_sent_at", "sentAt", message));
        }
    }
    if at > received.as_millis() {
        notes.push((
            "future",
            "timestamp",
            "lies in the future and is taken as the time of arrival".to_owned(),
        ));
        at = received.as_millis();
    }
    if trust == Trust::Public && received.as_millis() - at > KEPT_MAX {
        notes.push((
            "too_old",
            "timestamp",
            "is more than 90 days old, which only trusted senders can report; taken as the time of arrival"
                .to_owned(),
        ));
        at = received.as_millis();
    }
    if at < FIRST {
        return Err("lies before 1900: send when it happened, or nothing".to_owned());
    }
    Ok(Settled { at: Timestamp::saturating_from_millis(at), notes })
}

/// An instant as a client writes it.
struct Stamp {
    at: Timestamp,
    without_zone: bool,
}

/// Reads RFC 3339, or a number since 1970; a date without a zone is UTC, as Segment takes it. The
/// zero of a programming language (1970-01-01, 0001-01-01) is none.
fn read_stamp(value: &Json) -> Result<Option<Stamp>, String> {
    let stamp = match value {
        Json::Null => return Ok(None),
        Json::String(text) if text.trim().is_empty() => return Ok(None),
        Json::String(text) => match Timestamp::parse(text) {
            Ok(at) => Stamp { at, without_zone: false },
            Err(error) => match (&error, read_local(text, &TimeZone::UTC)) {
                (TimestampError::NoZone, Some(at)) => Stamp { at, without_zone: true },
                _ => return Err(error.to_string()),
            },
        },
        Json::Number(number) => {
            let at = Timestamp::from_epoch_number(number.as_f64().unwrap_or(f64::NAN))
                .map_err(|error| error.to_string())?;
            Stamp { at, without_zone: false }
        }
        _ => return Err("must be text in RFC 3339, as in 2026-03-01T10:00:00Z".to_owned()),
    };
    let year_one = Timestamp::MIN.saturating_add(Duration::DAY);
    let is_zero = stamp.at.as_millis() == 0 || stamp.at <= year_one;
    Ok(Some(stamp).filter(|_| !is_zero))
}

/// An instant among traits (`createdAt`), written as we write them; anything else as it is.
pub(super) fn tidy_instant(value: Json) -> Json {
    match read_stamp(&value) {
        Ok(Some(stamp)) => stamp.at.to_string().into(),
        _ => value,
    }
}

//! For how long what was replaced is still taken, too.

use leads::{Duration, Timestamp};

use crate::problem::Problem;

/// Hours in a year: whoever needs longer keeps both for good.
const HOURS_MAX: u32 = 8760;

/// Until when what is replaced now is taken, if it is kept for so many hours.
pub(crate) fn kept_until(now: Timestamp, hours: u32) -> Result<Timestamp, Problem> {
    if hours > HOURS_MAX {
        let detail = "/keep_hours: from 0 to 8,760 hours, which is a year";
        return Err(Problem::invalid("bad_body", detail));
    }
    let kept_ms = i64::from(hours) * Duration::HOUR.as_millis();
    Ok(Timestamp::saturating_from_millis(now.as_millis().saturating_add(kept_ms)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_replaced_is_kept_for_a_year_at_most() {
        let now = Timestamp::parse("2026-11-26T12:00:00Z").unwrap();
        let until = |hours| kept_until(now, hours).ok().map(|until| until.to_string());
        assert_eq!(until(24).as_deref(), Some("2026-11-27T12:00:00Z"));
        assert_eq!(until(8760).as_deref(), Some("2027-11-26T12:00:00Z"));
        assert_eq!((until(8761), until(u32::MAX)), (None, None));
    }
}

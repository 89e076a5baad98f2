//! Instants as people read them: on the clocks of the model's time zone.

use jiff::tz::TimeZone;
use leads::Timestamp;

/// `2026-03-01 11:00`.
pub(crate) fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `2026-03-01 11:00 Europe/Madrid`; with seconds where there are some.
pub(crate) fn local_with_zone(at: Timestamp, zone: &TimeZone) -> String {
    let zoned = at.to_jiff().to_zoned(zone.clone());
    let form =
        if at.as_millis() % 60_000 == 0 { "%Y-%m-%d %H:%M %Q" } else { "%Y-%m-%d %H:%M:%S %Q" };
    zoned.strftime(form).to_string()
}

/// How long before `now`: `3 days`, `2 hours`. `None` where it lies after it.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> Option<String> {
    let minutes = (now.as_millis() - at.as_millis()) / 60_000;
    if minutes < 0 {
        return None;
    }
    let (count, unit) = match minutes {
        0..90 => (minutes, "minute"),
        90..2_160 => ((minutes + 30) / 60, "hour"),
        2_160..86_400 => ((minutes + 720) / 1440, "day"),
        86_400..1_051_200 => ((minutes + 21_900) / 43_800, "month"),
        _ => (minutes / 525_600, "year"),
    };
    let plural = if count == 1 { "" } else { "s" };
    Some(format!("{count} {unit}{plural}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_said_in_the_unit_that_fits() {
        let now = Timestamp::parse("2026-03-01T10:00:00Z").unwrap();
        for (at, said) in [
            ("2026-03-01T09:59:00Z", "1 minute"),
            ("2026-03-01T07:00:00Z", "3 hours"),
            ("2026-02-25T10:00:00Z", "4 days"),
            ("2025-09-01T10:00:00Z", "6 months"),
            ("2020-03-01T10:00:00Z", "6 years"),
        ] {
            assert_eq!(ago(Timestamp::parse(at).unwrap(), now).unwrap(), said);
        }
    }
}

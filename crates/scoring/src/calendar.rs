//! Calendar periods and calendar months in a time zone.

use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use leads::Timestamp;

use crate::divide::Divisor;
use crate::model::Period;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
const DAY: Divisor = Divisor::new(DAY_MS);

/// A Monday's midnight before every instant, so that counting from it needs no negative numbers.
const BASE_MS: i64 = {
    // 1969-12-29 was a Monday; 9,000 years of 400-year cycles (20,871 weeks each) lie before it.
    -3 * DAY_MS as i64 - 23 * 20_871 * 7 * DAY_MS as i64
};

/// The offsets of a time zone over a stretch of time.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// From each instant (ms) on, the offset from UTC (ms). The first begins before everything.
    segments: Vec<(i64, i64)>,
    /// The first of them.
    first: Cursor,
    /// Whether a period that was left can come back: clocks put back across midnight. Then a period
    /// is not over when the next one begins.
    returns: bool,
}

/// Where in the calendar the last look-up was: instants that follow each other share segments.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    from: i64,
    until: i64,
    offset: i64,
}

impl Cursor {
    /// A cursor that points nowhere yet.
    const START: Self = Self { from: 0, until: 0, offset: 0 };

    /// Milliseconds on the local clocks since the base.
    #[inline]
    fn local(&self, at: i64) -> u64 {
        (at + self.offset - BASE_MS) as u64
    }

    #[inline]
    fn day(&self, at: i64) -> u32 {
        (self.local(at) / DAY_MS) as u32
    }
}

/// The numbers of the periods that hold one instant after another.
#[derive(Debug)]
pub(crate) struct Periods<'c> {
    calendar: &'c Calendar,
    uses: Uses,
    cursor: Cursor,
    numbers: [u32; 5],
}

/// Which periods matter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Uses {
    days: bool,
    others: bool,
}

impl Uses {
    pub(crate) fn of(periods: impl Iterator<Item = Period>) -> Self {
        periods.fold(Self::default(), |uses, period| match period {
            Period::Ever => uses,
            Period::Day => Self { days: true, ..uses },
            Period::Hour | Period::Week | Period::Month => Self { others: true, ..uses },
        })
    }
}

/// The numbers of the days of instants.
#[derive(Debug)]
pub(crate) struct Days<'c> {
    calendar: &'c Calendar,
    cursor: Cursor,
}

impl<'c> Days<'c> {
    pub(crate) fn new(calendar: &'c Calendar) -> Self {
        Self { calendar, cursor: calendar.first }
    }

    /// The number of the day that holds an instant (ms), no earlier than the last one.
    #[inline]
    pub(crate) fn number(&mut self, at: i64) -> u32 {
        if at >= self.cursor.until {
            self.cursor = self.calendar.seek(at);
        }
        self.cursor.day(at)
    }

    /// The numbers of the days that hold instants (ms) in rising order, whatever was asked before.
    #[expect(
        clippy::inline_always,
        reason = "what is called anew is compiled without wide registers"
    )]
    #[inline(always)]
    pub(crate) fn numbers<const COUNT: usize>(&mut self, at: &[i64; COUNT]) -> [u32; COUNT] {
        let mut numbers = [0; COUNT];
        if at[0] < self.cursor.from || at[COUNT - 1] >= self.cursor.until {
            for (number, at) in numbers.iter_mut().zip(at) {
                *number = DAY.whole(self.calendar.local(*at, &mut self.cursor));
            }
        } else {
            for (number, at) in numbers.iter_mut().zip(at) {
                *number = DAY.whole(self.cursor.local(*at));
            }
        }
        numbers
    }
}

impl<'c> Periods<'c> {
    pub(crate) fn new(calendar: &'c Calendar, uses: Uses) -> Self {
        Self { calendar, uses, cursor: Cursor::START, numbers: [0; 5] }
    }

    /// Goes to an instant (ms).
    #[inline]
    pub(crate) fn enter(&mut self, at: i64) {
        if self.uses.days || self.uses.others {
            let local = self.calendar.local(at, &mut self.cursor);
            self.numbers[Period::Day as usize] = (local / DAY_MS) as u32;
            if self.uses.others {
                self.numbers[Period::Hour as usize] = (local / HOUR_MS) as u32;
                self.numbers[Period::Week as usize] = (local / (7 * DAY_MS)) as u32;
                self.numbers[Period::Month as usize] = month_of(local / DAY_MS) as u32;
            }
        }
    }

    /// The number of a period: consecutive in the calendar; hours are 1.7e8 at most.
    #[inline]
    pub(crate) fn number(&self, period: Period) -> u32 {
        self.numbers[period as usize]
    }
}

impl Calendar {
    /// The calendar of `zone` for instants from `first` to `last`.
    pub(crate) fn new(zone: &TimeZone, first: Timestamp, last: Timestamp) -> Self {
        let offset_at =
            |instant: jiff::Timestamp| i64::from(zone.to_offset(instant).seconds()) * 1000;
        let mut segments = vec![(i64::MIN, offset_at(first.to_jiff()))];
        let mut returns = false;
        for transition in zone.following(first.to_jiff()) {
            let at = transition.timestamp().as_millisecond();
            if at > last.as_millis() {
                break;
            }
            let offset = i64::from(transition.offset().seconds()) * 1000;
            let before = segments[segments.len() - 1].1;
            // The last local time before, and the first after. Where the clocks go back into another
            // hour, that hour was left and comes back (and so may its day, week and month).
            let hour = |local: i64| local.div_euclid(HOUR_MS as i64);
            returns |= hour(at + offset) < hour(at + before - 1);
            segments.push((at, offset));
        }
        let until = segments.get(1).map_or(i64::MAX, |(from, _)| *from);
        let first = Cursor { from: i64::MIN, until, offset: segments[0].1 };
        Self { segments, first, returns }
    }

    /// Whether a period that was left can come back.
    pub(crate) fn returns(&self) -> bool {
        self.returns
    }

    /// Visits every instant (ms) from `first` to `last` at which a day begins on the local clocks
    /// (or an hour), or the clocks change.
    pub(crate) fn visit_starts(
        &self,
        first: i64,
        last: i64,
        hours: bool,
        visit: &mut dyn FnMut(i64),
    ) {
        let length = if hours { HOUR_MS } else { DAY_MS } as i64;
        let mut at = first;
        while at <= last {
            let cursor = self.seek(at);
            visit(cursor.from.max(first));
            let into = (at + cursor.offset - BASE_MS).rem_euclid(length);
            let mut start = if into == 0 { at } else { at - into + length };
            while start <= last && start < cursor.until {
                visit(start);
                start += length;
            }
            if cursor.until > last {
                break;
            }
            at = cursor.until;
        }
    }

    /// Milliseconds on the local clocks since the base.
    #[inline]
    fn local(&self, at: i64, cursor: &mut Cursor) -> u64 {
        if at < cursor.from || at >= cursor.until {
            *cursor = self.seek(at);
        }
        cursor.local(at)
    }

    #[cold]
    fn seek(&self, at: i64) -> Cursor {
        let index = self.segments.partition_point(|(from, _)| *from <= at).max(1) - 1;
        let (from, offset) = self.segments[index];
        let until = self.segments.get(index + 1).map_or(i64::MAX, |(from, _)| *from);
        Cursor { from, until, offset }
    }
}

/// The number of the month of a day counted from the base.
fn month_of(day: u64) -> u64 {
    // Civil dates by the usual arithmetic on 400-year eras and years that begin in March.
    let days_since_epoch = day as i64 + BASE_MS / DAY_MS as i64;
    let shifted = days_since_epoch + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    ((era * 400 + year_of_era + 10_000) * 12 + month_from_march) as u64
}

/// The instant `months` calendar months later on the clocks of `zone`, clamped to the last day of
/// the month; held to the last instant there is.
pub(crate) fn add_months(at: Timestamp, months: u32, zone: &TimeZone) -> Timestamp {
    let local = at.to_jiff().to_zoned(zone.clone());
    let later = local.checked_add(i64::from(months).months());
    later.map_or(Timestamp::MAX, |later| Timestamp::from_jiff(later.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil;
    use proptest::prelude::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    const ALL: Uses = Uses { days: true, others: true };

    fn period(zone_name: &str, period: Period, text: &str) -> u32 {
        let calendar = Calendar::new(&zone(zone_name), Timestamp::MIN, at("2030-01-01T00:00:00Z"));
        let mut periods = Periods::new(&calendar, ALL);
        periods.enter(at(text).as_millis());
        periods.number(period)
    }

    #[test]
    fn a_day_ends_at_midnight_on_the_local_clocks() {
        let day = |text| period("Europe/Madrid", Period::Day, text);
        assert_eq!(day("2026-07-01T21:59:59Z") + 1, day("2026-07-01T22:00:00Z"));
        assert_eq!(day("2026-01-01T22:59:59Z") + 1, day("2026-01-01T23:00:00Z"));
    }

    #[test]
    fn a_week_begins_on_monday_and_a_month_on_its_first() {
        let week = |text| period("UTC", Period::Week, text);
        assert_eq!(week("2026-11-22T23:59:59Z") + 1, week("2026-11-23T00:00:00Z"));
        let month = |text| period("UTC", Period::Month, text);
        assert_eq!(month("2026-02-28T23:59:59Z") + 1, month("2026-03-01T00:00:00Z"));
        assert_eq!(month("2025-12-31T23:59:59Z") + 1, month("2026-01-01T00:00:00Z"));
    }

    #[test]
    fn the_hour_that_autumn_repeats_is_one_hour() {
        let hour = |text| period("Europe/Madrid", Period::Hour, text);
        assert_eq!(hour("2026-10-25T00:30:00Z"), hour("2026-10-25T01:30:00Z"));
        assert_eq!(hour("2026-10-25T01:30:00Z") + 1, hour("2026-10-25T02:00:00Z"));
    }

    #[test]
    fn clocks_put_back_over_midnight_bring_a_day_back() {
        let span = |name| {
            Calendar::new(&zone(name), at("2000-01-01T00:00:00Z"), at("2010-01-01T00:00:00Z"))
        };
        assert!(span("America/St_Johns").returns());
        assert!(!span("Europe/Madrid").returns());
        assert!(!span("UTC").returns());
    }

    #[test]
    fn months_are_clamped_to_the_last_day() {
        let later = |from, months| add_months(at(from), months, &zone("UTC")).to_string();
        assert_eq!(later("2025-06-30T12:00:00Z", 20), "2027-02-28T12:00:00Z");
        assert_eq!(later("2026-06-30T12:00:00Z", 20), "2028-02-29T12:00:00Z");
    }

    proptest! {
        #[test]
        fn periods_are_what_the_civil_calendar_says(
            millis in -2_000_000_000_000_i64..4_000_000_000_000,
            name in prop::sample::select(vec![
                "UTC", "Europe/Madrid", "Asia/Kathmandu", "America/St_Johns",
                "Australia/Lord_Howe", "Pacific/Apia",
            ]),
        ) {
            let zone = zone(name);
            let calendar = Calendar::new(
                &zone, Timestamp::saturating_from_millis(-2_000_000_000_000), at("2100-01-01T00:00:00Z"),
            );
            let instant = Timestamp::saturating_from_millis(millis);
            let civil = zone.to_datetime(instant.to_jiff());
            let mut periods = Periods::new(&calendar, ALL);
            periods.enter(millis);
            let day = periods.number(Period::Day);
            let days = civil.date().duration_since(civil::date(1970, 1, 1)).as_hours() / 24;
            prop_assert_eq!(i64::from(day) + BASE_MS / DAY_MS as i64, days);
            let hour = periods.number(Period::Hour);
            prop_assert_eq!(i64::from(hour) - i64::from(day) * 24, i64::from(civil.hour()));
            let month = periods.number(Period::Month);
            let first = zone
                .to_timestamp(civil.date().first_of_month().to_datetime(civil::Time::midnight()))
                .unwrap();
            periods.enter(Timestamp::from_jiff(first).as_millis());
            prop_assert_eq!(periods.number(Period::Month), month);
        }
    }
}

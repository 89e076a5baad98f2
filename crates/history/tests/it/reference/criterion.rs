//! What one criterion gives, to the hundred-millionth of a point.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, civil};
use leads::{CalendarDuration, Event, LeadFacts, Timestamp, Value};
use serde_json::Value as Json;

use super::condition::{trait_value, young_enough};
use super::document::{calendar_duration, hundredths, hundredths_or_zero, items, millis, text};
use super::value::number;
use super::{MILLION, Reference, Truth, round_half_away};

const HOUR_MS: i64 = 3_600_000;

impl Reference<'_> {
    /// The criterion's amount in hundredths times millionths, before any limit.
    pub(super) fn criterion(&self, criterion: &Json, facts: &LeadFacts, t: Timestamp) -> i128 {
        if criterion.get("bands").is_some() {
            by_bands(criterion, facts, t) * MILLION
        } else if criterion.get("tiers").is_some() {
            self.tiers(criterion, facts, t) * MILLION
        } else if criterion.get("curve").is_some() {
            self.curve(criterion, facts, t)
        } else if criterion.get("event").is_some() {
            let points = hundredths(&criterion["points"]);
            let decay = criterion.get("decay");
            let events = self.counted(criterion, facts, t);
            events.iter().map(|event| points * weight(decay, t, event.at)).sum()
        } else {
            let condition = criterion.get("when").unwrap_or(criterion);
            let key = match self.condition(condition, facts, t) {
                Truth::True => "points",
                Truth::False => "otherwise",
                Truth::Unknown => "unknown",
            };
            hundredths_or_zero(criterion, key) * MILLION
        }
    }

    /// The matching events that `count` chooses and `within` leaves.
    fn counted<'f>(&self, criterion: &Json, facts: &'f LeadFacts, t: Timestamp) -> Vec<&'f Event> {
        let mut events = self.matching(criterion, facts, t);
        if let Some(count) = criterion.get("count") {
            let at_most = count["at_most"].as_u64().expect("a number");
            let mut kept: Vec<(Period, &Event)> = Vec::new();
            for event in events {
                let period = period(text(&count["per"]), event.at, &self.zone);
                let already = kept.iter().filter(|(of, _)| *of == period).count();
                if (already as u64) < at_most {
                    kept.push((period, event));
                }
            }
            events = kept.into_iter().map(|(_, event)| event).collect();
        }
        young_enough(events, criterion, t)
    }

    fn tiers(&self, criterion: &Json, facts: &LeadFacts, t: Timestamp) -> i128 {
        let count = self.counted(criterion, facts, t).len();
        if let (Some(within), Some(created)) = (criterion.get("within"), facts.created_at) {
            let young = t.as_millis() - created.as_millis() < millis(within);
            if count == 0 && young {
                return 0;
            }
        }
        first_row(items(criterion, "tiers"), |row| takes(row, count as f64))
    }

    fn curve(&self, criterion: &Json, facts: &LeadFacts, t: Timestamp) -> i128 {
        let events = self.matching(&criterion["since"], facts, t);
        let Some(latest) = events.last() else {
            return 0;
        };
        let age = whole_hours(t, latest.at);
        let knots: Vec<(i64, i128)> = items(criterion, "curve")
            .iter()
            .map(|knot| (self.knot_hours(&knot["at"], latest.at), hundredths(&knot["points"])))
            .collect();
        let (first, last) = (knots[0], knots[knots.len() - 1]);
        if age <= first.0 {
            return first.1 * MILLION;
        }
        for pair in knots.windows(2) {
            let ((from, low), (to, high)) = (pair[0], pair[1]);
            if from <= age && age < to {
                let risen = (high - low) * MILLION * i128::from(age - from);
                let length = i128::from(to - from);
                return round_half_away(low * MILLION * length + risen, length);
            }
        }
        last.1 * MILLION
    }

    /// How many whole hours after the event a knot stands.
    fn knot_hours(&self, at: &Json, event: Timestamp) -> i64 {
        match calendar_duration(at) {
            CalendarDuration::Fixed(duration) => duration.as_millis() / HOUR_MS,
            CalendarDuration::Months(months) => {
                let local = event.to_jiff().to_zoned(self.zone.clone());
                let then = local.checked_add(Span::new().months(months)).expect("before 9999");
                whole_hours(Timestamp::from_jiff(then.timestamp()), event)
            }
        }
    }
}

/// The first row that takes the trait's number counts; of a list, the first that takes one of them.
fn by_bands(criterion: &Json, facts: &LeadFacts, t: Timestamp) -> i128 {
    let value = trait_value(text(&criterion["trait"]), facts, t);
    let numbers: Vec<f64> = value.iter().flat_map(Value::elements).filter_map(number).collect();
    if numbers.is_empty() {
        return hundredths_or_zero(criterion, "unknown");
    }
    first_row(items(criterion, "bands"), |row| numbers.iter().any(|number| takes(row, *number)))
}

fn first_row(rows: &[Json], takes: impl Fn(&Json) -> bool) -> i128 {
    rows.iter().find(|row| takes(row)).map_or(0, |row| hundredths(&row["points"]))
}

fn takes(row: &Json, number: f64) -> bool {
    let bound = |key| row.get(key).map(|bound| bound.as_f64().expect("a number"));
    bound("at_least").is_none_or(|least| number >= least)
        && bound("below").is_none_or(|below| number < below)
}

/// `floor((t - at) / 1 h)`.
fn whole_hours(t: Timestamp, at: Timestamp) -> i64 {
    (t.as_millis() - at.as_millis()).div_euclid(HOUR_MS)
}

/// The weight of an event in millionths, straight from the table of the contract.
fn weight(decay: Option<&Json>, t: Timestamp, at: Timestamp) -> i128 {
    let Some(decay) = decay.filter(|decay| decay.is_object()) else {
        return MILLION;
    };
    let hours = whole_hours(t, at);
    let age = i128::from(hours) * i128::from(HOUR_MS);
    if let Some(half_life) = decay.get("half_life") {
        let half_life = millis(half_life) as f64 / HOUR_MS as f64;
        (1e6 * (-(hours as f64) / half_life).exp2()).round() as i128
    } else if let Some(linear) = decay.get("linear") {
        // As a fraction, not in floating point, so that an exact half is seen as one.
        let length = i128::from(millis(linear));
        round_half_away(MILLION * (length - age).max(0), length)
    } else if let Some(step) = decay.get("step") {
        let lose: f64 = text(&step["lose"]).trim_end_matches('%').parse().expect("a percentage");
        let lose = (lose * 10_000.0).round() as i128;
        (MILLION - lose * (age / i128::from(millis(&step["every"])))).max(0)
    } else {
        let young = t.as_millis() - at.as_millis() < millis(&decay["expires"]);
        if young { MILLION } else { 0 }
    }
}

/// A calendar period: its first day on the clocks of the zone, and the hour where it has one.
type Period = (Date, Option<i8>);

fn period(per: &str, at: Timestamp, zone: &TimeZone) -> Period {
    let local = at.to_jiff().to_zoned(zone.clone());
    let date = local.date();
    match per {
        "hour" => (date, Some(local.hour())),
        "day" => (date, None),
        "week" => {
            let since_monday = i64::from(date.weekday().to_monday_zero_offset());
            (date.checked_sub(Span::new().days(since_monday)).expect("a date"), None)
        }
        "month" => (date.first_of_month(), None),
        "ever" => (civil::date(1, 1, 1), None),
        other => panic!("no such period: {other}"),
    }
}

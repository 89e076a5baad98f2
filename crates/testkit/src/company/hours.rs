//! The hours that people keep.

use jiff::tz::TimeZone;
use leads::Timestamp;

use super::Options;
use crate::dice::{Dice, Purpose};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Hours of the day on the wall, by how much happens in them.
const HOURS: [(i64, i64); 18] = [
    (6, 6),
    (18, 7),
    (45, 8),
    (85, 9),
    (105, 10),
    (110, 11),
    (90, 12),
    (60, 13),
    (55, 14),
    (70, 15),
    (85, 16),
    (80, 17),
    (55, 18),
    (35, 19),
    (30, 20),
    (35, 21),
    (25, 22),
    (11, 23),
];

/// When the lead came, at an hour of its own zone, and no later than an hour before the end.
pub(super) fn created_at(options: &Options, number: u64, zone: &TimeZone, at: i64) -> i64 {
    let mut dice = Dice::new(options.seed, Purpose::Creation, number);
    waking(&mut dice, zone, at).min(options.until.as_millis() - HOUR)
}

/// Some instant of the same day, or of the Monday after it, at an hour when people of the zone are
/// awake.
pub(super) fn waking(dice: &mut Dice, zone: &TimeZone, at: i64) -> i64 {
    let instant = Timestamp::saturating_from_millis(at).to_jiff();
    let offset = i64::from(zone.to_offset(instant).seconds()) * 1000;
    let mut day = (at + offset).div_euclid(DAY);
    // 1 January 1970 was a Thursday.
    let days_after_monday = (day + 3).rem_euclid(7);
    if days_after_monday >= 5 && dice.chance(700) {
        day += 7 - days_after_monday;
    }
    day * DAY + dice.weighted(&HOURS) * HOUR + dice.below(HOUR) - offset
}

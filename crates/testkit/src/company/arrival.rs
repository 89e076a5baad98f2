//! How events arrive: nearly in order, nearly once.

use leads::Timestamp;

use super::{Event, Options};
use crate::dice::{Dice, Purpose};

/// Out of a thousand facts, so many are delivered twice, and so many late.
const TWICE: i64 = 12;
const LATE: i64 = 8;

/// Makes `budget` rows out of the facts that `live` tells of: some of them are repeated, under the
/// same id, and some are moved behind what happened after them.
pub(super) fn arrange(
    options: &Options,
    number: u64,
    budget: usize,
    live: impl FnOnce(usize) -> Vec<Event>,
) -> Vec<Event> {
    let mut dice = Dice::new(options.seed, Purpose::Arrival, number);
    let twice = (1..budget).filter(|_| dice.chance(TWICE)).count();
    let mut events = live(budget - twice);
    for _ in 0..twice {
        let original = dice.below(events.len() as i64) as usize;
        let mut again = events[original].clone();
        if dice.chance(250) {
            // The sender stamped the second delivery itself: same id, a little later.
            let delay = dice.between(1, 5_000);
            let last = options.until.as_millis() - 1;
            let at = (again.at.as_millis() + delay).min(last);
            again.at = Timestamp::saturating_from_millis(at);
        }
        let place = dice.between(original as i64 + 1, events.len() as i64) as usize;
        events.insert(place, again);
    }
    for index in 0..events.len() {
        if dice.chance(LATE) {
            let later = dice.between(1, 12).min((events.len() - 1 - index) as i64) as usize;
            events[index..=index + later].rotate_left(1);
        }
    }
    events
}

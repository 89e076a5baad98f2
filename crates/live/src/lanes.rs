//! Two queues that take turns: what is short need not wait for everything long that came before it.
//!
//! Somebody on a site is one call at a time, and watched by somebody; a server that hands in what happened is
//! a hundred. With one queue for both, each of the former waited for hundreds of leads of the latter, three times:
//! to be settled, read and written.

use std::collections::VecDeque;

/// What has its lane.
pub(crate) trait InLane {
    fn is_short(&self) -> bool;
}

/// A lane for short ones and one for long ones, each in the order in which they came.
pub(crate) struct Lanes<T> {
    short: VecDeque<T>,
    long: VecDeque<T>,
    /// Whose turn it was.
    was_short: bool,
    /// Turns of long ones for which there was no short one.
    long_since: u32,
}

/// For so many turns of long ones others of the short ones may follow: some 100 ms.
const FOLLOWED_FOR: u32 = 32;

/// Whose turn it is.
pub(crate) struct Turn<'l, T> {
    pub(crate) lane: &'l mut VecDeque<T>,
    pub(crate) other: &'l VecDeque<T>,
    /// Whether it is a turn of long ones soon after one of short ones: others of those will wait for its end.
    is_between: bool,
}

impl<T> Turn<'_, T> {
    /// How much of what waits in the lane is to be taken at once, `least` in any case: what comes next waits for
    /// that. The more waits the more of it, as much together costs less: it would have waited for all of it.
    pub(crate) fn share(&self, weight: impl Fn(&T) -> usize, least: usize, most: usize) -> usize {
        let all: usize = self.lane.iter().map(weight).sum();
        if self.is_between {
            (all / 16).clamp(least / 8, most)
        } else {
            (all / 2).clamp(least, most)
        }
    }
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self {
            short: VecDeque::new(),
            long: VecDeque::new(),
            was_short: false,
            long_since: FOLLOWED_FOR,
        }
    }
}

impl<T: InLane> Lanes<T> {
    pub(crate) fn push_back(&mut self, one: T) {
        self.lane_of(&one).push_back(one);
    }

    /// Puts back what was taken, in its order.
    pub(crate) fn put_back(&mut self, taken: Vec<T>) {
        taken.into_iter().rev().for_each(|one| self.lane_of(&one).push_front(one));
    }

    fn lane_of(&mut self, one: &T) -> &mut VecDeque<T> {
        if one.is_short() { &mut self.short } else { &mut self.long }
    }

    /// The lane whose turn it is. `None`: both are empty.
    pub(crate) fn turn(&mut self) -> Option<Turn<'_, T>> {
        let is_short = !self.short.is_empty() && (self.long.is_empty() || !self.was_short);
        self.turn_of(is_short)
    }

    /// The turn of long ones, whether or not short ones wait. `None`: there are none.
    pub(crate) fn turn_of_long(&mut self) -> Option<Turn<'_, T>> {
        self.turn_of(false)
    }

    fn turn_of(&mut self, is_short: bool) -> Option<Turn<'_, T>> {
        let Self { short, long, was_short, long_since } = self;
        let (lane, other) = if is_short { (short, &*long) } else { (long, &*short) };
        if lane.is_empty() {
            *was_short = false;
            return None;
        }
        let is_between = !is_short && *long_since < FOLLOWED_FOR;
        *was_short = is_short;
        *long_since = if is_short { 0 } else { long_since.saturating_add(1) };
        Some(Turn { lane, other, is_between })
    }

    /// The lane of short ones, for whoever takes them without a turn.
    pub(crate) fn short(&mut self) -> &mut VecDeque<T> {
        &mut self.short
    }

    /// Short ones went another way.
    pub(crate) fn note_short(&mut self) {
        self.long_since = 0;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.short.iter().chain(&self.long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl InLane for i32 {
        fn is_short(&self) -> bool {
            *self < 10
        }
    }

    fn all(lanes: &mut Lanes<i32>) -> Vec<i32> {
        std::iter::from_fn(|| lanes.turn()?.lane.pop_front()).collect()
    }

    #[test]
    fn short_and_long_ones_take_turns_and_each_keep_their_order() {
        let mut lanes = Lanes::default();
        [10, 11, 12, 1, 2, 13, 3].into_iter().for_each(|one| lanes.push_back(one));
        assert_eq!(all(&mut lanes), [1, 10, 2, 11, 3, 12, 13]);
        [1, 2, 10].into_iter().for_each(|one| lanes.push_back(one));
        assert_eq!(all(&mut lanes), [1, 10, 2]);
    }

    #[test]
    fn the_more_waits_the_more_is_taken_and_less_of_what_is_long_between_short_ones() {
        let share = |lanes: &mut Lanes<i32>| lanes.turn().map(|turn| turn.share(|_| 1, 40, 100));
        let long = |many: usize| {
            let mut lanes = Lanes::default();
            (0..many).for_each(|_| lanes.push_back(10));
            lanes
        };
        assert_eq!(share(&mut Lanes::default()), None);
        assert_eq!(
            [1, 80, 90, 1_000].map(|many| share(&mut long(many))),
            [40, 40, 45, 100].map(Some)
        );
        let between = |many: usize| {
            let mut lanes = long(many);
            [1, 2].into_iter().for_each(|one| lanes.push_back(one));
            [share(&mut lanes), share(&mut lanes), share(&mut lanes)]
        };
        assert_eq!(between(1), [40, 5, 40].map(Some));
        assert_eq!(between(160), [40, 10, 40].map(Some));
        assert_eq!(between(1_000), [40, 62, 40].map(Some));
        // Others of the short ones may follow, until so many turns were without.
        let mut lanes = long(1_000);
        lanes.push_back(1);
        assert!(lanes.turn().is_some_and(|turn| turn.lane.pop_front() == Some(1)));
        let shares: Vec<_> = (0..FOLLOWED_FOR + 2).map(|_| share(&mut lanes)).collect();
        let (few, many) = shares.split_at(FOLLOWED_FOR as usize);
        assert!(few.iter().all(|share| *share == Some(62)));
        assert_eq!(many, [Some(100), Some(100)]);
        lanes.note_short();
        assert_eq!(share(&mut lanes), Some(62));
    }

    #[test]
    fn what_is_put_back_comes_first_in_its_lane() {
        let mut lanes = Lanes::default();
        [12, 3].into_iter().for_each(|one| lanes.push_back(one));
        lanes.put_back(vec![1, 10, 2, 11]);
        assert_eq!(lanes.iter().copied().collect::<Vec<_>>(), [1, 2, 3, 10, 11, 12]);
    }
}

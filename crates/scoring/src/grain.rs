//! Instants that nobody can tell apart: when a model scores at one instant, of an event's time
//! matter its age in whole hours, the calendar periods that it lies in, and whether it is older than
//! a window. Whoever keeps events for that one score need keep no more of their time.

use std::sync::Arc;

use leads::Timestamp;

use crate::calendar::{Calendar, Days};
use crate::model::{Model, Period};
use crate::program::Program;
use crate::swift::Seen;

/// The stretches of time within which a program cannot tell one instant from another, when it
/// scores at one instant. They are numbered from the earliest on.
#[derive(Clone, Debug)]
pub struct Grain {
    model: Arc<Model>,
    at: Timestamp,
    /// The first instant (ms) of each stretch.
    starts: Vec<i64>,
    /// What can be seen of an event of each stretch, of whose days a program looks at where any slot counts by the
    /// day.
    seen: Vec<Seen>,
    /// By whole hours since the first start, the stretch that the hour begins in.
    by_hour: Vec<u32>,
}

const HOUR_MS: i64 = 3_600_000;
/// Events of the last ten years have stretches: a third of a megabyte to find them in.
const REACH_MS: i64 = 10 * 8766 * HOUR_MS;

impl Program {
    /// The stretches of time that matter at an instant; `None` where a curve or a stage looks at
    /// instants themselves.
    pub fn grain(&self, at: Timestamp) -> Option<Grain> {
        if !self.model.stages.is_empty() || self.slots.iter().any(|slot| slot.latest) {
            return None;
        }
        let now = at.as_millis();
        let first = now.checked_sub(REACH_MS)?;
        // What is later than the instant does not exist at it.
        let mut starts = vec![first, now + 1];
        let hours = self.slots.iter().map(|slot| {
            let last = slot.weights.table().len() as i64 - 1;
            if slot.weights.is_open() { REACH_MS / HOUR_MS } else { last }
        });
        let hours = hours.max().unwrap_or_default().min(REACH_MS / HOUR_MS);
        // An event is a whole hour older from the very millisecond on.
        starts.extend((1..=hours).map(|hour| now - hour * HOUR_MS + 1));
        let windows = self.slots.iter().flat_map(|slot| [slot.within, slot.expires]);
        starts.extend(windows.map(|window| now.saturating_sub(window).saturating_add(1)));
        let periods = || self.slots.iter().filter_map(|slot| Some(slot.cap?.per));
        let calendar = Calendar::new(self.zone(), Timestamp::saturating_from_millis(first), at);
        if periods().any(|period| period != Period::Ever) {
            let by_hour = periods().any(|period| period == Period::Hour);
            calendar.visit_starts(first, now, by_hour, &mut |start| starts.push(start));
        }
        starts.retain(|start| first <= *start);
        starts.sort_unstable();
        starts.dedup();
        Some(Grain::new(Arc::clone(&self.model), at, starts, &calendar))
    }
}

impl Grain {
    fn new(model: Arc<Model>, at: Timestamp, starts: Vec<i64>, calendar: &Calendar) -> Self {
        let mut number = 0;
        let mut by_hour = Vec::with_capacity((REACH_MS / HOUR_MS) as usize + 1);
        for hour in 0..=REACH_MS / HOUR_MS {
            while starts.get(number + 1).is_some_and(|next| *next <= starts[0] + hour * HOUR_MS) {
                number += 1;
            }
            by_hour.push(number as u32);
        }
        let mut days = Days::new(calendar);
        let seen = |start: &i64| Seen::at(*start, at.as_millis(), &mut days);
        let seen = starts.iter().map(seen).collect();
        Self { model, at, starts, seen, by_hour }
    }

    /// Whether it is that of a program at an instant.
    pub fn is_of(&self, program: &Program, at: Timestamp) -> bool {
        Arc::ptr_eq(&self.model, &program.model) && self.at == at
    }

    /// The instant of the score.
    #[inline]
    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }

    /// What can be seen of an event of a stretch, by its number.
    #[inline]
    pub(crate) fn seen(&self, number: u32) -> Seen {
        self.seen[number as usize]
    }

    /// How many stretches there are, at least two.
    #[expect(clippy::len_without_is_empty, reason = "there are always some")]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Numbers one instant after the other.
    pub fn numbers(&self) -> Numbers<'_> {
        Numbers { grain: self, from: 0, until: 0, number: 0 }
    }

    /// The number of the stretch that holds an instant (ms); `None` before the first.
    #[inline]
    pub fn number(&self, at: i64) -> Option<u32> {
        let since = at.checked_sub(self.starts[0]).and_then(|since| u64::try_from(since).ok())?;
        let hour = (since / HOUR_MS as u64).min(self.by_hour.len() as u64 - 1);
        let mut number = self.by_hour[hour as usize];
        while self.starts.get(number as usize + 1).is_some_and(|next| *next <= at) {
            number += 1;
        }
        Some(number)
    }

    /// An instant (ms) of a stretch, its first.
    #[inline]
    pub fn instant(&self, number: u32) -> i64 {
        self.starts[number as usize]
    }
}

/// Numbers one instant after the other: those that follow each other mostly share a stretch.
#[derive(Clone, Debug)]
pub struct Numbers<'g> {
    grain: &'g Grain,
    /// The stretch of the last instant.
    from: i64,
    until: i64,
    number: u32,
}

impl Numbers<'_> {
    /// As [`Grain::number`].
    #[inline]
    pub fn of(&mut self, at: i64) -> Option<u32> {
        if at < self.from || at >= self.until {
            return self.seek(at);
        }
        Some(self.number)
    }

    #[cold]
    fn seek(&mut self, at: i64) -> Option<u32> {
        self.number = self.grain.number(at)?;
        let starts = &self.grain.starts;
        self.from = starts[self.number as usize];
        self.until = starts.get(self.number as usize + 1).copied().unwrap_or(i64::MAX);
        Some(self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Syntax, load};

    fn program(criteria: &str) -> Program {
        let text = format!(
            "model: m\ntime_zone: Europe/Madrid\ngroups:\n  - group: g\n    dimension: engagement\n    criteria:\n{criteria}"
        );
        Program::new(load(&text, Syntax::Yaml).model.unwrap())
    }

    #[test]
    fn two_instants_are_one_where_age_day_and_window_are() {
        let program = program(
            "      - {name: a, event: e, points: 1, count: {at_most: 1, per: day}, decay: {half_life: 1d}}\n      - {name: b, event: e, within: 90min, tiers: [{at_least: 1, points: 1}]}\n",
        );
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let grain = program.grain(at("2026-07-02T12:00:00Z")).unwrap();
        let number = |text: &str| grain.number(at(text).as_millis()).unwrap();
        // Ages of 1 h 31 min and 1 h 59 min: the same; 1 h 29 min lies in the window.
        assert_eq!(number("2026-07-02T10:29:00Z"), number("2026-07-02T10:01:00Z"));
        assert_ne!(number("2026-07-02T10:31:00Z"), number("2026-07-02T10:29:00Z"));
        // Just two hours old, and a millisecond younger.
        assert_ne!(number("2026-07-02T10:00:00Z"), number("2026-07-02T10:00:00.001Z"));
        // Midnight in Madrid.
        assert_ne!(number("2026-06-30T22:00:00Z"), number("2026-06-30T21:59:59.999Z"));
        // What has not happened yet is one stretch; what was long ago has none.
        assert_eq!(number("2026-07-02T12:00:00.001Z"), number("2036-07-02T12:00:00Z"));
        assert_eq!(grain.number(at("2001-01-01T00:00:00Z").as_millis()), None);
    }

    #[test]
    fn a_curve_tells_every_instant_from_every_other() {
        let program = program(
            "      - {name: c, since: {event: e}, curve: [{at: 0d, points: 0}, {at: 9d, points: 9}]}\n",
        );
        assert!(program.grain(Timestamp::parse("2026-07-02T12:00:00Z").unwrap()).is_none());
    }
}

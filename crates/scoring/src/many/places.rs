//! Where a lead's events lie among evenly spaced instants, eight of them at a time.

use super::lane::STRIDE;
use super::spacing::{HOUR_MS, Tables};
use crate::calendar::Days;
use crate::divide::Divisor;

/// So many events are looked at together: what is known of them stays in a core's nearest cache.
pub(crate) const TOGETHER: usize = 64;

const HOUR: Divisor = Divisor::new(HOUR_MS as u64);

/// Where events lie, by the event.
#[derive(Debug)]
pub(crate) struct Places {
    /// So many instants lie between the event and the last instant, without that one; those before
    /// the first instant count on.
    pub(crate) back: [u32; TOGETHER],
    /// How old the event is when it first exists at an instant, in whole hours.
    pub(crate) lag_hours: [u32; TOGETHER],
    /// Where in every table the event's row of weights is.
    pub(crate) rows: [u32; TOGETHER],
    /// The number of the event's day.
    pub(crate) days: [u32; TOGETHER],
}

/// From one instant to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spaces {
    /// The last instant, in ms.
    last: i64,
    hours: u32,
    divisor: Divisor,
}

impl Spaces {
    pub(crate) fn new(hours: u32, last: i64) -> Self {
        Self { last, hours, divisor: Divisor::new(hours.into()) }
    }

    /// How many of these events, which are in the order of time, exist at the last instant.
    #[inline(always)]
    pub(crate) fn existing(self, at: &[i64]) -> usize {
        match at.last() {
            Some(latest) if *latest > self.last => at.partition_point(|at| *at <= self.last),
            _ => at.len(),
        }
    }

    /// How old an event is when it first exists, in ms.
    #[inline(always)]
    pub(crate) fn lag(self, at: i64, back: u32) -> i64 {
        self.last - at - i64::from(back) * i64::from(self.hours) * HOUR_MS
    }
}

impl Places {
    pub(crate) const NOWHERE: Self = Self {
        back: [0; TOGETHER],
        lag_hours: [0; TOGETHER],
        rows: [0; TOGETHER],
        days: [0; TOGETHER],
    };

    /// Finds the places of events, in the order of time, that exist at the last instant.
    #[inline(always)]
    pub(crate) fn find(
        &mut self,
        at: &[i64],
        spaces: Spaces,
        tables: &Tables,
        days: &mut Days<'_>,
    ) {
        let mut few = [spaces.last; STRIDE];
        let at = if at.len() < STRIDE {
            few[..at.len()].copy_from_slice(at);
            &few
        } else {
            at
        };
        let mut first = 0;
        while first < at.len() {
            // The last stride begins early enough to be whole: a place may be found twice.
            let start = first.min(at.len() - STRIDE);
            let events: &[i64; STRIDE] = at[start..].first_chunk().expect("a stride");
            let [mut back, mut lag_hours, mut rows] = [[0; STRIDE]; 3];
            for lane in 0..STRIDE {
                // Ages are 8.8e7 hours at most.
                let hours = HOUR.whole((spaces.last - events[lane]) as u64);
                back[lane] = spaces.divisor.whole(hours.into());
                lag_hours[lane] = hours - back[lane] * spaces.hours;
                rows[lane] = tables.row(lag_hours[lane], back[lane]);
            }
            let days = days.numbers(events);
            for (places, found) in [
                (&mut self.back, back),
                (&mut self.lag_hours, lag_hours),
                (&mut self.rows, rows),
                (&mut self.days, days),
            ] {
                *places[start..].first_chunk_mut().expect("room") = found;
            }
            first += STRIDE;
        }
    }
}

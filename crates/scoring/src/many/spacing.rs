//! Where an event lies among the instants, and tables of weights for instants that are evenly spaced.

use leads::Timestamp;

use crate::program::FOREVER;
use crate::weights::Weights;

pub(crate) const HOUR_MS: i64 = 3_600_000;

/// How the instants lie.
#[derive(Debug)]
pub(crate) enum Spacing {
    /// Every so many hours, up to the last (ms).
    Even { hours: u32, last: i64 },
    /// Anyhow.
    Uneven,
}

/// An event among the instants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The first instant (index) at which the event exists. Evenly spaced instants count on before
    /// the first, below zero.
    pub(crate) from: i64,
    /// How old the event is then, in ms; and in whole hours.
    pub(crate) lag: i64,
    pub(crate) lag_hours: u32,
}

impl Spacing {
    /// How these instants, which rise, lie.
    pub(crate) fn of(at: &[Timestamp]) -> Self {
        Self::even(at).unwrap_or(Self::Uneven)
    }

    fn even(at: &[Timestamp]) -> Option<Self> {
        let [first, second, ..] = at else { return None };
        let step = second.as_millis() - first.as_millis();
        let even = at.windows(2).all(|pair| pair[1].as_millis() - pair[0].as_millis() == step);
        let hours = u32::try_from(step / HOUR_MS).ok().filter(|hours| *hours > 0)?;
        let last = at[at.len() - 1].as_millis();
        (even && step % HOUR_MS == 0).then_some(Self::Even { hours, last })
    }

    /// The place of an event that exists at the last of these instants.
    #[inline(always)]
    pub(crate) fn place(&self, at: &[Timestamp], event: i64) -> Place {
        match self {
            Self::Even { hours, last } => {
                let age = (*last - event) as u64;
                // Ages are 8.8e7 hours at most.
                let age_hours = (age / HOUR_MS as u64) as u32;
                let (back, lag_hours) = (age_hours / hours, age_hours % hours);
                let lag = age as i64 - i64::from(age_hours - lag_hours) * HOUR_MS;
                Place { from: at.len() as i64 - 1 - i64::from(back), lag, lag_hours }
            }
            Self::Uneven => {
                let from = at.partition_point(|at| at.as_millis() < event);
                let lag = at[from].as_millis() - event;
                Place { from: from as i64, lag, lag_hours: (lag / HOUR_MS) as u32 }
            }
        }
    }

    /// The first instant (index) at which the event is no longer younger than `within` (ms).
    #[inline(always)]
    pub(crate) fn until(&self, at: &[Timestamp], place: Place, within: i64) -> usize {
        if within == FOREVER {
            return at.len();
        }
        match self {
            Self::Even { hours, .. } => {
                let step = i64::from(*hours) * HOUR_MS;
                let (steps, rest) = (within / step, within % step);
                let until = place.from + steps + i64::from(place.lag < rest);
                until.clamp(0, at.len() as i64) as usize
            }
            Self::Uneven => {
                let from = place.from as usize;
                let event = at[from].as_millis() - place.lag;
                from + at[from..].partition_point(|at| at.as_millis() - event < within)
            }
        }
    }
}

/// Weights at evenly spaced instants, of all decays.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    weights: Vec<u32>,
}

/// The table of one decay. Its row `r` is for events that are `r` hours old when they first exist:
/// zeros for the instants before, then their weights, then zeros.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rows {
    first: u32,
    length: u32,
    /// The greatest place at which a row's part may begin.
    last: u32,
}

/// All tables together may have 16 M weights, 64 MiB: a hundred years of instants and more.
const WEIGHTS_MAX: usize = 1 << 24;

impl Tables {
    /// Adds a table for instants every `hours` hours and columns of `width`; an event of `within`
    /// hours or more weighs nothing. `None` where there would be too many weights, or where the decay
    /// goes on for ever.
    pub(crate) fn add(
        &mut self,
        weights: &Weights,
        within: u64,
        hours: u32,
        instants: usize,
        width: usize,
    ) -> Option<Rows> {
        let table = weights.closed_table()?;
        let hours = hours as usize;
        let last = instants + table.len().div_ceil(hours);
        let (first, length) = (self.weights.len(), last + width);
        let beyond = first + length.saturating_mul(hours);
        if beyond > WEIGHTS_MAX {
            return None;
        }
        self.weights.resize(beyond, 0);
        for (age, weight) in table.iter().enumerate().take_while(|(age, _)| (*age as u64) < within)
        {
            self.weights[first + age % hours * length + instants + age / hours] = *weight;
        }
        Some(Rows { first: first as u32, length: length as u32, last: last as u32 })
    }

    /// Where in [`Self::weights`] those of an event at every instant begin. It first exists `back`
    /// instants before the one after the last, and is so many whole hours old then.
    #[inline(always)]
    pub(crate) fn row(rows: Rows, lag_hours: u32, back: u32) -> u32 {
        rows.first + lag_hours * rows.length + back.min(rows.last)
    }

    /// The weights of all tables.
    #[inline(always)]
    pub(crate) fn weights(&self) -> &[u32] {
        &self.weights
    }
}

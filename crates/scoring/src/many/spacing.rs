//! Where an event lies among the instants, and tables of weights for instants that are evenly spaced.

use leads::Timestamp;

use crate::program::FOREVER;

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

/// Weights at evenly spaced instants, a table for each decay. Row `r` of a table is for events that
/// are `r` hours old when they first exist: zeros for the instants before, then their weights, then
/// zeros.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    weights: Vec<u32>,
    /// All rows are equally long, so that an event has the same place in every table.
    length: u32,
    /// The greatest place at which a row's part may begin.
    last: u32,
    hours: u32,
}

/// All tables together may have 16 M weights, 64 MiB: a hundred years of instants and more.
const WEIGHTS_MAX: usize = 1 << 24;

impl Tables {
    /// Makes room for weights at so many `instants` every `hours` hours, for columns of `width`, and
    /// for decays that end within so many hours.
    pub(crate) fn new(hours: u32, instants: usize, width: usize, longest: usize) -> Self {
        let last = instants + longest.div_ceil(hours as usize);
        // Where this does not fit, no table will.
        let [last, length] =
            [last, last + width].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        Self { weights: Vec::new(), length, last, hours }
    }

    /// Adds the table of such weights by age in hours, and answers where it begins; `None` where there
    /// would be too many weights.
    pub(crate) fn add(&mut self, table: &[u32], instants: usize) -> Option<u32> {
        let (hours, length, first) =
            (self.hours as usize, self.length as usize, self.weights.len());
        let beyond = first + length.saturating_mul(hours);
        if beyond > WEIGHTS_MAX {
            return None;
        }
        self.weights.resize(beyond, 0);
        for (age, weight) in table.iter().enumerate() {
            self.weights[first + age % hours * length + instants + age / hours] = *weight;
        }
        Some(first as u32)
    }

    /// Where in a table the weights of an event at every instant begin. So many instants lie between
    /// it and the last one, and it is so many whole hours old when it first exists.
    #[inline(always)]
    pub(crate) fn row(&self, lag_hours: u32, back: u32) -> u32 {
        lag_hours * self.length + (back + 1).min(self.last)
    }

    /// The weights of all tables.
    #[inline(always)]
    pub(crate) fn weights(&self) -> &[u32] {
        &self.weights
    }
}

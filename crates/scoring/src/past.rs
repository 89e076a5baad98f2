//! What the swift fold sees of a lead's events: to the millisecond, or to the stretch of a [`Grain`].

use leads::Timestamp;

use crate::calendar::{Calendar, Days};
use crate::fold::LeadView;
use crate::grain::Grain;

const HOUR_MS: u64 = 3_600_000;

/// An event as the looks see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// In ms, and in whole hours.
    pub(crate) age: i64,
    pub(crate) hours: u32,
    pub(crate) day: u32,
}

impl Seen {
    /// An event of an instant (ms), no earlier than the last one that `days` was asked for.
    #[inline]
    pub(crate) fn at(at: i64, now: i64, days: &mut Days<'_>) -> Self {
        let age = now - at;
        Self { age, hours: (age as u64 / HOUR_MS) as u32, day: days.number(at) }
    }
}

/// A lead's events up to the instant of a score.
pub(crate) trait Past {
    /// Whether some slot may look at the instant of the latest event.
    const IS_DATED: bool;

    /// The instant in ms.
    fn now(&self) -> i64;

    /// The events in the order of time, each with its shape.
    fn events(&self) -> impl Iterator<Item = (Seen, u32)>;

    /// From the latest event back: ages in ms, each with the shape.
    fn back(&self) -> impl Iterator<Item = (i64, u32)>;
}

/// Events of which the millisecond is known.
pub(crate) struct Exact<'a> {
    now: i64,
    calendar: &'a Calendar,
    at: &'a [i64],
    shapes: &'a [u32],
}

impl<'a> Exact<'a> {
    #[inline]
    pub(crate) fn new<P>(lead: &LeadView<'a, P>, now: i64, calendar: &'a Calendar) -> Self {
        let end = match lead.at.last() {
            Some(last) if *last > now => lead.at.partition_point(|at| *at <= now),
            _ => lead.at.len(),
        };
        Self { now, calendar, at: &lead.at[..end], shapes: &lead.shapes[..end] }
    }
}

impl Past for Exact<'_> {
    const IS_DATED: bool = true;

    #[inline]
    fn now(&self) -> i64 {
        self.now
    }

    #[inline]
    fn events(&self) -> impl Iterator<Item = (Seen, u32)> {
        let mut days = Days::new(self.calendar);
        let events = self.at.iter().copied().zip(self.shapes.iter().copied());
        events.map(move |(at, shape)| (Seen::at(at, self.now, &mut days), shape))
    }

    #[inline]
    fn back(&self) -> impl Iterator<Item = (i64, u32)> {
        let events = self.at.iter().zip(self.shapes).rev();
        events.map(|(at, shape)| (self.now - at, *shape))
    }
}

/// One lead's events of which the stretch is known, in the order of time.
#[derive(Clone, Copy, Debug)]
pub struct CoarseEvents<'a> {
    grain: &'a Grain,
    keys: &'a [u32],
    shape_bits: u32,
}

impl<'a> CoarseEvents<'a> {
    /// Of the lowest `shape_bits` (less than 32) of each key the shape, of those above the number of the stretch.
    #[inline]
    pub fn new(grain: &'a Grain, keys: &'a [u32], shape_bits: u32) -> Self {
        // What has not happened yet is in the last stretch.
        let end = match keys.last() {
            Some(last) if grain.is_future(last >> shape_bits) => {
                keys.partition_point(|key| !grain.is_future(key >> shape_bits))
            }
            _ => keys.len(),
        };
        Self { grain, keys: &keys[..end], shape_bits }
    }

    /// How many there are up to the instant of the grain.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The instant of the grain.
    pub(crate) fn at(&self) -> Timestamp {
        self.grain.at()
    }

    #[inline]
    fn split(&self, key: u32) -> (Seen, u32) {
        (self.grain.seen(key >> self.shape_bits), key & !(u32::MAX << self.shape_bits))
    }
}

impl Past for CoarseEvents<'_> {
    // A program with such a slot has no grain.
    const IS_DATED: bool = false;

    #[inline]
    fn now(&self) -> i64 {
        self.at().as_millis()
    }

    #[inline]
    fn events(&self) -> impl Iterator<Item = (Seen, u32)> {
        self.keys.iter().map(|key| self.split(*key))
    }

    #[inline]
    fn back(&self) -> impl Iterator<Item = (i64, u32)> {
        let events = self.keys.iter().rev().map(|key| self.split(*key));
        events.map(|(seen, shape)| (seen.age, shape))
    }
}

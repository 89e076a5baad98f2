//! The fold for many leads at once, each to be scored at the same instant, whose events come one after the other in
//! the order of time: as logs have them, so that nobody has to sort them by lead.
//!
//! What an event does is known from its shape and its stretch of a [`Grain`]. A lead has a few counters; an event
//! adds to one of them, rarely to more, without a branch on what differs from event to event.

use std::collections::{BTreeSet, HashMap};
use std::hint::select_unpredictable;
use std::ops::Range;

use leads::Timestamp;

use crate::amount::FULL_WEIGHT;
use crate::bound::Bound;
use crate::fold::{LeadView, Profile, Score, SlotTally, Tally};
use crate::grain::Grain;
use crate::hot::{Hot, HotKind};
use crate::model::Period;
use crate::program::FOREVER;
use crate::standing::Standing;
use crate::swift::is_simple;

/// What events do, by shape and by stretch: made once for a score of everyone.
#[derive(Debug)]
pub struct Effects {
    at: Timestamp,
    shapes: Vec<Effect>,
    /// What shapes do beyond that.
    more: Vec<Look>,
    /// Number of the day of each stretch, in the upper bits of a [`Counter::state`].
    days: Vec<u32>,
    /// By stretch, and within it by curve, what an event that is kept adds: a [`Gain`].
    gains: Vec<Gain>,
    curves: usize,
    /// The first stretch of all that comes after the instant.
    future: u32,
    /// The first stretch that is young enough for some slot that merely counts young events, and those slots.
    young_from: u32,
    young: Vec<Young>,
    slots: usize,
    /// Slots whose numbers are found in a counter's sum, ...
    sums: Vec<(u32, u32)>,
    /// ... and those that count all events of these counters.
    counts: Vec<(u32, Vec<u32>)>,
    /// Counters of a lead.
    width: usize,
    narrow_events: u64,
}

/// What an event of a shape does.
#[derive(Clone, Debug)]
struct Effect {
    /// Its counter counts the event, too.
    first: Look,
    more: Range<u32>,
}

/// How a slot with a daily count or a decay takes an event.
#[derive(Clone, Copy, Debug)]
struct Look {
    counter: u32,
    curve: u32,
    /// All ones where events are counted per day, 0 where for ever.
    daily: u32,
    /// How many are kept per day or for ever.
    at_most: u32,
}

impl Look {
    /// One that keeps nothing: cheaper than asking whether there is one.
    fn idle(counter: u32) -> Self {
        Self { counter, curve: 0, daily: 0, at_most: 0 }
    }
}

/// A slot that merely counts events from some stretch on.
#[derive(Debug)]
struct Young {
    from: u32,
    counter: u32,
    /// Whether it counts events of each shape.
    shapes: Vec<bool>,
}

/// A weight in millionths, and below it 1 where the event is counted: as it is added to [`Counter::sum`].
type Gain = u64;

/// What some events of a lead came to.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    /// Number of the last event's day, and below it how many events of it there were.
    state: u32,
    /// All events.
    count: u32,
    /// Weights in millionths of those that were kept, and below them how many were counted.
    sum: u64,
}

/// Ten years have 3,653 days.
const NUMBER_BITS: u32 = 20;
const DAYS_MAX: u32 = 1 << (u32::BITS - NUMBER_BITS);
/// A million weights of a million are less than 2^40.
const COUNTED_BITS: u32 = 24;
/// 16 MB of gains.
const GAINS_MAX: usize = 1 << 21;
/// 16 MB of counters for each thread, which has those of some thousand leads.
const WIDTH_MAX: u32 = 256;

impl Bound<'_> {
    /// What events do in a score at the instant of a grain of this program; `None` where some slot has to see more
    /// of them, or that would take too much room.
    pub fn effects(&self, grain: &Grain) -> Option<Effects> {
        let is_simple = is_simple(self.hot, self.calendar.returns(), self.has_dated_slots);
        if !is_simple || self.hot.is_empty() {
            return None;
        }
        let mut layout = Layout::new(self.hot);
        let shapes: Vec<&[u16]> = self.slots_of_shapes().collect();
        let mut more = Vec::new();
        let effects = shapes.iter().map(|slots| layout.effect(slots, self.hot, &mut more));
        let effects: Vec<Effect> = effects.collect();
        let gains = grain.len().checked_mul(layout.curves.len())?;
        if gains > GAINS_MAX || layout.width > WIDTH_MAX {
            return None;
        }
        let stretches = || (0..grain.len() as u32).map(|number| grain.seen(number));
        let gains = stretches().flat_map(|seen| {
            let gain = move |slot: &usize| {
                let (hot, age) = (&self.hot[*slot], seen.age);
                let weight = self.weight(*slot, hot, u64::from(seen.hours));
                let weight = if age < hot.expires.min(hot.within) { weight } else { 0 };
                u64::from(weight) << COUNTED_BITS | u64::from(age < hot.within)
            };
            layout.curves.iter().map(gain)
        });
        let young = layout.young.iter().map(|(slot, counter)| Young {
            from: stretches().take_while(|seen| seen.age >= self.hot[*slot].within).count() as u32,
            counter: *counter,
            shapes: shapes.iter().map(|slots| slots.contains(&(*slot as u16))).collect(),
        });
        let young: Vec<Young> = young.collect();
        Some(Effects {
            at: grain.at(),
            shapes: effects,
            more,
            days: days(stretches().map(|seen| seen.day))?,
            gains: gains.collect(),
            curves: layout.curves.len(),
            future: grain.len() as u32 - 1,
            young_from: young.iter().map(|young| young.from).min().unwrap_or(u32::MAX),
            young,
            slots: self.hot.len(),
            sums: layout.sums(),
            counts: layout.counts(self.hot),
            width: layout.width as usize,
            narrow_events: self.program.narrow_events,
        })
    }

    /// As [`Bound::score_standing`] at the instant of the effects, of a lead of a crowd; the events of `lead` are not
    /// looked at.
    #[inline]
    pub fn score_in_crowd<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        (crowd, number): (&Crowd<'_>, usize),
        tally: &mut Tally,
        standing: Option<(&Standing, usize)>,
    ) -> Score {
        crowd.settle(number, tally);
        self.sum_standing(lead, crowd.effects.at, tally, standing)
    }
}

/// Numbers of the days of consecutive stretches, as states have them; `None` where they are too many.
fn days(days: impl Iterator<Item = u32>) -> Option<Vec<u32>> {
    let (mut number, mut last) = (0, None);
    let number = |day: u32| {
        number += u32::from(last.replace(day).is_some_and(|last| last != day));
        (number < DAYS_MAX).then_some(number << NUMBER_BITS)
    };
    days.map(number).collect()
}

/// Which counters there are.
struct Layout {
    /// Of each slot that looks closely, or counts young events.
    counters: HashMap<usize, u32>,
    /// A slot of each curve: what equal ones give is kept once.
    curves: Vec<usize>,
    /// The curve of each slot that looks closely.
    curve_of: HashMap<usize, u32>,
    young: Vec<(usize, u32)>,
    /// Of counters whose [`Counter::count`] is taken, the slots that it counts for.
    counts: HashMap<u32, BTreeSet<usize>>,
    width: u32,
}

impl Layout {
    fn new(hot: &[Hot]) -> Self {
        // The first is that of nobody.
        let counts = HashMap::from([(0, BTreeSet::new())]);
        let (counters, curve_of) = (HashMap::new(), HashMap::new());
        let mut layout =
            Self { counters, curves: Vec::new(), curve_of, young: Vec::new(), counts, width: 1 };
        for (slot, rules) in hot.iter().enumerate() {
            if rules.kind == HotKind::Plain && rules.within == FOREVER {
                continue;
            }
            let counter = layout.counter();
            layout.counters.insert(slot, counter);
            if rules.kind == HotKind::Plain {
                layout.young.push((slot, counter));
                layout.counts.insert(counter, BTreeSet::from([slot]));
                continue;
            }
            let alike = |other: &usize| hot[*other].weighs_as(rules);
            let curve = layout.curves.iter().position(alike).unwrap_or_else(|| {
                layout.curves.push(slot);
                layout.curves.len() - 1
            });
            layout.curve_of.insert(slot, curve as u32);
        }
        if layout.curves.is_empty() {
            // So that who looks at nothing finds something to look at.
            layout.curves.push(0);
        }
        layout
    }

    fn counter(&mut self) -> u32 {
        self.width += 1;
        self.width - 1
    }

    fn effect(&mut self, slots: &[u16], hot: &[Hot], more: &mut Vec<Look>) -> Effect {
        let slots = || slots.iter().map(|slot| usize::from(*slot));
        let mut looks = slots().filter(|slot| hot[*slot].kind == HotKind::Full).map(|slot| Look {
            counter: self.counters[&slot],
            curve: self.curve_of[&slot],
            daily: if hot[slot].per == Period::Day { u32::MAX } else { 0 },
            at_most: hot[slot].at_most,
        });
        let ever =
            |slot: &usize| hot[*slot].kind == HotKind::Plain && !self.counters.contains_key(slot);
        let counts: BTreeSet<usize> = slots().filter(ever).collect();
        let from = more.len() as u32;
        let mut first = looks.next();
        // A counter counts for the same slots whatever the shape; where the look's own counts for others, the look
        // is one of the rarer ones.
        let taken = |look: &Look| self.counts.get(&look.counter).is_some_and(|of| *of != counts);
        more.extend(first.take_if(|look| taken(look)));
        more.extend(looks);
        let first = first.unwrap_or_else(|| {
            // Not with that of a look, whose days it would forget.
            let looks: BTreeSet<u32> =
                self.curve_of.keys().map(|slot| self.counters[slot]).collect();
            let known = self.counts.iter().filter(|(at, of)| **of == counts && !looks.contains(at));
            let known = known.map(|(counter, _)| *counter).min();
            Look::idle(known.unwrap_or_else(|| self.counter()))
        });
        self.counts.insert(first.counter, counts);
        Effect { first, more: from..more.len() as u32 }
    }

    fn sums(&self) -> Vec<(u32, u32)> {
        let mut sums: Vec<(u32, u32)> =
            self.curve_of.keys().map(|slot| (*slot as u32, self.counters[slot])).collect();
        sums.sort_unstable();
        sums
    }

    fn counts(&self, hot: &[Hot]) -> Vec<(u32, Vec<u32>)> {
        let plain = (0..hot.len()).filter(|slot| !self.curve_of.contains_key(slot));
        let counts = plain.map(|slot| {
            let of = self.counts.iter().filter(|(_, slots)| slots.contains(&slot));
            let mut counters: Vec<u32> = of.map(|(counter, _)| *counter).collect();
            counters.sort_unstable();
            (slot as u32, counters)
        });
        counts.collect()
    }
}

impl Effects {
    /// How many events of one lead a crowd can count.
    pub fn events_max(&self) -> u64 {
        self.narrow_events.min((1 << NUMBER_BITS) - 1)
    }

    fn tables(&self) -> Tables<'_> {
        let Self { shapes, days, gains, curves, width, .. } = self;
        Tables { shapes, days, gains, curves: *curves, width: *width }
    }

    /// What an event does beyond its shape's first look.
    fn see_more(&self, event: Sighting, counters: &mut [Counter]) {
        let base = event.lead as usize * self.width;
        let more = &self.shapes[event.shape as usize].more;
        for look in &self.more[more.start as usize..more.end as usize] {
            self.tables().take(event, look, &mut counters[base + look.counter as usize]);
        }
        let young = self.young.iter().filter(|young| young.from <= event.stretch);
        for young in young.filter(|young| young.shapes[event.shape as usize]) {
            counters[base + young.counter as usize].count += 1;
        }
    }
}

/// What is looked up for every event, where a loop can keep it in registers.
#[derive(Clone, Copy)]
struct Tables<'e> {
    shapes: &'e [Effect],
    days: &'e [u32],
    gains: &'e [Gain],
    curves: usize,
    width: usize,
}

impl Tables<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call for each event is a tenth of its cost")]
    fn see(self, event: Sighting, counters: &mut [Counter]) {
        let look = &self.shapes[event.shape as usize].first;
        let counter = &mut counters[event.lead as usize * self.width + look.counter as usize];
        counter.count += 1;
        self.take(event, look, counter);
    }

    /// Counts an event of a day; adds what it gives where it is kept.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as above")]
    fn take(self, event: Sighting, look: &Look, counter: &mut Counter) {
        let stretch = event.stretch as usize;
        let day = self.days[stretch] & look.daily;
        // Without a branch: whether the next event is of the same day is anybody's guess.
        let same = counter.state & (u32::MAX << NUMBER_BITS) == day;
        counter.state = select_unpredictable(same, counter.state, day) + 1;
        let is_kept = counter.state & !(u32::MAX << NUMBER_BITS) <= look.at_most;
        let gain = self.gains[stretch * self.curves + look.curve as usize];
        counter.sum += gain & u64::from(is_kept).wrapping_neg();
    }
}

/// An event of a lead, by the number of its stretch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sighting {
    /// Number of the lead in the crowd.
    pub lead: u32,
    /// Number of the stretch.
    pub stretch: u32,
    /// The shape.
    pub shape: u32,
}

/// Counters of many leads.
#[derive(Debug)]
pub struct Crowd<'e> {
    effects: &'e Effects,
    /// Those of one lead after those of the other.
    counters: Vec<Counter>,
}

impl<'e> Crowd<'e> {
    /// Of nobody yet.
    pub fn new(effects: &'e Effects) -> Self {
        Self { effects, counters: Vec::new() }
    }

    /// So many leads of whom nothing has been seen.
    pub fn begin(&mut self, leads: usize) {
        self.counters.clear();
        self.counters.resize(leads * self.effects.width, Counter::default());
    }

    /// Takes the next events, in the order of time, no lead's earlier than those of it before. A lead has
    /// [`Effects::events_max`] at most.
    pub fn see(&mut self, events: &[Sighting]) {
        let (effects, counters) = (self.effects, self.counters.as_mut_slice());
        let tables = effects.tables();
        // What is young comes last, and behind it what has not happened yet.
        let until = |stretch: u32| events.partition_point(|event| event.stretch < stretch);
        let end = until(effects.future);
        let plain = if effects.more.is_empty() { until(effects.young_from).min(end) } else { 0 };
        for event in &events[..plain] {
            tables.see(*event, counters);
        }
        for event in &events[plain..end] {
            tables.see(*event, counters);
            effects.see_more(*event, counters);
        }
    }

    /// What each slot has seen of a lead.
    fn settle(&self, lead: usize, tally: &mut Tally) {
        let base = lead * self.effects.width;
        let counters = &self.counters[base..base + self.effects.width];
        tally.slots.resize(self.effects.slots, SlotTally::EMPTY);
        for (slot, counter) in &self.effects.sums {
            let (slot, sum) = (&mut tally.slots[*slot as usize], counters[*counter as usize].sum);
            slot.weights = sum >> COUNTED_BITS;
            slot.counted = (sum & ((1 << COUNTED_BITS) - 1)) as u32;
        }
        for (slot, places) in &self.effects.counts {
            let slot = &mut tally.slots[*slot as usize];
            let counts = places.iter().map(|counter| counters[*counter as usize].count);
            slot.counted = counts.sum();
            slot.weights = u64::from(slot.counted) * u64::from(FULL_WEIGHT);
        }
    }
}

//! The fold for nearly every model, when nobody asks what happened to each event.
//!
//! Where no pattern depends on the instant, counts are per day or for ever, and no clock is put back
//! over midnight, shapes that count in the same slots are one *class*. An event then adds one to its
//! class, and only slots with a daily count or a decay look at it more closely; slots that merely
//! count are settled from the classes at the end. Everything else takes [`Bound::count`]; the laws
//! compare the two on generated models.

use std::collections::{BTreeSet, HashMap};

use crate::amount::FULL_WEIGHT;
use crate::bound::Bound;
use crate::calendar::Days;
use crate::fold::{HOUR_MS, LeadView, SlotTally, Tally};
use crate::hot::{Hot, HotKind};
use crate::model::Period;
use crate::program::FOREVER;

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

/// What the swift fold needs of a bound program.
#[derive(Clone, Debug)]
pub(crate) struct Swift {
    /// Class of each shape.
    class_of: Vec<u8>,
    /// The first close look of each class, one that sees nothing where it has none, ...
    first: Box<[Look; CLASSES_MAX]>,
    /// ... what a second slot makes of what that has seen, where some class has such a slot, ...
    twins: Option<Box<[Weighing; CLASSES_MAX]>>,
    /// ... and the looks of slots that count others than these, by class.
    more: Vec<(u8, Look)>,
    /// A bit per class that has some of those.
    has_more: u64,
    plain: Vec<Plain>,
}

/// A slot that looks at an event's day or age.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// All ones where events are counted per day, 0 where for ever.
    daily: u32,
    weighing: Weighing,
}

/// What a slot makes of an event of which is known how many came before it on its day, or ever.
#[derive(Clone, Copy, Debug)]
struct Weighing {
    slot: u32,
    /// How many are kept per day or for ever.
    at_most: u32,
    /// Ages in ms from which on the event is too old to be counted, and to weigh anything.
    within: i64,
    expires: i64,
    weights: u32,
    weights_last: u32,
}

/// A slot that merely counts events younger than something.
#[derive(Clone, Debug)]
struct Plain {
    slot: usize,
    within: i64,
    /// A bit per class, and the classes one by one.
    bits: u64,
    classes: Vec<u8>,
}

const CLASSES_MAX: usize = 64;

impl Swift {
    /// Prepares the swift fold; `None` where a model needs the long way.
    pub(crate) fn new(
        slots_by_shape: &[&[u16]],
        hot: &[Hot],
        returns: bool,
        dated: bool,
    ) -> Option<Self> {
        if !is_simple(hot, returns, dated) {
            return None;
        }
        let mut classes: Vec<&[u16]> = Vec::new();
        let mut numbers: HashMap<&[u16], u8> = HashMap::new();
        let mut class_of = Vec::with_capacity(slots_by_shape.len());
        for slots in slots_by_shape {
            let class = *numbers.entry(slots).or_insert_with(|| {
                classes.push(slots);
                // At most 64 are used; more make the long way.
                classes.len().min(CLASSES_MAX + 1) as u8 - 1
            });
            class_of.push(class);
        }
        if classes.len() > CLASSES_MAX {
            return None;
        }
        let mut first = Box::new([Look::idle(hot.len()); CLASSES_MAX]);
        let mut twins = Box::new([Weighing::idle(hot.len()); CLASSES_MAX]);
        let (mut has_twins, mut more, mut has_more) = (false, Vec::new(), 0);
        for (class, placed) in Placed::all(&classes, hot).into_iter().enumerate() {
            let look = |slot: u16| Look::new(usize::from(slot), &hot[usize::from(slot)]);
            if let Some(slot) = placed.first {
                first[class] = look(slot);
            }
            if let Some(slot) = placed.twin {
                twins[class] = look(slot).weighing;
                has_twins = true;
            }
            has_more |= u64::from(!placed.more.is_empty()) << class;
            more.extend(placed.more.into_iter().map(|slot| (class as u8, look(slot))));
        }
        let twins = has_twins.then_some(twins);
        let counting = hot.iter().enumerate().filter(|(_, rules)| rules.kind == HotKind::Plain);
        let plain = counting.map(|(slot, rules)| {
            let of = classes.iter().zip(0..).filter(|(slots, _)| slots.contains(&(slot as u16)));
            let classes: Vec<u8> = of.map(|(_, class)| class).collect();
            let bits = classes.iter().fold(0, |bits, class| bits | 1 << class);
            Plain { slot, within: rules.within, bits, classes }
        });
        Some(Self { class_of, first, twins, more, has_more, plain: plain.collect() })
    }
}

/// Whether counts are per day or for ever, no clock is put back over midnight (`returns`), no pattern depends on the
/// instant (`dated`), and tables have the weights of every age.
pub(crate) fn is_simple(hot: &[Hot], returns: bool, dated: bool) -> bool {
    let long = |hot: &Hot| hot.open || !matches!(hot.per, Period::Day | Period::Ever);
    !(returns || dated || hot.iter().any(long))
}

/// Which slots look at the events of a class closely, and when.
#[derive(Default)]
struct Placed {
    first: Option<u16>,
    twin: Option<u16>,
    more: Vec<u16>,
}

impl Placed {
    /// Of every class. A slot has to see its events in the order of time, so that it is among the `more` of all
    /// its classes where it is of one.
    fn all(classes: &[&[u16]], hot: &[Hot]) -> Vec<Self> {
        let mut late: BTreeSet<u16> = BTreeSet::new();
        loop {
            let place = |slots: &&[u16]| Self::of(slots, classes, hot, &late);
            let placed: Vec<Self> = classes.iter().map(place).collect();
            let known = late.len();
            late.extend(placed.iter().flat_map(|placed| &placed.more));
            if late.len() == known {
                return placed;
            }
        }
    }

    fn of(slots: &[u16], classes: &[&[u16]], hot: &[Hot], late: &BTreeSet<u16>) -> Self {
        let rules = |slot: u16| &hot[usize::from(slot)];
        let close = slots.iter().copied().filter(|slot| rules(*slot).kind != HotKind::Plain);
        let (more, early): (Vec<u16>, Vec<u16>) = close.partition(|slot| late.contains(slot));
        let mut placed = Self { more, ..Self::default() };
        for slot in early {
            // Of two slots that count the same events per day, both find the same number.
            let is_twin = |first: u16| {
                let both = |slots: &&[u16]| slots.contains(&first) == slots.contains(&slot);
                rules(first).per == rules(slot).per && classes.iter().all(both)
            };
            if placed.first.is_none() {
                placed.first = Some(slot);
            } else if placed.twin.is_none() && placed.first.is_some_and(is_twin) {
                placed.twin = Some(slot);
            } else {
                placed.more.push(slot);
            }
        }
        placed
    }
}

impl Look {
    fn new(slot: usize, hot: &Hot) -> Self {
        let weighing = Weighing {
            slot: slot as u32,
            at_most: hot.at_most,
            within: hot.within,
            expires: hot.expires.min(hot.within),
            weights: hot.weights as u32,
            weights_last: hot.weights_last as u32,
        };
        Self { daily: if hot.per == Period::Day { u32::MAX } else { 0 }, weighing }
    }

    fn idle(slots: usize) -> Self {
        Self { daily: 0, weighing: Weighing::idle(slots) }
    }

    /// Counts an event in the slot; answers how many there are on its day, or ever, by now. Without a branch, on
    /// whatever kind of slot: the next event is anybody's guess.
    #[inline]
    fn see(&self, seen: Seen, now: i64, weights: &[u32], slots: &mut [SlotTally]) -> u32 {
        let tally = &mut slots[self.weighing.slot as usize];
        let number = tally.next_in_period(seen.day & self.daily);
        self.weighing.weigh(seen, now, number, weights, tally);
        number
    }
}

impl Weighing {
    /// One that keeps nothing, in a slot behind all others: cheaper than asking whether there
    /// is one, as the kinds of events come in no order.
    fn idle(slots: usize) -> Self {
        let slot = slots as u32;
        Self { slot, at_most: 0, within: 0, expires: 0, weights: 0, weights_last: 0 }
    }

    /// Adds an event to the slot's `tally`, the `number`th on its day, or ever.
    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "`&&` would be a branch")]
    fn weigh(&self, seen: Seen, now: i64, number: u32, weights: &[u32], tally: &mut SlotTally) {
        let kept = number <= self.at_most;
        let weight = weights[(self.weights + seen.hours.min(self.weights_last)) as usize];
        tally.latest = now - seen.age;
        tally.counted += u32::from(kept & (seen.age < self.within));
        tally.weights +=
            u64::from(weight & u32::from(kept & (seen.age < self.expires)).wrapping_neg());
    }
}

impl Bound<'_> {
    /// Counts the events of a lead up to an instant (ms) in every slot, like [`Bound::count`].
    #[inline]
    pub(crate) fn count_swiftly<P>(
        &self,
        swift: &Swift,
        lead: &LeadView<'_, P>,
        now: i64,
        tally: &mut Tally,
    ) {
        let end = match lead.at.last() {
            Some(last) if *last > now => lead.at.partition_point(|at| *at <= now),
            _ => lead.at.len(),
        };
        let past = lead.at[..end].iter().copied().zip(lead.shapes.iter().copied());
        let events = || {
            let mut days = Days::new(&self.calendar);
            past.clone().map(move |(at, shape)| (Seen::at(at, now, &mut days), shape))
        };
        tally.slots.clear();
        tally.slots.resize(self.hot.len() + 1, SlotTally::EMPTY);
        let slots = tally.slots.as_mut_slice();
        let class_of = |shape: u32| usize::from(swift.class_of[shape as usize]) % CLASSES_MAX;
        let weights = self.weights;
        let mut counts = [0_u32; CLASSES_MAX];
        if let Some(twins) = &swift.twins {
            for (seen, shape) in events() {
                let class = class_of(shape);
                counts[class] += 1;
                let number = swift.first[class].see(seen, now, weights, slots);
                let twin = &twins[class];
                twin.weigh(seen, now, number, weights, &mut slots[twin.slot as usize]);
            }
        } else {
            for (seen, shape) in events() {
                let class = class_of(shape);
                counts[class] += 1;
                swift.first[class].see(seen, now, weights, slots);
            }
        }
        if swift.has_more > 0 {
            // So few models have them that it is cheaper to go through the events once more than to ask here whether
            // there are any.
            let looked_at =
                events().filter(|(_, shape)| swift.has_more >> class_of(*shape) & 1 == 1);
            for (seen, shape) in looked_at {
                let class = class_of(shape);
                let looks = swift.more.iter().filter(|(of, _)| usize::from(*of) == class);
                looks.for_each(|(_, look)| _ = look.see(seen, now, weights, slots));
            }
        }
        for plain in &swift.plain {
            let counted = if plain.within == FOREVER {
                let of = |class: &u8| counts[usize::from(*class) % CLASSES_MAX];
                plain.classes.iter().map(of).sum()
            } else {
                // The young ones stand at the end.
                let young = past.clone().rev().take_while(|(at, _)| now - at < plain.within);
                young
                    .map(|(_, shape)| (plain.bits >> swift.class_of[shape as usize] & 1) as u32)
                    .sum()
            };
            slots[plain.slot].counted = counted;
            slots[plain.slot].weights = u64::from(counted) * u64::from(FULL_WEIGHT);
        }
    }
}

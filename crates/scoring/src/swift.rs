//! The fold for nearly every model, when nobody asks what happened to each event.
//!
//! Where no pattern depends on the instant, counts are per day or for ever, and no clock is put back
//! over midnight, shapes that count in the same slots are one *class*. An event then adds one to its
//! class, and only slots with a daily count or a decay look at it more closely; slots that merely
//! count are settled from the classes at the end. Everything else takes [`Bound::count`]; the laws
//! compare the two on generated models.

use std::collections::HashMap;

use crate::amount::FULL_WEIGHT;
use crate::bound::Bound;
use crate::calendar::Days;
use crate::fold::{LeadView, SlotTally, Tally};
use crate::hot::{Hot, HotKind};
use crate::model::Period;
use crate::program::FOREVER;

/// What the swift fold needs of a bound program.
#[derive(Clone, Debug)]
pub(crate) struct Swift {
    /// Class of each shape.
    class_of: Vec<u8>,
    /// The first close look of each class, one that sees nothing where it has none, ...
    first: Box<[Look; CLASSES_MAX]>,
    /// ... and those after the first.
    more: Vec<Look>,
    plain: Vec<Plain>,
}

/// A slot that looks at an event's day or age.
#[derive(Clone, Copy, Debug)]
struct Look {
    slot: u32,
    /// How many are kept per day or for ever.
    at_most: u32,
    /// Ages in ms from which on the event is too old to be counted, and to weigh anything.
    within: i64,
    expires: i64,
    weights: u32,
    weights_last: u32,
    /// All ones where events are counted per day, 0 where for ever.
    daily: u32,
    /// The other looks of the class: `more[from..to]`, in the first one alone.
    from: u16,
    to: u16,
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
const HOUR_MS: u64 = 3_600_000;

impl Swift {
    /// Prepares the swift fold; `None` where a model needs the long way.
    pub(crate) fn new(
        slots_by_shape: &[&[u16]],
        hot: &[Hot],
        returns: bool,
        dated: bool,
    ) -> Option<Self> {
        let long = |hot: &Hot| hot.open || !matches!(hot.per, Period::Day | Period::Ever);
        if returns || dated || hot.iter().any(long) {
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
        let mut more = Vec::new();
        for (slots, first) in classes.iter().zip(first.iter_mut()) {
            let closely = slots.iter().map(|slot| (usize::from(*slot), &hot[usize::from(*slot)]));
            let mut looks = closely
                .filter(|(_, hot)| hot.kind != HotKind::Plain)
                .map(|(slot, hot)| Look::new(slot, hot));
            if let Some(look) = looks.next() {
                *first = look;
                first.from = u16::try_from(more.len()).ok()?;
                more.extend(looks);
                first.to = u16::try_from(more.len()).ok()?;
            }
        }
        let counting = hot.iter().enumerate().filter(|(_, rules)| rules.kind == HotKind::Plain);
        let plain = counting.map(|(slot, rules)| {
            let of = classes.iter().zip(0..).filter(|(slots, _)| slots.contains(&(slot as u16)));
            let classes: Vec<u8> = of.map(|(_, class)| class).collect();
            let bits = classes.iter().fold(0, |bits, class| bits | 1 << class);
            Plain { slot, within: rules.within, bits, classes }
        });
        Some(Self { class_of, first, more, plain: plain.collect() })
    }

    /// The looks of a class after its first one.
    #[inline(never)]
    fn see_more(&self, first: &Look, seen: Seen, weights: &[u32], slots: &mut [SlotTally]) {
        let more = &self.more[usize::from(first.from)..usize::from(first.to)];
        more.iter().for_each(|look| look.see(seen, weights, slots));
    }
}

impl Look {
    fn new(slot: usize, hot: &Hot) -> Self {
        Self {
            slot: slot as u32,
            at_most: hot.at_most,
            within: hot.within,
            expires: hot.expires.min(hot.within),
            weights: hot.weights as u32,
            weights_last: hot.weights_last as u32,
            daily: if hot.per == Period::Day { u32::MAX } else { 0 },
            from: 0,
            to: 0,
        }
    }

    /// A look that keeps nothing, in a slot behind all others: cheaper than asking whether there
    /// is one, as the kinds of events come in no order.
    fn idle(slots: usize) -> Self {
        Self {
            slot: slots as u32,
            at_most: 0,
            within: 0,
            expires: 0,
            weights: 0,
            weights_last: 0,
            daily: 0,
            from: 0,
            to: 0,
        }
    }

    /// Counts an event in the slot. Without a branch, on whatever kind of slot: the next event is
    /// anybody's guess.
    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "`&&` would be a branch")]
    fn see(&self, seen: Seen, weights: &[u32], slots: &mut [SlotTally]) {
        let tally = &mut slots[self.slot as usize];
        tally.latest = seen.at;
        let kept = tally.next_in_period(seen.day & self.daily) <= self.at_most;
        let weight = weights[(self.weights + seen.hours.min(self.weights_last)) as usize];
        tally.counted += u32::from(kept & (seen.age < self.within));
        tally.weights +=
            u64::from(weight & u32::from(kept & (seen.age < self.expires)).wrapping_neg());
    }
}

/// An event as the looks see it.
#[derive(Clone, Copy)]
struct Seen {
    at: i64,
    /// In ms, and in whole hours.
    age: i64,
    hours: u32,
    day: u32,
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
        tally.slots.clear();
        tally.slots.resize(self.hot.len() + 1, SlotTally::EMPTY);
        let slots = tally.slots.as_mut_slice();
        let end = match lead.at.last() {
            Some(last) if *last > now => lead.at.partition_point(|at| *at <= now),
            _ => lead.at.len(),
        };
        let (instants, shapes) = (&lead.at[..end], &lead.shapes[..end]);
        let mut counts = [0_u32; CLASSES_MAX];
        let mut days = Days::new(&self.calendar);
        let (weights, class_of, first) = (self.weights, swift.class_of.as_slice(), &*swift.first);
        for (at, shape) in instants.iter().zip(shapes) {
            let class = usize::from(class_of[*shape as usize]) % CLASSES_MAX;
            counts[class] += 1;
            let age = now - at;
            let hours = (age as u64 / HOUR_MS) as u32;
            let seen = Seen { at: *at, age, hours, day: days.number(*at) };
            let look = &first[class];
            look.see(seen, weights, slots);
            if look.from < look.to {
                swift.see_more(look, seen, weights, slots);
            }
        }
        for plain in &swift.plain {
            let counted = if plain.within == FOREVER {
                let of = |class: &u8| counts[usize::from(*class) % CLASSES_MAX];
                plain.classes.iter().map(of).sum()
            } else {
                // The young ones stand at the end.
                let young = instants
                    .iter()
                    .zip(shapes)
                    .rev()
                    .take_while(|(at, _)| now - **at < plain.within);
                young
                    .map(|(_, shape)| (plain.bits >> swift.class_of[*shape as usize] & 1) as u32)
                    .sum()
            };
            slots[plain.slot].counted = counted;
            slots[plain.slot].weights = u64::from(counted) * u64::from(FULL_WEIGHT);
        }
    }
}

//! The fold for nearly every model, when nobody asks what happened to each event.
//!
//! Where no pattern depends on the instant, counts are per day or for ever, and no clock is put back
//! over midnight, shapes that count in the same slots are one *class*. An event then adds one to its
//! class, and only slots with a daily count or a decay look at it more closely; slots that merely
//! count are settled from the classes at the end. Everything else takes [`Bound::count`]; the laws
//! compare the two on generated models.

use std::collections::HashMap;

use crate::amount::FULL_WEIGHT;
use crate::bound::{Bound, Hot, HotKind};
use crate::calendar::Days;
use crate::fold::{LeadView, SlotTally, Tally};
use crate::model::Period;
use crate::program::FOREVER;

/// What the swift fold needs of a bound program.
#[derive(Clone, Debug)]
pub(crate) struct Swift {
    /// Class of each shape.
    class_of: Vec<u8>,
    /// Close looks of class `c`: `closely[starts[c]..starts[c + 1]]`.
    starts: Vec<u32>,
    closely: Vec<Closely>,
    plain: Vec<Plain>,
    daily: bool,
}

/// A slot that looks at an event's day or age.
#[derive(Clone, Debug)]
struct Closely {
    slot: u32,
    at_most: u32,
    /// Ages in ms from which on the event is too old to be counted, and to weigh anything.
    within: i64,
    expires: i64,
    weights: u32,
    weights_last: u32,
    /// 1 where events are counted per day, 0 where for ever.
    daily: u8,
    /// Whether only the instant of the event matters.
    latest: bool,
}

/// A slot that merely counts events younger than something.
#[derive(Clone, Debug)]
struct Plain {
    slot: usize,
    within: i64,
    /// A bit per class.
    classes: u64,
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
        let mut swift = Self {
            class_of,
            starts: vec![0],
            closely: Vec::new(),
            plain: Vec::new(),
            daily: false,
        };
        for (index, rules) in
            hot.iter().enumerate().filter(|(_, rules)| rules.kind == HotKind::Plain)
        {
            let counts = |class: &(usize, &&[u16])| class.1.contains(&(index as u16));
            let classes = classes
                .iter()
                .enumerate()
                .filter(counts)
                .fold(0, |bits, (class, _)| bits | 1 << class);
            swift.plain.push(Plain { slot: index, within: rules.within, classes });
        }
        for slots in classes {
            let closely =
                slots.iter().filter(|slot| hot[usize::from(**slot)].kind != HotKind::Plain);
            swift.closely.extend(
                closely.map(|slot| Closely::new(usize::from(*slot), &hot[usize::from(*slot)])),
            );
            swift.starts.push(swift.closely.len() as u32);
        }
        swift.daily = swift.closely.iter().any(|look| look.daily == 1);
        Some(swift)
    }
}

impl Closely {
    fn new(slot: usize, hot: &Hot) -> Self {
        Self {
            slot: slot as u32,
            at_most: hot.at_most,
            within: hot.within,
            expires: hot.expires.min(hot.within),
            weights: hot.weights as u32,
            weights_last: hot.weights_last as u32,
            daily: u8::from(hot.per == Period::Day),
            latest: hot.kind == HotKind::Latest,
        }
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
        tally.slots.clear();
        tally.slots.resize(self.hot.len(), SlotTally::EMPTY);
        let slots = tally.slots.as_mut_slice();
        let end = match lead.at.last() {
            Some(last) if *last > now => lead.at.partition_point(|at| *at <= now),
            _ => lead.at.len(),
        };
        let (instants, shapes) = (&lead.at[..end], &lead.shapes[..end]);
        let mut counts = [0_u32; CLASSES_MAX];
        let mut days = Days::new(&self.calendar);
        let mut periods = [0, 0];
        for (at, shape) in instants.iter().zip(shapes) {
            let class = usize::from(swift.class_of[*shape as usize]) % CLASSES_MAX;
            counts[class] += 1;
            let looks =
                &swift.closely[swift.starts[class] as usize..swift.starts[class + 1] as usize];
            if looks.is_empty() {
                continue;
            }
            let age = now - at;
            let hours = (age as u64 / HOUR_MS) as u32;
            if swift.daily {
                periods[1] = days.number(*at);
            }
            for look in looks {
                let tally = &mut slots[look.slot as usize];
                if look.latest {
                    tally.latest = *at;
                    continue;
                }
                let number = tally.next_in_period(periods[usize::from(look.daily)]);
                let kept = number <= look.at_most;
                let weight = self.weights[(look.weights + hours.min(look.weights_last)) as usize];
                tally.counted += u32::from(kept) * u32::from(age < look.within);
                tally.weights +=
                    u64::from(u32::from(kept) * u32::from(age < look.expires) * weight);
            }
        }
        for plain in &swift.plain {
            let counted = if plain.within == FOREVER {
                let of_class = counts.iter().enumerate().take(swift.starts.len() - 1);
                of_class.map(|(class, count)| count * (plain.classes >> class & 1) as u32).sum()
            } else {
                // The young ones stand at the end.
                let young = instants
                    .iter()
                    .zip(shapes)
                    .rev()
                    .take_while(|(at, _)| now - **at < plain.within);
                young
                    .map(|(_, shape)| (plain.classes >> swift.class_of[*shape as usize] & 1) as u32)
                    .sum()
            };
            slots[plain.slot].counted = counted;
            slots[plain.slot].weights = u64::from(counted) * u64::from(FULL_WEIGHT);
        }
    }
}

//! What the fold asks of a program's slots, and the tables of weights: made once for a program, as it is bound
//! to each lead that is scored by itself, and a curve over years takes 60 KB.

use crate::model::{Decay, Period};
use crate::program::{FOREVER, Slot};

/// What the fold asks of a slot for every event, in one place.
#[derive(Clone, Debug)]
pub(crate) struct Hot {
    pub(crate) kind: HotKind,
    /// Age in ms below which a kept event is counted.
    pub(crate) within: i64,
    /// Age in ms below which it still weighs something.
    pub(crate) expires: i64,
    /// How many are kept per period; `u32::MAX` keeps all.
    pub(crate) at_most: u32,
    pub(crate) per: Period,
    /// Its weights by age begin here in the program's weights, ...
    pub(crate) weights: usize,
    /// ... and the one at this distance holds for every greater age, ...
    pub(crate) weights_last: usize,
    /// ... unless the curve goes on beyond.
    pub(crate) open: bool,
}

impl Hot {
    /// Whether an event that is kept gives as much in the one slot as in the other.
    pub(crate) fn weighs_as(&self, other: &Self) -> bool {
        let rules = |hot: &Self| (hot.weights, hot.weights_last, hot.open, hot.within, hot.expires);
        rules(self) == rules(other)
    }
}

/// How much a slot asks of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HotKind {
    /// Whether it is young enough.
    Plain,
    /// When it was.
    Latest,
    /// Its calendar period, its age, its weight.
    Full,
}

/// What the fold asks of each slot, and the tables of weights.
pub(crate) fn hot_slots(slots: &[Slot]) -> (Vec<Hot>, Vec<u32>) {
    let mut tables: Vec<(Decay, usize)> = Vec::new();
    let mut weights = Vec::new();
    let hot = slots.iter().map(|slot| {
        let decay = slot.weights.decay();
        let known = tables.iter().find(|(known, _)| *known == decay);
        let start = known.map_or(weights.len(), |(_, start)| *start);
        let table = slot.weights.table();
        if start == weights.len() {
            tables.push((decay, start));
            weights.extend_from_slice(table);
        }
        let plain = slot.cap.is_none() && slot.expires == FOREVER && matches!(table, [_]);
        Hot {
            kind: match (slot.latest, plain) {
                (true, _) => HotKind::Latest,
                (false, true) => HotKind::Plain,
                (false, false) => HotKind::Full,
            },
            within: slot.within,
            expires: slot.expires,
            at_most: slot.cap.map_or(u32::MAX, |cap| cap.at_most),
            per: slot.cap.map_or(Period::Ever, |cap| cap.per),
            weights: start,
            weights_last: table.len() - 1,
            open: slot.weights.is_open(),
        }
    });
    let hot = hot.collect();
    if weights.is_empty() {
        // So that whoever looks at nothing finds something to look at.
        weights.push(0);
    }
    (hot, weights)
}

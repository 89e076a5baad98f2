//! Where two models differ only in what some events give: a lead that has none of these stands under
//! both where it stands under one.

use crate::bound::Bound;
use crate::fold::Tally;
use crate::model::Model;
use crate::program::{FOREVER, Line, LineKind, Program};
use crate::sum::held;

impl Program {
    /// Slots such that a lead without an event in any of them has the same numbers and the same stages
    /// under both programs, at every instant; `None` where more lies between the two. For programs that
    /// are [paired](Self::paired).
    pub fn apart(&self, other: &Self) -> Option<Apart> {
        let (one, two) = (&*self.model, &*other.model);
        if !alike_but_for_criteria(one, two) {
            return None;
        }
        let criteria = one.criteria().zip(two.criteria()).zip(self.lines.iter().zip(&other.lines));
        let apart = criteria.filter(|(((_, one), (_, two)), _)| one != two);
        let slots = apart.map(|(_, (one, two))| {
            let (LineKind::Events { slot, .. }, LineKind::Events { slot: other_slot, .. }) =
                (&one.kind, &two.kind)
            else {
                return None;
            };
            let (slot_of_one, slot_of_two) = (&self.slots[*slot], &other.slots[*other_slot]);
            let same_events = slot_of_one.pattern == slot_of_two.pattern && !slot_of_one.dated;
            let counted_for_ever = slot_of_one.within == FOREVER;
            let alike = same_events && counted_for_ever && nothing(one) == nothing(two);
            alike.then_some(*slot)
        });
        slots.collect::<Option<Vec<usize>>>().map(|slots| Apart { slots })
    }
}

/// Where two programs differ.
#[derive(Clone, Debug)]
pub struct Apart {
    /// Slots of the first.
    slots: Vec<usize>,
}

impl Bound<'_> {
    /// Whether the lead that this tally counted has no event that tells the two programs apart.
    #[inline]
    pub fn is_the_same(&self, apart: &Apart, tally: &Tally) -> bool {
        apart.slots.iter().all(|slot| tally.slots[*slot].counted == 0)
    }
}

/// What a line gives without an event.
fn nothing(line: &Line) -> i64 {
    held(0_i64, line.limit)
}

fn alike_but_for_criteria(one: &Model, two: &Model) -> bool {
    let groups = |model: &Model| -> Vec<_> {
        let shape =
            model.groups.iter().map(|group| (group.dimension, group.limit, group.criteria.len()));
        shape.collect()
    };
    (one.scale, &one.time_zone, &one.gates) == (two.scale, &two.time_zone, &two.gates)
        && (&one.brackets, &one.grid, &one.stages) == (&two.brackets, &two.grid, &two.stages)
        && groups(one) == groups(two)
}

//! Numbers that only fall while nothing happens: then two scores bound all between them, and the walk through a
//! lead's stages needs no other bounds.

use crate::bound::{Bound, Weighing};
use crate::fold::{LeadView, Profile};
use crate::program::{ByCount, Clause, FOREVER, LineKind};

impl Bound<'_> {
    /// Whether no number of a lead rises between two events, as long as its traits stay: what events give only
    /// grows less with age, and nobody is disqualified, or no longer so, by time alone.
    pub(crate) fn is_fading(&self) -> bool {
        let mut lines = self.remaining.iter().map(|index| &self.program.lines[*index].kind);
        !self.has_dated_slots
            && self.weighing.iter().all(|line| self.weight_fades(line))
            && lines.all(|kind| self.line_fades(kind))
            && self.program.disqualifying().all(|(_, clause)| self.is_still(clause))
    }

    fn weight_fades(&self, line: &Weighing) -> bool {
        let slot = &self.program.slots[line.slot];
        line.points.hundredths() >= 0
            || (self.stands(line.slot) && slot.expires == FOREVER && slot.weights.is_constant())
    }

    fn line_fades(&self, kind: &LineKind) -> bool {
        match kind {
            LineKind::Clause { clause, points, otherwise, unknown } => {
                self.is_still(clause)
                    || (self.truth_fades(clause) && otherwise <= unknown && unknown <= points)
            }
            LineKind::Tiers { slot, by_count, .. } => {
                self.stands(*slot) || by_count.rises_through_nothing()
            }
            LineKind::Events { .. } | LineKind::Bands { .. } => true,
            LineKind::Curve { .. } => false,
        }
    }

    /// Whether what a slot counts stays as it is until the next event.
    fn stands(&self, slot: usize) -> bool {
        self.program.slots[slot].within == FOREVER
    }

    /// Whether only events and traits change the answer.
    fn is_still(&self, clause: &Clause) -> bool {
        self.asks_no_date(clause, |slot| self.stands(slot))
    }

    /// Whether time alone can make the answer less true, and never more.
    fn truth_fades(&self, clause: &Clause) -> bool {
        match clause {
            Clause::Question(_) => self.is_steady(clause),
            Clause::Event { .. } => true,
            Clause::All(parts) | Clause::Any(parts) => {
                parts.iter().all(|part| self.truth_fades(part))
            }
            Clause::Not(inner) => self.is_still(inner),
        }
    }
}

impl ByCount {
    /// Whether fewer events never give more: neither the last one as it leaves the window of a lead that is too
    /// young for its silence to count, which then has nothing, nor silence as it begins to count.
    fn rises_through_nothing(&self) -> bool {
        self.places().is_some() && self.is_rising() && self.at(0) <= 0 && self.at(1) >= 0
    }
}

/// The last instant (ms) up to `until` at which some trait of a lead changed; before all time where none did.
pub(crate) fn last_turn<P: Profile>(lead: &LeadView<'_, P>, until: i64) -> i64 {
    let mut turn = i64::MIN;
    lead.profile.turns(i64::MIN, until, &mut |at| turn = turn.max(at));
    turn
}

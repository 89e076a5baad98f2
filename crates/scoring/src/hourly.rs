//! Models whose numbers change with time only when something becomes a whole hour older: most leads are then
//! after a minute what they were before it, and a glance at their events tells.

use leads::Timestamp;

use crate::bound::Bound;
use crate::fold::{HOUR_MS, LeadView, Profile};
use crate::program::{FOREVER, LineKind};

impl Bound<'_> {
    /// Whether time changes a lead's numbers and stages only where a trait changes, or where the age of an event
    /// or of the lead itself in whole hours does.
    pub(crate) fn goes_by_the_hour(&self) -> bool {
        let whole = |ms: i64| ms == FOREVER || ms % HOUR_MS as i64 == 0;
        let model = &self.program.model;
        !self.has_dated_slots
            && self.program.slots.iter().all(|slot| whole(slot.within) && whole(slot.expires))
            && self.program.lines.iter().all(|line| match &line.kind {
                LineKind::Clause { clause, .. } => self.asks_no_date(clause, |_| true),
                LineKind::Tiers { within, .. } => within.is_none_or(whole),
                // Calendar months are no whole hours.
                LineKind::Curve { .. } => false,
                LineKind::Events { .. } | LineKind::Bands { .. } => true,
            })
            && self.program.gates.iter().all(|gate| self.asks_no_date(gate, |_| true))
            // A stay ends, and a rest is over, whatever happens.
            && model.stages.iter().all(|stage| {
                stage.dwell.as_millis() == 0 && stage.requalify_after.as_millis() == 0
            })
    }

    /// Whether a lead's numbers and stages at an instant are sure to be those at an earlier one, by the same
    /// facts. Costs a small part of a score; the answer is no where that is not enough.
    #[inline]
    pub fn is_as_before<P: Profile>(
        &self,
        lead: &LeadView<'_, P>,
        before: Timestamp,
        at: Timestamp,
    ) -> bool {
        let (before, at) = (before.as_millis(), at.as_millis());
        let Ok(passed) = u64::try_from(at.saturating_sub(before)) else { return false };
        if !self.hourly || passed >= HOUR_MS {
            return false;
        }
        // Of what began at an instant up to `at`, a whole hour was completed since `before`, or it began since then.
        // Of what is yet to begin the answer may be either.
        let turned = |from: &i64| at.wrapping_sub(*from) as u64 % HOUR_MS < passed;
        let mut turns = turned(&lead.created_at) || lead.at.iter().any(turned);
        if !turns {
            lead.profile.turns(before, at, &mut |_| turns = true);
        }
        !turns
    }
}

#[cfg(test)]
mod tests {
    use leads::{Event, LeadFacts};

    use super::*;
    use crate::document::{Syntax, load};
    use crate::program::Program;
    use crate::single::Single;

    /// 2025-01-01, at noon.
    const NOON: i64 = 1_735_732_800_000;
    const MINUTE: i64 = 60_000;

    fn instant(after_noon: i64) -> Timestamp {
        Timestamp::saturating_from_millis(NOON + after_noon)
    }

    /// Whether a lead that came a day and a quarter of an hour before noon, and saw a page at noon, is sure to be
    /// as before between two instants, counted from noon, under a model of one criterion.
    fn is_as_before(criterion: &str, rest: &str, before: i64, at: i64) -> bool {
        let document = format!(
            "model: one\ngroups:\n  - group: Activity\n    dimension: engagement\n    criteria:\n      \
             - {{name: One, {criterion}}}\n{rest}"
        );
        let loaded = load(&document, Syntax::Yaml);
        let program = Program::new(loaded.model.unwrap_or_else(|| panic!("{document}")));
        let facts = LeadFacts {
            created_at: Some(instant(-(24 * 60 + 15) * MINUTE)),
            events: vec![Event {
                id: None,
                name: "page".to_owned(),
                at: instant(0),
                properties: Vec::new(),
            }],
            ..LeadFacts::default()
        };
        let single = Single::new(&program, &facts);
        single.bind(&program).is_as_before(&single.view(), instant(before), instant(at))
    }

    #[test]
    fn a_lead_is_as_before_until_something_of_it_is_an_hour_older() {
        let fading = "event: page, points: 5, decay: {half_life: 30d}";
        let stays = |before, at| is_as_before(fading, "", before * MINUTE, at * MINUTE);
        assert!(stays(1, 2) && stays(61, 64) && stays(0, 44) && stays(130, 130));
        assert!(!stays(-1, 0) && !stays(-1, 1), "it is new");
        assert!(!stays(59, 60) && !stays(59, 61), "the event is an hour old");
        assert!(!stays(44, 45), "the lead is an hour older");
        assert!(!stays(1, 62) && !stays(1, 61), "an hour has passed");
        assert!(!stays(2, 1), "time went back");
    }

    #[test]
    fn what_may_change_at_any_time_is_looked_at_anew() {
        let fine = "event: page, points: 5";
        for (criterion, rest, hourly) in [
            (fine, "", true),
            ("event: page, points: 5, within: 48h", "", true),
            ("event: page, points: 5, within: 90min", "", false),
            ("event: page, points: 5, count: {at_most: 2, per: day}", "", true),
            ("event: page, within: 2d, tiers: [{below: 1, points: -5}]", "", true),
            ("event: page, within: 100min, tiers: [{below: 1, points: -5}]", "", false),
            ("trait: renewal, within: 30d, points: 5", "", false),
            ("trait: role, is: CEO, points: 5", "", true),
            (fine, "stages: [{stage: hot, enter: {score: 5}, leave: {score: 1}}]", true),
            (fine, "stages: [{stage: hot, enter: {score: 5}, dwell: 2d}]", false),
            (fine, "stages: [{stage: hot, enter: {score: 5}, requalify_after: 2d}]", false),
        ] {
            let found = is_as_before(criterion, rest, MINUTE, 2 * MINUTE);
            assert_eq!(found, hourly, "{criterion} {rest}");
        }
    }
}

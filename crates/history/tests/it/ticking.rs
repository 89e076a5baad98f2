//! Time passes: from one tick to the next most leads are as they were, and the others are scored anew.

use history::Before;
use leads::LeadFacts;

use crate::small::{Telling, day, history, later, lead, programs};

/// All that time does to a score by the whole hour, with both kinds of gates and stages between thresholds.
const MODEL: &str = "
model: ticking
scale: [0, 100]
groups:
  - group: Profile
    dimension: fit
    criteria:
      - {name: Role, trait: role, in: [CEO, CTO], points: 20, unknown: -3}
  - group: Behaviour
    dimension: engagement
    limit: [-40, 80]
    criteria:
      - {name: Page, event: page, points: 9, count: {at_most: 3, per: day}, decay: {half_life: 3h}, limit: [0, 40]}
      - {name: Open, event: open, points: 6, decay: {linear: 20h}}
      - {name: Form, event: form, points: 15, within: 36h, limit: [0, 30]}
      - {name: Lately, event: [page, open], within: 5h, tiers: [{at_least: 1, points: 10}]}
      - {name: Silent, event: [page, open, form], within: 48h, tiers: [{below: 1, points: -20}]}
      - {name: Often, event: page, tiers: [{below: 4, points: 0}, {points: 8}]}
gates:
  - {name: Spam, when: {event: spam, within: 7h}, disqualify: true}
brackets:
  - {name: cold, from: 0}
  - {name: hot, from: 50}
stages:
  - {stage: marketing_qualified, enter: {score: 40}, leave: {score: 25}}
  - {stage: sales_qualified, enter: {score: 60}, leave: {score: 45}}
";

fn everyone() -> Vec<LeadFacts> {
    (0..240)
        .map(|number: usize| {
            let mut facts = lead(number, 0.3 + number as f64 * 0.013);
            if number.is_multiple_of(3) {
                facts = facts.knows("role", ["CEO", "clerk"][number % 2]);
            }
            let facts = (0..number % 12).fold(facts, |facts, event| {
                let kind = (number * 7 + event * 5) % 13;
                let name = ["page", "page", "page", "open", "open", "form", "other"][kind % 7];
                let name = if kind == 12 { "spam" } else { name };
                facts.does(name, day(1.0 + (number * 31 + event * 577) as f64 * 0.000_731 % 3.0))
            });
            if number.is_multiple_of(17) { facts.learns("role", "CTO", day(2.55)) } else { facts }
        })
        .collect()
}

#[test]
fn ticks_at_any_distance_give_what_scoring_everyone_anew_gives() {
    let (programs, needs) = programs(&[MODEL], "page");
    let history = history(&needs, &everyone());
    let program = &programs[0];
    let mut at = day(2.5);
    let mut scores = history.rescore(program, at, 1);
    let (mut moved, mut turned) = (0, 0);
    let minutes = std::iter::repeat_n(60_000, 180);
    for passed in minutes.chain([0, 1, 999, 3_599_999, 3_600_000, 3_600_001, 86_400_000, 40_000]) {
        let now = later(at, passed);
        let changed = [5, 77];
        let before = Before { scores: &scores, at, changed: &changed };
        let ticked = history.rescore_since(program, now, 1, Some(before));
        assert_eq!(ticked, history.rescore(program, now, 1), "{passed} ms after {at}");
        for (old, new) in scores.iter().zip(ticked.iter()) {
            moved += usize::from(old.score != new.score);
            turned += usize::from(old.stage != new.stage);
        }
        (scores, at) = (ticked, now);
    }
    assert!(moved > 100 && turned > 20, "time changes scores and stages: {moved}, {turned}");
}

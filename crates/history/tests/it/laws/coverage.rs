//! That the generated models and histories really meet: laws about nothing hold always.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::visit_same;
use crate::generate::{Span, Wanted, case, document};
use crate::reference::Reference;

/// Of how many things that were asked how many were so.
#[derive(Default)]
struct Shares(RefCell<BTreeMap<&'static str, (u32, u32)>>);

impl Shares {
    fn count(&self, what: &'static str, so: bool) {
        let mut shares = self.0.borrow_mut();
        let (of, were) = shares.entry(what).or_default();
        *of += 1;
        *were += u32::from(so);
    }

    /// Fails where something was so less often than one time in `one_in`.
    fn check(&self, least: &[(&str, u32)]) {
        for (what, one_in) in least {
            let (of, were) = self.0.borrow()[what];
            assert!(were * one_in >= of, "{what}: {were} of {of}");
        }
    }
}

#[test]
fn every_kind_of_criterion_gives_points_often_enough_to_be_tested() {
    let shares = Shares::default();
    visit_same(512, &(document(Wanted::CARD), case(Span::LONG)), |(document, case)| {
        let card = Reference::new(&document).score(&case.facts, case.t);
        let groups = document["groups"].as_array().expect("a list");
        for (group, amounts) in groups.iter().zip(&card.criteria) {
            let criteria = group["criteria"].as_array().expect("a list");
            for (criterion, amount) in criteria.iter().zip(amounts) {
                for kind in kinds(criterion) {
                    shares.count(kind, *amount != 0);
                }
            }
        }
        shares.count("disqualified", card.disqualified.is_some());
        shares.count("not disqualified", card.disqualified.is_none());
        shares.count("bracket", card.bracket.is_some());
        shares.count("grade", card.grade.is_some());
    });
    // Some 30 of 275 events within a window count: fewer than 10 happen once in thousands of runs.
    shares.check(&[
        ("bands", 5),
        ("tiers", 4),
        ("curve", 4),
        ("when", 3),
        ("trait", 3),
        ("event", 10),
        ("event with count", 10),
        ("event with decay", 10),
        ("event with where", 30),
        ("event within", 30),
        ("disqualified", 40),
        ("not disqualified", 2),
        ("bracket", 4),
        ("grade", 3),
    ]);
}

#[test]
fn stages_are_entered_and_left_often_enough_to_be_tested() {
    let shares = Shares::default();
    visit_same(512, &(document(Wanted::STAGES), case(Span::SHORT)), |(document, case)| {
        let walk = Reference::new(&document).walk(&case.facts, case.t);
        shares.count("entered", walk.iter().any(|step| step.entered));
        shares.count("left", walk.iter().any(|step| !step.entered));
        shares.count(
            "left after a while",
            walk.iter().any(|step| {
                !step.entered && case.facts.events.iter().all(|event| event.at != step.at)
            }),
        );
        shares.count("more than three steps", walk.len() > 3);
    });
    shares.check(&[
        ("entered", 3),
        ("left", 8),
        ("left after a while", 20),
        ("more than three steps", 16),
    ]);
}

/// What a criterion is an example of.
fn kinds(criterion: &Json) -> Vec<&'static str> {
    let has = |key: &str| criterion.get(key).is_some();
    let Some(kind) =
        ["bands", "tiers", "curve", "when", "trait", "event"].into_iter().find(|key| has(key))
    else {
        return Vec::new();
    };
    let mut kinds = vec![kind];
    if kind == "event" {
        let more = [
            ("count", "event with count"),
            ("decay", "event with decay"),
            ("where", "event with where"),
            ("within", "event within"),
        ];
        kinds.extend(more.into_iter().filter(|(key, _)| has(key)).map(|(_, name)| name));
    }
    kinds
}

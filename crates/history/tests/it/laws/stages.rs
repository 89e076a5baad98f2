//! Laws of the walk through the stages.

use proptest::prelude::*;
use scoring::OneLead;
use serde_json::Value as Json;

use super::holds_for;
use crate::fast;
use crate::generate::{Case, Span, Wanted, case, document, shuffled};
use crate::reference::Reference;

/// The slow walk looks at every hour of every lead.
const DEAR: u32 = 256;

fn documents_and_cases() -> impl Strategy<Value = (Json, Case)> {
    (document(Wanted::STAGES), case(Span::SHORT))
}

#[test]
fn stages_are_entered_and_left_at_the_very_millisecond_at_which_it_became_true() {
    holds_for(DEAR, &documents_and_cases(), |(document, case)| {
        let Some(program) = fast::program(&document) else {
            return Ok(());
        };
        let reference = Reference::new(&document);
        let slow = reference.walk(&case.facts, case.t);
        prop_assert_eq!(&fast::walk(&program, &case.facts, case.t), &slow);
        let stage = fast::stage(&program, &case.facts, case.t);
        prop_assert_eq!(stage, reference.stage_after(&slow));
        // Asked for everything at once, it says the same.
        let lead = OneLead::new(&program, &case.facts);
        let judgement = lead.judgement(None, case.t);
        let (score, _) = program.scores(&case.facts, &[case.t]).swap_remove(0);
        prop_assert_eq!(judgement.score, score);
        prop_assert_eq!(&judgement.walk, &program.walk(&case.facts, case.t));
        prop_assert_eq!(judgement.stage(), program.stage(&case.facts, case.t));
        // Of the transitions after an instant it says the same, too.
        let day = "1d".parse().expect("a length of time");
        let facts = case.facts.events.iter().map(|event| event.at);
        let between = facts.flat_map(|at| [at, at.saturating_add(day)]).take(8);
        for since in between.chain([case.t.saturating_sub(day), case.t]) {
            let later = lead.judgement(Some(since), case.t);
            let walk = judgement.walk.iter().filter(|step| step.at > since);
            prop_assert_eq!(later.walk.iter().collect::<Vec<_>>(), walk.collect::<Vec<_>>());
            prop_assert_eq!((later.stage(), later.score), (judgement.stage(), judgement.score));
        }
        Ok(())
    });
}

#[test]
fn the_stages_of_a_past_instant_do_not_depend_on_later_facts() {
    holds_for(DEAR, &documents_and_cases(), |(document, case)| {
        let Some(program) = fast::program(&document) else {
            return Ok(());
        };
        let mut known = case.facts.clone();
        known.events.retain(|event| event.at <= case.t);
        known.traits.retain(|change| change.at.is_none_or(|at| at <= case.t));
        let walk = fast::walk(&program, &known, case.t);
        prop_assert_eq!(&fast::walk(&program, &case.facts, case.t), &walk);
        // Nor on how far the walk goes on.
        let later = case.t.saturating_add("9d".parse().expect("a length of time"));
        let further = fast::walk(&program, &known, later);
        prop_assert_eq!(&further[..walk.len()], &walk[..]);
        Ok(())
    });
}

#[test]
fn the_order_in_which_facts_arrive_never_changes_a_stage() {
    let cases = case(Span::SHORT).prop_flat_map(|case| (shuffled(case.facts.clone()), Just(case)));
    holds_for(DEAR, &(document(Wanted::STAGES), cases), |(document, (shuffled, case))| {
        let Some(program) = fast::program(&document) else {
            return Ok(());
        };
        let walk = fast::walk(&program, &case.facts, case.t);
        prop_assert_eq!(fast::walk(&program, &shuffled, case.t), walk);
        Ok(())
    });
}

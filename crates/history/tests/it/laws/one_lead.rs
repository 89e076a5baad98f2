//! Laws of the score card of one lead.

use leads::{Duration, LeadFacts, Timestamp};
use proptest::prelude::*;
use scoring::Amount;
use serde_json::{Value as Json, json};

use super::holds;
use crate::fast;
use crate::generate::{
    Case, Span, Wanted, case, document, forgetful_document, lowered, penalty, shuffled,
    with_dimensions,
};
use crate::reference::Reference;

fn documents_and_cases() -> impl Strategy<Value = (Json, Case)> {
    (document(Wanted::CARD), case(Span::LONG))
}

#[test]
fn the_fast_score_card_is_the_slow_one_to_the_last_digit() {
    holds(&documents_and_cases(), |(document, case)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let fast = fast::essence(&fast::card(&model, &case.facts, case.t));
        let slow = Reference::new(&document).score(&case.facts, case.t);
        prop_assert_eq!(fast, slow);
        Ok(())
    });
}

#[test]
fn the_parts_add_up_to_the_score() {
    holds(&documents_and_cases(), |(document, case)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let card = fast::card(&model, &case.facts, case.t);
        let mut total = Amount::ZERO;
        for group in &card.groups {
            let mut sum = Amount::ZERO;
            for criterion in &group.criteria {
                prop_assert_eq!(criterion.raw + criterion.decayed + criterion.cut, criterion.value);
                if criterion.counted.is_some() && criterion.decayed != Amount::ZERO {
                    let events: Amount = criterion.events.iter().map(|event| event.points).sum();
                    prop_assert_eq!(events, criterion.raw + criterion.decayed);
                }
                sum += criterion.value;
            }
            prop_assert_eq!(sum + group.cut, group.value);
            total += group.value;
        }
        let shown = total + card.held + card.rounding + card.disqualification;
        prop_assert_eq!(shown, Amount::whole(card.score));
        Ok(())
    });
}

#[test]
fn the_score_stays_on_its_scale() {
    holds(&documents_and_cases(), |(document, case)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let score = fast::card(&model, &case.facts, case.t).score;
        let scale = document.get("scale").cloned().unwrap_or_else(|| json!([0, 100]));
        prop_assert!(scale[0].as_i64() <= Some(score) && Some(score) <= scale[1].as_i64());
        Ok(())
    });
}

/// A penalty is a criterion that only takes points, or points that become fewer.
#[test]
fn a_penalty_never_raises_a_score() {
    let with_penalty = document(Wanted::CARD).prop_flat_map(|document| {
        let document = with_dimensions(document);
        let harder = prop_oneof![penalty(document.clone()), lowered(document.clone())];
        (Just(document), harder)
    });
    holds(&(with_penalty, case(Span::LONG)), |((document, harder), case)| {
        let (Some(model), Some(harder)) = (fast::model(&document), fast::model(&harder)) else {
            return Ok(());
        };
        let before = fast::card(&model, &case.facts, case.t);
        let after = fast::card(&harder, &case.facts, case.t);
        prop_assert!(after.score <= before.score);
        prop_assert!(after.fit <= before.fit);
        prop_assert!(after.engagement <= before.engagement);
        Ok(())
    });
}

/// Claimed for models whose points reward what happened: points for events that are positive, or
/// stay for ever; tiers that give nothing for nothing and more for more; conditions that events
/// make true, with no less where they are true. Not for curves, which rise by themselves, nor for
/// tests of dates, nor for penalties that fade.
#[test]
fn going_quiet_never_raises_engagement() {
    holds(
        &(forgetful_document(), case(Span::LONG), 0..3_000_000_000_i64),
        |(document, mut case, quiet)| {
            let Some(model) = fast::model(&document) else {
                return Ok(());
            };
            let later = Timestamp::saturating_from_millis(case.t.as_millis() + quiet);
            case.facts.events.retain(|event| event.at <= case.t || event.at > later);
            let now = fast::card(&model, &case.facts, case.t);
            let then = fast::card(&model, &case.facts, later);
            prop_assert!(then.engagement <= now.engagement);
            for (now, then) in now.criteria().zip(then.criteria()) {
                prop_assert!(then.value <= now.value, "{}", now.criterion);
            }
            Ok(())
        },
    );
}

#[test]
fn scoring_twice_is_scoring_once() {
    holds(&(documents_and_cases(), any::<u32>()), |((document, case), other)| {
        let Some(program) = fast::program(&document) else {
            return Ok(());
        };
        let whole = |t| format!("{:?}", program.score(&case.facts, t));
        let once = whole(case.t);
        let elsewhen = Duration::from_millis(i64::from(other)).expect("a length of time");
        whole(case.t.saturating_add(elsewhen));
        prop_assert_eq!(whole(case.t), once);
        Ok(())
    });
}

#[test]
fn the_order_in_which_the_facts_of_a_lead_arrive_never_matters() {
    let cases = case(Span::LONG).prop_flat_map(|case| (shuffled(case.facts.clone()), Just(case)));
    holds(&(document(Wanted::CARD), cases), |(document, (shuffled, case))| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let once = fast::essence(&fast::card(&model, &case.facts, case.t));
        prop_assert_eq!(fast::essence(&fast::card(&model, &shuffled, case.t)), once);
        Ok(())
    });
}

#[test]
fn the_score_at_a_past_instant_does_not_change_when_later_facts_arrive() {
    holds(&documents_and_cases(), |(document, case)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let known = known_at(&case.facts, case.t);
        let then = format!("{:?}", fast::card(&model, &known, case.t));
        prop_assert_eq!(format!("{:?}", fast::card(&model, &case.facts, case.t)), then);
        Ok(())
    });
}

/// The facts of a lead that were known at an instant.
fn known_at(facts: &LeadFacts, t: Timestamp) -> LeadFacts {
    let mut known = facts.clone();
    known.events.retain(|event| event.at <= t);
    known.traits.retain(|change| change.at.is_none_or(|at| at <= t));
    known
}

//! Laws of everyone's scores: the history in columns against one lead at a time.

use std::collections::BTreeMap;

use history::{Before, LEADS_PER_BLOCK, Scores, compare, compare_since};
use leads::{LeadFacts, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;
use scoring::{Model, OneLead, Program};
use serde_json::{Value as Json, json};

use super::{holds, holds_for};
use crate::fast::{self, Everyone, Numbers};
use crate::generate::{Crowd, Fact, Span, Wanted, crowd, document, forgetful_document, tried};
use crate::reference::Reference;

/// Cases of a law that fills several blocks of leads or walks every hour of several leads.
const DEAR: u32 = 48;

fn documents_and_crowds() -> impl Strategy<Value = (Json, Crowd)> {
    (document(Wanted::CARD), crowd(Span::LONG))
}

/// Facts of the leads that the leads' file names; nobody knows the others.
fn known(crowd: &Crowd) -> BTreeMap<String, LeadFacts> {
    let mut leads = crowd.settled(fast::content);
    leads.retain(|id, _| {
        let named = |fact: &Fact| matches!(fact, Fact::Row { lead, .. } if lead == id);
        crowd.facts.iter().any(named)
    });
    leads
}

fn one_by_one(model: &Model, leads: &BTreeMap<String, LeadFacts>, t: Timestamp) -> Everyone {
    let program = Program::new(model.clone());
    leads.iter().map(|(id, facts)| (id.clone(), fast::one(&program, facts, t))).collect()
}

fn everyone(model: &Model, facts: &[Fact], t: Timestamp) -> Everyone {
    fast::rescore(&fast::history(&[model], facts, 5), model, t, 2)
}

#[test]
fn everyones_scores_are_those_of_the_slow_scorer() {
    holds(&documents_and_crowds(), |(document, crowd)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let reference = Reference::new(&document);
        let slow: Everyone = known(&crowd)
            .into_iter()
            .map(|(id, facts)| {
                let card = reference.score(&facts, crowd.t);
                let numbers = Numbers {
                    score: card.score,
                    fit: card.fit,
                    engagement: card.engagement,
                    grade: card.grade,
                    bracket: card.bracket,
                    disqualified: card.disqualified,
                    stage: None,
                };
                (id, numbers)
            })
            .collect();
        prop_assert_eq!(everyone(&model, &crowd.facts, crowd.t), slow);
        Ok(())
    });
}

#[test]
fn stream_equals_batch() {
    let cases = (documents_and_crowds(), 1..9_usize, any::<bool>());
    holds(&cases, |((document, mut crowd), rows, in_order)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        if in_order {
            // As logs have them.
            crowd.facts.sort_by_key(|fact| match fact {
                Fact::Event { event, .. } => event.at,
                Fact::Row { .. } | Fact::Change { .. } => Timestamp::MIN,
            });
        }
        let stream = one_by_one(&model, &known(&crowd), crowd.t);
        let history = fast::history(&[&model], &crowd.facts, rows);
        prop_assert_eq!(&fast::rescore(&history, &model, crowd.t, 1), &stream);
        let needs = scoring::Needs::of([&model]);
        let gathered = fast::gather(&needs, &crowd.facts, rows);
        prop_assert_eq!(&fast::score_once(gathered, &model, crowd.t), &stream);
        let program = Program::new(model);
        let gathered = fast::gather_for_score(&program, crowd.t, &crowd.facts, rows);
        prop_assert_eq!(&fast::score_gathered(gathered, &program, crowd.t), &stream);
        Ok(())
    });
}

/// An event that a score may know by its stretch of time only counts the same wherever in it.
#[test]
fn an_event_may_lie_anywhere_in_its_stretch_of_time() {
    let places = proptest::collection::vec(any::<u64>(), 48);
    holds(&(documents_and_crowds(), places), |((document, crowd), places)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let program = Program::new(model);
        let Some(grain) = program.grain(crowd.t) else {
            return Ok(());
        };
        let reference = Reference::new(&document);
        let mut places = places.into_iter().cycle();
        for facts in known(&crowd).into_values() {
            let mut moved = facts.clone();
            for event in &mut moved.events {
                let number = grain.number(event.at.as_millis());
                let number = number.expect("crowds lie within the last ten years");
                let from = grain.instant(number);
                let last = (number + 1) as usize == grain.len();
                let until = if last { from + 86_400_000 } else { grain.instant(number + 1) };
                let place = places.next().unwrap_or_default() % (until - from) as u64;
                event.at = Timestamp::saturating_from_millis(from + place as i64);
            }
            moved.events.sort_by_key(|event| event.at);
            prop_assert_eq!(reference.score(&moved, crowd.t), reference.score(&facts, crowd.t));
        }
        Ok(())
    });
}

/// Batches with an event that is too old for a stretch keep whole instants, the others do not.
#[test]
fn events_of_long_ago_score_like_others_when_there_is_one_score_only() {
    const LONG_AGO_MS: i64 = 11 * 8766 * 3_600_000;
    let old = proptest::collection::vec(any::<Index>(), 0..4);
    holds(&(documents_and_crowds(), old, 1..9_usize), |((document, mut crowd), old, rows)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let facts = crowd.facts.len();
        for place in old.iter().take_while(|_| facts > 0) {
            let place = place.index(facts);
            if let Fact::Event { event, .. } = &mut crowd.facts[place] {
                event.at = Timestamp::saturating_from_millis(event.at.as_millis() - LONG_AGO_MS);
            }
        }
        let program = Program::new(model);
        let gathered = fast::gather_for_score(&program, crowd.t, &crowd.facts, rows);
        prop_assert_eq!(
            fast::score_gathered(gathered, &program, crowd.t),
            one_by_one(program.model(), &known(&crowd), crowd.t)
        );
        Ok(())
    });
}

fn stages_are_those_of_the_slow_walk(
    document: &Json,
    model: &Model,
    crowd: &Crowd,
) -> Result<(), TestCaseError> {
    let reference = Reference::new(document);
    let fast = everyone(model, &crowd.facts, crowd.t);
    for (id, facts) in known(crowd) {
        let stage = reference.stage_after(&reference.walk(&facts, crowd.t));
        prop_assert_eq!(&fast[&id].stage, &stage, "lead {}", id);
    }
    Ok(())
}

#[test]
fn everyones_stages_are_those_of_the_slow_walk() {
    let cases = (document(Wanted::STAGES), crowd(Span::SHORT));
    holds_for(DEAR, &cases, |(document, crowd)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        stages_are_those_of_the_slow_walk(&document, &model, &crowd)
    });
}

/// Of most models numbers only fall while nothing happens; then stages are found from scores alone.
#[test]
fn stages_of_models_that_only_forget_are_those_of_the_slow_walk() {
    let stages = (-10..40_i64, 0..15_i64, 0..30_i64, prop::option::of(0..20_i64)).prop_map(
        |(leave, gap, more, engagement)| {
            let mut enter = json!({"score": leave + gap});
            if let Some(engagement) = engagement {
                enter["engagement"] = engagement.into();
            }
            let higher = leave + more;
            json!([
                {"stage": "ripe", "enter": enter, "leave": {"score": leave}},
                {"stage": "riper", "enter": {"score": higher + gap}, "leave": {"score": higher}},
            ])
        },
    );
    let documents = (forgetful_document(), stages).prop_map(|(mut document, stages)| {
        document["stages"] = stages;
        document
    });
    holds(&(documents, crowd(Span::SHORT)), |(document, crowd)| {
        let model = fast::model(&document).ok_or_else(|| TestCaseError::fail("has errors"))?;
        stages_are_those_of_the_slow_walk(&document, &model, &crowd)
    });
}

/// Facts are kept in memory for more than one model looks at, as soon as somebody asks about more.
#[test]
fn facts_that_were_gathered_for_more_score_alike() {
    let cases = (document(Wanted::STAGES), document(Wanted::CARD), crowd(Span::SHORT));
    holds(&cases, |(document, other, crowd)| {
        let (Some(model), Some(other)) = (fast::model(&document), fast::model(&other)) else {
            return Ok(());
        };
        let (own, more) = (Program::new(model.clone()), Program::new(other.clone()));
        let alone = fast::history(&[&model], &crowd.facts, 3);
        let both = fast::history(&[&model, &other], &crowd.facts, 3);
        let scores = both.rescore(&own, crowd.t, 2);
        prop_assert_eq!(&scores, &alone.rescore(&own, crowd.t, 2));
        let fitting =
            (fast::program_for(&model, both.needs()), fast::program_for(&other, both.needs()));
        prop_assert_eq!(
            compare(&both, (&own, &more), crowd.t, 5, 2),
            compare(&both, (&fitting.0, &fitting.1), crowd.t, 5, 2)
        );
        let at_instants = |program: &Program| {
            let visit = |found: &mut Vec<i64>, _, moments: scoring::Moments<'_>| {
                found.extend(moments.scores().iter().map(|score| i64::from(*score)));
            };
            both.at_instants(program, &[crowd.t], 2, Vec::new, visit)
        };
        prop_assert_eq!(at_instants(&own), at_instants(&fitting.0));
        Ok(())
    });
}

/// What the comparison of two models says follows from everyone's scores under each, whether what is counted
/// serves both, and whether somebody scored everyone before.
#[test]
fn a_comparison_says_what_two_scorings_say() {
    let documents = document(Wanted::STAGES).prop_flat_map(|one| (tried(one.clone()), Just(one)));
    let cases = (documents, crowd(Span::SHORT), any::<Index>());
    holds(&cases, |((tried, document), crowd, back)| {
        let (Some(one), Some(other)) = (fast::model(&document), fast::model(&tried)) else {
            return Ok(());
        };
        let history = fast::history(&[&one, &other], &crowd.facts, 3);
        let programs = (&Program::new(one), &Program::new(other));
        let span = crowd.t.as_millis() - history.span().0.as_millis();
        let back = back.index(usize::try_from(span.max(1)).unwrap_or(1)) as i64;
        let at = Timestamp::saturating_from_millis(crowd.t.as_millis() - back);
        let scores = history.rescore(programs.0, at, 2);
        let earlier = Before { scores: &scores, at, changed: &[] };
        let told = compare_since(&history, programs, crowd.t, usize::MAX, 2, Some(earlier));
        prop_assert_eq!(&told, &compare(&history, programs, crowd.t, usize::MAX, 2));

        let (old, new) =
            (history.rescore(programs.0, crowd.t, 2), history.rescore(programs.1, crowd.t, 2));
        let sum = |scores: &Scores| scores.iter().map(|scored| scored.score.score).sum::<i64>();
        prop_assert_eq!(told.sums, (sum(&old), sum(&new)));
        let mut stages = vec![vec![0; told.stages.after.len()]; told.stages.before.len()];
        let mut movers = BTreeMap::new();
        for (position, (old, new)) in old.iter().zip(new.iter()).enumerate() {
            let place = |stage: Option<u8>| stage.map_or(0, |stage| usize::from(stage) + 1);
            stages[place(old.stage)][place(new.stage)] += 1;
            if old.score.score != new.score.score {
                let lead = history.roster().id(position).to_string();
                movers.insert(lead, (old.score.score, new.score.score));
            }
        }
        prop_assert_eq!(&told.stages.leads, &stages);
        prop_assert_eq!(told.movers.len(), movers.len());
        let leads = known(&crowd);
        for mover in &told.movers {
            prop_assert_eq!((mover.before.score, mover.after.score), movers[&mover.lead]);
            // Line by line, its parts are the differences between the two score cards.
            let mut parts = BTreeMap::new();
            for (program, sign) in [(programs.0, -1), (programs.1, 1)] {
                let card = OneLead::new(program, &leads[&mover.lead]).explain(crowd.t);
                for line in card.groups.iter().flat_map(|group| &group.criteria) {
                    *parts.entry(line.criterion.clone()).or_insert(0) += sign * line.value.units();
                }
            }
            parts.retain(|_, units| *units != 0);
            let named = mover
                .parts
                .iter()
                .filter_map(|part| Some((part.criterion.clone()?, part.change.units())));
            prop_assert_eq!(named.collect::<BTreeMap<_, _>>(), parts);
        }
        Ok(())
    });
}

/// A minute later, or a year: who was in a stage then, and whose facts are the same, need not be looked at from
/// the beginning; and whose events are as many whole hours old as they were, not at all.
#[test]
fn stages_known_of_an_earlier_instant_lead_to_those_without() {
    scores_known_of_an_earlier_instant(Wanted::STAGES, i64::MAX);
}

#[test]
fn scores_known_of_less_than_two_hours_ago_lead_to_those_without() {
    scores_known_of_an_earlier_instant(Wanted::CARD, 2 * 3_600_000);
}

fn scores_known_of_an_earlier_instant(wanted: Wanted, longest: i64) {
    let cases = (document(wanted), crowd(Span::SHORT), any::<Index>(), any::<bool>());
    holds(&cases, |(document, crowd, back, some_changed)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let history = fast::history(&[&model], &crowd.facts, 3);
        let program = fast::program_for(&model, history.needs());
        let span = crowd.t.as_millis() - history.span().0.as_millis();
        let back = back.index(usize::try_from(span.clamp(1, longest)).unwrap_or(1)) as i64;
        let at = Timestamp::saturating_from_millis(crowd.t.as_millis() - back);
        let scores = history.rescore(&program, at, 2);
        let changed: Vec<usize> = (0..scores.len()).step_by(2).filter(|_| some_changed).collect();
        let before = Before { scores: &scores, at, changed: &changed };
        prop_assert_eq!(
            history.rescore_since(&program, crowd.t, 2, Some(before)),
            history.rescore(&program, crowd.t, 2)
        );
        Ok(())
    });
}

#[test]
fn the_order_of_arrival_never_matters() {
    let crowds = crowd(Span::LONG)
        .prop_flat_map(|crowd| (Just(crowd.facts.clone()).prop_shuffle(), Just(crowd)));
    holds(&(document(Wanted::CARD), crowds), |(document, (shuffled, crowd))| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let once = everyone(&model, &crowd.facts, crowd.t);
        prop_assert_eq!(everyone(&model, &shuffled, crowd.t), once);
        Ok(())
    });
}

/// A fact without an id is one of its own, however like another; rows and changes say what is so,
/// and may say it again.
#[test]
fn a_duplicate_changes_nothing() {
    let again = proptest::collection::vec(any::<(Index, Index)>(), 1..8);
    holds(&(documents_and_crowds(), again), |((document, crowd), again)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let once = everyone(&model, &crowd.facts, crowd.t);
        let mut facts = crowd.facts.clone();
        for (which, place) in again.into_iter().take_while(|_| !crowd.facts.is_empty()) {
            let fact = which.get(&crowd.facts).clone();
            let own = matches!(&fact, Fact::Event { event, .. } if event.id.is_none());
            if !own {
                facts.insert(place.index(facts.len() + 1), fact);
            }
        }
        prop_assert_eq!(everyone(&model, &facts, crowd.t), once);
        Ok(())
    });
}

#[test]
fn merging_two_leads_scores_as_if_they_had_always_been_one() {
    holds(&documents_and_crowds(), |(document, crowd)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let leads = known(&crowd);
        let (Some(kept), Some(merged)) = (leads.get("7"), leads.get("lead-a")) else {
            return Ok(());
        };
        let mut both = kept.clone();
        both.created_at = kept.created_at.and_then(|a| merged.created_at.map(|b| a.min(b)));
        both.traits.extend(merged.traits.clone());
        both.events.extend(merged.events.clone());
        let facts: Vec<Fact> = crowd.facts.iter().map(|fact| fact.moved("lead-a", "7")).collect();
        let program = Program::new(model.clone());
        let one = fast::one(&program, &both, crowd.t);
        prop_assert_eq!(&everyone(&model, &facts, crowd.t)["7"], &one);
        Ok(())
    });
}

#[test]
fn removing_an_event_scores_as_if_it_had_never_happened() {
    holds(&(documents_and_crowds(), any::<Index>()), |((document, mut crowd), which)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let mut leads = known(&crowd);
        let Some(facts) = leads.values_mut().find(|facts| !facts.events.is_empty()) else {
            return Ok(());
        };
        let removed = facts.events.remove(which.index(facts.events.len()));
        let lead = facts.lead.clone();
        let position = crowd.facts.iter().position(|fact| match (fact, &removed.id) {
            (Fact::Event { event, .. }, Some(id)) => event.id.as_ref() == Some(id),
            (Fact::Event { event, lead: of }, None) => *event == removed && *of == lead,
            _ => false,
        });
        crowd.facts.remove(position.expect("the event came in"));
        // Whatever else came in with the same id was that event too.
        crowd.facts.retain(|fact| {
            let same = |event: &leads::Event| event.id.is_some() && event.id == removed.id;
            !matches!(fact, Fact::Event { event, .. } if same(event))
        });
        let without = one_by_one(&model, &leads, crowd.t);
        prop_assert_eq!(everyone(&model, &crowd.facts, crowd.t), without);
        Ok(())
    });
}

#[test]
fn everyones_scores_of_a_past_instant_do_not_change_when_later_facts_arrive() {
    holds(&documents_and_crowds(), |(document, crowd)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let known: Vec<Fact> = crowd
            .facts
            .iter()
            .filter(|fact| match fact {
                // When a lead was created is no news about what it did.
                Fact::Row { .. } => true,
                Fact::Change { at, .. } => *at <= crowd.t,
                Fact::Event { event, .. } => event.at <= crowd.t,
            })
            .cloned()
            .collect();
        let then = everyone(&model, &known, crowd.t);
        prop_assert_eq!(everyone(&model, &crowd.facts, crowd.t), then);
        Ok(())
    });
}

#[test]
fn many_instants_at_once_give_what_each_gives_alone() {
    let offsets = proptest::collection::vec(-100_000_000..10_000_000_000_i64, 1..6);
    holds(&(documents_and_crowds(), offsets), |((document, crowd), offsets)| {
        let after = |offset| Timestamp::saturating_from_millis(crowd.t.as_millis() + offset);
        let instants = offsets.into_iter().map(after).collect();
        at_once_gives_what_each_gives_alone(&document, &crowd, instants)
    });
}

/// Rows of weights are for instants that lie a whole number of hours apart; some of these lie before
/// every event, and some after.
#[test]
fn many_evenly_spaced_instants_at_once_give_what_each_gives_alone() {
    let hours = prop_oneof![1..48_i64, Just(168), 1..1000_i64];
    let spacing = (-100_000_000..10_000_000_000_i64, hours, 2..40_i64);
    holds(&(documents_and_crowds(), spacing), |((document, crowd), (offset, hours, count))| {
        let last = crowd.t.as_millis() + offset;
        let before = |step| Timestamp::saturating_from_millis(last - step * hours * 3_600_000);
        at_once_gives_what_each_gives_alone(&document, &crowd, (0..count).map(before).collect())
    });
}

fn at_once_gives_what_each_gives_alone(
    document: &Json,
    crowd: &Crowd,
    mut instants: Vec<Timestamp>,
) -> Result<(), TestCaseError> {
    let Some(model) = fast::model(document) else {
        return Ok(());
    };
    let history = fast::history(&[&model], &crowd.facts, 7);
    let at_once = fast::rescore_at(&history, &model, &instants, 2);
    instants.sort();
    let mut alone: BTreeMap<String, Vec<Numbers>> = BTreeMap::new();
    for instant in &instants {
        for (id, numbers) in fast::rescore(&history, &model, *instant, 1) {
            alone.entry(id).or_default().push(numbers);
        }
    }
    prop_assert_eq!(at_once, alone);
    Ok(())
}

/// With leads enough for two blocks, so that threads really share them.
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let cases = (document(Wanted::STAGES), crowd(Span::LONG));
    holds_for(DEAR, &cases, |(document, crowd)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let mut facts = Vec::new();
        for number in 0..LEADS_PER_BLOCK + 9 {
            let lead = number.to_string();
            facts.push(Fact::Row { lead, created_at: None, traits: Vec::new() });
        }
        for copy in 0..2 {
            for fact in &crowd.facts {
                let place = ["7", "07", "0", "lead-a"].iter().position(|id| *id == fact.lead());
                let lead = (copy * LEADS_PER_BLOCK + place.unwrap_or(8)).to_string();
                let mut fact = fact.moved(fact.lead(), &lead);
                if let Fact::Event { event, .. } = &mut fact {
                    event.id = event.id.as_ref().map(|id| format!("{id} {copy}"));
                }
                facts.push(fact);
            }
        }
        let history = fast::history(&[&model], &facts, 999);
        let alone = fast::rescore(&history, &model, crowd.t, 1);
        for threads in [2, 3, 16] {
            prop_assert_eq!(&fast::rescore(&history, &model, crowd.t, threads), &alone);
        }
        Ok(())
    });
}

#[test]
fn two_models_at_once_give_what_each_gives_alone() {
    let documents = (document(Wanted::CARD), document(Wanted::STAGES));
    holds(&(documents, crowd(Span::LONG)), |((one, other), crowd)| {
        let (Some(one), Some(other)) = (fast::model(&one), fast::model(&other)) else {
            return Ok(());
        };
        let both = fast::history(&[&one, &other], &crowd.facts, 6);
        for model in [&one, &other] {
            let alone = everyone(model, &crowd.facts, crowd.t);
            prop_assert_eq!(fast::rescore(&both, model, crowd.t, 2), alone);
        }
        Ok(())
    });
}

/// Half of what is known of a lead: what somebody saw of it before the rest arrived.
fn half(facts: &LeadFacts) -> LeadFacts {
    let mut half = facts.clone();
    half.traits.truncate(facts.traits.len() / 2);
    half.events.retain(|event| event.at.as_millis() % 2 == 0);
    half.created_at =
        facts.created_at.map(|at| Timestamp::saturating_from_millis(at.as_millis() + 1));
    half
}

#[test]
fn a_history_that_grew_lead_by_lead_scores_like_one_that_was_built_at_once() {
    let order = proptest::collection::vec(any::<Index>(), 1..12);
    holds(&(documents_and_crowds(), order), |((document, crowd), order)| {
        let Some(model) = fast::model(&document) else {
            return Ok(());
        };
        let leads = known(&crowd);
        let everyone: Vec<&LeadFacts> = leads.values().collect();
        if everyone.is_empty() {
            return Ok(());
        }
        let mut growing = history::Growing::new(scoring::Needs::of([&model]));
        for at in &order {
            growing.put(&half(everyone[at.index(everyone.len())]));
        }
        let seen = growing.snapshot();
        let before = fast::rescore(&seen, &model, crowd.t, 1);
        growing.remove(&everyone[order[0].index(everyone.len())].lead);
        drop(growing.snapshot());
        everyone.iter().rev().for_each(|facts| growing.put(facts));
        let grown = growing.snapshot();
        prop_assert_eq!(
            fast::rescore(&grown, &model, crowd.t, 2),
            one_by_one(&model, &leads, crowd.t)
        );
        // A snapshot that somebody still holds does not move.
        prop_assert_eq!(fast::rescore(&seen, &model, crowd.t, 1), before);

        growing.remove(&everyone[0].lead);
        let left = growing.snapshot();
        let gone: Vec<String> = (0..left.roster().len())
            .filter(|at| left.roster().is_gone(*at))
            .map(|at| left.roster().id(at).to_string())
            .collect();
        prop_assert_eq!(gone, vec![everyone[0].lead.clone()]);
        Ok(())
    });
}

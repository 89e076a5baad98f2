//! The history of one lead: how its score came to be what it is.

use leads::{Duration, LeadFacts, Timestamp, Value};
use scoring::stages::{Reason, Transition};
use scoring::{Amount, Model, OneLead, Program, Score};
use serde::Serialize;

use crate::compare::{Part, parts_told};

/// The course of one lead's score.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Course {
    /// The model's name.
    pub model: String,
    /// Who.
    pub lead: String,
    /// The beginning of the stretch that was looked at.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// The numbers at the beginning, at every fact, at every midnight UTC and at the end.
    pub samples: Vec<Sample>,
    /// Whatever changed the score, the bracket or the stage.
    pub changes: Vec<Change>,
    /// Every stage entered and left in the stretch, to the millisecond.
    pub steps: Vec<Step>,
}

/// The numbers at an instant.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// On the scale, as people see it.
    pub score: i64,
    /// The sum of the fit groups.
    pub fit: i64,
    /// The sum of the engagement groups.
    pub engagement: i64,
    /// Letter and number of the grid.
    pub grade: Option<String>,
    /// The bracket.
    pub bracket: Option<String>,
    /// The stage.
    pub stage: Option<String>,
    /// The gate that disqualified the lead.
    pub disqualified: Option<String>,
}

/// The numbers are not what they were.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Change {
    /// When they were found changed: exact where a fact or a stage is the cause, to the minute where time
    /// moved the lead into another bracket; else the first look after the change, less than a day later.
    pub at: Timestamp,
    /// The numbers before.
    pub before: Sample,
    /// The numbers after.
    pub after: Sample,
    /// The facts from this instant; none where it was time that passed.
    pub facts: Vec<Fact>,
    /// What each criterion contributed, from the largest. Together they are the move of the score.
    pub parts: Vec<Part>,
}

/// What happened.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "fact")]
pub enum Fact {
    /// The lead became known.
    Created,
    /// The lead did something.
    Event {
        /// The event's name.
        event: String,
        /// What identifies it.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// Something about the lead changed.
    Trait {
        /// The trait's dotted path.
        #[serde(rename = "trait")]
        path: String,
        /// Its value from now on.
        value: Option<serde_json::Value>,
    },
}

/// A stage was entered or left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// The stage.
    pub stage: String,
    /// Entered (`true`) or left.
    pub entered: bool,
    /// Why: `reached`, `fast_track`, `fell`, `disqualified` or `rejected`.
    pub reason: &'static str,
    /// The gate that the reason speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// The score at that instant.
    pub score: i64,
}

/// No more midnights than these are looked at; a longer stretch is looked at less often.
const LOOKS_MAX: i64 = 3_660;

/// The course of one lead from one instant to another. `facts` may be in any order.
pub fn course(program: &Program, facts: &LeadFacts, from: Timestamp, to: Timestamp) -> Course {
    let model = program.model();
    let walk = program.walk(facts, to);
    let happenings = happenings(program, facts);
    let with_numbers = |looks: Vec<Look>| {
        let instants: Vec<Timestamp> = looks.iter().map(|look| look.at).collect();
        looks.into_iter().zip(program.scores(facts, &instants))
    };
    let mut looked: Vec<(Look, Numbers)> =
        with_numbers(looks(&happenings, &walk, from, to)).collect();
    let turns = turns(&OneLead::new(program, facts), &looked);
    looked.extend(with_numbers(turns));
    // Of two looks at one instant the one that was there stays.
    looked.sort_by_key(|(look, _)| look.at);
    looked.dedup_by_key(|(look, _)| look.at);
    let (looks, numbers): (Vec<Look>, Vec<Numbers>) = looked.into_iter().unzip();
    let instants: Vec<Timestamp> = looks.iter().map(|look| look.at).collect();
    let samples: Vec<Sample> = instants
        .iter()
        .zip(&numbers)
        .map(|(at, (score, _))| sample(model, *at, score, stage_at(model, &walk, *at)))
        .collect();
    let names: Vec<&String> = model.criteria().map(|(_, criterion)| &criterion.name).collect();
    let mut changes = Vec::new();
    for (index, pair) in samples.windows(2).enumerate() {
        let (before, after) = (&pair[0], &pair[1]);
        if before.is_like(after) {
            continue;
        }
        let (old, new) = (&numbers[index].1, &numbers[index + 1].1);
        let mut parts: Vec<Amount> = old.iter().zip(new).map(|(old, new)| *new - *old).collect();
        let explained: Amount = parts.iter().copied().sum();
        parts.push(Amount::whole(after.score - before.score) - explained);
        changes.push(Change {
            at: after.at,
            before: before.clone(),
            after: after.clone(),
            facts: facts_at(&happenings, after.at),
            parts: parts_told(&parts, |part| names.get(part).map(|name| (*name).clone())),
        });
    }
    let kept = samples.into_iter().zip(&looks).filter(|(_, look)| look.is_shown);
    Course {
        model: model.name.clone(),
        lead: facts.lead.clone(),
        from,
        to,
        samples: kept.map(|(sample, _)| sample).collect(),
        changes,
        steps: walk.iter().filter(|step| step.at >= from).map(|step| told(model, step)).collect(),
    }
}

/// The score at an instant, and what each criterion gives there.
type Numbers = (Score, Vec<Amount>);

/// An instant to look at; those just before a fact are only there to tell time from fact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Look {
    at: Timestamp,
    is_shown: bool,
}

impl Sample {
    /// Whether people see the same.
    fn is_like(&self, other: &Self) -> bool {
        Self { at: self.at, ..other.clone() } == *self
    }
}

/// The facts that the program looks at, in order of time.
fn happenings(program: &Program, facts: &LeadFacts) -> Vec<(Timestamp, Fact)> {
    let needs = program.needs();
    let created = facts.created_at.map(|at| (at, Fact::Created));
    let events = facts.events.iter().filter(|event| needs.event(&event.name).is_some());
    let events = events
        .map(|event| (event.at, Fact::Event { event: event.name.clone(), id: event.id.clone() }));
    let traits = facts.traits.iter().filter(|fact| needs.traits.contains(&fact.path));
    // What is known from the lead's beginning on is part of its beginning.
    let traits = traits.filter(|fact| fact.at != facts.created_at).filter_map(|fact| {
        let value = fact.value.as_ref().map(Value::to_json);
        Some((fact.at?, Fact::Trait { path: fact.path.clone(), value }))
    });
    let mut happenings: Vec<(Timestamp, Fact)> =
        created.into_iter().chain(traits).chain(events).collect();
    happenings.sort_by_key(|(at, _)| *at);
    happenings
}

fn facts_at(happenings: &[(Timestamp, Fact)], at: Timestamp) -> Vec<Fact> {
    let from = happenings.partition_point(|(other, _)| *other < at);
    happenings[from..]
        .iter()
        .take_while(|(other, _)| *other == at)
        .map(|(_, fact)| fact.clone())
        .collect()
}

fn looks(
    happenings: &[(Timestamp, Fact)],
    walk: &[Transition],
    from: Timestamp,
    to: Timestamp,
) -> Vec<Look> {
    let day = Duration::DAY.as_millis();
    let days = (to.as_millis() - from.as_millis()).max(0) / day;
    let step = day * (days / LOOKS_MAX + 1);
    let first = (from.as_millis().div_euclid(day) + 1) * day;
    let midnights = (0..).map(|count| first + count * step).take_while(|at| *at < to.as_millis());
    let midnights = midnights.map(Timestamp::saturating_from_millis);
    let instants = happenings.iter().map(|(at, _)| *at).chain(walk.iter().map(|step| step.at));
    let instants: Vec<Timestamp> = instants.filter(|at| from < *at && *at <= to).collect();
    let shown = [from, to].into_iter().chain(midnights).chain(instants.iter().copied());
    let shown = shown.map(|at| Look { at, is_shown: true });
    let just_before = |at: &Timestamp| Timestamp::saturating_from_millis(at.as_millis() - 1);
    let before = instants.iter().map(just_before).filter(|at| *at > from);
    let mut looks: Vec<Look> = shown.chain(before.map(|at| Look { at, is_shown: false })).collect();
    // Of two looks at one instant the one that is shown stays.
    looks.sort_by_key(|look| (look.at, !look.is_shown));
    looks.dedup_by_key(|look| look.at);
    looks
}

/// Where between two looks the bracket becomes another: the first minute of that.
fn turns(lead: &OneLead<'_>, looked: &[(Look, Numbers)]) -> Vec<Look> {
    const MINUTE_MS: i64 = 60_000;
    let turning = looked.windows(2).filter(|pair| pair[0].1.0.bracket != pair[1].1.0.bracket);
    let turn = |pair: &[(Look, Numbers)]| {
        let [mut before, mut after] = [&pair[0], &pair[1]].map(|(look, _)| look.at.as_millis());
        while after - before > MINUTE_MS {
            let middle = before + (after - before) / 2;
            let there = lead.score(Timestamp::saturating_from_millis(middle));
            if there.bracket == pair[0].1.0.bracket {
                before = middle;
            } else {
                after = middle;
            }
        }
        Look { at: Timestamp::saturating_from_millis(after), is_shown: false }
    };
    turning.map(turn).collect()
}

/// The last stage that the lead is in at an instant.
fn stage_at(model: &Model, walk: &[Transition], at: Timestamp) -> Option<String> {
    let mut within = vec![false; model.stages.len()];
    for step in walk.iter().take_while(|step| step.at <= at) {
        within[step.stage] = step.entered;
    }
    within.iter().rposition(|within| *within).map(|stage| model.stages[stage].name.clone())
}

fn sample(model: &Model, at: Timestamp, score: &Score, stage: Option<String>) -> Sample {
    Sample {
        at,
        score: score.score,
        fit: score.fit,
        engagement: score.engagement,
        grade: model.grade_name(score.grade),
        bracket: score.bracket.map(|index| model.brackets[usize::from(index)].name.clone()),
        stage,
        disqualified: score.disqualified.map(|index| model.gates[usize::from(index)].name.clone()),
    }
}

fn told(model: &Model, step: &Transition) -> Step {
    let (reason, gate) = match step.reason {
        Reason::Reached => ("reached", None),
        Reason::FastTrack(gate) => ("fast_track", Some(gate)),
        Reason::Fell => ("fell", None),
        Reason::Disqualified(gate) => ("disqualified", Some(gate)),
        Reason::Rejected => ("rejected", None),
    };
    Step {
        at: step.at,
        stage: model.stages[step.stage].name.clone(),
        entered: step.entered,
        reason,
        gate: gate.map(|gate| model.gates[gate].name.clone()),
        score: step.score.score,
    }
}

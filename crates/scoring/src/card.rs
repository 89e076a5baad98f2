//! The score card: every part of a score, adding up to it exactly.

use leads::{LeadFacts, Timestamp, Value};
use serde::Serialize;

use crate::amount::{Amount, FULL_WEIGHT};
use crate::bound::Bound;
use crate::fold::{Fate, LeadView, Profile, SlotTally, Tally, Witness};
use crate::model::{Dimension, GateEffect, Model};
use crate::program::{Clause, Line, LineKind, Program};
use crate::single::{OneLead, Single};
use crate::sum::is_too_young;
use crate::truth::Truth;

/// A score and all that led to it.
///
/// `sum of the groups' values + held + rounding + disqualification = score`, to the last unit.
#[derive(Clone, Debug, Serialize)]
pub struct ScoreCard {
    /// The model's name.
    pub model: String,
    /// Who.
    pub lead: String,
    /// The instant.
    pub at: Timestamp,
    /// On the scale, as people see it.
    pub score: i64,
    /// The sum of the fit groups, rounded.
    pub fit: i64,
    /// The sum of the engagement groups, rounded.
    pub engagement: i64,
    /// Letter and number of the grid, such as `A1`.
    pub grade: Option<String>,
    /// The bracket's name.
    pub bracket: Option<String>,
    /// The gate that disqualified the lead.
    pub disqualified: Option<String>,
    /// The groups in the order of the document.
    pub groups: Vec<GroupCard>,
    /// What holding the total to the scale added or took.
    pub held: Amount,
    /// What rounding to a whole number added or took.
    pub rounding: Amount,
    /// What disqualification took.
    pub disqualification: Amount,
    /// The gates in the order of the document.
    pub gates: Vec<GateCard>,
}

/// A group's part of a score: `sum of its criteria's values + cut = value`.
#[derive(Clone, Debug, Serialize)]
pub struct GroupCard {
    /// The group's name.
    pub group: String,
    /// `fit` or `engagement`.
    pub dimension: &'static str,
    /// What it gives.
    pub value: Amount,
    /// What its limit added or took.
    pub cut: Amount,
    /// Its criteria in the order of the document.
    pub criteria: Vec<CriterionCard>,
}

/// A criterion's part of a score: `raw + decayed + cut = value`.
#[derive(Clone, Debug, Serialize)]
pub struct CriterionCard {
    /// The criterion's name.
    pub criterion: String,
    /// What it gives.
    pub value: Amount,
    /// The points before decay and limit.
    pub raw: Amount,
    /// What age took (zero, or of the opposite sign of `raw`).
    pub decayed: Amount,
    /// What its limit added or took.
    pub cut: Amount,
    /// What the condition answered: `true`, `false` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<&'static str>,
    /// How many events were counted, where it counts events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<u64>,
    /// Whether silence was not held against the lead because it is new.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub too_young: bool,
    /// The trait values that decided it; a missing one is worth asking for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<TraitSeen>,
    /// The events behind it, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventSeen>,
}

/// A trait that a criterion looked at.
#[derive(Clone, Debug, Serialize)]
pub struct TraitSeen {
    /// Its dotted path.
    #[serde(rename = "trait")]
    pub path: String,
    /// Its value at the instant; `None`: not known.
    pub value: Option<serde_json::Value>,
}

/// An event that a criterion looked at.
#[derive(Clone, Debug, Serialize)]
pub struct EventSeen {
    /// What identifies it, where the source says so.
    pub id: Option<String>,
    /// Its name.
    pub event: String,
    /// When.
    pub at: Timestamp,
    /// Its weight in millionths; 0 where it did not count.
    pub weight: u32,
    /// What it gave, before any limit; nothing for a criterion that only counts.
    pub points: Amount,
    /// Why it did not count: `over_count` (one too many in its period) or `too_old`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored: Option<&'static str>,
}

/// A gate and what it answered.
#[derive(Clone, Debug, Serialize)]
pub struct GateCard {
    /// Its name.
    pub gate: String,
    /// What it does: `disqualify`, or the stage that it leads to.
    pub effect: String,
    /// What its condition answered: `true`, `false` or `unknown`.
    pub answer: &'static str,
}

impl ScoreCard {
    /// All criteria, group by group.
    pub fn criteria(&self) -> impl Iterator<Item = &CriterionCard> {
        self.groups.iter().flat_map(|group| &group.criteria)
    }

    /// The traits that are not known and that some criterion wanted, without repetition.
    pub fn worth_asking(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = Vec::new();
        for criterion in self.criteria().filter(|criterion| criterion.answer == Some("unknown")) {
            for seen in criterion.traits.iter().filter(|seen| seen.value.is_none()) {
                if !paths.contains(&seen.path.as_str()) {
                    paths.push(&seen.path);
                }
            }
        }
        paths
    }
}

impl Program {
    /// Scores one lead at an instant and explains it. `facts` may be in any order.
    pub fn score(&self, facts: &LeadFacts, at: Timestamp) -> ScoreCard {
        OneLead::new(self, facts).explain(at)
    }
}

impl OneLead<'_> {
    /// The score card at an instant.
    pub fn explain(&self, at: Timestamp) -> ScoreCard {
        self.bound.explain(&self.single, self.facts, at)
    }
}

/// Every event that each slot looked at, and its fate.
struct Ledger(Vec<Vec<(usize, Fate)>>);

impl Witness for Ledger {
    fn saw(&mut self, slot: usize, event: usize, fate: Fate) {
        self.0[slot].push((event, fate));
    }
}

impl Bound<'_> {
    fn explain(&self, single: &Single, facts: &LeadFacts, at: Timestamp) -> ScoreCard {
        let program = self.program;
        let model: &Model = &program.model;
        let view = single.view();
        let mut tally = Tally::default();
        let mut ledger = Ledger(vec![Vec::new(); program.slots.len()]);
        self.count(&view, at.as_millis(), &mut tally, &mut ledger);
        let Tally { slots, wide: mut given, .. } = tally;
        let score = self.sum_in::<Amount, _>(&view, at, &slots, &mut given);

        let explainer =
            Explainer { bound: self, single, facts, at, view, slots: &slots, ledger: &ledger };
        let mut groups: Vec<GroupCard> = Vec::new();
        for (group, value) in model.groups.iter().zip(&given) {
            let dimension = match group.dimension {
                Dimension::Fit => "fit",
                Dimension::Engagement => "engagement",
            };
            let (group, value) = (group.name.clone(), *value);
            groups.push(GroupCard {
                group,
                dimension,
                value,
                cut: Amount::ZERO,
                criteria: Vec::new(),
            });
        }
        for (index, (line, (_, criterion))) in
            program.lines.iter().zip(model.criteria()).enumerate()
        {
            groups[line.group].criteria.push(explainer.criterion(index, line, &criterion.name));
        }
        for group in &mut groups {
            let given: Amount = group.criteria.iter().map(|criterion| criterion.value).sum();
            group.cut = group.value - given;
        }
        let gates = model.gates.iter().zip(&program.gates).map(|(gate, clause)| GateCard {
            gate: gate.name.clone(),
            effect: match gate.effect {
                GateEffect::Disqualify => "disqualify".to_owned(),
                GateEffect::FastTrack(stage) => model.stages[stage].name.clone(),
            },
            answer: spoken(self.clause(clause, &view, at, &|slot| u64::from(slots[slot].counted))),
        });
        let gates = gates.collect();
        let total: Amount = given.iter().copied().sum();
        let on_scale =
            total.held(Amount::whole(model.scale.bottom), Amount::whole(model.scale.top));
        let rounded = Amount::whole(on_scale.rounded());
        ScoreCard {
            model: model.name.clone(),
            lead: facts.lead.clone(),
            at,
            score: score.score,
            fit: score.fit,
            engagement: score.engagement,
            grade: model.grade_name(score.grade),
            bracket: score.bracket.map(|index| model.brackets[usize::from(index)].name.clone()),
            disqualified: score
                .disqualified
                .map(|index| model.gates[usize::from(index)].name.clone()),
            groups,
            held: on_scale - total,
            rounding: rounded - on_scale,
            disqualification: Amount::whole(score.score) - rounded,
            gates,
        }
    }
}

impl Model {
    /// The grade of two rows of the grid, such as `A1`.
    pub fn grade_name(&self, rows: Option<(u8, u8)>) -> Option<String> {
        let (grid, (fit, engagement)) = (self.grid.as_ref()?, rows?);
        let (letter, number) =
            (&grid.fit[usize::from(fit)], &grid.engagement[usize::from(engagement)]);
        Some(format!("{}{}", letter.name, number.name))
    }
}

struct Explainer<'a, 'p, P> {
    bound: &'a Bound<'p>,
    single: &'a Single,
    facts: &'a LeadFacts,
    at: Timestamp,
    view: LeadView<'a, P>,
    slots: &'a [SlotTally],
    ledger: &'a Ledger,
}

impl<P: Profile> Explainer<'_, '_, P> {
    fn criterion(&self, index: usize, line: &Line, name: &str) -> CriterionCard {
        let before_limit: Amount =
            self.bound.before_limit(index, line, &self.view, self.at, self.slots);
        let value = line.held(before_limit);
        let mut card = CriterionCard {
            criterion: name.to_owned(),
            value,
            raw: before_limit,
            decayed: Amount::ZERO,
            cut: value - before_limit,
            answer: None,
            counted: None,
            too_young: false,
            traits: Vec::new(),
            events: Vec::new(),
        };
        match &line.kind {
            LineKind::Clause { clause, .. } => {
                let counted = |slot: usize| u64::from(self.slots[slot].counted);
                card.answer =
                    Some(spoken(self.bound.clause(clause, &self.view, self.at, &counted)));
                self.clause(clause, &mut card);
            }
            LineKind::Bands { column, .. } => {
                let value = self.single.value(*column, self.at.as_millis());
                let is_number = value.is_some_and(|value| {
                    value.elements().iter().any(|v| crate::test::number_of(v).is_some())
                });
                card.answer = Some(if is_number { "true" } else { "unknown" });
                self.seen(*column, &mut card);
            }
            LineKind::Events { slot, points } => {
                let counted = u64::from(self.slots[*slot].counted);
                card.counted = Some(counted);
                card.raw = Amount::weighted(*points, counted * u64::from(FULL_WEIGHT));
                card.decayed = before_limit - card.raw;
                let given = |weight: u32| Amount::weighted(*points, u64::from(weight));
                card.events = self.events(*slot, given);
            }
            LineKind::Tiers { slot, within, .. } => {
                let counted = u64::from(self.slots[*slot].counted);
                card.counted = Some(counted);
                card.too_young =
                    is_too_young(counted, *within, self.view.created_at, self.at.as_millis());
                card.events = self.events(*slot, |_| Amount::ZERO);
            }
            LineKind::Curve { slot, .. } => {
                // Only the latest event matters.
                card.events = self.events(*slot, |_| before_limit).pop().into_iter().collect();
            }
        }
        card
    }

    fn events(&self, slot: usize, given: impl Fn(u32) -> Amount) -> Vec<EventSeen> {
        let seen = |(event, fate): &(usize, Fate)| {
            let event = &self.facts.events[self.single.events[*event]];
            let (weight, points, ignored) = match fate {
                Fate::Counted(weight) => (*weight, given(*weight), None),
                Fate::OverCount => (0, Amount::ZERO, Some("over_count")),
                Fate::TooOld => (0, Amount::ZERO, Some("too_old")),
            };
            let (id, name) = (event.id.clone(), event.name.clone());
            EventSeen { id, event: name, at: event.at, weight, points, ignored }
        };
        self.ledger.0[slot].iter().map(seen).collect()
    }

    fn clause(&self, clause: &Clause, card: &mut CriterionCard) {
        match clause {
            Clause::Question(question) => {
                self.seen(self.bound.program.questions[*question].column, card);
            }
            Clause::Event { slot, .. } => {
                card.events.extend(self.events(*slot, |_| Amount::ZERO));
            }
            Clause::All(parts) | Clause::Any(parts) => {
                parts.iter().for_each(|part| self.clause(part, card));
            }
            Clause::Not(inner) => self.clause(inner, card),
        }
    }

    fn seen(&self, column: usize, card: &mut CriterionCard) {
        let path = &self.bound.program.needs.traits[column];
        if card.traits.iter().all(|seen| seen.path != *path) {
            let value = self.single.value(column, self.at.as_millis()).map(Value::to_json);
            card.traits.push(TraitSeen { path: path.clone(), value });
        }
    }
}

fn spoken(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}

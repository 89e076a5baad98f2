//! Facts of many leads on their way into columns, and everyone's numbers on their way out.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use history::{Gathered, Gathering, History, LeadId, Roster, RosterBuilder};
use leads::batch::{
    Coded, EventBatch, FactId, LeadBatch, LeadIds, Texts, TraitChange, id_as_number,
};
use leads::{Event, LeadFacts, Timestamp, Value};
use scoring::{CREATED_AT, Model, Needs, Program, Score};

use crate::generate::Fact;

/// What is shown of one lead.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) score: i64,
    pub(crate) fit: i64,
    pub(crate) engagement: i64,
    pub(crate) grade: Option<String>,
    pub(crate) bracket: Option<String>,
    pub(crate) disqualified: Option<String>,
    pub(crate) stage: Option<String>,
}

/// Everyone's numbers by lead.
pub(crate) type Everyone = BTreeMap<String, Numbers>;

/// A hash of all that a fact says, in the upper half, and whom it is about, in the lower.
pub(crate) fn content(fact: &Fact) -> u64 {
    let lower = u64::from(u32::MAX);
    let (lead, said) = match fact {
        Fact::Event { lead, event } => (lead.as_str(), format!("{event:?}")),
        Fact::Row { .. } | Fact::Change { .. } => ("", format!("{fact:?}")),
    };
    hash(&said) & !lower | hash(lead) & lower
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Takes the facts in, `rows` to a batch, for models that need `needs`.
pub(crate) fn gather(needs: &Needs, facts: &[Fact], rows: usize) -> Gathered {
    gather_into(needs, facts, rows, |gathering| gathering)
}

/// The same for one score only.
pub(crate) fn gather_for_score(
    program: &Program,
    t: Timestamp,
    facts: &[Fact],
    rows: usize,
) -> Gathered {
    gather_into(program.needs(), facts, rows, |gathering| gathering.for_score(program, t))
}

fn gather_into(
    needs: &Needs,
    facts: &[Fact],
    rows: usize,
    prepare: impl Fn(Gathering) -> Gathering,
) -> Gathered {
    let mut builder = RosterBuilder::new(needs);
    let leads: Vec<_> = facts.iter().filter(|fact| matches!(fact, Fact::Row { .. })).collect();
    for chunk in leads.chunks(rows) {
        builder.take(&lead_batch(needs, chunk));
    }
    for fact in facts {
        if let Fact::Change { lead, path, value, at } = fact {
            let change = TraitChange {
                lead: lead.clone(),
                path: path.clone(),
                value: value.clone(),
                at: *at,
            };
            builder.change(needs, &change);
        }
    }
    let gathering = prepare(Gathering::new(needs.clone(), builder.finish().0));
    let events: Vec<_> = facts.iter().filter(|fact| matches!(fact, Fact::Event { .. })).collect();
    for (sequence, chunk) in events.chunks(rows).enumerate() {
        gathering.take(sequence as u64, &event_batch(needs, chunk));
    }
    gathering.finish(2)
}

/// Everyone's history, for these models.
pub(crate) fn history(models: &[&Model], facts: &[Fact], rows: usize) -> History {
    gather(&Needs::of(models.iter().copied()), facts, rows).into_history(2)
}

/// A model ready for a history.
pub(crate) fn program_for(model: &Model, needs: &Needs) -> Program {
    Program::with_needs(model.clone(), Some(needs.clone()))
}

/// Everyone's numbers at an instant.
pub(crate) fn rescore(history: &History, model: &Model, t: Timestamp, threads: usize) -> Everyone {
    let program = program_for(model, history.needs());
    let scores = history.rescore(&program, t, threads);
    let roster = history.roster();
    let mut everyone = Everyone::new();
    for (position, scored) in scores.iter().enumerate() {
        let stage = scored.stage.map(|stage| model.stages[usize::from(stage)].name.clone());
        everyone.insert(id(roster, position), numbers(model, &scored.score, stage));
    }
    everyone
}

/// Everyone's numbers, from facts that are forgotten at once.
pub(crate) fn score_once(gathered: Gathered, model: &Model, t: Timestamp) -> Everyone {
    score_gathered(gathered, &program_for(model, &Needs::of([model])), t)
}

/// Everyone's scores under a program from facts that are then forgotten.
pub(crate) fn score_gathered(gathered: Gathered, program: &Program, t: Timestamp) -> Everyone {
    let model = program.model();
    let (roster, scores) = gathered.score(program, t, 2);
    let mut everyone = Everyone::new();
    for (position, scored) in scores.iter().enumerate() {
        let stage = scored.stage.map(|stage| model.stages[usize::from(stage)].name.clone());
        everyone.insert(id(&roster, position), numbers(model, &scored.score, stage));
    }
    everyone
}

/// Everyone's numbers at many instants at once, in rising order, without stages.
pub(crate) fn rescore_at(
    history: &History,
    model: &Model,
    instants: &[Timestamp],
    threads: usize,
) -> BTreeMap<String, Vec<Numbers>> {
    let program = program_for(model, history.needs());
    let visit = |memory: &mut Vec<(usize, Vec<Numbers>)>,
                 position: usize,
                 moments: scoring::Moments<'_>| {
        assert!(
            moments
                .scores()
                .iter()
                .map(|score| i64::from(*score))
                .eq(moments.iter().map(|score| score.score))
        );
        let numbers = moments.iter().map(|score| numbers(model, &score, None)).collect();
        memory.push((position, numbers));
    };
    history
        .at_instants(&program, instants, threads, Vec::new, visit)
        .into_iter()
        .flatten()
        .map(|(position, numbers)| (id(history.roster(), position), numbers))
        .collect()
}

/// One lead's numbers, from its score card and its walk.
pub(crate) fn one(program: &Program, facts: &LeadFacts, t: Timestamp) -> Numbers {
    let card = program.score(facts, t);
    Numbers {
        score: card.score,
        fit: card.fit,
        engagement: card.engagement,
        grade: card.grade,
        bracket: card.bracket,
        disqualified: card.disqualified,
        stage: super::stage(program, facts, t),
    }
}

fn id(roster: &Roster, position: usize) -> String {
    match roster.id(position) {
        LeadId::Number(number) => number.to_string(),
        LeadId::Text(text) => text.to_owned(),
    }
}

fn numbers(model: &Model, score: &Score, stage: Option<String>) -> Numbers {
    Numbers {
        score: score.score,
        fit: score.fit,
        engagement: score.engagement,
        grade: model.grade_name(score.grade),
        bracket: score.bracket.map(|index| model.brackets[usize::from(index)].name.clone()),
        disqualified: score.disqualified.map(|index| model.gates[usize::from(index)].name.clone()),
        stage,
    }
}

fn lead_batch(needs: &Needs, rows: &[&Fact]) -> LeadBatch {
    let mut created = Vec::new();
    let mut columns = vec![Vec::new(); needs.traits.len()];
    for fact in rows {
        let Fact::Row { created_at, traits, .. } = fact else {
            continue;
        };
        created.push(*created_at);
        for (column, path) in columns.iter_mut().zip(&needs.traits) {
            let cell = traits.iter().find(|(name, _)| name == path).map(|(_, value)| value.clone());
            // Readers hand on the column of that name as it stands, where a model tests it.
            let created = created_at.filter(|_| path == CREATED_AT);
            column.push(cell.or_else(|| created.map(|at| Value::Text(at.to_string()))));
        }
    }
    LeadBatch {
        leads: ids(rows),
        created_at: created,
        traits: columns.into_iter().map(coded).collect(),
    }
}

fn event_batch(needs: &Needs, rows: &[&Fact]) -> EventBatch {
    let mut names = Vec::new();
    let mut instants = Vec::new();
    let mut fact_ids = Vec::new();
    let mut columns = vec![Vec::new(); needs.properties.len()];
    for fact in rows {
        let Fact::Event { event: Event { id, name, at, properties }, .. } = fact else {
            continue;
        };
        names.push(Some(Value::Text(name.clone())));
        instants.push(*at);
        let known = id.as_ref().map_or(FactId::NONE, |id| u128::from(hash(id)) + 1);
        fact_ids.push(FactId { id: known, content: content(fact) });
        for (column, path) in columns.iter_mut().zip(&needs.properties) {
            let value = properties.iter().find(|(name, _)| name == path).map(|(_, value)| value);
            column.push(value.cloned());
        }
    }
    let any_id = fact_ids.iter().any(|fact| fact.id != FactId::NONE);
    EventBatch {
        leads: ids(rows),
        names: coded(names),
        at: instants,
        ids: any_id.then_some(fact_ids),
        properties: columns.into_iter().map(coded).collect(),
    }
}

/// As numbers where all are; else as text, numbers too.
fn ids(rows: &[&Fact]) -> LeadIds {
    let numbers: Option<Vec<u64>> =
        rows.iter().map(|fact| id_as_number(fact.lead().as_bytes())).collect();
    numbers.map_or_else(
        || {
            let mut texts = Texts::default();
            for fact in rows {
                texts.push(fact.lead());
            }
            LeadIds::Texts(texts)
        },
        LeadIds::Numbers,
    )
}

/// Equal values share a code, but for every third, which stands twice.
fn coded(cells: Vec<Option<Value>>) -> Coded {
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut column = Coded::default();
    for (row, cell) in cells.into_iter().enumerate() {
        let key = format!("{cell:?}");
        let code = match known.get(&key) {
            Some(code) if row % 3 > 0 => *code,
            _ => {
                column.values.push(cell);
                column.values.len() as u32 - 1
            }
        };
        known.insert(key, code);
        column.codes.push(code);
    }
    column
}

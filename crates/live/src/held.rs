//! The stages that a lead is in. It is in several at once, and each is entered and left by itself.

use std::collections::BTreeSet;

use scoring::Model;
use scoring::stages::Judgement;
use store::scores::ScoreRow;

/// A stage entered or left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Turn {
    pub(crate) stage: String,
    pub(crate) entered: bool,
}

fn names<'m>(model: &'m Model, held: &[usize]) -> Vec<&'m str> {
    held.iter().map(|stage| model.stages[*stage].name.as_str()).collect()
}

/// As they are written: a JSON list; nothing where there is none.
pub(crate) fn written(model: &Model, held: &[usize]) -> Option<String> {
    let names = names(model, held);
    (!names.is_empty()).then(|| serde_json::to_string(&names).unwrap_or_default())
}

/// Those that were written. An earlier program wrote the last of them only: those below it are then taken to be
/// the ones that are `known` to have been held.
pub(crate) fn read(model: &Model, row: &ScoreRow, known: &[usize]) -> BTreeSet<String> {
    let Some(last) = &row.stage else { return BTreeSet::new() };
    let all: Option<BTreeSet<String>> =
        row.held.as_ref().and_then(|text| serde_json::from_str(text).ok());
    all.unwrap_or_else(|| {
        let below = names(model, known).into_iter().take_while(|name| name != last);
        below.chain([last.as_str()]).map(str::to_owned).collect()
    })
}

/// Those held at the instant after which a walk begins.
pub(crate) fn before(now: &Judgement) -> Vec<usize> {
    let mut held: BTreeSet<usize> = now.held.iter().copied().collect();
    for step in now.walk.iter().rev() {
        if step.entered {
            held.remove(&step.stage);
        } else {
            held.insert(step.stage);
        }
    }
    held.into_iter().collect()
}

/// What leads from those that were written to those that there are: first what was left.
pub(crate) fn turns(written: &BTreeSet<String>, held: &[usize], model: &Model) -> Vec<Turn> {
    let names = names(model, held);
    let left = written.iter().filter(|name| !names.contains(&name.as_str()));
    let left = left.map(|name| Turn { stage: name.clone(), entered: false });
    let entered = names.iter().filter(|name| !written.contains(**name));
    left.chain(entered.map(|name| Turn { stage: (*name).to_owned(), entered: true })).collect()
}

//! Segments: the leads for whom a condition of the model language is true, or of where a model puts them.

use std::sync::Arc;

use history::{History, Scores};
use leads::Timestamp;
use scoring::{Needs, Program};
use serde_json::{Value as Json, json};

use crate::everyone::union;
use crate::lineup::{Line, Lineup};
use crate::models::{ModelProblem, read};
use crate::place::{Place, PlaceError};
use crate::{Live, LiveError};

/// A condition of a segment, taken apart as far as it speaks of places. What is unknown stays unknown when it
/// is turned round, so `not` has gone down to the leaves: there the model language answers it.
enum Condition {
    /// Of the model language.
    Facts(Json),
    /// Where a model puts the lead, or where it does not (`false`).
    Place(Place, bool),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// Conditions nest at most so deep, as in models.
const DEPTH: usize = 32;

impl Live {
    /// The leads for whom a condition is true at an instant, by id. The condition is JSON, as the
    /// `when` of a gate, in which `score`, `bracket` and `stage` may stand beside `trait` and `event`.
    pub fn members(&self, condition: &Json, now: Timestamp) -> Result<Vec<String>, ModelProblem> {
        let condition = Condition::read(condition, true, DEPTH)?;
        let lineup = self.lineup();
        condition.check(&lineup)?;
        let needs = condition.needs(&lineup)?;
        let history = self.everyone(&needs)?;
        let mut looking = Looking {
            history: &history,
            now,
            threads: self.inner.around.threads,
            lineup: &lineup,
            scored: Vec::new(),
        };
        let holds = looking.holds(&condition)?;
        let roster = history.roster();
        let positions =
            holds.into_iter().enumerate().filter(|(at, holds)| *holds && !roster.is_gone(*at));
        let mut members: Vec<String> = positions.map(|(at, _)| roster.id(at).to_string()).collect();
        members.sort_unstable();
        Ok(members)
    }

    /// Checks a condition without looking at anybody. It may name a model that is not in force now.
    pub fn check_condition(&self, condition: &Json) -> Result<(), ModelProblem> {
        Condition::read(condition, true, DEPTH)?.check(&self.lineup())
    }
}

impl Condition {
    /// `holds`: whether it is to be true, or not.
    fn read(json: &Json, holds: bool, depth: usize) -> Result<Self, ModelProblem> {
        let keys = match json {
            Json::Object(keys) if depth > 0 && speaks_of_places(json) => keys,
            _ if holds => return Ok(Self::Facts(json.clone())),
            _ => return Ok(Self::Facts(json!({"not": json}))),
        };
        let several = |list: &Json| match list {
            Json::Array(list) if !list.is_empty() => {
                let each = list.iter().map(|one| Self::read(one, holds, depth - 1));
                each.collect::<Result<Vec<_>, _>>()
            }
            _ => Err(PlaceError::NoList.into()),
        };
        let mut each = keys.iter();
        match (each.next(), each.next()) {
            (Some((key, list)), None) if key == "all" || key == "any" => {
                let list = several(list)?;
                Ok(if (key == "all") == holds { Self::All(list) } else { Self::Any(list) })
            }
            (Some((key, inner)), None) if key == "not" => Self::read(inner, !holds, depth - 1),
            _ => Ok(Self::Place(Place::read(keys)?, holds)),
        }
    }

    /// Whether all of it can be understood.
    fn check(&self, lineup: &Lineup) -> Result<(), ModelProblem> {
        match self {
            Self::Facts(json) => read(&as_model(json).to_string()).map(|_| ()),
            Self::Place(place, _) => match place.line(lineup) {
                Some(line) => Ok(place.check(line.program.model())?),
                None => Ok(()),
            },
            Self::All(inner) | Self::Any(inner) => {
                inner.iter().try_for_each(|one| one.check(lineup))
            }
        }
    }

    /// What it looks at beyond what the models in force do.
    fn needs(&self, lineup: &Lineup) -> Result<Needs, ModelProblem> {
        Ok(match self {
            Self::Facts(json) => Needs::of([&read(&as_model(json).to_string())?.0]),
            Self::Place(place, _) => {
                place.line(lineup).ok_or_else(|| LiveError::NoModel(place.model_name()))?;
                lineup.needs().clone()
            }
            Self::All(inner) | Self::Any(inner) => {
                let each = inner.iter().map(|one| one.needs(lineup));
                each.collect::<Result<Vec<_>, _>>()?
                    .iter()
                    .fold(Needs::default(), |all, one| union(&all, one))
            }
        })
    }
}

/// Everyone, looked at for one segment.
struct Looking<'l> {
    history: &'l Arc<History>,
    now: Timestamp,
    threads: usize,
    lineup: &'l Lineup,
    /// Under which models everyone has been scored for it.
    scored: Vec<(Arc<Line>, Scores)>,
}

impl Looking<'_> {
    /// For whom it is true, by position in the roster.
    fn holds(&mut self, condition: &Condition) -> Result<Vec<bool>, ModelProblem> {
        let together = |one: &mut Vec<bool>, other: Vec<bool>, both: fn(bool, bool) -> bool| {
            one.iter_mut().zip(other).for_each(|(one, other)| *one = both(*one, other));
        };
        match condition {
            Condition::Facts(json) => {
                let (model, _) = read(&as_model(json).to_string())?;
                let program = Program::with_needs(model, Some(self.history.needs().clone()));
                let scores = self.history.rescore(&program, self.now, self.threads);
                Ok(scores.iter().map(|scored| scored.score.disqualified.is_some()).collect())
            }
            Condition::Place(place, wanted) => {
                let index = self.scored(place)?;
                let (line, scores) = &self.scored[index];
                let test = place.test(line.program.model());
                Ok(scores.iter().map(|scored| test.holds(&scored) == *wanted).collect())
            }
            Condition::All(inner) => {
                let mut holds = vec![true; self.history.roster().len()];
                for one in inner {
                    together(&mut holds, self.holds(one)?, |one, other| one && other);
                }
                Ok(holds)
            }
            Condition::Any(inner) => {
                let mut holds = vec![false; self.history.roster().len()];
                for one in inner {
                    together(&mut holds, self.holds(one)?, |one, other| one || other);
                }
                Ok(holds)
            }
        }
    }

    /// Scores everyone under a place's model, once.
    fn scored(&mut self, place: &Place) -> Result<usize, ModelProblem> {
        let line = place.line(self.lineup);
        let line = line.ok_or_else(|| LiveError::NoModel(place.model_name()))?;
        if let Some(index) = self.scored.iter().position(|(known, _)| known.key == line.key) {
            return Ok(index);
        }
        let scores = self.history.rescore(&line.program, self.now, self.threads);
        self.scored.push((Arc::clone(line), scores));
        Ok(self.scored.len() - 1)
    }
}

/// Whether a place is asked for anywhere in it.
fn speaks_of_places(json: &Json) -> bool {
    let Json::Object(keys) = json else { return false };
    if keys.keys().any(|key| Place::KEYS.contains(&key.as_str())) {
        return true;
    }
    keys.iter().any(|(key, inner)| match inner {
        Json::Array(list) if key == "all" || key == "any" => list.iter().any(speaks_of_places),
        inner if key == "not" => speaks_of_places(inner),
        _ => false,
    })
}

/// A model that says nothing but whether the condition is true: its gate answers the question with
/// the same code that scores.
fn as_model(condition: &Json) -> Json {
    json!({
        "model": "segment",
        "groups": [{
            "group": "None",
            "dimension": "fit",
            "criteria": [{"name": "None", "trait": "lead", "exists": true, "points": 0}],
        }],
        "gates": [{"name": "Member", "when": condition, "disqualify": true}],
    })
}

//! Where a model puts a lead, as a segment asks for it:
//!
//! ```json
//! {"score": {"at_least": 50, "at_most": 80}}
//! {"bracket": ["hot", "warm"], "model": "fit"}
//! {"stage": [null, "marketing_qualified"]}
//! ```
//!
//! Without `model` the one is meant that people look at first. `null` is no bracket, or no stage.

use std::sync::Arc;

use history::Scored;
use scoring::Model;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use thiserror::Error;

use crate::lineup::{Line, Lineup};

/// A bracket, a stage or a range of scores, under a model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// `None`: the one that people look at first.
    model: Option<String>,
    wanted: Wanted,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Wanted {
    Score(Range),
    Brackets(Vec<Option<String>>),
    Stages(Vec<Option<String>>),
}

/// Whole scores, as people see them; both ends are within.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    at_least: Option<i64>,
    at_most: Option<i64>,
}

/// Why a condition on a place cannot be understood.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PlaceError {
    /// Several things are said at once, or none.
    #[error(
        "one of `score`, `bracket` and `stage` is said at a time, with nothing beside it but `model`: \
         put several into `all` or `any`"
    )]
    NotOne,
    /// `model` is no name.
    #[error("`model` takes the name of a model")]
    ModelName,
    /// The score is no range.
    #[error("`score` takes whole numbers: {{\"at_least\": 50}}, {{\"at_most\": 80}}, or both")]
    Score,
    /// These are no names.
    #[error("`{0}` takes a name, or a list of names; null is none of them")]
    Names(&'static str),
    /// The model has none of this name.
    #[error("the model `{model}` has no {what} `{name}`: it has {known}")]
    Unknown {
        /// The model.
        model: String,
        /// `bracket` or `stage`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// `all` or `any` without conditions.
    #[error("`all` and `any` take a list of conditions, one at least")]
    NoList,
}

impl Place {
    /// By what a condition is told to be about a place.
    pub(crate) const KEYS: [&'static str; 3] = ["score", "bracket", "stage"];

    pub(crate) fn read(keys: &Map<String, Json>) -> Result<Self, PlaceError> {
        let model = match keys.get("model") {
            None => None,
            Some(Json::String(name)) if !name.is_empty() => Some(name.clone()),
            Some(_) => return Err(PlaceError::ModelName),
        };
        let mut said = keys.iter().filter(|(key, _)| *key != "model");
        let (Some((key, value)), None) = (said.next(), said.next()) else {
            return Err(PlaceError::NotOne);
        };
        let wanted = match key.as_str() {
            "score" => {
                let range = Range::deserialize(value).map_err(|_| PlaceError::Score)?;
                if range.at_least.is_none() && range.at_most.is_none() {
                    return Err(PlaceError::Score);
                }
                Wanted::Score(range)
            }
            "bracket" => Wanted::Brackets(names("bracket", value)?),
            "stage" => Wanted::Stages(names("stage", value)?),
            _ => return Err(PlaceError::NotOne),
        };
        Ok(Self { model, wanted })
    }

    /// The version in force that is meant.
    pub(crate) fn line<'l>(&self, lineup: &'l Lineup) -> Option<&'l Arc<Line>> {
        match &self.model {
            Some(model) => lineup.line(model),
            None => lineup.primary(),
        }
    }

    /// As messages name the model.
    pub(crate) fn model_name(&self) -> String {
        self.model.clone().unwrap_or_else(|| "primary".to_owned())
    }

    /// Whether the model has what is asked for.
    pub(crate) fn check(&self, model: &Model) -> Result<(), PlaceError> {
        let (what, wanted, known) = match &self.wanted {
            Wanted::Score(_) => return Ok(()),
            Wanted::Brackets(wanted) => ("bracket", wanted, brackets(model)),
            Wanted::Stages(wanted) => ("stage", wanted, stages(model)),
        };
        let unknown = wanted.iter().flatten().find(|name| !known.contains(&name.as_str()));
        match unknown {
            None => Ok(()),
            Some(name) => Err(PlaceError::Unknown {
                model: model.name.clone(),
                what,
                name: name.clone(),
                known: if known.is_empty() { "none".to_owned() } else { known.join(", ") },
            }),
        }
    }

    /// The same for a model's numbers. What the model has no more, nobody is in.
    pub(crate) fn test(&self, model: &Model) -> Test {
        let places = |wanted: &[Option<String>], known: &[&str]| {
            let mut places = vec![false; known.len() + 1];
            places[0] = wanted.contains(&None);
            for name in wanted.iter().flatten() {
                if let Some(index) = known.iter().position(|known| known == name) {
                    places[index + 1] = true;
                }
            }
            places
        };
        match &self.wanted {
            Wanted::Score(range) => Test::Score(*range),
            Wanted::Brackets(wanted) => Test::Brackets(places(wanted, &brackets(model))),
            Wanted::Stages(wanted) => Test::Stages(places(wanted, &stages(model))),
        }
    }
}

/// A place under one model.
pub(crate) enum Test {
    Score(Range),
    /// First whether none is meant, then each in the order of the model.
    Brackets(Vec<bool>),
    Stages(Vec<bool>),
}

impl Test {
    pub(crate) fn holds(&self, scored: &Scored) -> bool {
        let index = |place: Option<u8>| place.map_or(0, |place| usize::from(place) + 1);
        match self {
            Self::Score(range) => {
                let score = scored.score.score;
                range.at_least.is_none_or(|least| score >= least)
                    && range.at_most.is_none_or(|most| score <= most)
            }
            Self::Brackets(places) => places[index(scored.score.bracket)],
            Self::Stages(places) => places[index(scored.stage)],
        }
    }
}

fn brackets(model: &Model) -> Vec<&str> {
    model.brackets.iter().map(|bracket| bracket.name.as_str()).collect()
}

fn stages(model: &Model) -> Vec<&str> {
    model.stages.iter().map(|stage| stage.name.as_str()).collect()
}

fn names(key: &'static str, value: &Json) -> Result<Vec<Option<String>>, PlaceError> {
    let one = |value: &Json| match value {
        Json::Null => Ok(None),
        Json::String(name) => Ok(Some(name.clone())),
        _ => Err(PlaceError::Names(key)),
    };
    match value {
        Json::Array(list) if !list.is_empty() => list.iter().map(one).collect(),
        Json::Array(_) => Err(PlaceError::Names(key)),
        value => Ok(vec![one(value)?]),
    }
}

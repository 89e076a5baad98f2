//! Which leads: what can be asked for, in words that are known beforehand.

use std::collections::BTreeSet;

use serde::Deserialize;
use store::scores::{Filter, saved_segment};
use utoipa::IntoParams;

use crate::app::App;
use crate::instant::Instant;
use crate::problem::Problem;
use crate::request::list;
use crate::segments::condition_of;

/// Leads in one statement. SQLite takes 32,766 values in one, PostgreSQL twice that.
pub(crate) const AT_A_TIME: usize = 10_000;

/// What leads must be like. Several values are separated by commas.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LeadFilter {
    /// In one of these brackets.
    pub(crate) bracket: Option<String>,
    /// In one of these stages; `none`: in no stage.
    pub(crate) stage: Option<String>,
    /// With one of these grades.
    pub(crate) grade: Option<String>,
    /// Worked on by this one; `none`: by nobody.
    pub(crate) owner: Option<String>,
    /// Of this company.
    pub(crate) company: Option<String>,
    /// In one of these countries.
    pub(crate) country: Option<String>,
    /// With at least this score.
    pub(crate) score_min: Option<i64>,
    /// With at most this score.
    pub(crate) score_max: Option<i64>,
    /// Disqualified, or not.
    pub(crate) disqualified: Option<bool>,
    /// Seen at this instant or later.
    #[param(value_type = Option<String>)]
    pub(crate) seen_since: Option<Instant>,
    /// Whose name, address or company has this in it.
    pub(crate) q: Option<String>,
    /// In this saved segment.
    pub(crate) segment: Option<String>,
    /// For whom this condition is true, without saving it: JSON as the `condition` of a segment, such as
    /// `{"trait":"title.seniority","is":"director"}`.
    pub(crate) condition: Option<String>,
}

impl LeadFilter {
    /// Whether it asks for everybody.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The conditions, and the members of the segment where one was named.
pub(crate) async fn filters(
    app: &App,
    asked: &LeadFilter,
) -> Result<(Vec<Filter>, Option<BTreeSet<String>>), Problem> {
    let mut filters = Vec::new();
    let values = |text: &Option<String>| text.as_deref().map(list);
    if let Some(brackets) = values(&asked.bracket) {
        filters.push(Filter::Bracket(brackets));
    }
    match values(&asked.stage) {
        Some(stages) if stages == ["none"] => filters.push(Filter::NoStage),
        Some(stages) => filters.push(Filter::Stage(stages)),
        None => {}
    }
    if let Some(grades) = values(&asked.grade) {
        filters.push(Filter::Grade(grades));
    }
    match asked.owner.as_deref() {
        Some("none") => filters.push(Filter::NoOwner),
        Some(owner) => filters.push(Filter::Owner(owner.to_owned())),
        None => {}
    }
    if let Some(company) = &asked.company {
        filters.push(Filter::Company(company.clone()));
    }
    if let Some(countries) = values(&asked.country) {
        filters.push(Filter::Country(countries));
    }
    filters.extend(asked.score_min.map(Filter::ScoreAtLeast));
    filters.extend(asked.score_max.map(Filter::ScoreAtMost));
    filters.extend(asked.disqualified.map(Filter::Disqualified));
    filters.extend(asked.seen_since.map(|at| Filter::SeenSince(at.0)));
    if let Some(text) = asked.q.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        if text.len() > 200 {
            return Err(Problem::bad("bad_query", "a text to look for has 200 bytes at most"));
        }
        filters.push(Filter::Text(text.to_owned()));
    }
    if filters.iter().any(is_long) {
        return Err(Problem::bad("bad_query", "100 values at most can be asked for at a time"));
    }
    let mut conditions = Vec::new();
    if let Some(segment) = asked.segment.clone() {
        let saved = app.read(move |tx| Ok(saved_segment(tx, &segment)?)).await?;
        let saved = saved.ok_or_else(|| Problem::not_found("segment"))?;
        conditions.push(condition_of(&saved.document)?);
    }
    if let Some(text) = &asked.condition {
        let not_json = |error: serde_json::Error| {
            Problem::bad("bad_query", format!("the condition is not JSON: {error}"))
        };
        let condition = serde_json::from_str(text).map_err(not_json)?;
        app.live.check_condition(&condition)?;
        conditions.push(condition);
    }
    let mut members: Option<BTreeSet<String>> = None;
    for condition in conditions {
        let (live, now) = (app.live.clone(), app.now());
        let found = app.block(move || live.members(&condition, now)).await?;
        let found: BTreeSet<String> = found.into_iter().collect();
        members = Some(match members {
            Some(members) => members.intersection(&found).cloned().collect(),
            None => found,
        });
    }
    Ok((filters, members))
}

/// The model that is meant: the one that is named, or the one that people look at first. `None`:
/// there is none yet.
pub(crate) fn line_key(app: &App, model: Option<&str>) -> Result<Option<String>, Problem> {
    let lineup = app.live.lineup();
    match model {
        Some(key) if lineup.line(key).is_some() => Ok(Some(key.to_owned())),
        Some(_) => Err(Problem::new(
            axum::http::StatusCode::NOT_FOUND,
            "no_model",
            "no version of a model with this name is in force: see /api/v1/models",
        )),
        None => Ok(lineup.primary().map(|line| line.key.clone())),
    }
}

fn is_long(filter: &Filter) -> bool {
    match filter {
        Filter::Bracket(values)
        | Filter::Stage(values)
        | Filter::Grade(values)
        | Filter::Country(values) => values.len() > 100,
        _ => false,
    }
}

//! The tests that a model brings along: facts of an imagined lead, and what must come of them.

use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use leads::{CalendarDuration, Event, LeadFacts, Timestamp, TraitFact};
use serde::Serialize;

use crate::amount::Amount;
use crate::card::ScoreCard;
use crate::model::{Expectation, ModelTest, Range};
use crate::program::Program;

/// What came of one test.
#[derive(Clone, Debug, Serialize)]
pub struct TestResult {
    /// The test's name.
    pub test: String,
    /// Its line in the model's file, from 1.
    pub line: usize,
    /// Whether everything came as expected.
    pub passed: bool,
    /// Every expectation, in the order of the document.
    pub checks: Vec<Check>,
    /// The stage that came.
    pub stage: Option<String>,
    /// The score card that came.
    pub card: ScoreCard,
}

/// One expectation and what came.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// Of what: `score`, `fit`, `engagement`, `grade`, `bracket`, `stage`, `disqualified`, or the
    /// name of a criterion.
    pub of: String,
    /// What was expected, in words: `at least 40`.
    pub expected: String,
    /// What came.
    pub came: String,
    /// Whether it came as expected.
    pub passed: bool,
}

/// Runs all tests of a model, as if now were `at`.
pub fn run(program: &Program, at: Timestamp) -> Vec<TestResult> {
    program.model().tests.iter().map(|test| run_one(program, test, at)).collect()
}

fn run_one(program: &Program, test: &ModelTest, at: Timestamp) -> TestResult {
    let facts = facts(test, at, &program.model().time_zone);
    let card = program.score(&facts, at);
    let stage = program.stage(&facts, at).map(|stage| program.model().stages[stage].name.clone());
    let checks: Vec<Check> =
        test.expect.iter().map(|expected| check(expected, &card, stage.as_deref())).collect();
    TestResult {
        test: test.name.clone(),
        line: test.line,
        passed: checks.iter().all(|check| check.passed),
        checks,
        stage,
        card,
    }
}

/// The imagined lead as facts.
fn facts(test: &ModelTest, at: Timestamp, zone: &TimeZone) -> LeadFacts {
    let events = test.events.iter().flat_map(|event| {
        let one = Event {
            id: None,
            name: event.event.clone(),
            at: before(at, event.ago, zone),
            properties: event.properties.clone(),
        };
        std::iter::repeat_n(one, event.times as usize)
    });
    let created_at = test.created.map(|created| before(at, created, zone));
    LeadFacts {
        lead: test.name.clone(),
        created_at,
        traits: test
            .traits
            .iter()
            .map(|(path, value)| TraitFact {
                path: path.clone(),
                value: Some(value.clone()),
                at: created_at,
            })
            .collect(),
        events: events.collect(),
    }
}

/// The instant so long before `at`; calendar months on the clocks of the zone.
fn before(at: Timestamp, ago: CalendarDuration, zone: &TimeZone) -> Timestamp {
    match ago {
        CalendarDuration::Fixed(length) => at.saturating_sub(length),
        CalendarDuration::Months(months) => {
            let local = at.to_jiff().to_zoned(zone.clone());
            let earlier = local.checked_sub(i64::from(months).months());
            earlier.map_or(Timestamp::MIN, |earlier| Timestamp::from_jiff(earlier.timestamp()))
        }
    }
}

fn check(expected: &Expectation, card: &ScoreCard, stage: Option<&str>) -> Check {
    match expected {
        Expectation::Score(range) => in_range("score", *range, Amount::whole(card.score)),
        Expectation::Fit(range) => in_range("fit", *range, Amount::whole(card.fit)),
        Expectation::Engagement(range) => {
            in_range("engagement", *range, Amount::whole(card.engagement))
        }
        Expectation::Grade(grade) => same("grade", Some(grade), card.grade.as_deref()),
        Expectation::Bracket(bracket) => {
            same("bracket", bracket.as_deref(), card.bracket.as_deref())
        }
        Expectation::Stage(wanted) => same("stage", wanted.as_deref(), stage),
        Expectation::Disqualified(wanted) => {
            let word = |so: bool| if so { "disqualified" } else { "not disqualified" };
            let came = card.disqualified.is_some();
            Check {
                of: "disqualified".to_owned(),
                expected: word(*wanted).to_owned(),
                came: match &card.disqualified {
                    Some(gate) => format!("disqualified by \"{gate}\""),
                    None => word(false).to_owned(),
                },
                passed: came == *wanted,
            }
        }
        Expectation::Criterion(name, range) => {
            let criterion = card.criteria().find(|criterion| criterion.criterion == *name);
            in_range(name, *range, criterion.map_or(Amount::ZERO, |criterion| criterion.value))
        }
    }
}

fn in_range(of: &str, range: Range, came: Amount) -> Check {
    let low = range.at_least.map(Amount::from);
    let high = range.at_most.map(Amount::from);
    let expected = match (range.at_least, range.at_most) {
        (Some(low), Some(high)) if low == high => low.to_string(),
        (Some(low), Some(high)) => format!("from {low} to {high}"),
        (Some(low), None) => format!("at least {low}"),
        (None, Some(high)) => format!("at most {high}"),
        (None, None) => "any number".to_owned(),
    };
    Check {
        of: of.to_owned(),
        expected,
        came: came.to_string(),
        passed: low.is_none_or(|low| low <= came) && high.is_none_or(|high| came <= high),
    }
}

fn same(of: &str, wanted: Option<&str>, came: Option<&str>) -> Check {
    let word = |name: Option<&str>| name.unwrap_or("none").to_owned();
    Check { of: of.to_owned(), expected: word(wanted), came: word(came), passed: wanted == came }
}

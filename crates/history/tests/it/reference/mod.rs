//! A scorer that is slow and obviously right: it interprets the model document as it stands, asks
//! every question anew at every instant, and sums whole numbers.

mod condition;
mod criterion;
mod document;
mod stages;
mod truth;
mod value;
mod worked;

use std::cell::RefCell;
use std::collections::HashMap;

use jiff::tz::TimeZone;
use leads::{LeadFacts, Timestamp};
use regex::Regex;
use serde_json::Value as Json;

use document::{hundredths, items, text};
pub(crate) use stages::Step;
use truth::Truth;

/// Millionths of a hundredth in a hundredth.
const MILLION: i128 = 1_000_000;
/// Hundredths times millionths in a point.
const POINT: i128 = 100 * MILLION;

/// A model document, ready to be read.
pub(crate) struct Reference<'a> {
    document: &'a Json,
    zone: TimeZone,
    /// Expressions that were compiled already: the only thing that is remembered.
    patterns: RefCell<HashMap<(String, bool), Regex>>,
}

/// What a score comes to. Amounts are hundredths times millionths of a point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Card {
    /// Per group, per criterion: what it gives, within its limit.
    pub(crate) criteria: Vec<Vec<i128>>,
    /// Per group: the sum, within the group's limit.
    pub(crate) groups: Vec<i128>,
    /// The sum of the groups, before scale and rounding.
    pub(crate) total: i128,
    pub(crate) score: i64,
    pub(crate) fit: i64,
    pub(crate) engagement: i64,
    pub(crate) grade: Option<String>,
    pub(crate) bracket: Option<String>,
    /// The name of the gate that disqualifies.
    pub(crate) disqualified: Option<String>,
    /// The stages to which a fast track is open.
    pub(crate) fast_tracks: Vec<String>,
}

impl<'a> Reference<'a> {
    pub(crate) fn new(document: &'a Json) -> Self {
        let zone = document.get("time_zone").map_or("UTC", text);
        let zone = TimeZone::get(zone).expect("a time zone");
        Self { document, zone, patterns: RefCell::default() }
    }

    /// The score of a lead at an instant.
    pub(crate) fn score(&self, facts: &LeadFacts, t: Timestamp) -> Card {
        let groups = items(self.document, "groups");
        let criteria: Vec<Vec<i128>> = groups
            .iter()
            .map(|group| {
                let within_limit =
                    |criterion| limited(criterion, self.criterion(criterion, facts, t));
                items(group, "criteria").iter().map(within_limit).collect()
            })
            .collect();
        let sums: Vec<i128> = groups
            .iter()
            .zip(&criteria)
            .map(|(group, amounts)| limited(group, amounts.iter().sum()))
            .collect();
        let of_dimension = |dimension: &str| -> i64 {
            let mut sum = 0;
            for (group, amount) in groups.iter().zip(&sums) {
                if dimension_of(group) == dimension {
                    sum += amount;
                }
            }
            round_half_away(sum, POINT) as i64
        };
        let (fit, engagement) = (of_dimension("fit"), of_dimension("engagement"));
        let total: i128 = sums.iter().sum();

        let scale = self.document.get("scale");
        let end = |index: usize, or: i64| {
            scale.map_or(or, |scale| scale[index].as_i64().expect("a whole number"))
        };
        let (bottom, top) = (end(0, 0), end(1, 100));
        let held = total.clamp(i128::from(bottom) * POINT, i128::from(top) * POINT);
        let mut score = round_half_away(held, POINT) as i64;

        let mut disqualified = None;
        let mut fast_tracks = Vec::new();
        for gate in items(self.document, "gates") {
            if self.condition(&gate["when"], facts, t) != Truth::True {
                continue;
            }
            match gate.get("fast_track") {
                Some(stage) => fast_tracks.push(text(stage).to_owned()),
                None if disqualified.is_none() => {
                    disqualified = Some(text(&gate["name"]).to_owned());
                }
                None => {}
            }
        }
        if disqualified.is_some() {
            score = bottom;
        }
        let bracket = highest(items(self.document, "brackets"), score);
        let grade = self.document.get("grid").map(|grid| {
            mark(items(grid, "fit"), fit) + &mark(items(grid, "engagement"), engagement)
        });
        Card {
            criteria,
            groups: sums,
            total,
            score,
            fit,
            engagement,
            grade,
            bracket,
            disqualified,
            fast_tracks,
        }
    }
}

/// Held to the `limit` of a criterion or a group.
fn limited(of: &Json, amount: i128) -> i128 {
    match of.get("limit") {
        None => amount,
        Some(limit) => {
            amount.clamp(hundredths(&limit[0]) * MILLION, hundredths(&limit[1]) * MILLION)
        }
    }
}

/// The quotient, rounded half away from zero.
fn round_half_away(amount: i128, by: i128) -> i128 {
    let magnitude = (2 * amount.abs() + by) / (2 * by);
    if amount < 0 { -magnitude } else { magnitude }
}

/// The group's dimension; where it names none, fit if all its criteria look at traits only.
fn dimension_of(group: &Json) -> &str {
    match group.get("dimension") {
        Some(dimension) => text(dimension),
        None if items(group, "criteria").iter().any(looks_at_events) => "engagement",
        None => "fit",
    }
}

fn looks_at_events(json: &Json) -> bool {
    let has = |key| json.get(key).is_some();
    let parts = |key| items(json, key).iter().any(looks_at_events);
    let inner = |key| json.get(key).is_some_and(looks_at_events);
    has("event") || has("since") || parts("all") || parts("any") || inner("not") || inner("when")
}

/// The bracket with the highest `from` that the score reaches.
fn highest(brackets: &[Json], score: i64) -> Option<String> {
    let reached = |bracket: &&Json| i128::from(score) * 100 >= hundredths(&bracket["from"]);
    let best = brackets.iter().filter(reached).max_by_key(|bracket| hundredths(&bracket["from"]));
    best.map(|bracket| text(&bracket["name"]).to_owned())
}

/// The mark with the highest threshold that the number reaches; the lowest takes all below too.
fn mark(marks: &[Json], number: i64) -> String {
    let pairs: Vec<(&String, i128)> = marks
        .iter()
        .filter_map(|mark| mark.as_object()?.iter().next())
        .map(|(name, from)| (name, hundredths(from)))
        .collect();
    let reached = pairs.iter().filter(|(_, from)| i128::from(number) * 100 >= *from);
    let best = reached.max_by_key(|(_, from)| *from);
    let best = best.or_else(|| pairs.iter().min_by_key(|(_, from)| *from));
    best.expect("a mark").0.clone()
}

//! A model over the past: what it would have said at each cut-off, against what happened after.
//!
//! At a cut-off only what was known by then exists: the same fold that scores today scores the past,
//! so nothing that happened later can reach it. What no fold can know is whether a trait without a
//! date was filled in later; [`crate::suspects`] looks for the marks that this leaves.

use leads::{Duration, Timestamp};
use scoring::{ALWAYS, Model, Program};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::blocks::{History, LEADS_PER_BLOCK};
use crate::histogram::{Count, Decile, Histogram, Point, Ranking, interval};
use crate::suspects::{Power, powers};
use crate::warnings::{Warning, warnings};

/// What to test against, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// The name of the event that counts as the outcome.
    pub outcome: String,
    /// How long after a cut-off an outcome counts.
    pub horizon: Duration,
    /// The time from one cut-off to the next.
    pub every: Duration,
    /// The first cut-off; where it is not given, a horizon (at least 30 days) after the first event,
    /// at the next midnight UTC.
    pub from: Option<Timestamp>,
    /// No cut-off after this one; none is ever less than a horizon before the last event.
    pub to: Option<Timestamp>,
    /// Whether a lead counts although it had the outcome before, and any outcome of the horizon is a
    /// conversion. Otherwise it is left out from its first outcome on.
    pub again: bool,
}

/// Why a back-test says nothing. `Display` names the remedy.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BacktestError {
    /// The history was gathered without the outcome.
    #[error("the history was gathered without the event ‘{0}’")]
    NotGathered(String),
    /// The outcome never happens.
    #[error("the event ‘{0}’ never happens: name the event that means success, such as deal_won")]
    NeverHappens(String),
    /// A horizon or step of nothing.
    #[error("the horizon and the time between cut-offs must be longer than nothing")]
    NoTime,
    /// The data are shorter than a horizon and the time before it.
    #[error(
        "there is no cut-off: the events run from {first} to {last}, and a cut-off needs {horizon} \
         of them after it and some before it; try a shorter horizon, or an earlier --from"
    )]
    NoCutOff {
        /// The first event.
        first: Timestamp,
        /// The last event.
        last: Timestamp,
        /// The horizon.
        horizon: Duration,
    },
    /// More cut-offs than anybody reads.
    #[error(
        "that makes {0} cut-offs, more than {CUT_OFFS_MAX}: take a longer time between them, or a \
         later --from (is an event dated wrongly?)"
    )]
    TooMany(i64),
}

/// A chart of more than a thousand points in time is noise; 56 years of fortnights still fit.
const CUT_OFFS_MAX: i64 = 1_500;

/// What a model would have said, against what happened.
#[derive(Clone, Debug, Serialize)]
pub struct Backtest {
    /// The model's name.
    pub model: String,
    /// The event that counts as the outcome.
    pub outcome: String,
    /// Whether leads count that had the outcome before.
    pub again: bool,
    /// How long after a cut-off an outcome counts.
    #[serde(serialize_with = "as_text")]
    pub horizon: Duration,
    /// The time from one cut-off to the next.
    #[serde(serialize_with = "as_text")]
    pub every: Duration,
    /// The instants of the first and the last event.
    pub data: (Timestamp, Timestamp),
    /// The model's time zone, in which its dates are best shown.
    pub time_zone: String,
    /// The model's scale.
    pub scale: (i64, i64),
    /// In how many cut-offs at most the same outcome is seen. Above 1, the intervals are widened as
    /// if only every so-manieth lead had been seen.
    pub overlap: f64,
    /// How many different leads are part of some cut-off, and how many of them converted.
    pub different: Count,
    /// All cut-offs together; a lead counts once for each cut-off that it is part of.
    pub pooled: Measures,
    /// By bracket, from the lowest; one without a name holds the leads below all brackets.
    pub brackets: Vec<BracketRow>,
    /// By tenths of the leads, from the highest scores.
    pub deciles: Vec<Decile>,
    /// Rates by score, from the lowest.
    pub calibration: Vec<ScoreRange>,
    /// The ROC curve.
    pub roc: Vec<Point>,
    /// The gain curve.
    pub gain: Vec<Point>,
    /// Cut-off by cut-off.
    pub cut_offs: Vec<CutOff>,
    /// What each criterion alone says about the outcome, from the strongest.
    pub criteria: Vec<Power>,
    /// What should be read with the numbers.
    pub warnings: Vec<Warning>,
}

/// How well scores rank.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Measures {
    /// Leads and conversions.
    #[serde(flatten)]
    pub count: Count,
    /// Conversions per lead.
    pub base_rate: Option<f64>,
    /// How often a lead that converted scored above one that did not: 0.5 is chance, 1 is perfect.
    pub auc: Option<f64>,
    /// The mean precision over all conversions; the base rate is chance.
    pub average_precision: Option<f64>,
    /// The rate in the tenth with the highest scores, as a multiple of the base rate.
    pub top_decile_lift: Option<f64>,
}

/// What became of the leads of a bracket.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct BracketRow {
    /// The bracket; `None`: below all brackets.
    pub bracket: Option<String>,
    /// The lowest score in it.
    pub from: Option<String>,
    /// Leads and conversions.
    #[serde(flatten)]
    pub count: Count,
    /// The bracket's share of all leads.
    pub share: f64,
    /// The bracket's share of all conversions.
    pub captured: f64,
    /// Conversions per lead.
    pub rate: Option<f64>,
    /// Between these the rate would lie in 95 of 100 such histories.
    pub interval: Option<(f64, f64)>,
    /// The rate as a multiple of the base rate.
    pub lift: Option<f64>,
}

/// What became of the leads whose scores lie in a range.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct ScoreRange {
    /// The lowest score in it.
    pub from: i64,
    /// The highest score in it.
    pub to: i64,
    /// The mean score of its leads.
    pub mean: f64,
    /// Leads and conversions.
    #[serde(flatten)]
    pub count: Count,
    /// Conversions per lead.
    pub rate: f64,
    /// Between these the rate would lie in 95 of 100 such histories.
    pub interval: (f64, f64),
}

/// One cut-off.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CutOff {
    /// When.
    pub at: Timestamp,
    /// How many leads are left out because they had the outcome by then.
    pub left_out: u64,
    /// How many leads nobody knew yet.
    pub not_yet_known: u64,
    /// How well the scores of that day ranked.
    #[serde(flatten)]
    pub measures: Measures,
    /// By bracket, in the order of [`Backtest::brackets`].
    pub brackets: Vec<Count>,
}

/// What happens to a lead, as a back-test sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lead<'o> {
    /// From when on anybody knows it, in ms.
    known_from: i64,
    /// When it had the outcome, in ms, in rising order.
    outcomes: &'o [i64],
    /// Whether it counts after its first outcome.
    again: bool,
}

/// When each lead had the outcome.
struct Outcomes {
    /// Of the lead at position `i`: `starts[i]..starts[i + 1]`.
    starts: Vec<usize>,
    /// In ms, in rising order per lead.
    at: Vec<i64>,
}

/// A lead at a cut-off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    NotYetKnown,
    LeftOut,
    Counts { converted: bool },
}

/// Tests a model over a history that was gathered for [`scoring::Needs::with_event`] of the outcome.
pub fn backtest(
    history: &History,
    program: &Program,
    options: &Options,
    threads: usize,
) -> Result<Backtest, BacktestError> {
    let outcomes = history.instants_of(&options.outcome);
    let outcomes = outcomes.ok_or_else(|| BacktestError::NotGathered(options.outcome.clone()))?;
    let outcomes = Outcomes::of(&outcomes, history.roster().len());
    if outcomes.at.is_empty() {
        return Err(BacktestError::NeverHappens(options.outcome.clone()));
    }
    let instants = cut_offs(history.span(), options)?;
    let lead = |lead: usize| Lead {
        known_from: known_from(history, lead),
        outcomes: &outcomes.at[outcomes.starts[lead]..outcomes.starts[lead + 1]],
        again: options.again,
    };
    let horizon = options.horizon.as_millis();
    let memory = || (vec![Seen::default(); instants.len()], Count::default());
    let visit =
        |memory: &mut (Vec<Seen>, Count), position: usize, moments: scoring::Moments<'_>| {
            let (seen, different) = memory;
            let lead = lead(position);
            let (mut counts, mut converts) = (false, false);
            for ((at, score), seen) in instants.iter().zip(moments.scores()).zip(seen) {
                match lead.at(at.as_millis(), horizon) {
                    Standing::NotYetKnown => seen.not_yet_known += 1,
                    Standing::LeftOut => seen.left_out += 1,
                    Standing::Counts { converted } => {
                        seen.scores.add(i64::from(*score), converted);
                        counts = true;
                        converts |= converted;
                    }
                }
            }
            different.add(Count { leads: u64::from(counts), conversions: u64::from(converts) });
        };
    let (mut seen, mut different) = memory();
    for (part, of_part) in history.at_instants(program, &instants, threads, memory, visit) {
        seen.iter_mut().zip(&part).for_each(|(seen, part)| seen.merge(part));
        different.add(of_part);
    }

    let model = program.model();
    let mut pooled = Histogram::default();
    for seen in &seen {
        pooled.merge(&seen.scores);
    }
    let pooled = pooled.ranking();
    let steps = options.horizon.as_millis() as f64 / options.every.as_millis() as f64;
    let overlap = steps.clamp(1.0, instants.len() as f64);
    let rows: Vec<CutOff> = instants
        .iter()
        .zip(&seen)
        .map(|(at, seen)| {
            let ranking = seen.scores.ranking();
            CutOff {
                at: *at,
                left_out: seen.left_out,
                not_yet_known: seen.not_yet_known,
                measures: Measures::of(&ranking),
                brackets: by_bracket(model, &ranking),
            }
        })
        .collect();
    let standing = |position: usize, cut_off: usize| match lead(position)
        .at(instants[cut_off].as_millis(), horizon)
    {
        Standing::Counts { converted } => Some(converted),
        Standing::NotYetKnown | Standing::LeftOut => None,
    };
    let criteria = powers(history, program, &instants, pooled.total(), standing, threads);
    let mut test = Backtest {
        model: model.name.clone(),
        outcome: options.outcome.clone(),
        again: options.again,
        horizon: options.horizon,
        every: options.every,
        data: history.span(),
        time_zone: model.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        scale: (model.scale.bottom, model.scale.top),
        overlap,
        different,
        pooled: Measures::of(&pooled),
        brackets: bracket_rows(model, &pooled, overlap),
        deciles: pooled.deciles(),
        calibration: calibration(model, &pooled, overlap),
        roc: pooled.roc(),
        gain: pooled.gain(),
        cut_offs: rows,
        criteria,
        warnings: Vec::new(),
    };
    test.warnings = warnings(history, &test);
    Ok(test)
}

impl Outcomes {
    fn of(instants: &Instants<'_>, leads: usize) -> Self {
        let mut outcomes = Self { starts: vec![0], at: Vec::new() };
        for lead in 0..leads {
            outcomes.at.extend(instants.of(lead).map(Timestamp::as_millis));
            outcomes.starts.push(outcomes.at.len());
        }
        outcomes
    }
}

impl Lead<'_> {
    /// Facts at the cut-off are known at it; an outcome at it comes too early to be predicted.
    pub(crate) fn at(self, cut_off: i64, horizon: i64) -> Standing {
        let had = self.outcomes.partition_point(|at| *at <= cut_off);
        if had > 0 && !self.again {
            Standing::LeftOut
        } else if self.known_from > cut_off {
            Standing::NotYetKnown
        } else {
            let end = cut_off.saturating_add(horizon);
            Standing::Counts { converted: self.outcomes.get(had).is_some_and(|next| *next <= end) }
        }
    }
}

/// From when on anybody knows the lead: its beginning or its first event, in ms.
fn known_from(history: &History, lead: usize) -> i64 {
    let created_at = history.roster.created_at[lead];
    let first = history.events_of(lead).0.first().copied().unwrap_or(i64::MAX);
    if created_at == ALWAYS { ALWAYS } else { created_at.min(first) }
}

/// What was seen at one cut-off.
#[derive(Clone, Debug, Default)]
struct Seen {
    scores: Histogram<i64>,
    left_out: u64,
    not_yet_known: u64,
}

impl Seen {
    fn merge(&mut self, other: &Self) {
        self.scores.merge(&other.scores);
        self.left_out += other.left_out;
        self.not_yet_known += other.not_yet_known;
    }
}

impl Measures {
    fn of(ranking: &Ranking<i64>) -> Self {
        let count = ranking.total();
        Self {
            count,
            base_rate: count.rate(),
            auc: ranking.auc(),
            average_precision: ranking.average_precision(),
            top_decile_lift: ranking.deciles().first().map(|top| top.lift),
        }
    }
}

/// The cut-offs: from the first in even steps, each with a whole horizon of events after it.
fn cut_offs(
    (first, last): (Timestamp, Timestamp),
    options: &Options,
) -> Result<Vec<Timestamp>, BacktestError> {
    let (horizon, every) = (options.horizon, options.every);
    if horizon == Duration::ZERO || every == Duration::ZERO {
        return Err(BacktestError::NoTime);
    }
    let day = Duration::DAY.as_millis();
    let warm_up = horizon.as_millis().max(30 * day);
    let after = first.as_millis().saturating_add(warm_up);
    let midnight = after.div_euclid(day) * day + if after.rem_euclid(day) == 0 { 0 } else { day };
    let from = options.from.map_or(midnight, Timestamp::as_millis);
    let latest = last.as_millis().saturating_sub(horizon.as_millis());
    let to = options.to.map_or(latest, |to| to.as_millis().min(latest));
    if from > to {
        return Err(BacktestError::NoCutOff { first, last, horizon });
    }
    let steps = (to - from) / every.as_millis();
    if steps >= CUT_OFFS_MAX {
        return Err(BacktestError::TooMany(steps + 1));
    }
    let at = |step: i64| Timestamp::saturating_from_millis(from + step * every.as_millis());
    Ok((0..=steps).map(at).collect())
}

/// The index of a score's bracket, counted from 1; 0 is below all of them.
fn bracket_of(model: &Model, score: i64) -> usize {
    let reached = |from: leads::Points| score.saturating_mul(100) >= from.hundredths();
    model.brackets.iter().rposition(|bracket| reached(bracket.from)).map_or(0, |index| index + 1)
}

/// Counts by bracket, in the order of [`bracket_rows`].
fn by_bracket(model: &Model, ranking: &Ranking<i64>) -> Vec<Count> {
    let mut counts = vec![Count::default(); model.brackets.len() + 1];
    ranking.iter().for_each(|(score, count)| counts[bracket_of(model, score)].add(count));
    if has_below(model) { counts } else { counts.split_off(1) }
}

/// Whether some score on the scale lies below all brackets.
fn has_below(model: &Model) -> bool {
    bracket_of(model, model.scale.bottom) == 0
}

fn bracket_rows(model: &Model, ranking: &Ranking<i64>, overlap: f64) -> Vec<BracketRow> {
    if model.brackets.is_empty() {
        return Vec::new();
    }
    let total = ranking.total();
    let base = total.rate().filter(|rate| *rate > 0.0);
    let share = |part: u64, all: u64| if all == 0 { 0.0 } else { part as f64 / all as f64 };
    let names = std::iter::once(None).chain(model.brackets.iter().map(Some));
    let rows = names.skip(usize::from(!has_below(model))).zip(by_bracket(model, ranking));
    let row = |(bracket, count): (Option<&scoring::model::Bracket>, Count)| BracketRow {
        bracket: bracket.map(|bracket| bracket.name.clone()),
        from: bracket.map(|bracket| bracket.from.to_string()),
        count,
        share: share(count.leads, total.leads),
        captured: share(count.conversions, total.conversions),
        rate: count.rate(),
        interval: interval(count, overlap),
        lift: count.rate().zip(base).map(|(rate, base)| rate / base),
    };
    rows.map(row).collect()
}

/// Twenty ranges are as fine as a few thousand leads can carry.
const RANGES: i64 = 20;

fn calibration(model: &Model, ranking: &Ranking<i64>, overlap: f64) -> Vec<ScoreRange> {
    let (bottom, top) = (model.scale.bottom, model.scale.top);
    let width = ((top - bottom) / RANGES).max(1);
    let mut ranges: Vec<(i64, Count, f64)> = Vec::new();
    for (score, count) in ranking.iter().rev() {
        // The top of the scale belongs to the range below it instead of standing alone.
        let index = ((score - bottom) / width).min((top - bottom - 1) / width);
        let sum = score as f64 * count.leads as f64;
        match ranges.last_mut() {
            Some((last, all, scores)) if *last == index => {
                all.add(count);
                *scores += sum;
            }
            _ => ranges.push((index, count, sum)),
        }
    }
    let range = |(index, count, sum): (i64, Count, f64)| {
        let from = bottom + index * width;
        let last = (top - bottom - 1) / width == index;
        Some(ScoreRange {
            from,
            to: if last { top } else { from + width - 1 },
            mean: sum / count.leads as f64,
            count,
            rate: count.rate()?,
            interval: interval(count, overlap)?,
        })
    };
    ranges.into_iter().filter_map(range).collect()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn as_text<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(duration)
}

impl History {
    /// Instants (ms) and shapes of the events of the lead at a position of the roster.
    pub(crate) fn events_of(&self, lead: usize) -> (&[i64], &[u32]) {
        self.blocks[lead / LEADS_PER_BLOCK].events(lead % LEADS_PER_BLOCK)
    }

    /// The events of one name; `None` where the history was gathered without them.
    pub fn instants_of(&self, event: &str) -> Option<Instants<'_>> {
        let event = self.needs.event(event)?;
        let is_it = self.vocabulary.shapes.iter().map(|shape| shape.event == event).collect();
        Some(Instants { history: self, is_it })
    }
}

/// The events of one name.
#[derive(Clone, Debug)]
pub struct Instants<'h> {
    history: &'h History,
    /// Per shape.
    is_it: Vec<bool>,
}

impl Instants<'_> {
    /// When it happened to the lead at a position of the roster, in rising order.
    pub fn of(&self, lead: usize) -> impl Iterator<Item = Timestamp> {
        let (at, shapes) = self.history.events_of(lead);
        let events = at.iter().zip(shapes).filter(|(_, shape)| self.is_it[**shape as usize]);
        events.map(|(at, _)| Timestamp::saturating_from_millis(*at))
    }

    /// When it first happened to the lead.
    pub fn first(&self, lead: usize) -> Option<Timestamp> {
        self.of(lead).next()
    }
}

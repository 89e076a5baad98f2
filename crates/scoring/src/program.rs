//! A model made ready for scoring: criteria and gates as a flat list of lines over *slots* (one per
//! place where the model looks at events) and *questions* (one per test of a trait).

use std::borrow::Cow;
use std::sync::Arc;

use jiff::tz::TimeZone;
use leads::{Points, Timestamp};

use crate::amount::Amount;
use crate::hot::{Hot, hot_slots};
use crate::model::{
    Band, Condition, CountCap, Counting, Decay, Dimension, EventPattern, GateEffect, Knot, Limit,
    Model, Property, Rule,
};
use crate::sum::units;
use crate::vocabulary::Needs;
use crate::weights::Weights;

/// A model made ready for scoring. Making one is worth keeping: it computes the tables of weights.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) model: Arc<Model>,
    pub(crate) needs: Needs,
    pub(crate) slots: Vec<Slot>,
    pub(crate) questions: Vec<Question>,
    pub(crate) lines: Vec<Line>,
    pub(crate) groups: Vec<GroupRules>,
    /// With at most so many events, a lead's sums are sure to fit 64 bits.
    pub(crate) narrow_events: u64,
    /// Per gate of the model.
    pub(crate) gates: Vec<Clause>,
    /// Per stage of the model, the slot of the event by which sales rejects.
    pub(crate) rejections: Vec<usize>,
    /// What the fold asks of each slot, ...
    pub(crate) hot: Vec<Hot>,
    /// ... and the tables of weights of all slots; equal curves share one.
    pub(crate) weights: Vec<u32>,
}

/// A place where the model looks at events.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) pattern: EventPattern,
    /// Age in ms below which a kept event is counted.
    pub(crate) within: i64,
    /// Age in ms below which a counted event still weighs something (`expires`).
    pub(crate) expires: i64,
    pub(crate) cap: Option<CountCap>,
    pub(crate) weights: Weights,
    /// Whether some property test of the pattern depends on the instant.
    pub(crate) dated: bool,
    /// Whether only the latest event matters.
    pub(crate) latest: bool,
}

impl Slot {
    /// A slot that counts every event of a pattern, at full weight.
    fn of(pattern: EventPattern) -> Self {
        let dated = pattern.properties.iter().any(Property::is_dated);
        let weights = Weights::new(Decay::None);
        let (within, expires, cap, latest) = (FOREVER, FOREVER, None, false);
        Self { pattern, within, expires, cap, weights, dated, latest }
    }

    /// Whether it holds the same as another for every lead at every instant.
    fn counts_as(&self, other: &Self) -> bool {
        self.pattern == other.pattern
            && (self.within, self.cap, self.latest) == (other.within, other.cap, other.latest)
            && self.weights.decay() == other.weights.decay()
    }
}

/// A test of a trait.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// Index into `Needs::traits`.
    pub(crate) column: usize,
    pub(crate) property: Property,
}

/// A condition over slots and questions.
#[derive(Clone, Debug)]
pub(crate) enum Clause {
    Question(usize),
    Event { slot: usize, at_least: u64 },
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

/// A criterion.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) group: usize,
    pub(crate) kind: LineKind,
    /// In units of 1e-8 point.
    pub(crate) limit: Option<(i64, i64)>,
}

/// How the lines of a group are taken together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupRules {
    pub(crate) dimension: Dimension,
    /// In units of 1e-8 point.
    pub(crate) limit: Option<(i64, i64)>,
}

#[derive(Clone, Debug)]
pub(crate) enum LineKind {
    /// Points by truth: true, false, unknown.
    Clause {
        clause: Clause,
        points: Points,
        otherwise: Points,
        unknown: Points,
    },
    Bands {
        column: usize,
        bands: Vec<Band>,
        unknown: Points,
    },
    Events {
        slot: usize,
        points: Points,
    },
    Tiers {
        slot: usize,
        tiers: Vec<Band>,
        by_count: ByCount,
        within: Option<i64>,
    },
    Curve {
        slot: usize,
        curve: Vec<Knot>,
    },
}

/// The units of tiers by the number of events, as far as bounds reach.
#[derive(Clone, Debug)]
pub(crate) struct ByCount {
    /// The last one holds for every greater number.
    units: Vec<i64>,
    /// Tiers that reach further than a table should.
    beyond: Vec<Band>,
}

impl ByCount {
    /// Numbers of events up to this have a place of their own.
    const PLACES: usize = 1024;

    fn new(tiers: &[Band]) -> Self {
        let bounds = tiers.iter().flat_map(|tier| [tier.at_least, tier.below]).flatten();
        let highest = bounds.fold(0.0, f64::max);
        let far = highest >= Self::PLACES as f64;
        let places = if far { Self::PLACES } else { highest as usize + 1 };
        let units = (0..places).map(|count| units(band_points(tiers, count as f64)));
        Self { units: units.collect(), beyond: if far { tiers.to_vec() } else { Vec::new() } }
    }

    /// From which number of events on the units stay the same, less one; `None` where tiers reach
    /// further than the table.
    pub(crate) fn places(&self) -> Option<usize> {
        self.beyond.is_empty().then_some(self.units.len() + 1)
    }

    /// Whether more events never give less, as far as the table goes.
    pub(crate) fn is_rising(&self) -> bool {
        self.units.is_sorted()
    }

    /// The units of a number of events.
    #[inline]
    pub(crate) fn at(&self, count: u64) -> i64 {
        let last = self.units.len() - 1;
        if count > last as u64 && !self.beyond.is_empty() {
            return units(band_points(&self.beyond, count as f64));
        }
        self.units[(count.min(last as u64)) as usize]
    }
}

/// No window: every age is younger.
pub(crate) const FOREVER: i64 = i64::MAX;

impl Program {
    /// Makes a model ready.
    pub fn new(model: impl Into<Arc<Model>>) -> Self {
        Self::with_needs(model, None)
    }

    /// Makes a model ready for facts that were gathered for several models (`needs` must cover it).
    pub fn with_needs(model: impl Into<Arc<Model>>, needs: Option<Needs>) -> Self {
        let model = model.into();
        let needs = needs.unwrap_or_else(|| Needs::of([&*model]));
        Self::with_slots(model, needs, Vec::new())
    }

    /// The same two programs, made ready for facts that were gathered for `needs`, with the same slots in the
    /// same order: where they [count alike](Self::counts_as), what is counted for the one serves the other.
    pub fn paired(programs: (&Self, &Self), needs: &Needs) -> (Self, Self) {
        let with = |program: &Self, slots| {
            Self::with_slots(Arc::clone(&program.model), needs.clone(), slots)
        };
        let second = with(programs.1, programs.0.slots.clone());
        (with(programs.0, second.slots.clone()), second)
    }

    /// Whether what is counted for a lead is the same for both: they look at the same events in the same places,
    /// and by the same clock.
    pub fn counts_as(&self, other: &Self) -> bool {
        self.zone() == other.zone()
            && self.needs == other.needs
            && self.slots.len() == other.slots.len()
            && self.slots.iter().zip(&other.slots).all(|(one, other)| one.counts_as(other))
    }

    /// Uses these slots where they fit, each for one place of the model, and makes those that are missing.
    fn with_slots(model: Arc<Model>, needs: Needs, slots: Vec<Slot>) -> Self {
        let is_free = vec![true; slots.len()];
        let mut builder = Builder { needs: &needs, slots, is_free, questions: Vec::new() };
        let lines = model.criteria().map(|(group, criterion)| Line {
            group,
            kind: builder.rule(&criterion.rule),
            limit: criterion.limit.map(limit_units),
        });
        let lines: Vec<Line> = lines.collect();
        let groups = model.groups.iter().map(|group| GroupRules {
            dimension: group.dimension,
            limit: group.limit.map(limit_units),
        });
        let groups = groups.collect();
        let gates = model.gates.iter().map(|gate| builder.clause(&gate.when)).collect();
        let rejections = model
            .stages
            .iter()
            .map(|stage| {
                let names = vec![stage.rejected_by.clone()];
                builder.slot(Slot::of(EventPattern { names, properties: Vec::new() }))
            })
            .collect();
        let Builder { slots, questions, .. } = builder;
        let narrow_events = narrow_events(&lines);
        let (hot, weights) = hot_slots(&slots);
        Self {
            model,
            needs,
            slots,
            questions,
            lines,
            groups,
            narrow_events,
            gates,
            rejections,
            hot,
            weights,
        }
    }

    /// The program for facts that were gathered for these needs: itself, where it was made for them. Its own
    /// needs must be among them.
    pub fn fitting(&self, needs: &Needs) -> Cow<'_, Self> {
        if self.needs == *needs {
            Cow::Borrowed(self)
        } else {
            Cow::Owned(Self::with_needs(Arc::clone(&self.model), Some(needs.clone())))
        }
    }

    /// The model this was made from.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What the facts must be gathered for.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.model.time_zone
    }

    /// Whether some gate disqualifies.
    pub(crate) fn disqualifying(&self) -> impl Iterator<Item = (usize, &Clause)> {
        let gates = self.model.gates.iter().zip(&self.gates).enumerate();
        gates
            .filter(|(_, (gate, _))| gate.effect == GateEffect::Disqualify)
            .map(|(index, (_, clause))| (index, clause))
    }

    /// The gates that lead straight into stage `stage`.
    pub(crate) fn fast_tracks(&self, stage: usize) -> impl Iterator<Item = (usize, &Clause)> {
        let gates = self.model.gates.iter().zip(&self.gates).enumerate();
        gates
            .filter(move |(_, (gate, _))| gate.effect == GateEffect::FastTrack(stage))
            .map(|(index, (_, clause))| (index, clause))
    }
}

struct Builder<'n> {
    needs: &'n Needs,
    slots: Vec<Slot>,
    /// Of the slots that were there to begin with, whether each still waits for a use.
    is_free: Vec<bool>,
    questions: Vec<Question>,
}

impl Builder<'_> {
    fn rule(&mut self, rule: &Rule) -> LineKind {
        match rule {
            Rule::Condition { when, points, otherwise, unknown } => LineKind::Clause {
                clause: self.clause(when),
                points: *points,
                otherwise: *otherwise,
                unknown: *unknown,
            },
            Rule::Bands { path, bands, unknown } => LineKind::Bands {
                column: self.column(path),
                bands: bands.clone(),
                unknown: *unknown,
            },
            Rule::Events { counting, decay, points } => {
                LineKind::Events { slot: self.counting(counting, *decay), points: *points }
            }
            Rule::Tiers { counting, tiers } => LineKind::Tiers {
                slot: self.counting(counting, Decay::None),
                tiers: tiers.clone(),
                by_count: ByCount::new(tiers),
                within: counting.within.map(leads::Duration::as_millis),
            },
            Rule::Curve { since, curve } => {
                let slot = self.slot(Slot { latest: true, ..Slot::of(since.clone()) });
                LineKind::Curve { slot, curve: curve.clone() }
            }
        }
    }

    fn clause(&mut self, condition: &Condition) -> Clause {
        match condition {
            Condition::Trait(property) => {
                let column = self.column(&property.path);
                self.questions.push(Question { column, property: property.clone() });
                Clause::Question(self.questions.len() - 1)
            }
            Condition::Event(event) => {
                let within = event.within.map_or(FOREVER, leads::Duration::as_millis);
                let slot = self.slot(Slot { within, ..Slot::of(event.pattern.clone()) });
                Clause::Event { slot, at_least: u64::from(event.at_least) }
            }
            Condition::All(parts) => {
                Clause::All(parts.iter().map(|part| self.clause(part)).collect())
            }
            Condition::Any(parts) => {
                Clause::Any(parts.iter().map(|part| self.clause(part)).collect())
            }
            Condition::Not(inner) => Clause::Not(Box::new(self.clause(inner))),
        }
    }

    fn counting(&mut self, counting: &Counting, decay: Decay) -> usize {
        let within = counting.within.map_or(FOREVER, leads::Duration::as_millis);
        let expires = match decay {
            Decay::Expires(length) => length.as_millis(),
            Decay::None | Decay::HalfLife(_) | Decay::Linear(_) | Decay::Step { .. } => FOREVER,
        };
        let (cap, weights) = (counting.cap, Weights::new(decay));
        self.slot(Slot { within, expires, cap, weights, ..Slot::of(counting.pattern.clone()) })
    }

    fn slot(&mut self, slot: Slot) -> usize {
        let fits = |at: &usize| self.is_free[*at] && self.slots[*at].counts_as(&slot);
        if let Some(at) = (0..self.is_free.len()).find(fits) {
            self.is_free[at] = false;
            return at;
        }
        self.slots.push(slot);
        self.slots.len() - 1
    }

    fn column(&self, path: &str) -> usize {
        // `Needs` was gathered from this very model.
        self.needs.traits.iter().position(|known| known == path).unwrap_or_default()
    }
}

fn limit_units(limit: Limit) -> (i64, i64) {
    (units(limit.low), units(limit.high))
}

/// A quarter of the range, less what every line that does not count events can give (1e14 units),
/// shared out among the points that one event can give in all lines together.
fn narrow_events(lines: &[Line]) -> u64 {
    let per_event = |line: &Line| match &line.kind {
        LineKind::Events { points, .. } => units(*points).unsigned_abs(),
        LineKind::Clause { .. }
        | LineKind::Bands { .. }
        | LineKind::Tiers { .. }
        | LineKind::Curve { .. } => 0,
    };
    let per_event: u64 = lines.iter().map(per_event).sum();
    let room = (i64::MAX as u64 / 4).saturating_sub(lines.len() as u64 * 100_000_000_000_000);
    room / per_event.max(1)
}

impl Band {
    /// Whether the number lies in the band.
    pub(crate) fn takes(&self, number: f64) -> bool {
        self.at_least.is_none_or(|low| number >= low) && self.below.is_none_or(|high| number < high)
    }
}

/// The points of the first band that takes the number.
pub(crate) fn band_points(bands: &[Band], number: f64) -> Points {
    bands.iter().find(|band| band.takes(number)).map_or(Points::ZERO, |band| band.points)
}

/// The amount of a curve, `age` after an event at `since`, at the instant `at`.
pub(crate) fn curve_amount(
    curve: &[Knot],
    since: Timestamp,
    at: Timestamp,
    zone: &TimeZone,
) -> Amount {
    let hours = |until: Timestamp| (until.as_millis() - since.as_millis()) / 3_600_000;
    let age = hours(at);
    let mut before: Option<(i64, Points)> = None;
    for knot in curve {
        let knot_at = hours(knot_instant(knot, since, zone));
        if age < knot_at {
            return match before {
                None => knot.points.into(),
                Some(from) => interpolated(from, (knot_at, knot.points), age),
            };
        }
        before = Some((knot_at, knot.points));
    }
    before.map_or(Amount::ZERO, |(_, points)| points.into())
}

/// The instant of a knot after an event at `since`.
pub(crate) fn knot_instant(knot: &Knot, since: Timestamp, zone: &TimeZone) -> Timestamp {
    match knot.at {
        leads::CalendarDuration::Fixed(length) => since.saturating_add(length),
        leads::CalendarDuration::Months(months) => crate::calendar::add_months(since, months, zone),
    }
}

/// On the line from one knot to the next, rounded half away from zero to a unit.
fn interpolated(from: (i64, Points), to: (i64, Points), age: i64) -> Amount {
    let (low, high) = (Amount::from(from.1).units(), Amount::from(to.1).units());
    let (done, whole) = (i128::from(age - from.0), i128::from(to.0 - from.0));
    let exact = low * whole + (high - low) * done;
    let half = if exact < 0 { -whole } else { whole };
    Amount::from_units((2 * exact + half) / (2 * whole))
}

//! A program bound to the words of a history: every condition answered once per distinct value and
//! shape, so that scoring a lead is looking up and adding.

use leads::{Points, Timestamp, Value};

use crate::calendar::{Calendar, Uses};
use crate::hot::Hot;
use crate::model::{Band, Model, Property};
use crate::program::{Clause, Line, LineKind, Program};
use crate::standing::Asked;
use crate::sum::units;
use crate::swift::Swift;
use crate::test::{Viewpoint, number_of};
use crate::truth::{Truth, Truths};
use crate::vocabulary::{Shape, Vocabulary};

/// A program bound to a vocabulary and to a stretch of time.
#[derive(Clone, Debug)]
pub struct Bound<'p> {
    pub(crate) program: &'p Program,
    pub(crate) calendar: Calendar,
    /// Per question and value of its column.
    answers: Vec<Answers>,
    /// Per line that looks at one trait only: its column and the units of each value.
    pub(crate) by_value: Vec<Option<(usize, Vec<i64>)>>,
    /// The same lines, taken together by group and column: the units of each value, held to the
    /// limits of the lines.
    pub(crate) by_column: Vec<ByColumn>,
    /// All other lines.
    pub(crate) other_lines: Vec<usize>,
    /// Those of the other lines that ask several traits and nothing else.
    pub(crate) asked: Vec<Asked>,
    /// Those that weigh events.
    pub(crate) weighing: Vec<Weighing>,
    /// What is left of them.
    pub(crate) remaining: Vec<usize>,
    /// Slots of shape `s`: `slots[starts[s]..starts[s + 1]]`.
    starts: Vec<u32>,
    slots: Vec<u16>,
    /// What the fold asks of each slot.
    pub(crate) hot: &'p [Hot],
    /// What a swifter fold needs, where the model allows it.
    pub(crate) swift: Option<Swift>,
    /// The tables of weights of all slots; equal curves share one.
    pub(crate) weights: &'p [u32],
    /// Which calendar periods some slot counts in.
    pub(crate) uses: Uses,
    /// Per slot with a dated pattern, per shape: when it matches. Empty for the others.
    dated_slots: Vec<Vec<Answer>>,
    pub(crate) has_dated_slots: bool,
    /// Whether numbers only fall while nothing happens.
    pub(crate) fades: bool,
    /// Whether time changes numbers only as something becomes a whole hour older.
    pub(crate) hourly: bool,
}

/// What the values of a trait give in a group.
#[derive(Clone, Debug)]
pub(crate) struct ByColumn {
    pub(crate) group: usize,
    pub(crate) column: usize,
    /// Few lines look at one trait: their sum is some 1e15 units.
    pub(crate) units: Vec<i64>,
}

/// A line that gives points for events, with all that summing asks of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weighing {
    pub(crate) slot: usize,
    pub(crate) group: usize,
    pub(crate) points: Points,
    pub(crate) limit: Option<(i64, i64)>,
}

/// Answers to a question by value.
#[derive(Clone, Debug)]
enum Answers {
    /// They never change.
    Fixed(Vec<Truth>),
    /// They change with time.
    Dated(Vec<Answer>),
}

/// An answer that changes with time: the truth from each instant (ms) on.
#[derive(Clone, Debug)]
struct Answer(Vec<(i64, Truth)>);

impl Program {
    /// Binds the program to the words of some facts whose events lie between two instants.
    pub fn bind(&self, vocabulary: &Vocabulary, first: Timestamp, last: Timestamp) -> Bound<'_> {
        let view = Viewpoint { at: first, zone: self.zone() };
        let answers: Vec<Answers> = self
            .questions
            .iter()
            .map(|question| {
                let values = vocabulary.traits[question.column].iter().map(Option::as_ref);
                if question.property.is_dated() {
                    Answers::Dated(
                        values.map(|value| self.answer(&question.property, value)).collect(),
                    )
                } else {
                    Answers::Fixed(
                        values.map(|value| question.property.passes(value, view)).collect(),
                    )
                }
            })
            .collect();
        let by_value =
            self.lines.iter().map(|line| by_value(&line.kind, &answers, self, vocabulary));
        let by_value: Vec<_> = by_value.collect();
        let (starts, slots) = self.slots_by_shape(&vocabulary.shapes, view);
        let dated_slots: Vec<Vec<Answer>> = self
            .slots
            .iter()
            .map(|slot| {
                let shapes = vocabulary.shapes.iter().filter(|_| slot.dated);
                shapes.map(|shape| self.shape_answer(&slot.pattern.properties, shape)).collect()
            })
            .collect();
        let calendar = Calendar::new(self.zone(), first, last);
        let has_dated_slots = self.slots.iter().any(|slot| slot.dated);
        let by_shape: Vec<&[u16]> =
            starts.windows(2).map(|pair| &slots[pair[0] as usize..pair[1] as usize]).collect();
        let swift = Swift::new(&by_shape, &self.hot, calendar.returns(), has_dated_slots);
        let other_lines = (0..self.lines.len()).filter(|line| by_value[*line].is_none());
        let mut bound = Bound {
            program: self,
            calendar,
            has_dated_slots,
            swift,
            uses: Uses::of(self.hot.iter().map(|hot| hot.per)),
            hot: &self.hot,
            weights: &self.weights,
            answers,
            by_column: by_column(&self.lines, &by_value),
            other_lines: other_lines.collect(),
            by_value,
            asked: Vec::new(),
            weighing: Vec::new(),
            remaining: Vec::new(),
            starts,
            slots,
            dated_slots,
            fades: false,
            hourly: false,
        };
        bound.sort_other_lines();
        bound.fades = bound.is_fading();
        bound.hourly = bound.goes_by_the_hour();
        bound
    }

    fn slots_by_shape(&self, shapes: &[Shape], view: Viewpoint<'_>) -> (Vec<u32>, Vec<u16>) {
        // Which slots know the event's name at all is settled once per name.
        let knows = |name: &String| {
            let slots = self.slots.iter().enumerate();
            let known = slots.filter(|(_, slot)| slot.pattern.names.contains(name));
            known.map(|(index, _)| index as u16).collect::<Vec<u16>>()
        };
        let by_name: Vec<Vec<u16>> =
            self.needs.events.iter().map(|(name, _)| knows(name)).collect();
        let mut starts = Vec::with_capacity(shapes.len() + 1);
        let mut slots = Vec::new();
        for shape in shapes {
            starts.push(slots.len() as u32);
            slots.extend(by_name[shape.event].iter().filter(|index| {
                let slot = &self.slots[usize::from(**index)];
                slot.dated || self.matches(&slot.pattern.properties, shape, view)
            }));
        }
        starts.push(slots.len() as u32);
        (starts, slots)
    }

    fn matches(&self, tests: &[Property], shape: &Shape, view: Viewpoint<'_>) -> bool {
        tests.iter().all(|test| test.passes(self.property(shape, &test.path), view) == Truth::True)
    }

    fn property<'s>(&self, shape: &'s Shape, path: &str) -> Option<&'s Value> {
        let indices = &self.needs.events[shape.event].1;
        let position = indices.iter().position(|index| self.needs.properties[*index] == path)?;
        shape.properties[position].as_ref()
    }

    fn answer(&self, property: &Property, value: Option<&Value>) -> Answer {
        let mut turns = vec![];
        if let Some(value) = value {
            property.turning_points(value, self.zone(), &mut turns);
        }
        self.over_time(turns, |view| property.passes(value, view))
    }

    fn shape_answer(&self, tests: &[Property], shape: &Shape) -> Answer {
        let mut turns = vec![];
        for test in tests {
            if let Some(value) = self.property(shape, &test.path) {
                test.turning_points(value, self.zone(), &mut turns);
            }
        }
        self.over_time(turns, |view| Truth::from(self.matches(tests, shape, view)))
    }

    fn over_time(
        &self,
        mut turns: Vec<Timestamp>,
        answer: impl Fn(Viewpoint<'_>) -> Truth,
    ) -> Answer {
        turns.push(Timestamp::MIN);
        turns.sort_unstable();
        turns.dedup();
        let truth = |at: Timestamp| answer(Viewpoint { at, zone: self.zone() });
        Answer(turns.into_iter().map(|at| (at.as_millis(), truth(at))).collect())
    }
}

impl Answer {
    fn at(&self, at: i64) -> Truth {
        let index = self.0.partition_point(|(from, _)| *from <= at).max(1) - 1;
        self.0[index].1
    }

    fn between(&self, first: i64, last: i64) -> Truths {
        let inside = self.0.iter().filter(|(from, _)| first < *from && *from <= last);
        inside.fold(Truths::one(self.at(first)), |set, (_, truth)| set.with(*truth))
    }
}

impl Bound<'_> {
    /// Tells the other lines apart by what they look at.
    fn sort_other_lines(&mut self) {
        for index in self.other_lines.clone() {
            let line = &self.program.lines[index];
            match &line.kind {
                LineKind::Events { slot, points } => self.weighing.push(Weighing {
                    slot: *slot,
                    group: line.group,
                    points: *points,
                    limit: line.limit,
                }),
                LineKind::Clause { clause, .. } if self.is_steady(clause) => {
                    self.asked.extend(Asked::new(index, line));
                }
                _ => self.remaining.push(index),
            }
        }
    }

    /// The model this was made from.
    pub fn model(&self) -> &Model {
        &self.program.model
    }

    /// Whether a condition can change only where the profile does: it looks at no event and no date.
    pub(crate) fn is_steady(&self, clause: &Clause) -> bool {
        self.asks_no_date(clause, |_| false)
    }

    /// Whether a condition looks at no date, and at no events but those of `fine` slots.
    pub(crate) fn asks_no_date(
        &self,
        clause: &Clause,
        fine: impl Fn(usize) -> bool + Copy,
    ) -> bool {
        match clause {
            Clause::Question(question) => matches!(self.answers[*question], Answers::Fixed(_)),
            Clause::Event { slot, .. } => fine(*slot),
            Clause::All(parts) | Clause::Any(parts) => {
                parts.iter().all(|part| self.asks_no_date(part, fine))
            }
            Clause::Not(inner) => self.asks_no_date(inner, fine),
        }
    }

    /// How many shapes there are.
    pub(crate) fn shapes(&self) -> usize {
        self.starts.len() - 1
    }

    /// The slots that an event of this shape counts in. Where `has_dated_slots`, ask
    /// [`Self::matches_at`] as well.
    #[inline]
    pub(crate) fn slots_of(&self, shape: u32) -> &[u16] {
        let shape = shape as usize;
        &self.slots[self.starts[shape] as usize..self.starts[shape + 1] as usize]
    }

    /// The slots that may match each shape.
    pub(crate) fn slots_of_shapes(&self) -> impl Iterator<Item = &[u16]> {
        (0..self.starts.len() as u32 - 1).map(|shape| self.slots_of(shape))
    }

    /// Whether the shape matches the slot at an instant (only asked of slots it may match).
    pub(crate) fn matches_at(&self, slot: usize, shape: u32, at: i64) -> Truth {
        self.dated_slots[slot].get(shape as usize).map_or(Truth::True, |answer| answer.at(at))
    }

    /// What the shape answers to the slot between two instants.
    pub(crate) fn matches_between(&self, slot: usize, shape: u32, first: i64, last: i64) -> Truths {
        let dated = self.dated_slots[slot].get(shape as usize);
        dated.map_or(Truths::one(Truth::True), |answer| answer.between(first, last))
    }

    /// How many values the column of a question has.
    pub(crate) fn values_of(&self, question: usize) -> usize {
        match &self.answers[question] {
            Answers::Fixed(truths) => truths.len(),
            Answers::Dated(answers) => answers.len(),
        }
    }

    /// The answer of a value to a question at an instant.
    pub(crate) fn answer(&self, question: usize, value: u32, at: i64) -> Truth {
        match &self.answers[question] {
            Answers::Fixed(truths) => truths[value as usize],
            Answers::Dated(answers) => answers[value as usize].at(at),
        }
    }

    /// The answers to a question that never change, by value; none where they do.
    pub(crate) fn fixed_answers(&self, question: usize) -> &[Truth] {
        match &self.answers[question] {
            Answers::Fixed(truths) => truths,
            Answers::Dated(_) => &[],
        }
    }

    /// The answers of a value to a question between two instants.
    pub(crate) fn answers(&self, question: usize, value: u32, first: i64, last: i64) -> Truths {
        match &self.answers[question] {
            Answers::Fixed(truths) => Truths::one(truths[value as usize]),
            Answers::Dated(answers) => answers[value as usize].between(first, last),
        }
    }
}

/// The units that each value of a trait gives, for lines that look at one trait and nothing else.
fn by_value(
    kind: &LineKind,
    answers: &[Answers],
    program: &Program,
    vocabulary: &Vocabulary,
) -> Option<(usize, Vec<i64>)> {
    match kind {
        LineKind::Clause { clause: Clause::Question(question), points, otherwise, unknown } => {
            let Answers::Fixed(truths) = &answers[*question] else { return None };
            let given = |truth: &Truth| match truth {
                Truth::True => units(*points),
                Truth::False => units(*otherwise),
                Truth::Unknown => units(*unknown),
            };
            let column = program.questions[*question].column;
            Some((column, truths.iter().map(given).collect()))
        }
        LineKind::Bands { column, bands, unknown } => {
            let given = |value: &Option<Value>| band_value(bands, *unknown, value.as_ref());
            let values = vocabulary.traits[*column].iter();
            Some((*column, values.map(given).map(units).collect()))
        }
        LineKind::Clause { .. }
        | LineKind::Events { .. }
        | LineKind::Tiers { .. }
        | LineKind::Curve { .. } => None,
    }
}

/// Lines by value, taken together by group and column.
fn by_column(lines: &[Line], by_value: &[Option<(usize, Vec<i64>)>]) -> Vec<ByColumn> {
    let mut together: Vec<ByColumn> = Vec::new();
    for (line, (column, units)) in
        lines.iter().zip(by_value).filter_map(|(line, by)| Some((line, by.as_ref()?)))
    {
        let held = units.iter().map(|units| line.held(*units));
        let same = |known: &&mut ByColumn| known.group == line.group && known.column == *column;
        match together.iter_mut().find(same) {
            Some(known) => known.units.iter_mut().zip(held).for_each(|(sum, units)| *sum += units),
            None => together.push(ByColumn {
                group: line.group,
                column: *column,
                units: held.collect(),
            }),
        }
    }
    together
}

/// The points of a value in bands: of a list, the first band that takes one of its numbers counts.
fn band_value(bands: &[Band], unknown: Points, value: Option<&Value>) -> Points {
    let elements = value.map(Value::elements).unwrap_or_default();
    let numbers: Vec<f64> = elements.iter().filter_map(number_of).collect();
    if numbers.is_empty() {
        return unknown;
    }
    let band = bands.iter().find(|band| numbers.iter().any(|number| band.takes(*number)));
    band.map_or(Points::ZERO, |band| band.points)
}

//! Lines that change only where the profile does: answered by looking up values of traits.

use std::collections::HashMap;

use leads::Timestamp;

use crate::bound::Bound;
use crate::fold::{LeadView, Profile};
use crate::program::{Clause, Line, LineKind};
use crate::sum::units;
use crate::truth::Truth;

/// The lines of a group that look at no event and no date. Amounts are in grains.
#[derive(Debug, Default)]
pub(crate) struct Steady {
    /// Lines by what the values of their columns answer.
    combined: Vec<Combined>,
    /// What the values of a column give, where they are few, or give too many different things.
    by_column: Vec<(usize, Vec<i64>)>,
    /// Lines with more combinations than a table should hold.
    lines: Vec<usize>,
    /// What they all give where no column has a value: what a lead gives before it is known.
    pub(crate) blank: i64,
}

/// A line over some columns, by what the values of each answer. A column may have tens of thousands
/// of values, which answer few things: a byte for each stays in a core's own caches.
#[derive(Debug)]
struct Combined {
    /// Per column the place of each value; the sum of the places is one in `grains`.
    columns: Vec<(usize, Vec<u8>)>,
    grains: Vec<i64>,
}

/// More combinations of answers than this are not kept in a table.
const COMBINATIONS_MAX: usize = 256;

impl Steady {
    pub(crate) fn new(bound: &Bound<'_>, group: usize, grain: i64) -> Self {
        let mut steady = Self::default();
        for by in bound.by_column.iter().filter(|by| by.group == group) {
            let grains: Vec<i64> = by.units.iter().map(|units| units / grain).collect();
            let few = grains.len() <= COMBINATIONS_MAX;
            match Combined::of_column(by.column, &grains).filter(|_| !few) {
                Some(combined) => steady.combined.push(combined),
                None => steady.by_column.push((by.column, grains)),
            }
        }
        steady.blank = steady.of_values(|_| 0);
        steady
    }

    /// Takes a line with such a condition.
    pub(crate) fn take(&mut self, bound: &Bound<'_>, index: usize, clause: &Clause, grain: i64) {
        match Combined::new(bound, index, clause, grain) {
            Some(combined) => self.combined.push(combined),
            None => self.lines.push(index),
        }
        let mut questions = Vec::new();
        clause.questions(&mut questions);
        let answers =
            questions.into_iter().map(|question| (question, bound.answer(question, 0, 0)));
        let line = &bound.program.lines[index];
        self.blank += given(line, clause, &answers.collect(), grain).unwrap_or_default();
    }

    /// What all lines but the last kind give for these values of columns.
    #[inline]
    fn of_values(&self, value: impl Fn(usize) -> u32) -> i64 {
        let by_column =
            self.by_column.iter().map(|(column, grains)| grains[value(*column) as usize]);
        let combined = self.combined.iter().map(|line| {
            let columns = line.columns.iter();
            let places = columns.map(|(column, places)| places[value(*column) as usize]);
            line.grains[places.map(usize::from).sum::<usize>()]
        });
        by_column.sum::<i64>() + combined.sum::<i64>()
    }

    /// What the lines give a lead at an instant, and until its profile changes.
    #[inline]
    pub(crate) fn at<P: Profile>(
        &self,
        bound: &Bound<'_>,
        lead: &LeadView<'_, P>,
        at: Timestamp,
        grain: i64,
    ) -> i64 {
        if lead.profile.is_blank(at.as_millis()) {
            return self.blank;
        }
        let mut sum = self.of_values(|column| lead.profile.value(column, at.as_millis()));
        for index in &self.lines {
            let line = &bound.program.lines[*index];
            let units: i64 = line.held(bound.before_limit(*index, line, lead, at, &[]));
            sum += units / grain;
        }
        sum
    }
}

impl Combined {
    /// What the values of one column give.
    fn of_column(column: usize, by_value: &[i64]) -> Option<Self> {
        let mut grains = Vec::new();
        let places = by_value.iter().map(|given| {
            let place = grains.iter().position(|known| known == given).unwrap_or_else(|| {
                grains.push(*given);
                grains.len() - 1
            });
            (place < COMBINATIONS_MAX).then_some(place as u8)
        });
        Some(Self { columns: vec![(column, places.collect::<Option<_>>()?)], grains })
    }

    fn new(bound: &Bound<'_>, index: usize, clause: &Clause, grain: i64) -> Option<Self> {
        let line = &bound.program.lines[index];
        let mut questions = Vec::new();
        clause.questions(&mut questions);
        let column_of = |question: usize| bound.program.questions[question].column;
        let mut columns: Vec<(usize, Vec<u8>)> = Vec::new();
        // Per combination of answers so far, the answer to each question.
        let mut combinations = vec![HashMap::new()];
        while let Some(column) = questions.first().map(|question| column_of(*question)) {
            let (of_column, others): (Vec<usize>, Vec<usize>) =
                questions.into_iter().partition(|question| column_of(*question) == column);
            questions = others;
            let mut kinds: Vec<Vec<Truth>> = Vec::new();
            let mut places = Vec::new();
            for value in 0..bound.values_of(of_column[0]) {
                let answer = |question: &usize| bound.answer(*question, value as u32, 0);
                let answers: Vec<Truth> = of_column.iter().map(answer).collect();
                let kind = kinds.iter().position(|known| *known == answers).unwrap_or_else(|| {
                    kinds.push(answers);
                    kinds.len() - 1
                });
                if kinds.len() * combinations.len() > COMBINATIONS_MAX {
                    return None;
                }
                places.push((kind * combinations.len()) as u8);
            }
            columns.push((column, places));
            let with = |kind: &Vec<Truth>, before: &HashMap<usize, Truth>| {
                let answers = of_column.iter().copied().zip(kind.iter().copied());
                before.iter().map(|(question, truth)| (*question, *truth)).chain(answers).collect()
            };
            combinations = kinds
                .iter()
                .flat_map(|kind| combinations.iter().map(|before| with(kind, before)))
                .collect();
        }
        let grains = combinations.iter().map(|answers| given(line, clause, answers, grain));
        Some(Self { columns, grains: grains.collect::<Option<_>>()? })
    }
}

/// What a line with such a condition gives, given the answers to all its questions.
fn given(line: &Line, clause: &Clause, answers: &HashMap<usize, Truth>, grain: i64) -> Option<i64> {
    let LineKind::Clause { points, otherwise, unknown, .. } = &line.kind else { return None };
    let points = match clause.answered(answers) {
        Truth::True => points,
        Truth::False => otherwise,
        Truth::Unknown => unknown,
    };
    Some(line.held(units(*points)) / grain)
}

impl Clause {
    /// The questions it asks, each once.
    fn questions(&self, questions: &mut Vec<usize>) {
        match self {
            Self::Question(question) if questions.contains(question) => {}
            Self::Question(question) => questions.push(*question),
            Self::Event { .. } => {}
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.questions(questions));
            }
            Self::Not(inner) => inner.questions(questions),
        }
    }

    /// Its truth, given the answers to all its questions; of events it asks nothing.
    fn answered(&self, answers: &HashMap<usize, Truth>) -> Truth {
        match self {
            Self::Question(question) => answers[question],
            Self::Event { .. } => Truth::False,
            Self::All(parts) => {
                parts.iter().map(|part| part.answered(answers)).fold(Truth::True, Truth::and)
            }
            Self::Any(parts) => {
                parts.iter().map(|part| part.answered(answers)).fold(Truth::False, Truth::or)
            }
            Self::Not(inner) => !inner.answered(answers),
        }
    }
}

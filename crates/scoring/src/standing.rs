//! What traits alone give, column by column for a stretch of leads: reading one column after the
//! other takes a few instructions for each lead, asking one lead after the other takes dozens.

use crate::bound::Bound;
use crate::program::{Clause, Line, LineKind};
use crate::sum::units;
use crate::truth::Truth;

/// The traits of a stretch of leads, for each of which a value has held since before the instant of
/// the score.
pub trait Columns {
    /// How many leads there are.
    fn leads(&self) -> usize;

    /// Their values of a column, by number.
    fn codes(&self, column: usize) -> Codes<'_>;
}

/// A column of numbers, as narrow as it was kept.
#[derive(Clone, Copy, Debug)]
pub enum Codes<'a> {
    /// Of up to 256 values.
    Bytes(&'a [u8]),
    /// Of up to 65,536 values.
    Shorts(&'a [u16]),
    /// Of any number of values.
    Words(&'a [u32]),
}

/// What the traits of a stretch of leads give; its memory serves again.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    groups: usize,
    /// Units of group `g` for lead `l`: `units[l * groups + g]`.
    units: Vec<i64>,
}

/// A line that asks several traits: what it gives by truth, held to its limit.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Index into the program's lines.
    pub(crate) line: usize,
    group: usize,
    units: [i64; 3],
}

impl Asked {
    pub(crate) fn new(index: usize, line: &Line) -> Option<Self> {
        let LineKind::Clause { points, otherwise, unknown, .. } = &line.kind else { return None };
        let mut by_truth = [0; 3];
        for (truth, points) in
            [(Truth::True, points), (Truth::False, otherwise), (Truth::Unknown, unknown)]
        {
            by_truth[truth as usize] = line.held(units(*points));
        }
        Some(Self { line: index, group: line.group, units: by_truth })
    }
}

impl Standing {
    /// The units that traits give a lead, by group.
    #[inline]
    pub(crate) fn of(&self, lead: usize) -> &[i64] {
        &self.units[lead * self.groups..(lead + 1) * self.groups]
    }
}

impl Bound<'_> {
    /// Reckons what the traits of a stretch of leads give.
    pub fn stand(&self, columns: &impl Columns, standing: &mut Standing) {
        standing.groups = self.program.groups.len();
        standing.units.clear();
        standing.units.resize(columns.leads() * standing.groups, 0);
        for by in &self.by_column {
            let given = standing.units.iter_mut().skip(by.group).step_by(standing.groups);
            columns.codes(by.column).visit(given, |sum, value| *sum += by.units[value]);
        }
        for asked in &self.asked {
            let LineKind::Clause { clause, .. } = &self.program.lines[asked.line].kind else {
                continue;
            };
            let given = standing.units.iter_mut().skip(asked.group).step_by(standing.groups);
            let truths = self.truths(clause, columns);
            given.zip(truths).for_each(|(sum, truth)| *sum += asked.units[truth as usize]);
        }
    }

    /// What each lead answers to a condition of traits.
    fn truths(&self, clause: &Clause, columns: &impl Columns) -> Vec<Truth> {
        match clause {
            Clause::Question(question) => {
                let answers = self.fixed_answers(*question);
                let mut truths = vec![Truth::Unknown; columns.leads()];
                let column = self.program.questions[*question].column;
                columns
                    .codes(column)
                    .visit(truths.iter_mut(), |truth, value| *truth = answers[value]);
                truths
            }
            Clause::All(parts) => self.together(parts, columns, Truth::True, Truth::and),
            Clause::Any(parts) => self.together(parts, columns, Truth::False, Truth::or),
            Clause::Not(inner) => {
                self.truths(inner, columns).into_iter().map(|truth| !truth).collect()
            }
            // No condition of traits holds one.
            Clause::Event { .. } => vec![Truth::False; columns.leads()],
        }
    }

    fn together(
        &self,
        parts: &[Clause],
        columns: &impl Columns,
        neutral: Truth,
        combine: fn(Truth, Truth) -> Truth,
    ) -> Vec<Truth> {
        let mut all = vec![neutral; columns.leads()];
        for part in parts {
            let truths = self.truths(part, columns);
            all.iter_mut().zip(truths).for_each(|(all, truth)| *all = combine(*all, truth));
        }
        all
    }
}

impl Codes<'_> {
    /// Visits what belongs to each lead, and the lead's value.
    #[inline]
    fn visit<T>(self, each: impl Iterator<Item = T>, mut visit: impl FnMut(T, usize)) {
        match self {
            Self::Bytes(codes) => {
                each.zip(codes).for_each(|(of, code)| visit(of, usize::from(*code)));
            }
            Self::Shorts(codes) => {
                each.zip(codes).for_each(|(of, code)| visit(of, usize::from(*code)));
            }
            Self::Words(codes) => each.zip(codes).for_each(|(of, code)| visit(of, *code as usize)),
        }
    }
}

//! What comes out: rows of scores as CSV, NDJSON, Parquet or a table, and cards to read.

pub(crate) mod card;
pub(crate) mod csv;
pub(crate) mod grid;
pub(crate) mod ndjson;
pub(crate) mod parquet;
pub(crate) mod spark;
pub(crate) mod table;
mod target;
pub(crate) mod waterfall;
pub(crate) mod when;

use history::{LeadId, Roster, Scored, Scores};
use scoring::Model;

pub(crate) use self::target::{Target, ending, unknown_ending};

/// The columns of scores, in every format.
pub(crate) const COLUMNS: [&str; 8] =
    ["lead", "score", "fit", "engagement", "grade", "bracket", "stage", "disqualified"];

/// Everyone's scores, or the best of them, with the names of the model.
#[derive(Debug)]
pub(crate) struct Ranking<'a> {
    pub(crate) model: &'a Model,
    pub(crate) roster: &'a Roster,
    pub(crate) scores: &'a Scores,
    /// Positions in the roster, in the order of printing; `None`: all, in the order of the roster.
    pub(crate) order: Option<Vec<u32>>,
}

impl Ranking<'_> {
    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.order.as_ref().map_or(self.roster.len(), Vec::len)
    }

    /// The positions in the order of printing.
    pub(crate) fn positions(&self) -> impl Iterator<Item = usize> {
        let all = if self.order.is_some() { 0 } else { self.roster.len() };
        let some = self.order.iter().flatten().map(|at| *at as usize);
        (0..all).chain(some)
    }

    /// The position of the row at a place in the order of printing.
    pub(crate) fn position(&self, place: usize) -> usize {
        self.order.as_ref().map_or(place, |order| order[place] as usize)
    }

    /// The rows in the order of printing.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (LeadId<'_>, Scored)> {
        self.positions().map(|at| (self.roster.id(at), self.scores.get(at)))
    }
}

/// The best leads first; of equal scores the one that the file names first. At most `top`.
pub(crate) fn best_first(scores: &Scores, top: usize) -> Vec<u32> {
    let mut order: Vec<(i64, u32)> =
        scores.iter().zip(0..).map(|(scored, at)| (-scored.score.score, at)).collect();
    if top < order.len() {
        if top == 0 {
            return Vec::new();
        }
        order.select_nth_unstable(top - 1);
        order.truncate(top);
    }
    order.sort_unstable();
    order.into_iter().map(|(_, at)| at).collect()
}

/// The names that scores refer to by number, each made ready by `prepare` for being written.
#[derive(Debug)]
pub(crate) struct Names<T> {
    grades: Vec<T>,
    numbers: usize,
    brackets: Vec<T>,
    stages: Vec<T>,
    gates: Vec<T>,
}

impl<T> Names<T> {
    pub(crate) fn new(model: &Model, prepare: impl Fn(&str) -> T) -> Self {
        let mut grades = Vec::new();
        let mut numbers = 0;
        if let Some(grid) = &model.grid {
            numbers = grid.engagement.len();
            for letter in &grid.fit {
                let of_letter =
                    |number: &scoring::model::Bracket| format!("{}{}", letter.name, number.name);
                grades.extend(grid.engagement.iter().map(|number| prepare(&of_letter(number))));
            }
        }
        Self {
            grades,
            numbers,
            brackets: model.brackets.iter().map(|bracket| prepare(&bracket.name)).collect(),
            stages: model.stages.iter().map(|stage| prepare(&stage.name)).collect(),
            gates: model.gates.iter().map(|gate| prepare(&gate.name)).collect(),
        }
    }

    /// How many names each of the four text columns can have, in the order of [`COLUMNS`].
    pub(crate) fn columns(&self) -> [&[T]; 4] {
        [&self.grades, &self.brackets, &self.stages, &self.gates]
    }

    /// Which names a lead has, as indices into [`Self::columns`].
    #[inline]
    pub(crate) fn indices(&self, scored: Scored) -> [Option<usize>; 4] {
        let grade = scored.score.grade;
        [
            grade.map(|(letter, number)| usize::from(letter) * self.numbers + usize::from(number)),
            scored.score.bracket.map(usize::from),
            scored.stage.map(usize::from),
            scored.score.disqualified.map(usize::from),
        ]
    }

    /// The names of a lead: grade, bracket, stage, disqualified.
    #[inline]
    pub(crate) fn of(&self, scored: Scored) -> [Option<&T>; 4] {
        let columns = self.columns();
        let indices = self.indices(scored);
        std::array::from_fn(|column| indices[column].and_then(|index| columns[column].get(index)))
    }
}

/// Appends a whole number in decimal, without going through a formatter: this is most of what the
/// writers do.
#[inline]
pub(crate) fn push_number(number: i64, line: &mut Vec<u8>) {
    if number < 0 {
        line.push(b'-');
    }
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    line.extend_from_slice(&digits[at..]);
}

/// Lines are handed on in pieces of this size.
pub(crate) const BUFFER_BYTES: usize = 1 << 16;

/// The id as text.
pub(crate) fn lead_text(lead: LeadId<'_>) -> String {
    match lead {
        LeadId::Number(number) => number.to_string(),
        LeadId::Text(text) => text.to_owned(),
    }
}

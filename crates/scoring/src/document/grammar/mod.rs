//! The document's grammar, in one table.
//!
//! The checker ([`super::check`]), the JSON Schema ([`super::schema()`]) and the formatter
//! ([`super::format()`]) all read this table: a key that is not here is known to none of them.

mod condition;
mod criterion;
mod outcome;

pub(super) use condition::OPERATORS;
pub(super) use outcome::EXPECTED;

use criterion::CRITERION;
use outcome::{BRACKET, GATE, GRID, STAGE, TEST};

/// What may stand at a place of the document.
pub(super) enum Shape {
    /// Text that is not empty.
    Name,
    /// A name, or nothing for "none".
    NameOrNone,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Text, a number or a boolean, as values are compared with.
    Operand,
    /// Text that is not empty; numbers and booleans as they are written.
    Text,
    /// A regular expression.
    Pattern,
    /// `true` or `false`.
    Flag,
    /// `true`, which is the only thing to say.
    True,
    /// A finite number.
    Number,
    /// A number with at most two decimals.
    Points,
    /// A whole number from the first to the second.
    Whole(i64, i64),
    /// A share such as `25%`.
    Percent,
    /// A fixed length of time of at least so many milliseconds.
    Duration(i64),
    /// A length of time that may count in calendar months.
    Age,
    /// A list of at least and at most so many.
    List(&'static Self, usize, usize),
    /// A mapping with one freely chosen key.
    Pair(&'static Self),
    /// A mapping from freely chosen keys (said in the plural), at least one.
    Keyed(&'static str, &'static Self),
    /// Traits or properties: any mapping of values, lists and further mappings.
    Facts,
    /// A mapping with these keys.
    Record(&'static Record),
    /// A mapping that is one of several records.
    Choice(&'static Choice),
    /// One of these, told apart by their form: single value, list or mapping.
    Either(&'static [Self]),
}

/// A mapping with known keys.
pub(super) struct Record {
    /// Its name in the JSON Schema.
    pub(super) id: &'static str,
    /// What it is, with its article: "a group".
    pub(super) what: &'static str,
    /// A sentence about it.
    pub(super) about: &'static str,
    /// Whether the formatter always gives it a line per key.
    pub(super) layout: Layout,
    /// Its keys, in the order in which the formatter writes them.
    pub(super) fields: &'static [&'static [Field]],
    /// At least one of these is needed; empty where that does not matter.
    pub(super) needs_one_of: &'static [Field],
}

/// How the formatter writes a mapping.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// A line per key; in a list, a blank line before each.
    Spaced,
    /// A line per key.
    Block,
    /// `{on: one, line: true}`, where it fits.
    Inline,
}

/// A key of a record.
pub(super) struct Field {
    /// The key.
    pub(super) key: &'static str,
    /// Whether it must be there.
    pub(super) required: bool,
    /// What its value may be.
    pub(super) shape: Shape,
    /// A sentence about it.
    pub(super) about: &'static str,
}

/// A mapping that is one of several records, told apart by the keys it has.
pub(super) struct Choice {
    /// What it is, with its article: "a criterion".
    pub(super) what: &'static str,
    /// Its records; the first whose signs are all there is meant.
    pub(super) alternatives: &'static [Alternative],
}

/// One record of a choice.
pub(super) struct Alternative {
    /// The keys by which it is told.
    pub(super) signs: &'static [&'static str],
    /// What it is then.
    pub(super) record: &'static Record,
}

impl Record {
    /// All keys in the order of the formatter.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.fields.iter().copied().flatten()
    }

    /// The field of this key.
    pub(super) fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.key == key)
    }
}

impl Choice {
    /// The record that a mapping is, by the keys it has.
    pub(super) fn select(&self, has: impl Fn(&str) -> bool) -> Option<&'static Record> {
        let meant = |one: &&Alternative| one.signs.iter().all(|sign| has(sign));
        self.alternatives.iter().find(meant).map(|one| one.record)
    }

    /// The keys of which one is needed to tell what is meant.
    pub(super) fn subjects(&self) -> Vec<&'static str> {
        let mut subjects: Vec<&str> = Vec::new();
        for one in self.alternatives {
            if !subjects.contains(&one.signs[0]) {
                subjects.push(one.signs[0]);
            }
        }
        subjects
    }

    /// The first field of this key in any of the records.
    pub(super) fn field(&self, key: &str) -> Option<&'static Field> {
        self.alternatives.iter().find_map(|one| one.record.field(key))
    }
}

const fn must(key: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { key, required: true, shape, about }
}

const fn may(key: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { key, required: false, shape, about }
}

const fn list(of: &'static Shape) -> Shape {
    Shape::List(of, 1, usize::MAX)
}

/// Scores of everyone keep the bracket, the stage and each half of the grade in a byte, of which
/// one value says that there is none.
const NAMED_MAX: usize = 250;

/// Scores of everyone keep the gate that disqualifies in two bytes, of which one value says that
/// there is none. The values that a document may hold run out before; this holds if they are more.
const GATES_MAX: usize = 60_000;

/// The whole document.
pub(super) static MODEL: Shape = Shape::Record(&Record {
    id: "model",
    what: "a model",
    about: "A lead-scoring model: what gives points, and what the points mean.",
    layout: Layout::Block,
    fields: &[&[
        must("model", Shape::Name, "The model's name."),
        may(
            "kind",
            Shape::Word(&["acquisition", "loyalty"]),
            "Winning customers (`acquisition`, the default) or keeping them (`loyalty`).",
        ),
        may(
            "scale",
            Shape::List(&Shape::Whole(-1_000_000, 1_000_000), 2, 2),
            "The lowest and the highest score, two whole numbers: `[0, 100]` unless said otherwise.",
        ),
        may(
            "time_zone",
            Shape::Name,
            "Where days, weeks and months are counted, such as `Europe/Madrid`; `UTC` unless said otherwise.",
        ),
        must("groups", list(&Shape::Record(&GROUP)), "The criteria, group by group."),
        may(
            "gates",
            Shape::List(&Shape::Choice(&GATE), 1, GATES_MAX),
            "What overrides the points.",
        ),
        may(
            "brackets",
            Shape::List(&Shape::Record(&BRACKET), 1, NAMED_MAX),
            "Named ranges of the score, each from its `from` to the next.",
        ),
        may(
            "grid",
            Shape::Record(&GRID),
            "Grades such as `A1`: a letter for fit, a number for engagement.",
        ),
        may(
            "stages",
            Shape::List(&Shape::Record(&STAGE), 1, NAMED_MAX),
            "The stages of the funnel, the earliest first.",
        ),
        may("tests", list(&Shape::Record(&TEST)), "The model's own tests."),
    ]],
    needs_one_of: &[],
});

static GROUP: Record = Record {
    id: "group",
    what: "a group",
    about: "Criteria that are held to one limit together.",
    layout: Layout::Spaced,
    fields: &[&[
        must("group", Shape::Name, "The group's name, once in the model."),
        may(
            "dimension",
            Shape::Word(&["fit", "engagement"]),
            "Which sum it counts in: who they are (`fit`) or what they do (`engagement`). Unless said: `fit` where all criteria look at traits only.",
        ),
        LIMIT,
        must("criteria", list(&Shape::Choice(&CRITERION)), "The criteria of the group."),
    ]],
    needs_one_of: &[],
};

/// `limit: [low, high]`
const LIMIT: Field = may(
    "limit",
    Shape::List(&Shape::Points, 2, 2),
    "No fewer points than the first number, no more than the second.",
);

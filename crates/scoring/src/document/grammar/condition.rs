//! Conditions, and tests of single values.

use super::criterion::{COUNT_MAX, EVENT, TRAIT, WHERE, WITHIN};
use super::{Alternative, Choice, Field, Layout, Record, Shape, list, may, must};

pub(super) static CONDITION: Choice = Choice {
    what: "a condition",
    alternatives: &[
        Alternative { signs: &["trait"], record: &TRAIT_CONDITION },
        Alternative { signs: &["event"], record: &EVENT_CONDITION },
        Alternative { signs: &["all"], record: &ALL },
        Alternative { signs: &["any"], record: &ANY },
        Alternative { signs: &["not"], record: &NOT },
    ],
};

static TRAIT_CONDITION: Record = Record {
    id: "trait_condition",
    what: "a condition on a trait",
    about: "A test of one trait.",
    layout: Layout::Inline,
    fields: &[&[TRAIT], OPERATORS, EXACT],
    needs_one_of: OPERATORS,
};

static EVENT_CONDITION: Record = Record {
    id: "event_condition",
    what: "a condition on events",
    about: "True where there are enough such events.",
    layout: Layout::Inline,
    fields: &[&[
        EVENT,
        WHERE,
        WITHIN,
        may("at_least", Shape::Whole(1, COUNT_MAX), "How many are needed; 1 unless said."),
    ]],
    needs_one_of: &[],
};

static ALL: Record = Record {
    id: "all",
    what: "a condition with `all`",
    about: "True where all conditions are true, false where one is false.",
    layout: Layout::Inline,
    fields: &[&[must("all", list(&Shape::Choice(&CONDITION)), "The conditions.")]],
    needs_one_of: &[],
};

static ANY: Record = Record {
    id: "any",
    what: "a condition with `any`",
    about: "True where one condition is true, false where all are false.",
    layout: Layout::Inline,
    fields: &[&[must("any", list(&Shape::Choice(&CONDITION)), "The conditions.")]],
    needs_one_of: &[],
};

static NOT: Record = Record {
    id: "not",
    what: "a condition with `not`",
    about: "The opposite; what is unknown stays unknown.",
    layout: Layout::Inline,
    fields: &[&[must("not", Shape::Choice(&CONDITION), "The condition.")]],
    needs_one_of: &[],
};

pub(super) static PROPERTY: Shape = Shape::Record(&VALUE_TEST);

static VALUE_TEST: Record = Record {
    id: "test_of_a_value",
    what: "a test",
    about: "Tests of one value; all must be true.",
    layout: Layout::Inline,
    fields: &[OPERATORS, EXACT],
    needs_one_of: OPERATORS,
};

/// The tests of a value.
pub(in crate::document) const OPERATORS: &[Field] = &[
    may("is", Shape::Operand, "Equal to this."),
    may("is_not", Shape::Operand, "Not equal to this."),
    may("in", list(&Shape::Operand), "Equal to one of these."),
    may("not_in", list(&Shape::Operand), "Equal to none of these."),
    may("at_least", Shape::Number, "A number no less than this."),
    may("at_most", Shape::Number, "A number no greater than this."),
    may("above", Shape::Number, "A number greater than this."),
    may("below", Shape::Number, "A number less than this."),
    may(
        "between",
        Shape::List(&Shape::Number, 2, 2),
        "A number from the first to the second, both included.",
    ),
    may("contains", Shape::Text, "Text with this in it."),
    may("starts_with", Shape::Text, "Text that begins with this."),
    may("ends_with", Shape::Text, "Text that ends with this."),
    may("matches", Shape::Pattern, "Text in which this regular expression is found."),
    may("exists", Shape::Flag, "Whether there is a value at all; never unknown."),
    may("within", Shape::Duration(1), "A date less than this long ago."),
    may("older_than", Shape::Duration(0), "A date at least this long ago."),
];

pub(super) const EXACT: &[Field] = &[may(
    "exact",
    Shape::Flag,
    "Compare text to the letter: upper and lower case differ, spaces around it count.",
)];

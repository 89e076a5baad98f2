//! What the points mean, and the model's own tests.

use super::condition::CONDITION;
use super::{Alternative, Choice, Field, Layout, NAMED_MAX, Record, Shape, list, may, must};

pub(super) static GATE: Choice = Choice {
    what: "a gate",
    alternatives: &[
        Alternative { signs: &["disqualify"], record: &DISQUALIFYING_GATE },
        Alternative { signs: &["fast_track"], record: &FAST_TRACK_GATE },
    ],
};

const GATE_HEAD: &[Field] = &[
    must("name", Shape::Name, "The gate's name, shown as the reason."),
    must("when", Shape::Choice(&CONDITION), "It acts where this is true."),
];

static DISQUALIFYING_GATE: Record = Record {
    id: "disqualifying_gate",
    what: "a gate with `disqualify`",
    about: "The score is the bottom of the scale, and the lead is in no stage.",
    layout: Layout::Block,
    fields: &[
        GATE_HEAD,
        &[must("disqualify", Shape::True, "`true`: the score is the bottom of the scale.")],
    ],
    needs_one_of: &[],
};

static FAST_TRACK_GATE: Record = Record {
    id: "fast_track_gate",
    what: "a gate with `fast_track`",
    about: "The lead enters a stage whatever its score.",
    layout: Layout::Block,
    fields: &[GATE_HEAD, &[must("fast_track", Shape::Name, "The stage that the lead enters.")]],
    needs_one_of: &[],
};

pub(super) static BRACKET: Record = Record {
    id: "bracket",
    what: "a bracket",
    about: "A named range of the score.",
    layout: Layout::Inline,
    fields: &[&[
        must("name", Shape::Name, "The bracket's name, once in the model."),
        must("from", Shape::Points, "The lowest score in it."),
    ]],
    needs_one_of: &[],
};

pub(super) static GRID: Record = Record {
    id: "grid",
    what: "a grid",
    about: "Letters for fit and numbers for engagement; the lowest of each takes everything below as well.",
    layout: Layout::Block,
    fields: &[&[
        must(
            "fit",
            Shape::List(&Shape::Pair(&Shape::Points), 1, NAMED_MAX),
            "Letters and the fit they begin at: `[A: 38, B: 25, C: 0]`.",
        ),
        must(
            "engagement",
            Shape::List(&Shape::Pair(&Shape::Points), 1, NAMED_MAX),
            "Numbers and the engagement they begin at: `[1: 50, 2: 30, 3: 0]`.",
        ),
    ]],
    needs_one_of: &[],
};

pub(super) static STAGE: Record = Record {
    id: "stage",
    what: "a stage",
    about: "A stage of the funnel.",
    layout: Layout::Block,
    fields: &[&[
        must("stage", Shape::Name, "The stage's name, once in the model."),
        must("enter", Shape::Record(&THRESHOLDS), "Entered when all of these are reached."),
        may(
            "leave",
            Shape::Record(&THRESHOLDS),
            "Left when one of these is no longer reached; as `enter` unless said.",
        ),
        may("dwell", Shape::Duration(0), "It is not left by its thresholds sooner than this."),
        may(
            "requalify_after",
            Shape::Duration(0),
            "After a rejection it is not entered again sooner than this.",
        ),
        may(
            "rejected_by",
            Shape::Name,
            "The event by which sales rejects a lead; `sales_rejected` unless said.",
        ),
    ]],
    needs_one_of: &[],
};

static THRESHOLDS: Record = Record {
    id: "thresholds",
    what: "a set of thresholds",
    about: "Lower bounds of the numbers that people see.",
    layout: Layout::Inline,
    fields: &[THRESHOLD],
    needs_one_of: THRESHOLD,
};

const THRESHOLD: &[Field] = &[
    may("score", Shape::Points, "Of the score."),
    may("fit", Shape::Points, "Of fit."),
    may("engagement", Shape::Points, "Of engagement."),
];

pub(super) static TEST: Record = Record {
    id: "test",
    what: "a test of the model",
    about: "A made-up lead and what the model must say of it.",
    layout: Layout::Block,
    fields: &[&[
        must(
            "name",
            Shape::Name,
            "The test's name, once in the model: a sentence about what holds.",
        ),
        may("lead", Shape::Facts, "The lead's traits."),
        may("created", Shape::Age, "How long ago the lead came to be known; always unless said."),
        may("events", list(&Shape::Record(&TEST_EVENT)), "What the lead did."),
        must("expect", Shape::Record(&EXPECTATION), "What must come of it."),
    ]],
    needs_one_of: &[],
};

static TEST_EVENT: Record = Record {
    id: "test_event",
    what: "an event of a test",
    about: "Something that the lead did.",
    layout: Layout::Inline,
    fields: &[&[
        must("event", Shape::Name, "The event's name."),
        must("ago", Shape::Age, "How long ago it happened."),
        may("props", Shape::Facts, "Its properties."),
        may(
            "times",
            Shape::Whole(1, TIMES_MAX),
            "How many times it happened at that instant; 1 unless said.",
        ),
    ]],
    needs_one_of: &[],
};

/// A test makes each of these events; more would only make it slow.
const TIMES_MAX: i64 = 10_000;

static EXPECTATION: Record = Record {
    id: "expectation",
    what: "an expectation",
    about: "What the model must say of the lead.",
    layout: Layout::Inline,
    fields: &[EXPECTED],
    needs_one_of: EXPECTED,
};

/// What a test may expect.
pub(in crate::document) const EXPECTED: &[Field] = &[
    may("stage", Shape::NameOrNone, "The stage; `none` for no stage."),
    may("score", RANGE, "The score: a number, or a range such as `{at_least: 40}`."),
    may("fit", RANGE, "Fit: a number or a range."),
    may("engagement", RANGE, "Engagement: a number or a range."),
    may("grade", Shape::Name, "The grade, such as `A1`."),
    may("bracket", Shape::NameOrNone, "The bracket; `none` for no bracket."),
    may("disqualified", Shape::Flag, "Whether a gate disqualifies the lead."),
    may(
        "criteria",
        Shape::Keyed("criteria", &RANGE),
        "The points of single criteria, by name: a number or a range each.",
    ),
];

const RANGE: Shape = Shape::Either(&[Shape::Points, Shape::Record(&RANGE_RECORD)]);

static RANGE_RECORD: Record = Record {
    id: "range",
    what: "a range",
    about: "From a number to a number, both included.",
    layout: Layout::Inline,
    fields: &[RANGE_BOUNDS],
    needs_one_of: RANGE_BOUNDS,
};

const RANGE_BOUNDS: &[Field] = &[
    may("at_least", Shape::Points, "No less than this."),
    may("at_most", Shape::Points, "No more than this."),
];
